#!/bin/bash
# Installs the upload of log files on a host: upload-logs.sh and its entry in /etc/cron.d. As root; run it as often as you like:
# only what differs is written.
set -euo pipefail

readonly PROGRAM=install-host.sh
here=$(cd "$(dirname "$0")" && pwd)

usage() {
  cat <<'END'
Installs upload-logs.sh and an entry of cron that calls it every minute.

  install-host.sh --bucket BUCKET --region REGION [options] FILE|FOLDER|GLOB...

  --bucket BUCKET   destination bucket
  --region REGION   its region, such as eu-central-1
  --prefix PREFIX   prefix of the keys (logs)
  --host NAME       this host's name in the keys (default: the host name up to its first dot)
  --user NAME       user that reads the files (root)
  --dry-run         say what would be written, and write nothing

Paths are absolute. Quote a GLOB. Exit codes: 0 done, 1 something is missing or not writable, 2 wrong usage.
END
}

wrong() {
  printf '%s: %s See --help.\n' "$PROGRAM" "$*" >&2
  exit 2
}

bucket='' region='' prefix=logs host=$(hostname) user=root dry=''
host=${host%%.*}
while [ $# -gt 0 ]; do
  case $1 in
  --help) usage && exit 0 ;;
  --dry-run) dry=yes && shift && continue ;;
  --bucket | --region | --prefix | --host | --user)
    [ $# -ge 2 ] || wrong "$1 needs a value."
    declare "${1#--}=$2"
    shift 2
    ;;
  --) shift && break ;;
  -*) wrong "there is no option $1." ;;
  *) break ;;
  esac
done
[ -n "$bucket" ] || wrong '--bucket is missing.'
[ -n "$region" ] || wrong '--region is missing.'
[ $# -gt 0 ] || wrong 'name the log files, folders or globs.'

# Everything becomes part of a line that a shell reads once a minute, with the rights of the user.
plain() {
  [[ $2 =~ ^[A-Za-z0-9._/-]+$ ]] || wrong "$1 has characters other than letters, digits and . _ / -: $(printf %q "$2")."
}
plain --bucket "$bucket"
plain --region "$region"
plain --prefix "$prefix"
plain --host "$host"
plain --user "$user"
quoted=()
for path in "$@"; do
  [[ $path == /* ]] || wrong "a path has to be absolute: $(printf %q "$path")."
  # cron ends a command at a percent sign; single quotes keep everything else.
  if [[ $path == *[\'%]* || $path == *$'\n'* ]]; then wrong "a path cannot hold ', % or a line end: $(printf %q "$path")."; fi
  quoted+=("'$path'")
done
id "$user" >/dev/null 2>&1 || wrong "there is no user $user."

# Writes a file where its content differs, first beside it: cron never reads half of it.
write() {
  local target=$1 mode=$2 content=$3
  if [ -e "$target" ] && printf '%s\n' "$content" | cmp -s - "$target"; then
    echo "$PROGRAM: $target is as it should be"
  elif [ -n "$dry" ]; then
    printf '%s: would write %s:\n%s\n' "$PROGRAM" "$target" "$content"
  else
    printf '%s\n' "$content" >"$target.part"
    chmod "$mode" "$target.part"
    mv "$target.part" "$target"
    echo "$PROGRAM: wrote $target"
  fi
}

root=${TELLTALE_INSTALL_ROOT:-}
entry=$(sed '/^#/d' "$here/../conf/crontab")
entry=${entry//@REGION@/"$region"}
entry=${entry//@USER@/"$user"}
entry=${entry//@BUCKET@/"$bucket"}
entry=${entry//@PREFIX@/"$prefix"}
entry=${entry//@HOST@/"$host"}
entry=${entry//@PATHS@/"${quoted[*]}"}
[ -n "$dry" ] || install -d "$root/usr/local/bin" "$root/etc/cron.d"
if [ -n "$dry" ]; then
  echo "$PROGRAM: would write $root/usr/local/bin/upload-logs.sh"
else
  install -m 0755 "$here/upload-logs.sh" "$root/usr/local/bin/upload-logs.sh"
fi
write "$root/etc/cron.d/telltale" 0644 "# Written by install-host.sh: run it again to change it.
$entry"
command -v aws >/dev/null || {
  echo "$PROGRAM: the AWS CLI is missing: install version 2.23 or newer, or version 1.37 or newer with awscrt." >&2
  exit 1
}
