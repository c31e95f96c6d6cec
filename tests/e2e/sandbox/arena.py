# SPDX-License-Identifier: Apache-2.0
"""Where the cases are run: the folders, the people, the backends, and one run of a command.

Every run has folders of its own below /var/tmp, which no mode makes writable:

    work/     the workspace, given with -C
    out/      what the sandbox must protect: it belongs to the same person, so nothing else does
    home/     HOME, with CODE_HOME beneath it
    attack    the program of attacks; its path marks every process of the run

Whatever is left of a run when it ends is found by that mark, ended, and counted against it.
"""
import dataclasses
import os
import pathlib
import pwd
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time

STARTED = "--command started--"
HARD_LIMIT_S = 60  # no verdict depends on it: a run that takes longer is broken


@dataclasses.dataclass(frozen=True)
class Person:
    """Somebody who runs beacon."""

    name: str
    uid: int
    gid: int
    is_other: bool  # not who runs the tests

    def popen_options(self):
        if not self.is_other:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def people():
    """Who can be tried here, and why somebody cannot."""
    if os.geteuid() != 0:
        name = pwd.getpwuid(os.geteuid()).pw_name
        return [Person(name, os.geteuid(), os.getegid(), False)], ["root: the tests are not run by root"]
    nobody = pwd.getpwnam("nobody")
    return [Person("root", 0, 0, False), Person("nobody", nobody.pw_uid, nobody.pw_gid, True)], []


def processes_with(mark):
    """pids whose command line names `mark` and that have not ended; the harness itself is none of them."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            line = pathlib.Path("/proc", entry, "cmdline").read_bytes()
            state = pathlib.Path("/proc", entry, "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if mark.encode() in line and state not in "ZX":
            found.append(int(entry))
    return found


class Arena:
    """The build that is tried, and a place below which the runs have theirs."""

    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        for program in ("bin/beacon", "tests/sandbox_attack"):
            if not (self.build / program).exists():
                raise SystemExit(f"build it first: there is no {self.build / program}")
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="beacon-sandbox.", dir="/var/tmp"))
        self.base.chmod(0o755)
        self.count = 0
        self.beacon = self.build / "bin/beacon"
        self.people, self.absent = people()
        self.attack = self.base / "tools/attack"
        self.attack.parent.mkdir(mode=0o755)
        shutil.copy2(self.build / "tests/sandbox_attack", self.attack)
        self.attack.chmod(0o755)
        self._make_reachable()

    def _make_reachable(self):
        """A build tree below somebody's private folder is copied, so that everybody can run it."""
        for person in self.people:
            try:
                subprocess.run([self.beacon, "--version"], capture_output=True, **person.popen_options(), check=True)
            except PermissionError:
                tree = self.base / "tree"
                shutil.copytree(self.build / "bin", tree / "bin")
                shutil.copytree(self.build / "lib/beacon", tree / "lib/beacon")
                for path in [tree, *tree.rglob("*")]:
                    path.chmod(0o755)
                self.beacon = tree / "bin/beacon"

    def asks(self, *arguments, person=None):
        """What the program of attacks says about this machine."""
        options = (person or self.people[0]).popen_options()
        return subprocess.run([self.attack, *arguments], capture_output=True, text=True, **options, check=False)

    def run(self, person, way):
        self.count += 1
        return Run(self, person, way, self.base / str(self.count))

    def why_unavailable(self, person, backend, mode):
        """Why a backend cannot be tried; '' when it can. One that could be had but is not is broken."""
        run = self.run(person, Way(backend, mode))
        run.start("true", {})
        run.end()
        said, is_up = run.output(), STARTED in run.output()
        run.remove()
        if is_up:
            return ""
        reason = said.strip().splitlines()[0] if said.strip() else "it says nothing"
        if backend == "namespaces":
            tried = subprocess.run(["unshare", "-Ur", "true"], capture_output=True, **person.popen_options(), check=False)
            could_be_had = tried.returncode == 0
        else:
            could_be_had = self.landlock_abi() >= 3
        if could_be_had:
            raise RuntimeError(f"the kernel has what {backend} needs, but for {person.name} in {mode}: {reason}")
        return reason

    def landlock_abi(self):
        said = self.asks("landlock-abi").stdout.strip()
        return int(said) if said.isdigit() else 0

    def close(self):
        for pid in processes_with(str(self.base)):
            end_process(pid)
        shutil.rmtree(self.base, ignore_errors=True)


@dataclasses.dataclass(frozen=True)
class Way:
    """How a command is run: by a backend in a mode, or by nothing (the control run)."""

    backend: str = ""
    mode: str = ""

    @property
    def is_control(self):
        return not self.backend

    def __str__(self):
        return f"{self.backend} {self.mode}" if self.backend else "no sandbox"


