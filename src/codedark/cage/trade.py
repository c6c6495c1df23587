"""What a caged process is for, and its limits: the words both sides share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

GIB = 1 << 30

Answer = tuple[dict[str, Any], bytes | bytearray | memoryview]
Work = Callable[[dict[str, Any], bytes], Iterator[Answer]]
"""What a trade's `prepare(settings)` returns: from a job's head and blob to the parts of its answer."""


class Refusal(Exception):
    """Raised by a trade: this file will not be opened, and why, in words without anything of the file in them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`memory`: bytes of address space. `job_cpu_s`: processor seconds of one job. `wait_s`: seconds the owner waits
    for each part of an answer. `jobs`: after that many a fresh process takes over, whatever the last file did to this
    one. `head_bytes`, `blob_bytes`: the most one part of an answer may say."""

    memory: int = 2 * GIB
    job_cpu_s: int = 30
    wait_s: float = 60.0
    jobs: int = 50
    head_bytes: int = 16 << 20
    blob_bytes: int = 512 << 20


@dataclass(frozen=True, slots=True)
class Trade:
    """One kind of caged process.

    `script`: the file whose `prepare(settings)` loads the decoder, warms it and returns its `Work`. `readable`: what
    it may read besides its code while it loads; with `opens` also later (typst reads fonts and templates as it goes).
    `threads`: may start threads after loading. `foreign`: it opens files of others, so it does not work at all where
    the kernel cannot keep it from network, files and processes."""

    name: str
    script: Path
    readable: tuple[Path, ...] = ()
    opens: bool = False
    threads: bool = False
    foreign: bool = True
    limits: Limits = field(default_factory=Limits)
    settings: dict[str, Any] = field(default_factory=dict)
