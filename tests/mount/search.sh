#!/usr/bin/env bash
# Saved searches: a directory is a query over title, person and details; what it holds is exact at every moment.
. "$(dirname "$0")/lib.sh"

mount_up 60000 || echo "# the mount does not answer"
afar() { printf '%s\n' "$@" >"$store.remote" && echo sync >.remindfs/ctl && rm "$store.remote"; }
holds() { is "$1" "$(ls "search/$1" | tr '\n' ' ')" "$2"; }
caught() { [ $(($(sql 'select max(seq) from feed') - $(sql "select value + 0 from meta where key = 'indexed'"))) -lt 100 ]; }
# finds QUERY NAMES: a search made for this alone
finds() { mkdir "search/$1" && holds "$1" "$2" && rmdir "search/$1"; }
taskid() { sql "select id from task where gone = 0 and title = '$1'"; }

printf 'Due: 2026-09-03\nPerson: Bob Müller <bob@acme.test>\n\nThe renewal of the two-year contract\n' >"open/Call Bob.txt"
printf 'Renewal is due, says Acme\n' >"open/Send quote.txt"
printf 'Nothing here\n' >"open/Acme renewal.txt"
printf 'acme renewal, of last year\n' >"completed/Old one.txt"

a_search_finds_by_title_person_and_details() {
  mkdir "search/acme renewal" && holds "acme renewal" "Acme renewal.txt Call Bob.txt Old one.txt Send quote.txt "
}
its_links_lead_to_where_the_tasks_live() {
  is open "$(readlink "search/acme renewal/Call Bob.txt")" "../../open/Call Bob.txt" && is completed "$(readlink "search/acme renewal/Old one.txt")" "../../completed/Old one.txt" &&
    grep -q two-year "search/acme renewal/Call Bob.txt" && is kinds "$(find search -mindepth 2 -not -type l | wc -l)" 0
}
all_words_must_be_there() { finds "acme zebra" "" && finds "bob renewal" "Call Bob.txt " && finds "renewal" "Acme renewal.txt Call Bob.txt Old one.txt Send quote.txt "; }
case_and_accents_do_not_count() { finds "MULLER" "Call Bob.txt " && finds "müller" "Call Bob.txt " && finds "Call" "Call Bob.txt "; }
a_phrase_is_in_quotes() { finds '"acme renewal"' "Acme renewal.txt Old one.txt " && finds '"renewal acme"' "" && finds '"renewal of" bob' "Call Bob.txt "; }
a_star_is_any_ending() { finds "contr*" "Call Bob.txt " && finds "contr" "" && finds '"two-ye"*' "Call Bob.txt " && finds "renew* quot*" "Send quote.txt "; }
an_address_is_found() { finds "bob@acme.test" "Call Bob.txt " && finds "acme.test" "Call Bob.txt "; }
any_text_is_a_query() {
  local q
  for q in '"' '""' '*' '***' "'" "';drop table task;--" 'a OR' 'NOT x' 'NEAR(a b)' 'title:acme' '-renewal' '^acme' '(' ')' 'a AND' '{x}' '+' '\' '%' '_' '"a' 'a"b"c' "$(printf 'x%.0s ' $(seq 120))" "$(printf '"%.0s' $(seq 255))" \
    "$(printf '"a"*%.0s' $(seq 60))" '🦄' $'line\nbreak' $'tab\there' 'acme" OR "x'; do
    mkdir "search/$q" && ls "search/$q" >/dev/null && ls -l "search/$q" >/dev/null && [ ! -e "search/$q/No such.txt" ] && rmdir "search/$q" || return 1
  done
  finds 'acme & renewal' "Acme renewal.txt Call Bob.txt Old one.txt Send quote.txt " && finds 'NOT bob' "" && finds 'OR' "" &&
    ! grep -q 'store: sqlite' "$work/log" && fails_with "" mkdir $'search/\xff'
}
exact_after_an_edit() {
  echo "renewed, by acme" >"open/Send quote.txt" && holds "acme renewal" "Acme renewal.txt Call Bob.txt Old one.txt " && [ ! -e "search/acme renewal/Send quote.txt" ] &&
    sed -i 's/renewed/renewal/' "open/Send quote.txt" && [ -L "search/acme renewal/Send quote.txt" ]
}
exact_after_a_new_name_a_move_a_delete_and_a_restore() {
  mv "open/Acme renewal.txt" "open/Acme.txt" && holds "acme renewal" "Call Bob.txt Old one.txt Send quote.txt " && mv "open/Acme.txt" "open/Acme renewal.txt" &&
    mv "search/acme renewal/Send quote.txt" completed/ && is moved "$(readlink "search/acme renewal/Send quote.txt")" "../../completed/Send quote.txt" &&
    rm "completed/Send quote.txt" && holds "acme renewal" "Acme renewal.txt Call Bob.txt Old one.txt " &&
    printf 'acme renewal again\n' >"completed/Send quote.txt" && holds "acme renewal" "Acme renewal.txt Call Bob.txt Old one.txt Send quote.txt "
}
exact_after_what_a_remote_does() {
  afar "new Acme renewal from afar" && eventually test -L "search/acme renewal/Acme renewal from afar.txt" &&
    afar "title $(taskid "Acme renewal from afar") Elsewhere" && eventually test ! -L "search/acme renewal/Acme renewal from afar.txt" &&
    afar "details $(taskid Elsewhere) the acme renewal" && eventually test -L "search/acme renewal/Elsewhere.txt" &&
    afar "gone $(taskid Elsewhere)" && eventually test ! -L "search/acme renewal/Elsewhere.txt"
}
exact_after_a_large_import() {
  local i
  for i in $(seq 3000); do echo "new Bulk $i zebra$((i % 10))"; done >"$store.remote"
  echo sync >.remindfs/ctl && mkdir search/zebra7 && is hits "$(ls search/zebra7 | wc -l)" 300 && is all "$(ls -f search/zebra7 | sort | uniq -d | wc -l)" 0 && rmdir search/zebra7
  local bad=$?
  rm -f "$store.remote"
  return $bad
}
# Whenever the index moved, nobody had saved for a while: 50 ms, but for the clocks; how fast the machine is is no matter.
the_index_catches_up_in_quiet_moments_alone() {
  mkdir search/zebra && ls search/zebra >/dev/null && python3 - "$store" <<'PY' && eventually caught && rmdir search/zebra
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=5)
mark = lambda: db.execute("SELECT value FROM meta WHERE key = 'indexed'").fetchone()[0]
was, times, moves = mark(), [time.monotonic()] * 4, 0
for i in range(400):
    with open("open/Busy.txt", "w") as f: f.write("zebra %d\n" % i)
    now = mark()
    times = times[1:] + [time.monotonic()]
    gap = max(b - a for a, b in zip(times, times[1:]))
    moves += now != was
    assert now == was or gap > 0.045, (i, was, now, times)
    was = now
