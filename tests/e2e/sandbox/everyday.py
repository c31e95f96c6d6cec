# SPDX-License-Identifier: Apache-2.0
"""Programs of every day, in workspace-write. Each must work, and the result is looked at from outside.
One that fails is tried without a sandbox too: what does not work there either is skipped, and said."""
import dataclasses
import os
import shutil
import socket
import subprocess
import typing

from arena import STARTED, Way, first_line
from case import WRITE, landlock


@dataclasses.dataclass(frozen=True)
class Everyday:
    name: str
    script: str  # in the workspace; fails when it fails
    shows: typing.Union[str, typing.Callable] = ""  # work/result has this, or a function that says what is wrong
    arrange: typing.Optional[typing.Callable] = None
    programs: tuple = ()  # that must be there
    limits: tuple = ()  # Gap: where it is known not to work
    prefix: tuple = ()

    def applies_to(self, _person):
        return True

    def attempt(self, suite, person):
        missing = [program for program in self.programs if not has_program(program)]
        if missing:
            suite.note("skipped", self.name, person, Way(), f"{missing[0]} is not installed")
            print(f"{self.name}, {person.name}: skipped, {missing[0]} is not installed")
            return
        said = []
        for backend in ("namespaces", "landlock"):
            if suite.options.backend in (None, backend) and not suite.why_not(person, backend, WRITE):
                verdict, words = self.verdict(suite, person, Way(backend, WRITE))
                suite.note(verdict, self.name, person, Way(backend, WRITE), words)
                said.append(f"{backend[0].upper()} {verdict}" + (f" ({first_line(words)})" if words else ""))
        print(f"{self.name}, {person.name}: {'; '.join(said)}", flush=True)

    def verdict(self, suite, person, way):
        limit = next((limit for limit in self.limits if limit.covers(way, person, suite.abi)), None)
        wrong = self.once(suite, person, way)
        if not wrong:
            return ("CLOSED", f"no longer so: {limit.reason}") if limit else ("works", "")
        if limit:
            return "degraded", limit.reason
        without = self.once(suite, person, Way())
        return ("skipped", f"nor without a sandbox: {without}") if without else ("FAILS", wrong)

    def once(self, suite, person, way):
        """What is wrong, or ''."""
        run = suite.arena.run(person, way)
        try:
            fds = (self.arrange(run) if self.arrange else {}) or {}
            run.start(f'set -e\ncd "$WORK"\n{self.script}', fds, prefix=self.prefix)
            run.end()
            said = run.output()
            if run.reports():
                return "a sanitizer complains: " + run.reports()[0][:2000]
            if STARTED not in said or run.is_late or run.process.returncode != 0:
                return f"exit status {run.process.returncode}: " + said.replace(STARTED, "").strip()[-1500:]
            return self.judge(run)
        finally:
            if suite.options.keep:
                print(f"kept {run.place}")
            run.remove()

    def judge(self, run):
        if callable(self.shows):
            return self.shows(run)
        result = run.work / "result"
        text = result.read_text(errors="replace") if result.exists() else "(no file)"
        return "" if self.shows in text else f"the result is: {text[-500:]}; it said: {run.output()[-500:]}"


def has_program(name):
    return shutil.which(name, path="/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin") is not None


def outside(run, *command):
    """What a program says outside, of the same person, in the workspace."""
    done = subprocess.run(command, cwd=run.work, env=run.environment(), capture_output=True, text=True, check=False,
                          **run.person.popen_options())
    return done.stdout


# ---- sources ----

def c_program(run):
    run.write(run.work / "main.c", '#include <stdio.h>\nint main(void)\n{\n    puts("built");\n    return 0;\n}\n')
    run.write(run.work / "Makefile", "main: main.c\n\tcc -g -o main main.c\n")
    run.write(run.work / "CMakeLists.txt", "cmake_minimum_required(VERSION 3.16)\nproject(p C)\nenable_testing()\n"
              "add_executable(main main.c)\nadd_test(NAME t COMMAND main)\n")
    return {}


