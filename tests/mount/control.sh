#!/usr/bin/env bash
# Below .remindfs: what was kept for the user, facts, and ctl; over both systems, so that conflicts and refusals are real.
. "$(dirname "$0")/lib.sh"
. "$here/accounts.sh"

sandbox_start
account_config
remindfs_mount --wait
store=$work/state/remindfs/store.db
C=.remindfs/conflicts

task() { printf 'Due:\n\n%s\n' "$2" >"open/$1.txt" && eventually in_sf "$1" "details: $2" && eventually in_sc "$1" "details: $2" && synced; }
# both systems refuse every request until they are up again; the colleague's changes still go in
down() { remote fault 503-html 100000 "" sf && remote fault 503-html 100000 "" sc; }
up() { remote post /sandbox/fault/clear '{}' && "$remindfs" sync >/dev/null; }
# clash TITLE MINE THEIRS: a real one; mine is the winner (D2)
clash() {
  task "$1" first || return 1
  down
  remote set sf "$1" "details=$3"
  sed -i "s/^first\$/$2/" "open/$1.txt"
  up
  eventually test -d "$C/$1"
}
ctl() { echo "$1" >.remindfs/ctl; }
# answers WANT: the last line of ctl
answers() { is answer "$(tail -n 1 .remindfs/ctl)" "$1"; }
age() { sqlite3 -cmd '.timeout 5000' "$store" "update task set gone_at = gone_at - 3600000 where gone = 1"; }
# told TEXT: errors has a line with it
told() { grep -qF -- "$1" .remindfs/errors; }

# ---- conflicts ----

