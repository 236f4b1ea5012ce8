#!/usr/bin/env bash
# The system calls once more, in their corners: every rename, two writers, memory maps, locks, long directories, other users.
. "$(dirname "$0")/lib.sh"

mount_up 60000 || echo "# the mount does not answer"
py() { timeout 60 python3 -c "import os, sys, mmap, errno, fcntl, ctypes, stat, struct, threading, time
def fails(want, f, *a):
    try: f(*a)
    except OSError as e: assert e.errno == want, (errno.errorcode[e.errno], errno.errorcode[want], f, a)
    else: raise AssertionError(('no failure', f, a))
def put(path, text):
    with open(path, 'w') as f: f.write(text)
def get(path): return open(path).read()
libc = ctypes.CDLL(None, use_errno=True)
$1" "${@:2}"; }
number() { echo $(($(ino "$1") >> 6)); }

every_rename_is_done_or_refused_by_a_plain_name() {
  timeout 100 python3 "$here/renames.py" "$mnt" >"$work/renames" || return 1
  diff "$here/renames.want" "$work/renames" >"$work/diff" || { sed 's/^/# /' "$work/diff"; return 1; }
  rm -f open/* open/.#* completed/* completed/.#*
}
# What fuse does to an exchange, a whiteout or a nameless file is refused, and never by a surprise.
flags_of_rename_and_open() {
  py '
def rename2(a, b, flags):
    if libc.renameat2(-100, a, -100, b, flags): raise OSError(ctypes.get_errno(), "renameat2")
put("open/A.txt", "a\n"); put("open/B.txt", "b\n"); put("open/x", "x\n")
fails(errno.EEXIST, rename2, b"open/A.txt", b"open/B.txt", 1)
fails(errno.EEXIST, rename2, b"open/x", b"open/A.txt", 1)
rename2(b"open/x", b"open/y", 1)
fails(errno.EINVAL, rename2, b"open/A.txt", b"open/B.txt", 2)
fails(errno.EOPNOTSUPP, os.open, "open", os.O_TMPFILE | os.O_WRONLY, 0o600)
fails(errno.ELOOP, os.open, "today/../open/.#l", os.O_RDONLY | os.O_NOFOLLOW) if not os.symlink("a@b.1", "open/.#l") else 0
fails(errno.ENOENT, os.open, "open/.#l", os.O_RDONLY)
assert get("open/A.txt") + get("open/B.txt") == "a\nb\n"
os.unlink("open/y"); os.unlink("open/.#l")'
}
kinds_of_failure_have_their_names() {
  py '
put("open/A.txt", "a\n")
long = "open/" + "x" * 252 + ".txt"
for f in (os.stat, os.unlink, os.rmdir, os.listdir): fails(errno.ENAMETOOLONG, f, long)
fails(errno.ENAMETOOLONG, os.open, long, os.O_CREAT | os.O_WRONLY)
fails(errno.ENAMETOOLONG, os.rename, "open/A.txt", long)
fails(errno.ENAMETOOLONG, os.mkdir, long); fails(errno.ENAMETOOLONG, os.symlink, "x", long)
for f in (os.stat, os.unlink): fails(errno.ENOTDIR, f, "open/A.txt/b")
fails(errno.ENOTDIR, os.rmdir, "open/A.txt"); fails(errno.ENOTDIR, os.listdir, "open/A.txt")
fails(errno.ENOTDIR, os.rename, "open/A.txt", "open/A.txt/b")
fails(errno.EISDIR, os.open, "open", os.O_WRONLY); fails(errno.EISDIR, os.unlink, "open")
fails(errno.EISDIR, os.open, "open", os.O_CREAT | os.O_WRONLY)
fails(errno.EEXIST, os.mkdir, "open"); fails(errno.EEXIST, os.mkdir, "open/A.txt")
fails(errno.ENOENT, os.stat, "open/none.txt"); fails(errno.ENOENT, os.unlink, "open/none"); fails(errno.ENOENT, os.stat, "none")
put("open/V.txt", "Due: today\n\nx\n")
fails(errno.ELOOP, os.open, "today/V.txt", os.O_RDONLY | os.O_NOFOLLOW)
fails(errno.EINVAL, os.readlink, "open/A.txt"); assert os.readlink("today/V.txt") == "../open/V.txt"
fails(errno.EPERM, os.link, "open/A.txt", "open/hard.txt"); fails(errno.EPERM, os.link, "open/A.txt", "open/A.txt~")
fails(errno.EPERM, os.mkdir, "open/dir"); fails(errno.EPERM, os.mkdir, "completed/dir"); fails(errno.EPERM, os.mkdir, "today/dir")
for d in ("open", "today"):
    fails(errno.EPERM, os.mkfifo, d + "/fifo"); fails(errno.EPERM, os.mkfifo, d + "/fifo.txt")
    fails(errno.EPERM, os.mknod, d + "/dev", stat.S_IFBLK | 0o600, os.makedev(7, 0))
    fails(errno.EPERM, os.symlink, "/etc/passwd", d + "/soft.txt"); fails(errno.EPERM, os.symlink, "/etc/passwd", d + "/soft")
fails(errno.EPERM, os.mknod, "open/sock.txt", stat.S_IFSOCK | 0o600)
os.mknod("open/Made by mknod.txt", stat.S_IFREG | 0o644); assert os.stat("open/Made by mknod.txt").st_size == 0
fd = os.open("open/A.txt", os.O_RDONLY); fails(errno.EBADF, os.write, fd, b"x"); fails(errno.EINVAL, os.ftruncate, fd, 0)
fd = os.open("open/A.txt", os.O_WRONLY); fails(errno.EBADF, os.read, fd, 1)
assert sorted(n for n in os.listdir("open") if not n.endswith(".txt")) == []'
}
exclusive_creation_is_won_once() {
  py '
won = []
def race(k):
    try: os.close(os.open("open/Race.txt", os.O_CREAT | os.O_EXCL | os.O_WRONLY)); won.append(k)
    except FileExistsError: pass
ts = [threading.Thread(target=race, args=(k,)) for k in range(16)]
[t.start() for t in ts]; [t.join() for t in ts]
assert len(won) == 1, won
assert os.listdir("open").count("Race.txt") == 1'
}
sizes_up_down_and_holes() {
  py '
put("open/scratch", "0123456789")
fd = os.open("open/scratch", os.O_RDWR)
os.ftruncate(fd, 4); assert os.fstat(fd).st_size == 4 and os.pread(fd, 99, 0) == b"0123"
os.ftruncate(fd, 8); assert os.fstat(fd).st_size == 8 and os.pread(fd, 99, 0) == b"0123" + b"\0" * 4
os.pwrite(fd, b"end", 20); assert os.fstat(fd).st_size == 23 and os.pread(fd, 99, 0) == b"0123" + b"\0" * 16 + b"end"
assert os.lseek(fd, 0, os.SEEK_END) == 23
os.close(fd); assert open("open/scratch", "rb").read() == b"0123" + b"\0" * 16 + b"end"
os.truncate("open/scratch", 2); assert get("open/scratch") == "01" and os.stat("open/scratch").st_size == 2
fails(errno.EFBIG, os.truncate, "open/scratch", 1 << 40)
fd = os.open("open/scratch", os.O_RDWR); fails(errno.EFBIG, os.pwrite, fd, b"x", 1 << 40); os.close(fd)
assert get("open/scratch") == "01"; os.unlink("open/scratch")
put("open/Down.txt", "Title: Down\n\n0123456789\n")
fd = os.open("open/Down.txt", os.O_RDWR); os.ftruncate(fd, 17); assert os.fstat(fd).st_size == 17; os.close(fd)
assert get("open/Down.txt") == "Title: Down\n\n0123" and os.stat("open/Down.txt").st_size == 17'
}
a_hole_in_a_task_is_a_rejected_save_and_kept() {
  py '
put("open/Hole.txt", "Title: Hole\n\nabc\n")
fd = os.open("open/Hole.txt", os.O_RDWR); os.pwrite(fd, b"far\n", 40)
fails(errno.EILSEQ, os.close, fd)
assert open("open/Hole.txt", "rb").read() == b"Title: Hole\n\nabc\n" + b"\0" * 23 + b"far\n"' &&
    is errors "$(grep -c '^open/Hole.txt:' .remindfs/errors)" 1 && is details "$(sql "select details from body where task = $(number open/Hole.txt)")" abc &&
    printf 'Title: Hole\n\nabc\n' >open/Hole.txt && is errors "$(grep -c '^open/Hole.txt:' .remindfs/errors)" 0
}
appenders_in_two_processes_lose_nothing() {
  py '
put("open/Log.txt", "Title: Log\n\n")
pids = []
for who in "ab":
    pid = os.fork()
    if not pid:
        fd = os.open("open/Log.txt", os.O_WRONLY | os.O_APPEND)
        for i in range(200): os.write(fd, b"%s%03d\n" % (who.encode(), i))
        os.close(fd); os._exit(0)
    pids.append(pid)
assert all(os.waitpid(p, 0)[1] == 0 for p in pids)
lines = get("open/Log.txt").split("\n")[2:-1]
assert sorted(lines) == ["%s%03d" % (w, i) for w in "ab" for i in range(200)], len(lines)
for w in "ab": assert [l for l in lines if l[0] == w] == sorted(l for l in lines if l[0] == w)'
}
shells_that_append_one_line_each_lose_nothing() {
  printf 'Title: Lines\n\n' >open/Lines.txt
  local i pids=()
  for i in $(seq 40); do echo "line $i" >>open/Lines.txt & pids+=($!); done
  wait "${pids[@]}"
  is lines "$(grep -c '^line' open/Lines.txt)" 40 && is different "$(grep '^line' open/Lines.txt | sort -u | wc -l)" 40
}
a_shared_map_is_written_by_munmap() {
  py '
put("open/Map.txt", "Title: Map\n\n0123456789\n")
fd = os.open("open/Map.txt", os.O_RDWR)
m = mmap.mmap(fd, 0); m[13:16] = b"abc"; m.close(); os.close(fd)
assert get("open/Map.txt") == "Title: Map\n\n0abc456789\n", get("open/Map.txt")
fd = os.open("open/Map.txt", os.O_RDWR); m = mmap.mmap(fd, 0); os.close(fd)
m[12:13] = b"Z"; m.flush(); m.close()
assert get("open/Map.txt") == "Title: Map\n\nZabc456789\n", get("open/Map.txt")
fd = os.open("open/Map.txt", os.O_RDONLY); m = mmap.mmap(fd, 0, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE)
m[0:5] = b"Other"; m.close(); os.close(fd); assert get("open/Map.txt").startswith("Title: Map")' &&
    eventually eval '[ "$(sql "select details from body where task = $(number open/Map.txt)")" = Zabc456789 ]'
}
an_open_file_follows_its_renames_and_survives_its_unlink() {
  py '
put("open/First.txt", "Title: First\n\none\n")
fd = os.open("open/First.txt", os.O_RDWR)
os.rename("open/First.txt", "open/Second.txt")
os.lseek(fd, 0, os.SEEK_END); os.write(fd, b"two\n"); os.fsync(fd)
text = get("open/Second.txt"); assert text == "Title: Second\n\none\ntwo\n" or text.endswith("one\ntwo\n"), text
assert not os.path.exists("open/First.txt")
os.rename("open/Second.txt", "completed/Second.txt"); os.close(fd)
assert "Second.txt" in os.listdir("completed") and get("completed/Second.txt").endswith("one\ntwo\n")
fd = os.open("completed/Second.txt", os.O_RDONLY); os.unlink("completed/Second.txt")
assert os.fstat(fd).st_nlink == 0 and os.read(fd, 999).endswith(b"one\ntwo\n"); os.close(fd)'
}
# A busy machine: what the kernel is told of a new text may come late.
the_end_of_a_file_is_known_when_a_rename_or_a_save_is_done() {
  py '
me = os.getpid(); busy = []
for i in range(os.cpu_count()):
    busy.append(os.fork())
    while not busy[-1]: os.getppid() == me or os._exit(0)
try:
    for i in range(300):
        put("open/Ends.txt", "Title: Ends\n\none\n")
        fd = os.open("open/Ends.txt", os.O_RDWR)
        if i % 3 == 0: os.rename("open/Ends.txt", "open/Finish.txt")
        elif i % 3 == 1: os.ftruncate(fd, 0); os.write(fd, b"Title: Ends\n\ntwo\n"); os.fsync(fd)
        else: os.setxattr("open/Ends.txt", "user.remindfs.priority", b"High")
        end = os.lseek(fd, 0, os.SEEK_END); size = len(os.pread(fd, 999, 0)); os.close(fd)
        assert end == size, (i, end, size)
        os.unlink("open/Ends.txt" if i % 3 else "open/Finish.txt")
finally:
    for p in busy: os.kill(p, 9)'
}
locks_of_both_kinds_work() {
  py '
put("open/Lock.txt", "x\n")
a, b = open("open/Lock.txt", "r+"), open("open/Lock.txt", "r+")
fcntl.flock(a, fcntl.LOCK_EX); fails(errno.EAGAIN, fcntl.flock, b, fcntl.LOCK_EX | fcntl.LOCK_NB)
fcntl.flock(a, fcntl.LOCK_UN); fcntl.flock(b, fcntl.LOCK_EX | fcntl.LOCK_NB); fcntl.flock(b, fcntl.LOCK_UN)
fcntl.lockf(a, fcntl.LOCK_EX, 4, 0)
pid = os.fork()
if not pid:
    c = open("open/Lock.txt", "r+")
    try: fcntl.lockf(c, fcntl.LOCK_EX | fcntl.LOCK_NB, 4, 2); os._exit(1)
    except OSError: pass
    fcntl.lockf(c, fcntl.LOCK_EX | fcntl.LOCK_NB, 4, 4); os._exit(0)
assert os.waitpid(pid, 0)[1] == 0'
}
direct_io_reads_and_writes_or_says_no() {
  py '
put("open/Direct.txt", "direct\n")
try: fd = os.open("open/Direct.txt", os.O_RDWR | os.O_DIRECT)
except OSError as e: assert e.errno == errno.EINVAL; sys.exit(0)
m = mmap.mmap(-1, 4096); assert os.readv(fd, [m]) == 7 and m[:7] == b"direct\n"
m[:4096] = b"Title: Direct\n\n" + b"y" * 4080 + b"\n"
assert os.pwritev(fd, [m], 0) == 4096; os.close(fd); assert get("open/Direct.txt")[15:] == "y" * 4080 + "\n"'
}
times_follow_the_content_alone() {
  py '
put("open/Times.txt", "x\n"); a = os.stat("open/Times.txt"); time.sleep(0.05)
os.utime("open/Times.txt", (1, 1)); get("open/Times.txt"); os.rename("open/Times.txt", "completed/Times.txt")
put("completed/Times.txt", "x\n"); b = os.stat("completed/Times.txt"); time.sleep(0.05)
put("completed/Times.txt", "y\n"); c = os.stat("completed/Times.txt")
assert a.st_ino == b.st_ino == c.st_ino and c.st_mtime_ns > a.st_mtime_ns and abs(c.st_mtime - time.time()) < 5
d = os.stat("open").st_mtime_ns; time.sleep(0.05); put("open/Other time.txt", "z\n"); assert os.stat("open").st_mtime_ns > d'
}
statfs_is_sane() {
  py '
v = os.statvfs("."); assert v.f_namemax == 255 and v.f_bsize > 0 and v.f_bavail > 0 and v.f_files == sum(len([n for n in os.listdir(d) if n.endswith(".txt")]) for d in ("open", "completed")), (v, )'
}
ten_thousand_entries_none_missed_none_doubled() {
  local i
  py '
for i in range(10000): os.close(os.open("open/Many %05d.txt" % i, os.O_CREAT | os.O_WRONLY))
stop = threading.Event(); made = []
def churn():
    k = 0
    while not stop.is_set():
        n = "open/Churn %d.txt" % k; os.close(os.open(n, os.O_CREAT | os.O_WRONLY)); k += 1
        if k % 2: os.rename(n, "open/Moved %d.txt" % k)
        else: os.unlink(n)
        time.sleep(0.001)
t = threading.Thread(target=churn); t.start()
try:
    for turn in range(5):
        names = os.listdir("open"); many = [n for n in names if n.startswith("Many")]
        assert len(names) == len(set(names)); assert len(many) == 10000, len(many)
finally: stop.set(); t.join()'
}
telldir_and_seekdir_find_their_place() {
  py '
class D(ctypes.Structure): _fields_ = [("ino", ctypes.c_uint64), ("off", ctypes.c_int64), ("len", ctypes.c_uint16), ("type", ctypes.c_uint8), ("name", ctypes.c_char * 256)]
libc.opendir.restype = ctypes.c_void_p; libc.readdir.restype = ctypes.POINTER(D); libc.readdir.argtypes = libc.rewinddir.argtypes = libc.telldir.argtypes = libc.closedir.argtypes = [ctypes.c_void_p]
libc.telldir.restype = ctypes.c_long; libc.seekdir.argtypes = [ctypes.c_void_p, ctypes.c_long]
d = libc.opendir(b"open"); at = []
while True:
    w = libc.telldir(d); e = libc.readdir(d)
    if not e: break
    at.append((w, e.contents.name))
assert len(at) > 10000
for i in (0, 1, 2, 3, 77, 5000, 9999, len(at) - 1, 4, 1):
    libc.seekdir(d, at[i][0]); assert libc.readdir(d).contents.name == at[i][1], i
os.unlink("open/" + at[5000][1].decode())
libc.seekdir(d, at[5001][0]); assert libc.readdir(d).contents.name == at[5001][1]
libc.rewinddir(d); assert libc.readdir(d).contents.name == at[0][1]; libc.closedir(d)
for n in os.listdir("open"):
    if n.startswith(("Many", "Moved", "Churn")): os.unlink("open/" + n)'
}
nobody_else_comes_in() {
  [ "$(id -u)" = 0 ] || { missing="root, who can be somebody else," && return 77; }
  is said "$(python3 -c "
import os
os.setgid(65534); os.setuid(65534)
for what in (os.listdir, os.stat):
    try: what('$mnt/open')
    except OSError as e: print(e.strerror)")" $'Permission denied\nPermission denied'
}
inotify_hears_what_is_done_here() {
  need inotifywait || return
  inotifywait -q -m -t 5 --format '%e %f' open >"$work/heard" 2>/dev/null &
  local pid=$!
  sleep 0.5
  echo x >"open/Heard.txt" && echo y >>"open/Heard.txt" && mv "open/Heard.txt" "open/Heard again.txt" && rm "open/Heard again.txt"
  heard() { [ "$(grep -cE '^(CREATE Heard|CLOSE_WRITE,CLOSE Heard|MOVED_FROM Heard|MOVED_TO Heard again|DELETE Heard again)' "$work/heard")" -ge 6 ]; }
  eventually heard
  local rc=$?
  [ $rc = 0 ] || sed 's/^/# /' "$work/heard"
  kill $pid 2>/dev/null
  wait $pid 2>/dev/null
  return $rc
}

run_stories "$0"
