#!/bin/bash
# Installs this release of Telltale on the machine that runs producer or consumer, and restarts them. telltale-update calls
# it with the file that says what to run. As root; run it as often as you like.
#
#   install-system.sh TARGET.json
#
# TARGET.json: {"environment": "prod", "programs": ["producer", "consumer"], "configuration": {…}, "mskCluster": "arn:…"}
# `configuration` has keys of conf/default.yaml. `mskCluster` is the ARN of a cluster whose brokers are asked for.
set -euo pipefail

target=${1:?install-system.sh: name the file that says what to run}
release=$(cd "$(dirname "$0")/.." && pwd)

say() { echo "install-system: $*"; }
field() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1])).get(sys.argv[2], ""))' "$target" "$1"; }

if ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2>/dev/null; then
  say 'installs Node'
  dnf install -y -q nodejs22 nodejs22-npm
fi

getent group telltale >/dev/null || groupadd --system telltale
id telltale >/dev/null 2>&1 || useradd --system --gid telltale --home-dir /var/lib/telltale --shell /sbin/nologin telltale
install -d -o telltale -g telltale -m 0750 /var/lib/telltale
install -d -m 0755 /etc/telltale

if [ ! -e "$release/dist/.installed" ]; then
  say "builds $release"
  (cd "$release" && npm ci --no-audit --no-fund --loglevel=error && node scripts/run.mjs build && npm prune --omit=dev --no-audit --no-fund --loglevel=error)
  touch "$release/dist/.installed"
fi

# The configuration is written whole, and only then takes the place of the one before.
brokers=
cluster=$(field mskCluster)
if [ -n "$cluster" ]; then
  brokers=$(aws kafka get-bootstrap-brokers --cluster-arn "$cluster" --query BootstrapBrokerStringSaslIam --output text)
fi
python3 - "$target" "$brokers" >/etc/telltale/telltale.yaml.part <<'END'
import json, sys
configuration = json.load(open(sys.argv[1]))["configuration"]
if sys.argv[2]:
    configuration["eventLog"]["kafka"]["brokers"] = sys.argv[2].split(",")
# YAML reads JSON.
print(json.dumps(configuration, indent=2))
END
chown root:telltale /etc/telltale/telltale.yaml.part
chmod 0640 /etc/telltale/telltale.yaml.part
(cd "$release" && node dist/src/cli.js config --config /etc/telltale/telltale.yaml.part >/dev/null)
mv /etc/telltale/telltale.yaml.part /etc/telltale/telltale.yaml
printf 'TELLTALE_ENVIRONMENT=%s\n' "$(field environment)" >/etc/telltale/environment

# One name for the release in use: units, the document of SSM and people all use it.
ln -sfn "$release" /opt/telltale.part
mv -T /opt/telltale.part /opt/telltale

install -m 0644 "$release"/conf/systemd/*.service "$release"/conf/systemd/*.timer /etc/systemd/system/
systemctl daemon-reload
wanted=$(python3 -c 'import json, sys; print(*json.load(open(sys.argv[1]))["programs"])' "$target")
for program in producer consumer; do
  case " $wanted " in
  *" $program "*)
    systemctl enable --quiet "telltale-$program.service"
    systemctl restart "telltale-$program.service"
    say "runs telltale-$program"
    ;;
  *) systemctl disable --quiet --now "telltale-$program.service" 2>/dev/null || true ;;
  esac
done
systemctl enable --quiet --now telltale-figures.timer
say "done: $(basename "$release")"
