#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A scripted server of the Gemini API.

    gemini_model.py PORT_FILE LOG SCENARIO

SCENARIO is a JSON list of answers, used up in order: {"parts": [part, …], "reason": "STOP"} is streamed, one part
per event and an event for the reason; with "list": true it is one JSON list instead, with "breaks": true the reason
never comes, "error" is sent in its place. {"status": 429, "body": {…}} is sent as it is. A request becomes one line of
LOG: {"path", "headers", "json"}. It goes into the background and says its process id; when nobody has asked for 100
seconds it ends.
"""
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

COUNTS = {"promptTokenCount": 50, "cachedContentTokenCount": 30, "candidatesTokenCount": 9, "thoughtsTokenCount": 4,
          "totalTokenCount": 63}


def events(answer):
    head = {"responseId": "r-e2e", "modelVersion": "gemini-e2e"}
    for part in answer["parts"]:
        yield {"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}],
               "usageMetadata": {"promptTokenCount": 50}, **head}
    if answer.get("breaks"):
        return
    if "error" in answer:
        yield {"error": answer["error"]}
        return
    yield {"candidates": [{"content": {"role": "model"}, "finishReason": answer.get("reason", "STOP"), "index": 0}],
           "usageMetadata": COUNTS, **head}


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with open(sys.argv[2], "a", encoding="utf-8") as log:
            headers = {key.lower(): value for key, value in self.headers.items()}
            log.write(json.dumps({"path": self.path, "headers": headers, "json": body}) + "\n")
        answer = self.server.answers.pop(0) if self.server.answers else {"status": 500, "body": "no answer is left"}
        if "parts" not in answer:
            text = answer["body"] if isinstance(answer["body"], str) else json.dumps(answer["body"], indent=2)
            self.send(answer["status"], "application/json", text)
        elif answer.get("list"):
            self.send(200, "application/json", json.dumps(list(events(answer)), indent=2))
        else:
            self.send(200, "text/event-stream", "".join(f"data: {json.dumps(event)}\r\n\r\n" for event in events(answer)))

    def send(self, status, kind, text):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text.encode())))
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
