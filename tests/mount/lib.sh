# lib - what the stories share: a mount that always goes away again, waiting, counting, TAP.
# A story script sources this, sets its scene at the top, has one function a story (two words or more: the underscore tells
# it from a helper) and ends with: run_stories "$0". The stories run in that order, in the mount, and fail by their status.
#
# MOUNTD: the program that mounts (mountd.c), STORY_DIR: where to mount; not below /tmp, where editors make no backups.
set -u
export LC_ALL=C.UTF-8 TZ=UTC
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "${STORY_DIR:=$HOME/.cache}"
work=$(mktemp -d "$STORY_DIR/story.XXXXXX")
work=$(cd "$work" && pwd)
mnt=$work/mnt
store=$work/store.db
daemon=
mkdir "$mnt"

have_fuse() { [ -c /dev/fuse ] && : 2>/dev/null <>/dev/fuse && command -v fusermount3 >/dev/null; }

# ---- the daemon ----

daemon_alive() { [ -n "$daemon" ] && kill -0 "$daemon" 2>/dev/null; }

# daemon_wait: until it has ended
daemon_wait() {
  local i
  for i in $(seq 200); do
    daemon_alive || break
    sleep 0.05
  done
  daemon_alive && kill -KILL "$daemon"
  wait "$daemon" 2>/dev/null
  daemon=
}

# mount_up [GRACE_MS]: serve $store at $mnt and go there
mount_up() {
  local i
  : >"$work/out"
  "$MOUNTD" "$store" "$mnt" "${1:-5000}" >"$work/out" 2>>"$work/log" &
  daemon=$!
  for i in $(seq 200); do
    grep -q '^ready' "$work/out" && break
    daemon_alive || break
    sleep 0.05
  done
  cd "$mnt" && grep -q '^ready' "$work/out"
}

# mount_down: leave and unmount
mount_down() {
  cd / && fusermount3 -u "$mnt" && daemon_wait
}

# mount_kill: the daemon dies at once, its mount stays behind
mount_kill() {
  cd / && kill -KILL "$daemon" && wait "$daemon" 2>/dev/null
  daemon=
}

# mount_term: the daemon is asked to end
mount_term() {
  cd / && kill -TERM "$daemon" && daemon_wait
}

story_cleanup() {
  cd /
  if daemon_alive; then
    kill -TERM "$daemon"
    daemon_wait
  fi
  grep -qs " $mnt fuse" /proc/mounts && fusermount3 -u -z "$mnt"
  rm -rf "$work"
}
trap story_cleanup EXIT
trap 'exit 1' INT TERM HUP

# ---- looking ----

# patiently SECONDS COMMAND...
patiently() {
  local end=$((SECONDS + $1))
  shift
  while :; do
    "$@" && return 0
    [ $SECONDS -ge $end ] && return 1
    sleep 0.1
  done
}
# eventually COMMAND...: it comes true; how long that takes on a busy machine is nobody's promise
eventually() { patiently 90 "$@"; }

# sql QUERY: ask the store
sql() { sqlite3 -cmd '.timeout 5000' "file:$store?mode=ro" "$1"; }

ino() { stat -c %i -- "$1"; }

# is WHAT GOT WANT: say so if not
is() {
  [ "$2" = "$3" ] && return 0
  printf '# %s: got "%s", want "%s"\n' "$1" "$2" "$3"
  return 1
}

# fails_with ERROR COMMAND...: it fails, and says so
fails_with() {
  local want=$1 said
  shift
  if said=$("$@" 2>&1); then
    echo "# no failure: $*"
    return 1
  fi
  [[ $said == *"$want"* ]] || is "what $1 said" "$said" "$want"
}

# ---- TAP ----

# need PROGRAM: a story whose status is 77 is skipped
need() { command -v "$1" >/dev/null || { missing=$1 && return 77; }; }

# The script may be named relative to where it was started.
story_names() { grep -oE '^[A-Za-z0-9]+_[A-Za-z0-9_]+\(\)' "$here/$(basename "$1")" | tr -d '()'; }

skip_stories() {
  local n=0 name
  for name in $(story_names "$1"); do
    n=$((n + 1))
    echo "ok $n - $name # SKIP $2"
  done
  echo "1..$n"
  exit 0
}

# run_stories SCRIPT [NAME...]: all, or those named
run_stories() {
  local count=0 bad=0 story status script=$1
  shift
  for story in ${*:-$(story_names "$script")}; do
    count=$((count + 1))
    "$story"
    status=$?
    if [ $status = 0 ]; then
      echo "ok $count - $story"
    elif [ $status = 77 ]; then
      echo "ok $count - $story # SKIP $missing is not installed"
    else
      bad=1
      echo "not ok $count - $story"
      tail -qn 5 "$work/log" "$work/state/remindfs/log" 2>/dev/null | sed 's/^/# /'
    fi
  done
  echo "1..$count"
  exit $bad
}

have_fuse || skip_stories "$0" "no /dev/fuse"