D2_conflicts_has_the_versions_there_are() {
  clash "Call Bob" "said here" "said there" || return 1
  is ls "$(ls $C)" "Call Bob" && is versions "$(ls "$C/Call Bob" | tr '\n' ' ')" "base.txt mine.txt theirs.txt " &&
    is base "$(tail -n 1 "$C/Call Bob/base.txt")" "first" && is mine "$(tail -n 1 "$C/Call Bob/mine.txt")" "said here" &&
    is theirs "$(tail -n 1 "$C/Call Bob/theirs.txt")" "said there" && is head "$(head -n 3 "$C/Call Bob/theirs.txt" | tr '\n' '|')" "Title: Call Bob|Priority: Normal|Due:|"
}
conflicts_sizes_are_exact_and_their_time_is_when_they_arose() {
  local f
  for f in "$C/Call Bob"/*; do
    is size "$(stat -c %s "$f")" "$(wc -c <"$f")" && is cp "$(cp "$f" "$work/copy" && cmp "$f" "$work/copy" && echo same)" same || return 1
    [ $(($(date +%s) - $(stat -c %Y "$f"))) -lt 120 ] || return 1
  done
}
errors_names_the_conflict_and_both_ways_out() {
  told "to have theirs: mv '.remindfs/conflicts/Call Bob/theirs.txt' 'open/Call Bob.txt' or echo 'resolve Call Bob theirs' > .remindfs/ctl; likewise mine; to let it rest: rm -r '.remindfs/conflicts/Call Bob'" &&
    grep -q "1 conflict" .remindfs/status && is state "$(getfattr --only-values -n user.remindfs.state "open/Call Bob.txt")" conflict
}
vim_shows_the_difference() {
  need vim || return
  vim -d -u NONE -n -es -c 'wincmd l' -c 'redir! >'"$work/diff" -c 'for i in range(1, line("$")) | if diff_hlID(i, 1) | echo getline(i) | endif | endfor' -c 'redir END' -c 'qa!' \
    "$C/Call Bob/mine.txt" "$C/Call Bob/theirs.txt" </dev/null
  is differs "$(tr -d '\n' <"$work/diff")" "said there" && [ -z "$(ls -A "$C/Call Bob" | grep -v 'base.txt\|mine.txt\|theirs.txt')" ]
}
a_version_cannot_be_written() { fails_with "not permitted" tee "$C/Call Bob/theirs.txt" </dev/null && fails_with "not permitted" touch "$C/Call Bob/more.txt"; }
mv_elsewhere_is_refused_and_said() {
  fails_with "not permitted" mv "$C/Call Bob/theirs.txt" open/ && told ".remindfs/conflicts/Call Bob:1: nothing changed; mv mine.txt or theirs.txt onto the task's own file" &&
    fails_with "not permitted" mv "$C/Call Bob/base.txt" "open/Call Bob.txt" && [ -d "$C/Call Bob" ] && grep -q "said here" "open/Call Bob.txt"
}
cp_out_of_it_is_a_save() {
  cp "$C/Call Bob/theirs.txt" "open/Call Bob.txt" && eventually in_sc "Call Bob" "details: said there" && [ -d "$C/Call Bob" ] &&
    cp "$C/Call Bob/mine.txt" "open/Call Bob.txt" && eventually in_sc "Call Bob" "details: said here"
}
mv_theirs_onto_the_task_takes_it() {
  local before
  before=$(ino "open/Call Bob.txt")
  (cd "$C/Call Bob" && mv theirs.txt "../../../open/Call Bob.txt") && is inode "$(ino "open/Call Bob.txt")" "$before" && is text "$(tail -n 1 "open/Call Bob.txt")" "said there" &&
    is conflicts "$(ls $C)" "" && eventually in_sf "Call Bob" "details: said there" && eventually in_sc "Call Bob" "details: said there" && ! told "to have theirs:" && once "Call Bob"
}
mv_mine_onto_the_task_keeps_it() {
  clash "Keep mine" "said here" "said there" || return 1
  mv "$C/Keep mine/mine.txt" "open/Keep mine.txt" && is text "$(tail -n 1 "open/Keep mine.txt")" "said here" && is conflicts "$(ls $C)" "" && once "Keep mine"
}
rm_r_dismisses() {
  clash "Let it rest" "said here" "said there" || return 1
  rm "$C/Let it rest/base.txt" && is versions "$(ls "$C/Let it rest" | tr '\n' ' ')" "mine.txt theirs.txt " && rm -r "$C/Let it rest" && is conflicts "$(ls $C)" "" &&
    is text "$(tail -n 1 "open/Let it rest.txt")" "said here" && grep -q "^problems *none" .remindfs/status
}
rmdir_dismisses() {
  clash "Let it go" "said here" "said there" && rmdir "$C/Let it go" && is conflicts "$(ls $C)" ""
}
ctl_resolve_takes_either() {
  clash "Pick one" "said here" "said there" || return 1
  fails_with "Invalid argument" ctl "resolve Pick one" && answers "mine or theirs? write: resolve Pick one mine, or: resolve Pick one theirs" &&
    ctl "resolve open/Pick one.txt theirs" && answers "done: open/Pick one.txt has the values of theirs.txt" && eventually grep -q "said there" "open/Pick one.txt" &&
    is conflicts "$(ls $C)" "" && fails_with "No such file" ctl "resolve Pick one theirs" && answers '"Pick one" has no conflict; those that have: ls .remindfs/conflicts'
}
D3_what_was_edited_comes_back_by_one_mv() {
  task "Deleted there" first || return 1
  down
  remote del sf "Deleted there"
  sed -i 's/^first$/typed here/' "open/Deleted there.txt"
  up
  eventually test -d "$C/Deleted there" && [ ! -e "open/Deleted there.txt" ] && told "to have it back: mv '.remindfs/conflicts/Deleted there/mine.txt' 'open/Deleted there.txt'" || return 1
  mv "$C/Deleted there/mine.txt" "open/Deleted there.txt" && grep -q "typed here" "open/Deleted there.txt" && eventually in_sf "Deleted there" "details: typed here" &&
    eventually in_sc "Deleted there" "details: typed here" && synced && once "Deleted there"
}

# ---- trash ----

trash_holds_what_was_deleted_as_it_was() {
  task "Old one" "some words" || return 1
  local text
  text=$(cat "open/Old one.txt")
  rm "open/Old one.txt" && is ls "$(ls .remindfs/trash | grep -c "^Old one.txt$")" 1 && is text "$(cat ".remindfs/trash/Old one.txt")" "$text" &&
    is size "$(stat -c %s ".remindfs/trash/Old one.txt")" "$(wc -c <".remindfs/trash/Old one.txt")" && [ $(($(date +%s) - $(stat -c %Y ".remindfs/trash/Old one.txt"))) -lt 60 ]
}
trash_mv_back_restores_also_after_it_was_sent() {
  eventually absent sf "Old one" && eventually absent sc "Old one" && synced && mv ".remindfs/trash/Old one.txt" open/ && grep -q "some words" "open/Old one.txt" &&
    [ ! -e ".remindfs/trash/Old one.txt" ] && eventually in_sf "Old one" "details: some words" && eventually in_sc "Old one" "details: some words" && synced && once "Old one"
}
trash_mv_back_in_the_grace_time_is_the_same_task() {
  local before
  before=$(ino "open/Old one.txt")
  rm "open/Old one.txt" && mv ".remindfs/trash/Old one.txt" completed/ && is inode "$(ino "completed/Old one.txt")" "$before" && eventually in_sf "Old one" "status: Completed" &&
    synced && once "Old one"
}
trash_mv_to_a_view_or_another_name() {
  echo x >"open/Later.txt" && rm "open/Later.txt" && mv ".remindfs/trash/Later.txt" tomorrow/ && grep -q "^Due: $(date -d tomorrow +%F)" "open/Later.txt" &&
    rm "open/Later.txt" && mv ".remindfs/trash/Later.txt" "open/Much later.txt" && is title "$(head -n 1 "open/Much later.txt")" "Title: Much later" && [ ! -e "open/Later.txt" ]
}
trash_never_replaces_a_task() {
  echo one >"open/Twice.txt" && rm "open/Twice.txt" && sleep 0.5 && synced && echo two >"open/Twice.txt" && fails_with "" mv ".remindfs/trash/Twice.txt" open/ && told "another task has this name" &&
    grep -q two "open/Twice.txt" && grep -q one ".remindfs/trash/Twice.txt"
}
trash_shows_a_draft() {
  task "Drafted" "good words" || return 1
  printf 'Due: never\n\nhalf typed\n' >"open/Drafted.txt" 2>/dev/null
  rm "open/Drafted.txt" && grep -q "half typed" .remindfs/trash/Drafted.txt && mv .remindfs/trash/Drafted.txt open/ && grep -q "half typed" open/Drafted.txt && told "open/Drafted.txt:1:" &&
    printf 'Due:\n\ngood again\n' >open/Drafted.txt && eventually in_sf Drafted "details: good again"
}
trash_rm_purges_but_not_what_was_just_deleted() {
  fails_with "busy" rm .remindfs/trash/Twice.txt && told "it can be purged ten minutes after its deletion" && grep -q one .remindfs/trash/Twice.txt || return 1
  synced && age && rm .remindfs/trash/Twice.txt && [ ! -e .remindfs/trash/Twice.txt ] && grep -q two open/Twice.txt &&
    is details "$(sql "select count(*) from body join task on task = id where title = 'Twice' and details like 'one%'")" 0
}
rm_r_of_everything_can_be_taken_back() {
  task "Precious" "years of work" || return 1
  rm -r open .remindfs/trash 2>/dev/null
  [ -e ".remindfs/trash/Precious.txt" ] || return 1
  local f
  for f in .remindfs/trash/*; do mv "$f" open/ || return 1; done
  grep -q "years of work" open/Precious.txt && synced && once Precious
}
a_clock_far_ahead_empties_no_trash() {
  echo precious >"open/Yesterday.txt" && rm "open/Yesterday.txt" && synced || return 1
  sqlite3 -cmd '.timeout 5000' "$store" "update task set gone_at = gone_at - 20 * 365 * 86400000 where title = 'Yesterday'"
  grep -q precious ".remindfs/trash/Yesterday.txt" && remindfs_term && remindfs_mount && ls open >/dev/null && mv ".remindfs/trash/Yesterday.txt" open/ &&
    grep -q precious "open/Yesterday.txt"
}
# The hours in which it ran are told at its end.
trash_is_kept_15_days() {
  echo x >"open/Ages ago.txt" && rm "open/Ages ago.txt" && synced && remindfs_term && remindfs_mount && [ -e ".remindfs/trash/Ages ago.txt" ] || return 1
  sqlite3 -cmd '.timeout 5000' "$store" "update meta set value = value + 17 * 86400000 - value % 86400000 - 1 where key = 'lived'"
  [ -e ".remindfs/trash/Ages ago.txt" ] && remindfs_term && remindfs_mount && [ ! -e ".remindfs/trash/Ages ago.txt" ] &&
    ! ls .remindfs/trash | grep -q "Ages ago" &&
    is texts "$(sql "select count(*) from body join task on task = id where title = 'Ages ago' and (details is not null or text is not null)")" 0
}

# ---- outbox ----

outbox_has_a_file_for_each_edit_not_there_yet() {
  task "Waiting" first && is outbox "$(ls .remindfs/outbox)" "" || return 1
  down
  sed -i 's/^first$/second/; s/^Due:.*/Due: 2027-01-02/' open/Waiting.txt
  echo new >"open/Quite new.txt"
  eventually grep -q "error:" .remindfs/outbox/Waiting.txt && is outbox "$(ls .remindfs/outbox | tr '\n' ' ')" "Quite new.txt Waiting.txt " || return 1
  grep -q "^salesforce" .remindfs/outbox/Waiting.txt && grep -q "^salesconnect" .remindfs/outbox/Waiting.txt && grep -q "waits: *edit due, details" .remindfs/outbox/Waiting.txt &&
    grep -q "next try:" .remindfs/outbox/Waiting.txt && grep -q "waits: *create" ".remindfs/outbox/Quite new.txt" && grep -q "ls .remindfs/outbox" .remindfs/status
}
outbox_rm_cancels_the_edit() {
  rm .remindfs/outbox/Waiting.txt && is due "$(sed -n 's/^Due: *//p' open/Waiting.txt)" "" && is text "$(tail -n 1 open/Waiting.txt)" first && [ ! -e .remindfs/outbox/Waiting.txt ]
}
outbox_rm_of_a_create_leaves_it_in_the_trash() {
  rm ".remindfs/outbox/Quite new.txt" && eventually test ! -e "open/Quite new.txt" && grep -q new ".remindfs/trash/Quite new.txt"
}
outbox_touch_retries_now() {
  sed -i 's/^first$/third/' open/Waiting.txt
  eventually grep -q "next try: *when it answers again" .remindfs/outbox/Waiting.txt && grep -q "last sync:" .remindfs/outbox/Waiting.txt || return 1
  sqlite3 -cmd '.timeout 5000' "$store" "update outbox set err = 15, wait = 86400000, since = $(date +%s000)"
  remote post /sandbox/fault/clear '{}'
  grep -q "next try: *$(date -d tomorrow +%F)" .remindfs/outbox/Waiting.txt && touch .remindfs/outbox/Waiting.txt && eventually in_sf Waiting "details: third" && eventually in_sc Waiting "details: third" &&
    eventually test ! -e .remindfs/outbox/Waiting.txt
}
# Of one name, made by the account on either side, and they differ: for 36 minutes another mount might bring them in line.
outbox_touch_sends_what_waits_for_another_mount() {
  why() { grep -qs "perhaps another mount made that of it" ".remindfs/outbox/$1"; }
  sent() { [ "$(remote count sc Meet)$(remote count sf Meet)" = "$1" ]; }
  down
  remote new sc "title=Meet" "due=2027-12-01" &&
    remote new sf "title=Meet" "status=Not Started" "priority=Normal" "due=2027-12-08" "CreatedById=005000000000007AAA" || return 1
  up
  eventually why Meet.txt && eventually why "Meet (2).txt" && sent 11 && told "open/Meet.txt:1: not sent to " && touch .remindfs/outbox/Meet*.txt && eventually sent 22 && synced &&
    is names "$(ls open | grep -c ^Meet)" 2
}
ctl_retry_does_the_same() {
  down
  sed -i 's/^third$/fourth/' open/Waiting.txt
  eventually grep -q "last sync:" .remindfs/outbox/Waiting.txt || return 1
  sqlite3 -cmd '.timeout 5000' "$store" "update outbox set err = 15, wait = 86400000, since = $(date +%s000)"
  remote post /sandbox/fault/clear '{}'
  ctl "retry Waiting" && answers "done: Waiting.txt is sent now, unless it is in its grace time" && eventually in_sf Waiting "details: fourth" && eventually in_sc Waiting "details: fourth" && synced &&
    fails_with "No such file" ctl "retry Waiting" && answers 'nothing of "Waiting" waits; what does: ls .remindfs/outbox'
}
errors_of_a_refused_edit_names_outbox() {
  remote fault 403-rights 1 "PATCH" sf
  sed -i 's/^fourth$/fifth/' open/Waiting.txt
  eventually told "rm '.remindfs/outbox/Waiting.txt'" && grep -q "when the task is edited, or this file is touched" .remindfs/outbox/Waiting.txt && touch .remindfs/outbox/Waiting.txt &&
    eventually in_sf Waiting "details: fifth" && eventually is errors "$(grep -c Waiting .remindfs/errors)" 0
}

