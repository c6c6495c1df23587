"""The owner's side of one caged process: start it, check its walls, hand it jobs, end it."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Any, BinaryIO, cast

import msgspec

from codedark.cage.frames import BadAnswer, Frame, read_frame, write_frame
from codedark.cage.trade import Reason, Trade
from codedark.errors import FileRefused, NoCage

NEEDED = frozenset(("limits", "seccomp", "closed"))
"""Without these no file of others is opened: seccomp alone denies network, processes and writing; the sealing of files
may come from Landlock or from the inner ring."""

NO_ANSWER = "the cage gave an answer that is none"
_START_S = 60.0
_words = msgspec.json.Decoder(str)
_walls = msgspec.json.Decoder(list[str])


def _reason(words: str) -> str:
    return words if words in set(Reason) else NO_ANSWER


class Caged:
    """One caged process of one trade. Use as a context manager, or `start` and `end`.

    Not for two threads at once. After any failure it is ended: `alive` is False and the owner starts another."""

    def __init__(self, trade: Trade) -> None:
        self.trade = trade
        self.walls: frozenset[str] = frozenset()
        self.jobs = 0
        self._late = False
        self._busy = False

    def start(self) -> Caged:
        """Start it and wait for its walls. Raises `NoCage` when they do not stand or it does not start."""
        try:
            self._child = subprocess.Popen(
                [sys.executable, "-I", "-m", "codedark.cage.cell"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                close_fds=True,
                bufsize=1 << 16,
            )
        except OSError as error:
            raise NoCage(f"no process could be started for {self.trade.name}") from error
        self._in, self._out = cast(BinaryIO, self._child.stdin), cast(BinaryIO, self._child.stdout)
        try:
            write_frame(self._in, b"?", msgspec.json.encode(self._order()))
            hello = self._receive(_START_S)
            self.walls = frozenset(_walls.decode(hello.head)) if hello.kind == b"+" else frozenset()
        except (OSError, BadAnswer, msgspec.DecodeError, UnicodeDecodeError) as error:
            how = self._how_it_ended()
            self.end()
            raise NoCage(f"the cage for {self.trade.name} did not start ({how})") from error
        self._check_walls()
        return self

    def _order(self) -> dict[str, Any]:
        trade, limits = self.trade, self.trade.limits
        return {
            "script": str(trade.script),
            "readable": [str(place) for place in (trade.script, *trade.readable)],
            "opens": trade.opens,
            "threads": trade.threads,
            "memory": limits.memory,
            "job_cpu_s": limits.job_cpu_s,
            "jobs": limits.jobs,
            "settings": trade.settings,
        }

    def _check_walls(self) -> None:
        needed = NEEDED if self.trade.foreign else frozenset(("limits",))
        lacking = sorted(needed - self.walls)
        if self.trade.foreign and not self.walls & {"landlock", "sealed"}:
            lacking.append("landlock")
        if lacking:
            self.end()
            raise NoCage(f"this kernel lacks {', '.join(lacking)}: no file of others is opened here")

    @property
    def alive(self) -> bool:
        """Whether it can take another job."""
        return not self._busy and self._child.poll() is None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    def ask(self, head: dict[str, Any], blob: bytes = b"") -> Iterator[Frame]:
        """The parts of the answer to one job, as they come. Raises `FileRefused` with the reason: the cage's own, or
        that it took too long, too much, or stopped. Leaving it early, or a failure, ends the process."""
        limits = self.trade.limits
        self.jobs += 1
        self._busy = True
        try:
            with self._alarm(limits.wait_s):
                write_frame(self._in, b"?", msgspec.json.encode(head), blob)
            parts = said = 0
            while (frame := self._receive(limits.wait_s)).kind == b"=":
                parts, said = parts + 1, said + len(frame.head)
                if parts > limits.parts or said > limits.whole_bytes:
                    raise BadAnswer("more than it may say")
                yield frame
            refused = None if frame.kind == b"." else _reason(_words.decode(frame.head))
            self._busy = False
        except (OSError, BadAnswer, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise FileRefused(self._how_it_ended()) from error
        finally:
            if self._busy:
                self.end()
        if refused is not None:
            raise FileRefused(refused)

    def _receive(self, wait_s: float) -> Frame:
        """The next frame, or `BadAnswer` when the alarm killed the child first."""
        limits = self.trade.limits
        with self._alarm(wait_s):
            return read_frame(self._out, head_limit=limits.head_bytes, blob_limit=limits.blob_bytes)

    @contextlib.contextmanager
    def _alarm(self, wait_s: float) -> Iterator[None]:
        """End the child when it neither reads nor answers for so long."""
        alarm = threading.Timer(wait_s, self._too_late)
        alarm.daemon = True
        alarm.start()
        try:
            yield
        finally:
            alarm.cancel()

    def _too_late(self) -> None:
        self._late = True
        self._child.kill()

    def _how_it_ended(self) -> str:
        if self._late:
            return "it takes longer than it may"
        try:
            code = self._child.wait(1.0)
        except subprocess.TimeoutExpired:
            return NO_ANSWER
        if code == -signal.SIGXCPU:
            return "it takes longer than it may"
        return f"the decoder stopped ({signal.Signals(-code).name if code < 0 else code})"

    def end(self) -> None:
        """Kill it. May be called again."""
        self._busy = True
        self._child.kill()
        self._child.wait()
        for pipe in (self._in, self._out):
            with contextlib.suppress(OSError):
                pipe.close()

    def __enter__(self) -> Caged:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
