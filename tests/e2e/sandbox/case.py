# SPDX-License-Identifier: Apache-2.0
"""What a case is. Tables of cases are in attacks_*.py and everyday.py; run.py goes through them."""
import dataclasses
import typing

READ_ONLY, WRITE = "read-only", "workspace-write"
BOTH = (READ_ONLY, WRITE)


@dataclasses.dataclass(frozen=True)
class Gap:
    """A weakness of a backend that is known and documented. Closing it fails the suite until it is taken
    out of the table, so that the list stays true."""

    backend: str
    reason: str
    modes: tuple = BOTH
    people: str = ""  # only of this person: "root" or "user"
    below_abi: int = 0  # only where the kernel's Landlock is older than this
    is_chance: bool = False  # a race, which the attack does not always win

    def covers(self, way, person, abi):
        return (way.backend == self.backend and way.mode in self.modes
                and self.people in ("", "root" if person.uid == 0 else "user")
                and (self.below_abi == 0 or abi < self.below_abi))


@dataclasses.dataclass(frozen=True)
class Attack:
    """A command that must not do harm, and how harm is seen from outside."""

    name: str
    # Shell, with $OUT, $WORK and $ATTACK. In the control run it must do the harm.
    script: str
    # Called before; may fill run.keep, run.env, run.cleanups. Returns {number: descriptor} to be inherited.
    arrange: typing.Optional[typing.Callable] = None
    # Called when the command has printed a line "ready"; it then waits for the end of its input. The text
    # says what harm was seen.
    during: typing.Optional[typing.Callable] = None
    # Called after the end; the text says what harm was done. Without both: what `watch` names has changed.
    harm: typing.Optional[typing.Callable] = None
    watch: typing.Sequence[str] = ("out",)  # below the run's place
    modes: tuple = BOTH
    people: str = ""  # only "root" or only "user"; "" = both
    needs: typing.Optional[typing.Callable] = None  # (arena, person) -> why it cannot be tried here, or ''
    gaps: tuple = ()
    prefix: tuple = ()  # around the whole run, control too: a namespace that is thrown away
    workspace: typing.Optional[typing.Callable] = None  # (run) -> what to give to -C
    options: typing.Optional[typing.Callable] = None  # (run) -> more options of beacon
    may_refuse: bool = False  # beacon may refuse to begin
    outlives: bool = False  # the control run leaves processes, which is the harm
    # How often the control run may be tried: a race is not always won, and a daemon may not have begun yet
    # when its command has ended.
    chances: int = 5

    def applies_to(self, person):
        return self.people in ("", "root" if person.uid == 0 else "user")


def landlock(reason, **more):
    return Gap("landlock", reason, **more)
