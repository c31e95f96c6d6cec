#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""lab.judge: the judge can fail. For each wire a good second request is made, then doctored in one place; the
judge must name that place. A rule that nothing here breaks would be a rule nobody knows to work."""
import copy
import importlib
import importlib.util
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True
from run import need_jsonschema  # noqa: E402

need_jsonschema()
from judge import Judge, Violation  # noqa: E402
from script import Call, Reasoning, Script, Text, answer, command, patch  # noqa: E402
from way import PLAIN, WAYS  # noqa: E402

SCRIPT = Script(("go",), (
    answer(Reasoning("I think", "c2VjcmV0"), Text("So."), command("call_a", "true"), command("call_b", "false")),
    answer(patch("call_c", "*** Delete File: x")),
    answer(Text("Done."))))
TOOL = {"type": "object", "properties": {"cmd": {"type": "string"}}, "required": ["cmd"]}
FREEFORM = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}


def arguments_of(index):
    return SCRIPT.answers[0].parts[2 + index].arguments_text()


class Responses:
    first = {
        "model": "m", "instructions": "be good", "store": False, "stream": True, "parallel_tool_calls": True,
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "go"}]}],
        "tools": [{"type": "function", "name": "exec_command", "parameters": TOOL, "strict": False},
                  {"type": "custom", "name": "apply_patch", "format": {"type": "text"}}],
        "tool_choice": "auto", "reasoning": {"effort": "low", "summary": "auto"},
        "include": ["reasoning.encrypted_content"], "prompt_cache_key": "k"}
    more = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "I think"}], "encrypted_content": "c2VjcmV0"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "So."}]},
        *({"type": "function_call", "name": "exec_command", "arguments": arguments_of(i), "call_id": f"call_{'ab'[i]}"}
          for i in range(2)),
        *({"type": "function_call_output", "call_id": f"call_{name}", "output": "done"} for name in "ab")]
    headers = {"authorization": "Bearer sk-lab-secret"}
    target, items = "/v1/responses", "input"
    # (what is done to the second request, what the judge must say)
    faults = (
        (lambda b: b.update(max_tokens=5), "max_tokens"),
        (lambda b: b.update(store=True), "store"),
        (lambda b: b.update(stream=False), "stream"),
        (lambda b: b.pop("model"), "model"),
        (lambda b: b.update(temperature="hot"), "temperature"),
        (lambda b: b["input"][0].update(color="red"), "input/0"),
        (lambda b: b["input"][3].update(arguments={"cmd": "true"}), "input/3"),
        (lambda b: b["input"][3].update(arguments=json.dumps({"cmd": "true"})), "not what the model said"),
        (lambda b: b["input"][1].update(encrypted_content="c2VjcmV1"), "not what the model said"),
        (lambda b: b["input"].pop(1), "reasoning before it is missing"),
        (lambda b: b["input"].__delitem__(slice(2, None)), "reasoning without the item"),
        (lambda b: b["input"][2]["content"][0].update(text="So. So."), "not what the model said"),
        (lambda b: b["input"].insert(2, b["input"][2]), "not what the model said"),
        (lambda b: b["input"].pop(5), "not answered"),
        (lambda b: b["input"].append(b["input"][5]), "answered twice"),
        (lambda b: b["input"].append({**b["input"][5], "call_id": "call_z"}), "nobody called"),
        (lambda b: b["input"][5].update(type="custom_tool_call_output"), "does not fit"),
        (lambda b: b["input"].insert(4, b["input"][0]), "not answered before"),
        (lambda b: b.pop("include"), "never asked for"),
        (lambda b: b["input"][0]["content"][0].update(text="come"), "input/0: it was"),
        (lambda b: b["input"].pop(0), "input/0: it was"),
        (lambda b: b.update(instructions="be bad"), "instructions"),
        (lambda b: b["tools"].reverse(), "tools"),
        (lambda b: b.update(model="n"), "model"),
    )


class Chat:
    first = {
        "model": "m", "stream": True, "stream_options": {"include_usage": True}, "tool_choice": "auto",
        "messages": [{"role": "system", "content": "be good"}, {"role": "user", "content": "go"}],
        "tools": [{"type": "function", "function": {"name": "exec_command", "parameters": TOOL}},
                  {"type": "function", "function": {"name": "apply_patch", "parameters": FREEFORM}}]}
    more = [
        {"role": "assistant", "content": "So.", "reasoning": "I think", "tool_calls": [
            {"id": f"call_{'ab'[i]}", "type": "function",
             "function": {"name": "exec_command", "arguments": arguments_of(i)}} for i in range(2)]},
        *({"role": "tool", "tool_call_id": f"call_{name}", "content": "done"} for name in "ab")]
    headers = {"authorization": "Bearer sk-lab-secret"}
    target, items = "/v1/chat/completions", "messages"
    faults = (
        (lambda b: b.update(instructions="no"), "instructions"),
        (lambda b: b.pop("model"), "model"),
        (lambda b: b.update(max_tokens=1, max_completion_tokens=1), "body"),
        (lambda b: b["messages"][2].pop("tool_calls"), "follows no call"),
        (lambda b: b["messages"][2].update(content=None, tool_calls=[]), "messages/2"),
        (lambda b: b["messages"][2]["tool_calls"][0]["function"].update(arguments={"cmd": "true"}), "messages/2"),
        (lambda b: b["messages"][2]["tool_calls"][0]["function"].update(arguments='{"cmd":"true"}'),
         "not what the model said"),
        (lambda b: b["messages"][2].pop("reasoning"), "reasoning before it is missing"),
        (lambda b: b["messages"][2].update(reasoning="I thought"), "not what the model said"),
        (lambda b: b["messages"][2].update(content="So.So."), "not what the model said"),
        (lambda b: b["messages"].pop(3), "not followed by their tool messages"),
        (lambda b: b["messages"].append(b["messages"][3]), "follows no call"),
        (lambda b: b["messages"].append({"role": "assistant", "content": "Done."}), "nothing is asked"),
        (lambda b: b["messages"].insert(2, {"role": "assistant", "content": "So."}), "follow one another"),
        (lambda b: b["messages"].insert(4, b["messages"][1]), "not followed by their tool messages"),
        (lambda b: b["messages"].append(b["messages"][0]), "behind others"),
        (lambda b: b["messages"][1].update(content="come"), "messages/1: it was"),
        (lambda b: b["tools"].pop(), "tools"),
    )


class Messages:
    first = {
        "model": "m", "max_tokens": 9000, "stream": True, "thinking": {"type": "enabled", "budget_tokens": 2000},
        "system": [{"type": "text", "text": "be good", "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "go"}]}],
        "tools": [{"name": "exec_command", "input_schema": TOOL}, {"name": "apply_patch", "input_schema": FREEFORM}]}
    more = [
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "I think", "signature": "c2VjcmV0"}, {"type": "text", "text": "So."},
            {"type": "tool_use", "id": "call_a", "name": "exec_command", "input": {"cmd": "true"}},
            {"type": "tool_use", "id": "call_b", "name": "exec_command", "input": {"cmd": "false"}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "call_a", "content": "done"},
            {"type": "tool_result", "tool_use_id": "call_b", "content": [{"type": "text", "text": "done"}],
             "cache_control": {"type": "ephemeral"}}]}]
    headers = {"x-api-key": "sk-lab-secret", "anthropic-version": "2023-06-01"}
    target, items = "/v1/messages", "messages"
    faults = (
        (lambda b: b.pop("max_tokens"), "max_tokens"),
        (lambda b: b.update(max_tokens=2000), "not below max_tokens"),
        (lambda b: b["thinking"].update(budget_tokens=1000), "thinking"),
        (lambda b: b.update(temperature=0.5), "temperature"),
        (lambda b: b.update(tool_choice={"type": "any"}), "tool_choice"),
        (lambda b: b.update(reasoning={}), "reasoning"),
        (lambda b: b.pop("thinking"), "thinking is not enabled"),
        (lambda b: b["messages"][1]["content"][0].update(signature="c2VjcmV1"), "not what the model said"),
        (lambda b: b["messages"][1]["content"][0].update(thinking="I thought"), "not what the model said"),
        (lambda b: b["messages"][1]["content"].pop(0), "does not begin with it"),
        (lambda b: b["messages"][1]["content"][1].update(text=" "), "messages/1"),
        (lambda b: b["messages"][1]["content"][2].update(input='{"cmd":"true"}'), "messages/1"),
        (lambda b: b["messages"][1]["content"][2]["input"].update(cmd="false"), "not what the model said"),
        (lambda b: b["messages"][2]["content"].pop(), "the calls before it are"),
        (lambda b: b["messages"][2]["content"].append(b["messages"][2]["content"][0]), "the calls before it are"),
        (lambda b: b["messages"][2]["content"].insert(0, {"type": "text", "text": "here"}), "do not come first"),
        (lambda b: b["messages"].insert(2, b["messages"][0]), "follow one another"),
        (lambda b: b["messages"].append({"role": "assistant", "content": "Done."}), "nothing is asked"),
        (lambda b: b["messages"].append({"role": "user", "content": "and?"}), "follow one another"),
        (lambda b: b["messages"][1]["content"].append(b["messages"][1]["content"][0]), "last block is thinking"),
        (lambda b: [tool.update(cache_control={"type": "ephemeral"}) for tool in b["tools"]]
         and b["messages"][0]["content"][0].update(cache_control={"type": "ephemeral"}), "more than 4"),
        (lambda b: b["messages"][0]["content"][0].update(text="come"), "messages/0: it was"),
        (lambda b: b["system"][0].update(text="be bad"), "system"),
    )


class Gemini:
    first = {
        "systemInstruction": {"parts": [{"text": "be good"}]},
        "contents": [{"role": "user", "parts": [{"text": "go"}]}],
        "tools": [{"functionDeclarations": [
            {"name": "exec_command", "description": "run", "parametersJsonSchema": TOOL},
            {"name": "apply_patch", "description": "patch", "parameters": FREEFORM}]}],
        "generationConfig": {"thinkingConfig": {"includeThoughts": True, "thinkingBudget": 100}}}
    more = [
        {"role": "model", "parts": [
            {"text": "I think", "thought": True}, {"text": "So.", "thoughtSignature": "c2VjcmV0"},
            {"functionCall": {"name": "exec_command", "args": {"cmd": "true"}}},
            {"functionCall": {"name": "exec_command", "args": {"cmd": "false"}}}]},
        {"role": "user", "parts": [
            {"functionResponse": {"name": "exec_command", "response": {"output": "done"}}} for _ in range(2)]}]
    headers = {"x-goog-api-key": "sk-lab-secret"}
    target, items = "/v1beta/models/gemini-lab:streamGenerateContent?alt=sse", "contents"
    faults = (
        (lambda b: b.update(model="m"), "model"),
        (lambda b: b["tools"][0]["functionDeclarations"][1]["parameters"].update(additionalProperties=False), "tools"),
        (lambda b: b["tools"][0]["functionDeclarations"][0].update(parameters=FREEFORM), "tools"),
        (lambda b: b["generationConfig"]["thinkingConfig"].update(thinkingLevel="low"), "exclude each other"),
        (lambda b: b["contents"][1].update(role="assistant"), "contents/1"),
        (lambda b: b["contents"][1]["parts"][1].pop("thoughtSignature"), "signature"),
        (lambda b: b["contents"][1]["parts"][1].update(thoughtSignature="c2VjcmV1"), "signature"),
        (lambda b: b["contents"][1]["parts"][2].update(thoughtSignature="c2VjcmV0"), "never had"),
        (lambda b: b["contents"][1]["parts"][1].update(text="So.So."), "not what the model said"),
        (lambda b: b["contents"][1]["parts"][2]["functionCall"].update(args='{"cmd":"true"}'), "contents/1"),
        (lambda b: b["contents"][1]["parts"][2]["functionCall"]["args"].update(cmd="false"), "not what the model said"),
        (lambda b: b["contents"][2]["parts"].pop(), "the calls before are"),
        (lambda b: b["contents"][2]["parts"][0]["functionResponse"].update(name="other"), "the calls before are"),
        (lambda b: b["contents"].append({"role": "model", "parts": [{"text": "Done."}]}), "nothing is asked"),
        (lambda b: b["contents"].append(b["contents"][0]), "follow one another"),
        (lambda b: b["contents"][0]["parts"][0].update(text="come"), "contents/0: it was"),
        (lambda b: b["systemInstruction"]["parts"][0].update(text="be bad"), "systemInstruction"),
    )


KINDS = {"responses": Responses, "chat": Chat, "messages": Messages, "gemini": Gemini}


def hear(judge, kind, body, headers=None, target=None):
    headers = {"content-type": "application/json", **(kind.headers if headers is None else headers)}
    return judge.hear("POST", target or kind.target, headers, json.dumps(body).encode())


def second(kind):
    return {**copy.deepcopy(kind.first), kind.items: copy.deepcopy(kind.first[kind.items] + kind.more)}


class JudgeTest(unittest.TestCase):
    def each(self):
        for name, kind in KINDS.items():
            yield name, kind, importlib.import_module(f"wire_{name}")

    def begun(self, kind, wire):
        judge = Judge(wire, SCRIPT)
        self.assertEqual(hear(judge, kind, kind.first)[:2], (0, 0))
        return judge

    def test_good_requests_are_taken_and_find_their_place_in_the_script(self):
        for name, kind, wire in self.each():
            with self.subTest(name):
                self.assertEqual(hear(self.begun(kind, wire), kind, second(kind))[:2], (1, 0))

    def test_each_doctored_request_is_refused_for_its_fault(self):
        for name, kind, wire in self.each():
            for number, (change, words) in enumerate(kind.faults):
                with self.subTest(f"{name} {number}: {words}"):
                    body = second(kind)
                    change(body)
                    with self.assertRaisesRegex(Violation, words):
                        hear(self.begun(kind, wire), kind, body)

    def test_a_request_without_the_key_or_to_another_place_is_refused(self):
        for name, kind, wire in self.each():
            with self.subTest(name):
                with self.assertRaises(Violation):
                    hear(Judge(wire, SCRIPT), kind, kind.first, headers={})
                with self.assertRaisesRegex(Violation, "path"):
                    hear(Judge(wire, SCRIPT), kind, kind.first, target=kind.target + "/")
                with self.assertRaisesRegex(Violation, "content-type"):
                    hear(Judge(wire, SCRIPT), kind, kind.first, headers={**kind.headers, "content-type": "text/plain"})

    def test_what_is_no_json_is_refused(self):
        for name, kind, wire in self.each():
            for data in (b"", b"[]", b"{", b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":"\xff"}'):
                with self.subTest(f"{name} {data}"), self.assertRaisesRegex(Violation, "body"):
                    headers = {"content-type": "application/json", **kind.headers}
                    Judge(wire, SCRIPT).hear("POST", kind.target, headers, data)

    def test_a_request_that_goes_back_is_refused(self):
        for name, kind, wire in self.each():
            with self.subTest(name):
                judge = self.begun(kind, wire)
                hear(judge, kind, second(kind))
                with self.assertRaisesRegex(Violation, "and is gone"):
                    hear(judge, kind, kind.first)


class WayTest(unittest.TestCase):
    def test_every_way_sends_every_byte_of_its_frames(self):
        for way in WAYS:
            for name in KINDS:
                with self.subTest(f"{way.name} {name}"):
                    wire = importlib.import_module(f"wire_{name}")
                    body = {"model": "m", "stream_options": {"include_usage": True}}
                    frames = way.frames(wire.events(SCRIPT.answers[0], 0, 1, body, way), wire.ping())
                    pieces = way.cut(frames)
                    self.assertEqual(b"".join(pieces), b"".join(frames))
                    self.assertTrue(all(pieces))

    def test_the_hostile_ways_cut_where_they_say(self):
        text = PLAIN.frame("", {"text": "é🦀"})
        ways = {way.name: way for way in WAYS}
        self.assertEqual({len(piece) for piece in ways["bytes"].cut([text])}, {1})
        with self.assertRaises(UnicodeDecodeError):
            ways["inside-characters"].cut([text])[0].decode()
        self.assertIn(b"\n", ways["inside-frames"].cut([text, text])[2][:1])
        self.assertGreater(sum(map(len, ways["huge"].frames([("", {})], None))), 10_000_000)


if __name__ == "__main__":
    unittest.main()
