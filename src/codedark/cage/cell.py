"""The caged child. Started as `python -I -m codedark.cage.cell` with an empty environment and three pipes.

The first frame is its order: which trade, which limits. It raises the outer walls, loads the trade, closes the inner
ring, says which walls stand, and only then takes the first job: no byte of a foreign file is read before.
"""

from __future__ import annotations

import importlib.util
import json
import os
import resource
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from codedark.cage.frames import BadAnswer, Frame, read_frame, write_frame
from codedark.cage.trade import Reason, Refusal, Work
from codedark.cage.walls import close_inner, raise_outer

_HEAD_LIMIT, _BLOB_LIMIT = 256 << 20, 1 << 30  # what our own side may send: a pack's values, a scanner's pile


def main() -> None:
    """Serve jobs until stdin ends."""
    source, sink = sys.stdin.buffer, _own_pipe()
    try:
        order = json.loads(_next(source).head)
        standing = raise_outer(
            tuple(map(Path, order["readable"])), memory=order["memory"], cpu_s=order["job_cpu_s"] * (order["jobs"] + 1)
        )
        work = _load(Path(order["script"]), order["settings"])
        standing += close_inner(opens=order["opens"], threads=order["threads"])
        write_frame(sink, b"+", json.dumps(standing).encode())
        while True:
            _allow_seconds(order["job_cpu_s"])
            _answer(sink, work, _next(source))
    except (BadAnswer, BrokenPipeError):
        return


def _own_pipe() -> BinaryIO:
    """The pipe to the owner, for us alone: what a library prints goes nowhere instead of into an answer."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return pipe


def _next(source: BinaryIO) -> Frame:
    return read_frame(source, head_limit=_HEAD_LIMIT, blob_limit=_BLOB_LIMIT)


def _load(script: Path, settings: dict[str, Any]) -> Work:
    spec = importlib.util.spec_from_file_location(f"caged_{script.stem}", script)
    if spec is None or spec.loader is None:
        raise ImportError("no such trade")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    work: Work = module.prepare(settings)
    return work


def _allow_seconds(more: int) -> None:
    """Processor seconds for the next job, within the hard limit of the whole life. The kernel ends who takes more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (min(int(used.ru_utime + used.ru_stime) + 1 + more, hard), hard))


def _answer(sink: BinaryIO, work: Work, job: Frame) -> None:
    try:
        _parts(sink, work(json.loads(job.head), bytes(job.blob)))
        write_frame(sink, b".", b"")
    except Refusal as refusal:
        write_frame(sink, b"!", json.dumps(refusal.reason).encode())
    except MemoryError:
        write_frame(sink, b"!", json.dumps(Reason.MUCH_MEMORY).encode())
    except BrokenPipeError:
        raise
    except Exception:  # a decoder's own words may quote the file
        write_frame(sink, b"!", json.dumps(Reason.DAMAGED).encode())


def _parts(sink: BinaryIO, parts: Iterable[tuple[dict[str, Any], bytes | bytearray | memoryview]]) -> None:
    for head, blob in parts:
        write_frame(sink, b"=", json.dumps(head).encode(), blob)


if __name__ == "__main__":
    main()
