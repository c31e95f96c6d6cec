# SPDX-License-Identifier: Apache-2.0
"""The Messages API."""
import json

from judge import Entry, Prefix, Schema, check, check_alternation
from script import Call, Reasoning

NAME = "messages"
BASE = "/v1"
MODEL = "claude-lab"
CONFIG = 'auth_header = "x-api-key"\n'
TELLS_REASONING_TOKENS = False
schema = Schema("messages.json")


def check_target(target):
    check(target == "/v1/messages", "path", f"it is {target}")


def check_headers(headers):
    check(headers.get("x-api-key") == "sk-lab-secret", "x-api-key", "it is not the key")
    check("authorization" not in headers, "authorization", "the key belongs into x-api-key alone")
    check(headers.get("anthropic-version") == "2023-06-01", "anthropic-version", "it is missing or unknown")


def _blocks(content):
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _read_block(block, role, where):
    kind = block["type"]
    if kind == "text":
        return Entry("text" if role == "assistant" else "user", where, block["text"])
    if kind == "thinking":
        return Entry("reasoning", where, block["thinking"], secret=block["signature"])
    if kind == "redacted_thinking":
        return Entry("reasoning", where, "", secret=block["data"])
    if kind == "tool_use":
        return Entry("call", where, id=block["id"], name=block["name"], value=block["input"])
    if kind == "tool_result":
        text = "".join(part.get("text", "") for part in _blocks(block.get("content", "")))
        return Entry("result", where, text, id=block["tool_use_id"])
    return Entry("user", where)


def read(body):
    entries = [Entry("system", "system", block["text"]) for block in _blocks(body.get("system", []))]
    for i, message in enumerate(body["messages"]):
        for k, block in enumerate(_blocks(message["content"])):
            entries.append(_read_block(block, message["role"], f"messages/{i}/content/{k}"))
    return entries


def _check_message(message, before, where):
    """`before`: ids of the calls in the message before."""
    kinds = [block["type"] for block in _blocks(message["content"])]
    if message["role"] == "user":
        results = [block["tool_use_id"] for block in _blocks(message["content"]) if block["type"] == "tool_result"]
        check(sorted(results) == sorted(before), where,
              f"it has results of {sorted(results)}, but the calls before it are {sorted(before)}")
        check(kinds[:len(results)] == ["tool_result"] * len(results), where, "results do not come first")
        check(not {"thinking", "redacted_thinking", "tool_use"} & set(kinds), where, "a user does not think or call")
    else:
        check("tool_result" not in kinds and "image" not in kinds, where, "results belong to the user")
        check(kinds[-1] not in ("thinking", "redacted_thinking"), where, "its last block is thinking")


def _check_thinking(message, is_thinking, where):
    """The last answer: it began with thinking when it calls and thinking is on, and else has none."""
    kinds = [block["type"] for block in _blocks(message["content"])]
    thinks = bool({"thinking", "redacted_thinking"} & set(kinds))
    check(is_thinking or not thinks, where, "it thinks, but thinking is not enabled")
    check(not is_thinking or "tool_use" not in kinds or kinds[0] in ("thinking", "redacted_thinking"), where,
          "thinking is enabled, but it does not begin with it")


def check_rules(body, entries):
    messages = body["messages"]
    thinking = body.get("thinking", {"type": "disabled"})
    is_thinking = thinking["type"] != "disabled"
    check(not is_thinking or body.get("temperature", 1) == 1, "temperature", "it must be 1 with thinking")
    check(not is_thinking or body.get("tool_choice", {"type": "auto"})["type"] in ("auto", "none"), "tool_choice",
          "thinking does not go with a forced tool")
    check(thinking.get("budget_tokens", 0) < body["max_tokens"], "thinking", "the budget is not below max_tokens")
    check(messages[0]["role"] == "user", "messages/0", "the first message is not the user's")
    check(messages[-1]["role"] == "user", "messages", "the last message is not the user's: nothing is asked")
    check_alternation([message["role"] for message in messages], "messages")
    before, last = [], max((i for i, message in enumerate(messages) if message["role"] == "assistant"), default=None)
    for i, message in enumerate(messages):
        _check_message(message, before, f"messages/{i}")
        if i == last:
            _check_thinking(message, is_thinking, f"messages/{i}")
        before = [block["id"] for block in _blocks(message["content"]) if block["type"] == "tool_use"]
    check(json.dumps(body).count('"cache_control"') <= 4, "cache_control", "there are more than 4 breakpoints")


def _without_marks(value):
    """Cache breakpoints move; they are no part of the prefix."""
    if isinstance(value, dict):
        return {key: _without_marks(member) for key, member in value.items() if key != "cache_control"}
    return [_without_marks(each) for each in value] if isinstance(value, list) else value


def prefix(body):
    fixed = {key: _without_marks(body.get(key)) for key in ("model", "system", "tools", "thinking", "tool_choice")}
    return Prefix("messages", fixed, [{**message, "content": _blocks(message["content"])}
                                      for message in _without_marks(body["messages"])])


def is_call(entry, call):
    return entry.id == call.id and entry.value == call.as_function()


def is_reasoning(entry, part):
    return entry.text == part.text and entry.secret == part.secret


def must_return(part):
    return True


def secret_behind(part):
    return ""


def _block_events(part, way):
    """The block as it begins, and its deltas."""
    if isinstance(part, Reasoning) and not part.text:
        return {"type": "redacted_thinking", "data": part.secret}, []
    if isinstance(part, Reasoning):
        deltas = [{"type": "thinking_delta", "thinking": piece} for piece in way.pieces(part.text)]
        return {"type": "thinking", "thinking": "", "signature": ""}, \
            deltas + [{"type": "signature_delta", "signature": part.secret}]
    if isinstance(part, Call):
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in way.pieces(part.arguments_text())]
        return {"type": "tool_use", "id": part.id, "name": part.tool, "input": {}}, \
            [{"type": "input_json_delta", "partial_json": ""}] + deltas
    return {"type": "text", "text": ""}, [{"type": "text_delta", "text": piece} for piece in way.pieces(part.text)]


def events(answer, first, number, body, way):
    usage = answer.usage
    parts = answer.parts[first:]
    if body.get("thinking", {"type": "disabled"})["type"] == "disabled":
        parts = [part for part in parts if not isinstance(part, Reasoning)]
    out = [{"type": "message_start", "message": {
        "id": f"msg_{number}", "type": "message", "role": "assistant", "model": body["model"], "content": [],
        "stop_reason": None, "stop_sequence": None,
        "usage": {"input_tokens": usage.input - usage.cached, "cache_creation_input_tokens": 0,
                  "cache_read_input_tokens": usage.cached, "output_tokens": 1}}}]
    if not way.is_sparse:
        out.append({"type": "ping"})
    for index, part in enumerate(parts):
        block, deltas = _block_events(part, way)
        out.append({"type": "content_block_start", "index": index, "content_block": block})
        out.extend({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas)
        out.append({"type": "content_block_stop", "index": index})
    reason = "tool_use" if any(isinstance(part, Call) for part in parts) else "end_turn"
    out.append({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None},
                "usage": {"output_tokens": usage.output}})
    out.append({"type": "message_stop"})
    return [(event["type"], event) for event in out]


def ping():
    return "ping", {"type": "ping"}


def error_body(status, words):
    kinds = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error",
             404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error", 529: "overloaded_error"}
    kind = kinds.get(status, "invalid_request_error" if status < 500 else "api_error")
    return {"type": "error", "error": {"type": kind, "message": words}, "request_id": "req_lab"}


def error_event():
    return "error", error_body(529, "the lab fell over")
