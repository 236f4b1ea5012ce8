#!/usr/bin/env bash
# The database is damaged, too new, or another mount's: what was typed is kept, nothing is doubled, and the user is told what to type.
. "$(dirname "$0")/lib.sh"
. "$here/accounts.sh"

sandbox_start
remote new sf "title=Plan" "status=Not Started" "details=first"
account_config
state=$work/state/remindfs
db=$state/store.db
remindfs_mount --wait

lives() { [ "$(ls open | wc -l)" = "$1" ]; }
totals() { echo "$(remote count sf) $(remote count sc)"; }
salvaged() { compgen -G "$state/salvaged-*" | head -n 1; }

a_damaged_database_is_set_aside_and_built_anew() {
  local dir before said
  echo "made here" >"open/Made here.txt" && eventually test -f open/Plan.txt && eventually in_sf "Made here" "details: made here" &&
    synced && once Plan || return 1
  before=$(totals)
  sandbox_stop
  mkdir "search/never sent" && echo "typed before it broke" >>"open/Plan.txt" && echo "never sent" >"open/Never sent.txt" && printf 'Due: never\n' | tee "open/Made here.txt" >/dev/null 2>&1
  cd / && "$remindfs" umount || return 1
  dd if=/dev/urandom of="$db" bs=100 count=1 conv=notrunc status=none
  sandbox_again
  said=$("$remindfs" mount "$mnt" 2>&1) && cd "$mnt" || return 1
  dir=$(salvaged)
  [[ $said == *"cat '$dir/README'"* ]] || is "what mount said" "$said" "cat '$dir/README'" || return 1
  grep -q "typed before it broke" "$dir/open/Plan.txt" && grep -q "never sent" "$dir/open/Never sent.txt" &&
    grep -q "Due: never" "$dir/drafts/Made here.txt" && is modes "$(find "$dir" -perm /077 | wc -l)" 0 &&
    eventually test -f open/Plan.txt && eventually test -f "open/Made here.txt" && synced && lives 2 &&
    grep -q "^first" open/Plan.txt && ! grep -q "typed before" open/Plan.txt && is "tasks in SF and SC" "$(totals)" "$before" && once Plan && once "Made here"
}
status_and_errors_name_the_directory_until_it_is_gone() {
  local dir
  dir=$(salvaged)
  grep -q "salvaged .*cat '$dir/README'" .remindfs/status && grep -q "^$dir/README:1: .*rm -r '$dir'" .remindfs/errors &&
    grep -q "cp 'open/Call Bob.txt'" "$dir/README"
}
saved_searches_are_there_again() {
  is searches "$(ls search)" "never sent" && is README "$(grep "saved searches" "$(salvaged)/README")" "The saved searches, 1, are in the new database."
}
what_was_kept_is_taken_over_by_copying_it() {
  local dir
  dir=$(salvaged)
  cp "$dir/open/Plan.txt" open/ && cp "$dir/open/Never sent.txt" open/ && eventually in_sc "Never sent" "details: never sent" &&
    eventually in_sf "Never sent" "details: never sent" && synced && once Plan && once "Never sent" && remote get sf Plan | grep -q "typed before" &&
    remote get sc Plan | grep -q "typed before" && rm -r "$dir" && ! grep -q salvaged .remindfs/status && [ ! -s .remindfs/errors ]
}
a_page_of_zeros_is_found_at_the_next_mount() {
  local before
  before=$(totals)
  cd / && "$remindfs" umount && dd if=/dev/zero of="$db" bs=4096 seek=1 count=1 conv=notrunc status=none &&
    remindfs_mount 2>/dev/null && [ -n "$(salvaged)" ] && eventually lives 3 && synced && is totals "$(totals)" "$before" && rm -r "$(salvaged)"
}
a_sound_database_is_not_set_aside_after_kill_9() {
  echo "survives" >"open/Survives.txt" && remindfs_kill && remindfs_mount && grep -q survives open/Survives.txt && [ -z "$(salvaged)" ] && synced
}
a_lost_log_doubles_nothing() {
  echo "in the log" >"open/In the log.txt" && eventually in_sf "In the log" "details: in the log" && synced && remindfs_kill &&
    rm -f "$db-wal" "$db-shm" && remindfs_mount && eventually test -f "open/In the log.txt" && synced && once "In the log" && once Plan
}
a_database_of_a_newer_version_is_refused_untouched() {
  local sum said
  cd / && "$remindfs" umount && sqlite3 "$db" 'PRAGMA user_version = 9999' && sum=$(sha256sum <"$db") || return 1
  said=$("$remindfs" mount "$mnt" 2>&1)
  [ $? = 69 ] && [[ $said == *"newer remindfs"*"mv '$db'"* ]] && ! mountpoint -q "$mnt" && is "the file" "$(sha256sum <"$db")" "$sum" && [ -z "$(salvaged)" ]
}
it_can_be_put_away_by_the_command_that_was_named() {
  mv "$db" "$db.newer" && remindfs_mount && eventually test -f open/Plan.txt && rm "$db.newer"
}
a_second_mount_over_one_state_directory_is_refused() {
  local said
  mkdir -p "$work/second"
  said=$("$remindfs" mount "$work/second" 2>&1)
  [ $? = 69 ] && [[ $said == *"already mounted at $mnt"*"remindfs umount"* ]] && ! mountpoint -q "$work/second" && test -f open/Plan.txt
}
a_killed_one_holds_no_lock() {
  remindfs_kill && "$remindfs" mount "$work/second" 2>>"$work/log" && test -f "$work/second/open/Plan.txt" && "$remindfs" umount &&
    { fusermount3 -u -z "$mnt" 2>/dev/null; remindfs_mount; }
}
a_lock_that_looks_taken_by_a_dead_pid_is_free() {
  cd / && "$remindfs" umount && printf '1\n/nowhere\n' >"$state/lock" && remindfs_mount && test -f open/Plan.txt
}
looser_modes_are_refused_with_the_command() {
  local said
  cd / && "$remindfs" umount && chmod 640 "$db" || return 1
  said=$("$remindfs" mount "$mnt" 2>&1)
  [ $? = 77 ] && [[ $said == *"chmod 600 '$db'"* ]] && ! mountpoint -q "$mnt" && chmod 600 "$db" && chmod 750 "$state" || return 1
  said=$("$remindfs" mount "$mnt" 2>&1)
  [ $? = 77 ] && [[ $said == *"chmod 700"* ]] && ! mountpoint -q "$mnt" && chmod 700 "$state" && remindfs_mount
}
every_file_of_the_state_is_private() {
  is "looser than 0700, 0600" "$(find "$state" -perm /077 | wc -l)" 0
}

run_stories "$0"
