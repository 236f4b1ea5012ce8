#!/usr/bin/env bash
# The views: what each holds, what moving a task into it means, and what is refused with the command to type instead.
. "$(dirname "$0")/lib.sh"

mount_up 60000 || echo "# the mount does not answer"
day() { date -d "$1" +%F; }
head3() { head -n 3 "$1" | tr '\n' ' '; }
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
  is grep "$(grep -rl --exclude-dir=.remindfs lighthouse . | wc -l)" 1 && is find "$(find . -path ./.remindfs -prune -o -name Soon.txt -type f -print | wc -l)" 1 &&
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

run_stories "$0"
