#!/usr/bin/env bash
# .remindfs/events: each change from any side, once to each reader, whether it waits, polls or follows.
. "$(dirname "$0")/lib.sh"

mount_up 60000 || echo "# the mount does not answer"
events=.remindfs/events
afar() { printf '%s\n' "$@" >"$store.remote" && echo sync >.remindfs/ctl && rm "$store.remote"; }
# lines N FILE: it has so many
lines() { [ "$(wc -l <"$2")" -ge "$1" ]; }
seqs() { python3 -c 'import json, sys; print(*[json.loads(l)["seq"] for l in open(sys.argv[1])])' "$1"; }
# follow NAME COMMAND...: in the background, its output in $work/NAME; ended by unfollow
followers=()
follow() {
  local name=$1
  shift
  "$@" >"$work/$name" 2>&1 &
  followers+=($!)
}
unfollow() {
  kill "${followers[@]}" 2>/dev/null
  wait "${followers[@]}" 2>/dev/null
  followers=()
}

each_change_is_a_line_of_json() {
  echo x >"open/First.txt" && mv "open/First.txt" completed/
  follow all cat $events
  eventually lines 2 "$work/all"
  unfollow
  python3 - "$work/all" <<'PY'
import json, sys
said = [json.loads(l) for l in open(sys.argv[1])]
assert said[0]["event"] == "appeared" and said[0]["path"] == "open/First.txt" and said[0]["by"] == "local", said[0]
assert said[-1]["event"] == "moved" and said[-1]["was"] == "open/First.txt" and said[-1]["path"] == "completed/First.txt", said[-1]
assert said[-1]["fields"] == ["status"], said[-1]
PY
}
a_read_at_the_end_waits_for_the_next_change() {
  follow waits cat $events
  eventually lines 2 "$work/waits"
  local had
  had=$(wc -l <"$work/waits")
  sleep 0.5 && is waiting "$(wc -l <"$work/waits")" "$had" && afar "new Arrived" && eventually lines $((had + 1)) "$work/waits" &&
    tail -n 1 "$work/waits" | grep -q '"event":"appeared","by":"salesconnect".*Arrived.txt'
  local bad=$?
  unfollow
  return $bad
}
each_of_two_readers_gets_each_change_once() {
  follow one cat $events
  follow two dd if=$events bs=7 status=none
  local i want
  for i in $(seq 40); do echo "text $i" >"open/Many $((i % 5)).txt"; done
  want=$(sql 'select count(*) from feed')
  eventually lines "$want" "$work/one" && eventually lines "$want" "$work/two"
  unfollow
  is one "$(seqs "$work/one")" "$(sql 'select group_concat(seq, " ") from (select seq from feed order by seq)')" && cmp "$work/one" "$work/two"
}
poll_says_when_there_is_something() {
  python3 - <<'PY'
import os, select, subprocess, time
fd = os.open(".remindfs/events", os.O_RDONLY)
p = select.poll(); p.register(fd, select.POLLIN)
while p.poll(0): os.read(fd, 65536)
assert not p.poll(200)
kid = subprocess.Popen(["sh", "-c", "sleep 0.3; echo polled >open/Polled.txt"])
since = time.monotonic()
assert p.poll(20000) == [(fd, select.POLLIN)] and 0.25 <= time.monotonic() - since < 10	# told, not found at the end of its patience
kid.wait(); time.sleep(0.1)
assert b"Polled.txt" in os.read(fd, 65536) and not p.poll(100)
PY
}
tail_follows() {
  follow tail tail -n 1 -f $events
  eventually lines 1 "$work/tail" && afar "new Followed" && eventually grep -q Followed.txt "$work/tail" && echo more >"open/Followed more.txt" &&
    eventually grep -q "Followed more.txt" "$work/tail"
  local bad=$?
  unfollow
  is doubled "$(sort "$work/tail" | uniq -d)" "" && return $bad
}
without_waiting_a_read_ends_at_the_end() {
  is size "$(dd if=$events iflag=nonblock bs=64k status=none | wc -c)" "$(stat -c %s $events)"
}
a_slow_reader_misses_nothing_of_thousands() {
  local order
  order=$(for i in $(seq 3000); do echo "new Import $i"; done)
  python3 - "$store.remote" "$order" <<'PY'
import json, os, sys
fd = os.open(".remindfs/events", os.O_RDONLY)
had = b""
while not had.endswith(b"\n") or had.count(b"\n") < 10: had += os.read(fd, 4096)
open(sys.argv[1], "w").write(sys.argv[2] + "\n")
open(".remindfs/ctl", "w").write("sync\n")
while had.count(b"Import") < 3000 or not had.endswith(b"\n"): had += os.read(fd, 4096)
seq = [json.loads(l)["seq"] for l in had.decode().splitlines()]
assert seq == list(range(seq[0], seq[0] + len(seq))), seq
PY
  local bad=$?
  rm -f "$store.remote"
  return $bad
}
who_reads_a_whole_tree_does_not_wait() {
  timeout 20 grep -rq "nothing like this" . ; is grep $? 1 && [ "$(timeout 20 tar cf - . | wc -c)" -gt 1000 ] && timeout 20 cp -r . "$work/copy" && [ -f "$work/copy/open/Polled.txt" ]
}
a_new_reader_of_a_long_story_begins_where_it_is_kept() {
  follow late cat $events
  eventually grep -q "Import 3000.txt" "$work/late"
  unfollow
  python3 -c 'import json, sys
seq = [json.loads(l)["seq"] for l in open(sys.argv[1])]
assert seq == list(range(seq[0], seq[0] + len(seq))) and len(seq) >= 2000' "$work/late"
}
nothing_can_be_written_there() { fails_with "not permitted" sh -c "echo x >>$events" && fails_with "not permitted" rm $events; }
status_json_is_json() {
  python3 -c 'import json; d = json.load(open(".remindfs/status.json")); assert d["open"] >= 3000 and "salesforce" in d, d' &&
    is size "$(cat .remindfs/status.json | wc -c)" "$(stat -c %s .remindfs/status.json)"
}
a_reader_that_waits_ends_with_the_mount() {
  follow last cat "$mnt/$events"
  eventually lines 10 "$work/last"
  mount_term
  local i
  for i in $(seq 100); do
    kill -0 "${followers[0]}" 2>/dev/null || return 0
    sleep 0.05
  done
  return 1
}

run_stories "$0"