# ---- facts ----

info_has_ids_addresses_and_the_raw_words() {
  remote set sf Waiting "status=In Progress"
  eventually grep -q "raw status: *In Progress" .remindfs/info/Waiting && grep -q "web: *http" .remindfs/info/Waiting && grep -q "^file: *open/Waiting.txt" .remindfs/info/Waiting &&
    is id "$(sed -n 's/^id: *//p' .remindfs/info/Waiting)" "$(getfattr --only-values -n user.remindfs.id open/Waiting.txt)" &&
    is names "$(ls .remindfs/info)" "$(ls open completed | sed -n 's/\.txt$//p' | sort)" && cmp .remindfs/info/Waiting .remindfs/info/Waiting.txt
}
history_says_which_side_changed_what() {
  remote set sf Waiting "priority=High"
  eventually grep -q "salesforce priority: normal -> high" .remindfs/history/Waiting && grep -q "local details: fourth -> fifth" .remindfs/history/Waiting && is names "$(ls .remindfs/history)" "$(ls .remindfs/info)"
}
by_id_links_to_the_task() {
  local id
  id=$(getfattr --only-values -n user.remindfs.id open/Waiting.txt)
  is link "$(readlink .remindfs/by-id/$id.txt)" "../../open/Waiting.txt" && cmp .remindfs/by-id/$id.txt open/Waiting.txt && fails_with "not permitted" rm .remindfs/by-id/$id.txt &&
    is how_many "$(ls .remindfs/by-id | wc -l)" "$(ls .remindfs/info | wc -l)" && fails_with "No such file" cat .remindfs/by-id/0$id.txt
}
facts_cannot_be_changed() {
  fails_with "" tee .remindfs/info/Waiting </dev/null && fails_with "" rm .remindfs/history/Waiting && fails_with "" mv .remindfs/info/Waiting completed/ && fails_with "" touch .remindfs/info/new.txt &&
    [ -e open/Waiting.txt ] && is modes "$(stat -c %a .remindfs/info/Waiting .remindfs/history/Waiting | tr '\n' ' ')" "444 444 "
}
times_are_the_last_change() { is mtime "$(stat -c %Y .remindfs/info/Waiting .remindfs/history/Waiting | sort -u)" "$(stat -c %Y open/Waiting.txt)"; }
crawling_has_no_side_effect_and_every_size_is_right() {
  clash "Crawled" "said here" "said there" || return 1
  synced
  local before f
  before=$(sqlite3 "file:$store?mode=ro" .dump | grep -v '"side"\|INSERT INTO side\|INSERT INTO meta' | md5sum)
  for f in conflicts trash outbox info history by-id status errors README ctl; do
    grep -r said .remindfs/$f >/dev/null
    find .remindfs/$f -type f -size +0 -exec cat {} + >/dev/null || return 1
  done
  while IFS= read -r f; do
    is "$f" "$(stat -c %s "$f")" "$(wc -c <"$f")" || return 1
  done < <(find .remindfs/conflicts .remindfs/trash .remindfs/info .remindfs/history -type f)
  is store "$(sqlite3 "file:$store?mode=ro" .dump | grep -v '"side"\|INSERT INTO side\|INSERT INTO meta' | md5sum)" "$before" && rm -r "$C/Crawled"
}

