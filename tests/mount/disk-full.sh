#!/usr/bin/env bash
# The disk with the database is full: the writer is told, what was there is there, reading goes on, and with room again so does saving.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip_stories "$0" "only root can mount a small tmpfs"

small=$work/small
mkdir "$small" && mount -t tmpfs -o size=16m,mode=0700 remindfs-small "$small" || skip_stories "$0" "no tmpfs"
store=$small/store.db
unsmall() {
  cd / && daemon_alive && kill -TERM "$daemon" && daemon_wait
  umount -l "$small"
  story_cleanup
}
trap unsmall EXIT

text() { printf 'Title: %s\nPriority: Normal\nDue:\n\n%s\n' "$1" "$2"; }
long() { printf "$1%.0s" {1..6000}; }
fillup() { cat /dev/zero >"$small/fill" 2>/dev/null; [ "$(stat -f -c %f "$small")" = 0 ]; }
room() { rm -f "$small/fill"; }
# full COMMAND...: until one fails, as the log may have room left; it must say why
full() {
  local i said
  for i in $(seq 100); do
    said=$("$@" 2>&1) || break
  done
  [[ $said == *"No space left"* ]] || is "what $* said" "$said" "No space left on device"
}
sum() { cat open/Task*.txt | md5sum; }

umask 077
mount_up 100 || exit
for i in $(seq 20); do text "Task $i" "$(long "$i ")" >"open/Task $i.txt"; done
was=$(sum)

a_full_disk_is_told_to_cp_and_leaves_the_old_text() {
  local i
  fillup || return 1
  for i in $(seq 100); do
    text "Task 2" "$(long "$i ")" >"$work/new"
    cat "open/Task 2.txt" >"$work/2"
    cp "$work/new" "open/Task 2.txt" 2>"$work/said" || break
  done
  grep -q "No space left" "$work/said" && eventually cmp -s "$work/2" "open/Task 2.txt"
}
reading_goes_on() {
  is tasks "$(ls open | grep -c '^Task')" 20 && grep -q '^20 20' "open/Task 20.txt" && timeout 5 ls -l open today .remindfs >/dev/null &&
    timeout 5 cat .remindfs/status >/dev/null
}
a_new_file_is_refused_and_nothing_is_half_there() {
  local f
  full cp "$work/new" "open/Another.txt"
  for f in open/*; do [ ! -s "$f" ] || grep -q . "$f" || return 1; done
}
write_or_close_or_fsync_says_ENOSPC() {
  python3 - <<'END'
import errno, os
def save(n):
    fd = os.open("open/Task 3.txt", os.O_WRONLY | os.O_TRUNC)
    try:
        os.write(fd, b"Title: Task 3\nPriority: Normal\nDue:\n\n" + b"%d " % n * 6000 + b"\n")
        os.fsync(fd)
    finally:
        os.close(fd)
for n in range(100):
    try:
        save(n)
    except OSError as e:
        raise SystemExit(e.errno != errno.ENOSPC)
raise SystemExit("never full")
END
}
vim_says_so_and_the_task_is_whole() {
  need vim || return
  local i
  for i in $(seq 20); do
    vim -u NONE -i NONE -n -es -c 'set backupcopy=yes nobackup nowritebackup' -c "call append(4, repeat(['line of vim'], 2000))" -c 'wq' "open/Task 4.txt" >/dev/null 2>&1 || break
  done
  is "first line" "$(head -n 1 'open/Task 4.txt')" "Title: Task 4"
}
with_room_again_saving_works_by_itself() {
  room && cp "$work/new" "open/Task 2.txt" && cmp -s "$work/new" "open/Task 2.txt"
}
fsync_works_again() {
  text "Task 5" "synced" | dd of="open/Task 5.txt" conv=fsync status=none && grep -q '^synced' "open/Task 5.txt"
}
what_was_not_touched_is_as_it_was() {
  local i
  for i in 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    cmp -s "open/Task $i.txt" <(text "Task $i" "$(long "$i ")") || is "Task $i" changed same || return 1
  done
}
the_database_is_whole_and_all_survives_kill_9() {
  local before
  before=$(sum)
  is check "$(sql 'PRAGMA integrity_check')" ok && mount_kill && mount_up 100 && is texts "$(sum)" "$before"
}
a_mount_on_a_full_disk_still_reads() {
  local before
  echo x >open/Old.txt && rm open/Old.txt && sqlite3 -cmd '.timeout 5000' "$store" "insert or replace into meta values('lived', 16 * 86400000 - 1)"
  before=$(sum)
  fillup && mount_down && mount_up 100 && is texts "$(sum)" "$before" && room && echo "fits" >"open/Fits.txt" && grep -q fits "open/Fits.txt"
}
a_disk_without_any_room_is_told_when_mounting() {
  mount_down && fillup || return 1
  mount_up 100
  is mount "$(tail -n 1 "$work/log")" "mountd: disk full" && room && mount_up 100 && grep -q fits "open/Fits.txt"
}

run_stories "$0"
