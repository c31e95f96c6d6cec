# SPDX-License-Identifier: Apache-2.0
"""Faults on the way to the server: nobody there, TLS that cannot be trusted, a proxy that refuses. No request is
ever heard, so the judge has nothing to say."""
import dataclasses
import re
import socket
import ssl
import subprocess
import typing

from judge import Judge
from person import Person
from script import FAULT
from server import Proxy, Server
from way import PLAIN

CA_CONFIG = """\
[ca]
default_ca = lab
[lab]
database = {folder}/index.txt
new_certs_dir = {folder}
default_md = sha256
policy = any
rand_serial = yes
[any]
commonName = supplied
[names]
subjectAltName = DNS:localhost,IP:127.0.0.1
"""


def _openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, stdin=subprocess.DEVNULL, capture_output=True)


def _new_key(folder, name, *more):
    _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN=lab {name}",
             "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem", *more)


def certificate(folder, start, end):
    """A server's certificate that is valid from start to end, and the authority that vouches for it: (key, certificate,
    authority), paths."""
    folder.mkdir()
    (folder / "index.txt").write_text("")
    (folder / "ca.conf").write_text(CA_CONFIG.format(folder=folder))
    _new_key(folder, "authority", "-x509", "-days", "3650")
    _new_key(folder, "server")
    _openssl("ca", "-batch", "-config", f"{folder}/ca.conf", "-extensions", "names", "-startdate", start, "-enddate", end,
             "-keyfile", f"{folder}/authority.key", "-cert", f"{folder}/authority.pem", "-in", f"{folder}/server.pem",
             "-out", f"{folder}/signed.pem", "-notext")
    return folder / "server.key", folder / "signed.pem", folder / "authority.pem"


class Bare:
    """Listens, and is what the URL names: host and port."""

    def __init__(self, url, environment=None, server=None):
        self.url, self.environment, self.server = url, environment or {}, server

    def stop(self):
        if self.server is not None:
            self.server.stop()


def _tls(wire, folder, start, end, is_known):
    key, signed, authority = certificate(folder / "tls", start, end)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed, key)
    server = Server(wire, Judge(wire, FAULT), PLAIN, context=context)
    return Bare(f"https://127.0.0.1:{server.port}", {"SSL_CERT_FILE": str(authority)} if is_known else {}, server)


def nobody(wire, folder):
    with socket.create_server(("127.0.0.1", 0)) as free:
        return Bare(f"http://127.0.0.1:{free.getsockname()[1]}")


def trusted(wire, folder):
    return _tls(wire, folder, "20200101000000Z", "20990101000000Z", True)


def strange(wire, folder):
    return _tls(wire, folder, "20200101000000Z", "20990101000000Z", False)


def expired(wire, folder):
    return _tls(wire, folder, "20200101000000Z", "20210101000000Z", True)


def no_tls(wire, folder):
    server = Server(wire, Judge(wire, FAULT), PLAIN)
    return Bare(f"https://127.0.0.1:{server.port}", server=server)


def proxy(status):
    def begin(wire, folder):
        server = Proxy(status)
        return Bare("https://model.invalid", {"HTTPS_PROXY": f"http://127.0.0.1:{server.port}"}, server)
    return begin


@dataclasses.dataclass(frozen=True)
class Transport:
    name: str
    begin: typing.Callable
    notices: int  # how often it is tried again
    sentence: str = ""  # none: it goes well


# One retry of the request, one of the stream and another of its request.
TRANSPORT = (
    Transport("refused", nobody, 3, "connection refused by 127.0.0.1"),
    Transport("tls.trusted", trusted, 0),
    Transport("tls.self-signed", strange, 0, "the TLS certificate of 127.0.0.1:[0-9]+ is not trusted"),
    Transport("tls.expired", expired, 0, "expired"),
    Transport("tls.none", no_tls, 0, "127.0.0.1:[0-9]+ does not speak TLS"),
    Transport("proxy.403", proxy(403), 0, "the proxy .*403"),
    Transport("proxy.407", proxy(407), 0, "the proxy .*407"),
    Transport("proxy.502", proxy(502), 3, "proxy.*502|502.*proxy"),
)


def _run_once(wire, build, folder, row, *options):
    person = Person(build, folder)
    place = row.begin(wire, folder)
    try:
        person.configure(wire, place.url + wire.BASE, 1, 1)
        return person, place, person.run(*options, FAULT.prompts[0], environment=place.environment)
    finally:
        place.stop()


def run_transport(wire, build, folder, row, check_sentence):
    person, place, outcome = _run_once(wire, build, folder / "json", row, "--json")
    count = person.work / "count"
    wrong = person.sanitizer_reports() + getattr(place.server, "violations", [])
    if outcome.status != (1 if row.sentence else 0):
        wrong.append(f"exit status {outcome.status}: {outcome.stdout[-1000:]} {outcome.stderr[-500:]}")
    if len(outcome.notices()) != row.notices:
        wrong.append(f"the notices are {outcome.notices()}")
    if not row.sentence:
        return wrong + ([] if count.read_text() == "one\ntwo\n" else ["the tools did not run"])
    message = outcome.events()[-1].get("error", {}).get("message", "")
    if not re.search(row.sentence, message):
        wrong.append(f"the failure is {message!r}")
    if count.exists():
        wrong.append("a tool ran")
    person, _, outcome = _run_once(wire, build, folder / "person", row)
    return wrong + person.sanitizer_reports() + check_sentence(outcome.stderr, row.sentence)
