#!/usr/bin/env python3
"""table.py LIST TESTLOG.json...: a list of promises with the tests that prove each, and how those ended.

A line of LIST is "promise | test, test, ..."; "## ..." begins a part, "# ..." is a comment. Fails if a promise names no test, or
one that did not run or did not pass.
"""
import json
import re
import sys


def results(logs):
    out = {}
    for test in (json.loads(line) for log in logs for line in open(log)):
        for m in re.finditer(r"^(not )?ok\b(?: \d+)?(?: -)? *(\w+)(.*)$", test.get("stdout") or "", re.M):
            end = "failed" if m[1] else "skipped" if re.search(r"# *skip", m[3], re.I) else "passed"
            if out.get(m[2]) in (None, "skipped", "passed") and not (out.get(m[2]) == "passed" and end == "skipped"):
                out[m[2]] = end
    return out


def main():
    ended, rows, bad = results(sys.argv[2:]), 0, []
    for line in open(sys.argv[1]):
        line = line.rstrip("\n")
        if line.startswith("## "):
            print(f"\n{line}\n\n| promise | proved by |\n|---|---|")
        if not line or line.startswith("#"):
            continue
        promise, _, tests = line.partition(" | ")
        tests = [t.strip() for t in tests.split(",") if t.strip()]
        wrong = [f"{t} ({ended.get(t, 'did not run')})" for t in tests if ended.get(t) != "passed"]
        rows += 1
        if wrong or not tests:
            bad.append(f"{promise}: {', '.join(wrong) or 'no test'}")
        print(f"| {promise} | {', '.join(f'`{t}`' for t in tests)} |")
    print(f"\n{rows} promises, {len(bad)} without proof")
    for b in bad:
        print("NOT PROVED:", b)
    sys.exit(bool(bad) or not rows)


main()
