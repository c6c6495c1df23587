"""What comes out of the cage: pixels and values, each checked when it arrives. Text in them is still foreign text."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MOST_PIXELS = 120_000_000
"""A4 at 600 dpi in one page has 35 million."""
MOST_PAGES = 2_000
MOST_WORDS = 20_000

_Side = Annotated[int, Meta(ge=1, le=100_000)]
_Page = Annotated[int, Meta(ge=1, le=MOST_PAGES)]
_Place = Annotated[float, Meta(ge=-1e6, le=1e6)]
_Corner = tuple[_Place, _Place]


class Code(msgspec.Struct, frozen=True):
    """A code found on pixels. `kind`: QRCode, MicroQRCode, DataMatrix or Code128; `bytes`: its content as hex;
    `corners`: pixels, from its own top left clockwise, so a code on its head says how the page lies."""

    kind: Annotated[str, Meta(max_length=20)]
    bytes: Annotated[str, Meta(max_length=16_000, pattern="^[0-9a-f]*$")]
    corners: tuple[_Corner, _Corner, _Corner, _Corner]

    @property
    def text(self) -> str:
        """The content as UTF-8; what is none becomes U+FFFD."""
        return bytes.fromhex(self.bytes).decode("utf-8", "replace")


class Word(msgspec.Struct, frozen=True, array_like=True):
    """A word of a PDF's text. The box is in points (1/72 inch) from the page's top left."""

    text: Annotated[str, Meta(min_length=1, max_length=10_000)]
    left: _Place
    top: _Place
    right: _Place
    bottom: _Place


class TextPage(msgspec.Struct, frozen=True):
    """One page's text, word by word in the order of the file. `width`, `height`: points."""

    number: _Page
    pages: _Page
    width: _Place
    height: _Place
    words: Annotated[tuple[Word, ...], Meta(max_length=MOST_WORDS)]


class Line(msgspec.Struct, frozen=True):
    """A line that OCR proposes. `score`: 0–1, its own opinion; `box`: left, top, right, bottom in pixels."""

    text: Annotated[str, Meta(max_length=10_000)]
    score: Annotated[float, Meta(ge=0, le=1.001)]
    box: tuple[_Place, _Place, _Place, _Place]


class PageHead(msgspec.Struct, frozen=True):
    """What stands before a page's pixels on the pipe."""

    number: _Page
    pages: _Page
    width: _Side
    height: _Side
    channels: Literal[1, 3]
    codes: Annotated[tuple[Code, ...], Meta(max_length=200)] = ()


class Raster(msgspec.Struct, frozen=True):
    """Pixels: rows from the top, 8 bits a channel; `channels` 1 is grey, 3 is red, green, blue."""

    width: int
    height: int
    channels: Literal[1, 3]
    pixels: bytes

    def __repr__(self) -> str:
        return f"Raster({self.width}×{self.height}×{self.channels})"


class PagePixels(msgspec.Struct, frozen=True):
    """One page as pixels. `number` of `pages`, from 1; `codes`: those found on it when they were asked for."""

    number: int
    pages: int
    raster: Raster
    codes: tuple[Code, ...] = ()


class Count(msgspec.Struct, frozen=True):
    """How many pages a file has."""

    pages: _Page


class Codes(msgspec.Struct, frozen=True):
    """The codes of one raster."""

    codes: Annotated[tuple[Code, ...], Meta(max_length=200)]


class Lines(msgspec.Struct, frozen=True):
    """The lines of one raster."""

    lines: Annotated[tuple[Line, ...], Meta(max_length=MOST_WORDS)]
