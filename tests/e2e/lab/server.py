# SPDX-License-Identifier: Apache-2.0
"""The fake server of one conversation: HTTP/1.1 on loopback, any number of connections, one judge.

What it answers is decided by the request alone: the judge finds how far the script is, so a request that is
repeated is answered again, and one that brings half an answer back is answered with the other half."""
import dataclasses
import json
import socket
import ssl
import struct
import threading
import typing

from judge import Violation

WRITE_BYTES = 60_000


@dataclasses.dataclass
class Reply:
    status: int = 200
    headers: tuple = (("Content-Type", "text/event-stream"),)
    pieces: typing.Iterable = ()
    end: str = "complete"  # or "drop", "reset", "hang", "close": the end of the connection is that of the body
    wait_s: float = 0  # before the first byte
    is_raw: bool = False  # without chunks


def error_reply(wire, status, words, headers=()):
    return Reply(status, (("Content-Type", "application/json"), *headers),
                 [json.dumps(wire.error_body(status, words)).encode()])


@dataclasses.dataclass
class Request:
    method: str
    target: str
    headers: dict
    data: bytes


class Closed(Exception):
    """The client has gone."""


class Connection:
    """One connection, on a thread of its own."""

    def __init__(self, peer):
        self.peer = peer
        self.buffer = b""

    def _more(self):
        data = self.peer.recv(1 << 16)
        if not data:
            raise Closed
        self.buffer += data

    def read(self):
        while b"\r\n\r\n" not in self.buffer:
            self._more()
            if self.buffer[:1] == b"\x16":  # somebody speaks TLS to a server that does not
                self.peer.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                raise Closed
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.strip().lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
        if headers.get("expect") == "100-continue":
            self.peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = int(headers.get("content-length", "0"))
        while len(self.buffer) < length:
            self._more()
        data, self.buffer = self.buffer[:length], self.buffer[length:]
        return Request(method, target, headers, data)

    def _send_chunks(self, pieces):
        block = b""
        for piece in pieces:
            block += b"%x\r\n%b\r\n" % (len(piece), piece)
            if len(block) > WRITE_BYTES:
                self.peer.sendall(block)
                block = b""
        self.peer.sendall(block)

    def _send_raw(self, pieces):
        self.peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            self.peer.sendall(piece)

    def write(self, reply, stopping):
        """True: another request may come."""
        stopping.wait(reply.wait_s)
        is_raw = reply.is_raw or reply.end == "close"
        head = [f"HTTP/1.1 {reply.status} Lab", *(f"{name}: {value}" for name, value in reply.headers),
                "Connection: close" if is_raw else "Transfer-Encoding: chunked"]
        if reply.end != "hang" or reply.pieces:
            self.peer.sendall("\r\n".join(head).encode() + b"\r\n\r\n")
        (self._send_raw if is_raw else self._send_chunks)(piece for piece in reply.pieces if piece)
        if reply.end == "hang":
            stopping.wait()
        if reply.end == "reset":
            self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if reply.end != "complete" or is_raw:
            return False
        self.peer.sendall(b"0\r\n\r\n")
        return True


class Listener:
    """Accepts on loopback and gives each connection to `serve`, on a thread of its own."""

    def __init__(self, context=None):
        self.context = context
        self.stopping = threading.Event()
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        self.peers = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            self.peers.append(peer)
            threading.Thread(target=self._talk, args=(peer,), daemon=True).start()

    def _talk(self, peer):
        try:
            if self.context is not None:
                peer = self.context.wrap_socket(peer, server_side=True)
                self.peers.append(peer)
            with peer:
                self.serve(peer)
        except (Closed, OSError, ssl.SSLError):
            pass  # a client may go whenever it wants; what it did is in the requests

    def serve(self, peer):
        raise NotImplementedError

    def stop(self):
        self.stopping.set()
        for each in (self.socket, *self.peers):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()


class Server(Listener):
    """`disturb(number, frames)` may put another Reply in the place of the nth answer (None: as it is)."""

    def __init__(self, wire, judge, way, disturb=None, context=None, is_judged=lambda: True):
        self.wire, self.judge, self.way = wire, judge, way
        self.disturb, self.is_judged = disturb or (lambda number, frames: None), is_judged
        self.lock = threading.Lock()  # one conversation, one request at a time
        self.requests, self.violations, self.frame_counts = [], [], []
        super().__init__(context)

    def serve(self, peer):
        connection = Connection(peer)
        while True:
            request = connection.read()
            with self.lock:
                reply = self.answer(request)
            if not connection.write(reply, self.stopping):
                return

    def answer(self, request):
        self.requests.append(request)
        number = len(self.requests)
        if not self.is_judged():
            return self.disturb(number, [])
        try:
            at, part, body = self.judge.hear(request.method, request.target, request.headers, request.data)
        except Violation as violation:
            self.violations.append(f"request {number}: {violation}")
            return error_reply(self.wire, 400, str(violation))
        except Exception as error:  # pylint: disable=broad-except # a bug here must fail the test, not hang it
            self.violations.append(f"request {number}: the judge broke: {error!r}")
            return error_reply(self.wire, 400, repr(error))
        events = self.wire.events(self.judge.script.answers[at], part, number, body, self.way)
        frames = self.way.frames(events, self.wire.ping())
        self.frame_counts.append(len(frames))
        reply = self.disturb(number, frames)
        return reply or Reply(pieces=self.way.cut(frames), is_raw=self.way.is_raw)


class Proxy(Listener):
    """A proxy that refuses every CONNECT."""

    def __init__(self, status):
        self.status, self.requests = status, []
        super().__init__()

    def serve(self, peer):
        connection = Connection(peer)
        while True:
            self.requests.append(connection.read())
            headers = (("Proxy-Authenticate", 'Basic realm="lab"'),) if self.status == 407 else ()
            connection.write(Reply(self.status, headers), self.stopping)
