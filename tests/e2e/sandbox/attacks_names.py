# SPDX-License-Identifier: Apache-2.0
"""Names in the workspace that programs outside run or believe later: what git, editors and agents would
execute. They stay as they are, cannot be made, moved away, or reached by another name."""

import pathlib

import subprocess

from case import WRITE, Attack, landlock


MODES = (WRITE,)
KNOWN = (landlock("protected names inside of a writable root"),)

GIT = {
    "HEAD": "ref: refs/heads/main\n",
    "config": "[core]\n\trepositoryformatversion = 0\n\tbare = false\n",
    "hooks/pre-commit": "#!/bin/sh\nexit 0\n",
    "info/attributes": "*.x text\n",
    "info/exclude": "\n",
    "objects/info/packs": "",
    "refs/heads/.keep": "",
}
# Below work/: what is there before, by subject.
EXISTING = {
    "a hook": ".git/hooks/pre-commit",
    "the configuration": ".git/config",
    "the configuration of a worktree": ".git/config.worktree",
    "attributes": ".git/info/attributes",
    "a hook of a module": ".git/modules/m/hooks/post-checkout",
    "the configuration of a module": ".git/modules/m/config",
    "a hook of a nested repository": "vendor/lib/.git/hooks/post-merge",
    "the configuration of a nested repository": "vendor/lib/.git/config",
    "the target of a gitdir file": "meta/real.git/config",
    "a gitdir file": "linked/.git",
    "a hook of a bare repository": "bare.git/hooks/post-update",
    "the configuration of a bare repository": "bare.git/config",
    "the agent's folder .code": ".code/config.toml",
    "the agent's folder .codex": ".codex/config.toml",
    "skills": ".agents/skill.md",
    "tasks of an editor": ".vscode/tasks.json",
    "servers of an agent": ".mcp.json",
    "the environment of a folder": ".envrc",
}
MISSING = {
    "hooks": ".git/hooks/post-checkout",
    "a worktree's configuration": ".git/config.worktree",
    "a common folder": ".git/commondir",
    "attributes": ".git/info/attributes",
    "a hook of a module": ".git/modules/m/hooks/post-checkout",
    "the agent's folder .code": ".code/config.toml",
    "the agent's folder .codex": ".codex/config.toml",
    "skills": ".agents/skill.md",
    "tasks of an editor": ".vscode/tasks.json",
    "servers of an agent": ".mcp.json",
    "the environment of a folder": ".envrc",
}
# What is done to $IT.
VERBS = {
    "write": 'echo planted >>"$IT"',
    "replace": 'echo planted >"$WORK/fresh" && chmod 755 "$WORK/fresh" && mv -f "$WORK/fresh" "$IT"',
    "remove": 'rm -f "$IT"',
}


def repository(run, place, files=None):
    for name, text in (files or GIT).items():
        run.write(place / name, text, 0o755 if "hooks" in name else 0o644)


def whole(run):
    """A workspace with everything that is protected."""
    repository(run, run.work / ".git")
    for name in ("config", "hooks/post-checkout", "HEAD"):
        run.write(run.work / ".git/modules/m" / name, GIT.get(name, "\n"))
    run.write(run.work / ".git/config.worktree", "\n")
    repository(run, run.work / "vendor/lib/.git", {**GIT, "hooks/post-merge": "#!/bin/sh\n"})
    repository(run, run.work / "meta/real.git")
    run.write(run.work / "linked/.git", "gitdir: ../meta/real.git\n")
    repository(run, run.work / "bare.git", {**GIT, "config": "[core]\n\tbare = true\n", "hooks/post-update": "#!/bin/sh\n"})
    for name in EXISTING.values():
        if not (run.work / name).exists():
            run.write(run.work / name, "kept\n")
    return {}


def bare_workspace(run):
    """A repository that has none of the names."""
    repository(run, run.work / ".git", {name: text for name, text in GIT.items()
                                        if "hooks" not in name and "attributes" not in name})
    return {}


def of(arrange, name):
    def both(run):
        arrange(run)
        run.env["IT"] = str(run.work / name)
        return {}
    return both


def exists(name):
    def look(run):
        path = run.work / name
        return f"{name} was made" if path.is_file() or path.is_symlink() else ""
    return look


def attack(name, script, arrange=whole, **more):
    return Attack(name, script, arrange, modes=MODES, gaps=more.pop("gaps", KNOWN), **more)


