#!/usr/bin/env bash
# The plug is pulled, the daemon is killed, answers are lost: nothing is lost, nothing arrives twice.
. "$(dirname "$0")/lib.sh"
. "$here/accounts.sh"

sandbox_start
remote new sf "title=Plan" "status=Not Started" "details=first"
account_config
remindfs_mount --wait

says() { grep -qi -- "$1" .remindfs/status; }

offline_every_operation_works_and_queues() {
  eventually test -f "open/Plan.txt" && synced || return 1
  sandbox_stop
  echo "made offline" >"open/Offline.txt" && echo "more" >>"open/Plan.txt" && echo "soon gone" >"open/Gone.txt" &&
    mv "open/Plan.txt" completed/ && sed -i 's/^Priority:.*/Priority: High/' "completed/Plan.txt" && rm "open/Gone.txt" &&
    grep -q more "completed/Plan.txt" && [ "$(ls open)" = "Offline.txt" ] && eventually says "not reached"
}
back_online_everything_arrives_once() {
  sandbox_again
  eventually in_sf "Plan" "status: Completed" && eventually in_sc "Plan" "status: complete" && in_sf "Plan" "priority: High" &&
    eventually in_sf "Offline" "details: made offline" && eventually in_sc "Offline" "details: made offline" &&
    synced && once Offline && once Plan && [ "$(remote count sf Gone)$(remote count sc Gone)" = 00 ]
}
kill_9_between_save_and_push() {
  sandbox_stop
  echo "typed before the crash" >"open/Crash.txt" && echo "edited before the crash" >>"open/Offline.txt"
  remindfs_kill
  sandbox_again
  remindfs_mount
  grep -q "typed before the crash" "open/Crash.txt" && grep -q "edited before the crash" "open/Offline.txt" &&
    eventually in_sf "Crash" "details: typed before the crash" && eventually in_sc "Crash" "details: typed before the crash" &&
    synced && once Crash && once Offline
}
lost_answer_SALESFORCE_create_is_found_again() {
  remote fault reset-after 1 "POST /services/data" sf
  printf 'Due:\n\nanswer lost\n' >"open/Lost answer.txt"
  eventually in_sc "Lost answer" "details: answer lost" && synced && once "Lost answer"
}
lost_answer_SALES_CONNECT_create_is_not_repeated() {
  remote fault reset-after 1 "POST /api/v1/tasks" sc
  echo "answer lost too" >"open/Lost in SC.txt"
  eventually in_sf "Lost in SC" "details: answer lost too" && synced && once "Lost in SC"
}
lost_answers_of_edits() {
  remote fault reset-after 1 "PATCH" sf
  remote fault reset-before 1 "PATCH" sc
  sed -i 's/^Due:.*/Due: 2027-03-04/' "open/Lost answer.txt"
  eventually in_sf "Lost answer" "due: 2027-03-04" && eventually in_sc "Lost answer" "due: 2027-03-04" && synced && once "Lost answer"
}
sick_answers_are_survived() {
  remote fault 503-html 1 "" sf
  remote fault truncated 1 "" sc
  remote fault 401 1 "" sf
  remote fault 429 1 "" sc
  echo "through the storm" >"open/Storm.txt"
  eventually in_sf "Storm" "details: through the storm" && eventually in_sc "Storm" "details: through the storm" && once Storm
}
a_slow_remote_never_holds_up_the_files() {
  remote post /sandbox/fault '{"name":"slow","count":4,"match":"","system":"sf","seconds":4}'
  "$remindfs" sync >/dev/null 2>&1 &
  local other=$!
  sleep 0.3
  timeout 2 bash -c 'ls open completed today >/dev/null && cat open/*.txt >/dev/null && echo "while slow" >"open/While slow.txt" && mv "open/While slow.txt" completed/'
  local rc=$?
  wait $other
  [ $rc = 0 ] && eventually in_sf "While slow" "status: Completed"
}
a_refused_edit_is_kept_and_told() {
  remote post /sandbox/config '{"page_size":2000}' || return 1
  local big
  big=$(printf 'x%.0s' {1..40000})
  printf 'Title: Too long\n\n%s\n' "$big" >"open/Too long.txt"
  cat "open/Too long.txt" | grep -q xxx && grep -q "open/Too long.txt:" .remindfs/errors
}
sigterm_flushes_and_unmounts() {
  echo "last words" >"open/Last.txt"
  remindfs_term
  ! mountpoint -q "$mnt" || return 1
  remindfs_mount
  grep -q "last words" "open/Last.txt" && eventually in_sf "Last" "details: last words" && eventually in_sc "Last" "details: last words" && once Last
}
a_second_mount_is_refused_by_name() {
  local out
  out=$("$remindfs" mount "$mnt" 2>&1)
  [ $? = 69 ] && [[ $out == *"already mounted"* ]]
}
umount_ends_it() { cd / && "$remindfs" umount && ! mountpoint -q "$mnt"; }

run_stories "$0"
