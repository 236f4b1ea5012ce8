#!/usr/bin/env bash
# The task file and the names, as only a mount shows them: what a refused save says to each tool and what is kept of it, what
# goes out and what does not, which name a task gets. The grammar itself is in tests/unit/test_text.c and test_name.c.
. "$(dirname "$0")/lib.sh"

mount_up 60000 || echo "# the mount does not answer"
T="open/Call Bob.txt"
good=$'Title: Call Bob\nPriority: High\nDue: 2026-09-03\nPerson: Bob Müller <bob@example.test>\n# mine\nX-seen: yes\n\nHe asked.'
broken=${good/2026-09-03/whenever}
py() { python3 -c "import os, sys
$1" "${@:2}"; }
afar() { printf '%s\n' "$@" >"$store.remote" && echo sync >.remindfs/ctl && rm "$store.remote"; }
number() { echo $(($(ino "$1") >> 6)); }
field() { sql "select ifnull($2, '') from task join body on body.task = task.id where task.id = $(number "$1")"; }
state() { getfattr --only-values -n user.remindfs.state "$1"; }

# fresh: the task as it stands before each story, in sync with its side: nothing of it is waiting to be sent
fresh() {
  rm -f open/* completed/*
  echo "$good" >"$T"
  id=$(number "$T")
  mark
}
mark() { seq=$(sql 'select max(seq) from feed') sent=$(sql 'select ifnull(max(seq), 0) from outbox'); }
edits() { sql "select count(*) from feed where seq > $seq and fields <> 0"; }
sends() { sql "select count(*) from outbox where seq > $sent"; }

# refused TEXT LINE WHAT: the save is kept as it was typed, nothing else changed, and it is told where and why
refused() {
  is kept "$(cat "$T")" "$1" && is size "$(stat -c %s "$T")" "$(printf '%s\n' "$1" | wc -c)" && is state "$(state "$T")" invalid &&
    is edits "$(edits)" 0 && is sends "$(sends)" 0 && is due "$(field "$T" due)" 2026-09-03 && is details "$(field "$T" details)" "He asked." &&
    is status "$(grep -c '1 save that does not parse' .remindfs/status)" 1 && is errors "$(wc -l <.remindfs/errors)" 1 &&
    is where "$(cut -d: -f1,2 .remindfs/errors)" "$T:$2" && is why "$(grep -oF "$3" .remindfs/errors)" "$3"
}
# mended: the next good save clears all of that
mended() {
  echo "$good" >"$T" && is text "$(cat "$T")" "$good" && is errors "$(cat .remindfs/errors)" "" && is problems "$(grep -c '^problems *none' .remindfs/status)" 1 &&
    [ "$(state "$T")" != invalid ] && is due "$(field "$T" due)" 2026-09-03
}

# ---- rejected saves, tool by tool ----

cat_is_told() { fresh && fails_with "Invalid argument" bash -c 'echo "$1" | cat >"$2"' . "$broken" "$T" && refused "$broken" 3 'no date' && mended; }
cp_is_told() { fresh && echo "$broken" >"$work/bad" && fails_with "Invalid argument" cp "$work/bad" "$T" && refused "$broken" 3 'no date' && mended; }
tee_is_told() { fresh && fails_with "Invalid argument" bash -c 'tee "$2" <<<"$1" >/dev/null' . "$broken" "$T" && refused "$broken" 3 'no date' && mended; }
dd_is_told() { fresh && fails_with "Invalid argument" bash -c 'dd of="$2" status=none <<<"$1"' . "$broken" "$T" && refused "$broken" 3 'no date' && mended; }
python_is_told_at_close_and_at_fsync() {
  fresh && fails_with "Invalid argument" py 'f = open(sys.argv[1], "w"); f.write(sys.argv[2] + "\n"); f.close()' "$T" "$broken" && refused "$broken" 3 'no date' && mended &&
    fails_with "Invalid argument" py 'f = os.open(sys.argv[1], os.O_WRONLY | os.O_TRUNC); os.write(f, (sys.argv[2] + "\n").encode()); os.fsync(f)' "$T" "$broken" && mended
}
echo_is_told_at_its_first_write() { fresh && fails_with "Invalid argument" bash -c 'echo "Due: whenever" >"$1"' . "$T" && refused "Due: whenever" 1 'no date' && mended; }
an_append_is_told() { fresh && sed -i 's/^$/Deu: x\n/' "$T" && is kept "$(grep -c ^Deu: "$T")" 1 && fails_with "Invalid argument" bash -c 'cat >>"$1" <<<more' . "$T" && is both "$(tail -1 "$T")" more && mended; }
# rename knows no error that fits, so sed is not told; the text is kept all the same
sed_i_is_not_told_and_loses_nothing() { fresh && sed -i 's/^Due:.*/Due: whenever/' "$T" && refused "$broken" 3 'no date' && is inode "$(number "$T")" "$id" && mended; }
a_reader_is_not_judged() { fresh && sed -i 's/^Due:.*/Due: whenever/' "$T" && cat "$T" >/dev/null && grep -q asked "$T" && py 'os.close(os.open(sys.argv[1], os.O_RDWR))' "$T" && refused "$broken" 3 'no date' && mended; }
a_draft_outlives_the_daemon() {
  fresh && echo "$good" >"$T" && sed -i 's/^Due:.*/Due: whenever/' "$T" && mount_kill && mount_up 60000 && mark && refused "$broken" 3 'no date' && mended
}
a_change_from_afar_leaves_a_draft_alone() {
  fresh && sed -i 's/^Due:.*/Due: whenever/' "$T" && afar "priority $id normal" && eventually eval '[ "$(field "$T" priority)" = normal ]' && is kept "$(cat "$T")" "$broken" && is state "$(state "$T")" invalid
}
a_draft_moves_with_its_task() {
  fresh && sed -i 's/^Due:.*/Due: whenever/' "$T" && mv "$T" completed/ && is kept "$(cat "completed/Call Bob.txt")" "$broken" && is where "$(cut -d: -f1,2 .remindfs/errors)" "completed/Call Bob.txt:3" &&
    is due "$(field "completed/Call Bob.txt" due)" 2026-09-03
}

# ---- rejected saves, line by line ----

# wrong ERROR TEXT LINE WHAT
wrong() { fails_with "$1" bash -c 'cat >"$2" <<<"$1"' . "$2" "$T" && refused "$2" "$3" "$4" && mended; }
an_unknown_field_gets_a_guess() { fresh && wrong "Invalid argument" "${good/Priority/Prioriy}" 2 'did you mean "Priority"?'; }
a_line_that_is_nothing() { fresh && wrong "Invalid argument" "${good/\# mine/call him first}" 5 'put a blank line before the details'; }
a_field_twice() { fresh && wrong "Invalid argument" "${good/\# mine/Due: 2026-09-03}" 5 'given twice: here and in line 3'; }
no_such_priority() { fresh && wrong "Invalid argument" "${good/High/urgent}" 2 'write Normal or High'; }
a_person_cannot_be_changed() { fresh && wrong "Invalid argument" "${good/Bob M/Eve M}" 4 'Person cannot be changed'; }
a_type_cannot_be_added() { fresh && wrong "Invalid argument" "${good/\# mine/Type: Call}" 5 'Type cannot be added'; }
a_campaign_cannot_be_added() { fresh && wrong "Invalid argument" "${good/\# mine/Campaign: Spring}" 5 'Campaign cannot be added'; }
the_status_is_the_directory() { fresh && wrong "Invalid argument" "${good/\# mine/Status: complete}" 5 'mv "open/Call Bob.txt" completed/'; }
a_title_of_256_characters() { fresh && wrong "File too large" "${good/Call Bob/$(printf 'ä%.0s' {1..256})}" 1 'at most 255'; }
details_of_32001_characters() { fresh && wrong "File too large" "$good$(printf 'ä%.0s' {1..31992})" 8 'at most 32000'; }
latin1_is_no_text() { fresh && wrong "Invalid or incomplete" "${good/asked/$'ask\xe9'}" 8 'save the file as UTF-8'; }
a_megabyte_is_too_much() { fresh && fails_with "File too large" bash -c 'head -c 1048577 /dev/zero | tr "\0" x | cat >"$1"' . "$T"; }

# ---- what is never applied ----

empty_and_nul_saves_are_never_applied() {
  fresh
  : >"$T" && cp /dev/null "$T" && truncate -s 0 "$T" && py 'f = open(sys.argv[1], "wb"); f.write(b"\0" * 300); f.close()' "$T" && : >open/tmp1 && mv -f open/tmp1 "$T" || return 1
  is text "$(cat "$T")" "$good" && is size "$(stat -c %s "$T")" "$(wc -c <<<"$good")" && is edits "$(edits)" 0 && is sends "$(sends)" 0 && is errors "$(cat .remindfs/errors)" ""
}
an_empty_save_leaves_a_draft_alone() { fresh && sed -i 's/^Due:.*/Due: whenever/' "$T" && : >"$T" && refused "$broken" 3 'no date' && mended; }
the_same_bytes_again_are_nothing() {
  fresh && cp "$T" "$work/same" && cp "$work/same" "$T" && cat "$work/same" >"$T" && sed -i 's/nothing/&/' "$T" && is edits "$(edits)" 0 && is sends "$(sends)" 0 &&
    is rows "$(sql "select count(*) from feed where seq > $seq")" 0
}
comments_order_and_spacing_are_sent_nowhere() {
  fresh
  local mine=$'# first\r\nX-color: red\r\ndue:   2026-09-03\r\nTITLE:Call Bob\r\nPRIORITY: h\r\n\r\nHe asked.'
  printf '%s\n' "$mine" >"$T" && is text "$(cat "$T")" "$mine" && is edits "$(edits)" 0 && is sends "$(sends)" 0 && [ "$(state "$T")" != invalid ]
}

# ---- the head ----

a_task_from_afar_has_slots_to_fill() {
  fresh && afar "new From afar" && eventually test -f "open/From afar.txt" && is text "$(cat "open/From afar.txt")" $'Title: From afar\nPriority: Normal\nDue:' &&
    sed -i 's/^Due:.*/Due: +3d/' "open/From afar.txt" && is due "$(field "open/From afar.txt" due)" "$(date -d '+3 days' +%F)" && is text "$(sed -n 's/^Due: //p' "open/From afar.txt")" "$(date -d '+3 days' +%F)"
}
a_date_word_is_resolved_once_and_never_again() {
  fresh && sed -i 's/^Due:.*/Due: tomorrow/' "$T" && is once "$(sed -n 's/^Due: //p' "$T")" "$(date -d tomorrow +%F)" && is edits "$(edits)" 1 && is comments "$(grep -cE '^(# mine|X-seen: yes)$' "$T")" 2 || return 1
  mark
  cp "$T" "$work/same" && cp "$work/same" "$T" && is edits "$(edits)" 0
}
comments_and_private_lines_survive_a_change_from_afar() {
  fresh && afar "due $id 2027-01-02" && eventually grep -q '^Due: 2027-01-02' "$T" && is text "$(cat "$T")" "${good/2026-09-03/2027-01-02}"
}
a_deleted_line_clears_its_field() {
  fresh && sed -i '/^Due:/d; /^Priority:/d' "$T" && is row "$(field "$T" "priority || ifnull(due, '-')")" "normal-" && is text "$(head -1 "$T")" "Title: Call Bob" && is edits "$(edits)" 1
}
a_deleted_title_line_changes_nothing() {
  fresh && sed -i '/^Title:/d' "$T" && is title "$(field "$T" title)" "Call Bob" && is name "$(ls open)" "Call Bob.txt" && is edits "$(edits)" 0 && is text "$(head -1 "$T")" "Priority: High" &&
    printf 'Due: 2026-09-03\n\nx\n' >"open/Named.txt" && is title "$(field open/Named.txt title)" Named
}
without_a_head_all_is_details() {
  fresh && printf 'one: two\n\nDue: whenever\n' >"$T" && is row "$(field "$T" "priority || due || details")" $'high2026-09-03one: two\n\nDue: whenever' && is text "$(cat "$T")" $'one: two\n\nDue: whenever'
}
subject_and_name_are_titles_too() { fresh && sed -i 's/^Title: .*/Subject: Call Eve/' "$T" && is name "$(ls open)" "Call Eve.txt" && is text "$(head -1 "open/Call Eve.txt")" "Subject: Call Eve"; }
a_person_and_a_type_are_set_at_creation() {
  fresh && printf 'Person: Eve <eve@example.test>\nType: inmail\n\nx\n' >open/Eve.txt && is row "$(field open/Eve.txt "person || email || type")" "Eveeve@example.testinmail" && is text "$(head -1 open/Eve.txt)" "Person: Eve <eve@example.test>"
}

a_new_file_is_new_until_a_save_is_taken() {
  fresh && printf 'Title: Call Max\nPerson: Max <max@example.test>\nDue: whenever\n' >"$work/max" && fails_with "Invalid argument" cp "$work/max" open/max.txt &&
    is kept "$(cat open/max.txt)" "$(cat "$work/max")" && is where "$(cut -d: -f1,2 .remindfs/errors)" open/max.txt:3 && sed -i 's/whenever/2026-09-03/' open/max.txt &&
    is row "$(field "open/Call Max.txt" "person || due")" "Max2026-09-03" && is errors "$(cat .remindfs/errors)" ""
}

# ---- names ----

a_name_is_the_title_made_safe() {
  fresh && printf 'Title: .AC/DC \x1b[2J\u202egnp\n\nx\n' >open/x.txt && is name "$(ls -A --show-control-chars open | grep AC)" $'．AC／DC  [2J\uFFFDgnp.txt' && is title "$(head -1 open/．AC／DC*)" $'Title: .AC/DC \x1b[2J\u202egnp'
}
an_empty_title_is_untitled() { fresh && echo x >"open/ .txt" && is title "$(sql "select title from task order by id desc limit 1")" Untitled && is name "$(ls open | grep -c '^Untitled.txt$')" 1; }
the_same_title_twice_is_numbered_over_both_directories() {
  fresh && mv "$T" completed/ && afar "new Call Bob" "new Call Bob" && eventually test -f "open/Call Bob (3).txt" && is ls "$(ls open completed | grep Bob | tr '\n' '|')" "Call Bob.txt|Call Bob (2).txt|Call Bob (3).txt|" &&
    mv "open/Call Bob (2).txt" completed/ && mv completed/* open/ && is ls "$(ls open | tr '\n' '|')" "Call Bob (2).txt|Call Bob (3).txt|Call Bob.txt|" && rm "open/Call Bob.txt" &&
    is "the numbers stay" "$(ls open | tr '\n' '|')" "Call Bob (2).txt|Call Bob (3).txt|" && is titles "$(head -qn1 open/* | sort -u)" "Title: Call Bob"
}
a_title_that_is_taken_makes_a_copy() {
  fresh && cp "$T" "open/Call Kim.txt" && is title "$(field "open/Call Kim.txt" title)" "Call Kim" && is text "$(head -1 "open/Call Kim.txt")" "Title: Call Kim" && is comment "$(grep -c '^# mine' "open/Call Kim.txt")" 1 && is ls "$(ls open | tr '\n' '|')" "Call Bob.txt|Call Kim.txt|"
}
a_title_that_is_free_beats_the_name() { fresh && sed 's/Call Bob/Call Lee/' "$T" >"$work/lee" && cp "$work/lee" open/y.txt && is ls "$(ls open | tr '\n' '|')" "Call Bob.txt|Call Lee.txt|" && is "the old name answers" "$(number open/y.txt)" "$(number "open/Call Lee.txt")"; }
a_new_task_claims_a_former_name() {
  fresh && echo x >"open/Call Una.txt" && id=$(number "open/Call Una.txt") && printf 'Title: Call Zoe\n\nx\n' >"open/Call Una.txt" && is old "$(number "open/Call Una.txt")" "$id" &&
    afar "new Call Una" && eventually eval '[ "$(number "open/Call Una.txt")" != "$id" ]' && is new "$(number "open/Call Zoe.txt")" "$id" && is ls "$(ls open | tr '\n' '|')" "Call Bob.txt|Call Una.txt|Call Zoe.txt|"
}
a_person_s_file_that_is_no_task_is_named() {
  fresh && echo "wants a demo" >"open/Call Ann" && echo swap >"open/.Call Ann.txt.swp" && echo x >open/4913 && is early "$(cat .remindfs/errors)" "" || return 1
  sqlite3 -cmd '.timeout 5000' "$store" "update scratch set changed_at = changed_at - 61000"
  is errors "$(cut -d: -f1,2 .remindfs/errors)" "open/Call Ann:1" && is why "$(grep -c 'not a task;.*rename it to "Call Ann.txt"' .remindfs/errors)" 1 && is status "$(grep -c '1 file that is not a task (add .txt)' .remindfs/status)" 1 &&
    is sends "$(sends)" 0 && mv "open/Call Ann" "open/Call Ann.txt" && is errors "$(cat .remindfs/errors)" "" && is task "$(field "open/Call Ann.txt" details)" "wants a demo"
}
scratch_survives_a_crash_and_is_nobody_s_inode() {
  fresh && echo typed >"open/notes" && echo swap >"open/.a.swp" && mount_kill && mount_up 60000 && is content "$(cat open/notes)" typed && is listed "$(ls open | tr '\n' '|')" "Call Bob.txt|notes|" &&
    is inodes "$(stat -c %i open/notes open/.a.swp "$T" | sort -u | wc -l)" 3 && rm open/notes open/.a.swp
}
nothing_else_can_be_made() {
  fresh && fails_with "Operation not permitted" mkdir open/dir && fails_with "Operation not permitted" ln "$T" open/hard.txt && fails_with "Operation not permitted" mkfifo open/pipe &&
    fails_with "Operation not permitted" ln -s x open/soft && ln -s "me@host.1:2" "open/.#Call Bob.txt" && rm "open/.#Call Bob.txt"
}
touch_then_edit_then_rm_sends_nothing() {
  mount_down && mount_up 3000 && fresh && touch open/New.txt && echo text >open/New.txt && is creates "$(sql "select count(*) from outbox where task = $(number open/New.txt)")" 1 &&
    rm open/New.txt && is none "$(sends)" 0
}

run_stories "$0"
