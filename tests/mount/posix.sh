#!/usr/bin/env bash
# What the system calls do: create, edit, move, remove, and what is refused. Effects are counted in the store.
. "$(dirname "$0")/lib.sh"

mount_up 60000 || echo "# the mount does not answer"
today=$(date +%F) tomorrow=$(date -d tomorrow +%F)

mark() { feed=$(sql 'select ifnull(max(seq), 0) from feed'); }
edits() { sql "select count(*) from feed where seq > $feed and fields <> 0"; }
events() { sql "select count(*) from feed where seq > $feed"; }
field() { sql "select ifnull($2, '') from task join body on body.task = task.id where task.id = $(($(ino "$1") >> 6))"; }
tasks() { sql 'select count(*) from task where gone = 0'; }
scratch() { sql 'select count(*) from scratch where open < 2'; }
py() { python3 -c "import os, sys, mmap, errno
$1" "${@:2}"; }

a_fresh_tree_has_its_directories() {
  is "ls" "$(ls -A | tr '\n' ' ')" ".remindfs by-due by-person completed high open overdue search someday today tomorrow week " &&
    is "control" "$(ls .remindfs | tr '\n' ' ')" "README budget conflicts ctl errors log outbox status status.json templates trash " &&
    is "filesystem" "$(stat -f -c %T . 2>/dev/null | cut -c1-4)" fuse &&
    is "mount flags" "$(grep -c " $mnt fuse.remindfs .*nosuid,nodev,noexec" /proc/mounts)" 1
}
echo_makes_a_task() {
  mark
  echo "wants a demo" >"open/Call Bob.txt"
  is content "$(cat "open/Call Bob.txt")" "wants a demo" && is title "$(field "open/Call Bob.txt" title)" "Call Bob" &&
    is details "$(field "open/Call Bob.txt" details)" "wants a demo" && is mode "$(stat -c '%a %h %u' "open/Call Bob.txt")" "644 1 $(id -u)" &&
    is edits "$(edits)" 2
}
size_and_times_are_exact() {
  is size "$(stat -c %s "open/Call Bob.txt")" 13 && sleep 0.01 && is mtime "$(stat -c %Y "open/Call Bob.txt")" "$(field "open/Call Bob.txt" changed_at/1000)"
}
a_save_of_the_same_bytes_is_no_edit() {
  mark
  echo "wants a demo" >"open/Call Bob.txt"
  cp "open/Call Bob.txt" "$work/copy" && cat "$work/copy" >"open/Call Bob.txt"
  is events "$(events)" 0
}
append_is_one_edit() {
  mark
  echo "and a quote" >>"open/Call Bob.txt"
  is edits "$(edits)" 1 && is content "$(tail -1 "open/Call Bob.txt")" "and a quote"
}
tee_and_truncate_edit() {
  mark
  echo "wants nothing" | tee "open/Call Bob.txt" >/dev/null && is edits "$(edits)" 1 || return 1
  truncate -s 5 "open/Call Bob.txt" && is edits "$(edits)" 2 && is content "$(cat "open/Call Bob.txt")" "wants"
}
a_head_sets_the_fields() {
  printf 'Title: Call Bob\nPriority: High\nDue: %s\n# mine\n\nHe asked.\n' "$today" >"open/Call Bob.txt"
  is fields "$(field "open/Call Bob.txt" "priority || due || details")" "high$today"$'He asked.' &&
    is comment "$(grep -c '^# mine' "open/Call Bob.txt")" 1 && is link "$(readlink "today/Call Bob.txt")" "../open/Call Bob.txt" &&
    is through "$(cat "today/Call Bob.txt")" "$(cat "open/Call Bob.txt")"
}
a_date_word_is_resolved_once() {
  printf 'Title: Words\nDue: tomorrow\n\nx\n' >open/Words.txt
  is text "$(sed -n 's/^Due: //p' open/Words.txt)" "$tomorrow" && is size "$(stat -c %s open/Words.txt)" "$(wc -c <open/Words.txt)" &&
    [ -L tomorrow/Words.txt ]
}
a_title_edit_renames_and_the_old_name_answers() {
  local was
  was=$(ino open/Words.txt)
  mark
  py 'f = open("open/Words.txt", "r+"); s = f.read().replace("Title: Words", "Title: Better words"); f.seek(0); f.write(s); f.truncate(); f.close()'
  is edits "$(edits)" 1 && is ls "$(ls open | grep -i words)" "Better words.txt" && is inode "$(ino "open/Better words.txt")" "$was" || return 1
  is old "$(ino open/Words.txt)" "$was" && echo more >>open/Words.txt && is tasks "$(ls open | grep -ic words)" 1 &&
    is edits "$(edits)" 2
}
mv_changes_the_title_alone() {
  local was
  was=$(ino "open/Better words.txt")
  mark
  mv "open/Better words.txt" "open/Best words.txt"
  is edits "$(edits)" 1 && is inode "$(ino "open/Best words.txt")" "$was" && is title "$(sed -n 's/^Title: //p' "open/Best words.txt")" "Best words" &&
    is size "$(stat -c %s "open/Best words.txt")" "$(wc -c <"open/Best words.txt")" && is ls "$(ls open | grep -i words)" "Best words.txt"
}
mv_onto_a_task_is_refused() {
  echo other >open/Other.txt
  fails_with "File exists" py 'os.rename("open/Best words.txt", "open/Other.txt")' &&
    is both "$(ls open | grep -cE 'Best words|Other')" 2 && is content "$(cat open/Other.txt)" other
}
mv_completes_and_reopens() {
  local was
  was=$(ino open/Other.txt)
  mark
  mv open/Other.txt completed/ && is status "$(field completed/Other.txt status)" complete && is inode "$(ino completed/Other.txt)" "$was" &&
    is edits "$(edits)" 1 && [ ! -e open/Other.txt ] && is content "$(cat completed/Other.txt)" other || return 1
  mv completed/Other.txt open/ && is status "$(field open/Other.txt status)" open && is edits "$(edits)" 2 && is ls "$(ls completed)" ""
}
mv_moves_and_renames_at_once() {
  mark
  mv open/Other.txt "completed/Another.txt" && is edits "$(edits)" 1 && is row "$(field completed/Another.txt "title || status")" "Anothercomplete"
}
a_view_moves_its_task() {
  echo x >open/Viewed.txt
  mark
  mv open/Viewed.txt today/ && eventually test -L today/Viewed.txt && is due "$(field open/Viewed.txt due)" "$today" && is edits "$(edits)" 1 &&
    is ls "$(ls today | grep Viewed) $(ls open | grep Viewed)" "Viewed.txt Viewed.txt" || return 1
  mv today/Viewed.txt tomorrow/ && is due "$(field open/Viewed.txt due)" "$tomorrow" && [ ! -e today/Viewed.txt ] && [ -L tomorrow/Viewed.txt ] &&
    is lists "$(ls today tomorrow | grep -c Viewed)" 1 || return 1
  mv tomorrow/Viewed.txt completed/ && [ -f completed/Viewed.txt ] && [ ! -L completed/Viewed.txt ] &&
    is lists "$(ls tomorrow open | grep -c Viewed)" 0 && eventually test ! -e open/Viewed.txt && is edits "$(edits)" 3
}
mv_a_day_to_tomorrow() {
  local i
  for i in 1 2 3; do printf 'Due: today\n\nx\n' >"open/Day $i.txt"; done
  is before "$(ls today | grep -c Day)" 3 && mv today/Day* tomorrow/ && is after "$(ls today | grep -c Day) $(ls tomorrow | grep -c Day)" "0 3" &&
    is text "$(sed -n 's/^Due: //p' tomorrow/Day*)" "$tomorrow"$'\n'"$tomorrow"$'\n'"$tomorrow"
}
rm_deletes() {
  local id
  id=$(($(ino "open/Day 1.txt") >> 6))
  rm "open/Day 1.txt" && [ ! -e "open/Day 1.txt" ] && [ ! -e "tomorrow/Day 1.txt" ] && is gone "$(sql "select gone from task where id = $id")" 1
}
an_unlinked_file_stays_readable() {
  local text
  exec 7<"open/Day 2.txt"
  rm "open/Day 2.txt" && read -r text <&7
  is text "$text" "Title: Day 2"
  local rc=$?
  exec 7<&-
  return $rc
}
what_is_written_to_an_unlinked_file_is_discarded() {
  local id
  id=$(($(ino "open/Day 3.txt") >> 6))
  exec 7>>"open/Day 3.txt"
  rm "open/Day 3.txt" && echo "never" >&7
  exec 7>&-
  is gone "$(sql "select gone from task where id = $id") $(sql "select count(*) from body where task = $id and details like '%never%'")" "1 0"
}
unlink_then_create_is_the_same_task() {
  local was n
  echo one >open/Again.txt
  was=$(ino open/Again.txt) n=$(tasks)
  rm open/Again.txt && echo two >open/Again.txt
  is inode "$(ino open/Again.txt)" "$was" && is tasks "$(tasks)" "$n" && is content "$(cat open/Again.txt)" two &&
    is outbox "$(sql "select count(*) from outbox join task on task.id = outbox.task where gone and task.id = $((was >> 6))")" 0
}
an_exclusive_create_of_what_is_there_fails() {
  fails_with "File exists" py 'os.open("open/Again.txt", os.O_CREAT | os.O_EXCL | os.O_WRONLY)' &&
    py 'os.close(os.open("open/Exclusive.txt", os.O_CREAT | os.O_EXCL | os.O_WRONLY))' && is size "$(stat -c %s open/Exclusive.txt)" 0
}
touch_makes_an_empty_task_and_changes_none() {
  local was
  touch open/Touched.txt && is row "$(field open/Touched.txt "title || ifnull(details, '-')")" "Touched-" || return 1
  mark
  was=$(stat -c %y "open/Best words.txt")
  touch "open/Best words.txt" && is mtime "$(stat -c %y "open/Best words.txt")" "$was" && is events "$(events)" 0
}
an_empty_save_changes_nothing() {
  mark
  : >open/Again.txt
  is content "$(cat open/Again.txt)" two && is size "$(stat -c %s open/Again.txt)" 4 || return 1
  truncate -s 0 open/Again.txt
  cp /dev/null open/Again.txt
  py 'f = open("open/Again.txt", "wb"); f.write(b"\0" * 20); f.close()'
  is content "$(cat open/Again.txt)" two && is events "$(events)" 0
}
a_save_that_does_not_parse_is_kept() {
  mark
  fails_with "Invalid argument" bash -c 'printf "Title: Again\nDue: someday soon\n\nlong text\n" | cat >open/Again.txt' || return 1
  is draft "$(tail -1 open/Again.txt)" "long text" && is errors "$(grep -c '^open/Again.txt:2: ' .remindfs/errors)" 1 &&
    is state "$(getfattr --only-values -n user.remindfs.state open/Again.txt)" invalid && is edits "$(edits)" 0 &&
    is details "$(field open/Again.txt details)" two && is status "$(grep -c '1 save that does not parse' .remindfs/status)" 1 || return 1
  sed -i 's/^Due:.*/Due: 2026-09-03/' open/Again.txt
  is mended "$(field open/Again.txt "due || details")" "2026-09-03long text" && is errors "$(grep -c Again .remindfs/errors)" 0
}
a_shell_hears_of_a_bad_line() {
  local said
  said=$( (echo "Due: never ever" >open/Again.txt) 2>&1)
  [[ $said == *"Invalid argument"* ]] && is kept "$(cat open/Again.txt)" "Due: never ever" || return 1
  ({ echo "Due: never ever"; echo; echo "body"; } >open/Again.txt) 2>/dev/null
  is kept "$(cat open/Again.txt)" $'Due: never ever\n\nbody' && echo two >open/Again.txt && is errors "$(cat .remindfs/errors)" ""
}
too_long_and_not_utf8_are_refused_by_their_names() {
  fails_with "File too large" bash -c 'head -c 40000 /dev/zero | tr "\0" x | cat >open/Long.txt' &&
    fails_with "Invalid or incomplete" bash -c 'printf "caf\351\n" | cat >open/Latin.txt' &&
    is kept "$(wc -c <open/Long.txt) $(wc -c <open/Latin.txt)" "40000 5" && rm open/Long.txt open/Latin.txt
}
fsync_commits() {
  mark
  py 'f = open("open/Again.txt", "w"); f.write("synced\n"); f.flush(); os.fsync(f.fileno()); os.system("exit 0"); f2 = open("open/Again.txt"); assert f2.read() == "synced\n"
print(1)' >/dev/null && is edits "$(edits)" 1
}
writers_share_what_they_write() {
  py '
a = os.open("open/Again.txt", os.O_RDWR); b = os.open("open/Again.txt", os.O_RDONLY)
os.pwrite(a, b"SHARED", 0)
assert os.pread(b, 6, 0) == b"SHARED", os.pread(b, 6, 0)
assert os.fstat(b).st_size == 7
os.close(a); os.close(b)'
}
mmap_reads_and_writes() {
  py '
f = open("open/Again.txt", "r+b"); m = mmap.mmap(f.fileno(), 0)
assert m[:6] == b"SHARED", m[:6]
m[0:6] = b"MAPPED"; m.flush(); m.close(); f.close()' && is content "$(cat open/Again.txt)" MAPPED
}
a_reader_sees_the_save_of_another() {
  py '
r = os.open("open/Again.txt", os.O_RDONLY); assert os.read(r, 99) == b"MAPPED\n"
f = open("open/Again.txt", "w"); f.write("longer than it was\n"); f.close()
assert os.pread(r, 99, 0) == b"longer than it was\n", os.pread(r, 99, 0)'
}
other_names_are_scratch() {
  local n
  n=$(tasks)
  echo text >open/notes && echo swap >"open/.x.swp" && is tasks "$(tasks)" "$n" && is content "$(cat open/notes)" text && is listed "$(ls open | grep -c '^notes$')" 1 &&
    [ "$(ino open/notes)" != "$(ino open/.x.swp)" ] && chmod 600 open/.x.swp && is mode "$(stat -c %a open/.x.swp)" 600 &&
    mv open/.x.swp open/.y.swp && is moved "$(cat open/.y.swp)" swap && rm open/.y.swp open/notes && is scratch "$(scratch)" 0
}
scratch_renamed_onto_a_task_is_its_save() {
  local was
  was=$(ino open/Again.txt)
  mark
  echo "new text" >open/tmp123 && py 'os.rename("open/tmp123", "open/Again.txt")'
  is content "$(cat open/Again.txt)" "new text" && is inode "$(ino open/Again.txt)" "$was" && is edits "$(edits)" 1 && is scratch "$(scratch)" 0 &&
    is size "$(stat -c %s open/Again.txt)" 9
}
a_handle_follows_its_scratch_file_onto_the_task() {
  mark
  py '
f = open("open/tmp123", "w"); f.write("first\n"); f.flush(); os.fsync(f.fileno())
os.rename("open/tmp123", "open/Again.txt")
assert os.fstat(f.fileno()).st_size == 6
f.write("second\n"); f.close()'
  is content "$(cat open/Again.txt)" $'first\nsecond' && is edits "$(edits)" 2
}
a_bad_text_renamed_onto_a_task_becomes_its_draft() {
  printf 'Due: whenever\n' >open/tmp123 && py 'os.rename("open/tmp123", "open/Again.txt")' && is kept "$(cat open/Again.txt)" "Due: whenever" &&
    is errors "$(grep -c '^open/Again.txt:1: ' .remindfs/errors)" 1 && is details "$(field open/Again.txt details)" $'first\nsecond' &&
    printf 'good\n' >open/Again.txt
}
scratch_renamed_to_a_new_name_is_a_new_task() {
  echo text >"open/New one" && mv "open/New one" "open/New one.txt" && is row "$(field "open/New one.txt" "title || details")" "New onetext"
}
backup_by_rename_then_create_is_one_edit() {
  local was n
  was=$(ino open/Again.txt) n=$(tasks)
  mark
  mv open/Again.txt open/Again.txt~ && is backup "$(cat open/Again.txt~)" good && [ ! -e open/Again.txt ] && echo "better" >open/Again.txt &&
    is backup "$(cat open/Again.txt~)" good && is inode "$(ino open/Again.txt)" "$was" && rm open/Again.txt~ && is edits "$(edits)" 1 && is tasks "$(tasks)" "$n" && is content "$(cat open/Again.txt)" better
}
a_backup_that_comes_back_is_the_same_task() {
  local was
  was=$(ino open/Again.txt)
  mark
  mv open/Again.txt open/Again.bak && mv open/Again.bak open/Again.txt && is inode "$(ino open/Again.txt)" "$was" && is edits "$(edits)" 0 || return 1
  mv open/Again.txt open/Again.bak && mv open/Again.bak "open/Once more.txt" && is inode "$(ino "open/Once more.txt")" "$was" && is edits "$(edits)" 1 &&
    is content "$(cat "open/Once more.txt")" better && is title "$(field "open/Once more.txt" title)" "Once more" && mv "open/Once more.txt" open/Again.txt
}
a_removed_backup_deletes_its_task() {
  local id
  echo x >open/Parked.txt && id=$(($(ino open/Parked.txt) >> 6)) && mv open/Parked.txt open/Parked.bak && rm open/Parked.bak &&
    is gone "$(sql "select gone from task where id = $id")" 1
}
vim_on_a_former_name_makes_no_second_task() {
  local was n
  printf 'Title: Old name\n\nx\n' >"open/Old name.txt" && was=$(ino "open/Old name.txt")
  sed -i 's/^Title:.*/Title: New name/' "open/Old name.txt" && n=$(tasks) && [ -e "open/New name.txt" ] || return 1
  mv "open/Old name.txt" "open/Old name.txt~" && printf 'Title: New name\n\ny\n' >"open/Old name.txt" && rm "open/Old name.txt~" &&
    is tasks "$(tasks)" "$n" && is inode "$(ino "open/New name.txt")" "$was" && is details "$(field "open/New name.txt" details)" y
}
cp_of_a_task_is_another_task() {
  printf 'Title: Source\nPriority: High\n\nbody\n' >open/Source.txt && cp open/Source.txt open/Target.txt &&
    is rows "$(field open/Source.txt "title || priority") $(field open/Target.txt "title || priority")" "Sourcehigh Targethigh" &&
    is text "$(sed -n 's/^Title: //p' open/Target.txt)" Target && is ls "$(ls open | grep -cE 'Source|Target')" 2
}
the_title_line_beats_the_name_of_a_new_file() {
  printf 'Title: Said inside\n\nbody\n' >open/name.txt && is ls "$(ls open | grep -E '^name.txt|Said')" "Said inside.txt"
}
another_spelling_of_a_name_is_the_same_file() {
  echo x >"open/Café.txt" && is content "$(cat $'open/Cafe\u0301.txt')" x && echo y >>$'open/Cafe\u0301.txt' && is ls "$(ls open | grep -c '^Caf')" 1
}
names_are_unique_over_both_directories() {
  fails_with "File exists" bash -c 'echo x >completed/Source.txt' && echo done >completed/Done.txt && is status "$(field completed/Done.txt status)" complete
}
refused_things() {
  fails_with "Operation not permitted" mkdir open/dir && fails_with "Operation not permitted" ln open/Source.txt open/Hard.txt &&
    fails_with "Operation not permitted" ln -s x open/Soft.txt && fails_with "Operation not permitted" mkfifo open/pipe &&
    fails_with "Operation not permitted" rm -f .remindfs/status && fails_with "Operation not permitted" mv open .remindfs &&
    fails_with "Operation not permitted" bash -c 'echo x >today/New.txt' && fails_with "Operation not permitted" rmdir today &&
    fails_with "Operation not permitted" chown nobody open/Source.txt && fails_with "Operation not permitted" bash -c 'echo x >top.txt' &&
    fails_with "Operation not permitted" mv .remindfs/status open/ &&
    fails_with "Invalid argument" py 'import ctypes; l = ctypes.CDLL(None, use_errno=True)
if l.renameat2(-100, b"open/Source.txt", -100, b"open/Target.txt", 2): raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))'
}
rm_in_a_view_is_refused() {
  printf 'Due: today\n\nx\n' >"open/In view.txt" && fails_with "Operation not permitted" rm "today/In view.txt" && [ -L "today/In view.txt" ] && [ -f "open/In view.txt" ]
}
accepted_and_without_effect() {
  mark
  chmod 600 open/Source.txt && chown "$(id -u)" open/Source.txt && touch -d 2001-01-01 open/Source.txt && is mode "$(stat -c %a open/Source.txt)" 644 &&
    is events "$(events)" 0
}
lock_links_are_scratch() {
  ln -s "user@host.1:2" "open/.#Source.txt" && is target "$(readlink "open/.#Source.txt")" "user@host.1:2" && rm "open/.#Source.txt"
}
names_that_are_too_long_are_refused() {
  fails_with "File name too long" touch "open/$(printf 'x%.0s' {1..260}).txt"
}
attributes_tell_the_facts() {
  printf 'Title: Facts\nPriority: High\nDue: 2026-09-03\nPerson: Bob Müller <bob@example.test>\n\nx\n' >open/Facts.txt
  is due "$(getfattr --only-values -n user.remindfs.due open/Facts.txt)" 2026-09-03 && is priority "$(getfattr --only-values -n user.remindfs.priority open/Facts.txt)" high &&
    is person "$(getfattr --only-values -n user.remindfs.person open/Facts.txt)" "Bob Müller <bob@example.test>" &&
    is id "$(getfattr --only-values -n user.remindfs.id open/Facts.txt)" $(($(ino open/Facts.txt) >> 6)) &&
    fails_with "Operation not supported" setfattr -n user.other -v x open/Facts.txt && fails_with "Operation not supported" setfattr -n security.x -v x open/Facts.txt &&
    fails_with "Operation not permitted" setfattr -n user.remindfs.id -v 7 open/Facts.txt
}
# afar LINE...: the other side changes something (mountd.c)
afar() { printf '%s\n' "$@" >"$store.remote" && echo sync >.remindfs/ctl && rm "$store.remote"; }
number() { echo $(($(ino "$1") >> 6)); }
a_remote_edit_is_seen_in_a_warm_mount() {
  local id
  printf 'Title: Remote\nPriority: Normal\nDue: %s\n\nx\n' "$today" >open/Remote.txt
  id=$(number open/Remote.txt)
  exec 7<open/Remote.txt
  cat open/Remote.txt today/Remote.txt >/dev/null && ls -l open today tomorrow >/dev/null
  afar "details $id a longer text than before"
  eventually grep -q "a longer text" open/Remote.txt && is size "$(stat -c %s open/Remote.txt)" "$(wc -c <open/Remote.txt)" &&
    is "an open file" "$(tail -1 <&7)" "a longer text than before"
  local rc=$?
  exec 7<&-
  return $rc
}
a_remote_rename_moves_the_name_and_the_old_one_answers() {
  local id
  id=$(number open/Remote.txt)
  [ ! -e open/Renamed.txt ] && afar "title $id Renamed" && eventually test -e open/Renamed.txt && is ls "$(ls open today | grep -E 'Remote|Renamed' | tr '\n' ' ')" "Renamed.txt Renamed.txt " &&
    is link "$(readlink today/Renamed.txt)" ../open/Renamed.txt && is old "$(number open/Remote.txt)" "$id" && is title "$(head -1 open/Renamed.txt)" "Title: Renamed"
}
a_remote_date_moves_the_link() {
  afar "due $(number open/Renamed.txt) $tomorrow" && eventually test -L tomorrow/Renamed.txt && [ ! -L today/Renamed.txt ] && is lists "$(ls today tomorrow | grep -c Renamed)" 1
}
a_remote_completion_moves_the_file() {
  afar "status $(number open/Renamed.txt) complete" && eventually test ! -e open/Renamed.txt && [ -f completed/Renamed.txt ] && is lists "$(ls open tomorrow completed | grep -c Renamed)" 1
}
a_remote_task_appears_where_there_was_none() {
  [ ! -e "open/From afar.txt" ] && ls open >/dev/null && afar "new From afar" && eventually test -f "open/From afar.txt" && is ls "$(ls open | grep -c '^From afar.txt')" 1
}
a_remote_deletion_removes_the_file() {
  afar "gone $(number "open/From afar.txt")" && eventually test ! -e "open/From afar.txt" && is ls "$(ls open | grep -c 'From afar')" 0
}
ctl_takes_verbs() {
  echo sync >.remindfs/ctl && eventually grep -q '^verb sync' "$work/out" || return 1
  (echo nonsense >.remindfs/ctl) 2>/dev/null && return 1
  is answer "$(tail -1 .remindfs/ctl)" "not known: nonsense; see above"
}
status_counts() {
  is open "$(sed -n 's/^tasks *\([0-9]*\) open.*/\1/p' .remindfs/status)" "$(ls open | wc -l)" && is size "$(stat -c %s .remindfs/README)" "$(wc -c <.remindfs/README)"
}
readdir_is_complete_while_it_changes() {
  py '
for i in range(600): open("open/Many %d.txt" % i, "w").write("x\n")
seen = []
with os.scandir("open") as it:
    for n, e in enumerate(it):
        if e.name.startswith("Many"): seen.append(e.name)
        if n % 7 == 0 and n < 500:
            os.unlink("open/Many %d.txt" % (n + 50)) if os.path.exists("open/Many %d.txt" % (n + 50)) else None
            open("open/Late %d.txt" % n, "w").close()
assert len(seen) == len(set(seen))
left = {n for n in os.listdir("open") if n.startswith("Many")}
assert left <= set(seen), sorted(left - set(seen))[:5]
for n in os.listdir("open"):
    if n.startswith(("Many", "Late")): os.unlink("open/" + n)
assert not [n for n in os.listdir("open") if n.startswith(("Many", "Late"))]'
}
what_was_closed_survives_kill_9() {
  echo "typed" >"open/Survivor.txt" && echo "stray" >open/stray-file
  local was
  was=$(ino open/Survivor.txt)
  mount_kill && mount_up 60000 && is content "$(cat open/Survivor.txt) $(cat open/stray-file)" "typed stray" && is inode "$(ino open/Survivor.txt)" "$was" && rm open/stray-file
}
sigterm_commits_what_is_open() {
  exec 7>"open/Unfinished.txt"
  echo "half a sentence" >&7
  mount_term
  local rc=$?
  exec 7>&- 2>/dev/null
  [ $rc = 0 ] && ! grep -q " $mnt fuse" /proc/mounts && mount_up 60000 && is content "$(cat open/Unfinished.txt)" "half a sentence"
}
a_full_directory_is_no_mountpoint() {
  mkdir "$work/full" && touch "$work/full/file"
  ! "$MOUNTD" "$store" "$work/full" >/dev/null 2>"$work/said" && grep -q "not empty" "$work/said" &&
    ! "$MOUNTD" "$store" "$mnt" >/dev/null 2>"$work/said" && grep -q "already mounted" "$work/said"
}
unmount_ends_the_daemon() {
  local was=$daemon
  mount_down && ! kill -0 "$was" 2>/dev/null && ! grep -q " $mnt fuse" /proc/mounts
}

run_stories "$0"
