#!/usr/bin/env bash
# Who may come in: nobody but its owner, and with allow_other others, as far as the modes say.
STORY_DIR=$(mktemp -d /var/tmp/remindfs.XXXXXX)	# where others can go, too
chmod 755 "$STORY_DIR"
. "$(dirname "$0")/lib.sh"
chmod 755 "$work"
export HOME=$work/home XDG_CONFIG_HOME=$work/home/config XDG_STATE_HOME=$work/home/state
mkdir -p "$HOME" "$XDG_CONFIG_HOME/remindfs" "$XDG_STATE_HOME"
printf '[sync]\nenabled = no\n' >"$XDG_CONFIG_HOME/remindfs/config"
chmod -R go= "$HOME"

cleanup() {
  cd /
  unmount
  rm -rf "$work" "$STORY_DIR"
}
trap cleanup EXIT
unmount() {
  cd /
  mountpoint -q "$mnt" || return 0
  "$REMINDFS" umount >/dev/null 2>&1 && eventually eval '! mountpoint -q "$mnt"'
}
# up OPTIONS...: mounted, with one task
up() {
  unmount && "$REMINDFS" mount "$@" "$mnt" >"$work/said" 2>&1 && cd "$mnt" && printf 'Title: Call Bob\n\nHe asked.\n' >"open/Call Bob.txt"
}
superuser() { [ "$(id -u)" = 0 ] || { missing="root, who can be somebody else," && return 77; }; }
# nobody CODE: what the other user gets of each line
nobody() {
  python3 -c "
import os
os.setgroups([]); os.setgid(65534); os.setuid(65534)
def said(f, *a):
    try: return f(*a)
    except OSError as e: return e.strerror
T = '$mnt/open/Call Bob.txt'
$1"
}

without_allow_other_nobody_else_sees_anything() {
  superuser && up || return
  is mount "$(grep -c " $mnt fuse.*allow_other" /proc/mounts)" 0 &&
    is seen "$(nobody 'print(said(os.listdir, "'"$mnt"'")); print(said(open, T)); print(said(os.stat, T))')" $'Permission denied\nPermission denied\nPermission denied'
}
with_allow_other_others_read() {
  superuser && up -o allow_other || return
  is mount "$(grep -c " $mnt fuse.*default_permissions,allow_other" /proc/mounts)" 1 &&
    is read "$(nobody 'print(open(T).read(), end=""); print(os.listdir("'"$mnt"'/open")); print(oct(os.stat(T).st_mode))')" $'Title: Call Bob\n\nHe asked.\n[\'Call Bob.txt\']\n0o100644'
}
with_allow_other_others_write_nothing() {
  superuser || return
  is refused "$(nobody 'D = "'"$mnt"'/open"
for f, a in ((open, (T, "w")), (open, (T, "a")), (os.truncate, (T, 0)), (os.unlink, (T,)), (os.rename, (T, D + "/Mine.txt")), (open, (D + "/New.txt", "w")), (open, (D + "/x", "w")),
    (os.symlink, ("a@b.1", D + "/.#x")), (os.chmod, (T, 0o666)), (os.utime, (T,)), (open, ("'"$mnt"'/.remindfs/ctl", "w"))):
    r = said(f, *a)
    print(r if isinstance(r, str) else "done: " + f.__name__ + str(a))' | sort | uniq -c | sed 's/^ *//')" $'1 Operation not permitted\n10 Permission denied' || return 1
  is text "$(cat "open/Call Bob.txt")" $'Title: Call Bob\n\nHe asked.' && is ls "$(ls -A open)" "Call Bob.txt"
}
the_owner_still_does_everything() {
  superuser || return
  echo more >>"open/Call Bob.txt" && mv "open/Call Bob.txt" completed/ && rm "completed/Call Bob.txt" && is ls "$(ls -A open completed)" $'completed:\n\nopen:' && unmount
}

run_stories "$0"
