"""A listener on real sockets over a real journal in a folder, and a client that speaks MLLP to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from journal_rig import new_journal, reader, reopen

from codedark.clock import SeededClock
from codedark.hl7 import Deframer, Message, frame, parse
from codedark.intake import FeedDeclaration, Listener, deliver_on
from codedark.journal import Entry, Journal

PATIENCE_S = 10.0


def adt(number: int | str, text: str = "x", **more: str) -> bytes:
    accept, app = more.get("accept", ""), more.get("app", "")
    line = f"MSH|^~\\&|EHR|HOSP|CD|HOSP|20260101||ADT^A01^ADT_A01|{number}|P|2.5.1|||{accept}|{app}"
    return f"{line}\rPID|1||7||{text}\r".encode()


class Client:
    """One connection. `answer()` is the next ACK, or None once the other side has closed."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._deframer = Deframer()
        self._ready: list[bytes] = []

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def raw_answer(self) -> bytes | None:
        while not self._ready:
            try:
                chunk = await asyncio.wait_for(self._reader.read(65536), PATIENCE_S)
            except ConnectionError:
                return None
            if not chunk:
                return None
            pieces = self._deframer.feed(chunk)
            assert all(isinstance(p, bytes) for p in pieces)
            self._ready += pieces  # type: ignore[arg-type]
        return self._ready.pop(0)

    async def answer(self) -> Message | None:
        raw = await self.raw_answer()
        return None if raw is None else parse(raw)

    async def codes(self, count: int) -> list[tuple[str, str]]:
        answers = [await self.answer() for _ in range(count)]
        return [(a["MSA"].text(1), a["MSA"].text(2)) for a in answers if a is not None]

    async def exchange(self, content: bytes) -> Message | None:
        await self.send(frame(content))
        return await self.answer()

    async def close(self) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            pass


@dataclass
class Site:
    folder: Path
    clock: SeededClock
    journal: Journal
    listener: Listener

    def port(self, feed: str = "adt") -> int:
        return self.listener.ports[feed]

    async def connect(self, feed: str = "adt", **more) -> Client:
        return Client(*await asyncio.open_connection("127.0.0.1", self.port(feed), **more))

    def entries(self, *kinds: str) -> list[Entry]:
        opened = reader(self.folder)
        try:
            return [e for e in opened.read(-1) if not kinds or e.kind in kinds]
        finally:
            opened.close()


def feed(name: str = "adt", **more) -> FeedDeclaration:
    return FeedDeclaration(name, "127.0.0.1", 0, more.pop("peers", ("127.0.0.0/8",)), **more)


@asynccontextmanager
async def site(folder: Path, *feeds: FeedDeclaration, submit: Callable | None = None) -> AsyncIterator[Site]:
    clock = SeededClock()
    if not (folder / "volume-000001.db").exists():
        new_journal(folder, clock=clock).close()
    journal = reopen(folder, threaded=True, clock=clock, deliver=deliver_on(asyncio.get_running_loop()))
    listener = Listener(feeds or [feed()], submit or journal.submit, journal.mac, clock)
    await listener.start()
    try:
        yield Site(folder, clock, journal, listener)
    finally:
        await listener.stop()
        journal.close()
