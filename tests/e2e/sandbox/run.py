#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Try the sandbox: run.py BUILD_DIR attacks.SUBJECT|everyday|everyday.git [--only CASE] [--person P] [--backend B] [--mode M] [--keep]

Every case is run without a sandbox first, where the attack must succeed (or it proves nothing), and then
by each backend, in each mode, for root and for an ordinary user. Verdicts:

    blocked   the attack did no harm
    degraded  it did, which is a documented weakness of that backend (see Gap in case.py)
    ESCAPED   it did, and that is a hole
    CLOSED    a documented weakness is none any more: take it out of the table
    BROKEN    the control run did no harm, or the command did not run at all
    works, FAILS   the same for everyday programs

The exit status is 0 when all is as expected, 77 when nothing could be tried.
"""
import argparse
import collections
import importlib
import pathlib
import re
import shutil
import signal
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True

from arena import STARTED, Arena, Way, first_line  # noqa: E402
from case import BOTH  # noqa: E402
from outside import difference, snapshot  # noqa: E402

BACKENDS = ("namespaces", "landlock")
BAD = ("ESCAPED", "CLOSED", "BROKEN", "FAILS")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("group")
    parser.add_argument("--only", default="", help="cases whose name has this")
    parser.add_argument("--person", help="root or nobody")
    parser.add_argument("--backend", choices=BACKENDS)
    parser.add_argument("--mode", choices=BOTH)
    parser.add_argument("--keep", action="store_true", help="leave the files of each run")
    parser.add_argument("--list", action="store_true", help="only name the cases")
    return parser.parse_args()


ONLY_THE_FOLDERS_TIME = re.compile(r"out changed: ctime \S+ -> \S+, mtime \S+ -> \S+$")


def carry_out(run, case):
    """Run the case; what harm it did, in words, or ''."""
    fds = (case.arrange(run) if case.arrange else {}) or {}
    before = snapshot(run, case.watch)
    run.start(case.script, fds, prefix=case.prefix, is_interactive=case.during is not None,
              workspace=case.workspace(run) if case.workspace else None,
              options=case.options(run) if case.options else ())
    harm = ""
    if case.during and run.wait_for_line("ready"):
        harm = case.during(run)
    run.end()
    if case.harm:
        harm = harm or case.harm(run)
    elif not case.during:
        harm = harm or difference(before, snapshot(run, case.watch))
    if run.survivors and (case.outlives or not run.way.is_control):
        harm = harm or f"{len(run.survivors)} processes are left"
    return harm


class Suite:
    def __init__(self, arena, options):
        self.arena, self.options = arena, options
        self.counts = collections.Counter()
        self.failures = []
        self.why = {}
        self.abi = arena.landlock_abi()

    def ways(self, case, person):
        for backend in BACKENDS:
            for mode in case.modes:
                is_wanted = self.options.backend in (None, backend) and self.options.mode in (None, mode)
                if is_wanted and not self.why_not(person, backend, mode):
                    yield Way(backend, mode)

    def why_not(self, person, backend, mode):
        key = (person.name, backend, mode)
        if key not in self.why:
            try:
                self.why[key] = self.arena.why_unavailable(person, backend, mode)
            except RuntimeError as error:
                self.why[key] = str(error)
                self.note("BROKEN", "the backend runs", person, Way(backend, mode), str(error))
            if self.why[key]:
                print(f"skipped: {backend} {mode} for {person.name}: {self.why[key]}")
        return self.why[key]

    def note(self, verdict, name, person, way, said):
        self.counts[(str(way) if way.is_control else f"{way.backend} {way.mode}", person.name, verdict)] += 1
        if verdict in BAD:
            self.failures.append(f"{verdict:8} {name} ({person.name}, {way}): {said}")

    def once(self, case, person, way, gap=None):
        """(harm, what it printed, whether the command began)"""
        run = self.arena.run(person, way)
        run.patience_s = 0.05 if way.is_control else 0.3 if gap else 5
        try:
            harm = carry_out(run, case)
            said = run.output()
            reports = run.reports()
            if reports:
                return "", "a sanitizer complains: " + reports[0][:2000], False
            if run.is_late:
                return "", f"it did not end: {first_line(said)}", False
            return harm, said, STARTED in said or case.may_refuse
        finally:
            if self.options.keep:
                print(f"kept {run.place}")
                for cleanup in run.cleanups:
                    cleanup()
            else:
                run.remove()

    def verdict(self, case, person, way):
        gap = next((gap for gap in case.gaps if gap.covers(way, person, self.abi)), None)
        harm, said, has_begun = self.once(case, person, way, gap)
        for _ in range(2):
            # Once in some thousand runs the folder's time moved within the millisecond in which it was made,
            # before any command ran: what an attack does to it, it does every time.
            if ONLY_THE_FOLDERS_TIME.match(harm):
                harm, said, has_begun = self.once(case, person, way, gap)
        if not has_begun:
            return "BROKEN", f"the command did not run: {first_line(said, 2000)}"
        if harm:
            return ("degraded", gap.reason) if gap else ("ESCAPED", harm)
        is_closed = gap is not None and not gap.is_chance
        return ("CLOSED", f"no longer so: {gap.reason}") if is_closed else ("blocked", "")

    def control(self, case, person):
        """Does the attack work where nothing stops it?"""
        for _ in range(case.chances):
            harm, said, _ = self.once(case, person, Way())
            if harm:
                return True
        self.note("BROKEN", case.name, person, Way(), f"it did no harm: {first_line(said)}")
        return False

    def try_attack(self, case, person):
        why = case.needs(self.arena, person) if case.needs else ""
        if why:
            self.note("skipped", case.name, person, Way(), why)
            print(f"{case.name}, {person.name}: skipped, {why}")
            return
        if not self.control(case, person):
            print(f"{case.name}, {person.name}: BROKEN, {self.failures[-1]}")
            return
        said = []
        for way in self.ways(case, person):
            verdict, words = self.verdict(case, person, way)
            self.note(verdict, case.name, person, way, words)
            said.append(f"{way.backend[0].upper()}/{way.mode[0]} {verdict}" + (f" ({words})" if words else ""))
        print(f"{case.name}, {person.name}: {'; '.join(said)}", flush=True)

    def try_case(self, case):
        for person in self.arena.people:
            if self.options.person in (None, person.name) and case.applies_to(person):
                try:
                    case.attempt(self, person) if hasattr(case, "attempt") else self.try_attack(case, person)
                except Exception:  # pylint: disable=broad-except # one broken case must not hide the others
                    self.note("BROKEN", case.name, person, Way(), traceback.format_exc(limit=-4))

    def report(self, n_cases, began):
        verdicts = ("blocked", "works", "degraded", "skipped", *BAD)
        rows = sorted({(way, person) for way, person, _ in self.counts})
        print(f"\n{'':30} {'':8}" + "".join(f"{verdict:>9}" for verdict in verdicts))
        for way, person in rows:
            numbers = "".join(f"{self.counts[(way, person, verdict)] or '':>9}" for verdict in verdicts)
            print(f"{way:30} {person:8}{numbers}")
        for absent in self.arena.absent:
            print(f"skipped: {absent}")
        for failure in self.failures:
            print(failure)
        print(f"{n_cases} cases, {len(self.failures)} failures, {time.monotonic() - began:.1f} s")


def main():
    options = arguments()
    table = importlib.import_module(options.group.replace(".", "_"))
    cases = [case for case in table.CASES if options.only in case.name]
    if options.list:
        print("\n".join(case.name for case in cases))
        return 0
    if shutil.which("unshare") is None:
        print("skipped: there is no program unshare")
        return 77
    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))  # a test that is cut short tidies up too
    arena = Arena(options.build)
    try:
        suite = Suite(arena, options)
        for case in cases:
            suite.try_case(case)
        suite.report(len(cases), began)
    finally:
        if not options.keep:
            arena.close()
    tried = sum(count for (way, _, verdict), count in suite.counts.items() if verdict != "skipped")
    return 1 if suite.failures else 0 if tried else 77


if __name__ == "__main__":
    sys.exit(main())
