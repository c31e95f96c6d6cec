# SPDX-License-Identifier: Apache-2.0
"""lab.task.<wire>: the same task in every way of arriving gives the same events, and the model is told the
same. What that is stands in transcript.json, one for all wires."""
import json
import pathlib

from judge import Judge
from person import Person, normalised, normalised_result
from script import LONG, NOTES, TASK
from server import Server
from way import WAYS, Way

TRANSCRIPT = pathlib.Path(__file__).parent / "transcript.json"


def cases(wire):
    return [*(way.name for way in WAYS), "long-text"]


def _without_reasoning_tokens(events):
    """The Messages API does not tell how many of the output tokens were reasoning."""
    for event in events:
        event.get("usage", {}).pop("reasoning_output_tokens", None)
    return events


def transcript(wire, outcomes, judge, work):
    """What happened, as it is compared. The system texts are the wire's own business."""
    told = {entry.id: normalised_result(entry.text, work) for entry in judge.entries if entry.kind == "result"}
    spoken = [entry.kind for entry in judge.entries if entry.kind in ("text", "call", "result")]
    return {
        "runs": [_without_reasoning_tokens(normalised(outcome.events(), work)) for outcome in outcomes],
        "told": [told[entry.id] for entry in judge.entries if entry.kind == "call"],
        "order": spoken,
        "files": {path.name: path.read_text(encoding="utf-8") for path in sorted(work.iterdir())},
    }


def _reasoning_tokens(outcome):
    return [event["usage"]["reasoning_output_tokens"] for event in outcome.events() if "usage" in event]


def play(wire, build, folder, way):
    person = Person(build, folder)
    (person.work / "notes.txt").write_text(NOTES, encoding="utf-8")
    judge = Judge(wire, TASK)
    server = Server(wire, judge, way)
    try:
        person.configure(wire, f"http://127.0.0.1:{server.port}{wire.BASE}")
        outcomes = [person.run("--json", TASK.prompts[0])]
        tokens = _reasoning_tokens(outcomes[0])
        outcomes.append(person.run("--json", "resume", "--last", TASK.prompts[1]))
    finally:
        server.stop()
    return person, judge, server, outcomes, tokens


def run_long(wire, build, folder):
    """An answer of 10 MB in one delta arrives as it was said."""
    person = Person(build, folder)
    server = Server(wire, Judge(wire, LONG), Way("one-delta", characters=1_000_000_000))
    try:
        person.configure(wire, f"http://127.0.0.1:{server.port}{wire.BASE}")
        outcome = person.run(LONG.prompts[0])
    finally:
        server.stop()
    wrong = [*server.violations, *person.sanitizer_reports()]
    said = LONG.answers[0].parts[0].text + "\n"
    if outcome.status != 0 or outcome.stdout != said:
        wrong.append(f"exit status {outcome.status}, {len(outcome.stdout)} characters instead of {len(said)}: "
                     f"{outcome.stderr[-800:]}")
    return wrong


def run(wire, build, folder, name):
    """The faults found, as sentences."""
    if name == "long-text":
        return run_long(wire, build, folder)
    way = next(way for way in WAYS if way.name == name)
    person, judge, server, outcomes, tokens = play(wire, build, folder, way)
    wrong = [*server.violations, *person.sanitizer_reports()]
    for outcome in outcomes:
        if outcome.status != 0:
            wrong.append(f"exit status {outcome.status}: {outcome.stderr[-1500:]}")
    if len(server.requests) != len(TASK.answers):
        wrong.append(f"{len(server.requests)} requests instead of {len(TASK.answers)}")
    expected = sum(answer.usage.reasoning for answer in TASK.answers[:5]) if wire.TELLS_REASONING_TOKENS else 0
    if tokens != [expected]:
        wrong.append(f"reasoning tokens {tokens} instead of {expected}")
    got = transcript(wire, outcomes, judge, person.work)
    wanted = json.loads(TRANSCRIPT.read_text(encoding="utf-8"))
    wrong += differences("transcript", wanted, got)
    return wrong


def differences(where, wanted, got):
    """Where two JSON values differ, each place with both."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        keys = [*wanted, *(key for key in got if key not in wanted)]
        return [each for key in keys for each in
                differences(f"{where}.{key}", wanted.get(key, "nothing"), got.get(key, "nothing"))]
    if isinstance(wanted, list) and isinstance(got, list):
        short, long = sorted((wanted, got), key=len)
        found = [each for i in range(len(short)) for each in differences(f"{where}[{i}]", wanted[i], got[i])]
        side = "missing" if long is wanted else "too much"
        return found + [f"{where}[{i}] {side}: {json.dumps(long[i], ensure_ascii=False)}"
                        for i in range(len(short), len(long))]
    if wanted != got:
        return [f"{where}: {json.dumps(got, ensure_ascii=False)} instead of {json.dumps(wanted, ensure_ascii=False)}"]
    return []


def write_transcript(wire, build, folder):
    """transcript.json anew, from one run; to be read by a person before it is kept."""
    person, judge, _, outcomes, _ = play(wire, build, folder, WAYS[0])
    TRANSCRIPT.write_text(_laid_out(transcript(wire, outcomes, judge, person.work)) + "\n", encoding="utf-8")


def _laid_out(value, depth=0):
    """JSON with one line for each thing of the third level: for each event."""
    if depth == 3 or not isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    pad = " " * (depth + 1)
    if isinstance(value, dict):
        lines = [f"{pad}{json.dumps(key)}: {_laid_out(each, depth + 1)}" for key, each in value.items()]
    else:
        lines = [pad + _laid_out(each, depth + 1) for each in value]
    ends = "{}" if isinstance(value, dict) else "[]"
    return ends[0] + "\n" + ",\n".join(lines) + "\n" + pad[1:] + ends[1]
