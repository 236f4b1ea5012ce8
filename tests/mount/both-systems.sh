#!/usr/bin/env bash
# One story for every row of R21 and R22, and the rules one can see from outside: a real mount, the real sandbox.
. "$(dirname "$0")/lib.sh"
. "$here/accounts.sh"

sandbox_start
remote post /sandbox/load '{"salesconnect":[{"name":"Old in SC","status":"open","priority":"normal","created_at":"2026-01-05T09:00:00.000Z"}]}'
remote new sf "title=Old in SF" "status=Not Started" "due=2026-09-03"
account_config
remindfs_mount --wait

# R13 to R17: the first import
R13_first_import_brings_SF_tasks() { eventually test -f "open/Old in SF.txt" && eventually in_sc "Old in SF" "due: 2026-09-03"; }
R14_SC_tasks_of_before_stay_in_SC() { test -f "open/Old in SC.txt" && synced && [ "$(remote count sf "Old in SC")" = 0 ]; }
R15_an_older_SC_task_edited_later_stays_in_SC() {
  sed -i 's/^Priority:.*/Priority: High/' "open/Old in SC.txt"
  eventually in_sc "Old in SC" "priority: high" && synced && [ "$(remote count sf "Old in SC")" = 0 ]
}

# R21: here and SC -> SF. An edit in a file counts as one made in SC.
R21_create_here() {
  printf 'Due:\nPriority:\n\nWants a demo\n' >"open/Call Ann.txt"
  eventually in_sf "Call Ann" "details: Wants a demo" && eventually in_sc "Call Ann" "details: Wants a demo" &&
    synced && [ "$(remote count sf "Call Ann")$(remote count sc "Call Ann")" = 11 ]
}
R21_edit_here() {
  sed -i 's/^Due:.*/Due: 2026-12-01/; s/^Priority:.*/Priority: High/' "open/Call Ann.txt"
  eventually in_sf "Call Ann" "due: 2026-12-01" && in_sf "Call Ann" "priority: High" && eventually in_sc "Call Ann" "due: 2026-12-01"
}
R21_rename_here() {
  mv "open/Call Ann.txt" "open/Call Anna.txt"
  eventually in_sf "Call Anna" "priority: High" && eventually in_sc "Call Anna" "priority: high" && [ "$(remote count sf "Call Ann")" = 0 ]
}
R21_complete_here() {
  mv "open/Call Anna.txt" completed/
  eventually in_sf "Call Anna" "status: Completed" && eventually in_sc "Call Anna" "status: complete"
}
R21_reopen_here() {
  mv "completed/Call Anna.txt" open/
  eventually in_sf "Call Anna" "status: Not Started" && eventually in_sc "Call Anna" "status: open"
}
R21_delete_here() {
  rm "open/Call Anna.txt"
  eventually absent sf "Call Anna" && eventually absent sc "Call Anna"
}
R21_create_in_SC() {
  remote new sc "title=From SC" "due=2026-10-10" "priority=high"
  eventually in_sf "From SC" "due: 2026-10-10" && in_sf "From SC" "priority: High" && grep -q "Due: 2026-10-10" "open/From SC.txt"
}
R21_edit_in_SC() {
  remote set sc "From SC" "details=Talked to her" "due="
  eventually in_sf "From SC" "details: Talked to her" && in_sf "From SC" "due: " && eventually grep -q "Talked to her" "open/From SC.txt"
}
R21_complete_in_SC() {
  remote set sc "From SC" status=complete
  eventually in_sf "From SC" "status: Completed" && eventually test -f "completed/From SC.txt" && [ ! -e "open/From SC.txt" ]
}
R21_delete_in_SC() {
  remote del sc "From SC"
  eventually absent sf "From SC" && eventually test ! -e "completed/From SC.txt"
}

