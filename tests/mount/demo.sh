#!/usr/bin/env bash
# What a newcomer does: contrib/demo, then everything by hand in the mounted directory, with both systems watched.
. "$(dirname "$0")/lib.sh"
. "$here/accounts.sh"
trap cleanup EXIT
root=$(cd "$here/../.." && pwd)
export HOME=$work/home
unset XDG_CONFIG_HOME XDG_STATE_HOME
mkdir "$HOME"
data=$HOME/.local/state/remindfs-demo
mnt=$HOME/remindfs-demo

cleanup() {
  cd /
  [ ! -e "$data" ] || "$root/contrib/demo" stop >/dev/null 2>&1
  story_cleanup
}
demo() { "$root/contrib/demo" "$@" </dev/null >"$work/demo.out" 2>&1; }
waits() { grep -q "not there yet" .remindfs/status; }
settled() { ! waits; }

one_command_mounts_the_tasks() {
  demo || { sed 's/^/# /' "$work/demo.out"; return 1; }
  cd "$mnt" && SANDBOX=http://127.0.0.1:$(cat "$data/port") && export SANDBOX &&
    grep -q "To stop:" "$work/demo.out" && [ "$(ls open | wc -l)" -gt 100 ] && eventually settled
}
# A task that was just made in Sales Connect is given its type there.
what_README_shows_is_there() {
  local tour
  tour=$(sed -n '/^## A tour/,/^## The tree/p' "$root/README.md")
  shown() { [ "$(grep -v ^Due "open/Ask Aisha Novák for a reference.txt")" = "$(sed -n '/ cat .open.Ask Aisha/,/^\$ printf/{/^\$/!p}' <<<"$tour" | grep -v ^Due)" ]; }
  is today "$(ls today | head -n 3)" "$(sed -n '/ ls today | head/,/^\$ cat/{/^\$/!p}' <<<"$tour")" && eventually shown &&
    grep -qxF "$(sed -n 's/^\(tasks .*\) open.*/\1/p' <<<"$tour") open, 33 completed" .remindfs/status
}
running_it_twice_is_harmless() {
  local before
  before=$(ls open | wc -l)
  demo && grep -q "already running" "$work/demo.out" && [ "$(ls open | wc -l)" = "$before" ]
}
create_edit_complete_reopen_delete() {
  printf 'Due: tomorrow\nPriority: high\n\nWants a demo\n' >"open/Call Bob.txt"
  eventually in_sf "Call Bob" "priority: High" && eventually in_sc "Call Bob" "due: $(date -d tomorrow +%F)" || return 1
  sed -i 's/a demo/two demos/' "open/Call Bob.txt"
  eventually in_sf "Call Bob" "details: Wants two demos" && eventually in_sc "Call Bob" "details: Wants two demos" || return 1
  mv "open/Call Bob.txt" completed/
  eventually in_sf "Call Bob" "status: Completed" && eventually in_sc "Call Bob" "status: complete" || return 1
  mv "completed/Call Bob.txt" open/
  eventually in_sf "Call Bob" "status: Not Started" && eventually in_sc "Call Bob" "status: open" || return 1
  rm "open/Call Bob.txt"
  eventually absent sf "Call Bob" && eventually absent sc "Call Bob"
}
edit_with_vim() {
  printf 'Due:\n\nold words\n' >"open/By vim.txt" && eventually in_sf "By vim" "details: old words" || return 1
  vim -u NONE -N -es -c '%s/old/new/' -c wq "open/By vim.txt"
  eventually in_sf "By vim" "details: new words" && eventually in_sc "By vim" "details: new words" && once "By vim"
}
put_off_a_whole_day() {
  local n title day
  day=$(date -d tomorrow +%F)
  printf 'Due: today\n' >"open/Due today.txt"
  eventually test -L "today/Due today.txt" || return 1
  n=$(ls today | wc -l)
  title=$(basename "$(ls today | head -n 1)" .txt)
  mv today/* tomorrow/ && [ "$(ls today | wc -l)" = 0 ] && [ "$(ls tomorrow | wc -l)" -ge "$n" ] &&
    eventually in_sf "Due today" "due: $day" && eventually in_sc "Due today" "due: $day" && grep -q "Due: $day" "tomorrow/$title.txt"
}
a_click_on_the_page_is_seen_in_the_files() {
  node "$root/tests/oracle/click.mjs" "$SANDBOX" sf "Due today"
  case $? in
  0) eventually test -f "completed/Due today.txt" && eventually in_sc "Due today" "status: complete" ;;
  75) echo "# no chromium here" && return 1 ;;
  *) return 1 ;;
  esac
}
kill_9_between_save_and_push_arrives_once() {
  echo "typed just before" >"open/Just before.txt" && kill -KILL "$(head -n 1 "$data/state/remindfs/lock")" && cd /
  demo && cd "$mnt" && grep -q "typed just before" "open/Just before.txt" &&
    eventually in_sf "Just before" "details: typed just before" && eventually settled && once "Just before"
}
# What was typed meanwhile arrives, and what both systems had is there.
systems_that_were_killed_go_on_as_they_were() {
  local n
  n=$(remote count sf) && kill -KILL "$(cat "$data/sandbox.pid")" && echo "typed meanwhile" >"open/Meanwhile.txt" &&
    eventually grep -q "not reached" .remindfs/status && demo && grep -q "To stop:" "$work/demo.out" && ! grep -q "not reached" .remindfs/status &&
    grep -q "typed meanwhile" "open/Meanwhile.txt" && eventually in_sf "Meanwhile" "details: typed meanwhile" && eventually settled && once "Meanwhile" &&
    is sf "$(remote count sf)" $((n + 1))
}
stop_ends_it_and_leaves_nothing() {
  cd /
  demo stop && [ ! -e "$data" ] && ! mountpoint -q "$mnt" && ! pgrep -f "port-file $data" >/dev/null
}

run_stories "$0"
