#!/usr/bin/env bash
# What another side changes is seen here at once, and disturbs nobody who is at work.
. "$(dirname "$0")/lib.sh"

mount_up 60000 || echo "# the mount does not answer"
number() { echo $(($(ino "$1") >> 6)); }
details() { sql "select details from body where task = $1"; }
# afar LINE...: the other side changes something (mountd.c)
afar() { printf '%s\n' "$@" >"$store.remote" && echo sync >.remindfs/ctl && rm "$store.remote"; }
# fresh: a task that was looked at in every way
fresh() {
  rm -f open/* completed/*
  printf 'Title: Watched\nPriority: Normal\nDue: 2026-09-03\n\nshort\n' >open/Watched.txt
  echo x >open/Bystander.txt
  id=$(number open/Watched.txt)
  ls -l open completed >/dev/null && cat open/*.txt >/dev/null
}

# Twenty changes, each timed from its commit (the write to ctl returns after it) to the cat and the ls that show it.
a_remote_change_is_in_cat_and_ls_at_once() {
  fresh
  python3 - "$store.remote" "$id" <<'PY'
import os, sys, time
order, task = sys.argv[1:]
worst = {"cat": 0, "ls": 0}
def afar(line):
    with open(order, "w") as f: f.write(line + "\n")
    with open(".remindfs/ctl", "w") as f: f.write("sync\n")
    return time.monotonic()
def until(what, since, seen):
    while not seen():
        assert time.monotonic() - since < 5, what
    worst[what] = max(worst[what], time.monotonic() - since)
name = "Watched.txt"
for i in range(20):
    since = afar("details %s change %d %s" % (task, i, "x" * i))
    until("cat", since, lambda: ("change %d " % i) in open("open/" + name).read())
    assert os.stat("open/" + name).st_size == len(open("open/" + name, "rb").read())
    since = afar("title %s Watched %d" % (task, i))
    name = "Watched %d.txt" % i
    until("ls", since, lambda: [n for n in os.listdir("open") if n.startswith("Watched")] == [name])
    assert os.stat("open/" + name).st_ino >> 6 == int(task)
print("# slowest of 20: cat %.1f ms, ls %.1f ms" % (worst["cat"] * 1000, worst["ls"] * 1000))
assert max(worst.values()) < 1, worst
PY
}
a_remote_task_and_its_end_are_listed_at_once() {
  fresh
  [ ! -e open/Arrived.txt ] && afar "new Arrived" && eventually test -f open/Arrived.txt && is ls "$(ls open)" $'Arrived.txt\nBystander.txt\nWatched.txt' &&
    afar "gone $(number open/Arrived.txt)" && eventually test ! -e open/Arrived.txt && is ls "$(ls open)" $'Bystander.txt\nWatched.txt'
}
# Behind its first page the kernel asks for names alone, which are kept from one listing to the next.
a_long_directory_that_was_listed_shows_what_came_since() {
  local i last
  fresh
  for i in $(seq 400); do echo x >"open/A task of many, with a name that is not quite short $i.txt" || return 1; done
  ls -f open >/dev/null && ls -f open >/dev/null && last=$(ls -f open | tail -n 1) && afar "new Arrived" "gone $(number "open/$last")"
  listed() { ls -f open >"$work/listed" && grep -qx Arrived.txt "$work/listed" && ! grep -qxF "$last" "$work/listed"; }
  eventually listed && is how_many "$(wc -l <"$work/listed")" 404
}
# As long as the old one: another length the kernel would notice by itself.
a_change_while_a_text_is_given_to_the_kernel_is_seen() {
  fresh
  afar "details $id the old text" && mount_down && MOUNTD_BETWEEN=$store.between mount_up 60000 || return 1
  echo "details $id the new text" >"$store.between"
  cat open/Watched.txt >/dev/null
  [ ! -e "$store.between" ] && eventually grep -q "the new text" open/Watched.txt
}
# The kernel is given the text when a file is opened: it need not ask for it.
a_reader_of_a_task_sends_no_read() {
  fresh
  mount_down && MOUNTD_DEBUG=1 mount_up 60000 || return 1
  : >"$work/log"
  is text "$(cat open/Bystander.txt)" x && is opens "$(grep -c 'opcode: OPEN ' "$work/log")" 1 && is reads "$(grep -c 'opcode: READ ' "$work/log")" 0 &&
    is "text, again" "$(cat open/Bystander.txt)" x && mount_down && mount_up 60000
}
# The kernel has the names as it was told to make them: nobody takes them from it, and it does not ask again. The thread that
# would may read of a change before it hears that it is known: that costs a lookup, so a few of the 19 are allowed.
names_changed_here_are_not_asked_for_again() {
  fresh
  mount_down && MOUNTD_DEBUG=1 mount_up 60000 || return 1
  local i
  for i in $(seq 20); do echo x >"open/N$i.txt" || return 1; done
  mv open/N1[0-9].txt completed/ && mv open/N1.txt open/M1.txt && mv completed/N10.txt completed/M10.txt && rm open/N20.txt && sleep 0.5 || return 1
  : >"$work/log"
  for i in open/M1.txt open/N{2..9}.txt completed/M10.txt completed/N1{1..9}.txt; do [ -r "$i" ] || return 1; done
  [ "$(grep -c 'opcode: LOOKUP ' "$work/log")" -lt 10 ] && ! [ -r open/N1.txt ] && ! [ -r open/N20.txt ] && ! [ -r completed/N10.txt ] && ! [ -r open/N12.txt ] && mount_down && mount_up 60000
}
an_idle_reader_goes_on_with_the_new_text() {
  fresh
  exec 7<open/Watched.txt
  afar "details $id something quite different and longer"
  eventually grep -q "quite different" open/Watched.txt && is text "$(tail -1 <&7)" "something quite different and longer"
  local rc=$?
  exec 7<&-
  return $rc
}
# An editor that rewrites the file from what it read: the field it did not touch is the other side's.
an_open_editor_keeps_what_it_writes_and_what_came_from_afar() {
  fresh
  python3 - "$store.remote" "$id" <<'PY' || return 1
import os, sys, time
order, task = sys.argv[1:]
fd = os.open("open/Watched.txt", os.O_RDWR)
text = os.read(fd, 9999).replace(b"short", b"typed here")
os.ftruncate(fd, 0); os.pwrite(fd, text[:40], 0)
with open(order, "w") as f: f.write("priority %s high\n" % task)
with open(".remindfs/ctl", "w") as f: f.write("sync\n")
time.sleep(0.3)
assert os.pread(fd, 9999, 0) == text[:40], os.pread(fd, 9999, 0)
os.pwrite(fd, text[40:], 40)
assert os.fstat(fd).st_size == len(text)
os.close(fd)
PY
  rm -f "$store.remote"
  is row "$(sql "select priority from task where id = $id") $(details "$id")" "high typed here" &&
    eventually grep -q '^Priority: High' open/Watched.txt && is text "$(cat open/Watched.txt)" $'Title: Watched\nPriority: High\nDue: 2026-09-03\n\ntyped here' && is size "$(stat -c %s open/Watched.txt)" "$(wc -c <open/Watched.txt)"
}
a_remote_rename_under_an_open_editor_makes_no_second_task() {
  fresh
  exec 7>>open/Watched.txt
  afar "title $id Renamed" && eventually test -e open/Renamed.txt && echo "more" >&7
  exec 7>&-
  is ls "$(ls open)" $'Bystander.txt\nRenamed.txt' && is details "$(details "$id")" $'short\nmore' && is title "$(sql "select title from task where id = $id")" Renamed
}
what_is_appended_after_a_remote_change_comes_behind_it() {
  fresh
  exec 7>>open/Watched.txt
  afar "details $id a much longer text than it was before" && eventually grep -q "much longer" open/Watched.txt && sleep 0.2 && echo "appended" >&7
  exec 7>&-
  is details "$(details "$id")" $'a much longer text than it was before\nappended' && is text "$(tail -2 open/Watched.txt)" $'a much longer text than it was before\nappended'
}
what_is_appended_without_a_look_comes_behind_a_remote_change() {
  fresh
  exec 7>>open/Watched.txt
  afar "details $id a much longer text than it was before" && echo "appended" >&7
  exec 7>&-
  is details "$(details "$id")" $'a much longer text than it was before\nappended' && is text "$(tail -2 open/Watched.txt)" $'a much longer text than it was before\nappended'
}
vim_with_an_unchanged_buffer_is_told_and_loses_nothing() {
  need vim || return
  fresh
  afar "details $id from afar" && eventually grep -q "from afar" open/Watched.txt && printf '%s\n' "normal Gosend PDF" wq | vim -u NONE -i NONE -N -es open/Watched.txt
  is details "$(details "$id")" $'from afar\nsend PDF' && is ls "$(ls -A open)" $'Bystander.txt\nWatched.txt'
}

run_stories "$0"
