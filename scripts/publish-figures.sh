#!/bin/sh
# Publishes, once a minute by telltale-figures.timer, what the alarms of `deploy` watch: CloudWatch, namespace Telltale.
#
#   Heartbeat  1 while the program answers /livez; nothing otherwise, and a missing figure raises the alarm
#   Lag        seconds that the program is behind, where it tells them in /metrics
#   DiskUsed   percent of the disk that holds the data
set -eu

environment=${TELLTALE_ENVIRONMENT:?is missing; /etc/telltale/environment sets it}
data=${TELLTALE_DATA_DIR:-/var/lib/telltale}

publish() {
  aws cloudwatch put-metric-data --namespace Telltale --metric-name "$2" --unit "$3" --value "$4" \
    --dimensions "environment=$environment,program=$1"
}

status=0
for entry in producer:7879 consumer:7878; do
  program=${entry%%:*}
  at=http://127.0.0.1:${entry#*:}
  systemctl is-enabled --quiet "telltale-$program.service" || continue
  used=$(df --output=pcent "$data" | tail -n 1 | tr -dc 0-9)
  publish "$program" DiskUsed Percent "$used" || status=1
  if ! curl --silent --fail --max-time 5 --output /dev/null "$at/livez"; then
    echo "publish-figures.sh: the $program does not answer $at/livez." >&2
    continue
  fi
  publish "$program" Heartbeat Count 1 || status=1
  lag=$(curl --silent --fail --max-time 5 "$at/metrics" | awk '$1 ~ /^telltale_lag_seconds/ && $2 > max { max = $2 } $1 ~ /^telltale_lag_seconds/ { seen = 1 } END { if (seen) print max + 0 }') || lag=
  [ -z "$lag" ] || publish "$program" Lag Seconds "$lag" || status=1
done
exit "$status"
