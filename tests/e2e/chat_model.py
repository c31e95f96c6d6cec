#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A scripted server of the Chat Completions API.

    chat_model.py PORT_FILE LOG SCENARIO

SCENARIO is a JSON list of answers, used up in order:
  {"deltas": [{…}, …]}   streamed as chunks; "finish" is the reason (null: the stream breaks off), "usage" a last chunk
                         without choices, "mark": false leaves [DONE] out
  {"chunks": [{…}, …]}   streamed as they are
  {"body": …}            sent whole, with "status" and "headers" if there are any
A request becomes one line of LOG: {"path", "headers", "json"}. It goes into the background and says its process id;
when nobody has asked for 100 seconds it ends.
"""
import json
import os
import socketserver
import sys
from http.server import BaseHTTPRequestHandler


def chunk(delta, finish=None):
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": "local",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def events(answer):
    if "chunks" in answer:
        yield from answer["chunks"]
    else:
        for delta in answer["deltas"]:
            yield chunk(delta)
        finish = answer.get("finish", "stop")
        if finish is None:
            return
        yield chunk({}, finish)
        if "usage" in answer:
            yield {**chunk({}), "choices": [], "usage": answer["usage"]}
    if answer.get("mark", True):
        yield "[DONE]"


def framed(event):
    return f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        with open(sys.argv[2], "a", encoding="utf-8") as log:
            log.write(json.dumps({"path": self.path, "headers": headers, "json": body}) + "\n")
        answers = self.server.answers
        answer = answers.pop(0) if answers else {"status": 500, "body": {"error": {"message": "used up"}}}
        if "body" in answer:
            whole = answer["body"]
            text, kind = (whole, "text/html") if isinstance(whole, str) else (json.dumps(whole), "application/json")
        else:
            text, kind = "".join(framed(event) for event in events(answer)), "text/event-stream"
        self.send_response(answer.get("status", 200))
        for name, value in {"content-type": kind, "content-length": str(len(text.encode())),
                            **answer.get("headers", {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


class Server(socketserver.TCPServer):
    allow_reuse_address = True
    timeout = 100
    is_idle = False

    def handle_timeout(self):
        self.is_idle = True


def main():
    port_file, _, scenario = sys.argv[1:]
    server = Server(("127.0.0.1", 0), Handler)
    with open(scenario, encoding="utf-8") as file:
        server.answers = json.load(file)
    with open(port_file, "w", encoding="utf-8") as file:
        file.write(str(server.server_address[1]))
    child = os.fork()
    if child != 0:
        print(child)
        return
    null = os.open(os.devnull, os.O_RDWR)
    for fd in range(3):
        os.dup2(null, fd)
    while not server.is_idle:
        server.handle_request()


main()
