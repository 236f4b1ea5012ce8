"""Every kind of source renamed to every kind of target in every directory: what comes of each, as a table.

usage: renames.py MOUNT: a line for a source, target and directory: "ok" or the error, and a "!" where a task was lost or made.
"""
import errno
import os
import sys

SOURCES = {
    "task": "open/Source.txt",
    "completed task": "completed/Source.txt",
    "scratch": "open/scratch",
    "lock": "open/.#lock",
    "link of a view": "today/Linked.txt",
    "directory": "completed",
    "generated": ".remindfs/status",
    "nothing": "open/Nothing.txt",
}
TARGETS = {
    "free task name": "Free.txt",
    "free other name": "free",
    "the same name": None,
    "a task": "Other.txt",
    "scratch": "other",
    "a lock": ".#other",
    "a directory": "today",
}
DIRS = ["open", "completed", "today", ".", ".remindfs"]


def put(path, text):
    with open(path, "w") as f:
        f.write(text)


def scene():
    for d in ("open", "completed"):
        for n in os.listdir(d):
            os.unlink(f"{d}/{n}")
    put("completed/Other.txt" if scene.dir == "completed" else "open/Other.txt", "other\n")
    put("open/Linked.txt", "Due: today\n\nlinked\n")
    put("completed/Source.txt" if scene.source == "completed task" else "open/Source.txt", "source\n")
    put("open/scratch", "saved\n")
    os.symlink("user@host.1:2", "open/.#lock")
    for d in ("open", "completed"):
        put(f"{d}/other", "other scratch\n")
        os.symlink("user@host.3:4", f"{d}/.#other")


def tasks():
    return sum(n.endswith(".txt") for d in ("open", "completed") for n in os.listdir(d))


def outcome(source, target, d):
    scene.source, scene.dir = source, d
    scene()
    src = SOURCES[source]
    dst = f"{d}/{TARGETS[target] or os.path.basename(src)}"
    before = tasks()
    try:
        os.rename(src, dst)
    except OSError as e:
        said = errno.errorcode[e.errno]
        if source != "nothing" and not os.path.lexists(src):
            said += "!gone"
    else:
        said = "ok"
    change = tasks() - before
    return said + (f"{change:+d}" if change else "")


def main():
    os.chdir(sys.argv[1])
    for source in SOURCES:
        for target in TARGETS:
            print(f"{source} -> {target}: " + " ".join(outcome(source, target, d) for d in DIRS))
    print("# in " + " ".join(DIRS))


main()
