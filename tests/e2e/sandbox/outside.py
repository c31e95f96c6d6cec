# SPDX-License-Identifier: Apache-2.0
"""Looking from outside: what a sandboxed command changed, reached or holds. Never its own word."""
import array
import fcntl
import hashlib
import os
import pathlib
import secrets
import select
import socket
import stat

from arena import processes_with

FS_IOC_GETFLAGS = 0x80086601


def attributes(path):
    """chattr's flags, where the file system has them."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        flags = array.array("L", [0])
        fcntl.ioctl(fd, FS_IOC_GETFLAGS, flags)
        return flags[0]
    except OSError:
        return None
    finally:
        os.close(fd)


def describe(path):
    """Everything about one file that an attack could change."""
    info = os.lstat(path)
    about = {"mode": oct(info.st_mode), "owner": (info.st_uid, info.st_gid), "links": info.st_nlink,
             "mtime": info.st_mtime_ns, "inode": info.st_ino}
    if stat.S_ISDIR(info.st_mode):
        about["links"] = 0
    if stat.S_ISREG(info.st_mode):
        about["content"] = hashlib.sha256(path.read_bytes()).hexdigest()
        about["size"] = info.st_size
    if stat.S_ISLNK(info.st_mode):
        about["target"] = os.readlink(path)
    if stat.S_ISREG(info.st_mode) or stat.S_ISDIR(info.st_mode):
        about["flags"] = attributes(path)
        about["ctime"] = info.st_ctime_ns
    about["xattr"] = {name: os.getxattr(path, name, follow_symlinks=False)
                      for name in os.listxattr(path, follow_symlinks=False)}
    return about


def below(top):
    """Paths beneath a folder, links not followed, whatever comes and goes meanwhile."""
    if top.is_symlink():
        return
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            yield pathlib.Path(folder, name)


def snapshot(run, names):
    """{path: description} of what is below each name; a missing one is None."""
    seen = {}
    for name in names:
        top = run.place / name
        if not os.path.lexists(top):
            seen[name] = None
            continue
        for path in [top, *below(top)]:
            try:
                seen[str(path.relative_to(run.place))] = describe(path)
            except FileNotFoundError:
                continue  # made and removed while we look
    return seen


def difference(before, after):
    """What changed, in words; '' when nothing did."""
    for path in sorted(set(before) | set(after)):
        was, now = before.get(path), after.get(path)
        if was == now:
            continue
        if was is None:
            return f"{path} was made"
        if now is None:
            return f"{path} is gone"
        what = sorted(key for key in set(was) | set(now) if was.get(key) != now.get(key))
        return f"{path} changed: " + ", ".join(f"{key} {was.get(key)!r:.60} -> {now.get(key)!r:.60}" for key in what[:2])
    return ""


# ---- files to protect ----

def plain_files(run):
    """The usual content of out/: a file, a program, a folder with a file, a link, a big file."""
    run.write(run.out / "file")
    run.write(run.out / "dir/inner", "inner\n")
    run.write(run.out / "big", "x" * 65536)
    os.symlink("file", run.out / "link")
    run.own(run.out / "link")
    run.write(run.work / "mine", "mine\n")
    os.mkfifo(run.out / "fifo")
    run.own(run.out / "fifo")
    return {}


# ---- listeners ----

class Listener:
    """A socket that nobody should reach. heard() tells whether somebody did."""

    def __init__(self, run, family, kind, address):
        self.kind = kind
        self.socket = socket.socket(family, kind)
        self.socket.bind(address)
        if kind != socket.SOCK_DGRAM:
            self.socket.listen(5)
        self.socket.setblocking(False)
        run.cleanups.append(self.socket.close)
        if family == socket.AF_UNIX and isinstance(address, str) and not address.startswith("\0"):
            os.chmod(address, 0o777)
            run.own(address)

    @property
    def port(self):
        return self.socket.getsockname()[1]

    def heard(self, _run=None):
        try:
            if self.kind == socket.SOCK_DGRAM:
                return f"a datagram arrived: {self.socket.recv(100)!r}"
            connection, _ = self.socket.accept()
            connection.close()
            return "a connection arrived"
        except BlockingIOError:
            return ""


def listen(run, family, kind, address):
    run.keep["listener"] = Listener(run, family, kind, address)
    return run.keep["listener"]


def was_heard(run):
    return run.keep["listener"].heard()


# ---- secrets ----

def secret(run):
    """A word that must not come out; says_secret() looks for it in what the command printed."""
    run.keep["secret"] = "secret" + secrets.token_hex(12)
    return run.keep["secret"]


def says_secret(run):
    return "the secret was printed" if run.keep["secret"] in run.output() else ""


# ---- processes outside ----

class Victim:
    """A process of the person outside of the sandbox; see `victim` in attack/victim.c."""

    def __init__(self, run):
        word = secret(run)
        self.process = run.helper("victim", word, run.out / "file", env={"A_SECRET": word})
        _, pid, address, fd = self.process.stdout.readline().split()
        self.pid, self.address, self.fd = int(pid), address, fd
        run.env.update(VICTIM=pid, ADDRESS=address, VICTIM_FD=fd)

    def harm(self):
        """Signals, other memory, being stopped or dead."""
        stat = process_value(self.pid, "stat")
        if stat.rpartition(")")[2].split()[:1] in (["T"], ["t"]):
            return "the process outside is stopped"
        try:
            self.process.stdin.write("report\n")
            self.process.stdin.flush()
        except OSError:
            return "the process outside is dead"
        ready, _, _ = select.select([self.process.stdout], [], [], 5)
        line = self.process.stdout.readline().strip() if ready else "stopped"
        return "" if line == "untouched" else f"the process outside is {line or 'dead'}"


def victim(run):
    plain_files(run)
    run.keep["victim"] = Victim(run)
    return {}


def victim_harmed(run):
    return run.keep["victim"].harm()


# ---- what a process holds ----

def open_files(run):
    """(pid, link text, path of the descriptor) of every process of the run's attack program."""
    for pid in processes_with(run.mark):
        folder = pathlib.Path("/proc", str(pid), "fd")
        try:
            for entry in folder.iterdir():
                yield pid, os.readlink(entry), entry
        except OSError:
            continue


def holds(text, is_writable=False):
    """during: some process of the run has a descriptor whose name has `text`."""
    def look(run):
        for pid, link, entry in open_files(run):
            if text not in link:
                continue
            info = pathlib.Path("/proc", str(pid), "fdinfo", entry.name).read_text()
            flags = int(info.split("flags:")[1].split()[0], 8)
            if not is_writable or flags & os.O_ACCMODE != os.O_RDONLY:
                return f"process {pid} holds {link}"
        return ""
    return look


def holds_device(path):
    """during: some process of the run has that device open, by whatever name."""
    number = os.stat(path).st_rdev if os.path.exists(path) else 0

    def look(run):
        for pid, link, entry in open_files(run):
            try:
                info = os.stat(entry)
            except OSError:
                continue
            is_device = stat.S_ISCHR(info.st_mode) or stat.S_ISBLK(info.st_mode)
            if is_device and info.st_rdev == number and stat.S_ISBLK(info.st_mode) == stat.S_ISBLK(os.stat(path).st_mode):
                return f"process {pid} holds {link}"
        return ""
    return look


def process_value(pid, name):
    """What /proc says of a process, as text."""
    try:
        return pathlib.Path("/proc", str(pid), name).read_text().strip()
    except OSError as error:
        return error.strerror