def python_files(run):
    run.write(run.work / "test_it.py", "import multiprocessing\n\ndef double(n):\n    return 2 * n\n\n"
              "def test_it(tmp_path):\n    (tmp_path / 'f').write_text('x')\n    with multiprocessing.Pool(2) as pool:\n"
              "        assert pool.map(double, [1, 2]) == [2, 4]\n")
    run.write(run.work / "echo.py", """import asyncio

async def serve(reader, writer):
    writer.write(b"heard " + await reader.readline())
    await writer.drain()
    writer.close()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"hello\\n")
    open("result", "wb").write(await reader.readline())
    process = await asyncio.create_subprocess_exec("true")
    open("result", "a").write(f"child {await process.wait()}")

asyncio.run(main())
""")
    run.write(run.work / "udp.py", """import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.sendto(b"datagram", server.getsockname())
open("result", "wb").write(server.recv(100))
""")
    run.write(run.work / "local.py", """import os, socket, threading
server = socket.socket(socket.AF_UNIX)
server.bind("s")
server.listen()
threading.Thread(target=lambda: server.accept()[0].sendall(b"local")).start()
client = socket.socket(socket.AF_UNIX)
client.connect("s")
open("result", "wb").write(client.recv(100))
one, other = socket.socketpair()
one.sendall(b" pair")
open("result", "ab").write(other.recv(100))
os.unlink("s")
""")
    return {}


def node_files(run):
    run.write(run.work / "package.json", '{"name": "p", "version": "1.0.0", "scripts": {"test": "node test.js"}}\n')
    run.write(run.work / "test.js", """const {execFile, fork, spawnSync} = require('child_process');
const fs = require('fs'), http = require('http');
if (process.argv[2] === 'child') {
    process.send('forked');
} else {
    fork(__filename, ['child']).on('message', (said) => {
        execFile('sh', ['-c', 'echo executed'], (error, out) => {
            fs.writeFileSync('result', said + ' ' + out + spawnSync('echo', ['spawned']).stdout);
        });
    });
}
""")
    run.write(run.work / "http.js", """const fs = require('fs'), http = require('http');
const server = http.createServer((request, response) => response.end('served')).listen(0, '127.0.0.1', () => {
    http.get({port: server.address().port}, (response) => response.on('data', (data) => {
        fs.writeFileSync('result', data);
        server.close();
        server.closeAllConnections();
    }));
});
""")
    return {}


def java_file(run):
    run.write(run.work / "Main.java", """import java.nio.file.*;
public class Main {
    public static void main(String[] args) throws Exception {
        Process child = new ProcessBuilder("echo", "child").start();
        Files.writeString(Path.of("result"), "java " + new String(child.getInputStream().readAllBytes()));
    }
}
""")
    return {}


