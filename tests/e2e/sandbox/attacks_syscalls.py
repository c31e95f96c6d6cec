# SPDX-License-Identifier: Apache-2.0
"""System calls that no command needs: other ABIs, new namespaces, the kernel's own machinery, keys."""
from case import Attack
from outside import holds, plain_files, process_value, processes_with, says_secret, secret


def answers(*question):
    """needs: that call exists here for that person."""
    def look(arena, person):
        said = arena.asks(*question, person=person)
        return "" if said.returncode == 0 else f"not here: {said.stdout.strip()}"
    return look


def possible(word):
    """needs: without a sandbox the person can have such a descriptor."""
    def look(arena, person):
        said = arena.asks(*word.split(), person=person)
        return "" if said.stdout.strip() == "ready" else f"not here: {said.stdout.splitlines()[0]}"
    return look


def hold(name, word, link, **more):
    return Attack(name, f'"$ATTACK" {word}', plain_files, during=holds(link), needs=possible(word), **more)


def has_personality(run):
    for pid in processes_with(run.mark):
        if process_value(pid, "cmdline").startswith(run.mark + "\0hold"):
            value = int(process_value(pid, "personality"), 16)
            if value & 0x400000:
                return f"process {pid} has personality {value:x}"
    return ""


# ---- keys: every process of a user shares them ----

def key_name(run):
    return f"{run.arena.base.name}-{run.place.name}"


def with_key(run):
    run.env["KEY"] = key_name(run)
    run.arena.asks("key-add", key_name(run), secret(run), person=run.person)
    run.cleanups.append(lambda: run.arena.asks("key-remove", key_name(run), person=run.person))
    return {}


def without_key(run):
    run.env["KEY"] = key_name(run)
    run.cleanups.append(lambda: run.arena.asks("key-remove", key_name(run), person=run.person))
    return {}


def key_added(run):
    said = run.arena.asks("key-read", key_name(run), person=run.person)
    return "a key was added to the person's" if said.returncode == 0 else ""


def key_removed(run):
    said = run.arena.asks("key-read", key_name(run), person=run.person)
    return "" if said.returncode == 0 else "a key of the person is gone"


def keys_work(arena, person):
    name = f"{arena.base.name}-try"
    said = arena.asks("key-add", name, "x", person=person)
    arena.asks("key-remove", name, person=person)
    return "" if said.returncode == 0 else "there are no keys here"


# ---- namespaces of the process ----

def host_name(run):
    said = run.output()
    return "the host has another name" if "planted.example" in said.replace("tried planted.example", "") else ""


def restarted(run):
    return "" if "still up" in run.output() else "the first process of the namespace was ended"


def accounts(run):
    path = run.work / "account"
    return "the kernel writes accounts" if path.exists() and path.stat().st_size else ""


def with_account(run):
    run.write(run.work / "account", "")
    return {}


PID = ("unshare", "--pid", "--fork", "--mount-proc")
SHOW_NAME = ("unshare", "--uts", "sh", "-c", '"$@"; cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname', "sh")
SHOW_UP = ("unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", '"$@"; echo still up', "sh")

CASES = [
    Attack("write by 32-bit calls", '"$ATTACK" old-write "$OUT/file"', plain_files, needs=answers("old-answers")),
    Attack("chmod by 32-bit calls", '"$ATTACK" old-chmod "$OUT/file"', plain_files, needs=answers("old-answers")),
    Attack("add a key by 32-bit calls", '"$ATTACK" old-add-key "$KEY"', without_key, harm=key_added,
           needs=answers("old-answers")),
    Attack("chmod by x32 calls", '"$ATTACK" x32-chmod "$OUT/file"', plain_files, needs=answers("x32-answers")),
    Attack("change a call while it is traced", '"$ATTACK" rewrite "$OUT/file"', plain_files),
    hold("bpf", "hold-bpf", "bpf-map"),
    hold("userfaultfd", "hold-userfaultfd", "[userfaultfd]"),
    hold("perf events", "hold-perf", "[perf_event]"),
    hold("io_uring", "hold-uring", "[io_uring]"),
    hold("fanotify", "hold-fanotify", "[fanotify]"),
    hold("a new file system", "hold-fsopen tmpfs", "[fscontext]", people="root"),
    Attack("a weaker personality", '"$ATTACK" hold-personality', plain_files, during=has_personality),
    Attack("a weaker personality, with high bits set", '"$ATTACK" hold-personality-high-bits', plain_files,
           during=has_personality),
    Attack("write by io_uring", '"$ATTACK" uring-write "$OUT/file"', plain_files, needs=possible("hold-uring")),
    Attack("add a key", '"$ATTACK" key-add "$KEY" x', without_key, harm=key_added, needs=keys_work),
    Attack("read a key", '"$ATTACK" key-read "$KEY"', with_key, harm=says_secret, needs=keys_work),
    Attack("remove a key", '"$ATTACK" key-remove "$KEY"', with_key, harm=key_removed, needs=keys_work),
    Attack("the name of the host", '"$ATTACK" name-host planted.example', harm=host_name, prefix=SHOW_NAME, people="root"),
    Attack("the domain of the host", '"$ATTACK" name-domain planted.example', harm=host_name, prefix=SHOW_NAME, people="root"),
    Attack("the name of the host by its file", 'echo planted.example >/proc/sys/kernel/hostname', harm=host_name,
           prefix=SHOW_NAME, people="root"),
    Attack("restart", '"$ATTACK" restart', harm=restarted, prefix=SHOW_UP, people="root"),
    Attack("accounting", '"$ATTACK" account "$WORK/account"; true; true', with_account, harm=accounts, prefix=PID, people="root"),
]
