#!/bin/bash
# Installs, on an instance of `deploy`, the release and the configuration that the stack names, and restarts the programs.
# Run it after each deployment, and to go back after the deployment of an older release. As root.
set -euo pipefail

# shellcheck source=/dev/null
. /etc/telltale/update.env
: "${TELLTALE_TARGET:?is missing in /etc/telltale/update.env}"
export AWS_REGION

exec 9>/run/telltale-update.lock
flock --nonblock 9 || {
  echo 'telltale-update: another update is running.' >&2
  exit 1
}

target=/etc/telltale/target.json
aws ssm get-parameter --name "$TELLTALE_TARGET" --query Parameter.Value --output text >"$target.part"
mv "$target.part" "$target"

release=$(python3 -c 'import json; print(json.load(open("/etc/telltale/target.json"))["release"])')
folder=/opt/telltale-releases/$(basename "$release" .zip)
if [ ! -d "$folder" ]; then
  command -v unzip >/dev/null || dnf install -y -q unzip
  rm -rf "$folder.part"
  mkdir -p "$folder.part"
  aws s3 cp --only-show-errors "$release" "$folder.part/release.zip"
  unzip -q "$folder.part/release.zip" -d "$folder.part"
  rm "$folder.part/release.zip"
  mv "$folder.part" "$folder"
fi
exec bash "$folder/scripts/install-system.sh" "$target"
