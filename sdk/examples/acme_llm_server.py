#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The model server of Acme, made up for docs/plugin-guide.md: no model, only its API.

    acme_llm_server.py --port 8808 --pid-file server.pid

listens on 127.0.0.1, says so, and goes on in the background; it ends by `kill $(cat server.pid)`, or
when nobody has asked for ten minutes. POST /generate with the key "sesame" is answered in lines of JSON:
to a person it says that it looks into plugin.json, and calls exec_command; to the output of a tool it
says what it read. Anything else is refused with a status and {"problem": …}.
"""
import argparse
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

IDLE_SECONDS = 600


def answer(request):
    """The lines for a conversation."""
    last = request["dialog"][-1]
    yield {"kind": "hello", "reply": "r1", "engine": request["engine"]}
    if last["who"] == "tool":
        yield {"kind": "say", "words": "It is "}
        yield {"kind": "say", "words": last["says"].strip().splitlines()[-1].strip()}
        yield {"kind": "bye", "why": "done", "read": 30, "wrote": 5}
    else:
        yield {"kind": "say", "words": "I look into plugin.json."}
        yield {"kind": "run", "function": "exec_command", "ref": "c1", "with": {"cmd": "grep '\"id\"' plugin.json"}}
        yield {"kind": "bye", "why": "run", "read": 20, "wrote": 10}


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.headers.get("authorization") != "Bearer sesame":
            self.refuse(401, "Who are you?")
        elif self.path != "/generate":
            self.refuse(404, "There is only /generate.")
        else:
            lines = [json.dumps(line) + "\n" for line in answer(json.loads(body))]
            self.send(200, "application/x-ndjson", "".join(lines))

    def refuse(self, status, problem):
        self.send(status, "application/json", json.dumps({"problem": problem}))

    def send(self, status, kind, text):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


class Server(HTTPServer):
    timeout = IDLE_SECONDS
    is_idle = False

    def handle_timeout(self):
        self.is_idle = True


def main():
    parser = argparse.ArgumentParser(description="The made-up model server of the plugin guide")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pid-file", required=True)
    options = parser.parse_args()
    server = Server(("127.0.0.1", options.port), Handler)
    pid = os.fork()
    if pid != 0:
        with open(options.pid_file, "w", encoding="ascii") as file:
            file.write(f"{pid}\n")
        print(f"listening on http://127.0.0.1:{server.server_address[1]}")
        return
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for fd in 0, 1, 2:
        os.dup2(null, fd)
    while not server.is_idle:
        server.handle_request()


if __name__ == "__main__":
    sys.exit(main())
