"""Entries interpreted ahead of the fold, in a process beside it: for a long passage while no node needs the other core.

Plain rows go there and come back over two pipes; nothing is kept. What the process does is pure, so the views are the
same with it and without it. When it ends early, the fold goes on alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import queue
import struct
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import IO

import msgspec

from codedark.entries import Interpretation, Site, interpret
from codedark.journal import Entry, Flag, Header
from codedark.views.beside import begun, keep_private
from codedark.views.staging import Staged, draw, stage

_PIPE = 1 << 20
_FRAME_BYTES, _FRAME_ENTRIES, _COLLECT_EVERY = 256 * 1024, 64, 500
_LENGTH = struct.Struct(">I")


class Asked(msgspec.Struct, array_like=True, gc=False):
    """What `interpret` may look at of an entry."""

    position: int
    origin: bytes
    recorded_us: int
    source: str
    kind: str
    version: int
    payload: bytes

    def entry(self) -> Entry:
        """The entry again."""
        header = Header(
            position=self.position, origin=self.origin, previous=b"", recorded_at_us=self.recorded_us, boot=b"",
            sequence=0, clock_trusted=True, flags=Flag.NONE, epoch=b"", kind=self.kind, version=self.version,
            audience="", source=self.source, length=len(self.payload),
        )  # fmt: skip
        return Entry(header, b"", self.payload, None)


class Told(msgspec.Struct, array_like=True, gc=False):
    """What an entry means, without its facts, and the facts ready to be taken; `failed`: why there are none."""

    position: int
    meant: Interpretation
    staged: list[Staged]
    failed: str = ""


_pack = msgspec.msgpack.Encoder()
_asked = msgspec.msgpack.Decoder(list[Asked])
_told = msgspec.msgpack.Decoder(list[Told])
_site = msgspec.msgpack.Decoder(Site)


class Ahead:
    """The fold's end of the two pipes. Used by one thread; two of its own carry the bytes. `patience_s`: how long a
    frame may take."""

    patience_s = 120.0

    def __init__(self, site: Site) -> None:
        self._site, self._child = site, begun("ahead")
        self._unsent: deque[list[Asked]] = deque()
        self._more = threading.Condition()
        self._closed = False
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._found: dict[int, Told] = {}
        self._owed: set[int] = set()
        for work in (self._write, self._read):
            threading.Thread(target=work, daemon=True).start()

    def submit(self, entries: Sequence[Entry]) -> None:
        """Ask what these mean; returns at once."""
        asked: list[Asked] = []
        size = 0
        for entry in entries:
            head = entry.header
            told = (head.position, head.origin, head.recorded_at_us, head.source, head.kind, head.version)
            asked.append(Asked(*told, entry.payload))
            self._owed.add(head.position)
            size += len(entry.payload)
            if size >= _FRAME_BYTES or len(asked) >= _FRAME_ENTRIES:
                self._put(asked)
                asked, size = [], 0
        self._put(asked)

    def _put(self, asked: list[Asked]) -> None:
        if asked:
            with self._more:
                self._unsent.append(asked)
                self._more.notify()

    def told(self, position: int) -> Told | None:
        """What an entry means; waits for it, and meanwhile interprets here what was not sent yet. None when it was
        never asked, or the process has ended."""
        while position in self._owed and position not in self._found:
            if self._answers.empty() and self._help():
                continue
            frame = self._answer()
            if frame is None:
                self._owed.clear()
                break
            for each in _told.decode(frame):
                self._found[each.position] = each
        return self._found.get(position)

    def _answer(self) -> bytes | None:
        try:
            return self._answers.get(timeout=self.patience_s)
        except queue.Empty:
            # It hangs: what it owes is interpreted here.
            self._child.kill()
            return None

    def _help(self) -> bool:
        """Interpret the last frame that was not sent, so that neither side waits for the other."""
        with self._more:
            asked = self._unsent.pop() if self._unsent else []
        for each in asked:
            # Drawn at once: bodies of entries that wait for their turn would fill the memory.
            self._found[each.position] = _drawn(_meaning(each, self._site), each)
        return bool(asked)

    def forget(self, position: int) -> None:
        """Entries up to this one are folded."""
        self._found = {key: told for key, told in self._found.items() if key > position}
        self._owed = {key for key in self._owed if key > position}

    def close(self) -> None:
        """End the process."""
        with self._more:
            self._closed = True
            self._unsent.clear()
            self._more.notify()
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]

    def _write(self) -> None:
        pipe = self._child.stdin
        assert pipe is not None
        _widen(pipe)
        frame = _pack.encode(self._site)
        with contextlib.suppress(OSError, ValueError):
            while frame:
                pipe.write(_LENGTH.pack(len(frame)) + frame)
                pipe.flush()
                frame = self._next()

    def _next(self) -> bytes:
        with self._more:
            while not (self._unsent or self._closed):
                self._more.wait()
            return _pack.encode(self._unsent.popleft()) if self._unsent else b""

    def _read(self) -> None:
        pipe = self._child.stdout
        assert pipe is not None
        _widen(pipe)
        with contextlib.suppress(OSError, ValueError):
            for frame in _frames_of(pipe):
                self._answers.put(frame)
        self._answers.put(None)


def _frames_of(pipe: IO[bytes]) -> Iterator[bytes]:
    while len(head := pipe.read(_LENGTH.size)) == _LENGTH.size:
        frame = pipe.read(_LENGTH.unpack(head)[0])
        if len(frame) < _LENGTH.unpack(head)[0]:
            return
        yield frame


def _widen(pipe: IO[bytes]) -> None:
    # A wide pipe lets one side work while the other is busy; a narrow one is only slower.
    with contextlib.suppress(OSError, AttributeError, ValueError):
        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)


def main() -> None:
    """The process: the site first, then entries by the frame, and what they mean in the same order."""
    keep_private()
    gc.disable()
    frames = _frames_of(sys.stdin.buffer)
    site = _site.decode(next(frames))
    for number, frame in enumerate(frames):
        answer = _pack.encode([_drawn(_meaning(asked, site), asked) for asked in _asked.decode(frame)])
        sys.stdout.buffer.write(_LENGTH.pack(len(answer)) + answer)
        sys.stdout.buffer.flush()
        if number % _COLLECT_EVERY == 0:
            gc.collect()


def _meaning(asked: Asked, site: Site) -> Told:
    try:
        meant = interpret(asked.entry(), site)
        staged = stage(meant)
    except Exception as error:  # whatever a sender provokes costs its entry alone, as in the fold itself
        return Told(asked.position, Interpretation(), [], type(error).__name__)
    return Told(asked.position, replace(meant, facts=()), staged)


def _drawn(told: Told, asked: Asked) -> Told:
    for each in told.staged:
        draw(each, asked.position, asked.recorded_us, asked.source)
    return told
