"""The parent's side of the typst cage: start a child, hand it values, take pages, end it.

The child has an empty environment, no key and limits; when it does not answer in time it is killed and the pack fails
with `PackError`. Nothing is written to disk on the way.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from codedark.errors import PackError

HERE = Path(__file__).parent
TIME_LIMIT_S = 120
MEMORY_LIMIT = 4 << 30


class Press:
    """One caged typst process for one pack. Use as a context manager; `measure` and `draw` may follow each other.

    `timestamp`: seconds since 1970, the PDF's creation date. Raises PackError for every failure of the child."""

    def __init__(self, timestamp: int, *, time_limit_s: float = TIME_LIMIT_S, memory: int = MEMORY_LIMIT) -> None:
        self._settings = {
            "root": str(HERE / "template"),
            "fonts": str(HERE / "fonts"),
            "timestamp": timestamp,
            "cpu_s": int(time_limit_s) + 1,
            "memory": memory,
        }
        self._time_limit_s = time_limit_s

    def __enter__(self) -> Press:
        self._child = subprocess.Popen(
            [sys.executable, "-I", str(HERE / "compositor.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            close_fds=True,
        )
        self._alarm = threading.Timer(self._time_limit_s, self._child.kill)
        self._alarm.daemon = True
        self._alarm.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._alarm.cancel()
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()

    def measure(self, data: str) -> list[int]:
        """The last physical page (from 1) of each sheet of `data`, in order."""
        return self._ask("measure", {"data": data, "pages": "[]"})[0]

    def draw(self, data: str, pages: Sequence[dict[str, str]]) -> tuple[list[int], bytes]:
        """The last physical page of each sheet as it came out, and the PDF of `data`. `pages`: for each physical page
        its text, n, of and code (SVG)."""
        return self._ask("draw", {"data": data, "pages": json.dumps(list(pages))})

    def _ask(self, job: str, inputs: dict[str, str]) -> tuple[list[int], bytes]:
        try:
            if self._settings:
                self._send(self._settings)
                self._settings = {}
            self._send({"job": job, "inputs": inputs})
            answer = self._receive()
        except (OSError, struct.error) as error:
            raise PackError("typst stopped, or took longer than it may") from error
        if not answer.startswith(b"="):
            raise PackError(f"the template failed at {answer[1:].decode(errors='replace')}")
        last_pages, _, pdf = answer[1:].partition(b"\n")
        return [int(page) for page in json.loads(last_pages)], pdf

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps(message).encode()
        pipe = self._pipe(self._child.stdin)
        pipe.write(struct.pack(">I", len(body)) + body)
        pipe.flush()

    def _receive(self) -> bytes:
        pipe = self._pipe(self._child.stdout)
        size: int = struct.unpack(">I", pipe.read(4))[0]
        body: bytes = pipe.read(size)
        if len(body) != size:
            raise PackError("typst stopped in the middle of an answer")
        return body

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        if pipe is None:
            raise PackError("the typst process has no pipe")
        return pipe
