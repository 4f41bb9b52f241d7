"""Mutation testing of what the guarantees rest on: ``python -m tests.mutation [file ...]``.

Changes the code in one place at a time, in memory only, and runs the fast tests: one must fail.
A mutant that survives and is not in ``survivors.txt`` is a hole in the tests; the exit code is 1.
"""

# ruff: noqa: T201 - a command of its own

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.mutation.run import try_all, warm_up
from tests.mutation.targets import TARGETS

_KNOWN = Path(__file__).with_name("survivors.txt")


def known() -> dict[str, str]:
    """Return why survivors are no holes, by file and change."""
    reasons, reason = {}, ""
    for line in _KNOWN.read_text("utf-8").splitlines():
        if line.startswith("#"):
            reason = line.removeprefix("#").strip()
        elif line:
            reasons[line] = reason
    return reasons


def main() -> int:
    """Try all mutants, print a table and the survivors."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.mutation")
    parser.add_argument("files", nargs="*", help="parts of file names; none: all")
    parser.add_argument("--only", default="", help="mutants whose name contains this")
    options = parser.parse_args()
    warm_up()
    reasons, holes, table = known(), 0, []
    for target in TARGETS:
        if options.files and not any(name in target.path for name in options.files):
            continue
        started, total, killed = time.monotonic(), 0, 0
        for tried in try_all(target, options.only):
            total += 1
            if tried.fate != "survived":
                killed += 1
                continue
            key = f"{target.path} {tried.name}"
            holes += key not in reasons
            print(f"{target.path}:{tried.line} survived: {tried.name}", flush=True)
            print(f"    {reasons.get(key, 'A HOLE: no test fails')}", flush=True)
        share = killed / total if total else 1.0
        seconds = time.monotonic() - started
        table.append(f"| `{target.path}` | {killed}/{total} | {share:.0%} | {seconds:.0f} s |")
        print(table[-1], flush=True)
    print("\n| file | killed | share | took |\n|---|---|---|---|", *table, sep="\n")
    return 1 if holes else 0


sys.exit(main())