# ---- ctl ----

ctl_lists_its_verbs() {
  local v
  for v in sync "retry NAME" "resolve NAME mine|theirs" undo confirm-deletes take-back; do grep -qF "# $v " .remindfs/ctl || return 1; done
  fails_with "Invalid argument" ctl "synch" && answers "not known: synch; see above" && ctl sync && answers "done: sync" && fails_with "Invalid argument" ctl "retry" && answers "not done; write: retry NAME"
}
ctl_undo_takes_back_the_last_edit_and_a_deletion() {
  task "Undone" first && sed -i 's/^first$/second/' open/Undone.txt && eventually in_sf Undone "details: second" && ctl undo && answers "done: open/Undone.txt is as before; undo again takes back the edit before" &&
    eventually grep -q "^first" open/Undone.txt && eventually in_sf Undone "details: first" && eventually in_sc Undone "details: first" && rm open/Undone.txt && ctl undo &&
    eventually grep -q "^first" open/Undone.txt && synced && once Undone
}
D6_ctl_confirm_deletes() {
  fails_with "No such file" ctl confirm-deletes && answers "nothing is held" || return 1
  local i
  for i in $(seq 30); do remote new sf "title=Many $i" "status=Not Started"; done
  eventually test -e "open/Many 30.txt" && synced && rm open/Many*.txt && eventually grep -q "confirm-deletes" .remindfs/status && [ "$(remote count sf "Many 7")" = 1 ] || return 1
  ctl confirm-deletes && eventually absent sf "Many 7" && eventually absent sf "Many 30" && grep -q "go out now" .remindfs/ctl
}

