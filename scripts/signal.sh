#!/bin/sh
# The SSM agent runs this for each command of conf/ssm-document.json. It hands one signal to the running producer. The
# payload comes in the environment and is never part of a script, because the uploader chooses the object key; it goes to
# the producer on standard input, because every user of the machine can read arguments.
#
#   TELLTALE_SOCKET  the producer's socket (producer.socket), by default /run/telltale/signal.sock
#
# Exit codes: 0 accepted, 1 failed, 2 the agent is too old.
set -eu

if [ -z "${SSM_payload:-}" ]; then
  echo 'signal.sh: SSM_payload is not set; update the SSM agent to 3.3.2746 or later.' >&2
  exit 2
fi
payload=$SSM_payload
unset SSM_payload
socket=${TELLTALE_SOCKET:-/run/telltale/signal.sock}

if [ ! -S "$socket" ]; then
  echo "signal.sh: no producer listens at $socket." >&2
  exit 1
fi
# The agent is root; curl needs no more rights than the producer has.
as=
if [ "$(id -u)" = 0 ] && id telltale >/dev/null 2>&1; then
  as='setpriv --reuid=telltale --regid=telltale --init-groups --no-new-privs --'
fi
# shellcheck disable=SC2086
printf '%s' "$payload" | $as curl --silent --show-error --fail-with-body --max-time 5 --unix-socket "$socket" \
  --header 'Content-Type: text/plain' --data-binary @- http://localhost/signal || exit 1
