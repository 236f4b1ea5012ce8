#!/usr/bin/env bash
# A laptop and a desktop: two daemons of one account, each with its own cache, over one sandbox.
. "$(dirname "$0")/lib.sh"
. "$here/accounts.sh"

desk=$work/desk
deskup() {
  mkdir -p -m 700 "$desk" "$desk/state" "$desk/state/remindfs" "$desk/mnt"
  cp -p "$work/state/remindfs/salesforce.token" "$desk/state/remindfs/"
  XDG_STATE_HOME=$desk/state "$remindfs" mount --wait "$desk/mnt"
}
deskdown() { XDG_STATE_HOME=$desk/state "$remindfs" umount "$desk/mnt"; }
trap 'deskdown >/dev/null 2>&1; accounts_cleanup' EXIT

sandbox_start
remote post /sandbox/config '{"external_id":true,"sc_rate":0}'
account_config
remindfs_mount --wait
deskup

made_on_the_laptop_is_on_the_desktop_and_there_once() {
  printf 'Due: 2026-12-01\n\nfrom the laptop\n' >"$mnt/open/Laptop.txt"
  eventually grep -qs "from the laptop" "$desk/mnt/open/Laptop.txt" && eventually once Laptop
}
made_in_SC_is_copied_once_by_both() {
  for i in 1 2 3 4 5; do remote new sc "title=From SC $i" "status=open" "priority=normal"; done
  for i in 1 2 3 4 5; do
    eventually once "From SC $i" && eventually test -f "$mnt/open/From SC $i.txt" &&
      eventually test -f "$desk/mnt/open/From SC $i.txt" || return 1
  done
}
made_in_SF_is_copied_once_by_both() {
  for i in 1 2 3 4 5; do remote new sf "title=From SF $i" "status=Not Started"; done
  for i in 1 2 3 4 5; do eventually once "From SF $i" || return 1; done
}
edited_on_both_at_once_both_edits_stay() {
  sed -i 's/^Due:.*/Due: 2026-12-24/' "$mnt/open/Laptop.txt"
  sed -i 's/^Priority:.*/Priority: High/' "$desk/mnt/open/Laptop.txt"
  eventually in_sf Laptop "due: 2026-12-24" && eventually in_sf Laptop "priority: High" &&
    eventually grep -q "Priority: High" "$mnt/open/Laptop.txt" && eventually grep -q "Due: 2026-12-24" "$desk/mnt/open/Laptop.txt"
}
nothing_is_doubled_after_a_while() {
  sleep 5
  [ "$(remote count sc)$(remote count sf)" = 1111 ] && [ "$(ls "$mnt/open")" = "$(ls "$desk/mnt/open")" ]
}

run_stories "$0"
