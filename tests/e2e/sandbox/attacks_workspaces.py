# SPDX-License-Identifier: Apache-2.0
"""Workspaces and writable folders of unusual kinds. Beacon may refuse them; it must not widen them."""
import json
import os
import shutil
import subprocess
import time

from case import WRITE, Attack, landlock
from outside import difference, plain_files, snapshot

NAMES = (landlock("protected names inside of a writable root"),)


def attack(name, script, where, arrange=plain_files, **more):
    return Attack(name, script, arrange, workspace=where, modes=(WRITE,), may_refuse=True, **more)


def with_link(run):
    plain_files(run)
    os.symlink(run.work, run.place / "link")
    run.write(run.work / ".git/hooks/pre-commit", "#!/bin/sh\n")
    return {}


def with_configuration(run):
    plain_files(run)
    run.write(run.code_home / "config.toml", 'model = "m"\n')
    run.write(run.code_home / "rules/default.rules", "")
    return {}


def with_repository(run):
    plain_files(run)
    for name in (".git/hooks/pre-commit", ".git/config", "sub/file", "more/.git/hooks/pre-commit", "more/.git/config"):
        run.write(run.work / name)
    run.folder(run.place / "more/.git/hooks")
    run.write(run.place / "more/.git/config")
    os.symlink(run.place / "more", run.place / "more-link")
    return {}


# ---- a folder that the model names, in a whole session with a scripted model ----

def ask_for(run, folder):
    """Configuration and model for one call that wants to run in `folder`."""
    plain_files(run)
    call = {"name": "exec_command", "call_id": "c1", "arguments": {"cmd": "echo planted >file", "workdir": str(folder)}}
    run.write(run.place / "scenario.json", json.dumps({"responses": [{"calls": [call]}, {"text": "Done."}]}))
    shutil.copy2(run.arena.build / "tests/mock_model", run.arena.base / "tools/mock_model")
    model = subprocess.Popen([run.arena.base / "tools/mock_model", "--port-file", run.place / "port", "--idle-exit-s", "60",
                              run.place / "scenario.json"], stdout=subprocess.DEVNULL, **run.person.popen_options())
    run.cleanups.append(lambda: (model.kill(), model.wait()))
    while not (run.place / "port").exists() or not (run.place / "port").read_text().strip():
        if model.poll() is not None:
            raise RuntimeError("the scripted model ended")
        time.sleep(0.005)
    run.write(run.code_home / "config.toml", MODEL.format((run.place / "port").read_text().strip(), run.way.backend or "auto"))


MODEL = """model = "m"
model_provider = "mock"
sandbox_backend = "{1}"
[model_providers.mock]
name = "Mock"
base_url = "http://127.0.0.1:{0}/v1"
env_key = "MOCK"
wire_api = "responses"
request_max_retries = 0
"""


def model_asks(folder_of):
    """harm, after a whole session: the call wrote outside."""
    def look(run):
        ask_for(run, folder_of(run))
        before = snapshot(run, ["out"])
        mode = run.way.mode or "danger-full-access"
        done = subprocess.run([run.arena.beacon, "exec", "--json", "--skip-git-repo-check", "-s", mode, "go"],
                              cwd=run.work, env={**run.environment(), "MOCK": "k"}, capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, check=False, **run.person.popen_options())
        if done.returncode != 0 or "command_execution" not in done.stdout:
            raise RuntimeError(f"the session failed: {done.stdout[-500:]}{done.stderr[-500:]}")
        return difference(before, snapshot(run, ["out"]))
    return look


CONFIGURATION = ("home/.code/config.toml", "home/.code/rules")

CASES = [
    Attack("a folder that the model names", "true", harm=model_asks(lambda run: run.out)),
    Attack("a folder that the model names, by ..", "true", harm=model_asks(lambda run: "../out")),
    Attack("a folder that the model names, by /proc", "true", harm=model_asks(lambda run: f"/proc/self/root{run.out}")),
    attack("the top of all files", 'echo x >"$OUT/file"', lambda run: "/"),
    attack("/proc", 'echo x >"$OUT/file"', lambda run: "/proc"),
    attack("/proc/self/root", 'echo x >"$OUT/file"', lambda run: "/proc/self/root"),
    attack("/dev", 'echo x >"$OUT/file"', lambda run: "/dev"),
    attack("/dev/shm", 'echo x >"$OUT/file"', lambda run: "/dev/shm"),
    attack("/tmp", 'echo x >"$OUT/file"', lambda run: "/tmp"),
    attack("a link to a folder", 'echo x >"$OUT/file"', lambda run: run.place / "link", with_link),
    attack("a link, and hooks beneath", 'echo x >>"$WORK/.git/hooks/pre-commit"', lambda run: run.place / "link", with_link,
           watch=("work/.git/hooks",), gaps=NAMES),
    attack("a path with ..", 'echo x >"$OUT/file"', lambda run: f"{run.out}/../work"),
    attack("the home directory, and its configuration", 'echo x >"$CODE_HOME/config.toml"', lambda run: run.home,
           with_configuration, watch=CONFIGURATION, gaps=NAMES),
    attack("the home directory, and its rules", 'echo x >"$CODE_HOME/rules/default.rules"', lambda run: run.home,
           with_configuration, watch=CONFIGURATION, gaps=NAMES),
    attack("the agent's own folder", 'echo x >"$CODE_HOME/config.toml"', lambda run: run.code_home,
           with_configuration, watch=CONFIGURATION),
    attack("the folder of git", 'echo x >>"$WORK/.git/hooks/pre-commit"', lambda run: run.work / ".git", with_repository,
           watch=("work/.git/hooks",)),
    attack("the folder of hooks", 'echo x >>"$WORK/.git/hooks/pre-commit"', lambda run: run.work / ".git/hooks", with_repository,
           watch=("work/.git/hooks",)),
    attack("a folder of a repository", 'echo x >>"$WORK/.git/hooks/pre-commit"', lambda run: run.work / "sub", with_repository,
           watch=("work/.git",)),
    attack("a second writable folder, and its configuration of git", 'echo x >>"$WORK/../more/.git/config"', lambda run: run.work,
           with_repository, options=lambda run: ("--writable", run.place / "more"), watch=("more/.git/config",), gaps=NAMES),
    attack("a second writable folder by a link", 'echo x >>"$WORK/../more/.git/config"', lambda run: run.work,
           with_repository, options=lambda run: ("--writable", run.place / "more-link"), watch=("more/.git/config",), gaps=NAMES),
    attack("a second writable folder, and what is beside it", 'echo x >"$OUT/file"', lambda run: run.work,
           with_repository, options=lambda run: ("--writable", run.place / "more")),
]
