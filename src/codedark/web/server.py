"""TLS and sockets: granian, one worker in this very process, so the keys handed in never cross to another one.

granian's embedded server runs on this thread's event loop. Its HTTP and TLS 1.3 are native code; a page costs what its
template costs (ceilings.md, section 7). Plain HTTP is only ever spoken on loopback (security decision 10).

A request's head must have come within ten seconds, which also ends a connection that nobody uses. granian ends a TLS
handshake that takes longer than ten. How many connections one address may hold is the warden's business, so granian
itself is told to take as many as there may ever be.
"""

from __future__ import annotations

import asyncio
import ipaddress
import signal
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from codedark.errors import ConfigError

HEAD_MS = 10_000
HEAD_BYTES = 64 * 1024
TAKEN = 16_384
"""More than the warden ever leaves open: nobody waits in the kernel's queue behind somebody else's idle connection."""


def serve(app: Any, host: str, port: int, certfile: Path | None = None, keyfile: Path | None = None) -> None:
    """Serve until SIGINT or SIGTERM; blocks. PEM files: the leaf with its chain, and its key.

    Raises `ConfigError` for plain HTTP on anything but loopback.
    """
    asyncio.run(_until_signalled(app, host, port, certfile, keyfile))


async def _until_signalled(app: Any, host: str, port: int, certfile: Path | None, keyfile: Path | None) -> None:
    server = make_server(app, host, port, certfile, keyfile)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    await server.serve()


def make_server(app: Any, host: str, port: int, certfile: Path | None = None, keyfile: Path | None = None) -> Server:
    """The server, not yet started: `await server.serve()` runs it, `server.stop()` ends it."""
    if certfile is None and not _is_loopback(host):
        raise ConfigError(
            f"plain HTTP is not served on {host}", hint="Give the web a certificate, or bind it to 127.0.0.1."
        )
    return Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=1024,
        backpressure=TAKEN,
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_MS, max_buffer_size=HEAD_BYTES),
        log_enabled=False,
        ssl_cert=certfile,
        ssl_key=keyfile,
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
