# SPDX-License-Identifier: Apache-2.0
"""Files through which the kernel itself is changed. Most attacks only open such a file for writing, and
the test looks at what the process holds: what a write would do, no machine should have to stand. One
setting that does nothing but limit log messages is really changed by the control run, and put back."""
import os
import pathlib

from case import Attack
from outside import holds, plain_files, process_value, victim

LOG_BURST = pathlib.Path("/proc/sys/kernel/printk_ratelimit_burst")


def writable(path):
    """needs: without a sandbox that file can be opened for writing."""
    def look(arena, person):
        if not os.path.exists(path):
            return f"there is no {path}"
        tried = arena.asks("hold-write", path, person=person)
        return "" if tried.stdout.strip() == "ready" else f"{path} cannot be written here anyway"
    return look


def readable(path):
    def look(arena, person):
        tried = arena.asks("hold-read", path, person=person)
        return "" if tried.stdout.strip() == "ready" else f"{path} cannot be read here anyway"
    return look


def hold_write(name, path, **more):
    return Attack(name, f'"$ATTACK" hold-write {path}', plain_files, during=holds(os.path.basename(path), True),
                  people=more.pop("people", "root"), needs=writable(path), **more)


def first(*patterns):
    """The first file that exists of these, else the first pattern."""
    for pattern in patterns:
        for path in sorted(pathlib.Path("/").glob(pattern.lstrip("/"))):
            if os.access(path, os.W_OK):
                return str(path)
    return patterns[0]


def keep_burst(run):
    plain_files(run)
    was = LOG_BURST.read_text()
    run.keep["burst"] = was
    run.cleanups.append(lambda: LOG_BURST.write_text(was))
    return {}


def burst_changed(run):
    now = LOG_BURST.read_text()
    return "" if now == run.keep["burst"] else f"kernel.printk_ratelimit_burst is {now.strip()}"


def group_made(run):
    found = list(pathlib.Path("/sys/fs/cgroup").glob(f"*/{run.place.name}-planted")) + \
        list(pathlib.Path("/sys/fs/cgroup").glob(f"{run.place.name}-planted"))
    for path in found:
        path.rmdir()
    return f"{found[0]} was made" if found else ""


def can_make_group(arena, _person):
    name = arena.base.name
    try:
        folder = pathlib.Path(first_controller(), name)
        folder.mkdir()
        folder.rmdir()
        return ""
    except OSError as error:
        return f"no control group can be made here: {error}"


def first_controller():
    return "/sys/fs/cgroup/pids" if os.path.isdir("/sys/fs/cgroup/pids") else "/sys/fs/cgroup"


def victim_value(name):
    """harm: a file in /proc of the process outside was changed."""
    def arrange(run):
        fds = victim(run)
        run.keep["value"] = process_value(run.keep["victim"].pid, name)
        return fds

    def changed(run):
        now = process_value(run.keep["victim"].pid, name)
        return "" if now == run.keep["value"] else f"{name} of the process outside is {now}"
    return {"arrange": arrange, "harm": changed}


IRQ = first("/proc/irq/*/smp_affinity", "/proc/irq/default_smp_affinity")
BUS = first("/proc/bus/pci/*/*", "/proc/bus/input/devices")
PROC_FS = first("/proc/fs/*/*/*", "/proc/fs/*/*")
RELEASE = first("/sys/fs/cgroup/*/release_agent")
PARAMETER = first("/sys/module/*/parameters/*")

CASES = [
    Attack("a kernel setting", 'echo 17 >/proc/sys/kernel/printk_ratelimit_burst', keep_burst, harm=burst_changed,
           people="root", needs=writable(LOG_BURST)),
    Attack("a kernel setting through sysctl", 'cd /proc/sys/kernel && echo 17 | tee printk_ratelimit_burst',
           keep_burst, harm=burst_changed, people="root", needs=writable(LOG_BURST)),
    Attack("a kernel setting through /proc/self/root", 'echo 17 >/proc/self/root/proc/sys/kernel/printk_ratelimit_burst',
           keep_burst, harm=burst_changed, people="root", needs=writable(LOG_BURST)),
    Attack("a kernel setting after chmod", 'chmod 666 /proc/sys/kernel/printk_ratelimit_burst; '
           'echo 17 >/proc/sys/kernel/printk_ratelimit_burst', keep_burst, harm=burst_changed, people="root",
           needs=writable(LOG_BURST)),
    hold_write("the handler of core dumps", "/proc/sys/kernel/core_pattern"),
    hold_write("the program for modules", "/proc/sys/kernel/modprobe"),
    hold_write("forwarding between networks", "/proc/sys/net/ipv4/ip_forward"),
    hold_write("how memory is overcommitted", "/proc/sys/vm/overcommit_memory"),
    hold_write("the magic key", "/proc/sysrq-trigger"),
    hold_write("which processor has interrupts", IRQ),
    hold_write("a device on a bus", BUS),
    hold_write("a file system's settings in /proc/fs", PROC_FS),
    hold_write("the handler of device events", "/sys/kernel/uevent_helper"),
    hold_write("the power state", "/sys/power/state"),
    hold_write("a parameter of a module", PARAMETER),
    hold_write("the memory merger", "/sys/kernel/mm/ksm/run"),
    hold_write("what runs when a control group is empty", RELEASE),
    hold_write("the log of traces", "/sys/kernel/tracing/trace_marker"),
    hold_write("the kernel's log", "/dev/kmsg"),
    Attack("the memory of the kernel", '"$ATTACK" hold-read /proc/kcore', plain_files, during=holds("kcore"),
           people="root", needs=readable("/proc/kcore")),
    Attack("make a control group", f'mkdir {first_controller()}/"$(basename "$(dirname "$ATTACK")")-planted"',
           plain_files, harm=group_made, people="root", needs=can_make_group),
    Attack("who is killed when memory is short", 'echo 999 >"/proc/$VICTIM/oom_score_adj"', **victim_value("oom_score_adj")),
    Attack("what a dump of another process has", 'echo 0 >"/proc/$VICTIM/coredump_filter"', **victim_value("coredump_filter")),
    Attack("how late timers of another process are", 'echo 1 >"/proc/$VICTIM/timerslack_ns"', people="root",
           **victim_value("timerslack_ns")),
]
