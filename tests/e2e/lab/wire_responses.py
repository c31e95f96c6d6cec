# SPDX-License-Identifier: Apache-2.0
"""The Responses API."""
from judge import Entry, Prefix, Schema, check
from script import Call, Reasoning

NAME = "responses"
BASE = "/v1"
MODEL = "gpt-5.5"
CONFIG = ''
TELLS_REASONING_TOKENS = True
schema = Schema("responses.json")


def check_target(target):
    check(target == "/v1/responses", "path", f"it is {target}")


def check_headers(headers):
    check(headers.get("authorization") == "Bearer sk-lab-secret", "authorization", "it is not the key")


def _text(content):
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _read_item(item, where):
    kind = item["type"]
    if kind == "message":
        role = item["role"]
        return Entry({"assistant": "text", "user": "user"}.get(role, "system"), where, _text(item["content"]))
    if kind == "reasoning":
        return Entry("reasoning", where, _text(item["summary"]), secret=item.get("encrypted_content") or "")
    if kind in ("function_call", "custom_tool_call"):
        return Entry("call", where, id=item["call_id"], name=item["name"], value=item.get("arguments", item.get("input")))
    if kind in ("function_call_output", "custom_tool_call_output"):
        return Entry("result", where, _text(item["output"]), id=item["call_id"], value=kind)
    return Entry("system", where)


def read(body):
    entries = [Entry("system", "instructions", body["instructions"])] if "instructions" in body else []
    return entries + [_read_item(item, f"input/{i}") for i, item in enumerate(body["input"])]


def check_rules(body, entries):
    freeform = {tool["name"] for tool in body["tools"] if tool["type"] == "custom"}
    names = {}
    for entry in entries:
        if entry.kind == "call":
            names[entry.id] = entry.name
        elif entry.kind == "result" and entry.id in names:
            is_custom = entry.value.startswith("custom")
            check(is_custom == (names[entry.id] in freeform), entry.where, f"{entry.value} does not fit to the call")
    for i, item in enumerate(body["input"]):
        if item["type"] == "reasoning":
            follower = entries[i + len(entries) - len(body["input"]) + 1:][:1]
            check(follower and follower[0].kind in ("text", "call", "reasoning"), f"input/{i}",
                  "reasoning without the item that followed it")
            check("reasoning.encrypted_content" in body.get("include", []), f"input/{i}",
                  "encrypted content was never asked for")


def prefix(body):
    fixed = {key: body.get(key) for key in ("model", "instructions", "tools", "reasoning", "prompt_cache_key")}
    return Prefix("input", fixed, body["input"])


def is_call(entry, call):
    return entry.id == call.id and entry.value == (call.freeform if call.arguments is None else call.arguments_text())


def is_reasoning(entry, part):
    return entry.text == part.text and entry.secret == part.secret


def must_return(part):
    return bool(part.secret)


def secret_behind(part):
    return ""


def _item(part, item_id):
    if isinstance(part, Reasoning):
        summary = [{"type": "summary_text", "text": part.text}] if part.text else []
        return {"id": item_id, "type": "reasoning", "summary": summary, "content": None,
                "encrypted_content": part.secret}
    if isinstance(part, Call) and part.arguments is None:
        return {"id": item_id, "type": "custom_tool_call", "status": "completed", "call_id": part.id,
                "name": part.tool, "input": part.freeform}
    if isinstance(part, Call):
        return {"id": item_id, "type": "function_call", "status": "completed", "call_id": part.id,
                "name": part.tool, "arguments": part.arguments_text()}
    return {"id": item_id, "type": "message", "status": "completed", "role": "assistant",
            "content": [{"type": "output_text", "annotations": [], "logprobs": [], "text": part.text}]}


_EMPTY = {"reasoning": {"summary": []}, "message": {"content": []}, "function_call": {"arguments": ""},
          "custom_tool_call": {"input": ""}}


def _deltas(part, item, index, way):
    """The events between an item's begin and its end."""
    here = {"item_id": item["id"], "output_index": index}
    if isinstance(part, Reasoning):
        here["summary_index"] = 0
        if part.text:
            yield {"type": "response.reasoning_summary_part.added", **here, "part": {"type": "summary_text", "text": ""}}
        for piece in way.pieces(part.text):
            yield {"type": "response.reasoning_summary_text.delta", **here, "delta": piece}
    elif isinstance(part, Call):
        kind = "custom_tool_call_input" if part.arguments is None else "function_call_arguments"
        text = part.freeform if part.arguments is None else part.arguments_text()
        for piece in way.pieces(text):
            yield {"type": f"response.{kind}.delta", **here, "delta": piece}
        yield {"type": f"response.{kind}.done", **here, ("input" if part.arguments is None else "arguments"): text}
    else:
        here["content_index"] = 0
        yield {"type": "response.content_part.added", **here, "part": {"type": "output_text", "text": ""}}
        for piece in way.pieces(part.text):
            yield {"type": "response.output_text.delta", **here, "delta": piece, "logprobs": []}
        yield {"type": "response.output_text.done", **here, "text": part.text}


def events(answer, first, number, body, way):
    """The events of the answer from its part `first` on: (name, JSON value)."""
    response = {"id": f"resp_{number}", "object": "response", "model": body["model"], "status": "in_progress",
                "output": []}
    out = [{"type": "response.created", "response": response}, {"type": "response.in_progress", "response": response}]
    prefixes = {"reasoning": "rs", "message": "msg", "function_call": "fc", "custom_tool_call": "ctc"}
    done = []
    for index, part in enumerate(answer.parts[first:]):
        item = _item(part, "")
        item["id"] = f"{prefixes[item['type']]}_{number}_{index}"
        begun = {**item, **_EMPTY[item["type"]], "status": "in_progress"}
        out.append({"type": "response.output_item.added", "output_index": index, "item": begun})
        out.extend(_deltas(part, item, index, way))
        out.append({"type": "response.output_item.done", "output_index": index, "item": item})
        done.append(item)
    usage = answer.usage
    out.append({"type": "response.completed", "response": {
        **response, "status": "completed", "output": done,
        "usage": {"input_tokens": usage.input, "input_tokens_details": {"cached_tokens": usage.cached},
                  "output_tokens": usage.output,
                  "output_tokens_details": {"reasoning_tokens": usage.reasoning},
                  "total_tokens": usage.input + usage.output}}})
    for count, event in enumerate(out):
        if way.is_sparse:
            event.pop("output_index", None)
        else:
            event["sequence_number"] = count
    return [(event["type"], event) for event in out]


def ping():
    return "keepalive", {"type": "keepalive", "sequence_number": 0}


def error_body(status, words):
    kinds = {400: "invalid_request_error", 401: "invalid_request_error", 413: "invalid_request_error",
             429: "rate_limit_error"}
    codes = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}
    return {"error": {"message": words, "type": kinds.get(status, "server_error"), "param": None,
                      "code": codes.get(status)}}




def error_event():
    return "error", {"type": "error", "code": "server_error", "message": "the lab fell over", "param": None}
