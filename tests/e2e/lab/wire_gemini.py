# SPDX-License-Identifier: Apache-2.0
"""The Gemini API: streamGenerateContent with server-sent events."""
from judge import Entry, Prefix, Schema, check, check_alternation
from script import Call, Reasoning

NAME = "gemini"
BASE = "/v1beta"
MODEL = "gemini-lab"
CONFIG = 'auth_header = "x-goog-api-key"\n'
TELLS_REASONING_TOKENS = True
schema = Schema("gemini.json")


def check_target(target):
    check(target == f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse", "path", f"it is {target}")


def check_headers(headers):
    check(headers.get("x-goog-api-key") == "sk-lab-secret", "x-goog-api-key", "it is not the key")
    check("authorization" not in headers, "authorization", "the key belongs into x-goog-api-key alone")


def _result_text(response):
    """The one string in it, under whatever name."""
    texts = [value for value in response.values() if isinstance(value, str)]
    return texts[0] if len(texts) == 1 else repr(response)


class _Reader:
    """Calls have no ids here: the nth is answered by the nth response."""

    def __init__(self):
        self.n_calls = self.n_results = 0

    def read(self, part, role, where):
        secret = part.get("thoughtSignature", "")
        if "functionCall" in part:
            self.n_calls += 1
            call = part["functionCall"]
            return Entry("call", where, id=f"#{self.n_calls}", name=call["name"], value=call["args"], secret=secret)
        if "functionResponse" in part:
            self.n_results += 1
            response = part["functionResponse"]
            return Entry("result", where, _result_text(response["response"]), id=f"#{self.n_results}",
                         name=response["name"])
        if part.get("thought"):
            return Entry("reasoning", where, part["text"], secret=secret)
        return Entry("text" if role == "model" else "user", where, part.get("text", ""), secret=secret)


def read(body):
    system = body.get("systemInstruction", {"parts": []})
    entries = [Entry("system", "systemInstruction", part.get("text", "")) for part in system["parts"]]
    reader = _Reader()
    for i, content in enumerate(body["contents"]):
        for k, part in enumerate(content["parts"]):
            entry = reader.read(part, content["role"], f"contents/{i}/parts/{k}")
            before = entries[-1] if k > 0 else None
            if before and before.kind == entry.kind == "text" and not before.secret:
                before.text, before.secret = before.text + entry.text, entry.secret  # as it was streamed
            else:
                entries.append(entry)
    return entries


def _names(content, key):
    return [part[key]["name"] for part in content["parts"] if key in part]


def check_rules(body, entries):
    contents = body["contents"]
    check_alternation([content["role"] for content in contents], "contents")
    check(contents[0]["role"] == "user", "contents/0", "the first content is not the user's")
    check(contents[-1]["role"] == "user", "contents", "the last content is not the user's: nothing is asked")
    calls = []
    for i, content in enumerate(contents):
        results = _names(content, "functionResponse")
        if content["role"] == "user":
            check(results == calls, f"contents/{i}", f"it has responses of {results}, but the calls before are {calls}")
            check(not _names(content, "functionCall"), f"contents/{i}", "a user does not call")
        else:
            check(not results, f"contents/{i}", "responses belong to the user")
        calls = _names(content, "functionCall")
    budget = body.get("generationConfig", {}).get("thinkingConfig", {})
    check(not {"thinkingBudget", "thinkingLevel"} <= set(budget), "thinkingConfig", "budget and level exclude each other")


def prefix(body):
    fixed = {key: body.get(key) for key in ("systemInstruction", "tools", "toolConfig", "generationConfig")}
    return Prefix("contents", fixed, body["contents"])


def is_call(entry, call):
    return entry.value == call.as_function()


def is_reasoning(entry, part):
    return entry.text == part.text


def must_return(part):
    return False  # what matters of it is the signature on the part that follows


def secret_behind(part):
    return part.secret


def _gemini_parts(parts, thinks, way):
    secret = ""
    for part in parts:
        if isinstance(part, Reasoning):
            secret = part.secret if thinks else ""
            if thinks:
                yield from ({"text": piece, "thought": True} for piece in way.pieces(part.text))
            continue
        signature = {"thoughtSignature": secret} if secret else {}
        secret = ""
        if isinstance(part, Call):
            yield {"functionCall": {"name": part.tool, "args": part.as_function()}, **signature}
            continue
        yield from ({"text": piece} for piece in way.pieces(part.text))
        if signature:
            yield {"text": "", **signature}  # known when the text is over


def events(answer, first, number, body, way):
    usage = answer.usage
    config = body.get("generationConfig", {}).get("thinkingConfig", {})
    metadata = {"promptTokenCount": usage.input, "cachedContentTokenCount": usage.cached,
                "candidatesTokenCount": usage.output - usage.reasoning, "thoughtsTokenCount": usage.reasoning,
                "totalTokenCount": usage.input + usage.output}
    head = {"modelVersion": MODEL, "responseId": f"lab{number}"}
    out = []
    for part in _gemini_parts(answer.parts[first:], config.get("includeThoughts", False), way):
        out.append({"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}], **head,
                    "usageMetadata": {"promptTokenCount": usage.input, "totalTokenCount": usage.input}})
    last = {"finishReason": "STOP", "index": 0}
    if not way.is_sparse:
        last["content"] = {"role": "model", "parts": [{"text": ""}]}
    out.append({"candidates": [last], "usageMetadata": metadata, **head})
    return [("", event) for event in out]


def ping():
    return None


def error_body(status, words):
    names = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
             409: "ABORTED", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}
    return {"error": {"code": status, "message": words, "status": names.get(status, "UNKNOWN")}}


def error_event():
    return "", error_body(503, "the lab fell over")
