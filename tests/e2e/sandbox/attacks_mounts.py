# SPDX-License-Identifier: Apache-2.0
"""Mounts and namespaces: what is read-only made writable, what is covered uncovered. Each run, also the
control run, is in a mount namespace that is thrown away."""

from case import Attack
from outside import plain_files

AWAY = ("unshare", "--mount", "--propagation", "private")


def bound(run):
    """out/ in the workspace as a mount that cannot be written, which the attack tries to change."""
    plain_files(run)
    run.folder(run.work / "seen")
    return {}


def attack(name, script, **more):
    return Attack(name, script, more.pop("arrange", bound), **{"prefix": AWAY, "people": "root", **more})


def in_user_namespace(name, script, **more):
    """The same for everybody, in a user namespace that the attack tries to make."""
    return Attack(name, script, bound, needs=can_have_user_namespace, **more)


def can_have_user_namespace(arena, person):
    import subprocess
    tried = subprocess.run(["unshare", "-Urm", "true"], **person.popen_options(), capture_output=True, check=False)
    return "" if tried.returncode == 0 else "no user namespaces here"


REBIND = 'mount --bind "$OUT" "$WORK/seen" && mount -o remount,bind,rw "$WORK/seen" && echo x >"$WORK/seen/file"'

CASES = [
    attack("bind elsewhere and write", REBIND),
    attack("bind by the old call", '"$ATTACK" bind-mount "$OUT" "$WORK/seen" && echo x >"$WORK/seen/file"'),
    attack("remount the root writable", '"$ATTACK" bind-mount / / && "$ATTACK" remount /; echo x >"$OUT/file"'),
    attack("uncover", '"$ATTACK" cover "$OUT" && "$ATTACK" uncover "$OUT" && echo x >"$OUT/file"'),
    attack("unmount what can be unmounted", 'for i in 1 2 3; do "$ATTACK" uncover "$OUT"; "$ATTACK" uncover "$WORK"; done; echo x >"$OUT/file"'),
    attack("copy a mount and write in it", '"$ATTACK" clone-tree "$OUT" file'),
    attack("move a copy of a mount", '"$ATTACK" move-tree "$OUT" "$WORK/seen" && echo x >"$WORK/seen/file"'),
    attack("a process file system of one's own", 'mkdir -p "$WORK/p" && mount -t proc none "$WORK/p" && echo x >"$WORK/p/self/root$OUT/file"'),
    attack("enter the mounts of the first process", '"$ATTACK" enter /proc/1/ns/mnt "$OUT/file" || nsenter -t "$PPID" -m sh -c "echo x >$OUT/file"'),
    attack("a new root", 'chroot / sh -c "echo x >$OUT/file"'),
    in_user_namespace("bind in a user namespace", f"unshare -Urm sh -c '{REBIND}'"),
    in_user_namespace("write in a user namespace", 'unshare -Ur sh -c "echo x >$OUT/file"'),
    in_user_namespace("a user namespace by clone", '"$ATTACK" in-namespaces clone sh -c "echo x >$OUT/file"'),
    in_user_namespace("a user namespace by clone3", '"$ATTACK" in-namespaces clone3 sh -c "echo x >$OUT/file"'),
    in_user_namespace("copy a mount in a user namespace", 'unshare -Urm "$ATTACK" clone-tree "$OUT" file'),
    in_user_namespace("all namespaces at once", f"unshare -UrmpfinuC sh -c '{REBIND}'"),
    in_user_namespace("a namespace within a namespace", f"unshare -Ur unshare -Urm sh -c '{REBIND}'"),
    in_user_namespace("a process file system in a namespace",
                      "unshare -Urmpf sh -c 'mkdir -p \"$WORK/p\" && mount -t proc none \"$WORK/p\" && echo x >\"$WORK/p/self/root$OUT/file\"'"),
]