D6_rm_rf_open_by_mistake_is_taken_back() {
  local i before
  for i in $(seq 30); do remote new sf "title=Dear $i" "status=Not Started"; done
  eventually test -e "open/Dear 30.txt" && synced && before=$(ls open | md5sum) || return 1
  rm -rf open 2>/dev/null
  is "ls open" "$(ls open | wc -l)" 0 && eventually grep -q "deletions are held, not sent; take them back: remindfs take-back" .remindfs/status || return 1
  "$remindfs" sync >/dev/null && [ "$(remote count sf "Dear 7")" = 1 ] && [ "$(remote count sc "Dear 7")" = 1 ] || return 1
  "$remindfs" take-back | grep -q "tasks are back in open/" && eventually eval '[ "$(ls open | md5sum)" = "'"$before"'" ]' && synced &&
    once "Dear 7" && once "Dear 30" && is again "$("$remindfs" take-back)" "nothing that was deleted or completed here is held" &&
    is confirm "$("$remindfs" confirm-deletes)" "nothing is held"
}
# Somebody selects the whole list on the web page and completes it, between two polls.
whole() {
  local i
  down
  for i in $(seq 30); do remote set sf "Whole $i" "status=Completed"; done
  up
}
D6_completed_there_by_mistake_is_held_and_settled_by_ctl() {
  local i
  for i in $(seq 30); do remote new sf "title=Whole $i" "status=Not Started"; done
  eventually test -e "open/Whole 30.txt" && synced || return 1
  whole && eventually grep -q "tasks were completed there at once and are open here; to reopen them there: remindfs take-back" .remindfs/status && grep -q "to let them go: remindfs confirm-deletes" .remindfs/status &&
    [ -e "open/Whole 7.txt" ] && in_sc "Whole 7" "status: open" && in_sf "Whole 7" "status: Completed" || return 1
  ctl take-back && eventually in_sf "Whole 7" "status: Not Started" && eventually in_sf "Whole 30" "status: Not Started" && [ -e "open/Whole 30.txt" ] && synced && ! grep -q "completed there" .remindfs/status || return 1
  whole && eventually grep -q "completed there at once" .remindfs/status && ctl confirm-deletes && eventually test -e "completed/Whole 7.txt" && eventually test -e "completed/Whole 30.txt" &&
    eventually in_sc "Whole 7" "status: complete" && eventually in_sc "Whole 30" "status: complete" && ! ls open | grep -q Whole && ! grep -q "completed there" .remindfs/status
}

