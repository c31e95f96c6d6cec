#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server of local models that cuts what is over its window, and says so nowhere.

    local_server.py KIND WINDOW PORT_PIPE LOG

KIND: ollama | llama.cpp | unloaded (Ollama before it has loaded the model). WINDOW: tokens it reads of a prompt. It
asks for one command, then says that it is done. Each request is a line of LOG: {"path", "json"}.
"""
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KIND, WINDOW, PORT_PIPE, LOG = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
MODEL = "qwen3:8b"
COMMAND = {"cmd": "seq 9000", "login": False, "max_output_tokens": 20000}

PLACES = {
    "ollama": {
        "/api/show": {"model_info": {"qwen3.context_length": 262144}, "parameters": "stop  \"x\"\n"},
        "/api/ps": {"models": [{"name": "other", "context_length": 1}, {"name": MODEL, "context_length": WINDOW}]},
    },
    "unloaded": {
        "/api/show": {"model_info": {"qwen3.context_length": 262144}, "parameters": "stop  \"x\"\n"},
        "/api/ps": {"models": []},
    },
    "llama.cpp": {"/props": {"default_generation_settings": {"n_ctx": WINDOW}}},
}


def answer(request):
    """Chunks of Chat Completions: a call first, words when it was answered."""
    is_over = any(message["role"] == "tool" or "<compacted_history>" in (message.get("content") or "")
                  for message in request["messages"])
    call = {"index": 0, "id": "c1", "function": {"name": "exec_command", "arguments": json.dumps(COMMAND)}}
    delta = {"content": "Done."} if is_over else {"tool_calls": [call]}
    tokens = min(len(json.dumps(request["messages"])) // 4, WINDOW)
    yield {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop" if is_over else "tool_calls"}]}
    yield {"choices": [], "usage": {"prompt_tokens": tokens, "completion_tokens": 5}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def serve(self):
        request = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        with open(LOG, "a", encoding="utf-8") as log:
            log.write(json.dumps({"path": self.path, "json": request}) + "\n")
        if self.path == "/v1/chat/completions":
            body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in answer(request)) + "data: [DONE]\n\n"
            self.send(200, "text/event-stream", body)
        elif self.path in PLACES[KIND]:
            self.send(200, "application/json", json.dumps(PLACES[KIND][self.path]))
        else:
            self.send(404, "text/plain", "no")

    def send(self, status, kind, body):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    do_GET = do_POST = serve


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(PORT_PIPE, "w", encoding="ascii") as pipe:
    pipe.write(f"{server.server_port}\n")
server.serve_forever()
