# SPDX-License-Identifier: Apache-2.0
"""What stays in the workspace of that which protects it: nothing, however a run ends, and however many
run at once. And what a person makes meanwhile stays. In the control runs the command itself leaves
something, to show that it would be seen."""
import os
import random
import signal
import subprocess
import time

from case import WRITE, Attack, landlock
from outside import snapshot

MOMENTS = random.Random(21)
LEAVE = '[ -z "$CONTROL" ] || mkdir "$WORK/.vscode"\n'


def new_repository(run):
    """A real one, with one commit and none of the protected names that can be missing."""
    run.env["CONTROL"] = "yes" if run.way.is_control else ""
    git(run, "init", "-q", "-b", "main")
    run.write(run.work / "tracked")
    git(run, "add", "-A")
    git(run, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "first")
    run.keep["names"] = names(run)
    return {}


def git(run, *arguments):
    done = subprocess.run(["git", *arguments], cwd=run.work, env=run.environment(), capture_output=True, text=True,
                          check=True, **run.person.popen_options())
    return done.stdout


def names(run):
    """Everything in the workspace but what git itself makes while it looks."""
    return {path for path in snapshot(run, ["work"]) if not path.endswith(("/index.lock", "/.git/index"))}


def litter(run):
    """harm: names that were not there. Who cleans up after a killed beacon may take a moment."""
    limit = time.monotonic() + run.patience_s
    while True:
        more, fewer = names(run) - run.keep["names"], run.keep["names"] - names(run)
        if not more and not fewer:
            return ""
        if time.monotonic() > limit:
            return f"left: {sorted(more)}, gone: {sorted(fewer)}"
        time.sleep(0.01)


def another(run, script="true", **more):
    """One more beacon on the same workspace."""
    other = run.arena.run(run.person, run.way)
    other.env["CONTROL"] = run.env["CONTROL"]
    other.work = run.work
    other.start(script, {}, **more)
    run.cleanups.append(other.remove)
    return other


def kill_beacon(run):
    os.kill(run.process.pid, signal.SIGKILL)
    return ""


def shown_by_git(run):
    """during: git outside shows nothing that the person has not made."""
    run.keep["status"] = git(run, "status", "--porcelain", "--untracked-files=all")
    run.keep["status"] += git(run, "add", "-A", "--dry-run")
    if run.way.is_control:
        run.write(run.work / "shown", "")
        run.keep["status"] = git(run, "status", "--porcelain")
    return f"git shows {run.keep['status']!r}" if run.keep["status"] else ""


def said_by_git(run):
    said = (run.out / "said").read_text() if (run.out / "said").exists() else run.output()
    shown = [line for line in said.splitlines() if line.startswith(("??", "add "))]
    return f"git inside shows {shown}" if shown else ""


def many(run):
    """harm: six at once, twice over, while one is killed."""
    for _ in range(2):
        others = [another(run, LEAVE + "true") for _ in range(6)]
        others[0].process.kill()
        for other in others:
            other.end()
    return litter(run)


def killed_early(run):
    for _ in range(12):
        other = another(run, LEAVE + "true")
        time.sleep(MOMENTS.uniform(0, 0.015))
        other.process.kill()
        other.process.wait()
    if run.way.is_control:
        run.folder(run.work / "planted")
    return litter(run)


def other_ends(run):
    """during: another command begins and ends; this one goes on, and then tries."""
    other = another(run)
    other.end()
    return ""


def other_is_killed(run):
    other = another(run, '"$ATTACK" stay-and-wait', is_interactive=True)
    other.wait_for_line("ready")
    other.process.kill()
    other.end()
    return ""


def is_made(run):
    return ".vscode/tasks.json was made" if (run.work / ".vscode/tasks.json").is_file() else ""


def person_makes(run):
    """during: the person saves a file of a name that was missing, as editors do: beside it, then renamed."""
    fresh = run.write(run.work / ".mcp.json.new")
    fresh.rename(run.work / ".mcp.json")
    return ""


def is_gone(run):
    path = run.work / ".mcp.json"
    return "" if path.is_file() and path.read_text() == "precious\n" else "what the person made is gone"


def case(name, script, during=None, harm=litter, **more):
    return Attack(name, LEAVE + script, new_repository, during=during, harm=harm, modes=(WRITE,), **more)


HOLD = '"$ATTACK" hold-read /dev/null\n'
TRY = 'mkdir -p "$WORK/.vscode"; echo x >"$WORK/.vscode/tasks.json"; true'
KNOWN = (landlock("protected names inside of a writable root"),)

CASES = [
    case("after a command that works", "true"),
    case("after a command that fails", "exit 3"),
    case("after a command that is killed", 'kill -KILL $$'),
    case("after a command that cannot start", 'exec /nonexistent/program'),
    case("after beacon was killed", HOLD, kill_beacon),
    case("after beacon was asked to end", HOLD, lambda run: os.kill(run.process.pid, signal.SIGTERM) or ""),
    case("after beacon was killed at some moment", "true", harm=killed_early),
    case("after many at once", "true", harm=many),
    case("what git shows while a command runs", HOLD, shown_by_git, harm=lambda run: ""),
    case("what git shows to the command", 'cd "$WORK" && [ -z "$CONTROL" ] || touch "$WORK/new"; '
         'git status --porcelain --untracked-files=all; git add -A --dry-run', harm=said_by_git),
    case("another command ends before", HOLD + TRY, other_ends, harm=is_made, gaps=KNOWN),
    case("another command is killed before", HOLD + TRY, other_is_killed, harm=is_made, gaps=KNOWN),
    Attack("what a person makes meanwhile", HOLD + '[ -z "$CONTROL" ] || rm -f "$WORK/.mcp.json"', new_repository,
           during=person_makes, harm=is_gone, modes=(WRITE,)),
]
