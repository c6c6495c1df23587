"""The pages on a real TLS socket with the node's own certificate, served from a thread of the test."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from codedark.web import make_server

PATIENCE_S = 20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def served(app: Any, keys: Path) -> Iterator[str]:
    """The address of a running server. `keys`: a folder with server.pem and server.key."""
    port = free_port()
    running: dict[str, Any] = {}

    async def run() -> None:
        running["server"] = make_server(app, "127.0.0.1", port, keys / "server.pem", keys / "server.key")
        running["loop"] = asyncio.get_running_loop()
        await running["server"].serve()

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    for _ in range(PATIENCE_S * 20):
        try:
            socket.create_connection(("127.0.0.1", port), 0.1).close()
            break
        except OSError:
            threading.Event().wait(0.05)
    try:
        yield f"https://localhost:{port}"
    finally:
        running["loop"].call_soon_threadsafe(running["server"].stop)
        thread.join(PATIENCE_S)
