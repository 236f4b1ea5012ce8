#!/usr/bin/env python3
"""remote.py: what stands in the two systems, and the colleague who changes it. SANDBOX is the sandbox's address.

  get SYSTEM TITLE            prints title, status, priority, due, details, one a line as "name: value"; exit 1: no live task
  count SYSTEM [TITLE]        how many live tasks have that title, or there are
  set SYSTEM TITLE NAME=VALUE ...   change it as somebody else (empty value: clear)
  new SYSTEM NAME=VALUE ...   create one
  del SYSTEM TITLE            delete it
  seq                         the request log's last number
  writes SEQ [SYSTEM]         the requests since then that could write, one a line
  requests SEQ [SYSTEM]       all requests since then
  fault NAME COUNT MATCH [SYSTEM]   the next COUNT requests whose "METHOD path" holds MATCH fail
  post PATH JSON              anything else of /sandbox

SYSTEM is sf or sc; names are those of the task: title, status, priority, due, details (values in the system's own words).
"""
import json
import os
import sys
import urllib.request

FIELDS = {
    "sf": {"title": "Subject", "status": "Status", "priority": "Priority", "due": "ActivityDate", "details": "Description"},
    "sc": {"title": "name", "status": "status", "priority": "priority", "due": "due_date", "details": "details"},
}
DELETED = {"sf": "IsDeleted", "sc": "deleted_at"}
ID = {"sf": "Id", "sc": "id"}


def call(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    req = urllib.request.Request(os.environ["SANDBOX"] + path, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(req, timeout=20) as reply:
        text = reply.read()
    return json.loads(text) if text.strip() else None


def live(system, title=None):
    rows = call("GET", f"/sandbox/tasks?system={system}")["tasks"]
    return [r for r in rows if title in (None, r[FIELDS[system]["title"]]) and not r.get(DELETED[system])]


def one(system, title):
    rows = live(system, title)
    if len(rows) != 1:
        sys.exit(f"{len(rows)} tasks are called {title!r} in {system}")
    return rows[0]


def values(system, words):
    pairs = (w.split("=", 1) for w in words)
    return {FIELDS[system].get(k, k): (v if v else None) for k, v in pairs}


def get(system, title):
    row = one(system, title)
    for name, member in FIELDS[system].items():
        print(f"{name}: {'' if row[member] is None else row[member]}")


def log(seq, system, writes):
    for r in call("GET", f"/sandbox/log?since={seq}")["requests"]:
        if (r["write"] or not writes) and system in (None, r["system"]):
            print(r["seq"], r["system"], r["method"], r["path"], r["status"], (r.get("body") or "")[:300].replace("\n", " "))


def main(verb, *a):
    if verb == "get":
        get(*a)
    elif verb == "count":
        print(len(live(*a)))
    elif verb == "set":
        call("PATCH", f"/sandbox/tasks/{one(a[0], a[1])[ID[a[0]]]}?system={a[0]}", values(a[0], a[2:]))
    elif verb == "new":
        call("POST", f"/sandbox/tasks?system={a[0]}", values(a[0], a[1:]))
    elif verb == "del":
        call("DELETE", f"/sandbox/tasks/{one(*a)[ID[a[0]]]}?system={a[0]}")
    elif verb == "seq":
        print(call("GET", "/sandbox/log?since=999999999")["seq"])
    elif verb in ("writes", "requests"):
        log(a[0], a[1] if len(a) > 1 else None, verb == "writes")
    elif verb == "fault":
        fault = {"name": a[0], "count": int(a[1]), "match": a[2]}
        if len(a) > 3:
            fault["system"] = a[3]
        call("POST", "/sandbox/fault", fault)
    elif verb == "post":
        call("POST", a[0], json.loads(a[1]))
    else:
        sys.exit(__doc__)


main(*sys.argv[1:])
