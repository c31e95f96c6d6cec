#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The commands of a page, and whether what they print is what the page says.

    guide.py extract PAGE FOLDER      each ```sh block as FOLDER/NN.sh, the ```text block right behind it as NN.text
    guide.py compare TEXT OUTPUT      exit status 1, with both shown, when OUTPUT is not TEXT

In TEXT a line that is only … stands for any lines, and … in a line for any characters of it.
"""
import difflib
import pathlib
import re
import sys

ANY = "…"


def blocks(page):
    """(language, line number, text, stands right behind another block)"""
    language, begin, lines, last_end = None, 0, [], -1
    for number, line in enumerate(page.splitlines(), 1):
        if language is None and line.startswith("```"):
            language, begin, lines = line[3:].strip(), number, []
        elif language is not None and line == "```":
            yield language, begin, "".join(each + "\n" for each in lines), begin == last_end + 1
            language, last_end = None, number
        elif language is not None:
            lines.append(line)
    if language is not None:
        sys.exit(f"line {begin}: the block has no end")


def extract(page, folder):
    count = 0
    for language, line, text, is_behind in blocks(pathlib.Path(page).read_text(encoding="utf-8")):
        if language == "sh":
            count += 1
            (folder / f"{count:02}.sh").write_text(text, encoding="utf-8")
            (folder / f"{count:02}.line").write_text(f"{line}\n", encoding="utf-8")
        elif language == "text" and is_behind and not (folder / f"{count:02}.text").exists():
            (folder / f"{count:02}.text").write_text(text, encoding="utf-8")
        else:
            sys.exit(f"line {line}: neither a command nor the output of one, so nothing can try it")
    if count == 0:
        sys.exit("the page has no commands")


def pattern(text):
    parts = []
    for line in text.splitlines():
        if line.strip() == ANY:
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            parts.append(r"[^\n]*".join(re.escape(part) for part in line.split(ANY)) + r"\n")
    return re.compile("".join(parts))


def compare(text, output):
    if pattern(text).fullmatch(output) is None:
        sys.stdout.writelines(difflib.unified_diff(
            text.splitlines(True), output.splitlines(True), "the page", "the output", n=100))
        sys.exit(1)


def main(command, first, second):
    if command == "extract":
        extract(first, pathlib.Path(second))
    else:
        read = [pathlib.Path(path).read_text(encoding="utf-8", errors="replace") for path in (first, second)]
        compare(*read)


if __name__ == "__main__":
    main(*sys.argv[1:])
