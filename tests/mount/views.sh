#!/usr/bin/env bash
# The views: what each holds, what moving a task into it means, and what is refused with the command to type instead.
. "$(dirname "$0")/lib.sh"

mount_up 60000 || echo "# the mount does not answer"
day() { date -d "$1" +%F; }
reads() { sed -n 's/^syscr: //p' "/proc/$daemon/io"; }
tasks() { sql 'select count(*) from task where gone = 0'; }

printf 'Due: %s\n' "$(day '-3 days')" >"open/Late.txt"
printf 'Due: today\n' >"open/Now.txt"
printf 'Due: +2d\nPriority: high\n' >"open/Soon.txt"
printf 'Due: +40d\n' >"open/Far.txt"
printf 'Due:\n\nlighthouse\n' >"open/Whenever.txt"
printf 'Due: today\nPriority: high\n' >"completed/Done.txt"

holds() { is "$1" "$(ls "$1" | tr '\n' ' ')" "$2"; }

each_view_holds_its_open_tasks() {
  holds overdue "Late.txt " && holds today "Now.txt " && holds week "Now.txt Soon.txt " && holds someday "Whenever.txt " &&
    holds high "Soon.txt " && holds tomorrow ""
}
by_due_is_the_agenda() {
  is by-due "$(ls by-due)" "$(printf '%s Late.txt\n%s Now.txt\n%s Soon.txt\n%s Far.txt' "$(day '-3 days')" "$(day now)" "$(day '+2 days')" "$(day '+40 days')")" &&
    is target "$(readlink "by-due/$(day now) Now.txt")" "../open/Now.txt" && cat by-due/*Now.txt | grep -q "^Due: $(day now)\|^Due: today"
}
links_so_a_task_is_counted_once() {
  is grep "$(grep -rl lighthouse . | wc -l)" 1 && is find "$(find . -path ./.remindfs -prune -o -name Soon.txt -type f -print | wc -l)" 1 &&
    is kinds "$(find overdue today tomorrow week someday high by-due -mindepth 1 -not -type l | wc -l)" 0
}
mv_to_someday_clears_the_date() {
  mv "open/Far.txt" someday/ && is due "$(sed -n 's/^Due: *//p' "open/Far.txt")" "" && holds someday "Far.txt Whenever.txt "
}
mv_to_high_is_high_and_rm_there_is_normal() {
  mv "open/Late.txt" high/ && grep -q "^Priority: High" "open/Late.txt" && holds high "Late.txt Soon.txt " &&
    rm "high/Late.txt" && grep -q "^Priority: Normal" "open/Late.txt" && [ -e "open/Late.txt" ] && holds high "Soon.txt "
}
mv_from_a_view_to_a_view() {
  mv "overdue/Late.txt" tomorrow/ && holds overdue "" && holds tomorrow "Late.txt " && grep -q "^Due: $(day tomorrow)" "open/Late.txt"
}
mv_from_a_view_completes() {
  mv "high/Soon.txt" completed/ && [ -f "completed/Soon.txt" ] && holds high "" && mv "completed/Soon.txt" open/ && holds high "Soon.txt "
}
mv_from_the_agenda_keeps_the_name() {
  mv "by-due/$(day '+2 days') Soon.txt" completed/ && [ -f "completed/Soon.txt" ] && ls completed/*Soon.txt >/dev/null && is names "$(ls completed | grep -c Soon)" 1 &&
    [ ! -e "completed/$(day '+2 days') Soon.txt" ] && mv "completed/Soon.txt" open/
}
what_a_view_cannot_do_is_refused_and_said() {
  local before view
  before=$(tasks)
  for view in overdue week by-due; do
    fails_with "not permitted" mv "open/Whenever.txt" $view/ && grep -q "open/Whenever.txt:1: not moved to $view/" .remindfs/errors || return 1
  done
  for view in today tomorrow week someday by-due; do
    local one
    one=$(ls $view | head -n 1)
    [ -z "$one" ] || fails_with "not permitted" rm "$view/$one" || return 1
  done
  is tasks "$(tasks)" "$before"
}
nothing_else_can_be_made_in_a_view() {
  fails_with "not permitted" mkdir overdue/x && fails_with "" touch high/new.txt && fails_with "not permitted" ln -s x someday/y
}
sed_i_in_a_view_cannot_hurt() {
  local before
  before=$(tasks)
  (cd week && sed -i 's/Now/Later/' Now.txt 2>/dev/null)
  is tasks "$(tasks)" "$before" && [ -f "open/Now.txt" ] && [ -L "week/Now.txt" ]
}
views_are_exact_in_a_warm_mount() {
  ls -l overdue today week high someday by-due >/dev/null
  printf 'Due: %s\nPriority: high\n' "$(day yesterday)" >"open/Fresh.txt"
  [ -L "overdue/Fresh.txt" ] && [ -L "high/Fresh.txt" ] && [ -L "by-due/$(day yesterday) Fresh.txt" ] || return 1
  rm "open/Fresh.txt"
  eventually test ! -L "overdue/Fresh.txt" && is high "$(ls high | grep -c Fresh)" 0
}

person() { printf 'Person: %s\n' "$2" >"open/$1.txt"; }
by_person_lists_whom_open_tasks_name() {
  is nobody "$(ls by-person)" "" && person "Quote" "Bob Müller <bob@example.test>" && person "Demo" "Bob Müller <bob@example.test>" && person "Lunch" "Zoë" &&
    person "Mail" "ann@example.test" && is persons "$(ls by-person)" "$(printf 'Bob Müller\nZoë\nann@example.test')" &&
    is bob "$(ls "by-person/Bob Müller" | tr '\n' ' ')" "Demo.txt Quote.txt " && is target "$(readlink "by-person/Bob Müller/Demo.txt")" "../../open/Demo.txt" &&
    grep -q "^Person: Bob" "by-person/Bob Müller/Quote.txt" && is zoe "$(ls by-person/Zoë/)" "Lunch.txt"
}
persons_of_one_name_are_told_apart() {
  person "Other" "Bob Müller <b.mueller@other.test>" && person "Same" "Bob Müller <BOB@example.test>" &&
    is persons "$(ls by-person | grep -c Bob)" 2 && is other "$(ls "by-person/Bob Müller <b.mueller@other.test>")" "Other.txt" &&
    is bob "$(ls "by-person/Bob Müller" | tr '\n' ' ')" "Demo.txt Quote.txt Same.txt "
}
a_hostile_person_cannot_leave() {
  person "Evil" "../../etc/passwd" && person "Dot" ".. <..@example.test>" && person "Hidden" ".hidden" && is names "$(ls by-person | grep -c '／\|^．')" 3 && ls -lR by-person >/dev/null &&
    rm "open/Evil.txt" "open/Dot.txt" "open/Hidden.txt" && is names "$(ls -A by-person | grep -c '／\|^．')" 0
}
mv_out_of_a_person_completes_and_the_last_one_leaves_no_directory() {
  mv "by-person/Zoë/Lunch.txt" completed/ && [ -f "completed/Lunch.txt" ] && [ ! -e "by-person/Zoë" ] && is persons "$(ls by-person | grep -c Zoë)" 0 &&
    mv "completed/Lunch.txt" open/ && is zoe "$(ls by-person/Zoë)" "Lunch.txt"
}
a_persons_inode_is_stable() {
  local was
  was=$(ino "by-person/Zoë")
  mv "open/Lunch.txt" completed/ && mv "completed/Lunch.txt" open/ && mount_down && mount_up 60000 && is inode "$(ino "by-person/Zoë")" "$was" && is entry "$(ls -i by-person | grep -c "^ *$was Zoë")" 1
}
what_by_person_cannot_do_is_refused_and_said() {
  local before e=.remindfs/errors
  before=$(sql "select count(*), group_concat(coalesce(person, '')) from task where gone = 0")
  fails_with "not permitted" mkdir by-person/New && grep -q '^by-person/New:1: not made; .*Person: NAME' $e &&
    fails_with "not permitted" mv "open/Mail.txt" "by-person/Zoë/" && grep -q '^open/Mail.txt:1: not moved to by-person/, .*Person: NAME' $e &&
    fails_with "not permitted" rm "by-person/Zoë/Lunch.txt" && grep -q '^open/Lunch.txt:1: not removed from by-person/, .*mv it to completed/' $e &&
    fails_with "not permitted" rmdir "by-person/Zoë" && grep -q '^by-person/Zoë:1: not removed; ' $e &&
    fails_with "not permitted" mv "by-person/Zoë" by-person/Zoe && grep -q '^by-person/Zoë:1: not renamed; ' $e &&
    is tasks "$(sql "select count(*), group_concat(coalesce(person, '')) from task where gone = 0")" "$before"
}
# Each costs the daemon two reads: by-person is looked at, and the name is; what a person's directory is like is kept (else: three).
ls_l_of_by_person_asks_for_names_alone() {
  local i before
  for i in $(seq 100); do printf 'Due:\nPerson: Guest %s\n' "$i" >"open/Guest $i.txt"; done
  ls -l by-person >/dev/null && before=$(reads) && is guests "$(ls -l by-person | grep -c "Guest ")" 100 && [ $(($(reads) - before)) -lt 270 ]
}

run_stories "$0"