def socket_of_person(run):
    """A server in the workspace that somebody outside has started."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(run.work / "theirs"))
    os.chmod(run.work / "theirs", 0o777)
    run.own(run.work / "theirs")
    server.listen()
    server.setblocking(False)
    run.keep["server"] = server
    run.cleanups.append(server.close)
    return {}


def was_called(run):
    try:
        run.keep["server"].accept()[0].close()
        return ""
    except BlockingIOError:
        return "nobody called the person's server"


def many_files(run):
    for number in range(40):
        run.write(run.work / f"many/{number}", f"{number}\n")
    return {}


def no_loopback(reason="no network at all, the loopback included"):
    return (landlock(reason),)


def file_is(name, wanted):
    def look(run):
        path = run.work / name
        text = path.read_text(errors="replace") if path.exists() else "(no file)"
        return "" if wanted in text else f"{name} is: {text[-300:]}"
    return look


def mode_is(name, mode):
    return lambda run: "" if (run.work / name).stat().st_mode & 0o7777 == mode else f"{name} has another mode"


CASES = [
    Everyday("make", "make -s; ./main >result", "built", c_program, ("make", "cc")),
    Everyday("cmake, ninja and ctest", "cmake -G Ninja -B b . >log; cmake --build b >>log; cd b; ctest >>../log; ./main >../result",
             "built", c_program, ("cmake", "ninja", "cc")),
    Everyday("gdb", "cc -g -o main main.c; gdb -q -batch -ex 'break main' -ex run -ex bt ./main >result 2>&1", "#0  main", c_program,
             ("gdb", "cc")),
    Everyday("strace", "strace -f -o trace sh -c 'echo traced >result'; grep -q exited trace", "traced", programs=("strace",)),
    Everyday("python venv", "python3 -m venv --without-pip v; v/bin/python -c 'print(40 + 2)' >result", "42", programs=("python3",)),
    Everyday("asyncio", "python3 echo.py", "heard hello\nchild 0", python_files, ("python3",), no_loopback()),
    Everyday("python and datagrams", "python3 udp.py", "datagram", python_files, ("python3",), no_loopback()),
    Everyday("python and local sockets", "python3 local.py", "local pair", python_files, ("python3",)),
    Everyday("python multiprocessing", "python3 -c 'import test_it, pathlib; test_it.test_it(pathlib.Path(\".\"))'; mv f result", "x",
             python_files, ("python3",)),
    Everyday("pytest", "python3 -m pytest -q -p no:cacheprovider >result", "1 passed", python_files, ("pytest-3",)),
    Everyday("node and its children", "node test.js", "forked executed\nspawned", node_files, ("node",)),
    Everyday("node and HTTP", "node http.js", "served", node_files, ("node",), no_loopback()),
    Everyday("npm test", "npm test --silent --no-update-notifier", "forked", node_files, ("npm",)),
    Everyday("sqlite with a log", "python3 -c 'import sqlite3; c = sqlite3.connect(\"d\"); c.execute(\"pragma journal_mode=wal\"); "
             "c.execute(\"create table t(x)\"); c.execute(\"insert into t values(7)\"); c.commit(); "
             "open(\"result\", \"w\").write(str(c.execute(\"select x from t\").fetchall()))'", "[(7,)]", programs=("python3",)),
    Everyday("java", "java Main.java", "java child", java_file, ("javac",)),
    Everyday("java's own version", "java -version 2>result", "version", programs=("java",)),
    Everyday("perl", "perl -e 'fork or exit 0; wait; open F, \">result\"; print F \"perl $$\"'", "perl", programs=("perl",)),
    Everyday("curl from localhost", "echo served >page; python3 -m http.server 8765 --bind 127.0.0.1 >/dev/null 2>&1 & "
             "curl -s --retry 20 --retry-connrefused --retry-delay 1 http://127.0.0.1:8765/page >result; kill $!", "served",
             programs=("curl", "python3"), limits=no_loopback()),
    Everyday("IPv6 on localhost", "python3 -c 'import socket; s = socket.create_server((\"::1\", 0), family=socket.AF_INET6); "
             "socket.create_connection(s.getsockname()[:2]); open(\"result\", \"w\").write(\"six\")'", "six", programs=("python3",),
             limits=no_loopback()),
    Everyday("openssl", "openssl req -x509 -newkey ed25519 -nodes -subj /CN=a -keyout k -out c 2>log; openssl x509 -in c -noout -subject >result",
             "CN = a", programs=("openssl",)),
    Everyday("ssh-keygen", "ssh-keygen -q -t ed25519 -N '' -f key; cp key.pub result", "ssh-ed25519", programs=("ssh-keygen",)),
    Everyday("tar and gzip", "mkdir d; echo x >d/f; tar czf a.tgz d; rm -r d; tar xzf a.tgz; cp d/f result", "x"),
    Everyday("sort with temporary files", "seq 200000 -1 1 | sort -n -S 1M -T . | head -1 >result", "1\n"),
    Everyday("sort in /tmp", "seq 200000 -1 1 | sort -n -S 1M | head -1 >result", "1\n"),
    Everyday("mktemp", 'f=$(mktemp); d=$(mktemp -d); echo x >"$f"; cp "$f" "$d/y"; cp "$d/y" result; rm -r "$f" "$d"', "x"),
    Everyday("here-documents", 'bash -c "cat <<X >result\nhere\nX"', "here"),
    Everyday("process substitution", "bash -c 'cat <(echo one) <(echo two) >result'", "one\ntwo"),
    Everyday("job control", "bash -mc 'sleep 5 & kill -STOP %1; kill -CONT %1; kill %1; wait %1; echo ended $? >result'", "ended 143"),
    Everyday("background jobs", "(echo a >a) & (echo b >b) & wait; cat a b >result", "a\nb"),
    Everyday("timeout", "timeout -k 1 0.1 sleep 5 || echo over $? >result", "over 124"),
    Everyday("find and xargs", "find many -type f -print0 | xargs -0 -P 4 -n 5 cat | sort -n | tail -1 >result", "39", many_files),
    Everyday("pipes", "seq 1000 | awk '{s += $1} END {print s}' | tee copy | cat >result", "500500"),
    Everyday("named pipes", "mkfifo p; echo through >p & cat p >result", "through"),
    Everyday("locks", "flock lock -c 'echo locked >result'", "locked", programs=("flock",)),
    Everyday("locale", "locale >result; LC_ALL=C.UTF-8 printf 'ä\\n' | wc -m >>result", "LC_CTYPE"),
    Everyday("time zones", "TZ=Europe/Berlin date -d @0 +%Y >result", "1970"),
    Everyday("a terminal of one's own", "script -qec 'tty; echo typed' /dev/null >result </dev/null", "/dev/pts/", programs=("script",)),
    Everyday("stty in it", "script -qec 'stty rows 33 cols 99; stty size' /dev/null >result </dev/null", "33 99", programs=("script",)),
    Everyday("the devices of every day", "head -c 9 /dev/zero >z; head -c 9 /dev/urandom >u; echo x >/dev/null; echo x >/dev/full || echo full >result",
             "full"),
    Everyday("/dev/stdin, /dev/stdout and /dev/fd", "echo given | cat /dev/stdin >result; echo more >/dev/stdout | cat /dev/fd/0 >>result", "given"),
    Everyday("POSIX shared memory and semaphores", "python3 -c 'from multiprocessing import shared_memory as s, Lock; m = s.SharedMemory(create=True, size=9); "
             "m.unlink(); Lock(); open(\"result\", \"w\").write(\"shared\")'", "shared", programs=("python3",)),
    Everyday("modes and times", "echo x >f; chmod 750 f; touch -d 2001-01-01 f; mkdir d; chmod 700 d; install -m 711 f g", mode_is("g", 0o711)),
    Everyday("hard and symbolic links", "echo x >f; ln f g; ln -s g h; cat h >result; mv f i; rm g h", "x"),
    Everyday("rename between folders", "mkdir a b; echo x >a/f; mv a/f b/g; mv b c; cp c/g result", "x"),
    Everyday("sparse and big files", "truncate -s 1G big; dd if=/dev/zero of=big bs=1 count=1 seek=1000 conv=notrunc 2>/dev/null; stat -c %s big >result; rm big",
             "1073741824"),
    Everyday("watching files", "python3 -c 'import ctypes, os; c = ctypes.CDLL(None); f = c.inotify_init(); c.inotify_add_watch(f, b\".\", 0x100); "
             "open(\"new\", \"w\"); open(\"result\", \"w\").write(str(len(os.read(f, 4096)) > 0))'", "True", programs=("python3",)),
    Everyday("what it is told about itself", "id -un >result; whoami >>result; ps -o comm= -p $$ >>result; nproc >>result; free >>result; df . >>result; uname -a >>result",
             "\n", programs=("ps",)),
    Everyday("a server of the person in the workspace", 'python3 -c "import socket; socket.socket(socket.AF_UNIX).connect(\'theirs\')"', was_called,
             socket_of_person, ("python3",)),
    Everyday("resource limits", "ulimit -n 100; ulimit -c 0; ulimit -n >result", "100"),
    Everyday("a deep tree", "p=d; i=0; while [ $i -lt 60 ]; do p=$p/d; i=$((i+1)); done; mkdir -p $p; find d | wc -l >result; rm -r d", "61"),
    Everyday("long lists of arguments", "true $(seq 20000); echo done >result", "done"),
    Everyday("threads", "python3 -c 'import threading; t = [threading.Thread(target=lambda: open(\"result\", \"a\").write(\"t\")) for _ in range(8)]; "
             "[x.start() for x in t]; [x.join() for x in t]'", "tttttttt", programs=("python3",)),
    Everyday("signals among its own", "sh -c 'trap \"echo caught >result; exit\" USR1; kill -USR1 $$; sleep 5'", "caught"),
    Everyday("priority of its own", "nice -n 5 sh -c 'nice >result'", "5"),
    Everyday("sed, patch and diff in place", "echo a >f; cp f g; sed -i s/a/b/ f; diff f g >d || true; cp f result", "b"),
]
