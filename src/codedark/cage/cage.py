"""The cage as other rooms use it: bytes of a foreign file in, pixels and values out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import msgspec

from codedark.cage.answers import (
    MOST_PAGES,
    MOST_PIXELS,
    MOST_WORDS,
    Code,
    Codes,
    Count,
    Line,
    Lines,
    PageHead,
    PagePixels,
    Raster,
    TextPage,
)
from codedark.cage.frames import Frame
from codedark.cage.pool import Pool
from codedark.cage.process import Caged
from codedark.cage.trade import GIB, Limits, Trade
from codedark.errors import FileRefused

HERE = Path(__file__).parent
MOST_BYTES = 512 << 20

WALLS = ("limits", "capabilities", "namespaces", "landlock", "seccomp", "closed", "sealed")
"""All that a process for foreign files can be surrounded by; `Cage.walls` says which of them stand here."""

DOCUMENTS = Limits(memory=2 * GIB, job_cpu_s=60, jobs=1)
"""One file, one process: a file that takes its decoder over cannot lie about the next one."""
PIXELS = Limits(memory=2 * GIB, job_cpu_s=60, jobs=200)
LETTERS = Limits(memory=3 * GIB, job_cpu_s=60, jobs=500)

T = TypeVar("T")


class Cage:
    """Decoders of PDF, images, codes and letters, each in a caged process. Threads may share one.

    Every method raises `FileRefused`, which says why (and the next file works), or `NoCage`, when this machine cannot
    keep a decoder from network, files and processes: then nothing is opened at all."""

    def __init__(self, documents: Pool, codes: Pool, letters: Pool) -> None:
        self._documents = documents
        self._codes = codes
        self._letters = letters

    @classmethod
    def start(
        cls, *, size: int = 1, pages: int = MOST_PAGES, pixels: int = MOST_PIXELS, limits: Limits | None = None
    ) -> Cage:
        """A cage that keeps `size` processes ready. `pages`: the most of one file; `pixels`: the most of one page.
        Processes start with the first job of their kind."""
        settings = {"most_pages": min(pages, MOST_PAGES), "pixels": pixels, "most_words": MOST_WORDS}
        script = HERE / "documents.py"
        return cls(
            Pool(Trade("documents", script, limits=limits or DOCUMENTS, settings=settings), size),
            Pool(Trade("codes", script, limits=limits or PIXELS, settings=settings), size),
            Pool(Trade("letters", HERE / "ocr.py", threads=True, limits=LETTERS, settings={"threads": 1}), size),
        )

    def walls(self) -> frozenset[str]:
        """Which of `WALLS` stand around a decoder of documents on this machine. Raises `NoCage`."""
        with Caged(self._documents.trade) as caged:
            return caged.walls

    def count(self, file: bytes) -> int:
        """How many pages a PDF, PNG, JPEG or TIFF has."""
        return _only(self._documents.ask({"job": "count"}, _sized(file)), Count).pages

    def text(self, file: bytes) -> tuple[TextPage, ...]:
        """The text of a PDF, page by page, each word with its place. A scanned page has no words: use `pages` and
        `letters`."""
        return tuple(_value(frame, TextPage) for frame in self._documents.ask({"job": "text"}, _sized(file)))

    def pages(
        self, file: bytes, dpi: int = 200, *, colour: bool = False, codes: bool = False, page: int | None = None
    ) -> Iterator[PagePixels]:
        """Each page (or only `page`) as pixels, one at a time as they are asked for: a PDF at `dpi`, an image as it
        is, upright. With `codes` the codes on it are read on the way. Close the iterator when leaving it early."""
        job = {"job": "pages", "dpi": min(max(dpi, 36), 1200), "colour": colour, "codes": codes, "page": page}
        for frame in self._documents.ask(job, _sized(file)):
            head = _value(frame, PageHead)
            raster = _raster(head, bytes(frame.blob))
            yield PagePixels(head.number, head.pages, raster, head.codes)

    def codes(self, raster: Raster) -> tuple[Code, ...]:
        """The QR, DataMatrix and Code 128 codes on pixels, at any angle."""
        return _only(self._codes.ask({"job": "codes", **_shape(raster)}, raster.pixels), Codes).codes

    def letters(self, raster: Raster, regions: Sequence[tuple[int, int, int, int]] | None = None) -> tuple[Line, ...]:
        """What OCR proposes: lines it finds, or one line for each of `regions` (left, top, right, bottom in pixels)
        in their order. A proposal: nothing of it counts until a person confirmed it."""
        for region in regions or ():
            if not (0 <= region[0] < region[2] <= raster.width and 0 <= region[1] < region[3] <= raster.height):
                raise FileRefused("a region lies outside of its page")
        job = {"job": "letters", "regions": None if regions is None else [list(each) for each in regions]}
        return _only(self._letters.ask({**job, **_shape(raster)}, raster.pixels), Lines).lines

    def warm(self) -> None:
        """Start the document decoder ahead. Raises `NoCage`."""
        self._documents.warm()

    def close(self) -> None:
        """End every idle process."""
        for pool in (self._documents, self._codes, self._letters):
            pool.close()

    def __enter__(self) -> Cage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _sized(file: bytes) -> bytes:
    if len(file) > MOST_BYTES:
        raise FileRefused("it is larger than may be")
    return file


def _shape(raster: Raster) -> dict[str, Any]:
    return {"width": raster.width, "height": raster.height, "channels": raster.channels}


def _raster(head: PageHead, pixels: bytes) -> Raster:
    if len(pixels) != head.width * head.height * head.channels:
        raise FileRefused("the cage gave an answer that is none")
    return Raster(head.width, head.height, head.channels, pixels)


def _value(frame: Frame, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(frame.head, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FileRefused("the cage gave an answer that is none") from error


def _only(frames: Iterator[Frame], kind: type[T]) -> T:
    """The one part of an answer, read to its end so that the process stays usable."""
    parts = list(frames)
    if len(parts) != 1:
        raise FileRefused("the cage gave an answer that is none")
    return _value(parts[0], kind)
