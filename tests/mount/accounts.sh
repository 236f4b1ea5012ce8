# accounts - for stories over both systems: the real program, the real sandbox, and looking at all three places.
# Sourced after lib.sh. REMINDFS, SANDBOX_EXE: the programs.
remindfs=$REMINDFS
export XDG_CONFIG_HOME=$work/config XDG_STATE_HOME=$work/state
config=$work/config/remindfs/config
mkdir -p -m 700 "$work/config/remindfs" "$work/state"
sandbox=

# sandbox_start [PORT]: its data outlive it. Stories ask far more often than people: on a slow machine 600 times a minute.
sandbox_start() {
  local i
  rm -f "$work/port"
  "$SANDBOX_EXE" --port "${1:-0}" --port-file "$work/port" --db "$work/sandbox.db" >"$work/sandbox.log" 2>&1 &
  sandbox=$!
  for i in $(seq 100); do
    [ -s "$work/port" ] && break
    sleep 0.05
  done
  export SANDBOX=http://127.0.0.1:$(cat "$work/port")
  remote post /sandbox/config '{"sc_rate":0}'
}
sandbox_stop() {
  [ -n "$sandbox" ] && kill "$sandbox" && wait "$sandbox" 2>/dev/null
  sandbox=
}
sandbox_again() { sandbox_start "${SANDBOX##*:}"; }

# account_config [LINE...]: both accounts, sync on; LINE: more of [sync]
account_config() {
  (
    umask 077
    mkdir -p "$work/state/remindfs"
    echo '{"refresh_token":"sf-refresh"}' >"$work/state/remindfs/salesforce.token"
    cat >"$config" <<END
[sync]
enabled = yes
poll_active = 1
poll_idle = 1
grace = 0.3
$(printf '%s\n' "$@")

[salesforce]
url = $SANDBOX
client_id = remindfs-test

[salesconnect]
url = $SANDBOX
token_command = echo sc-token
END
  )
}

# the daemon's pid is in its lock
remindfs_pid() { head -n 1 "$work/state/remindfs/lock"; }
gone() { ! kill -0 "$1" 2>/dev/null; }
# stopped PID: a clean end may take a second or two, and a busy machine longer
stopped() { eventually gone "$1"; }
remindfs_mount() {
  "$remindfs" mount "$@" "$mnt" 2>>"$work/log" && cd "$mnt"
}
remindfs_kill() {
  local pid
  pid=$(remindfs_pid)
  cd / && kill -KILL "$pid" && stopped "$pid"
}
remindfs_term() {
  local pid
  pid=$(remindfs_pid)
  cd / && kill -TERM "$pid" && stopped "$pid"
}

remote() { python3 "$here/remote.py" "$@"; }
# in_sf TITLE "name: value": what stands there
in_sf() { remote get sf "$1" 2>/dev/null | grep -qx -- "$2"; }
in_sc() { remote get sc "$1" 2>/dev/null | grep -qx -- "$2"; }
absent() { [ "$(remote count "$1" "$2")" = 0 ]; }
once() { [ "$(remote count sf "$1")" = 1 ] && [ "$(remote count sc "$1")" = 1 ]; }
# nothing waits for either system, and both have been asked since
quiet() { "$remindfs" sync >/dev/null 2>&1 && "$remindfs" status --json | grep -q '"salesconnect":{"on":true.*"waiting":0,.*"salesforce":{"on":[a-z]*,.*"waiting":0,'; }
synced() { eventually quiet; }

accounts_cleanup() {
  local pid
  cd /
  pid=$(remindfs_pid 2>/dev/null)
  if [ -n "$pid" ] && ! gone "$pid"; then
    kill -TERM "$pid"
    stopped "$pid" || kill -KILL "$pid"
  fi
  sandbox_stop
  [ -z "${KEEP:-}" ] || cp -r "$work" "$KEEP"
  story_cleanup
}
trap accounts_cleanup EXIT
