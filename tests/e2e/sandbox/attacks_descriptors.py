# SPDX-License-Identifier: Apache-2.0
"""What beacon was started with: descriptors that lead outside, also as the standard ones."""
import os
import resource
import socket

from case import Attack
from outside import plain_files


def inherited(name, flags, number=None):
    """Descriptor $FD of out/NAME; `number`: as that standard one."""
    def arrange(run):
        plain_files(run)
        fd = os.open(run.out / name, flags)
        run.cleanups.append(lambda: os.close(fd))
        os.set_inheritable(fd, True)
        run.env["FD"] = str(fd if number is None else number)
        return {fd if number is None else number: fd}
    return arrange


def far_away(run):
    """A number that only a program with a high limit can have."""
    fds = inherited("", os.O_RDONLY)(run)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    fd = os.dup2(next(iter(fds.values())), soft - 1)
    run.cleanups.append(lambda: os.close(fd))
    del hard
    run.env["FD"] = str(fd)
    return {fd: fd}


def connected(number=None, kind=socket.SOCK_STREAM):
    """One end of a pair of sockets as $FD; through the other comes the folder out/."""
    def arrange(run):
        plain_files(run)
        ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
        folder = os.open(run.out, os.O_RDONLY)
        socket.send_fds(ours, [b"x"], [folder])
        os.close(folder)
        run.cleanups += [ours.close, theirs.close]
        run.keep["ours"] = ours
        run.env["FD"] = str(theirs.fileno() if number is None else number)
        return {theirs.fileno() if number is None else number: theirs.fileno()}
    return arrange


def was_told(run):
    run.keep["ours"].setblocking(False)
    try:
        return f"heard {run.keep['ours'].recv(100)!r}"
    except BlockingIOError:
        return ""


FOLDER, READ, WRITE = os.O_RDONLY | os.O_DIRECTORY, os.O_RDONLY, os.O_RDWR

CASES = [
    Attack("create beneath an inherited folder", '"$ATTACK" fd-openat "$FD"', inherited("", FOLDER)),
    Attack("create beneath an inherited O_PATH folder", '"$ATTACK" fd-openat "$FD"', inherited("", os.O_PATH)),
    Attack("create beneath any inherited folder", '"$ATTACK" fd-openat-any', inherited("", FOLDER)),
    Attack("create beneath a folder with a high number", '"$ATTACK" fd-openat "$FD"', far_away),
    Attack("change to an inherited folder", '"$ATTACK" fd-chdir "$FD"', inherited("", FOLDER)),
    Attack("an inherited folder through /proc/self/fd", '"$ATTACK" fd-proc "$FD"', inherited("", FOLDER)),
    Attack("an inherited folder by the shell", 'echo x >"/proc/self/fd/$FD/planted"', inherited("", FOLDER)),
    Attack("write an inherited file", '"$ATTACK" fd-write "$FD"', inherited("file", WRITE)),
    Attack("truncate an inherited file", '"$ATTACK" fd-truncate "$FD"', inherited("file", WRITE)),
    Attack("chmod an inherited readable file", '"$ATTACK" fd-chmod "$FD"', inherited("file", READ)),
    Attack("open an inherited readable file again", '"$ATTACK" fd-reopen "$FD"', inherited("file", READ)),
    Attack("send on an inherited socket", '"$ATTACK" fd-write "$FD"', connected(), harm=was_told),
    Attack("receive a folder from an inherited socket", '"$ATTACK" fd-receive "$FD"', connected()),
    Attack("receive from a socket that keeps messages apart", '"$ATTACK" fd-receive "$FD"',
           connected(kind=socket.SOCK_SEQPACKET)),
    Attack("standard input is a folder", '"$ATTACK" fd-openat 0', inherited("", FOLDER, 0)),
    Attack("standard input is an O_PATH folder", '"$ATTACK" fd-openat 0', inherited("", os.O_PATH, 0)),
    Attack("standard error is a folder", '"$ATTACK" fd-openat 2', inherited("", FOLDER, 2), may_refuse=True),
    Attack("standard error is a folder, through /proc", '"$ATTACK" fd-proc 2', inherited("", FOLDER, 2),
           may_refuse=True),
    Attack("standard input is a socket that sends a folder", '"$ATTACK" fd-receive 0', connected(0)),
    Attack("standard input is a socket that listens", '"$ATTACK" fd-write 0', connected(0), harm=was_told),
    Attack("open the file of standard input for writing", '"$ATTACK" fd-reopen 0', inherited("file", READ, 0)),
    Attack("chmod the file of standard input", '"$ATTACK" fd-chmod 0', inherited("file", READ, 0)),
    Attack("change the time of the file of standard input", '"$ATTACK" fd-time 0', inherited("file", READ, 0)),
    Attack("an attribute on the file of standard input", '"$ATTACK" fd-xattr 0', inherited("file", READ, 0)),
]