def kept(name, script, *paths, arrange=whole, **more):
    return attack(name, script, arrange, watch=[f"work/{path}" for path in paths], **more)


# ---- whether git would run it ----

def evil_ran(folder="work"):
    """harm: git is asked outside for the status, as an editor does all day; did it run what was planted?"""
    def look(run):
        witness = run.out / "ran"
        subprocess.run(["git", "status"], cwd=run.place / folder, capture_output=True, check=False,
                       env={**run.environment(), "GIT_CONFIG_NOSYSTEM": "1"}, **run.person.popen_options())
        return "git ran what the command planted" if witness.exists() else ""
    return look


def empty(_run):
    return {}


FSMONITOR = 'printf "[core]\\n\\trepositoryformatversion = 0\\n\\tbare = %s\\n\\tfsmonitor = \\"touch $OUT/ran; false\\"\\n"'
PLANT_BARE = ('cd "{0}" && mkdir -p objects refs && echo "ref: refs/heads/main" >HEAD && '
              + FSMONITOR % "false\\n\\tworktree = ." + ' >config')
PLANT_REPOSITORY = ('mkdir -p "{0}/.git/objects" "{0}/.git/refs" && echo "ref: refs/heads/main" >"{0}/.git/HEAD" && '
                    + FSMONITOR % "false" + ' >"{0}/.git/config"')

HOOKS, CONFIG = ".git/hooks", ".git/config"

CASES = [kept(f"{verb} {what}", script, name, arrange=of(whole, name))
         for what, name in EXISTING.items() for verb, script in VERBS.items()]
CASES += [attack(f"make {what}", 'mkdir -p "$(dirname "$IT")"; echo planted >"$IT"', of(bare_workspace, name), harm=exists(name))
          for what, name in MISSING.items()]
CASES += [
    attack(f"make {what} elsewhere and rename it there", 'mkdir "$WORK/fresh" && mkdir -p "$WORK/fresh/$REST" && '
           'echo planted >"$WORK/fresh/$LEAF" && rm -rf "${IT%%/*}" && mv "$WORK/fresh/"* "$WORK/fresh/".[a-z]* "$WORK/" 2>/dev/null; true',
           lambda run, name=name: (bare_workspace(run), run.env.update(
               IT=str(run.work / name), LEAF=name, REST=str(pathlib.Path(name).parent)), {})[-1], harm=exists(name))
    for what, name in MISSING.items() if not name.startswith(".git/")]
