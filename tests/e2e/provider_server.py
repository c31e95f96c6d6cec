#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A model server of one kind, for `beacon provider probe`.

    provider_server.py KIND PORT_PIPE LOG

The port is written into the named pipe. KIND is a row of KINDS below. Each request is a line of LOG: method, path, and the header its key came in.
"""
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CALL = {"name": "probe", "arguments": '{"word":"ok"}'}
KEY = "sk-e2e-secret"


def chat(request, usage="stream_options", reasoning=None, pieces=2):
    head = {"object": "chat.completion.chunk", "model": request.get("model")}

    def chunk(delta, finish=None):
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    if reasoning:
        yield chunk({reasoning: "I think."})
    yield chunk({"tool_calls": [{"index": 0, "id": "c1", "function": {"name": CALL["name"], "arguments": ""}}]})
    step = -(-len(CALL["arguments"]) // pieces)
    for at in range(0, len(CALL["arguments"]), step):
        yield chunk({"tool_calls": [{"index": 0, "function": {"arguments": CALL["arguments"][at:at + step]}}]})
    yield chunk({}, "tool_calls")
    if usage == "always" or (usage == "stream_options" and request.get("stream_options", {}).get("include_usage")):
        yield {**head, "choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 3}}


def responses(request):
    item = {"type": "function_call", "id": "f1", "call_id": "c1", **CALL}
    yield {"type": "response.created", "response": {"id": "r1"}}
    yield {"type": "response.function_call_arguments.delta", "delta": CALL["arguments"]}
    yield {"type": "response.output_item.done", "item": item}
    yield {"type": "response.completed", "response": {"id": "r1", "usage": {"input_tokens": 5, "output_tokens": 3}}}


def messages(request):
    yield {"type": "message_start", "message": {"id": "m1", "usage": {"input_tokens": 5, "output_tokens": 1}}}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "t1", "name": "probe"}}
    for part in ('{"word":', '"ok"}'):
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": part}}
    yield {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 3}}


def gemini(request):
    parts = [{"functionCall": {"name": "probe", "args": {"word": "ok"}}}]
    yield {"candidates": [{"content": {"parts": parts}}], "usageMetadata": {"promptTokenCount": 5}}


# KIND: {"key": header that must have the key, path: what is answered; a function gets the request's body}
# A generator makes a stream.
KINDS = {
    "ollama": {
        "/api/version": {"version": "0.13.0"},
        "/api/show": {"model_info": {"general.architecture": "qwen3", "qwen3.context_length": 40960}},
        "/v1/models": {"object": "list", "data": [{"id": "qwen3:8b"}, {"id": "other"}]},
        "/v1/chat/completions": lambda r: chat(r, reasoning="reasoning", pieces=1),
    },
    "llama": {
        "/props": {"default_generation_settings": {"n_ctx": 8192}},
        "/v1/models": {"object": "list", "data": [{"id": "tiny.gguf", "meta": {"n_ctx_train": 99}}]},
        "/v1/chat/completions": lambda r: chat(r, reasoning="reasoning_content"),
        "/v1/responses": responses,
        "/v1/messages": messages,
    },
    "lmstudio": {
        "/api/v0/models": {"data": [{"id": "local-model", "max_context_length": 32768, "loaded_context_length": 4096}]},
        "/v1/models": {"data": [{"id": "local-model"}]},
        "/v1/chat/completions": lambda r: chat(r, usage="always"),
    },
    "vllm": {
        "/v1/models": {"data": [{"id": "qwen", "owned_by": "vllm", "max_model_len": 16384}]},
        "/v1/chat/completions": lambda r: chat(r),
    },
    "service": {
        "key": "authorization",
        "/v1/models": {"data": [{"id": "gpt"}]},
        "/v1/responses": responses,
        "/v1/chat/completions": lambda r: chat(r),
    },
    "anthropic": {
        "key": "x-api-key",
        "/v1/models": {"data": [{"id": "claude"}]},
        "/v1/messages": messages,
    },
    "gemini": {
        "key": "x-goog-api-key",
        "/v1beta/models": {"models": [{"name": "models/gem", "inputTokenLimit": 1000, "outputTokenLimit": 100}]},
        "/v1beta/models/gem:streamGenerateContent": gemini,
    },
    # It knows no stream_options, and tells usage unasked.
    "old": {
        "/v1/models": {"data": [{"id": "old"}]},
        "/v1/chat/completions": lambda r: chat(r, usage="always") if "stream_options" not in r else None,
    },
    # Names that would write keys of their own into the profile.
    "hostile": {
        "/v1/models": {"data": [{"id": "m\"\nenv_key: HOME\nx: \"", "context_length": 5}, {"id": "\u001b[2J"},
                                {"id": "x" * 5000}, {"id": 5}, 7, {"id": "good", "context_length": -3}]},
        "/v1/chat/completions": lambda r: chat(r),
    },
    "page": {},
    "silent": {},
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def note(self):
        where = [name for name in ("authorization", "x-api-key", "x-goog-api-key") if KEY in self.headers.get(name, "")]
        with open(LOG, "a") as log:
            log.write(f"{self.command} {self.path} {','.join(where) or '-'}\n")

    def send(self, status, kind, body):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self, events):
        body = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
        self.send(200, "text/event-stream", body.encode())

    def answer(self):
        length = int(self.headers.get("content-length") or 0)
        request = json.loads(self.rfile.read(length) or b"{}")
        self.note()
        if KIND == "silent":
            self.connection.recv(1)  # until the client gives up
            return
        if KIND == "page":
            self.send(200, "text/html", b"<html>Welcome</html>")
            return
        row = KINDS[KIND]
        needed = row.get("key")
        if needed and KEY not in self.headers.get(needed, ""):
            self.send(401, "application/json", b'{"error":{"message":"a key is needed"}}')
            return
        found = row.get(self.path.split("?")[0])
        found = found(request) if callable(found) else found
        if found is None:
            status = 404 if self.path.split("?")[0] not in row else 400
            self.send(status, "application/json", b'{"error":{"message":"unknown request"}}')
        elif isinstance(found, dict):
            self.send(200, "application/json", json.dumps(found).encode())
        else:
            self.stream(found)

    do_GET = do_POST = answer


KIND, PORT_PIPE, LOG = sys.argv[1:]
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(PORT_PIPE, "w") as port:
    port.write(f"{server.server_port}\n")
server.serve_forever()
