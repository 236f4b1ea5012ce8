# saving - what the stories about saving share: the mount, the task that is saved, and what must be true of it afterwards.
. "$(dirname "$0")/lib.sh"

mount_up 60000 || echo "# the mount does not answer"
T="open/Call Bob.txt"
new=$'Title: Call Bob\nPriority: Normal\nDue: 2026-09-03\n\nHe asked.\nsend PDF'
export TERM=xterm HOME=$work XDG_CONFIG_HOME=$work/config XDG_STATE_HOME=$work/state XDG_DATA_HOME=$work/data
mkdir -p "$work/undo"

# more: the edit of most stories
more=$'He asked.\nsend PDF'
# fresh: the task as it stands before each story
fresh() {
  rm -f open/* open/.[!.]*
  printf 'Title: Call Bob\nPriority: Normal\nDue: 2026-09-03\n\nHe asked.\n' >"$T"
  printf 'Title: Bystander\n\nx\n' >open/Bystander.txt
  was=$(ino "$T") n=$(sql 'select count(*) from task') gone=$(sql 'select count(*) from task where gone')
  feed=$(sql 'select max(seq) from feed') past=$(sql 'select max(id) from history') sent=$(sql "select max(seq) from outbox where task = $((was >> 6))")
}

# updated DETAILS [EXTRA]: the edit since fresh was one, and the directory holds the two tasks and EXTRA alone
updated() {
  is edits "$(sql "select count(*) from feed where seq > $feed and fields <> 0")" 1 && is fields "$(sql "select max(fields) from feed where seq > $feed")" 16 &&
    is history "$(sql "select count(*) from history where id > $past and task = $((was >> 6)) and field = 4")" 1 &&
    is inode "$(ino "$T")" "$was" && is details "$(sql "select details from body where task = $((was >> 6))")" "$1" &&
    is text "$(cat "$T")" $'Title: Call Bob\nPriority: Normal\nDue: 2026-09-03\n\n'"$1" && is size "$(stat -c %s "$T")" "$(wc -c <"$T")" &&
    is tasks "$(sql 'select count(*) from task')" "$n" && is gone "$(sql 'select count(*) from task where gone')" "$gone" &&
    is outbox "$(sql "select count(*) from outbox where task = $((was >> 6)) and seq > $sent")" 1 &&
    is directory "$(ls -A open | tr '\n' '|')" "$(printf '%s\n' "Bystander.txt" "Call Bob.txt" ${2:+"$2"} | sort | tr '\n' '|')"
}
# untouched: opened and saved as it was
untouched() {
  is feed "$(sql "select count(*) from feed where seq > $feed and fields <> 0")" 0 && is inode "$(ino "$T")" "$was" &&
    is text "$(cat "$T")" $'Title: Call Bob\nPriority: Normal\nDue: 2026-09-03\n\nHe asked.' && is tasks "$(sql 'select count(*) from task')" "$n"
}

# pty KEYS COMMAND...: type KEYS, a piece each 0.4 s, at COMMAND; at most 20 s
pty() {
  python3 - "$@" >"$work/screen" 2>&1 <<'PY'
import ast, os, pty, select, signal, sys, time
keys = ast.literal_eval(sys.argv[1])
pid, fd = pty.fork()
if not pid:
    os.execvp(sys.argv[2], sys.argv[2:])
end, due = time.time() + 20, time.time() + 0.8
while time.time() < end:
    if keys and time.time() > due:
        os.write(fd, keys.pop(0).encode())
        due = time.time() + 0.4
    if not select.select([fd], [], [], 0.05)[0]:
        continue
    try:
        sys.stdout.write(os.read(fd, 65536).decode(errors="replace"))
    except OSError:
        break
else:
    os.kill(pid, signal.SIGKILL)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
}
onscreen() { pty "[]" sh -c "$1"; }

# saves N: what was edited since fresh was the same task, N times
saves() {
  is edits "$(sql "select count(*) from feed where seq > $feed and fields <> 0")" "$1" && is inode "$(ino "$T")" "$was" &&
    is tasks "$(sql 'select count(*) from task')" "$n" && is gone "$(sql 'select count(*) from task where gone')" "$gone"
}
