"""A scanner for tests: a drawn pack as pixels and text, its codes read back, its characters with their places."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pypdfium2
import zxingcpp

MM = 72 / 25.4
"""Points in a millimetre."""


@dataclass(frozen=True)
class Scan:
    """A page in 8-bit grey, `width` × `height` pixels, rows without padding."""

    width: int
    height: int
    grey: bytes

    def crop(self, left: int, top: int, width: int, height: int) -> Scan:
        rows = [self.grey[y * self.width + left : y * self.width + left + width] for y in range(top, top + height)]
        return Scan(len(rows[0]), len(rows), b"".join(rows))

    def photocopied(self) -> Scan:
        """Grey and blurred: contrast halved, each pixel the mean of the nine around it."""
        dull = bytes(60 + value // 2 for value in range(256))
        rows = [self.grey[y * self.width : (y + 1) * self.width].translate(dull) for y in range(self.height)]
        columns = [
            [sum(three) for three in zip(a, b, c, strict=True)]
            for a, b, c in zip(rows, rows[1:], rows[2:], strict=False)
        ]
        blurred = [bytes(sum(three) // 9 for three in zip(r, r[1:], r[2:], strict=False)) for r in columns]
        return Scan(len(blurred[0]), len(blurred), b"".join(blurred))

    def codes(self) -> list[tuple[str, int, int]]:
        """(text, x, y) of every QR code found, top to bottom; x, y of its top left corner in pixels."""
        view = memoryview(self.grey).cast("B", (self.height, self.width))
        found = zxingcpp.read_barcodes(view, formats=zxingcpp.BarcodeFormat.QRCode)
        places = [(code.text, code.position.top_left.x, code.position.top_left.y) for code in found]
        return sorted(places, key=lambda place: (place[2], place[1]))

    def darkest(self) -> int:
        return min(self.grey)


def scan(page: pypdfium2.PdfPage, dpi: int = 200) -> Scan:
    bitmap = page.render(scale=dpi / 72, grayscale=True)
    raw, stride, width = bytes(bitmap.buffer), bitmap.stride, bitmap.width
    return Scan(width, bitmap.height, b"".join(raw[y * stride : y * stride + width] for y in range(bitmap.height)))


def pages(pdf: bytes) -> list[pypdfium2.PdfPage]:
    document = pypdfium2.PdfDocument(pdf)
    return [document[number] for number in range(len(document))]


def text(page: pypdfium2.PdfPage) -> str:
    """The page's text with the break places taken out and lines joined by one newline."""
    drawn = page.get_textpage().get_text_bounded()
    lines = [re.sub(r"[ \t]+", " ", line).strip() for line in re.sub("[\u200b\ufffe\ufeff]", "", drawn).splitlines()]
    return "\n".join(line for line in lines if line)


def squeezed(words: str) -> str:
    """Without any white space: to look for a value that may be wrapped."""
    return re.sub(r"[\s\u200b\ufffe\ufeff]+", "", words)


def characters(page: pypdfium2.PdfPage) -> list[tuple[str, float, float, float, float]]:
    """(character, left, bottom, right, top) in points, white space left out."""
    words = page.get_textpage()
    count = words.count_chars()
    drawn = words.get_text_range(0, count)
    if len(drawn) != count:
        drawn = "".join(words.get_text_range(index, 1) or " " for index in range(count))
    return [
        (char, *words.get_charbox(at)) for at, char in enumerate(drawn) if not char.isspace() and char.isprintable()
    ]


def printed_over(page: pypdfium2.PdfPage, closer_than: float = 1.5) -> list[str]:
    """Pairs of characters whose middles are nearer than `closer_than` points: one is printed over the other."""
    cells: dict[tuple[int, int], list[tuple[str, float, float]]] = {}
    clashes = []
    for char, left, bottom, right, top in characters(page):
        x, y = (left + right) / 2, (bottom + top) / 2
        column, row = int(x // closer_than), int(y // closer_than)
        for near in ((column + dx, row + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)):
            for other, ox, oy in cells.get(near, ()):
                if abs(x - ox) < closer_than * 0.66 and abs(y - oy) < closer_than:
                    clashes.append(other + char)
        cells.setdefault((column, row), []).append((char, x, y))
    return clashes
