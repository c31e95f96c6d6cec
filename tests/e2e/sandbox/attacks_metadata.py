# SPDX-License-Identifier: Apache-2.0
"""Files outside of the workspace: mode, owner, times, attributes. Landlock watches none of these:
that backend has the host answer such calls."""
import os

from case import READ_ONLY, WRITE, Attack
from outside import plain_files

def with_attribute(run):
    plain_files(run)
    os.setxattr(run.out / "file", "user.kept", b"x")
    return {}


def attack(name, script, **more):
    return Attack(name, script, more.pop("arrange", plain_files), **more)


def has(*question):
    """needs: does the kernel know that call? The program is asked to try it on a file of its own."""
    def look(arena, person):
        path = arena.base / f"needs-{person.name}"
        path.write_text("x")
        os.chown(path, person.uid, person.gid)
        answer = arena.asks(question[0], path, *question[1:], person=person)
        return "" if answer.returncode == 0 else f"not here: {answer.stdout.strip()}"
    return look


ATTRIBUTES = has("setxattr")

CASES = [
    attack("chmod", '"$ATTACK" chmod "$OUT/file"'),
    attack("chmod a folder", '"$ATTACK" chmod "$OUT/dir"'),
    attack("fchmod", '"$ATTACK" fchmod "$OUT/file"'),
    attack("fchmodat", '"$ATTACK" fchmodat "$OUT/file"'),
    attack("fchmodat2", '"$ATTACK" fchmodat2 "$OUT/file"', needs=has("fchmodat2")),
    attack("fchmodat2 of a descriptor", '"$ATTACK" fchmodat2-empty "$OUT/file"', needs=has("fchmodat2")),
    attack("chmod through /proc/self/fd", '"$ATTACK" chmod-proc "$OUT/file"'),
    attack("chmod through a link", 'ln -s "$OUT/file" "$WORK/l"; "$ATTACK" chmod "$WORK/l"; true', modes=(WRITE,)),
    attack("chmod through /proc/self/root", '"$ATTACK" chmod "/proc/self/root$OUT/file"'),
    attack("chown", '"$ATTACK" chown "$OUT/file"'),
    attack("fchown", '"$ATTACK" fchown "$OUT/file"'),
    attack("fchownat of a descriptor", '"$ATTACK" fchownat-empty "$OUT/file"'),
    attack("give a file to another user", '"$ATTACK" lchown "$OUT/file"', people="root"),
    attack("give a link to another user", '"$ATTACK" lchown "$OUT/link"', people="root"),
    attack("utime", '"$ATTACK" utime "$OUT/file"'),
    attack("utimes", '"$ATTACK" utimes "$OUT/file"'),
    attack("utimensat of a link", '"$ATTACK" utimensat "$OUT/link"'),
    attack("utimensat", '"$ATTACK" utimensat "$OUT/file"'),
    attack("futimens", '"$ATTACK" futimens "$OUT/file"'),
    attack("futimesat", '"$ATTACK" futimesat "$OUT/file"'),
    attack("touch", 'touch -d 2001-01-01 "$OUT/file"'),
    attack("setxattr", '"$ATTACK" setxattr "$OUT/file"', needs=ATTRIBUTES),
    attack("fsetxattr", '"$ATTACK" fsetxattr "$OUT/file"', needs=ATTRIBUTES),
    attack("lsetxattr", '"$ATTACK" lsetxattr "$OUT/dir"', needs=ATTRIBUTES),
    attack("setxattrat", '"$ATTACK" setxattrat "$OUT/file"', needs=has("setxattrat")),
    attack("removexattr", '"$ATTACK" removexattr "$OUT/file" user.kept', arrange=with_attribute, needs=ATTRIBUTES),
    attack("fremovexattr", '"$ATTACK" fremovexattr "$OUT/file" user.kept', arrange=with_attribute, needs=ATTRIBUTES),
    attack("removexattrat", '"$ATTACK" removexattrat "$OUT/file" user.kept', arrange=with_attribute, needs=has("setxattrat")),
    attack("an access list", '"$ATTACK" acl "$OUT/file"', needs=has("acl")),
    attack("chattr", '"$ATTACK" setflags "$OUT/file"', needs=has("setflags")),
    attack("FS_IOC_FSSETXATTR", '"$ATTACK" fssetxattr "$OUT/file"', needs=has("fssetxattr")),
    attack("file_setattr", '"$ATTACK" file-setattr "$OUT/file"', needs=has("file-setattr")),
    attack("an attribute by io_uring", '"$ATTACK" uring-xattr "$OUT/file"', needs=has("uring-xattr")),
    attack("change a path while its mode is", '"$ATTACK" race-chmod "$WORK/././././mine" "$WORK/../out//file"', modes=(WRITE,), chances=20),
    attack("swap a link while its mode is changed", '"$ATTACK" race-link-mode "$WORK/l" "$WORK/mine" "$OUT/file"', modes=(WRITE,), chances=20),
    attack("chmod in the workspace", '"$ATTACK" chmod "$WORK/mine"', modes=(READ_ONLY,), watch=("out", "work")),
    attack("utimensat in the workspace", '"$ATTACK" utimensat "$WORK/mine"', modes=(READ_ONLY,), watch=("out", "work")),
    attack("setxattr in the workspace", '"$ATTACK" setxattr "$WORK/mine"', modes=(READ_ONLY,), watch=("out", "work"), needs=ATTRIBUTES),
]
