# SPDX-License-Identifier: Apache-2.0
"""Processes outside of the sandbox: signalled, traced, read, slowed down; and beacon itself."""
import os
import pathlib
import signal
import time

from case import Attack, landlock
from outside import process_value, processes_with, says_secret, secret, snapshot, difference, victim, victim_harmed

SCHEDULING = (landlock("nothing keeps the priority of the person's processes", people="user"),)


def on_victim(name, script, **more):
    return Attack(name, script, victim, harm=more.pop("harm", victim_harmed), **more)


def out_changed(run):
    """Only what the attack could reach through the process outside."""
    return difference(run.keep["before"], snapshot(run, ["out"]))


def victim_with_file(run):
    fds = victim(run)
    run.keep["before"] = snapshot(run, ["out"])
    return fds


def through_victim(name, script, **more):
    return Attack(name, script, victim_with_file, harm=out_changed, **more)


def has_two_processors(_arena, _person):
    return "" if (os.cpu_count() or 1) > 1 else "there is only one processor"


def seized(run):
    """during: a process that is none of the attack's own is traced by it."""
    ours = processes_with(run.mark)
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                tracer = int(entry.joinpath("status").read_text().split("TracerPid:")[1].split()[0])
            except (OSError, IndexError):
                continue
            if tracer in ours:
                return f"process {entry.name} is traced: {entry.joinpath('cmdline').read_bytes()[:60]!r}"
    return ""


def beacon_killed(run):
    status = run.process.returncode
    return "beacon was killed" if status == -9 else ""


def beacon_stopped(run):
    limit = time.monotonic() + 0.5
    while time.monotonic() < limit:
        if process_value(run.process.pid, "stat").rpartition(")")[2].split()[:1] == ["T"]:
            os.kill(run.process.pid, signal.SIGCONT)
            return "beacon was stopped"
    return ""


def with_secret(run):
    """Beacon is started with a secret that commands do not get."""
    run.env["PERSONS_API_KEY"] = secret(run)
    return {}


def secret_in_arguments(run):
    process = run.helper("victim", secret(run), "/dev/null")
    process.stdout.readline()
    run.env["VICTIM"] = str(process.pid)
    return {}


CASES = [
    on_victim("signal", '"$ATTACK" kill "$VICTIM" 10'),
    on_victim("signal the group", 'kill -USR1 -- "-$VICTIM" || "$ATTACK" kill "$VICTIM" 10'),
    on_victim("kill", 'kill -KILL "$VICTIM"'),
    on_victim("stop", 'kill -STOP "$VICTIM"'),
    on_victim("tgkill", '"$ATTACK" tgkill "$VICTIM"'),
    on_victim("tkill", '"$ATTACK" tkill "$VICTIM"'),
    on_victim("sigqueue", '"$ATTACK" sigqueue "$VICTIM"'),
    on_victim("signal by pidfd", '"$ATTACK" pidfd-signal "$VICTIM"'),
    on_victim("signal by the owner of a pipe", '"$ATTACK" owner-signal "$VICTIM"'),
    on_victim("limits", '"$ATTACK" prlimit "$VICTIM"'),
    on_victim("limits, with high bits set", '"$ATTACK" prlimit-high-bits "$VICTIM"'),
    on_victim("priority", '"$ATTACK" setpriority "$VICTIM"', gaps=SCHEDULING),
    on_victim("processor", '"$ATTACK" affinity "$VICTIM"', needs=has_two_processors, gaps=SCHEDULING),
    on_victim("scheduler", '"$ATTACK" scheduler "$VICTIM"', gaps=SCHEDULING),
    on_victim("priority at the disk", '"$ATTACK" ioprio "$VICTIM"', gaps=SCHEDULING),
    on_victim("write memory by process_vm_writev", '"$ATTACK" vm-write "$VICTIM" "$ADDRESS"'),
    on_victim("write memory by /proc/PID/mem", '"$ATTACK" mem-write "$VICTIM" "$ADDRESS"'),
    on_victim("write memory by ptrace", '"$ATTACK" poke "$VICTIM" "$ADDRESS"'),
    on_victim("read memory by process_vm_readv", '"$ATTACK" vm-read "$VICTIM" "$ADDRESS"', harm=says_secret),
    on_victim("read memory by /proc/PID/mem", '"$ATTACK" mem-read "$VICTIM" "$ADDRESS"', harm=says_secret),
    on_victim("read the environment", 'cat "/proc/$VICTIM/environ"', harm=says_secret),
    Attack("read the command line", 'cat "/proc/$VICTIM/cmdline"', secret_in_arguments, harm=says_secret,
           gaps=(landlock("command lines in /proc can be read"),)),
    Attack("read all command lines", 'cat /proc/*/cmdline', secret_in_arguments, harm=says_secret,
           gaps=(landlock("command lines in /proc can be read"),)),
    through_victim("write through its root", 'echo x >"/proc/$VICTIM/root$OUT/file"'),
    through_victim("write through its working directory", 'echo x >"/proc/$VICTIM/cwd/$OUT/file" || echo x >"/proc/$VICTIM/root$OUT/new"'),
    through_victim("write a file it has open", 'echo x >"/proc/$VICTIM/fd/$VICTIM_FD"'),
    through_victim("take a descriptor of it", '"$ATTACK" take-fd "$VICTIM" "$VICTIM_FD"'),
    through_victim("enter its namespaces", 'nsenter -t "$VICTIM" -m -- sh -c "echo x >$OUT/file"', people="root"),
    Attack("trace it", '"$ATTACK" seize "$VICTIM"', victim, during=seized),
    Attack("trace whoever can be reached", '"$ATTACK" seize-all', victim, during=seized),
    Attack("kill beacon", 'kill -KILL "$PPID"', harm=beacon_killed),
    Attack("stop beacon", 'kill -STOP "$PPID"; "$ATTACK" hold-read /dev/null', during=beacon_stopped),
    Attack("trace beacon", '"$ATTACK" seize "$PPID"', during=seized),
    Attack("read beacon's environment", 'cat "/proc/$PPID/environ"', with_secret, harm=says_secret),
    Attack("read the environment of the first process", 'cat /proc/1/environ /proc/[0-9]*/environ', with_secret, harm=says_secret),
    Attack("read its environment through /proc/self/root", 'cat /proc/self/root/proc/[0-9]*/environ', with_secret, harm=says_secret),
    Attack("write through the first process it sees", 'for p in /proc/[0-9]*; do echo x >"$p/root$OUT/planted"; done; true'),
    Attack("write through the folders processes are in", 'for p in /proc/[0-9]*; do echo x >"$p/cwd/out/planted"; done; true'),
]
