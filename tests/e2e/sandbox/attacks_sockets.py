# SPDX-License-Identifier: Apache-2.0
"""Local sockets of somebody else: by path, by abstract name, as daemons and agents have them."""
import os
import pathlib
import shutil
import socket
import tempfile

from case import WRITE, Attack, landlock
from outside import listen, was_heard

STREAM, DATAGRAM, PACKET = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET


def at(name, kind=STREAM, folder=None):
    """A listener with that name: in out/, or in a folder that is made for it."""
    def arrange(run):
        place = run.out
        if folder:
            place = pathlib.Path(tempfile.mkdtemp(prefix=folder.rpartition("/")[2], dir=folder.rpartition("/")[0]))
            run.own(place)
            run.cleanups.append(lambda: shutil.rmtree(place, ignore_errors=True))
        path = place / name
        run.folder(path.parent)
        listen(run, socket.AF_UNIX, kind, str(path))
        run.env["SOCKET"] = str(path)
        return {}
    return arrange


def in_home(name):
    def arrange(run):
        run.folder((run.home / name).parent)
        listen(run, socket.AF_UNIX, STREAM, str(run.home / name))
        run.env["SOCKET"] = str(run.home / name)
        return {}
    return arrange


def abstract(kind):
    def arrange(run):
        name = f"{run.arena.base.name}-{run.place.name}"
        listen(run, socket.AF_UNIX, kind, "\0" + name)
        run.env["SOCKET"] = "@" + name
        return {}
    return arrange


def attack(name, script, arrange, **more):
    return Attack(name, f'"$ATTACK" {script} "$SOCKET"', arrange, harm=was_heard, **more)


ROOT_ONLY = {"people": "root"}  # who may make a folder in /run

CASES = [
    attack("a stream socket", "unix-stream", at("s")),
    attack("a socket that keeps messages apart", "unix-packet", at("s", PACKET)),
    attack("a datagram socket", "unix-datagram", at("s", DATAGRAM)),
    attack("a datagram without a connection", "unix-sendto", at("s", DATAGRAM)),
    attack("a datagram from a pair", "unix-pair-sendto", at("s", DATAGRAM)),
    attack("the socket of docker", "unix-stream", at("docker.sock", folder="/run/beacon-sandbox."), **ROOT_ONLY),
    attack("the socket of containerd", "unix-stream", at("containerd/containerd.sock", folder="/run/beacon-sandbox."), **ROOT_ONLY),
    attack("the socket of podman", "unix-stream", at("podman/podman.sock", folder="/run/beacon-sandbox."), **ROOT_ONLY),
    attack("the socket of dbus", "unix-stream", at("dbus/system_bus_socket", folder="/run/beacon-sandbox."), **ROOT_ONLY),
    attack("a log socket", "unix-sendto", at("log", DATAGRAM, "/run/beacon-sandbox."), **ROOT_ONLY),
    attack("the socket of an ssh agent in /tmp", "unix-stream", at("agent.77", folder="/tmp/ssh-")),
    attack("a socket of an X server's kind in /tmp", "unix-stream", at("X77", folder="/tmp/.X11-unix-beacon.")),
    attack("the socket of gpg", "unix-stream", in_home(".gnupg/S.gpg-agent")),
    attack("a socket in /dev/shm", "unix-stream", at("s", folder="/dev/shm/beacon-sandbox."),
           gaps=(landlock("/dev/shm is a writable folder", modes=(WRITE,)),)),
    attack("a socket through /proc/self/root", 'unix-stream "/proc/self/root$SOCKET"; true', at("s")),
    Attack("a socket through a link", 'ln -s "$SOCKET" "$WORK/l"; "$ATTACK" unix-stream "$WORK/l"', at("s"), harm=was_heard,
           modes=(WRITE,)),
    Attack("a hard link of a socket", 'ln "$SOCKET" "$WORK/l"; "$ATTACK" unix-stream "$WORK/l"', at("s"), harm=was_heard,
           modes=(WRITE,)),
    attack("an abstract stream socket", "unix-stream", abstract(STREAM)),
    attack("an abstract datagram", "unix-sendto", abstract(DATAGRAM)),
    attack("an abstract datagram from a pair", "unix-pair-sendto", abstract(DATAGRAM)),
    attack("an abstract socket that keeps messages apart", "unix-packet", abstract(PACKET)),
    Attack("a hard link of a datagram socket", 'ln "$SOCKET" "$WORK/l"; "$ATTACK" unix-sendto "$WORK/l"', at("s", DATAGRAM),
           harm=was_heard, modes=(WRITE,)),
]
