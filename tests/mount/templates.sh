#!/usr/bin/env bash
# Templates: plain files below .remindfs/ that every tool can edit; a copy in open/ is a task named after its file.
. "$(dirname "$0")/lib.sh"

mount_up 60000 || echo "# the mount does not answer"
t=.remindfs/templates
field() { sed -n "s/^$1: *//p" "$2"; }
names() { is names "$(ls -A $t | tr '\n' ' ')" "$1"; }

there_are_some_to_begin_with() { names "call.txt demo.txt " && grep -q '^Due: +1d' $t/call.txt && grep -q '^Due: +1w' $t/demo.txt && is size "$(wc -c <$t/call.txt)" "$(stat -c %s $t/call.txt)"; }
a_copy_is_a_task_named_after_its_file() {
  cp $t/call.txt "open/Call Bob.txt" && is title "$(field Title "open/Call Bob.txt")" "Call Bob" && is stored "$(sql "select title from task where name = 'Call Bob.txt'")" "Call Bob" &&
    is type "$(field Type "open/Call Bob.txt")" Call && grep -q '^Next step:' "open/Call Bob.txt"
}
its_dates_count_from_the_copy() {
  printf 'Title:\nDue: +3d\nPriority: high\n' >$t/soon.txt && cp $t/soon.txt "open/Send quote.txt" &&
    is due "$(field Due "open/Send quote.txt")" "$(date -d '+3 days' +%F)" && is high "$(ls high)" "Send quote.txt" && is kept "$(field Due $t/soon.txt)" "+3d"
}
two_copies_are_two_tasks() {
  cp $t/soon.txt "open/First.txt" && cp $t/soon.txt "open/Second.txt" && is titles "$(sql "select group_concat(title, '|') from task where name in ('First.txt', 'Second.txt')")" "First|Second"
}
every_way_to_copy() {
  cat $t/soon.txt >"open/By cat.txt" && install -m 644 $t/soon.txt "open/By install.txt" && dd if=$t/soon.txt of="open/By dd.txt" status=none && rsync -a $t/soon.txt "open/By rsync.txt" &&
    is tasks "$(sql "select count(*) from task where gone = 0 and title like 'By %' and due = '$(date -d '+3 days' +%F)'")" 4
}
mv_makes_the_task_of_the_template_itself() {
  cp $t/soon.txt $t/once.txt && mv $t/once.txt "open/Only once.txt" && [ ! -e $t/once.txt ] && is due "$(field Due "open/Only once.txt")" "$(date -d '+3 days' +%F)"
}
a_task_becomes_a_template_by_cp_not_by_mv() {
  printf 'Due: fri\n\nAgenda\n' >"open/Weekly.txt" && cp "open/Weekly.txt" $t/weekly.txt && grep -q Agenda $t/weekly.txt &&
    fails_with "not permitted" mv "open/Weekly.txt" $t/x.txt && [ -f "open/Weekly.txt" ] && grep -q 'open/Weekly.txt:1: .*cp it there' .remindfs/errors
}
what_is_no_task_is_kept_there_too() {
  printf 'Due: next year\nDoe: 3\n' >$t/wrong.txt && is text "$(cat $t/wrong.txt)" "$(printf 'Due: next year\nDoe: 3')" && ! grep -q wrong.txt .remindfs/errors &&
    ! cp $t/wrong.txt "open/Wrong.txt" 2>/dev/null && grep -q 'open/Wrong.txt:2: unknown field "Doe"; did you mean "Due"' .remindfs/errors && grep -q 'Doe: 3' "open/Wrong.txt"
}
an_empty_one_stays_empty() { : >$t/empty.txt && is size "$(stat -c %s $t/empty.txt)" 0 && rm $t/empty.txt; }
sed_i() { sed -i 's/+3d/+5d/' $t/soon.txt && is due "$(field Due $t/soon.txt)" "+5d"; }
perl_i() { need perl && perl -pi -e 's/\+5d/+6d/' $t/soon.txt && is due "$(field Due $t/soon.txt)" "+6d"; }
an_append_adds_a_line() { echo "- bring the list" >>$t/soon.txt && is last "$(tail -n 1 $t/soon.txt)" "- bring the list"; }
vim_saves_in_every_way() {
  need vim || return
  local how
  for how in bkc=yes bkc=no bkc=auto "bkc=yes backup" nowritebackup; do
    vim -u NONE -i NONE -N -es -c "set $how" -c "normal Go$how" -c wq $t/soon.txt </dev/null >/dev/null 2>&1
    is "$how" "$(tail -n 1 $t/soon.txt)" "$how" || return 1
  done
  rm -f $t/soon.txt~
}
emacs_saves() {
  need emacs || return
  emacs -Q --batch $t/soon.txt --eval '(progn (goto-char (point-max)) (insert "by emacs\n") (save-buffer))' >/dev/null 2>&1
  is last "$(tail -n 1 $t/soon.txt)" "by emacs" && rm -f $t/soon.txt~
}
new_name() { mv $t/weekly.txt $t/agenda.txt && [ ! -e $t/weekly.txt ] && grep -q Agenda $t/agenda.txt; }
nothing_else_is_left() { names "agenda.txt call.txt demo.txt soon.txt wrong.txt "; }
no_template_is_a_task() {
  is views "$(ls today tomorrow week someday by-due | grep -c 'soon\|call\|agenda\|wrong')" 0 && is outbox "$(sql "select count(*) from outbox join task on task.id = outbox.task where name in ('call.txt', 'soon.txt')")" 0
}
they_survive_a_crash_and_stay_removed() {
  rm $t/demo.txt && echo kept >$t/kept.txt && mount_kill && fusermount3 -u -z "$mnt" && mount_up 60000 && names "agenda.txt call.txt kept.txt soon.txt wrong.txt " && is text "$(cat $t/kept.txt)" kept
}

run_stories "$0"
