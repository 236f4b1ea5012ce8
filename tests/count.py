#!/usr/bin/env python3
"""count.py TESTLOG.json ... [NAME 0|1 ...]: add up the TAP lines of meson test runs, and further results by name.

A program that failed without a "not ok" of its own (a crash, a time-out, a plan not kept) counts as one failure.
But cmocka up to 1.1.7 writes "not ok 7 # SKIP", which meson takes for one. What a failed program said last is shown.
"""
import json
import re
import sys

SAID = 15  # lines
passed, skipped, failures = 0, 0, []
logs = [a for a in sys.argv[1:] if a.endswith(".json")]
extra = [a for a in sys.argv[1:] if not a.endswith(".json")]
for test in (json.loads(line) for log in logs for line in open(log)):
    bad, before = 0, skipped
    for m in re.finditer(r"^(not )?ok\b(?: \d+)?(.*)$", test.get("stdout") or "", re.M):
        if re.search(r"# *skip", m[2], re.I):
            skipped += 1
            print(f"skipped: {test['name']}:{m[2]}")
        elif m[1]:
            bad += 1
            said = re.split(r"^(?:not )?ok\b|^1\.\.", test["stdout"][m.end():], 1, re.M)[0]
            failures.append("\n  ".join([test["name"] + m[2], *said.split("\n")[1:][-SAID:]]).rstrip())
        else:
            passed += 1
    if not bad and test["result"] not in ("OK", "SKIP", "EXPECTEDFAIL") + ("FAIL",) * (skipped > before):
        bad = 1
        failures.append(f"{test['name']}: {test['result']}")
    if bad:
        failures[-1] = "\n  ".join([failures[-1], "stderr:", *(test.get("stderr") or "").splitlines()[-SAID:]])
for name, ok in zip(extra[::2], extra[1::2]):
    if ok == "1":
        passed += 1
    else:
        failures.append(name)
for f in failures:
    print("FAILED:", f)
print(f"{passed} passed, {len(failures)} failed" + (f", {skipped} skipped" if skipped else ""))
sys.exit(bool(failures) or not passed)
