# SPDX-License-Identifier: Apache-2.0
"""What a command leaves running: nothing, however it hides, and however beacon ends."""
import os
import random
import select
import signal
import time

from case import Attack

MOMENTS = random.Random(20)  # the same ones each time


def with_pipe(run):
    """Standard output is a pipe that ends with the last process that has it."""
    ours, theirs = os.pipe()
    run.keep["pipe"] = ours
    run.keep["theirs"] = theirs
    run.cleanups.append(lambda: os.close(ours))
    return {1: theirs, 2: theirs}


def pipe_is_held(run):
    os.close(run.keep["theirs"])
    limit = time.monotonic() + run.patience_s
    while select.select([run.keep["pipe"]], [], [], max(0, limit - time.monotonic()))[0]:
        piece = os.read(run.keep["pipe"], 65536)
        if not piece:
            return ""
        run.keep["held"] = run.keep.get("held", b"") + piece
    return "somebody still has the output open"


def stays(name, script):
    """The command ends by itself and leaves something behind."""
    return Attack(name, script, with_pipe, harm=pipe_is_held, outlives=True)


def signal_beacon(number):
    def during(run):
        os.kill(run.process.pid, number)
        return ""
    return during


def killed(name, script, number=signal.SIGKILL, **more):
    """Beacon is killed while the command runs; it prints "ready" when there is something to leave."""
    return Attack(name, script, during=signal_beacon(number), outlives=True, **more)


def killed_at_some_moment(run):
    """harm: of beacons that are killed while they begin, something is left."""
    left = []
    for _ in range(12):
        early = run.arena.run(run.person, run.way)
        early.patience_s = run.patience_s
        early.start("sleep 20; true", {})
        time.sleep(MOMENTS.uniform(0, 0.015))
        early.process.kill()
        early.end()
        left += early.survivors
        early.remove()
        if left:
            return f"{len(left)} processes are left after beacon was killed early"
    return ""


CASES = [
    stays("a background job", '"$ATTACK" stay-background'),
    stays("a job of the shell", 'sleep 20 &'),
    stays("a daemon", '"$ATTACK" stay-daemon'),
    stays("a daemon without descriptors", '"$ATTACK" stay-closed'),
    stays("a daemon that ignores signals", '"$ATTACK" stay-deaf'),
    stays("a stopped daemon", '"$ATTACK" stay-stopped'),
    stays("a daemon that adopts others", '"$ATTACK" stay-adopted'),
    stays("a daemon that cannot be traced", '"$ATTACK" stay-undumpable'),
    stays("a daemon that is traced by another", '"$ATTACK" stay-traced'),
    stays("a process that moves all the time", '"$ATTACK" stay-moving'),
    stays("two hundred processes", '"$ATTACK" stay-many 200'),
    stays("a new session", 'setsid -f "$ATTACK" stay-and-wait'),
    stays("nohup", 'nohup "$ATTACK" stay-and-wait >/dev/null 2>&1 &'),
    killed("beacon is killed", '"$ATTACK" stay-and-wait'),
    killed("beacon is killed while a shell waits", '"$ATTACK" stay-and-wait; true'),
    killed("beacon is killed with two hundred processes", '"$ATTACK" stay-many 200; "$ATTACK" stay-and-wait'),
    killed("beacon is killed with a stopped command", '"$ATTACK" stay-stopped; "$ATTACK" stay-and-wait'),
    killed("beacon is killed with something that moves", '"$ATTACK" stay-moving; "$ATTACK" stay-and-wait'),
    Attack("beacon is killed at some moment of its start", "true", harm=killed_at_some_moment),
    killed("beacon is asked to end", '"$ATTACK" stay-and-wait', signal.SIGTERM),
    killed("beacon is interrupted", '"$ATTACK" stay-and-wait', signal.SIGINT),
    killed("beacon's terminal goes away", '"$ATTACK" stay-and-wait', signal.SIGHUP),
]
