# SPDX-License-Identifier: Apache-2.0
"""Workspaces and writable folders of unusual kinds. Beacon may refuse them; it must not widen them."""
import os

from case import WRITE, Attack, landlock
from outside import plain_files

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


CONFIGURATION = ("home/.code/config.toml", "home/.code/rules")

CASES = [
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
           watch=("work/.git/hooks",), gaps=NAMES),
    attack("the folder of hooks", 'echo x >>"$WORK/.git/hooks/pre-commit"', lambda run: run.work / ".git/hooks", with_repository,
           watch=("work/.git/hooks",), gaps=NAMES),
    attack("a folder of a repository", 'echo x >>"$WORK/.git/hooks/pre-commit"', lambda run: run.work / "sub", with_repository,
           watch=("work/.git",)),
    attack("a second writable folder, and its configuration of git", 'echo x >>"$WORK/../more/.git/config"', lambda run: run.work,
           with_repository, options=lambda run: ("--writable", run.place / "more"), watch=("more/.git/config",), gaps=NAMES),
    attack("a second writable folder by a link", 'echo x >>"$WORK/../more/.git/config"', lambda run: run.work,
           with_repository, options=lambda run: ("--writable", run.place / "more-link"), watch=("more/.git/config",), gaps=NAMES),
    attack("a second writable folder, and what is beside it", 'echo x >"$OUT/file"', lambda run: run.work,
           with_repository, options=lambda run: ("--writable", run.place / "more")),
]
