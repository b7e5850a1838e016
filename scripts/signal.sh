#!/bin/sh
# The SSM agent runs this for each command of conf/ssm-document.json. It hands one signal to the running producer. The
# payload comes in the environment and is never part of a script, because the uploader chooses the object key.
set -eu

if [ -z "${SSM_payload:-}" ]; then
  echo 'signal.sh: SSM_payload is not set; update the SSM agent to 3.3.2746 or later.' >&2
  exit 2
fi

exec telltale signal --payload "$SSM_payload"
