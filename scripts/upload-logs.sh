#!/bin/bash
# Cron runs this on a host. It uploads changed log files to S3 as <prefix>/<host>/<file>. See --help and docs/hosts.md.
#
# A key carries one log file through all its rotations. The state remembers the inode uploaded last under a key, so that
# a rotated file is found under its new name and uploaded completely under its old key before the new file. An inode that
# the state knows at the start of a run is never a new file, under any name. Sections: options, state, files, left out,
# uploading, rotations, the run.
set -euo pipefail
shopt -s nullglob
# Treat text as bytes, and use a decimal point.
export LC_ALL=C
# Cron's PATH is shorter.
PATH=$PATH:/usr/local/bin

readonly PROGRAM=upload-logs.sh
# A service may still write to a rotated file until it opens the new one. While the last write is more recent than this,
# the next run checks it again before uploading the new file.
readonly SETTLE_SECONDS=10
readonly STATE_HEAD='telltale uploads 1' STATE_END='end'

# Marks of rotated files: at the end of a name (app.log.1, app.log-20261121), or before its extension (app.1.log,
# app.2026-11-21.log). A name without the mark is the base of the file.
readonly DATE='[-.](19|20)([0-9]{6}|[0-9]{2}-[0-9]{2}(-[0-9]{2})?)([-._T][0-9]+)*'
readonly ROTATED="(\\.[0-9]{1,3}|$DATE|\\.old)\$"
readonly ROTATED_INSIDE="(\\.[0-9]{1,3}|$DATE)(\\.[A-Za-z][A-Za-z0-9]{0,9})\$"
readonly COMPRESSED='\.(gz|bz2|xz|zst|lz4|lzma|Z|zip|tgz)$'
readonly SCRATCH='(\.(sw[a-p]|tmp|bak|part)|~)$'

usage() {
  cat <<'END'
Uploads the log files that changed since the last run to S3, as <prefix>/<host>/<file>.

  upload-logs.sh --bucket BUCKET [options] FILE|FOLDER|GLOB...

  --bucket BUCKET    destination bucket
  --prefix PREFIX    prefix of the keys (logs)
  --host NAME        this host's name in the keys, without slash (default: the host name up to its first dot)
  --exclude GLOB     skip files whose name matches; may be repeated
  --jitter SECONDS   first wait a random time up to this, so that hosts do not all upload at once (0)
  --timeout SECONDS  end the run after this time, including the wait; the next run continues (300)
  --retries N        retries of a failed upload, after 1, 2, 4 ... seconds (3)
  --state FOLDER     folder of the record of uploads (/var/lib/telltale/uploads for root, otherwise
                     ~/.local/state/telltale/uploads)
  --verbose          report uploaded and skipped files

A FOLDER stands for the files directly in it, not those in subfolders. Quote a GLOB. Of a folder or glob, these files are not
uploaded: rotated files beside their base (app.log.1, app.1.log, app.log-20261121, app.2026-11-21.log, app.log.old beside
app.log; their content goes to the key of app.log), compressed files (.gz .bz2 .xz .zst .lz4 .lzma .Z .zip .tgz), scratch files
(.swp .tmp .bak .part ~) and hidden files. A dated file without a base is uploaded. A file that is named is uploaded, unless
--exclude names it, too, or it is a rotated file of a log that the run covers. Symbolic links are never uploaded. Standard error
names each file that is left out once.

Exit codes: 0 when all files are uploaded, or while another run is active; 1 when a file could not be uploaded, or the state not
be saved; 2 for wrong usage.
Needs the AWS CLI: version 2 from 2.23, or version 1 from 1.37 with awscrt.
END
}

complain() { printf '%s: %s\n' "$PROGRAM" "$*" >&2; }

refuse() {
  complain "$*; see --help"
  exit 2
}

tell() { if [[ -n $verbose ]]; then complain "$@"; fi; }

# counted N NOUN: 1 byte, 2 bytes
counted() { if (($1 == 1)); then printf '%d %s' "$1" "$2"; else printf '%d %ss' "$1" "$2"; fi; }

# Prints any file name on one line.
shown() { printf '%q' "$1"; }

# --- options

bucket='' prefix=logs host=$(uname -n) jitter=0 time_limit=300 retries=3 state_folder='' verbose=''
host=${host%%.*}
excludes=() sources=()

