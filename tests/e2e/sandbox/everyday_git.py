# SPDX-License-Identifier: Apache-2.0
"""git in workspace-write, where what it would run later is protected (git = "safe")."""
import subprocess

from case import Gap
from everyday import Everyday, outside

# It keeps what it knows about a branch in .git/config, which stays as it is.
RENAMES = (Gap("namespaces", "renaming a branch writes .git/config"),)


def repository(run):
    run.write(run.home / ".gitconfig", "[user]\n\tname = a\n\temail = a@example.org\n[init]\n\tdefaultBranch = main\n")
    run.write(run.work / "file", "one\n")
    for words in ("init -q", "add -A", "commit -qm first"):
        subprocess.run(["git", *words.split(" ", 2)], cwd=run.work, env=run.environment(), check=True,
                       capture_output=True, **run.person.popen_options())
    return {}


def git_says(words, wanted):
    def look(run):
        said = outside(run, "git", *words.split())
        return "" if wanted in said else f"git {words} says: {said}"
    return look


def is_clean(run):
    said = outside(run, "git", "fsck") + outside(run, "git", "status", "--porcelain")
    return "" if not said else f"git says: {said}"


def git(name, script, shows, **more):
    return Everyday(f"git {name}", script, shows, repository, **more)


CASES = [
    git("status", "git status --porcelain >result; git log -1 --format=%s >>result", "first"),
    git("diff", "echo two >>file; git diff >result", "+two"),
    git("add", "echo two >>file; git add -A", git_says("diff --cached --name-only", "file")),
    git("commit", "echo two >>file; git commit -qam second", git_says("log --format=%s", "second")),
    git("stash", "echo two >>file; git stash -q; git stash pop -q; git stash -q", git_says("stash list", "stash@{0}")),
    git("branch", "git switch -qc other; git branch third; git branch -D -q third; git switch -q main; git switch -q other",
        git_says("branch --show-current", "other")),
    git("branch -m", "git switch -qc other; git branch -m other another", git_says("branch --show-current", "another"), limits=RENAMES),
    git("rebase", "git switch -qc side; echo s >side; git add side; git commit -qm side; git switch -q main; "
        "echo m >m; git add m; git commit -qm main; git switch -q side; git rebase -q main", git_says("log --format=%s -3", "main")),
    git("merge", "git switch -qc side; echo s >side; git add side; git commit -qm side; git switch -q main; "
        "git merge -q --no-ff -m merged side", git_says("log -1 --format=%s", "merged")),
    git("worktree", "git worktree add -q tree -b w; cd tree; echo x >new; git add new; git commit -qm fromtree; cd ..; "
        "git worktree list >result", git_says("log w -1 --format=%s", "fromtree")),
    git("tag, gc and fsck", "git tag -a -m t v1; git gc -q; git fsck", is_clean),
    git("reset and checkout", "echo two >>file; git reset -q --hard; git checkout -q HEAD -- file", is_clean),
    git("clone", "git clone -q . copy; git -C copy log --format=%s >result; rm -rf copy", "first"),
]
