#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is the table of docs/sandbox.md what `beacon sandbox verify --json` found?

    sandbox_table.py PAGE REPORT.json…     exit status 1, with the rows that differ, when it is not

A cell holds what was found for one backend: "yes", "no", "in read-only", "as root" (only there), and "(root)"
where only root could do it at all. Without a report by root, or by somebody else, their part is not asked.
"""
import json
import pathlib
import sys

WORKS = "*works:* "


def rows(page):
    """what was tried -> {backend: cell}"""
    found = {}
    is_inside = False
    for line in page.splitlines():
        if line.startswith("| tried |"):
            is_inside = True
        elif is_inside and not line.startswith("|"):
            break
        elif is_inside and not line.startswith("|---"):
            what, namespaces, landlock = (cell.strip() for cell in line.strip("|").split("|"))
            found[what.removeprefix(WORKS)] = {"namespaces": namespaces, "landlock": landlock}
    return found


def expected(cell, mode, is_root):
    """The states that the cell allows."""
    if cell == "in read-only":
        return {"enforced"} if mode == "read-only" else {"not enforced"}
    if cell == "as root":
        return {"enforced"} if is_root else {"not enforced"}
    if cell == "yes (root)":
        return {"enforced", "not applicable"} if is_root else {"not applicable"}
    return {"yes": {"enforced"}, "no": {"not enforced"}}.get(cell, set())


def judge(table, report, problems):
    for mode in report["modes"]:
        for canary in mode["canaries"]:
            what = canary["what"]
            if what not in table:
                problems.add(f"no row: {what}")
                continue
            cell = table[what][mode["backend"]]
            if what == "write in the workspace":
                cell = "yes" if cell == "in read-only" else ""
            if canary["state"] not in expected(cell, mode["mode"], report["root"]):
                who = "root" if report["root"] else "somebody"
                problems.add(f"{what}, {mode['backend']}, {mode['mode']}, {who}: {cell!r}, but {canary['state']}")


def main(page, *reports):
    table, problems, tried = rows(pathlib.Path(page).read_text(encoding="utf-8")), set(), set()
    for path in reports:
        report = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        judge(table, report, problems)
        tried.update(canary["what"] for mode in report["modes"] for canary in mode["canaries"])
    problems.update(f"nothing tries this row: {what}" for what in set(table) - tried)
    print("\n".join(sorted(problems)))
    return 1 if problems or not reports else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