CASES += [
    kept("a new hook beside others", 'echo planted >"$WORK/.git/hooks/post-merge"', HOOKS),
    kept("a link in place of a hook", 'ln -sf /bin/true "$WORK/.git/hooks/pre-commit"', HOOKS),
    kept("another folder in place of the hooks", 'mv "$WORK/.git/hooks" "$WORK/h" && mkdir "$WORK/.git/hooks"', HOOKS),
    kept("rename .git away", 'mv "$WORK/.git" "$WORK/git.old"', HOOKS, CONFIG),
    kept("another .git", 'mv "$WORK/.git" "$WORK/old" && cp -r "$WORK/old" "$WORK/.git" && echo x >"$WORK/.git/hooks/pre-commit"', HOOKS),
    kept("exchange .git with another", 'cp -r "$WORK/.git" "$WORK/evil" && echo x >"$WORK/evil/hooks/pre-commit" && '
         '"$ATTACK" exchange "$WORK/.git" "$WORK/evil"', HOOKS),
    kept("exchange the hooks with others", 'mkdir "$WORK/evil" && "$ATTACK" exchange "$WORK/.git/hooks" "$WORK/evil"', HOOKS),
    kept("exchange the configuration", 'echo x >"$WORK/evil" && "$ATTACK" exchange "$WORK/.git/config" "$WORK/evil"', CONFIG),
    kept("rename an ancestor of a repository", 'mv "$WORK/vendor" "$WORK/v" && cp -r "$WORK/v" "$WORK/vendor" && '
         'echo x >"$WORK/vendor/lib/.git/config"', "vendor/lib/.git/config"),
    kept("remove a nested repository and make another", 'rm -rf "$WORK/vendor/lib" && mkdir -p "$WORK/vendor/lib/.git/hooks" && '
         'echo x >"$WORK/vendor/lib/.git/config"', "vendor/lib/.git/config"),
    kept("hard link and write", 'ln "$WORK/.git/config" "$WORK/alias" && echo x >>"$WORK/alias"', CONFIG),
    kept("write through a link", 'ln -s .git/config "$WORK/alias" && echo x >>"$WORK/alias"', CONFIG),
    kept("write through a link to the folder", 'ln -s .git "$WORK/alias" && echo x >>"$WORK/alias/config"', CONFIG),
    kept("write through /proc/self/root", 'echo x >>"/proc/self/root$WORK/.git/config"', CONFIG),
    kept("write through /proc/self/cwd", 'cd "$WORK" && echo x >>/proc/self/cwd/.git/config', CONFIG),
    kept("write through a folder opened before", 'cd "$WORK/.git" && echo x >>config', CONFIG),
    kept("write after moving up from within", 'cd "$WORK/.git/objects" && echo x >>../config', CONFIG),
    kept("reopen the configuration", '"$ATTACK" reopen-path "$WORK/.git/config"', CONFIG),
    kept("truncate the configuration", '"$ATTACK" truncate "$WORK/.git/config"', CONFIG),
    kept("map the configuration", '"$ATTACK" map "$WORK/.git/config"', CONFIG),
    kept("chmod a hook", 'chmod 777 "$WORK/.git/hooks/pre-commit"', HOOKS, gaps=()),
    kept("touch a hook", 'touch -d 2001-01-01 "$WORK/.git/hooks/pre-commit"', HOOKS, gaps=()),
    kept("an unnamed file as hook", '"$ATTACK" link-unnamed "$WORK" "$WORK/.git/hooks/planted"', HOOKS),
    kept("a bind over the hooks", 'mkdir "$WORK/evil" && unshare -Urm sh -c "mount --bind $WORK/evil $WORK/.git/hooks && '
         'echo x >$WORK/.git/hooks/planted"; echo x >"$WORK/.git/hooks/planted"', HOOKS),
    kept("uncover the hooks", '"$ATTACK" uncover "$WORK/.git/hooks"; echo x >"$WORK/.git/hooks/planted"', HOOKS),
    kept("git config", 'cd "$WORK" && git config core.fsmonitor evil', CONFIG),
    kept("git config of hooks", 'cd "$WORK" && git config core.hooksPath "$WORK/evil"', CONFIG),
    kept("git remote", 'cd "$WORK" && git remote add evil ext::evil', CONFIG),
    kept("swap a link to the configuration while writing", '"$ATTACK" race-link "$WORK/l" "$WORK/HEAD" "$WORK/.git/config"', CONFIG, chances=20,
         gaps=(landlock("protected names inside of a writable root", is_chance=True),)),
    attack("remove a cover and make the name", 'rmdir "$WORK/.vscode"; mkdir -p "$WORK/.vscode"; echo x >"$WORK/.vscode/tasks.json"',
           bare_workspace, harm=exists(".vscode/tasks.json")),
    attack("open a cover and write in it", 'chmod 777 "$WORK/.vscode"; mkdir -p "$WORK/.vscode"; echo x >"$WORK/.vscode/tasks.json"',
           bare_workspace, harm=exists(".vscode/tasks.json")),
    attack("rename a cover away", 'mv "$WORK/.envrc" "$WORK/gone"; echo x >"$WORK/.envrc"', bare_workspace, harm=exists(".envrc")),
    attack("a link in place of a missing name", 'mkdir "$WORK/evil"; echo x >"$WORK/evil/tasks.json"; ln -s evil "$WORK/.vscode"',
           bare_workspace, harm=exists(".vscode/tasks.json")),
    attack("a file in place of a missing folder", 'rm -rf "$WORK/.code"; echo x >"$WORK/.code"', bare_workspace, harm=exists(".code")),
    attack("a gitdir file that leads elsewhere", 'mkdir -p "$WORK/evil"; ' + PLANT_REPOSITORY.format("$WORK/evil")
           + '; echo "gitdir: $WORK/evil/.git" >"$WORK/.git"', empty, harm=evil_ran()),
    attack("a repository in a workspace without one", PLANT_REPOSITORY.format("$WORK"), empty, harm=evil_ran()),
    attack("a bare repository in a workspace without one", PLANT_BARE.format("$WORK"), empty, harm=evil_ran(),
           gaps=()),
    attack("an option of the repository that runs a program", 'cd "$WORK" && ' + FSMONITOR % "false" + ' >.git/config',
           bare_workspace, harm=evil_ran()),
]