print("# moved %d times in 400 saves" % moves)
PY
}
mv_of_a_search_is_another_search() {
  local was
  was=$(ino "search/acme renewal")
  mv "search/acme renewal" "search/two-year" && holds two-year "Call Bob.txt " && is inode "$(ino search/two-year)" "$was" && [ ! -e "search/acme renewal" ] &&
    mkdir search/zebra && ! mv -T search/zebra search/two-year 2>/dev/null && rmdir search/zebra && fails_with "not permitted" mv search/two-year today/
}
made_twice_is_refused() { fails_with "File exists" mkdir search/two-year; }
what_a_search_cannot_do_is_refused_and_said() {
  local before e=.remindfs/errors
  before=$(sql 'select count(*) from task where gone = 0')
  fails_with "not permitted" mv "open/Acme renewal.txt" search/two-year/ && grep -q '^open/Acme renewal.txt:1: not moved to search/, .*edit the task' $e &&
    fails_with "not permitted" mv "open/Acme renewal.txt" search/ && fails_with "not permitted" rm "search/two-year/Call Bob.txt" && grep -q '^open/Call Bob.txt:1: not removed from search/, .*rmdir it' $e &&
    fails_with "not permitted" rm -r search/two-year && fails_with "not permitted" mkdir search/two-year/x && grep -q '^search/x:1: not made; .*mkdir search/WORDS' $e &&
    fails_with "not permitted" touch search/x.txt && is tasks "$(sql 'select count(*) from task where gone = 0')" "$before" && [ -d search/two-year ]
}
searches_survive_a_remount_and_a_crash() {
  mkdir "search/last year" && mount_down && mount_up 60000 && is searches "$(ls search | tr '\n' ' ')" "last year two-year " && holds "last year" "Old one.txt " &&
    echo "said last year" >"open/Send it.txt" && mount_kill && fusermount3 -u -z "$mnt" && mount_up 60000 && holds "last year" "Old one.txt Send it.txt "
}
rmdir_drops_it() { rmdir "search/last year" search/two-year && is searches "$(ls -A search)" "" && [ -f "completed/Old one.txt" ] && is stored "$(sql 'select count(*) from search')" 0; }
a_search_is_no_edit() {
  local feed
  feed=$(sql 'select max(seq) from feed')
  mkdir search/bob && ls -l search/bob by-person >/dev/null && rmdir search/bob && is feed "$(sql 'select max(seq) from feed')" "$feed"
}

run_stories "$0"
