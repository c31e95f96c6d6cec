# SPDX-License-Identifier: Apache-2.0
"""lab.faults.<wire>: what a server and the way to it can do wrong, one row each. Judged from outside: how often
the server was asked, the exit status, the one sentence, the events, and a file that a tool appends to.

The second answer of the script is the one disturbed: a tool has run before it, another runs behind it."""
import dataclasses
import functools
import re
import threading
import typing

from judge import Judge
from person import Person, normalised
from script import FAULT
from server import Reply, Server, error_reply
from transport import TRANSPORT, run_transport
from way import PLAIN

WORDS = "the lab says no"
FOREVER = 1_000_000
HTML = b"<!DOCTYPE html>\n<html><body><h1>Please log in</h1></body></html>\n"


@dataclasses.dataclass(frozen=True)
class Fault:
    """`reply(wire, frames)` is sent in the place of `times` answers, from that to request `at` on. Then the program
    must have asked `asked` times for it, and have ended well, or with `sentence` (a pattern)."""
    name: str
    reply: typing.Callable
    asked: tuple
    times: int = FOREVER
    sentence: str = ""
    at: int = 2
    more: str = ""  # lines of the provider's configuration
    said: typing.Optional[str] = None  # the last message, where it is not the script's
    notices: tuple = ()  # of retries; one for each further time it is asked, unless said here
    is_too_long: bool = False  # the program may ask for a summary then, which no judge knows

    @property
    def is_fatal(self):
        return bool(self.sentence)


def status(code, *headers):
    return lambda wire, frames: error_reply(wire, code, WORDS, headers)


def page(code):
    return lambda wire, frames: Reply(code, (("Content-Type", "text/html; charset=utf-8"),), [HTML])


def some(count, end):
    """The first `count` frames (of all when it is below 1), and then that end."""
    return lambda wire, frames: Reply(pieces=frames[:count if count >= 1 else int(len(frames) * count)], end=end)


def some_frames(count):
    return lambda wire, frames: Reply(pieces=frames[:count], end="drop")


def changed(change):
    return lambda wire, frames: Reply(pieces=change(wire, list(frames)))


def _frame_of_text(frames):
    """The first frame of several that carry text, which is the scripts' only é."""
    return next(i for i, frame in enumerate(frames) if "é".encode() in frame)


def _with_garbage(wire, frames):
    frames.insert(_frame_of_text(frames), b'data: {"type":"response.output_text.delta","delta":\n\n')
    return frames


def _with_half(wire, frames):
    i = _frame_of_text(frames)
    frames[i] = frames[i][:-12] + b"\n\n"
    return frames


