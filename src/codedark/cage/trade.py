"""What a caged process is for, and its limits: the words both sides share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

GIB = 1 << 30

Answer = tuple[dict[str, Any], bytes | bytearray | memoryview]
Work = Callable[[dict[str, Any], bytes], Iterator[Answer]]
"""What a trade's `prepare(settings)` returns: from a job's head and blob to the parts of its answer."""


class Reason(StrEnum):
    """Every reason for which a file is not opened. The owner believes no other words from a cage: a decoder that was
    taken over says what it likes, and an error must hold nothing of a file."""

    LOCKED = "it is locked with a password"
    DAMAGED = "it is damaged"
    DAMAGED_PDF = "it is a damaged PDF"
    NO_PAGES = "it has no pages"
    NO_SUCH_PAGE = "it has no such page"
    MANY_PAGES = "it has more pages than may be"
    MANY_PIXELS = "its pixels are more than may be"
    MUCH_TEXT = "it has more text than may be"
    MUCH_MEMORY = "it takes more memory than it may"
    NO_KIND = "it is no PDF, PNG, JPEG or TIFF"
    NO_PDF = "it is no PDF: an image has no text but what is read from its pixels"


class Refusal(Exception):
    """Raised by a trade: this file will not be opened, for one of the reasons."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Limits:
    """`memory`: bytes of address space. `job_cpu_s`: processor seconds of one job. `wait_s`: seconds the owner waits
    for each part of an answer. `jobs`: after that many a fresh process takes over, whatever the last file did to this
    one. `head_bytes`, `blob_bytes`: the most one part of an answer may say; `parts`, `whole_bytes`: the most parts,
    and bytes of their heads, of a whole answer."""

    memory: int = 2 * GIB
    job_cpu_s: int = 30
    wait_s: float = 60.0
    jobs: int = 50
    head_bytes: int = 16 << 20
    blob_bytes: int = 512 << 20
    parts: int = 2_000
    whole_bytes: int = 128 << 20


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
