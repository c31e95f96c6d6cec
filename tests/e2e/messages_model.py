#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A scripted server of the Messages API.

    messages_model.py PORT_FILE LOG SCENARIO

SCENARIO is a JSON list of answers, used up in order: {"blocks": [block, …], "stop": "end_turn"} is streamed
as events, block for block and in two pieces each; {"status": 529, "body": {…}} is sent as it is, with "headers" if
there are any. A request becomes one line of LOG: {"path", "headers", "json"}. It goes into the background and says its
process id; when nobody has asked for 100 seconds it ends.
"""
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


def halves(text):
    return [text[:len(text) // 2], text[len(text) // 2:]]


def pieces(block):
    """How a block begins, and its deltas."""
    kind = block["type"]
    if kind == "text":
        return {**block, "text": ""}, [{"type": "text_delta", "text": half} for half in halves(block["text"])]
    if kind == "thinking":
        deltas = [{"type": "thinking_delta", "thinking": half} for half in halves(block["thinking"])]
        return {**block, "thinking": "", "signature": ""}, \
            deltas + [{"type": "signature_delta", "signature": block["signature"]}]
    if kind == "tool_use":
        text = json.dumps(block["input"])
        return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": half} for half in halves(text)]
    return block, []


def events(answer):
    yield {"type": "message_start", "message": {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-test", "content": [],
        "usage": {"input_tokens": 10, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 5,
                  "output_tokens": 1}}}
    for index, block in enumerate(answer["blocks"]):
        begin, deltas = pieces(block)
        yield {"type": "content_block_start", "index": index, "content_block": begin}
        yield {"type": "ping"}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    if answer.get("breaks"):
        return
    if "error" in answer:
        yield {"type": "error", "error": answer["error"]}
        return
    yield {"type": "message_delta", "delta": {"stop_reason": answer.get("stop", "end_turn")},
           "usage": {"output_tokens": 20}}
    yield {"type": "message_stop"}


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with open(sys.argv[2], "a", encoding="utf-8") as log:
            headers = {key.lower(): value for key, value in self.headers.items()}
            log.write(json.dumps({"path": self.path, "headers": headers, "json": body}) + "\n")
        answer = self.server.answers.pop(0) if self.server.answers else {"status": 500, "body": "no answer is left"}
        if "blocks" in answer:
            text = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events(answer))
            self.send(200, "text/event-stream", text, {})
        else:
            body = answer["body"]
            text = body if isinstance(body, str) else json.dumps(body)
            self.send(answer.get("status", 200), "application/json", text, answer.get("headers", {}))

    def send(self, status, kind, text, headers):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text.encode())))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


class Server(HTTPServer):
    timeout = 100
    is_idle = False

    def handle_timeout(self):
        self.is_idle = True


def main():
    server = Server(("127.0.0.1", 0), Handler)
    with open(sys.argv[3], encoding="utf-8") as file:
        server.answers = json.load(file)
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write(str(server.server_port))
    pid = os.fork()
    if pid != 0:
        print(pid)
        return
    null = os.open(os.devnull, os.O_RDWR)
    for fd in range(3):
        os.dup2(null, fd)
    while not server.is_idle:
        server.handle_request()


main()
