#!/usr/bin/env bash
# Large and old lists: long details, one title a thousand times, hostile titles, former names. A title can never leave its
# directory, hide as scratch or look like another task.
. "$(dirname "$0")/lib.sh"

mount_up 60000 || echo "# the mount does not answer"
number() { echo $(($(ino "$1") >> 6)); }
# afar LINE...: the other side changes something (mountd.c)
afar() { printf '%s\n' "$@" >"$store.remote" && echo sync >.remindfs/ctl && rm "$store.remote"; }
tasks() { sql 'select count(*) from task where gone = 0'; }
# older MINUTES: as if the former names had last been used that much earlier
older() { sqlite3 -cmd '.timeout 5000' "$store" "update alias set used_at = used_at - $1 * 60000"; }
py() { timeout 100 python3 -c "import os, sys, errno, unicodedata
$1" "${@:2}"; }

details_of_32000_characters_go_both_ways() {
  py '
for c in ("x", "\u00e9", "\U0001f600"):
    text = "Title: Long\nPriority: Normal\nDue:\n\n" + c * 31999 + "\n"
    open("open/Long.txt", "w").write(text)
    assert open("open/Long.txt").read() == text and os.stat("open/Long.txt").st_size == len(text.encode())
    open("open/Long.txt", "w").write(text.replace("Normal", "High"))
    assert open("open/Long.txt").read() == text.replace("Normal", "High")
try:
    f = open("open/Long.txt", "w"); f.write(text.replace("Due:", "Due: today") + c * 2 + "\n"); f.close()
except OSError as e: assert e.errno == errno.EFBIG, e
else: raise AssertionError("32,002 characters were taken")
assert open("open/Long.txt").read().count(c) == 32001' && is kept "$(grep -c '^open/Long.txt:' .remindfs/errors)" 1 &&
    is stored "$(sql "select length(details) from body where task = $(number open/Long.txt)")" 31999 && rm open/Long.txt
}
one_title_two_thousand_times() {
  local i before
  before=$(tasks)
  for i in $(seq 2000); do echo "new Same title"; done >"$store.remote"
  echo sync >.remindfs/ctl && rm "$store.remote"
  is tasks "$(tasks)" $((before + 2000)) && is names "$(ls open | grep -c '^Same title')" 2000 && is inodes "$(stat -c %i open/Same* | sort -u | wc -l)" 2000 &&
    [ -f "open/Same title.txt" ] && [ -f "open/Same title (2).txt" ] && [ -f "open/Same title (2000).txt" ] && is titles "$(cat open/Same* | grep -c '^Title: Same title$')" 2000
}
a_number_stays_while_others_come_and_go() {
  local second third
  second=$(ino "open/Same title (2).txt") third=$(ino "open/Same title (3).txt")
  exec 7<"open/Same title (3).txt"
  rm "open/Same title.txt" && afar "gone $((second >> 6))" "title $(number "open/Same title (4).txt") Another" "status $(number "open/Same title (5).txt") complete" "new Same title"
  eventually test -e open/Another.txt && eventually test -f "completed/Same title (5).txt" && is inode "$(ino "open/Same title (3).txt")" "$third" &&
    is text "$(head -1 <&7)" "Title: Same title" && [ -f "completed/Same title (5).txt" ] && is doubled "$(ls open completed | grep '^Same' | sort | uniq -d)" "" &&
    is left "$(ls open completed | grep -c '^Same')" 1998
  local rc=$?
  exec 7<&-
  [ $rc = 0 ] && mv "completed/Same title (5).txt" open/ && is back "$(ls open | grep -c '^Same title (5)')" 1
}
a_number_stays_over_a_remount() {
  ls -i open >"$work/before" && mount_down && mount_up 60000 && ls -i open >"$work/after" && cmp "$work/before" "$work/after" && rm -f open/*
}
hostile_titles_stay_where_they_are() {
  py '
order, = sys.argv[1:]
titles = ["..", ".", "/", "../../etc/passwd", "..\\..\\x", ".hidden", ".git", "#auto#", "#x", ".#lock", "x~", "x.swp", ".x.txt.swp", "4913", "a/b", "/etc/passwd",
    "Call Bob.txt", "Call Bob", "call bob", "CALL BOB", "Call Bob (2)", "Call Bob", "Call Bob .txt", "Call  Bob", " Call Bob", "Call Bob ", "-rf", "--", "*", "$(reboot)", "`id`", "a;b", "\"q\"", "a\\nb",
    "caf\u00e9", "cafe\u0301", "\u1e9b\u0323", "\u212b", "\u00c5", "A\u030a", "ﬁ", "fi", "stra\u00dfe", "STRASSE", "\u0130", "i\u0307",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea", "\U0001f44d\U0001f3fd", "e" + "\u0301" * 120, "\U0001f600" * 200, "\u00e9" * 250, "x" * 255, "x" * 254 + "y", "w" * 248 + "\U0001f600" * 7,
    "invoice\u202etxt.exe", "\u202dleft", "\u2066iso\u2069", "\u200frtl", "esc\x1b[31m", "bell\x07", "tab\there", "del\x7f", "c1\u0085", "\u200bzero", "zero\u200b", "\ufeffbom", "line\u2028sep", "\u00a0", "  ", "\u3000", "\uff0e.", "\uff0fx", "\u2024", "con", "status", "README", "today"]
with open(order, "w") as f: f.writelines("new " + t + "\n" for t in titles)
with open(".remindfs/ctl", "w") as f: f.write("sync\n")
os.unlink(order)
names = os.listdir("open")
assert len(names) == len(set(names)) == len(titles), (len(names), len(titles))
assert len({unicodedata.normalize("NFC", n) for n in names}) == len(titles)
for n in names:
    assert n.endswith(".txt") and len(n) > 4 and n[0] not in ".#" and "/" not in n and len(n.encode()) <= 255, n
    assert n == unicodedata.normalize("NFC", n), n
    assert not [c for c in n if unicodedata.category(c) == "Cc" or c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029"], ascii(n)
    st = os.lstat("open/" + n); text = open("open/" + n, newline="").read()
    assert st.st_size == len(text.encode()) and text.startswith("Title:"), n
    assert os.stat("open/" + unicodedata.normalize("NFD", n)).st_ino == st.st_ino if len(unicodedata.normalize("NFD", n).encode()) <= 255 else True, n
assert len({os.lstat("open/" + n).st_ino for n in names}) == len(titles)
said = sorted(open("open/" + n, newline="").read().split("\n")[0][7:] for n in names)
plain = [t for t in titles if t.strip() == t and all(unicodedata.category(c)[0] not in "CZ" or c == " " for c in t)]
for t in plain: assert t in said, (ascii(t), [ascii(s) for s in said if s[:2] == t[:2]])
assert sorted(os.listdir(".")) == sorted(set(os.listdir("."))) and not os.path.exists("open/../etc")
assert os.listdir("completed") == []
for n in names:
    with open("open/" + n, "a") as f: f.write("more\n")
now = os.listdir("open"); assert sorted(now) == sorted(names), ascii((set(now) - set(names), set(names) - set(now)))
for n in names: os.rename("open/" + n, "completed/" + n)
assert sorted(os.listdir("completed")) == sorted(names) and os.listdir("open") == []
for n in names: os.unlink("completed/" + n)' "$store.remote"
}
hostile_names_typed_here_are_one_task_each() {
  py '
names = ["a\nb.txt", "esc\x1b[31m.txt", "bidi\u202etxt.exe.txt", "cafe\u0301.txt", "-rf.txt", "\u200b.txt", " .txt", "\uff0e.txt", "..txt.txt", "\U0001f600" * 62 + ".txt", "x" * 251 + ".txt"]
made = 0
for n in names:
    with open("open/" + n, "w") as f: f.write("typed\n")
    made += 0 if n[0] == "." else 1
    tasks = [m for m in os.listdir("open") if m.endswith(".txt") and m[0] != "."]
    assert len(tasks) == made, (n, tasks)
    assert open("open/" + n).read() == "typed\n", n
    assert not [c for m in tasks for c in m if unicodedata.category(c) == "Cc" or c == "\u202e"]
for m in os.listdir("open"): os.unlink("open/" + m)
try: os.close(os.open(b"open/caf\xe9.txt", os.O_CREAT | os.O_WRONLY))
except OSError as e: assert e.errno in (errno.EILSEQ, errno.EINVAL), e
assert os.listdir("open") == []'
}
# What no line of a file can say is not edited by saving the file.
an_edit_of_another_field_leaves_odd_values_alone() {
  local id
  rm -f open/*
  afar $'new  esc\x1b[31m \ttab ' && id=$(number open/*.txt) && afar "details $id "$'one\rtwo\rthree' && eventually grep -q three open/*.txt && sed -i 's/^Due:.*/Due: 2026-09-03/' open/*.txt &&
    is fields "$(sql "select fields from feed where task = $id order by seq desc limit 1")" 8 &&
    is values "$(sql "select hex(title) || ' ' || hex(details) || ' ' || due from task join body on body.task = task.id where task.id = $id")" "206573631B5B33316D200974616220 6F6E650D74776F0D7468726565 2026-09-03" &&
    is size "$(stat -c %s open/*.txt)" "$(cat open/*.txt | wc -c)" && is edits "$(sql "select count(*) from feed where task = $id and by = 0")" 1 && rm -f open/*
}
a_former_name_answers_for_fifteen_minutes_after_its_last_use() {
  local was
  rm -f open/*
  printf 'Title: Former\n\nx\n' >open/Former.txt && was=$(ino open/Former.txt) && sed -i 's/^Title:.*/Title: Latter/' open/Former.txt &&
    is old "$(ino open/Former.txt)" "$was" && is ls "$(ls open)" Latter.txt && older 14 && is "after 14 minutes" "$(ino open/Former.txt)" "$was" &&
    older 14 && is "14 after that use" "$(ino open/Former.txt)" "$was" && older 16 && [ ! -e open/Former.txt ] && is new "$(ino open/Latter.txt)" "$was" &&
    echo "another" >open/Former.txt && is tasks "$(ls open)" $'Former.txt\nLatter.txt' && [ "$(ino open/Former.txt)" != "$was" ] && rm -f open/*
}
a_new_task_takes_a_former_name() {
  local was
  rm -f open/*
  printf 'Title: Claimed\n\nx\n' >open/Claimed.txt && was=$(ino open/Claimed.txt) && sed -i 's/^Title:.*/Title: Moved on/' open/Claimed.txt &&
    is old "$(ino open/Claimed.txt)" "$was" && afar "new Claimed" && is ls "$(ls open)" $'Claimed.txt\nMoved on.txt' &&
    eventually eval '[ "$(ino open/Claimed.txt)" != "$was" ]' && is text "$(head -1 open/Claimed.txt)" "Title: Claimed" && is kept "$(ino "open/Moved on.txt")" "$was" && rm -f open/*
}

run_stories "$0"