# R22: SF -> SC and here
R22_create_in_SF() {
  remote new sf "title=From SF" "status=Not Started" "due=2026-11-11" "details=Ask for the contract"
  eventually in_sc "From SF" "due: 2026-11-11" && grep -q "Ask for the contract" "open/From SF.txt"
}
R22_edit_in_SF() {
  remote set sf "From SF" "priority=High" "due=2026-11-12"
  eventually in_sc "From SF" "due: 2026-11-12" && in_sc "From SF" "priority: high" && eventually grep -q "Priority: High" "open/From SF.txt"
}
R22_complete_in_SF() {
  remote set sf "From SF" status=Completed
  eventually in_sc "From SF" "status: complete" && eventually test -f "completed/From SF.txt"
}
R07_reopen_in_SF() {
  remote set sf "From SF" "status=Not Started"
  eventually in_sc "From SF" "status: open" && eventually test -f "open/From SF.txt"
}
R08_in_progress_in_SF_stays_out_and_is_never_reset() {
  remote set sf "From SF" "status=In Progress" "details=Started"
  eventually grep -q Started "open/From SF.txt" && eventually in_sc "From SF" "details: Started" && in_sc "From SF" "status: open" || return 1
  sed -i 's/^Due:.*/Due: 2027-01-02/' "open/From SF.txt"
  eventually in_sf "From SF" "due: 2027-01-02" && in_sf "From SF" "status: In Progress"
}
R10_low_in_SF_stays_out_and_is_never_raised() {
  remote new sf "title=Low one" "status=Not Started" priority=Low
  eventually in_sc "Low one" "priority: normal" || return 1
  echo "More" >>"open/Low one.txt"
  eventually in_sf "Low one" "details: More" && in_sf "Low one" "priority: Low"
}
R25_a_subject_changed_in_SF_stays_there() {
  remote set sf "Low one" "title=Renamed by a colleague" "details=And more"
  eventually grep -q "And more" "open/Low one.txt" && eventually in_sc "Low one" "details: And more" && [ "$(remote count sf "Renamed by a colleague")" = 1 ]
}
R22_delete_in_SF() {
  remote del sf "From SF"
  eventually absent sc "From SF" && eventually test ! -e "open/From SF.txt"
}

R18_mv_today_to_tomorrow_reschedules() {
  local day
  day=$(date -d tomorrow +%F)
  printf 'Due: today\n' >"open/Plan the week.txt"
  eventually test -L "today/Plan the week.txt" || return 1
  mv "today/Plan the week.txt" tomorrow/
  eventually in_sf "Plan the week" "due: $day" && eventually in_sc "Plan the week" "due: $day" &&
    [ -L "tomorrow/Plan the week.txt" ] && [ ! -e "today/Plan the week.txt" ] && grep -q "Due: $day" "tomorrow/Plan the week.txt"
}
R24_a_rename_reaches_SF_through_the_template() {
  remote post /sandbox/config '{"activity_detail":"[SC] {{activity_subject}}"}'
  "$remindfs" sync >/dev/null
  echo x >"open/Templated.txt"
  eventually in_sf "[SC] Templated" "details: x" && [ -f "open/Templated.txt" ]
}
nothing_happens_when_nothing_changes() {
  synced || return 1
  local seq
  seq=$(remote seq)
  "$remindfs" sync >/dev/null && "$remindfs" sync >/dev/null && [ -z "$(remote writes "$seq")" ]
}
R01_off_means_not_one_request_to_SF() {
  "$remindfs" sync off >/dev/null && "$remindfs" sync >/dev/null || return 1
  local seq
  seq=$(remote seq)
  echo y >"open/While off.txt"
  remote new sf "title=SF while off" "status=Not Started"
  eventually in_sc "While off" "details: y" && "$remindfs" sync >/dev/null && [ -z "$(remote requests "$seq" sf)" ]
}
R15_on_again_does_not_push_what_was_made_while_off() {
  "$remindfs" sync on >/dev/null && "$remindfs" sync >/dev/null || return 1
  eventually test -f "open/SF while off.txt" && synced && [ "$(remote count sf "While off")$(remote count sf "[SC] While off")" = 00 ]
}

run_stories "$0"