def _with_error(wire, frames):
    return frames[:len(frames) // 2] + [PLAIN.frame(*wire.error_event())]


def _with_bad_utf8(wire, frames):
    return [frame.replace("é".encode(), b"\xc3") for frame in frames]


def _typed(content_type, body=None):
    return lambda wire, frames: Reply(200, (("Content-Type", content_type),), frames if body is None else [body(wire)])


def _error_text(wire):
    return b"".join(error_reply(wire, 500, WORDS).pieces)


# A request that was refused is repeated once (request_max_retries), and so is a stream (stream_max_retries); when
# the request level gives up, the stream level begins it anew, but not for a rate limit.
ONCE, TWICE, FOUR_TIMES = (1,), (2,), (4,)
REPEATED = (1, 2)  # either the reader heals it, or it asks again; the result is the same
PAST, FUTURE = "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"
# Longer than a busy machine keeps a good answer waiting.
SHORT = "first_byte_timeout_ms = 1500\nstream_idle_timeout_ms = 1500"
FAULTS = (
    *(Fault(f"status.{code}", status(code), ONCE, sentence=f"{WORDS}|{code}")
      for code in (400, 401, 403, 404, 408, 409)),
    Fault("status.413", status(413), tuple(range(1, 11)), sentence=f"{WORDS}|413|room|compacted", is_too_long=True),
    Fault("status.429", status(429), TWICE, sentence="429"),
    *(Fault(f"status.{code}", status(code), FOUR_TIMES, sentence="high demand|overloaded|" + WORDS)
      for code in (500, 502, 503, 529)),
    *(Fault(f"status.{code}.once", status(code), TWICE, times=1) for code in (429, 500, 502, 503, 529)),
    Fault("retry-after.0", status(429, ("Retry-After", "0")), TWICE, times=1),
    Fault("retry-after.fraction", status(503, ("Retry-After", "0.001")), TWICE, times=1),
    Fault("retry-after.past", status(429, ("Retry-After", PAST)), TWICE, times=1),
    Fault("retry-after.nonsense", status(429, ("Retry-After", "soon")), TWICE, times=1),
    # A wait that is too long to be made proves that the header is read.
    Fault("retry-after.day", status(429, ("Retry-After", "86400")), ONCE, sentence="429"),
    Fault("retry-after.date", status(429, ("Retry-After", FUTURE)), ONCE, sentence="429"),
    Fault("slow", lambda wire, frames: Reply(pieces=frames, wait_s=0.3), ONCE, times=1),
    Fault("hang.first", some(0.0, "hang"), FOUR_TIMES, sentence="timeout", more=SHORT),
    Fault("hang.first.once", some(0.0, "hang"), TWICE, times=1, more=SHORT),
    Fault("hang.middle", some(3, "hang"), TWICE, sentence="timeout", more=SHORT),
    Fault("hang.middle.once", some(0.6, "hang"), TWICE, times=1, more=SHORT),
    Fault("drop", some(3, "drop"), TWICE, sentence="stream disconnected before completion|lost"),
    Fault("reset.once", some(0.6, "reset"), TWICE, times=1),
    Fault("end-early.once", some(0.6, "complete"), TWICE, times=1),
    Fault("empty", some(0.0, "complete"), TWICE, sentence="stream disconnected before completion"),
    Fault("error-event.once", changed(_with_error), TWICE, times=1),
    Fault("malformed.once", changed(_with_garbage), REPEATED, times=1),
    Fault("malformed-half.once", changed(_with_half), REPEATED, times=1),
    Fault("html.200", page(200), REPEATED, sentence=r"html|event stream|disconnected"),
    Fault("html.502", page(502), FOUR_TIMES, sentence=r"high demand|502|overloaded"),
    Fault("type.json", _typed("application/json", _error_text), REPEATED, sentence=f"{WORDS}|disconnected"),
    Fault("type.plain", _typed("text/plain"), ONCE, times=1),
    Fault("utf8.once", changed(_with_bad_utf8), ONCE, times=1, at=3, said="It is two. \ufffd 🦀"),
)


class Probe:
    """A run of the script with a fault in it."""

    def __init__(self, wire, build, folder, fault):
        self.wire, self.fault = wire, fault
        self.person = Person(build, folder)
        self.n_disturbed = 0
        self.server = Server(wire, Judge(wire, FAULT), PLAIN, self.disturb, is_judged=self.is_judged)

    def is_judged(self):
        return not (self.fault and self.fault.is_too_long and self.n_disturbed)

    def disturb(self, number, frames):
        if self.fault is None or number < self.fault.at or self.n_disturbed >= self.fault.times:
            return None
        self.n_disturbed += 1
        return self.fault.reply(self.wire, frames)

    def run(self, *options):
        try:
            self.person.configure(self.wire, f"http://127.0.0.1:{self.server.port}{self.wire.BASE}", 1, 1,
                                  self.fault.more if self.fault else "")
            return self.person.run(*options, FAULT.prompts[0])
        finally:
            self.server.stop()

    def asked(self):
        """How often the disturbed question was asked. Behind it, a run that goes well asks for the rest."""
        rest = 0 if self.fault.is_fatal else len(FAULT.answers) - self.fault.at
        return len(self.server.requests) - (self.fault.at - 1) - rest

    def count(self):
        path = self.person.work / "count"
        return path.read_text(encoding="utf-8").split() if path.exists() else []

    def wrong(self):
        return [*self.server.violations, *self.person.sanitizer_reports()]


def spoken(events, work):
    """The events without the notices of retries, and without usage: half an answer costs, too."""
    kept = [event for event in events if event["type"] != "error"]
    return normalised([{key: event[key] for key in event if key != "usage"} for event in kept], work)


_lock = threading.Lock()


@functools.lru_cache(maxsize=None)
def _undisturbed(wire, build, folder):
    probe = Probe(wire, build, folder / "undisturbed", None)
    outcome = probe.run("--json")
    if probe.wrong() or outcome.status != 0:
        raise RuntimeError(f"the script fails without any fault: {probe.wrong()} {outcome.stderr[-1000:]}")
    return spoken(outcome.events(), probe.person.work), probe.server.frame_counts[1]


def undisturbed(wire, build, folder):
    """(events, number of frames of the second answer) of a run that nothing disturbs."""
    with _lock:
        return _undisturbed(wire, build, folder)


def _with_words(events, said):
    """The same with another last message."""
    events = [dict(event) for event in events]
    last = max(i for i, event in enumerate(events) if event.get("item", {}).get("type") == "agent_message")
    events[last]["item"] = {**events[last]["item"], "text": said}
    return events


def _brief(events):
    """What differs is seen in a line for each event."""
    return "\n".join(f"{event['type']} {str(event.get('item', ''))[:160]}" for event in events)


def check_events(fault, outcome, expected, work):
    if fault.is_fatal:
        message = outcome.events()[-1].get("error", {}).get("message", "")
        good = outcome.status == 1 and "\n" not in message.strip() and re.search(fault.sentence, message)
        return [] if good else [f"exit status {outcome.status}, failure {message!r}"]
    if outcome.status != 0:
        return [f"exit status {outcome.status} instead of 0: {outcome.stdout[-800:]} {outcome.stderr[-500:]}"]
    wanted = expected if fault.said is None else _with_words(expected, fault.said)
    got = spoken(outcome.events(), work)
    if got != wanted:
        return ["the events are not those of an undisturbed run:\n" + _brief(got)]
    return []


def check_count(fault, lines):
    """No tool ran twice; all have run when the turn went well."""
    if fault.is_fatal:
        good = lines in (["one"], ["one", "two"]) if fault.at > 1 else lines == []
    else:
        good = lines == ["one", "two"]
    return [] if good else [f"the tools left {lines}"]


def check_json(wire, build, folder, fault, expected):
    probe = Probe(wire, build, folder / "json", fault)
    outcome = probe.run("--json")
    wrong = probe.wrong() + check_events(fault, outcome, expected, probe.person.work) + check_count(fault, probe.count())
    if probe.asked() not in fault.asked:
        wrong.append(f"asked {probe.asked()} times instead of {fault.asked}")
    notices = fault.notices or (0 if fault.is_too_long else probe.asked() - 1,)
    if len(outcome.notices()) not in notices:
        wrong.append(f"asked {probe.asked()} times, with the notices {outcome.notices()}")
    return wrong


def check_sentence(stderr, pattern):
    """A person reads one sentence, and under it what to do."""
    lines = stderr.rstrip("\n").split("\n")
    errors = [i for i, line in enumerate(lines) if line.startswith("ERROR: ") and "Reconnecting... " not in line]
    if len(errors) != 1:
        return [f"{len(errors)} sentences for the person: {stderr[-1500:]}"]
    sentence, advice = lines[errors[0]][len("ERROR: "):], lines[errors[0] + 1:errors[0] + 2]
    wrong = [] if re.search(pattern, sentence) else [f"the sentence is {sentence!r}"]
    if len(sentence) > 600:
        wrong.append(f"the sentence has {len(sentence)} bytes")
    if not advice or not advice[0].startswith("       ") or not advice[0].strip():
        wrong.append(f"no word about what to do: {stderr[-1500:]}")
    return wrong


def check_person(wire, build, folder, fault):
    probe = Probe(wire, build, folder / "person", fault)
    outcome = probe.run()
    wrong = probe.wrong() + check_count(fault, probe.count())
    said = "" if fault.is_fatal else (fault.said or FAULT.answers[-1].parts[0].text) + "\n"
    if outcome.stdout != said:
        wrong.append(f"stdout is {outcome.stdout!r} instead of {said!r}")
    if fault.is_fatal:
        wrong += check_sentence(outcome.stderr, fault.sentence)
    return wrong


def run_drops(wire, build, folder):
    """The connection breaks behind every frame of the answer, one run each."""
    expected, n_frames = undisturbed(wire, build, folder.parent)
    wrong = []
    for n in range(n_frames + 1):
        # In the last of them, all that counts has arrived: then nothing is left to be asked again.
        asked, notices = (REPEATED, (0, 1)) if n >= n_frames - 3 else (TWICE, (1,))
        fault = Fault(f"drop.{n}", some_frames(n), asked, times=1, notices=notices)
        wrong += [f"behind frame {n} of {n_frames}: {each}"
                  for each in check_json(wire, build, folder / str(n), fault, expected)]
    return wrong


def cases(wire):
    names = [*(fault.name for fault in FAULTS), *(row.name for row in TRANSPORT)]
    return ["drop-each", *sorted(names, key=lambda name: not name.startswith("hang"))]  # what takes longest first


def run(wire, build, folder, name):
    if name == "drop-each":
        return run_drops(wire, build, folder)
    row = next((row for row in TRANSPORT if row.name == name), None)
    if row is not None:
        return run_transport(wire, build, folder, row, check_sentence)
    fault = next(fault for fault in FAULTS if fault.name == name)
    expected, _ = undisturbed(wire, build, folder.parent)
    return check_json(wire, build, folder, fault, expected) + check_person(wire, build, folder, fault)
