# SPDX-License-Identifier: Apache-2.0
"""What the model says, in no wire's terms: a script is a list of answers, an answer a list of parts.
The wires (wire_*.py) put it into their own words; the judge finds in a request how far the script is."""
import dataclasses
import json
import typing


@dataclasses.dataclass(frozen=True)
class Reasoning:
    """What the model thinks. `secret` is what only the server can read (encrypted content, a signature) and
    wants back bit by bit; without `text` it is all there is."""
    text: str
    secret: str = ""


@dataclasses.dataclass(frozen=True)
class Text:
    text: str


@dataclasses.dataclass(frozen=True)
class Call:
    """`arguments` of a function, or the raw text of a freeform tool."""
    id: str
    tool: str
    arguments: typing.Optional[dict] = None
    freeform: str = ""

    def as_function(self):
        """The arguments where the wire has functions only: a freeform tool takes one string."""
        return {"input": self.freeform} if self.arguments is None else self.arguments

    def arguments_text(self):
        """JSON that no encoder would write so: who sends it back must not have encoded it anew."""
        return json.dumps(self.as_function(), ensure_ascii=False, separators=(" ,", " :  "))


@dataclasses.dataclass(frozen=True)
class Usage:
    """Tokens. `input` counts the cached ones, `output` the reasoning."""
    input: int = 5000
    cached: int = 4000
    output: int = 20
    reasoning: int = 5


@dataclasses.dataclass(frozen=True)
class Answer:
    parts: tuple
    usage: Usage = Usage()


def answer(*parts, usage=Usage()):
    return Answer(parts, usage)


@dataclasses.dataclass(frozen=True)
class Script:
    prompts: tuple  # what the person says, one run of the program each
    answers: tuple

    def parts(self):
        """(number of the answer, number of the part in it, the part), in order."""
        for a, reply in enumerate(self.answers):
            for p, part in enumerate(reply.parts):
                yield a, p, part


def command(call_id, cmd, **more):
    return Call(call_id, "exec_command", {"cmd": cmd, **more})


def patch(call_id, *lines):
    return Call(call_id, "apply_patch", freeform="\n".join(("*** Begin Patch", *lines, "*** End Patch")))


# Two to four bytes each, a family joined by joiners, a combining mark, right to left, a line separator.
WORDS = "naïve – 読みます 🦀 👩‍👩‍👧 e\u0301 שלום \u2028 \\u0041 \"quoted\" <tag> \t tab"
NOTES = "first line\nzweite Zeile: äöü\nthird 🦀\n"

# Who thinks, thinks before each call; a server of the Messages API insists on it.
# Every kind of part, over seven answers and two runs of the program.
TASK = Script(
    prompts=("Look after the notes. ✓ 読", "Once more, please."),
    answers=(
        answer(Reasoning("**Looking**\n\nFirst I read: " + WORDS, "c2VjcmV0LTE=+/AAAA"),
               Text("I read the notes first. " + WORDS),
               command("call_read", "cat notes.txt", yield_time_ms=20000.5),
               usage=Usage(3000, 0, 30, 10)),
        answer(Reasoning("**Writing**", "c2VjcmV0LTI=" * 40),
               patch("call_patch", "*** Update File: notes.txt", "@@", " first line", "-zweite Zeile: äöü",
                     "+zweite Zeile: ÄÖÜ \"quoted\" \\n", "*** Add File: naïve 🦀.txt", "+new: 読みます"),
               usage=Usage(3500, 3000, 40, 12)),
        answer(Reasoning("", "b25seS1hLXNlY3JldA=="),
               command("call_left", "cat notes.txt", yield_time_ms=20000),
               command("call_right", "printf 'right: \\303\\251 \\342\\200\\250\\n'; exit 3", yield_time_ms=20000),
               usage=Usage(4000, 3500, 50, 14)),
        answer(Reasoning("**Planning**", "c2VjcmV0LTQ="), Text("Now the plan."),
               Call("call_plan", "update_plan", {"plan": [{"step": "read " + WORDS, "status": "completed"},
                                                          {"step": "rest", "status": "in_progress"}]}),
               usage=Usage(4500, 4000, 60, 8)),
        answer(Reasoning("**Done**\n\nNothing is left.", "c2VjcmV0LTU="),
               Text("All is done.\n\n" + WORDS + "\n" + "Grüße 🦀 " * 40),
               usage=Usage(5000, 4500, 70, 16)),
        answer(Reasoning("**Again**", "c2VjcmV0LTY="), Text("Again."),
               command("call_again", "cat 'naïve 🦀.txt'", yield_time_ms=20000),
               usage=Usage(6000, 5000, 80, 8)),
        answer(Text("That was all. ✓"), usage=Usage(7000, 6000, 90, 0)),
    ))

# What the fault matrix disturbs: a tool that leaves a mark on disk before the fault and one behind it.
FAULT = Script(
    prompts=("Count.",),
    answers=(
        answer(Reasoning("**Beginning**", "c2VjcmV0LWI="), command("call_one", "echo one >>count", yield_time_ms=20000)),
        answer(Reasoning("**Counting** é", "c2VjcmV0LWY="),
               Text("So far it is one: é 🦀."),
               command("call_two", "echo two >>count", yield_time_ms=20000)),
        answer(Text("It is two. é 🦀")),
    ))

# One answer of more than 10 MB, characters of several bytes.
LONG = Script(prompts=("Talk.",), answers=(answer(Text("é🦀 " * 1_300_000 + "end")),))
