#!/usr/bin/env bash
# The program on the command line: logins, exit codes, what it says, what it refuses.
. "$(dirname "$0")/lib.sh"
. "$here/accounts.sh"

sandbox_start
remote new sf "title=Plan" "status=Not Started" "due=2026-09-03" "details=first"
cat >"$config" <<END
[sync]
enabled = yes
poll_active = 1
poll_idle = 1
grace = 0.3

[salesforce]
url = $SANDBOX
client_id = remindfs-test

[salesconnect]
url = $SANDBOX
END
chmod 600 "$config"
cd "$work" || exit

# exits CODE COMMAND...: keeps what it said in $said
exits() {
  local want=$1
  shift
  said=$("$@" 2>&1 </dev/null)
  is "exit of $*" $? "$want"
}
says() { [[ $said == *"$1"* ]] || is "what it said" "$said" "$1"; }
json() { python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"; }

wrong_usage_is_64() {
  exits 64 "$remindfs" && exits 64 "$remindfs" frobnicate && says "remindfs help" && exits 64 "$remindfs" list everything &&
    exits 64 "$remindfs" status --frob && exits 64 "$remindfs" login && exits 64 "$remindfs" login hubspot && exits 64 "$remindfs" sync maybe
}
help_and_version() {
  exits 0 "$remindfs" help && says "remindfs mount [DIR]" && exits 0 "$remindfs" help mount && says "--wait" &&
    exits 0 "$remindfs" mount --help && says "--foreground" && exits 0 "$remindfs" version && says "remindfs 0." && exits 0 "$remindfs" --version
}
without_a_mount_it_is_69_and_says_the_next_command() {
  exits 69 "$remindfs" status && says "remindfs mount DIR" && exits 69 "$remindfs" list && exits 69 "$remindfs" sync &&
    says "remindfs mount DIR" && exits 69 "$remindfs" umount && says "nothing is mounted" && exits 69 "$remindfs" mount "$work/nowhere" && says "mkdir"
}
a_wrong_configuration_is_78_with_its_line() {
  cp -p "$config" "$work/keep" && sed -i 's/^grace/graze/' "$config" && exits 78 "$remindfs" status && says "config:5:" && says grace
  local bad=$?
  cp -p "$work/keep" "$config" && return $bad
}
a_configuration_others_can_read_is_77() {
  chmod 644 "$config" && exits 77 "$remindfs" status && says "chmod 600"
  local bad=$?
  chmod 600 "$config" && return $bad
}
a_state_directory_others_can_read_is_77() {
  chmod 755 "$work/state/remindfs" && exits 77 "$remindfs" status && says chmod
  local bad=$?
  chmod 700 "$work/state/remindfs" && return $bad
}
without_a_login_status_says_what_to_type() {
  exits 75 "$remindfs" mount --wait "$mnt" && exits 0 "$remindfs" status && says "remindfs login salesconnect" && exits 77 "$remindfs" sync
}
login_salesconnect_takes_a_token() {
  echo sc-token | "$remindfs" login salesconnect >/dev/null && is mode "$(stat -c %a "$work/state/remindfs/salesconnect.token")" 600
}
login_salesforce_is_a_page_in_the_browser() {
  local pid url
  "$remindfs" login salesforce >"$work/login" 2>&1 </dev/null &
  pid=$!
  eventually grep -q "http.*authorize" "$work/login" || return 1
  url=$(grep -oE 'http[^ ]*authorize[^ ]*' "$work/login")
  [[ $url == *code_challenge_method=S256* && $url == *state=* ]] || return 1
  curl -sL "$url&auto=1" >"$work/page" && wait $pid && grep -q "logged in" "$work/login" && grep -qi "close" "$work/page" &&
    is mode "$(stat -c %a "$work/state/remindfs/salesforce.token")" 600
}
a_wrong_state_in_the_redirect_is_refused() {
  local pid url back
  "$remindfs" login salesforce >"$work/login" 2>&1 </dev/null &
  pid=$!
  eventually grep -q "http.*authorize" "$work/login" || return 1
  url=$(grep -oE 'http[^ ]*authorize[^ ]*' "$work/login")
  back=$(python3 -c 'import sys, urllib.parse as u; print(u.parse_qs(u.urlparse(sys.argv[1]).query)["redirect_uri"][0])' "$url")
  curl -s "$back?code=stolen&state=guessed" >/dev/null
  kill -0 $pid 2>/dev/null || { wait $pid; [ $? = 77 ]; return; }
  kill $pid && wait $pid 2>/dev/null
  ! grep -q "logged in" "$work/login"
}
after_the_login_it_syncs() {
  eventually test -f "$mnt/open/Plan.txt" && exits 0 "$remindfs" sync && says "salesforce: synced" && says "salesconnect: synced"
}
no_secret_is_in_the_log_the_store_or_the_command_line() {
  ! grep -rq "sc-token\|sf-refresh\|Bearer" "$work/state/remindfs/log" && ! grep -q "sc-token" "$work/state/remindfs/store.db" "$work/state/remindfs/store.db-wal" &&
    ! tr '\0' ' ' <"/proc/$(remindfs_pid)/cmdline" | grep -q token
}
status_and_list_speak_JSON() {
  is open "$("$remindfs" status --json | json 'd["open"]')" 1 && is title "$("$remindfs" list --json | json 'd[0]["title"] + " " + d[0]["due"] + " " + d[0]["state"]')" "Plan 2026-09-03 synced" &&
    is completed "$("$remindfs" list --json completed | json 'len(d)')" 0
}
list_on_a_terminal_is_one_line_a_task() {
  exits 0 "$remindfs" list && says "synced   2026-09-03" && says "Plan.txt"
}
a_title_cannot_play_tricks_on_the_terminal() {
  remote new sf "title=$(printf 'red \033[31malert')" "status=Not Started"
  eventually compgen -G "$mnt/open/red*" >/dev/null && exits 0 "$remindfs" list all && [[ $said != *$'\033'* ]] && ! ls "$mnt/open" | grep -q $'\033'
}
the_end_of_the_log_is_in_the_mount() {
  grep -q "event=mounted" "$mnt/.remindfs/log" && for i in $(seq 2000); do echo "a line of the log that is to be cut $i"; done >>"$work/state/remindfs/log" &&
    [ "$(stat -c %s "$mnt/.remindfs/log")" -le 65536 ] && is last "$(tail -n 1 "$mnt/.remindfs/log")" "a line of the log that is to be cut 2000" && head -n 1 "$mnt/.remindfs/log" | grep -q '^a line of the log'
}
state_and_log_are_private() {
  is files "$(find "$work/state" -not -perm -u=r -o -perm /077 | wc -l)" 0
}
nobody_else_gets_in() {
  [ "$(id -u)" != 0 ] || ! setpriv --reuid 65534 --clear-groups ls "$mnt" 2>/dev/null
}
logout_forgets() {
  exits 0 "$remindfs" logout salesforce && [ ! -e "$work/state/remindfs/salesforce.token" ] && exits 0 "$remindfs" logout salesforce && says "no token" &&
    exits 0 "$remindfs" logout salesconnect && [ ! -e "$work/state/remindfs/salesconnect.token" ]
}
# Two that are alike on either side are told apart when both systems were read, which takes Sales Connect its time here.
mount_wait_returns_when_copies_are_joined() {
  local i
  "$remindfs" umount && remote post /sandbox/reset '{}' && rm -rf "$work/state/remindfs" && account_config "first_import = open" || return 1
  for i in 1 2; do
    remote new sf "title=Twin" "status=Not Started" "priority=Normal" "due=2026-09-01" "CreatedById=005000000000007AAA" "CreatedDate=2026-01-05T09:0$i:00.000+0000" &&
      remote new sc "title=Twin" "due=2026-09-01" "created_at=2026-01-05T09:0$i:20.000Z" || return 1
  done
  remote fault slow 1 "GET /services/data" sf && remote fault slow 5 changed_since sc &&
    remindfs_mount --wait && is files "$(ls open | wc -l)" 2 && cd "$work"
}
offline_sync_says_what_becomes_of_the_edits() {
  sandbox_stop
  exits 75 "$remindfs" sync && says "salesconnect: " && says "salesforce: " && says "edits are kept; what goes out by itself, and what to type: remindfs status"
  local bad=$?
  sandbox_again && return $bad
}
# The kernel may still have the directory's attributes.
umount_clears_away_what_a_killed_daemon_left() {
  stat "$mnt" >/dev/null && remindfs_kill && mountpoint -q "$mnt" && exits 0 "$remindfs" status && says "no; type: remindfs mount '$mnt'" &&
    exits 0 "$remindfs" umount && ! mountpoint -q "$mnt" && ls "$mnt" && remindfs_mount && cd "$work"
}
foreground_ends_with_SIGTERM() {
  "$remindfs" umount && mkdir -p "$work/second" || return 1
  "$remindfs" mount -f "$work/second" >"$work/fg" 2>&1 &
  local pid=$!
  eventually mountpoint -q "$work/second" && kill $pid && wait $pid && ! mountpoint -q "$work/second"
}

run_stories "$0"
