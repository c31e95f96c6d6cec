# SPDX-License-Identifier: Apache-2.0
"""Device nodes: made anew, opened, and terminals that belong to the person."""
import os
import pathlib
import pty
import stat
import tty

from arena import sysctl
from case import Attack, landlock
from outside import holds_device, plain_files


def exists(path, flags):
    """needs: that person can open the device without a sandbox."""
    def look(arena, person):
        tried = arena.asks("hold-write" if flags != os.O_RDONLY else "hold-read", path, person=person)
        return "" if tried.stdout.strip() == "ready" else f"{path} cannot be opened here anyway"
    return look


def hold(name, path, flags=os.O_WRONLY, **more):
    word = "hold-write" if flags != os.O_RDONLY else "hold-read"
    return Attack(name, f'"$ATTACK" {word} {path}', plain_files, during=holds_device(path), needs=exists(path, flags), **more)


def root_disk():
    """The block device of the root file system, if it has one."""
    number = os.stat("/").st_dev
    try:
        name = pathlib.Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve().name
    except OSError:
        name = ""
    return f"/dev/{name}"


# ---- the devices that every command has: they are the machine's own ----

SHARED = ("null", "zero", "full", "random", "urandom", "tty")


def times_of_devices(run):
    run.keep["times"] = {name: os.stat(f"/dev/{name}").st_ctime_ns for name in SHARED}
    return {}


def device_changed(run):
    """Its mode is set to what it is: no harm but to the time of change, which shows that it can be set."""
    for name in SHARED:
        if os.stat(f"/dev/{name}").st_ctime_ns != run.keep["times"][name]:
            return f"the mode of /dev/{name} was set"
    return ""


def node_made(run):
    path = run.work / "node"
    return "a device node was made" if path.exists() and stat.S_ISCHR(path.lstat().st_mode) else ""


def node_in_dev(run):
    path = pathlib.Path("/dev", run.place.name)
    if not path.exists():
        return ""
    path.unlink()
    return "a device node was made in /dev"


# ---- terminals ----

def raw_terminal(run):
    """A terminal of the person; its other end is run.keep["screen"]."""
    screen, terminal = pty.openpty()
    tty.setraw(terminal)
    os.set_blocking(screen, False)
    name = os.ttyname(terminal)
    run.own(pathlib.Path(name))
    run.keep.update(screen=screen, terminal=terminal)
    run.cleanups += [lambda: os.close(screen), lambda: os.close(terminal)]
    run.env["TERMINAL"] = name
    plain_files(run)
    return {}


def was_drawn(run):
    try:
        return f"the terminal shows {os.read(run.keep['screen'], 100)!r}"
    except OSError:
        return ""


def was_typed(run):
    os.set_blocking(run.keep["terminal"], False)
    try:
        return f"somebody seems to have typed {os.read(run.keep['terminal'], 100)!r}"
    except OSError:
        return ""


def typing_works(_arena, person):
    if sysctl("dev/tty/legacy_tiocsti") == "0" and person.uid != 0:
        return "the kernel refuses TIOCSTI to everybody but root"
    return ""


def at_terminal(run):
    """Beacon's standard input is a terminal that controls its session, as when a person starts it."""
    raw_terminal(run)
    return {0: run.keep["terminal"]}


def is_nonblocking(run):
    """O_NONBLOCK belongs to what is open, not to the descriptor: the person's shell would have it too."""
    return "" if os.get_blocking(run.keep["terminal"]) else "the person's input does not block any more"


DISK = root_disk()
AT_TERMINAL = ("@attack", "take-terminal")

CASES = [
    Attack("the mode of the devices everybody has", 'for d in null zero full random urandom tty; do chmod 666 /dev/$d; done',
           times_of_devices, harm=device_changed, people="root"),
    Attack("the mode of a device by its descriptor", '"$ATTACK" fchmod-same /dev/full; "$ATTACK" fchmod-same /dev/null',
           times_of_devices, harm=device_changed, people="root"),
    Attack("the mode of a device that was inherited", '"$ATTACK" fd-chmod-same 0', times_of_devices,
           harm=device_changed, people="root"),
    Attack("make a device node", '"$ATTACK" make-node "$WORK/node"', plain_files, harm=node_made, people="root"),
    Attack("make a device node with mknod", 'mknod "$WORK/node" c 1 3', plain_files, harm=node_made, people="root"),
    Attack("make a device node in /dev", 'mknod "/dev/$(basename "$(dirname "$ATTACK")")" c 1 3', plain_files,
           harm=node_in_dev, people="root"),
    hold("write the disk", DISK),
    hold("read the disk, past all protections of files", DISK, os.O_RDONLY, people="root"),
    hold("the machine's memory", "/dev/mem", os.O_RDONLY, people="root"),
    hold("the ports of the machine", "/dev/port", os.O_RDONLY, people="root"),
    hold("the text of a console", "/dev/vcs", os.O_RDONLY, people="root"),
    hold("write a console", "/dev/tty1", people="root"),
    hold("the system's console", "/dev/console", people="root"),
    hold("a serial line", "/dev/ttyS0", people="root"),
    hold("make loop devices", "/dev/loop-control", people="root"),
    hold("file systems in user space", "/dev/fuse"),
    hold("virtual machines", "/dev/kvm"),
    hold("network tunnels", "/dev/net/tun"),
    hold("page faults", "/dev/userfaultfd", os.O_RDONLY, people="root"),
    hold("compressed memory", "/dev/zram0", people="root"),
    Attack("write on another terminal", '"$ATTACK" draw "$TERMINAL" planted', raw_terminal, harm=was_drawn,
           gaps=(landlock("terminals are writable by their names"),)),
    Attack("write on another terminal by the shell", 'echo planted >"$TERMINAL"', raw_terminal, harm=was_drawn,
           gaps=(landlock("terminals are writable by their names"),)),
    Attack("type into the person's terminal", '"$ATTACK" sti 0 planted', at_terminal, harm=was_typed, needs=typing_works,
           prefix=AT_TERMINAL),
    Attack("type, with high bits set", '"$ATTACK" sti-high-bits 0 planted', at_terminal, harm=was_typed, needs=typing_works,
           prefix=AT_TERMINAL),
    Attack("type through /dev/tty", '"$ATTACK" sti /dev/tty planted', at_terminal, harm=was_typed, needs=typing_works,
           prefix=AT_TERMINAL),
    Attack("type into the terminal by its name", '"$ATTACK" sti "$TERMINAL" planted', at_terminal, harm=was_typed,
           needs=typing_works, prefix=AT_TERMINAL),
    Attack("type after taking another terminal", 'setsid "$ATTACK" sti "$TERMINAL" planted', raw_terminal, harm=was_typed,
           needs=lambda arena, person: "only root may type there anyway" if person.uid else ""),
    Attack("leave the terminal without blocking",
           'python3 -c "import os; os.set_blocking(0, False)"', at_terminal, harm=is_nonblocking,
           prefix=AT_TERMINAL),
]

