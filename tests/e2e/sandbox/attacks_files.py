# SPDX-License-Identifier: Apache-2.0
"""Files outside of the workspace: their content and their names, by every way the kernel has."""
import os
import shutil
import tempfile

from case import READ_ONLY, WRITE, Attack
from outside import plain_files


def attack(name, script, **more):
    return Attack(name, script, plain_files, **more)


def with_links(run):
    """Links in the workspace that lead outside, made by somebody else."""
    plain_files(run)
    for name, target in (("to-file", run.out / "file"), ("to-folder", run.out), ("up", ".."), ("top", "/")):
        os.symlink(target, run.work / name)
    return {}


def can_clone(arena, _person):
    """Only some file systems share blocks between files."""
    first, second = arena.base / "clone-1", arena.base / "clone-2"
    first.write_text("x" * 4096)
    second.write_text("")
    return "" if arena.asks("clone-file", first, second).returncode == 0 else "the file system cannot clone"


def put_in_tmp(run):
    """A file in /tmp, for modes that may not write there."""
    plain_files(run)
    folder = tempfile.mkdtemp(prefix="beacon-sandbox.", dir="/tmp")
    run.own(folder)
    run.cleanups.append(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.symlink(folder, run.place / "tmp-link")
    run.keep["tmp"] = folder
    run.env["FOLDER"] = folder
    return {}


def is_in_tmp(run):
    return f"/tmp has {os.listdir(run.keep['tmp'])}" if os.listdir(run.keep["tmp"]) else ""


def was_moved(run):
    return "" if run.work.is_dir() and not (run.place / "work.away").exists() else "the workspace was moved"


CASES = [
    attack("write", '"$ATTACK" write "$OUT/file"'),
    attack("write by the shell", 'echo x >"$OUT/file"'),
    attack("append", '"$ATTACK" append "$OUT/file"'),
    attack("append by the shell", 'echo x >>"$OUT/file"'),
    attack("create", '"$ATTACK" create "$OUT/new"'),
    attack("truncate by path", '"$ATTACK" truncate "$OUT/file"'),
    attack("truncate by opening for reading", '"$ATTACK" open-truncating "$OUT/file"'),
    attack("truncate by opening for nothing", '"$ATTACK" open-mode-three "$OUT/file"'),
    attack("openat2", '"$ATTACK" openat2 "$OUT/file"'),
    attack("reopen an O_PATH descriptor", '"$ATTACK" reopen-path "$OUT/file"'),
    attack("reopen a readable descriptor", '"$ATTACK" reopen-readable "$OUT/file"'),
    attack("map shared memory of a file", '"$ATTACK" map "$OUT/file"'),
    attack("copy_file_range", '"$ATTACK" copy-range "$WORK/mine" "$OUT/file"'),
    attack("sendfile", '"$ATTACK" sendfile "$WORK/mine" "$OUT/file"'),
    attack("splice", '"$ATTACK" splice "$OUT/file"'),
    attack("punch a hole", '"$ATTACK" punch "$OUT/big"'),
    attack("allocate more", '"$ATTACK" extend "$OUT/file"'),
    attack("clone a file", '"$ATTACK" clone-file "$WORK/mine" "$OUT/file"', needs=can_clone),
    attack("a file without a name, then a link", '"$ATTACK" link-unnamed "$OUT" "$OUT/new"'),
    attack("remove a file", 'rm -f "$OUT/file"'),
    attack("remove a folder", 'rm -r "$OUT/dir"'),
    attack("make a folder", 'mkdir "$OUT/new"'),
    attack("make a link", 'ln -s /etc/passwd "$OUT/new"'),
    attack("change where a link leads", 'ln -sfn /etc/passwd "$OUT/link"'),
    attack("make a pipe", 'mkfifo "$OUT/new"'),
    attack("bind a socket", 'cd "$OUT" && "$ATTACK" bind new'),
    attack("rename", 'mv "$OUT/file" "$OUT/new"'),
    attack("rename over another", 'mv -f "$OUT/big" "$OUT/file"'),
    attack("rename a folder", 'mv "$OUT/dir" "$OUT/new"'),
    attack("rename into the workspace", 'mv "$OUT/file" "$WORK/stolen"'),
    attack("rename out of the workspace", 'mv "$WORK/mine" "$OUT/new"'),
    attack("exchange two names", '"$ATTACK" exchange "$OUT/file" "$OUT/big"'),
    attack("exchange with a file of the workspace", '"$ATTACK" exchange "$OUT/file" "$WORK/mine"'),
    attack("rename the parent of the workspace", 'mv "$WORK" "$WORK.away"', harm=was_moved),
    attack("hard link into a folder outside", 'ln "$OUT/file" "$OUT/new"'),
    attack("hard link into the workspace", 'ln "$OUT/file" "$WORK/alias" && echo x >"$WORK/alias"'),
    attack("hard link out of the workspace", 'ln "$WORK/mine" "$OUT/new"'),
    attack("copy with cp", 'cp "$WORK/mine" "$OUT/file"'),
    attack("overwrite with dd", 'dd if=/dev/zero of="$OUT/file" bs=4 count=1 conv=notrunc'),
    attack("edit in place", 'sed -i s/precious/worthless/ "$OUT/file"'),
    attack("unpack an archive with ..", 'cd "$WORK" && ln -s ../out out && tar cf a.tar mine && tar xf a.tar -C out'),
    attack("write through .. of the workspace", 'echo x >"$WORK/../out/file"'),
    attack("write through /proc/self/root", 'echo x >"/proc/self/root/$OUT/file"'),
    attack("write through /proc/thread-self/root", 'echo x >"/proc/thread-self/root$OUT/file"'),
    attack("write through /proc/self/cwd", 'echo x >"/proc/self/cwd/../out/file"'),
    attack("write through the parent's /proc/root", 'echo x >"/proc/$PPID/root$OUT/file"'),
    attack("write through the parent's /proc/cwd", 'echo x >"/proc/$PPID/cwd/out/file"'),
    Attack("follow a link to a file", 'echo x >"$WORK/to-file"', with_links),
    Attack("follow a link to a folder", 'echo x >"$WORK/to-folder/new"', with_links),
    Attack("follow a link to the parent", 'echo x >"$WORK/up/out/file"', with_links),
    Attack("follow a link to the top", 'echo x >"$WORK/top$OUT/file"', with_links),
    attack("follow a link made inside", 'ln -s "$OUT" "$WORK/l" && echo x >"$WORK/l/file"', modes=(WRITE,)),
    attack("follow a link to /proc/self/root", 'ln -s "/proc/self/root$OUT" "$WORK/l" && echo x >"$WORK/l/file"', modes=(WRITE,)),
    attack("leave a chroot", '"$ATTACK" leave-chroot "$WORK" "${OUT#/}/file"', people="root"),
    attack("open by the number of the file", '"$ATTACK" open-handle "$OUT/file" "$OUT"', people="root"),
    attack("swap a link while it is opened", '"$ATTACK" race-link "$WORK/l" "$WORK/mine" "$OUT/file"', modes=(WRITE,), chances=20),
    attack("change a path while it is opened", '"$ATTACK" race-open "$WORK/././././mine" "$WORK/../out//file"', modes=(WRITE,), chances=20),
    attack("change a path while it is renamed", '"$ATTACK" race-rename "$WORK/././././mine" "$WORK/../out//file"', modes=(WRITE,), chances=20),
    attack("write in the workspace", 'echo x >"$WORK/mine"', modes=(READ_ONLY,), watch=("out", "work")),
    attack("create in the workspace", 'echo x >"$WORK/new"', modes=(READ_ONLY,), watch=("out", "work")),
    attack("remove in the workspace", 'rm -f "$WORK/mine"', modes=(READ_ONLY,), watch=("out", "work")),
    Attack("create in /tmp", 'echo x >"$FOLDER/new"', put_in_tmp, harm=is_in_tmp, modes=(READ_ONLY,)),
    Attack("write in the home directory", 'echo x >"$HOME/.profile"', plain_files, watch=("out", "home")),
    Attack("write the configuration", 'echo x >"$CODE_HOME/config.toml"', plain_files, watch=("out", "home")),
    Attack("write git's own configuration", 'git config --global core.editor evil', plain_files, watch=("out", "home")),
]
