# SPDX-License-Identifier: Apache-2.0
"""Chat Completions, as strict as the strictest of the servers that speak it."""
import json

from judge import Entry, Prefix, Schema, check, check_alternation
from script import Call, Reasoning, Text

NAME = "chat"
BASE = "/v1"
MODEL = "lab-chat"
CONFIG = ''
TELLS_REASONING_TOKENS = True
schema = Schema("chat.json")


def check_target(target):
    check(target == "/v1/chat/completions", "path", f"it is {target}")


def check_headers(headers):
    check(headers.get("authorization") == "Bearer sk-lab-secret", "authorization", "it is not the key")


def _text(content):
    if content is None or isinstance(content, str):
        return content or ""
    return "".join(part.get("text", "") for part in content)


def _read_assistant(message, where):
    for key in ("reasoning", "reasoning_content"):
        if message.get(key):
            yield Entry("reasoning", where, message[key])
    if _text(message.get("content")):
        yield Entry("text", where, _text(message["content"]))
    for call in message.get("tool_calls", []):
        yield Entry("call", where, id=call["id"], name=call["function"]["name"], value=call["function"]["arguments"])


def read(body):
    entries = []
    for i, message in enumerate(body["messages"]):
        where, role = f"messages/{i}", message["role"]
        if role == "assistant":
            entries.extend(_read_assistant(message, where))
        elif role == "tool":
            entries.append(Entry("result", where, _text(message["content"]), id=message["tool_call_id"]))
        else:
            entries.append(Entry("user" if role == "user" else "system", where, _text(message["content"])))
    return entries


def check_rules(body, entries):
    messages = body["messages"]
    roles = [message["role"] for message in messages]
    n_first = next((i for i, role in enumerate(roles) if role not in ("system", "developer")), len(roles))
    check(not set(roles[n_first:]) & {"system", "developer"}, "messages", "a system message stands behind others")
    check(roles[n_first:n_first + 1] == ["user"], "messages", "the conversation does not begin with the user")
    check(roles[-1] in ("user", "tool"), "messages", f"the last one is of role {roles[-1]}: nothing is asked")
    check_alternation([role if role == "assistant" else i for i, role in enumerate(roles)], "messages")
    waiting = []
    for i, message in enumerate(messages):
        if message["role"] == "tool":
            check(message["tool_call_id"] in waiting, f"messages/{i}", "a tool message that follows no call of its id")
            waiting.remove(message["tool_call_id"])
            continue
        check(not waiting, f"messages/{i}", f"tool calls {waiting} are not followed by their tool messages")
        waiting = [call["id"] for call in message.get("tool_calls", [])]
    check(not waiting, "messages", f"tool calls {waiting} are not followed by their tool messages")


def prefix(body):
    fixed = {key: body.get(key) for key in ("model", "tools", "tool_choice")}
    return Prefix("messages", fixed, body["messages"])


def is_call(entry, call):
    """Functions bit by bit. A freeform tool is none for the program, so its JSON is written anew."""
    if call.arguments is None:
        return entry.id == call.id and json.loads(entry.value) == call.as_function()
    return entry.id == call.id and entry.value == call.arguments_text()


def is_reasoning(entry, part):
    return entry.text == part.text


def must_return(part):
    return bool(part.text)


def secret_behind(part):
    return ""


def _call_deltas(calls, way):
    """The fragments of parallel calls, one of each in turn."""
    for index, call in enumerate(calls):
        yield {"tool_calls": [{"index": index, "id": call.id, "type": "function",
                               "function": {"name": call.tool, "arguments": ""}}]}
    pieces = [list(way.pieces(call.arguments_text())) for call in calls]
    for n in range(max((len(each) for each in pieces), default=0)):
        for index, each in enumerate(pieces):
            if n < len(each):
                yield {"tool_calls": [{"index": index, "function": {"arguments": each[n]}}]}


def events(answer, first, number, body, way):
    parts = answer.parts[first:]
    calls = [part for part in parts if isinstance(part, Call)]
    deltas = [] if way.is_sparse else [{"role": "assistant", "content": ""}]
    for part in parts:
        if isinstance(part, (Reasoning, Text)):
            key = "reasoning" if isinstance(part, Reasoning) else "content"
            deltas.extend({key: piece} for piece in way.pieces(part.text))
    deltas.extend(_call_deltas(calls, way))
    head = {"id": f"chatcmpl-{number}", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
    out = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    out.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls" if calls else "stop"}]})
    if body.get("stream_options", {}).get("include_usage"):
        usage = answer.usage
        out.append({**head, "choices": [], "usage": {
            "prompt_tokens": usage.input, "completion_tokens": usage.output,
            "total_tokens": usage.input + usage.output,
            "prompt_tokens_details": {"cached_tokens": usage.cached},
            "completion_tokens_details": {"reasoning_tokens": usage.reasoning}}})
    return [("", event) for event in out] + ([] if way.is_sparse else [("", "[DONE]")])


def ping():
    return None  # comments are all that there is


def error_body(status, words):
    codes = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}
    kind = "invalid_request_error" if status < 429 else "server_error"
    return {"error": {"message": words, "type": kind, "param": None, "code": codes.get(status)}}


def error_event():
    return "", error_body(500, "the lab fell over")
