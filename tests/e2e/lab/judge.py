# SPDX-License-Identifier: Apache-2.0
"""The strict part of the fake server: what a request may look like beyond its schema. Every rule here is
one that a real server has, or one that costs money to break (a prefix that changes is a prompt cache lost).

A wire reads a request into entries, in order; the rules are written once, over entries."""
import dataclasses
import json
import pathlib

import jsonschema

from script import Call, Reasoning, Text

HERE = pathlib.Path(__file__).parent


class Violation(Exception):
    """The request breaks a rule; the words go into the server's 400."""


@dataclasses.dataclass
class Entry:
    """One thing a request says. kind: system, user, text, reasoning, call, result."""
    kind: str
    where: str  # place in the body, for messages
    text: str = ""
    id: str = ""
    name: str = ""
    value: object = None  # of a call: its arguments as the wire has them; of a result: as JSON
    secret: str = ""

    @property
    def is_assistant(self):
        return self.kind in ("text", "reasoning", "call")


def check(is_good, where, words):
    if not is_good:
        raise Violation(f"{where}: {words}")


class Schema:
    """A JSON Schema file of this folder."""

    def __init__(self, name):
        with open(HERE / name, encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.Draft202012Validator.check_schema(schema)
        self.validator = jsonschema.Draft202012Validator(schema)

    def check(self, body):
        error = jsonschema.exceptions.best_match(self.validator.iter_errors(body))
        if error is not None:
            where = "/".join(str(step) for step in error.absolute_path) or "body"
            raise Violation(f"{where}: {error.message[:400]}")


def parse_json(data):
    """The body. A key that is there twice means what the reader likes, so it is refused."""
    def pairs(members):
        keys = [key for key, _ in members]
        check(len(keys) == len(set(keys)), "body", f"a key is there twice in {keys}")
        return dict(members)

    def constant(name):
        raise Violation(f"body: {name} is no JSON")

    try:
        body = json.loads(data.decode("utf-8"), object_pairs_hook=pairs, parse_constant=constant)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Violation(f"body: it is no JSON in UTF-8: {error}") from error
    check(isinstance(body, dict), "body", "it is no object")
    return body


def check_pairs(entries):
    """Every call is answered exactly once, before anybody says anything else."""
    waiting, seen = {}, set()
    for entry in entries:
        if entry.kind == "call":
            check(entry.id not in seen, entry.where, f"call {entry.id} is there twice")
            seen.add(entry.id)
            waiting[entry.id] = entry
        elif entry.kind == "result":
            check(entry.id in seen, entry.where, f"result for {entry.id}, which nobody called")
            check(entry.id in waiting, entry.where, f"call {entry.id} is answered twice")
            del waiting[entry.id]
        elif entry.kind in ("user", "system"):
            check(not waiting, entry.where, f"calls {sorted(waiting)} are not answered before it")
    check(not waiting, "body", f"calls {sorted(waiting)} are not answered")


def check_alternation(roles, where):
    for i in range(1, len(roles)):
        check(roles[i] != roles[i - 1], f"{where}/{i}", f"two messages of role {roles[i]} follow one another")


def same(before, after):
    """Equal as bytes, as far as JSON tells: order of keys and kinds of numbers count."""
    return json.dumps(before, ensure_ascii=False) == json.dumps(after, ensure_ascii=False)


def check_prefix(before, after):
    """`after` goes on where `before` ended. Both are what the wire calls the parts of its prefix: a dict of
    fixed values, and the list of the conversation."""
    for key, value in before.fixed.items():
        check(same(value, after.fixed.get(key)), key, "it is not that of the request before")
    for key in after.fixed:
        check(key in before.fixed, key, "the request before did not have it")
    for i, item in enumerate(before.conversation):
        check(i < len(after.conversation), f"{before.name}/{i}", "it was there in the request before, and is gone")
        check(same(item, after.conversation[i]), f"{before.name}/{i}",
              f"it was {json.dumps(item, ensure_ascii=False)[:300]} in the request before and is "
              f"{json.dumps(after.conversation[i], ensure_ascii=False)[:300]}")


@dataclasses.dataclass
class Prefix:
    name: str
    fixed: dict
    conversation: list


def same_part(wire, entry, part):
    if isinstance(part, Call):
        return entry.kind == "call" and entry.name == part.tool and wire.is_call(entry, part)
    if isinstance(part, Text):
        return entry.kind == "text" and entry.text == part.text
    return entry.kind == "reasoning" and wire.is_reasoning(entry, part)


def find_place(wire, script, entries):
    """How far the conversation is: (answer, part) the model says next. What the assistant says in the
    request must be what the model said, in order: nothing doubled, changed, lost or made up."""
    told = list(script.parts())
    at, secret = 0, ""  # the secret that the next entry must carry, where a wire keeps it there
    for i, entry in enumerate(entries):
        if not entry.is_assistant:
            continue
        while at < len(told) and isinstance(told[at][2], Reasoning) and entry.kind != "reasoning":
            part = told[at][2]
            secret = wire.secret_behind(part)
            check(not wire.must_return(part), entry.where, "the reasoning before it is missing")
            at += 1
        check(at < len(told), entry.where, f"the model never said this: {entry.text[:200]}")
        check(same_part(wire, entry, told[at][2]), entry.where,
              f"this is not what the model said: {entry} instead of {told[at][2]}")
        check(entry.kind == "reasoning" or not secret or entry.secret == secret, entry.where,
              f"its signature is {entry.secret!r} instead of {secret!r}")
        check(entry.kind == "reasoning" or secret or not entry.secret, entry.where,
              f"it has the signature {entry.secret!r}, which it never had")
        secret = wire.secret_behind(told[at][2]) if entry.kind == "reasoning" else ""
        at += 1
    check(at < len(told), "body", "the script is at its end, nothing was to be asked any more")
    return told[at][0], told[at][1]


class Judge:
    """Judges the requests of one conversation. Keeps the last one that was good."""

    def __init__(self, wire, script):
        self.wire, self.script = wire, script
        self.before = None
        self.entries = []

    def hear(self, method, target, headers, data):
        """(answer, part, body) that comes next; Violation when the request must be refused."""
        check(method == "POST", method, "only POST is known here")
        self.wire.check_target(target)
        check(headers.get("content-type", "").split(";")[0].strip() == "application/json", "content-type",
              f"it is {headers.get('content-type')!r}")
        self.wire.check_headers(headers)
        body = parse_json(data)
        self.wire.schema.check(body)
        entries = self.wire.read(body)
        self.wire.check_rules(body, entries)
        check_pairs(entries)
        prefix = self.wire.prefix(body)
        if self.before is not None:
            check_prefix(self.before, prefix)
        place = find_place(self.wire, self.script, entries)
        self.before, self.entries = prefix, entries
        return place[0], place[1], body