def end_process(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass


class Run:
    """One command, and all that belongs to it."""

    def __init__(self, arena, person, way, place):
        self.arena, self.person, self.way, self.place = arena, person, way, place
        self.work, self.out, self.home = place / "work", place / "out", place / "home"
        self.code_home = self.home / ".code"
        self.mark = str(place / "attack")
        self.process = None
        self.keep = {}  # what a case remembers between its functions
        self.cleanups = []
        self.patience_s = 5  # for what should go away
        self.env = {}
        for folder in (place, self.work, self.out, self.home, self.code_home, place / "reports"):
            folder.mkdir(mode=0o755)
            self.own(folder)
        os.symlink(arena.attack, self.mark)

    # ---- making things ----

    def own(self, path):
        if self.person.is_other:
            os.chown(path, self.person.uid, self.person.gid, follow_symlinks=False)
        return path

    def write(self, path, text="precious\n", mode=0o644):
        """A file of the person, with the folders it needs."""
        self.folder(path.parent)
        path.write_text(text)
        path.chmod(mode)
        return self.own(path)

    def folder(self, path):
        missing = []
        while not path.exists():
            missing.append(path)
            path = path.parent
        for each in reversed(missing):
            each.mkdir(mode=0o755)
            self.own(each)
        return path

    def helper(self, *arguments, **options):
        """A process outside of the sandbox, of the same person; ended with the run."""
        options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, **options}
        process = subprocess.Popen([self.arena.attack, *map(str, arguments)], **self.person.popen_options(), **options)
        self.cleanups.append(lambda: (process.kill(), process.wait()))
        return process

    # ---- running ----

    def environment(self):
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(self.home),
            "CODE_HOME": str(self.code_home),
            "USER": self.person.name,
            "LC_ALL": "C.UTF-8",
            "TERM": "dumb",
            "OUT": str(self.out),
            "WORK": str(self.work),
            "ATTACK": self.mark,
            "ASAN_OPTIONS": f"detect_leaks=1:log_path={self.place}/reports/sanitizer",
            "UBSAN_OPTIONS": f"print_stacktrace=1:log_path={self.place}/reports/sanitizer",
            **self.env,
        }

    def command(self, script, workspace=None, options=()):
        inner = ["/bin/sh", "-c", f"echo '{STARTED}'\n{script}", self.mark]
        if self.way.is_control:
            # A process between the harness and the command, as beacon is.
            return [self.mark, "launch", workspace or self.work, *inner]
        return [self.arena.beacon, "sandbox", "linux", "--sandbox", self.way.mode, "--backend", self.way.backend,
                "-C", workspace or self.work, *options, "--", *inner]

    def start(self, script, fds, prefix=(), is_interactive=False, workspace=None, options=(), extra=None):
        """fds: {0: fd, 7: fd …} of the harness, as the command's numbers; what it writes goes to a file."""
        self.said = open(self.place / "said", "w+b")
        os.chmod(self.place / "said", 0o666)
        self.process = subprocess.Popen(
            [*(self.arena.attack if word == "@attack" else word for word in prefix),
             *self.command(script, workspace, options)],
            cwd=self.place, env=self.environment(),
            stdin=subprocess.PIPE if is_interactive else fds.get(0, subprocess.DEVNULL),
            stdout=subprocess.PIPE if is_interactive else fds.get(1, self.said),
            stderr=fds.get(2, self.said),
            pass_fds=[fd for fd in fds.values() if fd > 2], start_new_session=True,
            **self.person.popen_options(), **(extra or {}))

    def wait_for_line(self, text):
        """Block until the command has written a line with `text`; False when it never will."""
        pipe = self.process.stdout
        limit = time.monotonic() + HARD_LIMIT_S
        held = self.keep.setdefault("held", b"")
        while text.encode() not in held:
            ready, _, _ = select.select([pipe], [], [], max(0, limit - time.monotonic()))
            piece = os.read(pipe.fileno(), 65536) if ready else b""
            if not piece:
                break
            held += piece
        self.keep["held"] = held
        return text.encode() in held

    def end(self):
        """Wait for the command; what then still lives is in self.survivors, and ended."""
        self.is_late = False
        try:
            if self.process.stdin:
                self.process.stdin.close()
            self.process.wait(HARD_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.is_late = True
            self.process.kill()
            self.process.wait()
        self.survivors = self.wait_until_gone()
        for pid in self.survivors:
            end_process(pid)

    def wait_until_gone(self):
        """Processes of the run that do not go away by themselves. Ending takes the kernel a moment."""
        left = processes_with(self.mark)
        limit = time.monotonic() + self.patience_s
        while left and time.monotonic() < limit:
            time.sleep(0.005)
            left = processes_with(self.mark)
        return left

    def output(self):
        self.said.flush()
        text = (self.place / "said").read_bytes()
        if self.process.stdout:
            self.keep["held"] = self.keep.get("held", b"") + self.rest()
        return (text + self.keep.get("held", b"")).decode(errors="replace")

    def rest(self):
        """What the pipe has by now: in a control run somebody may hold its other end for long."""
        os.set_blocking(self.process.stdout.fileno(), False)
        try:
            return self.process.stdout.read() or b""
        except BlockingIOError:
            return b""

    def reports(self):
        return [path.read_text(errors="replace") for path in (self.place / "reports").iterdir()]

    def remove(self):
        for cleanup in reversed(self.cleanups):
            cleanup()
        for pipe in (self.process.stdin, self.process.stdout) if self.process else ():
            if pipe:
                pipe.close()
        self.said.close()
        shutil.rmtree(self.place, ignore_errors=True)


def sysctl(name):
    """A kernel setting as text; '' when there is none."""
    try:
        return pathlib.Path("/proc/sys", name).read_text().strip()
    except OSError:
        return ""


def first_line(text, limit=160):
    lines = [line for line in re.split(r"[\r\n]+", text) if line.strip() and STARTED not in line]
    return lines[-1][:limit] if lines else ""