# Sets variable $1 to the number $3 of option $2.
number() {
  [[ $3 =~ ^[0-9]{1,6}$ ]] || refuse "$2 wants a whole number, not $(shown "$3")"
  printf -v "$1" '%d' "$((10#$3))"
}

read_options() {
  local i
  while (($# > 0)); do
    case $1 in
      --help)
        usage
        exit 0
        ;;
      --verbose) verbose=yes ;;
      --bucket | --prefix | --host | --exclude | --jitter | --timeout | --retries | --state)
        (($# > 1)) || refuse "$1 wants a value"
        case $1 in
          --bucket) bucket=$2 ;;
          --prefix) prefix=${2%/} ;;
          --host) host=$2 ;;
          --exclude) excludes+=("$2") ;;
          --jitter) number jitter "$1" "$2" ;;
          --timeout) number time_limit "$1" "$2" ;;
          --retries) number retries "$1" "$2" ;;
          --state) state_folder=$2 ;;
        esac
        shift
        ;;
      --)
        shift
        sources+=("$@")
        break
        ;;
      -*) refuse "there is no option $(shown "$1") (a file of that name: put -- before it)" ;;
      *) sources+=("$1") ;;
    esac
    shift
  done

  [[ -n $bucket ]] || refuse 'name the destination with --bucket BUCKET'
  [[ $bucket =~ ^[A-Za-z0-9][A-Za-z0-9._-]+$ ]] || refuse "$(shown "$bucket") is not a bucket name"
  [[ -n $prefix && "/$prefix/" != *//* && "/$prefix/" != */./* && "/$prefix/" != */../* && $prefix != *[[:cntrl:]]* ]] ||
    refuse "$(shown "$prefix") is not a prefix: give one or more names separated by /"
  [[ -n $host && $host != */* && $host != . && $host != .. && $host != *[[:cntrl:]]* ]] ||
    refuse "$(shown "$host") cannot be the host in a key: give one name without a slash with --host NAME"
  ((${#sources[@]} > 0)) || refuse 'name the files to upload: files, folders or quoted globs'
  # The state is keyed by absolute path.
  for i in "${!sources[@]}"; do
    if [[ ${sources[i]} != /* ]]; then sources[i]=$PWD/${sources[i]}; fi
  done
  ((time_limit > jitter)) || refuse "--timeout ($time_limit) includes --jitter ($jitter) and must be longer"
  if [[ -z $state_folder ]]; then
    if ((EUID == 0)); then
      state_folder=/var/lib/telltale/uploads
    else
      state_folder=${XDG_STATE_HOME:-${HOME:?is not set: give --state FOLDER}/.local/state}/telltale/uploads
    fi
  fi
}

# --- state: for each path, the inode uploaded last under its key, with its size and time then

declare -A done_id=() done_size=() done_mtime=()
# Files whose rotated predecessor got one run to settle.
declare -A done_settling=()

# An unreadable state counts as empty: every file is uploaded again.
read_state() {
  local -a fields=()
  local i
  [[ -e $state ]] || return 0
  mapfile -d '' -t fields <"$state" || true
  if [[ ${fields[0]:-} != "$STATE_HEAD" || ${fields[-1]} != "$STATE_END" || $((${#fields[@]} % 5)) -ne 2 ]]; then
    complain "$(shown "$state") is damaged: uploading every file again"
    return 0
  fi
  for ((i = 1; i < ${#fields[@]} - 1; i += 5)); do
    if [[ ${fields[i]} == /* && ${fields[i + 1]} == *:* && ${fields[i + 2]} =~ ^[0-9]+$ && ${fields[i + 3]} == *.* ]]; then
      remember "${fields[@]:i:5}"
    fi
  done
}

# PATH ID SIZE MTIME SETTLING
remember() {
  done_id[$1]=$2 done_size[$1]=$3 done_mtime[$1]=$4 done_settling[$1]=$5
}

# Replaces the state atomically. The state is a hint: without it, uploads are repeated, and nothing else.
unsaved=''
write_state() {
  local path
  if [[ -n $unsaved ]]; then return 0; fi
  if ! {
    printf '%s\0' "$STATE_HEAD" &&
      for path in "${!done_id[@]}"; do
        printf '%s\0' "$path" "${done_id[$path]}" "${done_size[$path]}" "${done_mtime[$path]}" "${done_settling[$path]}"
      done &&
      printf '%s\0' "$STATE_END"
  } 2>/dev/null >"$state.new" || ! sync -- "$state.new" || ! mv -f -- "$state.new" "$state"; then
    unsaved=yes
    fail "cannot write $(shown "$state"): free disk space or fix its permissions; the uploads of this run will be repeated"
  fi
}

# Removes the given paths from the state.
forget() {
  local -A old_id=() forgotten=()
  local path
  for path in "$@"; do forgotten[$path]=yes; done
  for path in "${!done_id[@]}"; do old_id[$path]=${done_id[$path]}; done
  done_id=()
  for path in "${!old_id[@]}"; do
    if [[ -z ${forgotten[$path]:-} ]]; then done_id[$path]=${old_id[$path]}; fi
  done
}

# --- files: regular files, by path

# An id is inode and birth time, because inodes are reused. It omits the device, whose number may change when the host
# restarts; a rotated file stays on its device.
declare -A now_id=() now_size=() now_mtime=()
# Path by "<id> <folder>".
declare -A place=()

look_at() {
  local -a fields=()
  local i f path
  for ((i = 1; i <= $#; i += 500)); do
    # Skip files that vanish meanwhile.
    mapfile -d '' -t fields < <(stat --printf='%f\0%i:%.9W\0%s\0%.9Y\0%n\0' -- "${@:i:500}" 2>/dev/null || true)
    for ((f = 0; f < ${#fields[@]}; f += 5)); do
      [[ ${fields[f]} == 8??? ]] || continue # a regular file; in particular no symbolic link
      path=${fields[f + 4]}
      now_id[$path]=${fields[f + 1]} now_size[$path]=${fields[f + 2]} now_mtime[$path]=${fields[f + 3]}
      place["${fields[f + 1]} ${path%/*}"]=$path
    done
  done
}

is_excluded() {
  local glob
  for glob in "${excludes[@]}"; do
    # shellcheck disable=SC2053 # it must match as a glob
    if [[ $1 == $glob ]]; then return 0; fi
  done
  return 1
}

# Sets `base` to the path of the log whose rotated file PATH is, by its name, or to nothing; and `is_dated`.
find_base() {
  local folder=${1%/*} name=${1##*/} extension=''
  base='' is_dated=''
  if [[ $name =~ $ROTATED_INSIDE ]]; then
    extension=${BASH_REMATCH[-1]}
  elif [[ ! $name =~ $ROTATED ]]; then
    return 0
  fi
  if [[ ${name%"${BASH_REMATCH[0]}"} == '' ]]; then return 0; fi
  base=$folder/${name%"${BASH_REMATCH[0]}"}$extension
  # A number before an extension may be part of a name (worker.1.log), as a date may; a number at the end marks a rotation.
  if [[ ${BASH_REMATCH[1]} =~ ^$DATE || -n $extension ]]; then is_dated=yes; fi
}

is_log() { [[ -n ${done_id[$1]:-} ]] || [[ -f $1 && ! -L $1 ]]; }

# Sets `why` to the reason why PATH is not uploaded as a file of its own, or to nothing; and `base`.
# Without a second argument, PATH is one of a folder's or glob's.
find_reason() {
  local path=$1 name=${1##*/} named=${2:-} plain=$1
  why='' base=''
  if is_excluded "$name"; then
    why=excluded
    return 0
  fi
  if [[ $name =~ $COMPRESSED ]]; then
    why=compressed plain=${path%"${BASH_REMATCH[0]}"}
  elif [[ $name =~ $SCRATCH ]]; then
    why='a scratch file'
  fi
  find_base "$plain"
  if [[ -n $base ]] && is_log "$base"; then
    if [[ -z $named ]] || is_asked_for "$base"; then why=${why:-rotated}; else why=''; fi
  elif [[ -n $named ]]; then
    why=''
  elif [[ -n $base && -z $is_dated ]]; then
    why=${why:-rotated}
  fi
}

# The files to upload, each once, and their attributes by path.
files=()
declare -A wanted=()

# Expands a glob into `paths`, without other expansions. An empty IFS prevents splitting.
expand() {
  local IFS=''
  # shellcheck disable=SC2206 # expansion is intended
  paths=($1)
}

# True when FOLDER exists and can be listed.
is_open() { [[ -d $1 && -r $1 && -x $1 ]]; }

# Like is_open, but prints the reason when false.
must_be_open() {
  if is_open "$1"; then return 0; fi
  if [[ -d $1 ]]; then
    fail "the folder $(shown "$1") cannot be read by this user ($(id -un))"
  else
    fail "the folder $(shown "$1") does not exist, or this user ($(id -un)) cannot see it"
  fi
  return 1
}

# True when this run covers the file at PATH, even if it is missing.
is_asked_for() {
  local source folder=${1%/*}
  if ! is_open "$folder" || is_excluded "${1##*/}"; then return 1; fi
  for source in "${sources[@]}"; do
    # shellcheck disable=SC2053 # it may be a glob
    if [[ ${source%/} == "$folder" || $1 == $source ]]; then return 0; fi
  done
  return 1
}

# Sets `names`, by inode, to those of the `paths` that the state knows: of two names of a file (hard links), the known one is taken.
find_known_names() {
  local path base is_dated
  for path in "${paths[@]}"; do
    find_base "$path"
    if [[ -z $base && -n ${now_id[$path]:-} && ${now_id[$path]} == "${done_id[$path]:-}" ]]; then names[${now_id[$path]}]=$path; fi
  done
}

find_files() {
  local source path name why base is_dated is_named id
  local -a paths=()
  local -A named=() names=()
  for source in "${sources[@]}"; do
    is_named=''
    if [[ -d $source ]]; then
      source=${source%/}
      must_be_open "$source" || continue
      paths=("$source"/*)
    elif [[ -e $source || -L $source ]]; then
      paths=("$source") is_named=yes
    else
      if [[ ${source%/*} != *[*?[]* ]] && ! must_be_open "${source%/*}"; then continue; fi
      if [[ $source != *[*?[]* ]]; then
        # A rotation may be in progress: the old file is renamed, the new one does not exist yet.
        if [[ -z ${done_id[$source]:-} ]]; then fail "no such file or folder: $(shown "$source")"; fi
        continue
      fi
      expand "$source"
    fi
    look_at "${paths[@]}"
    find_known_names
    for path in "${paths[@]}"; do
      name=${path##*/} id=${now_id[$path]:-}
      if [[ -n ${wanted[$path]:-} ]]; then continue; fi
      find_reason "$path" "$is_named"
      if [[ -L $path ]]; then
        leave_out "$path" 'a symbolic link' ''
      elif [[ -z $id ]]; then
        if [[ ! -d $path && -e $path ]]; then leave_out "$path" 'not a regular file' ''; fi
      elif [[ -n $why ]]; then
        leave_out "$path" "$why" "$base"
      elif [[ ${names[$id]:-$path} != "$path" ]]; then
        leave_out "$path" 'a second name of a file' ''
      elif [[ -n ${named[$name]:-} ]]; then
        fail "$(shown "${named[$name]}") and $(shown "$path") would have one key; only the first is uploaded (rename one, or give it" \
          "a run of its own with another --prefix)"
      else
        named[$name]=$path names[$id]=$path wanted[$path]=yes
        files+=("$path")
      fi
    done
  done
}

# --- left out: reported once

# Reason by path, of the files to report; and the paths that were reported, of this run and the one before.
declare -A unreported=() left_out=() reported=()

# PATH REASON BASE. Rotated files whose content was uploaded under the key of their base are not reported, nor excluded files.
leave_out() {
  tell "left out ($2): $(shown "$1")"
  if [[ $2 == excluded ]] || [[ -n $3 && -n ${done_id[$3]:-} ]]; then return 0; fi
  left_out[$1]=yes
  if [[ -z ${reported[$1]:-} ]]; then unreported[$1]=$2; fi
}

read_reported() {
  local path
  local -a paths=()
  if [[ -r $state.left-out ]]; then mapfile -d '' -t paths <"$state.left-out"; fi
  for path in "${paths[@]}"; do if [[ -n $path ]]; then reported[$path]=yes; fi; done
}

# One line per reason, with the first names.
report_left_out() {
  local path why
  local -A names=() counts=()
  local -a sorted=()
  if ((${#unreported[@]} > 0)); then
    mapfile -d '' -t sorted < <(printf '%s\0' "${!unreported[@]}" | sort -z)
    for path in "${sorted[@]}"; do
      why=${unreported[$path]}
      counts[$why]=$((${counts[$why]:-0} + 1))
      if ((${counts[$why]} <= 5)); then names[$why]=${names[$why]:+${names[$why]}, }$(shown "$path"); fi
    done
    for why in rotated compressed 'a scratch file' 'a symbolic link' 'a second name of a file' 'not a regular file'; do
      if [[ -z ${names[$why]:-} ]]; then continue; fi
      complain "left out, $why: ${names[$why]}$( ((${counts[$why]} <= 5)) || printf ' and %d more' $((${counts[$why]} - 5)))"
    done
  fi
  # Those that other runs of this destination left out stay reported while they exist.
  for path in "${!reported[@]}"; do if [[ -e $path || -L $path ]]; then left_out[$path]=yes; fi; done
  if ((${#unreported[@]} > 0 || ${#left_out[@]} != ${#reported[@]})) &&
    ! { printf '%s\0' "${!left_out[@]}" >"$state.left-out.new" && mv -f -- "$state.left-out.new" "$state.left-out"; } 2>/dev/null; then
    tell "cannot write $(shown "$state.left-out")"
  fi
}

# --- uploading

failed=''
fail() {
  failed=yes
  complain "$@"
}

# True when FILE differs from the last upload under the key of PATH.
changed() {
  [[ ${now_id[$1]} != "${done_id[$2]:-}" || ${now_size[$1]} != "${done_size[$2]}" || ${now_mtime[$1]} != "${done_mtime[$2]}" ]]
}

# upload FILE PATH: puts FILE under the key of PATH and saves that in the state. On failure prints the reason and
# returns 1.
upload() {
  if [[ ! -e $1 ]]; then
    tell "vanished a moment ago, the next run checks again: $(shown "$1")"
    return 1
  elif [[ ! -r $1 ]]; then
    fail "$(shown "$1") cannot be read by this user ($(id -un))"
    return 1
  fi
  # Opened once, here: despite any later rename, this file is measured, uploaded and saved.
  # shellcheck disable=SC2094 # the name is only for messages
  put "$1" "$2" <"$1"
}

# Uploads standard input under a name of which the AWS CLI can read the size. If the file is truncated meanwhile, no
# answer comes. Hence the short time limit and few attempts; this script retries itself.
copy_to() {
  # Python derives the encoding of names from the locale, which is missing under cron.
  LC_ALL=C.UTF-8 AWS_MAX_ATTEMPTS=${AWS_MAX_ATTEMPTS:-2} aws s3 cp /dev/stdin "$1" --checksum-algorithm CRC64NVME \
    --only-show-errors --cli-connect-timeout 10 --cli-read-timeout 20
}

put() {
  local file=$1 path=$2 tries=0 pause=1 settling='' measured id size mtime said
  local target="s3://$bucket/$prefix/$host/${path##*/}"
  while :; do
    # Measured before the upload: bytes written meanwhile make it differ, so that the next run uploads them.
    measured=$(stat -L --printf='%i:%.9W %s %.9Y' /dev/stdin) || return 1
    id=${measured%% *} mtime=${measured##* } size=${measured#* } size=${size%% *}
    if [[ $id != "${now_id[$file]}" ]]; then
      tell "rotated a moment ago, the next run uploads it: $(shown "$file")"
      return 1
    fi
    if said=$(copy_to "$target" 2>&1); then break; fi
    # The last line has the reason; a Python traceback may precede it.
    said=${said##*$'\n'} said=${said//[[:cntrl:]]/ }
    if ((tries == retries)); then
      fail "$(shown "$file") was not uploaded to $(shown "$target"), tried $(counted $((tries + 1)) time): $said"
      return 1
    fi
    tell "trying again in $pause s: $(shown "$file"): $said"
    sleep "$pause"
    tries=$((tries + 1)) pause=$((pause * 2))
  done
  if [[ $id == "${done_id[$path]:-}" ]]; then settling=${done_settling[$path]}; fi
  remember "$path" "$id" "$size" "$mtime" "$settling"
  write_state
  tell "uploaded $(shown "$file") to $(shown "$target"), $(counted "$size" byte)"
}

# --- rotations

# Files with the end of another file's key, files that must wait for the next run, and files that no longer exist.
declare -A claimed=() held=() scanned=()
gone=()
# Path by inode, as the state has it at the start of the run. It does not change, so that the order of work does not matter.
declare -A start_path=()
# Records of rotated files under their new names: PATH ID SIZE MTIME, saved at the end.
renamed=()

# True when the file uploaded last under the key of PATH has moved or was truncated (copytruncate).
was_rotated() {
  [[ ${now_id[$1]:-} != "${done_id[$1]}" ]] || ((${now_size[$1]} < ${done_size[$1]}))
}

# Sets `found` to the present path, in the folder of PATH, of the inode uploaded last under its key.
find_inode() {
  local id=${done_id[$1]} folder=${1%/*}
  found=${place["$id $folder"]:-}
  if [[ -z $found && -z ${scanned[$folder]:-} ]]; then
    look_at "$folder"/*
    scanned[$folder]=yes
    found=${place["$id $folder"]:-}
  fi
}

# Sets `later` to the rotated files of PATH that hold lines not uploaded yet, oldest first: files newer than the last upload
# whose inodes the state does not know (they were written since, or are copies: copytruncate), and known ones that grew.
find_later() {
  local path=$1 file base is_dated stem=${1%.*} before
  local -a rotated=("$1"[-.]*) unseen=()
  later=()
  if [[ ${path##*/} == ?*.* ]]; then rotated+=("$stem"[-.]*".${path##*.}"); fi
  for file in "${rotated[@]}"; do if [[ -z ${now_id[$file]:-} ]]; then unseen+=("$file"); fi; done
  look_at "${unseen[@]}"
  for file in "${rotated[@]}"; do
    if [[ $file == "$path" || -z ${now_id[$file]:-} || -n ${wanted[$file]:-} || ${now_id[$file]} == "${now_id[$path]:-}" ]]; then
      continue
    fi
    before=${start_path[${now_id[$file]}]:-}
    if [[ $before == "$path" || ${now_id[$file]} == "${done_id[$path]}" ]]; then continue; fi
    if [[ -n $before ]]; then
      if ((${now_size[$file]} <= ${done_size[$before]})); then continue; fi
    elif [[ ! ${now_mtime[$file]} > ${done_mtime[$path]} ]]; then
      continue
    fi
    find_base "$file"
    if [[ $base == "$path" ]]; then later+=("${now_mtime[$file]} $file"); fi
  done
  if ((${#later[@]} > 1)); then
    mapfile -d '' -t later < <(printf '%s\0' "${later[@]}" | sort -zu)
  fi
  later=("${later[@]#* }")
}

# Uploads the missing parts of the rotated files of PATH, oldest first. Returns 1 when the file at PATH must wait.
finish_rotated() {
  local path=$1 file found='' now
  if [[ ${now_id[$path]:-} != "${done_id[$path]}" ]]; then
    find_inode "$path"
    if [[ -n $found ]]; then
      claimed[$found]=yes
      if changed "$found" "$path"; then upload "$found" "$path" || return 1; fi
      renamed+=("$found" "${done_id[$path]}" "${done_size[$path]}" "${done_mtime[$path]}")
    elif [[ -n ${now_id[$path]:-} ]]; then
      complain "$(shown "$path") was replaced, and the file uploaded last is gone: if it was rotated and compressed at once, its" \
        "last lines may be missing; let logrotate wait with delaycompress"
    elif ((${#later[@]} == 0)); then
      tell "deleted: $(shown "$path")"
      gone+=("$path")
    fi
  elif ((${#later[@]} == 0)); then
    complain "$(shown "$path") became shorter, and no copy of it is there: if it was truncated, or its copy was compressed at once," \
      "the last lines before that may be missing"
  fi
  for file in "${later[@]}"; do
    upload "$file" "$path" || return 1
    renamed+=("$file" "${done_id[$path]}" "${done_size[$path]}" "${done_mtime[$path]}")
    found=$file
  done
  printf -v now '%(%s)T' -1
  if [[ -n $found && -n ${now_id[$path]:-} && -z ${done_settling[$path]} ]] &&
    ((${done_mtime[$path]%.*} > now - SETTLE_SECONDS)); then
    done_settling[$path]=yes
    write_state
    tell "waits for the next run, as $(shown "$found") was written to just now: $(shown "$path")"
    return 1
  fi
}

# --- the run

# True when the inode at PATH was uploaded under the key of another path.
is_known() {
  local before=${start_path[${now_id[$1]}]:-$1}
  [[ $before != "$1" && ${start_id[$1]:-} != "${now_id[$1]}" ]]
}

upload_all() {
  local path i base is_dated
  local -a known=() later=()
  local -A start_id=()
  if ((${#done_id[@]} > 0)); then mapfile -d '' -t known < <(printf '%s\0' "${!done_id[@]}" | sort -z); fi
  for path in "${known[@]}"; do start_path[${done_id[$path]}]=$path start_id[$path]=${done_id[$path]}; done
  for path in "${known[@]}"; do
    # Keep the state of files that only other runs cover.
    if [[ -n ${wanted[$path]:-} ]] || { [[ ! -e $path && ! -L $path ]] && is_asked_for "$path"; }; then
      find_later "$path"
      if was_rotated "$path" || ((${#later[@]} > 0)); then finish_rotated "$path" || held[$path]=yes; fi
    fi
  done
  # The state forgets rotated files that were deleted.
  for path in "${known[@]}"; do
    if [[ -e $path || -L $path || -n ${wanted[$path]:-} ]]; then continue; fi
    find_base "$path"
    if [[ -n $base && -n ${done_id[$base]:-} ]] && is_open "${path%/*}" && ! is_asked_for "$path"; then gone+=("$path"); fi
  done
  for ((i = 0; i < ${#renamed[@]}; i += 4)); do remember "${renamed[@]:i:4}" ''; done
  if ((${#renamed[@]} > 0)); then write_state; fi
  for path in "${files[@]}"; do
    if [[ -z ${held[$path]:-}${claimed[$path]:-} ]] && ! is_known "$path" && changed "$path" "$path"; then
      upload "$path" "$path" || true
    fi
  done
  if ((${#gone[@]} > 0)); then
    forget "${gone[@]}"
    write_state
  fi
}

pause_at_random() {
  local milliseconds=$(((RANDOM << 15 | RANDOM) % (jitter * 1000 + 1)))
  sleep "$((milliseconds / 1000)).$(printf '%03d' $((milliseconds % 1000)))"
}

read_options "$@"
umask 077
if ! mkdir -p -- "$state_folder" || [[ ! -w $state_folder ]]; then
  complain "cannot write to $(shown "$state_folder"): fix its permissions, or choose another folder with --state"
  exit 1
fi
# One state per destination.
state=$(printf '%s' "s3://$bucket/$prefix/$host" | sha256sum)
state=$state_folder/${state:0:16}

# The script calls itself at the end of this file: with a lock and a time limit.
if [[ -z ${TELLTALE_UPLOAD_LOCKED:-} ]]; then
  for program in flock timeout aws; do
    if ! command -v "$program" >/dev/null; then
      complain "$program is not in $PATH: install it (aws: the AWS CLI; flock: util-linux; timeout: coreutils)"
      exit 1
    fi
  done
  # The open file is the lock, and every child inherits it. So an upload that outlives its run blocks the next run.
  if ! { exec {lock}>>"$state.lock"; } 2>/dev/null; then
    # A full disk: the folder itself is the lock, for all destinations.
    exec {lock}<"$state_folder"
  fi
  if ! flock --nonblock "$lock"; then
    tell 'another run is at it'
    exit 0
  fi
  export TELLTALE_UPLOAD_LOCKED=yes
  exec timeout --preserve-status --kill-after=10 "$time_limit" "$BASH" -- "${BASH_SOURCE[0]}" "$@"
fi

trap 'complain "stopped early (after --timeout $time_limit s, or by a signal); the next run continues"; exit 1' TERM
if ((jitter > 0)); then pause_at_random; fi
read_state
read_reported
find_files
report_left_out
upload_all
[[ -z $failed ]]
