#!/usr/bin/env bash
# Salesforce's push: a change there is in the file at once although the poll is minutes away, and whatever becomes of the
# bell, nothing but time is lost.
. "$(dirname "$0")/lib.sh"
. "$here/accounts.sh"

sandbox_start
remote post /sandbox/config '{"view_all_data":true,"sc_rate":0}'
account_config

# setting NAME VALUE: in the configuration, in place or under [salesforce]
setting() {
  if grep -q "^$1 = " "$config"; then
    sed -i "s|^$1 = .*|$1 = $2|" "$config"
  else
    sed -i "s|^\[salesforce\]|&\n$1 = $2|" "$config"
  fi
}
polls() { setting poll_active "$1" && setting poll_idle "$1"; }
# streaming SEQ [WORD]: requests of push since then
streaming() { remote requests "$1" sf | grep /cometd | grep -c -- "${2-}"; }
heard() { [ "$(streaming "$1" "$2")" -gt 0 ]; }
# up: mounted, and the bell is listening; its first ring is answered
up() {
  local seq
  seq=$(remote seq)
  remindfs_mount --wait && eventually heard "$seq" /meta/subscribe && sleep 0.5
}
again() { remindfs_term && up; }

# timed WORD: changes there, each timed from before it is asked for to the file that shows it.
timed() {
  python3 - "$SANDBOX" "$1" <<'PY'
import json, os, sys, time, urllib.request
sandbox, word = sys.argv[1:]
times = []
def there(method, task, body=None):
    data = None if body is None else json.dumps(body).encode()
    req = urllib.request.Request("%s/sandbox/tasks%s?system=sf" % (sandbox, task and "/" + task), data,
        {"Content-Type": "application/json"}, method=method)
    return json.load(urllib.request.urlopen(req)).get("Id")
def timed(what, seen, *change):
    since = time.monotonic()
    task = there(*change)
    while not seen():
        assert time.monotonic() - since < 10, what
        time.sleep(0.001)
    times.append(time.monotonic() - since)
    return task
def holds(path, text):
    try:
        return text in open(path).read()
    except FileNotFoundError:
        return False
for n in range(4):
    title = "Rings %s %d" % (word, n)
    name = title + ".txt"
    id = timed("new", lambda: os.path.exists("open/" + name), "POST", "", {"Subject": title})
    timed("edit", lambda: holds("open/" + name, "day %d" % n), "PATCH", id, {"Description": "Call on day %d" % n})
    timed("due", lambda: holds("open/" + name, "Due: 2027-01-0%d" % (n + 1)), "PATCH", id, {"ActivityDate": "2027-01-0%d" % (n + 1)})
    timed("done", lambda: os.path.exists("completed/" + name), "PATCH", id, {"Status": "Completed"})
    if n % 2:
        timed("gone", lambda: not os.path.exists("completed/" + name), "DELETE", id)
times.sort()
print("# median of %d: %.0f ms, slowest %.0f ms" % (len(times), times[len(times) // 2] * 1000, times[-1] * 1000))
assert times[-1] < 1, times
PY
}

polls 600
up || echo "# the mount does not listen"

a_change_in_SF_is_in_the_file_within_a_second() { timed CDC; }
an_edit_here_is_no_reason_to_write_again() {
  local seq
  seq=$(remote seq)
  echo "More" >>"completed/Rings CDC 0.txt"
  eventually in_sf "Rings CDC 0" More && sleep 1.5 &&
    is writes "$(remote writes "$seq" sf | wc -l)" 1 && is conflicts "$(cat .remindfs/errors)" ""
}
R01_off_silences_the_bell_and_on_wakes_it() {
  local seq
  "$remindfs" sync off >/dev/null && "$remindfs" sync >/dev/null || return 1
  sleep 0.2
  seq=$(remote seq)
  remote new sf "title=While off" "status=Not Started"
  sleep 1.5
  is requests "$(remote requests "$seq" sf)" "" && [ ! -e "open/While off.txt" ] || return 1
  "$remindfs" sync on >/dev/null && "$remindfs" sync >/dev/null && eventually test -e "open/While off.txt" &&
    eventually heard "$seq" /meta/subscribe && sleep 0.5 &&
    remote set sf "While off" "due=2027-02-02" && patiently 1 grep -q "Due: 2027-02-02" "open/While off.txt"
}
# A process that has ended stays visible until its parent looks.
ended() { ! grep -qs '^State:.[^Z]' "/proc/$1/status"; }
the_mount_ends_at_once_and_says_good_bye() {
  local seq began pid
  seq=$(remote seq)
  pid=$(remindfs_pid)
  began=$(date +%s%N)
  cd / && kill -TERM "$pid"
  until ended "$pid" || [ $((($(date +%s%N) - began) / 1000000)) -gt 5000 ]; do sleep 0.01; done
  began=$((($(date +%s%N) - began) / 1000000))
  echo "# $began ms"
  [ $began -lt 1000 ] && is good-byes "$(streaming "$seq" /meta/disconnect)" 1 && stopped "$pid"
}
a_PushTopic_does_as_well() {
  setting push_channel MyTasks
  remote post /sandbox/config '{"view_all_data":false}'
  up && timed Topic
}
what_a_bell_goes_through_costs_no_event() {
  local fault n=0
  setting push_channel /data/TaskChangeEvent
  remote post /sandbox/config '{"view_all_data":true,"rotate":true}'
  again || return 1
  for fault in cometd-unknown cometd-disconnect cometd-401 cometd-twice; do
    n=$((n + 1))
    remote fault $fault 1 /meta/connect sf
    remote new sf "title=$fault" "status=Not Started"
    remote new sf "title=$fault again" "status=Not Started"
    patiently 3 test -e "open/$fault.txt" && patiently 3 test -e "open/$fault again.txt" || return 1
  done
  remote post /sandbox/config '{"expire_tokens":true}'
  remote new sf "title=Renewed" "status=Not Started"
  patiently 3 test -e "open/Renewed.txt"
}
no_event_is_lost_when_the_bell_is_broken() {
  polls 2
  remote post /sandbox/config '{"view_all_data":false}'
  again && remote new sf "title=Denied" "status=Not Started" && eventually test -e "open/Denied.txt" || return 1
  remote post /sandbox/config '{"view_all_data":true}'
  again && remote fault cometd-lost 100 /meta/connect sf && remote fault cometd-denied-503 100 /meta/handshake sf || return 1
  remote new sf "title=Lost one" "status=Not Started"
  remote new sf "title=Lost two" "status=Not Started"
  eventually test -e "open/Lost one.txt" && eventually test -e "open/Lost two.txt"
  local rc=$?
  remote post /sandbox/fault/clear '{}'
  return $rc
}
push_off_makes_no_streaming_request() {
  local seq
  setting push off
  remindfs_term || return 1
  seq=$(remote seq)
  remindfs_mount --wait && remote new sf "title=Polled" "status=Not Started" && eventually test -e "open/Polled.txt" &&
    is requests "$(streaming "$seq")" 0
}

run_stories "$0"
