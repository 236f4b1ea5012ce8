#!/usr/bin/env bash
# A new day, a suspended machine, another zone: the views of a warm mount hold what they should at once, and no date shifts.
. "$(dirname "$0")/lib.sh"

export MOUNTD_CLOCK=$work/clock
# clock DATE [ZONE]: it is then; the date is in that zone
clock() { TZ=${2:-Europe/Berlin} date -d "$1" "+%s ${2:-Europe/Berlin}" >"$MOUNTD_CLOCK.new" && mv "$MOUNTD_CLOCK.new" "$MOUNTD_CLOCK"; }

clock "2026-09-03 23:59:58"
mount_up 60000 || echo "# the mount does not answer"
for day in 02 03 04 05 10; do printf 'Due: 2026-09-%s\n' $day >"open/On $day.txt"; done
stored=$(sql "select group_concat(title || ' ' || due) from task")

holds() { is "$1" "$(ls "$1" | tr '\n' ' ')" "$2"; }
# views OVERDUE TODAY TOMORROW WEEK: what they hold, by names, through a walk and through lookups
views() {
  holds overdue "$1" && holds today "$2" && holds tomorrow "$3" && holds week "$4" || return 1
  local view name n=0
  for view in overdue today tomorrow week; do
    for name in 02 03 04 05 10; do [ ! -L "$view/On $name.txt" ] || n=$((n + 1)); done
  done
  is links $n "$(printf '%s' "$1$2$3$4" | grep -o On | wc -l)" && is due "$(sql "select group_concat(title || ' ' || due) from task")" "$stored"
}

before_midnight() { views "On 02.txt " "On 03.txt " "On 04.txt " "On 03.txt On 04.txt On 05.txt "; }
at_midnight_in_a_warm_mount() {
  local was
  ls -lR . >/dev/null
  was=$(stat -c %Y today)
  clock "2026-09-03 23:59:59" && before_midnight && clock "2026-09-04 00:00:00" &&
    views "On 02.txt On 03.txt " "On 04.txt " "On 05.txt " "On 04.txt On 05.txt On 10.txt " && [ "$(stat -c %Y today)" -gt "$was" ]
}
an_open_directory_is_read_anew() {
  exec 7<today
  clock "2026-09-05 00:00:01" && is listing "$(ls /dev/fd/7/)" "On 05.txt" && is entry "$(cd today && ls)" "On 05.txt"
  local bad=$?
  exec 7<&-
  return $bad
}
days_of_suspend() { clock "2026-09-12 07:30" && views "On 02.txt On 03.txt On 04.txt On 05.txt On 10.txt " "" "" ""; }
a_clock_set_back() { clock "2026-09-03 12:00" && before_midnight; }
another_zone() {
  clock "2026-09-03 20:00" && before_midnight && clock "2026-09-04 08:00:01" Pacific/Kiritimati &&
    views "On 02.txt On 03.txt " "On 04.txt " "On 05.txt " "On 04.txt On 05.txt On 10.txt " &&
    clock "2026-09-02 23:00" Pacific/Honolulu && views "" "On 02.txt " "On 03.txt " "On 02.txt On 03.txt On 04.txt On 05.txt "
}
where_midnight_is_skipped() {
  clock "2026-09-05 23:59:59" America/Santiago && views "On 02.txt On 03.txt On 04.txt " "On 05.txt " "" "On 05.txt On 10.txt " &&
    echo "$(($(cut -d' ' -f1 "$MOUNTD_CLOCK") + 1)) America/Santiago" >"$MOUNTD_CLOCK" && holds today "" && holds overdue "On 02.txt On 03.txt On 04.txt On 05.txt "
}
date_words_are_of_the_new_day() {
  clock "2026-09-08 00:00:00" && printf 'Due: today\n' >"open/Word.txt" && grep -q '^Due: 2026-09-08' "open/Word.txt" && holds today "Word.txt " &&
    mv "open/Word.txt" tomorrow/ && grep -q '^Due: 2026-09-09' "open/Word.txt" && clock "2026-09-09 00:00:00" && holds today "Word.txt " && holds tomorrow "On 10.txt "
}

run_stories "$0"
