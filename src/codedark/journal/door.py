"""The journal's door: a Unix socket (mode 0600) through which other processes of the node append.

A journal reached through a socket is still the journal: the same drafts, the same receipts, the same promise. Frames
are a u32
length and MessagePack; requests are answered in order on each connection.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from codedark.errors import AppendFailed, JournalError
from codedark.journal.drafts import DraftRow
from codedark.journal.model import Checkpoint, Draft, Outcome, Receipt
from codedark.journal.note import read_checkpoint
from codedark.journal.writer import Journal

_U32 = struct.Struct(">I")
FRAME_MAX = 256 << 20


class _Request(msgspec.Struct, frozen=True):
    op: str
    drafts: list[DraftRow] = []
    """An unknown lane is refused with the whole request, before any of its drafts is submitted."""


class _Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    receipts: list[tuple[bytes, int, int, str]] = []
    failed: str = ""
    status: dict[str, Any] = {}
    note: str = ""


class Door:
    """Serves one journal on one socket path. Belongs to an asyncio loop."""

    def __init__(self, journal: Journal, path: Path) -> None:
        self._journal, self._path = journal, path
        self._server: asyncio.AbstractServer | None = None

    async def serve(self) -> None:
        """Open the door; returns once it is open."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._connection, path=str(self._path))
        finally:
            os.umask(before)

    async def close(self) -> None:
        """Shut the door."""
        if self._server:
            self._server.close()
        self._path.unlink(missing_ok=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                (size,) = _U32.unpack(await reader.readexactly(_U32.size))
                if size > FRAME_MAX:
                    break
                request = msgspec.msgpack.decode(await reader.readexactly(size), type=_Request)
                data = msgspec.msgpack.encode(await self._answer(request))
                writer.write(_U32.pack(len(data)) + data)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, msgspec.MsgspecError, UnicodeDecodeError):
            pass  # the peer went away or does not speak this protocol: nothing was promised to it
        finally:
            writer.close()

    async def _answer(self, request: _Request) -> _Answer:
        if request.op == "append":
            return await self._append(request.drafts)
        if request.op == "status":
            return _Answer(status=self._status())
        if request.op == "checkpoint":
            return _Answer(note=self._journal.checkpoint().note)
        if request.op == "roll":
            return await self._roll()
        return _Answer(failed=f"the door knows no {request.op!r}")

    async def _append(self, drafts: list[DraftRow]) -> _Answer:
        loop = asyncio.get_running_loop()
        waiting = [loop.create_future() for _ in drafts]

        def placed(future: asyncio.Future[Receipt | AppendFailed]) -> Any:
            return lambda result: loop.call_soon_threadsafe(_settle, future, result)

        for item, future in zip(drafts, waiting, strict=True):
            self._journal.submit(item.draft(), placed(future))
        results = await asyncio.gather(*waiting)
        for result in results:
            if isinstance(result, AppendFailed):
                return _Answer(failed=str(result))
        return _Answer(receipts=[(r.origin, r.position, r.recorded_at_us, str(r.outcome)) for r in results])

    async def _roll(self) -> _Answer:
        try:
            r = await asyncio.to_thread(self._journal.roll)
        except JournalError as error:
            return _Answer(failed=str(error))
        return _Answer(receipts=[(r.origin, r.position, r.recorded_at_us, str(r.outcome))])

    def _status(self) -> dict[str, Any]:
        head = self._journal.head()
        return {
            "origin": self._journal.statement.name,
            "size": head.size,
            "head": head.entry_hash.hex(),
            "recorded_at_us": head.recorded_at_us,
            "clock_trusted": self._journal.clock_trusted(),
            "entries": self._journal.counts(),
            "size_bytes": self._journal.size_bytes(),
            "checkpoint": self._journal.checkpoint().note,
        }


def _settle(future: asyncio.Future[Receipt | AppendFailed], result: Receipt | AppendFailed) -> None:
    if not future.done():
        future.set_result(result)


class DoorClient:
    """The other side of the door: synchronous, thread-safe, one connection, opened when first used and again when
    lost.
    """

    def __init__(self, path: Path, *, timeout_s: float = 30.0) -> None:
        self._path, self._timeout = path, timeout_s
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def append(self, draft: Draft) -> Receipt:
        """Keep one draft; returns when durable. Raises AppendFailed when it was not kept, or nobody can say."""
        return self.append_all([draft])[0]

    def append_all(self, drafts: Sequence[Draft]) -> list[Receipt]:
        """Keep several drafts in order. Raises AppendFailed."""
        rows = [DraftRow.of(draft) for draft in drafts]
        try:
            answer = self._ask(_Request("append", rows))
        except (OSError, msgspec.MsgspecError, JournalError) as error:
            raise AppendFailed("the node did not answer", hint="Is `codedark serve` running?") from error
        if answer.failed:
            raise AppendFailed(answer.failed)
        return [Receipt(o, p, t, Outcome(c)) for o, p, t, c in answer.receipts]

    def status(self) -> dict[str, Any]:
        """Origin, size, head, entries by kind, bytes, newest checkpoint. Raises JournalError when no node answers."""
        return self._asked(_Request("status")).status

    def checkpoint(self) -> Checkpoint:
        """The newest signed tree head. Raises JournalError when no node answers."""
        note = self._asked(_Request("checkpoint")).note
        head = read_checkpoint(note)
        return Checkpoint(head.size, head.root, note)

    def roll(self) -> Receipt:
        """Close the volume and go on in a new one. Raises JournalError when it could not be done now."""
        answer = self._asked(_Request("roll"))
        if answer.failed:
            raise JournalError(answer.failed, hint="Try again in a minute.")
        o, p, t, c = answer.receipts[0]
        return Receipt(o, p, t, Outcome(c))

    def close(self) -> None:
        """Drop the connection."""
        with self._lock:
            self._drop()

    def _asked(self, request: _Request) -> _Answer:
        try:
            return self._ask(request)
        except (OSError, msgspec.MsgspecError) as error:
            raise JournalError("the node did not answer", hint="Is `codedark serve` running?") from error

    def _ask(self, request: _Request) -> _Answer:
        data = msgspec.msgpack.encode(request)
        with self._lock:
            try:
                connection = self._connected()
                connection.sendall(_U32.pack(len(data)) + data)
                (size,) = _U32.unpack(_exactly(connection, _U32.size))
                return msgspec.msgpack.decode(_exactly(connection, size), type=_Answer)
            except BaseException:
                self._drop()
                raise

    def _connected(self) -> socket.socket:
        if self._socket is None:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(self._timeout)
            connection.connect(str(self._path))
            self._socket = connection
        return self._socket

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _exactly(connection: socket.socket, size: int) -> bytes:
    out = bytearray()
    while len(out) < size:
        chunk = connection.recv(min(size - len(out), 1 << 20))
        if not chunk:
            raise ConnectionError("the node closed the connection")
        out += chunk
    return bytes(out)
