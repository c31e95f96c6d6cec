# SPDX-License-Identifier: Apache-2.0
"""Memory, queues and semaphores that processes share by a number or a name."""
import pathlib
import subprocess

from case import Attack, landlock
from outside import difference, describe, says_secret, secret

SYSV = (landlock("System V objects are not watched"),)
QUEUES = (landlock("names of message queues are not watched"),)


def objects(run):
    """System V memory, a queue and a semaphore, made outside."""
    maker = run.helper("ipc-make", secret(run))
    memory, queue, semaphore = maker.stdout.readline().split()
    run.env.update(MEMORY=memory, QUEUE=queue, SEMAPHORE=semaphore)
    run.keep["maker"] = maker
    run.cleanups.insert(0, lambda: subprocess.run(
        ["ipcrm", "-m", memory, "-q", queue, "-s", semaphore], capture_output=True, check=False))
    run.keep["state"] = ask(run)
    return {}


def ask(run):
    maker = run.keep["maker"]
    maker.stdin.write("?\n")
    maker.stdin.flush()
    return maker.stdout.readline().strip()


def changed(run):
    now = ask(run)
    return "" if now == run.keep["state"] else f"memory, its text, messages, semaphore: {run.keep['state']} -> {now}"


def attack(name, script, harm=changed):
    return Attack(name, script, objects, harm=harm, gaps=SYSV)


# ---- what is left behind ----

def key_of(run):
    return 0x5EAC0000 | int(run.place.name)


def with_key(run):
    run.env["SHM_KEY"] = str(key_of(run))
    run.cleanups.append(lambda: subprocess.run(["ipcrm", "-M", str(key_of(run))], capture_output=True, check=False))
    return {}


def memory_left(run):
    lines = pathlib.Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    return "shared memory was left" if any(line.split()[0] == str(key_of(run)) for line in lines) else ""


# ---- POSIX ----

def queue(run):
    run.env["NAME"] = name = f"/{run.arena.base.name}-{run.place.name}"
    run.arena.asks("mq-make", name, person=run.person)
    run.cleanups.append(lambda: run.arena.asks("mq-remove", name, person=run.person))
    return {}


def queue_changed(run):
    said = run.arena.asks("mq-count", run.env["NAME"], person=run.person).stdout.strip()
    return "" if said == "0" else f"the queue has {said}"


def has_queues(arena, person):
    name = f"/{arena.base.name}-try"
    said = arena.asks("mq-make", name, person=person)
    arena.asks("mq-remove", name, person=person)
    return "" if said.returncode == 0 else "there are no message queues here"


def shared_file(run):
    path = pathlib.Path("/dev/shm", f"{run.arena.base.name}-{run.place.name}")
    run.write(path)
    run.cleanups.append(lambda: path.unlink(missing_ok=True))
    run.env["SHARED"] = str(path)
    run.keep["before"] = describe(path)
    return {}


def shared_file_changed(run):
    path = pathlib.Path(run.env["SHARED"])
    return difference({"it": run.keep["before"]}, {"it": describe(path) if path.exists() else None})


CASES = [
    attack("write shared memory", '"$ATTACK" shm-write "$MEMORY"'),
    attack("read shared memory", '"$ATTACK" shm-read "$MEMORY"', says_secret),
    attack("remove shared memory", '"$ATTACK" shm-remove "$MEMORY"'),
    attack("remove shared memory with ipcrm", 'ipcrm -m "$MEMORY"'),
    attack("send to a queue", '"$ATTACK" msg-send "$QUEUE"'),
    attack("remove a queue", 'ipcrm -q "$QUEUE"'),
    attack("set a semaphore", '"$ATTACK" sem-set "$SEMAPHORE"'),
    Attack("leave shared memory", '"$ATTACK" shm-leave "$SHM_KEY"', with_key, harm=memory_left),
    Attack("send to a POSIX queue", '"$ATTACK" mq-put "$NAME"', queue, harm=queue_changed, needs=has_queues),
    Attack("remove a POSIX queue", '"$ATTACK" mq-remove "$NAME"', queue, harm=queue_changed, needs=has_queues, gaps=QUEUES),
    Attack("write POSIX shared memory", 'echo x >"$SHARED"', shared_file, harm=shared_file_changed,
           gaps=(landlock("/dev/shm is a writable folder", modes=("workspace-write",)),)),
    Attack("remove POSIX shared memory", 'rm -f "$SHARED"', shared_file, harm=shared_file_changed,
           gaps=(landlock("/dev/shm is a writable folder", modes=("workspace-write",)),)),
]
