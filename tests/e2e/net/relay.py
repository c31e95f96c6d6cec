#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What stands between beacon and a model in the tests of the network, on loopback.

    relay.py [--port-file F] [--log F] tls TO --cert C --key K [--client-ca CA] [--tls12]
    relay.py [--port-file F] [--log F] proxy [--user U:P] [--refuse STATUS] [--hang] [--to TO]
    relay.py [--port-file F] [--log F] hang
    relay.py [--port-file F] [--log F] cut TO --after N

tls ends TLS and sends the bytes on to the port TO. proxy is an HTTP proxy; with --to every host is the port
TO. hang accepts and says nothing. cut sends N bytes of each answer, then resets. Binds a port the system
picks and writes it to F in one rename; the pid of the server is printed once it listens. Each
connection is one line of the log. Ends 100 s after the last connection.
"""
import argparse
import base64
import os
import select
import socket
import ssl
import struct
import sys
import threading

LIFE_S = 100


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port-file", required=True)
    parser.add_argument("--log", default=os.devnull)
    kinds = parser.add_subparsers(dest="kind", required=True)
    tls = kinds.add_parser("tls")
    tls.add_argument("to", type=int)
    tls.add_argument("--cert", required=True)
    tls.add_argument("--key", required=True)
    tls.add_argument("--client-ca")
    tls.add_argument("--tls12", action="store_true")
    proxy = kinds.add_parser("proxy")
    proxy.add_argument("--user")
    proxy.add_argument("--refuse", type=int)
    proxy.add_argument("--hang", action="store_true")
    proxy.add_argument("--to", type=int)
    kinds.add_parser("hang")
    cut = kinds.add_parser("cut")
    cut.add_argument("to", type=int)
    cut.add_argument("--after", type=int, required=True)
    return parser.parse_args()


class Log:
    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8", buffering=1)

    def line(self, words):
        self.file.write(words + "\n")


def pump(a, b):
    """Both ways until one end closes."""
    others = {a: b, b: a}
    while True:
        pending = [s for s in others if isinstance(s, ssl.SSLSocket) and s.pending()]
        for one in pending or select.select(list(others), [], [])[0]:
            data = one.recv(65536)
            if not data:
                return
            others[one].sendall(data)


def serve_tls(options, log):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.cert, options.key)
    if options.tls12:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if options.client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(options.client_ca)

    def serve(connection):
        with context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as tls:
            try:
                tls.do_handshake()
                subject = dict(pair[0] for pair in (tls.getpeercert() or {}).get("subject", ()))
                log.line(f"tls client={subject.get('commonName', '-')}")
                with socket.create_connection(("127.0.0.1", options.to)) as model:
                    pump(tls, model)
            except ssl.SSLError as error:
                log.line(f"failed {error.reason}")
                socket.socket.shutdown(tls, socket.SHUT_WR)
                while os.read(tls.fileno(), 65536):  # else a reset could overtake the alert
                    pass

    return serve


def read_head(connection):
    head = b""
    while b"\r\n\r\n" not in head:
        data = connection.recv(65536)
        if not data:
            return None, b""
        head += data
    head, rest = head.split(b"\r\n\r\n", 1)
    return head.decode("latin-1").split("\r\n"), rest


def serve_proxy(options, log):
    wanted = None
    if options.user:
        wanted = "Basic " + base64.b64encode(options.user.encode()).decode()

    def answer(connection, status, extra=""):
        connection.sendall(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n{extra}\r\n".encode())

    def serve(connection):
        lines, rest = read_head(connection)
        if lines is None:
            return
        method, target, _ = lines[0].split(" ", 2)
        headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        user = headers.get("proxy-authorization", "-")
        log.line(f"{method} {target} user={'right' if user == wanted else user != '-' and 'wrong' or '-'}")
        if options.hang:
            connection.recv(1)
            return
        if wanted and user != wanted:
            answer(connection, 407, 'Proxy-Authenticate: Basic realm="x"\r\n')
            return
        if options.refuse:
            answer(connection, options.refuse)
            return
        place = target if method == "CONNECT" else target.split("/")[2]
        host, _, port = place.rpartition(":")
        to = ("127.0.0.1", options.to) if options.to else (host, int(port))
        with socket.create_connection(to) as server:
            if method == "CONNECT":
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                path = "/" + target.split("/", 3)[3]
                lines[0] = f"{method} {path} HTTP/1.1"
                server.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")
            server.sendall(rest)
            pump(connection, server)

    return serve


def serve_hang(_options, log):
    def serve(connection):
        log.line("accepted")
        while connection.recv(65536):
            pass

    return serve


def serve_cut(options, log):
    def serve(connection):
        sent = 0
        log.line("accepted")
        with socket.create_connection(("127.0.0.1", options.to)) as model:
            while True:
                for one in select.select([connection, model], [], [])[0]:
                    data = one.recv(65536)
                    if not data:
                        return
                    if one is connection:
                        model.sendall(data)
                        continue
                    data = data[:options.after - sent]
                    connection.sendall(data)
                    sent += len(data)
                    if sent == options.after:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        return

    return serve


KINDS = {"tls": serve_tls, "proxy": serve_proxy, "hang": serve_hang, "cut": serve_cut}


def run_one(serve, connection):
    try:
        with connection:
            serve(connection)
    except OSError:
        pass


def main():
    options = parse()
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    child = os.fork()
    if child:
        print(child)
        return
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    with open(options.port_file + ".new", "w", encoding="ascii") as file:
        file.write(f"{listener.getsockname()[1]}\n")
    os.rename(options.port_file + ".new", options.port_file)
    serve = KINDS[options.kind](options, Log(options.log))
    listener.settimeout(LIFE_S)
    while True:
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            return
        threading.Thread(target=run_one, args=(serve, connection), daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
