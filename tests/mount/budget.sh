#!/usr/bin/env bash
# An org whose calls are nearly used up: edits wait here, nothing is asked, and a person who asks is answered.
. "$(dirname "$0")/lib.sh"
. "$here/accounts.sh"

sandbox_start
account_config
remindfs_mount --wait

# others N: other programs of the org make so many calls
others() {
  python3 - "$SANDBOX" "$1" <<'END'
import http.client, sys
host = sys.argv[1].split("//")[1]
c = http.client.HTTPConnection(host)
for _ in range(int(sys.argv[2])):
    c.request("GET", "/services/data/v66.0/limits", headers={"Authorization": "Bearer sf-token"})
    c.getresponse().read()
END
}
limit() { remote post /sandbox/config "{\"api_limit\":$1}" >/dev/null; }

budget_says_whose_calls_they_are() {
  printf 'Due:\n\nfirst\n' >open/Plan.txt && eventually in_sf Plan "details: first" && "$remindfs" sync >/dev/null &&
    eventually grep -q "of the org's 100000 calls in 24 hours" .remindfs/budget && grep -q "calls from here in" .remindfs/budget &&
    grep -q "everything is sent at once" .remindfs/budget
}
nearly_used_up_edits_are_kept_and_nothing_is_asked() {
  others 2000 && limit 2100 && eventually grep -q "used up but for what is left to others" .remindfs/status &&
    grep -q "cat .remindfs/budget" .remindfs/status || return 1
  local before
  before=$(remote seq)
  sed -i 's/^first$/second/' open/Plan.txt && sleep 4
  is calls "$(remote requests "$before" sf)" "" && in_sf Plan "details: first" && is "state" "$(getfattr --only-values -n user.remindfs.state open/Plan.txt)" pending &&
    grep -q "edits are kept here and wait, too" .remindfs/budget
}
a_person_who_asks_is_answered() {
  "$remindfs" sync >/dev/null && eventually in_sf Plan "details: second"
}
with_a_new_quota_all_goes_on() {
  limit 100000 && "$remindfs" sync >/dev/null && eventually grep -q "everything is sent at once" .remindfs/budget &&
    ! grep -q "used up" .remindfs/status && sed -i 's/^second$/third/' open/Plan.txt && eventually in_sf Plan "details: third"
}

run_stories "$0" ${STORY:-}