# ---- attributes ----

due_and_priority_are_set_by_attributes() {
  setfattr -n user.remindfs.due -v 2027-05-06 open/Waiting.txt && eventually in_sf Waiting "due: 2027-05-06" && grep -q "^Due: 2027-05-06" open/Waiting.txt &&
    setfattr -n user.remindfs.due -v tomorrow open/Waiting.txt && grep -q "^Due: $(date -d tomorrow +%F)" open/Waiting.txt && fails_with "Invalid argument" setfattr -n user.remindfs.due -v someday open/Waiting.txt &&
    told "user.remindfs.due is not set" && setfattr -x user.remindfs.due open/Waiting.txt && grep -q "^Due:$" open/Waiting.txt && fails_with "No such attribute" setfattr -x user.remindfs.due open/Waiting.txt &&
    setfattr -n user.remindfs.priority -v Normal open/Waiting.txt && grep -q "^Priority: Normal" open/Waiting.txt && eventually in_sf Waiting "priority: Normal" &&
    setfattr -n user.remindfs.priority -v h open/Waiting.txt && setfattr -x user.remindfs.priority open/Waiting.txt && grep -q "^Priority: Normal" open/Waiting.txt
}
other_attributes_are_facts() {
  local a
  for a in id state error person sc-id sf-id synced; do
    fails_with "not permitted" setfattr -n user.remindfs.$a -v x open/Waiting.txt && fails_with "not permitted" setfattr -x user.remindfs.$a open/Waiting.txt || return 1
  done
  fails_with "not supported" setfattr -n user.mine -v x open/Waiting.txt
}

run_stories "$0" ${STORY:-}
