# SPDX-License-Identifier: Apache-2.0
"""What a command must not learn: secrets of the environment, the login of the agent. And what root's
programs would do for it."""
import os
import pathlib
import shutil

from arena import sysctl
from case import WRITE, Attack, landlock
from outside import difference, plain_files, says_secret, secret, snapshot

LOGIN = (landlock("Landlock cannot deny one file of a readable tree"),)


def variable(name):
    def arrange(run):
        run.env[name] = secret(run)
        return {}
    return arrange


def login(run):
    """The agent's login, and the same file by a name in the workspace that somebody made before."""
    path = run.write(run.code_home / "auth.json", "", 0o600)
    path.write_text('{"OPENAI_API_KEY": "%s"}\n' % secret(run))
    run.env["LOGIN"] = str(path)
    return {}


def attack(name, script):
    return Attack(name, script, login, harm=says_secret, gaps=LOGIN)


def setuid_program(run):
    """A program of root's that anybody may start, and a file that only root may write."""
    plain_files(run)
    program = run.place / "as-root"
    shutil.copy2(run.arena.attack, program)
    program.chmod(0o4755)
    target = run.place / "roots"
    target.write_text("precious\n")
    target.chmod(0o644)
    run.env.update(PROGRAM=str(program), TARGET=str(target))
    run.keep["before"] = snapshot(run, ["roots"])
    return {}


def roots_changed(run):
    return difference(run.keep["before"], snapshot(run, ["roots"]))


def is_started_by_root(arena, _person):
    import subprocess
    if os.geteuid() != 0:
        return "only root can make such a program"
    options = subprocess.run(["findmnt", "-no", "OPTIONS", "-T", arena.base], capture_output=True, text=True, check=False)
    return "such programs are switched off there" if "nosuid" in options.stdout else ""


def dumps_here(_arena, _person):
    return "" if sysctl("kernel/core_pattern") == "core" else "memory dumps go elsewhere on this machine"


def core_left(run):
    found = list(pathlib.Path(run.work).glob("core*"))
    return f"{found[0].name} was left" if found else ""


CASES = [
    Attack("an API key", "env", variable("PERSONS_API_KEY"), harm=says_secret),
    Attack("a token", "env", variable("GITHUB_TOKEN"), harm=says_secret),
    Attack("a secret", "env", variable("AWS_SECRET_ACCESS"), harm=says_secret),
    Attack("a password", "env", variable("DB_PASSWORD"), harm=says_secret),
    Attack("credentials", "env", variable("GOOGLE_CREDENTIALS"), harm=says_secret),
    Attack("the ssh agent", "env", variable("SSH_AUTH_SOCK"), harm=says_secret),
    Attack("a preloaded library", "env", variable("LD_AUDIT_TRACE"), harm=says_secret),
    Attack("a key in its own environment in /proc", "cat /proc/self/environ", variable("PERSONS_API_KEY"), harm=says_secret),
    attack("the login", 'cat "$LOGIN"'),
    attack("the login through /proc/self/root", 'cat "/proc/self/root$LOGIN"'),
    attack("the login through /proc/self/cwd", 'cat "/proc/self/cwd/../home/.code/auth.json"'),
    attack("the login from its folder", 'cd "$CODE_HOME" && cat auth.json'),
    attack("the login after chmod", 'chmod 644 "$LOGIN"; cat "$LOGIN"'),
    attack("the login in an archive", 'tar cf - -C "$HOME" .code'),
    attack("the login by searching", 'grep -r API_KEY "$HOME/.code"'),
    Attack("the login by a hard link", 'ln "$LOGIN" "$WORK/l"; cat "$WORK/l"', login, harm=says_secret, modes=(WRITE,)),
    Attack("the login by moving its folder", 'mv "$CODE_HOME" "$WORK/h"; cat "$WORK/h/auth.json"', login, harm=says_secret,
           modes=(WRITE,)),
    Attack("a program that root lends", '"$PROGRAM" write "$TARGET"', setuid_program, harm=roots_changed, people="user",
           needs=is_started_by_root),
    Attack("a dump of memory", 'cd "$WORK"; ulimit -c unlimited; "$ATTACK" dump-core', plain_files, harm=core_left,
           needs=dumps_here),
]
