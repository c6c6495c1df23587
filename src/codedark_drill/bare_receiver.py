"""The yardstick: the least that an MLLP receiver can do and still keep its word.

Frames, MSH-10, one group commit of the raw bytes with fdatasync, an AA. No seal, no chain, no duplicates, no character
sets, no limits: what codedark adds is measured against this, in the same run on the same disk.

    python -m codedark_drill.bare_receiver PORT FILE
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections import deque
from functools import partial
from typing import cast

import uvloop

_END = b"\x1c\r"
Waiting = tuple[bytes, "BareConnection"]


class GroupCommit:
    """One thread that writes whatever is waiting and syncs once for all of it."""

    def __init__(self, path: str, loop: asyncio.AbstractEventLoop) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._loop = loop
        self._queue: deque[Waiting] = deque()
        self._wake = threading.Semaphore(0)
        threading.Thread(target=self._run, daemon=True).start()

    def put(self, message: bytes, connection: BareConnection) -> None:
        """Queue one message; its connection is told when it is on the disk."""
        self._queue.append((message, connection))
        self._wake.release()

    def _run(self) -> None:
        while True:
            self._wake.acquire()
            batch: list[Waiting] = []
            while self._queue:
                batch.append(self._queue.popleft())
            if not batch:
                continue
            os.writev(self._file, [b"".join(message for message, _ in batch)])
            os.fdatasync(self._file)
            self._loop.call_soon_threadsafe(_answer_all, batch)


class BareConnection(asyncio.Protocol):
    """Splits the stream at 0x1C 0x0D and answers AA with MSH-10, once the bytes are kept."""

    def __init__(self, commit: GroupCommit) -> None:
        self._commit = commit
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Queue every whole frame."""
        *whole, self._rest = (self._rest + data).split(_END)
        for message in whole:
            self._commit.put(message, self)

    def answer(self, message: bytes) -> None:
        """AA for one kept message."""
        control_id = message.split(b"|", 10)[9]
        if self._transport is not None:
            self._transport.write(b"\x0bMSH|^~\\&|||||||ACK|1|P|2.5.1\rMSA|AA|" + control_id + b"\r" + _END)


def _answer_all(batch: list[Waiting]) -> None:
    for message, connection in batch:
        connection.answer(message)


async def _serve(port: int, path: str) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(partial(BareConnection, GroupCommit(path, loop)), "127.0.0.1", port, backlog=512)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), sys.argv[2]))
