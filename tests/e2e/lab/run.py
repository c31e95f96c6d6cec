#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The provider lab: run.py BUILD_DIR task|faults WIRE [--only CASE] [--keep] [--list] [--write]

The real program against a strict fake server that speaks one of the four wires. README.md tells what is
tried. The exit status is 0 when all is as expected, 77 when nothing can be tried here."""
import argparse
import concurrent.futures
import importlib
import importlib.util
import os
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

DEBIAN = "/usr/bin/python3"  # python3-jsonschema is installed for this one
sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True
AT_ONCE = 4  # cases; most of them wait for a retry or for the program most of the time


def need_jsonschema():
    if importlib.util.find_spec("jsonschema") is not None:
        return
    if os.path.realpath(sys.executable) != os.path.realpath(DEBIAN) and os.path.exists(DEBIAN):
        os.execv(DEBIAN, [DEBIAN, *sys.argv])
    print("skipped: there is no Python module jsonschema; contrib/install-deps --test installs it")
    sys.exit(77)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("suite", choices=("task", "faults"))
    parser.add_argument("wire", choices=("responses", "chat", "messages", "gemini"))
    parser.add_argument("--only", default="", help="cases whose name has this")
    parser.add_argument("--keep", action="store_true", help="leave the files of each case")
    parser.add_argument("--list", action="store_true", help="only name the cases")
    parser.add_argument("--write", action="store_true", help="write transcript.json anew")
    return parser.parse_args()


def attempt(suite, wire, build, folder, name):
    try:
        return suite.run(wire, build, folder, name)
    except Exception:  # pylint: disable=broad-except # one broken case must not hide the others
        return [traceback.format_exc(limit=-4)]


def try_all(suite, wire, options, root):
    names = [name for name in suite.cases(wire) if options.only in name]
    if options.list:
        print("\n".join(names))
        return 0
    n_failed, began = 0, time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = {name: pool.submit(attempt, suite, wire, options.build, root / name, name) for name in names}
        for name, future in waiting.items():
            wrong = future.result()
            n_failed += bool(wrong)
            print(f"{name}: {'FAILED' if wrong else 'as expected'}", flush=True)
            for each in wrong[:20]:
                print("    " + each[:3000].replace("\n", "\n    "))
    print(f"{options.suite}.{options.wire}: {len(names)} cases, {n_failed} failed, {time.monotonic() - began:.1f} s")
    return 1 if n_failed or not names else 0


def main():
    options = arguments()
    need_jsonschema()
    suite, wire = importlib.import_module(options.suite), importlib.import_module(f"wire_{options.wire}")
    root = pathlib.Path(tempfile.mkdtemp(prefix="beacon-lab.")).resolve()
    try:
        if options.write:
            suite.write_transcript(wire, options.build, root)
            return 0
        return try_all(suite, wire, options, root)
    finally:
        if options.keep:
            print(f"kept {root}")
        else:
            shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
