"""Many who only want to be in the way: connections opened and left alone, from several addresses of loopback."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

HALF_A_HELLO = b"\x16\x03\x01\x02\x00\x01"
SLOW_HEAD = b"GET /units HTTP/1.1\r\nHost: "


def trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@contextmanager
def crowd(
    port: int, count: int, *, sources: int = 1, said: bytes = b"", tls: bool = False, street: int = 3
) -> Iterator[list[socket.socket]]:
    """`count` connections held open, from 127.0.`street`.1 on. `said`: what each sends and then nothing more."""
    held: list[socket.socket] = []
    context = trusting()
    try:
        for index in range(count):
            wire: socket.socket = socket.create_connection(
                ("127.0.0.1", port), 10, (f"127.0.{street}.{index % sources + 1}", 0)
            )
            if tls:
                try:
                    wire = context.wrap_socket(wire)
                except OSError:
                    wire.close()
                    continue
            if said:
                wire.sendall(said)
            held.append(wire)
        yield held
    finally:
        for wire in held:
            wire.close()


def ended_by_the_node(wire: socket.socket) -> bool:
    """Whether the node has shut this connection."""
    wire.setblocking(False)
    try:
        while True:
            if not wire.recv(4096):
                return True
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True


def page_from(port: int, source: str = "127.0.0.1", path: str = "/envelope") -> bytes:
    """The first line of the answer to one honest request, from a new connection."""
    with (
        socket.create_connection(("127.0.0.1", port), 10, (source, 0)) as plain,
        trusting().wrap_socket(plain) as wire,
    ):
        wire.settimeout(10)
        wire.sendall(f"GET {path} HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n".encode())
        return wire.recv(4096).split(b"\r\n", 1)[0]
