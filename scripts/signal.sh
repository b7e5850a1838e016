#!/bin/sh
# Run by the SSM agent for each command of conf/ssm-document.json: hands one signal to the running producer.
# The payload comes in the environment and is never part of a script: an object key is text of whoever uploads.
set -eu

if [ -z "${SSM_payload:-}" ]; then
  echo 'signal.sh: SSM_payload is not set; update the SSM agent to 3.3.2746 or later.' >&2
  exit 2
fi

exec telltale signal --payload "$SSM_payload"
