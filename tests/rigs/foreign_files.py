"""Files as others send them, good and bad, made from nothing but bytes and two libraries."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence

from PIL import Image


def picture(kind: str, mode: str = "L", size: tuple[int, int] = (120, 80), **how: object) -> bytes:
    """An image with a dark left half and a light right half."""
    image = Image.new("L", size, 255)
    image.paste(0, (0, 0, size[0] // 2, size[1]))
    sink = io.BytesIO()
    image.convert(mode).save(sink, kind, **how)
    return sink.getvalue()


def pile(pages: int) -> bytes:
    """A scanner's TIFF of black and white pages, fax-compressed."""
    frames = [Image.new("1", (200 + number, 100), 1) for number in range(pages)]
    sink = io.BytesIO()
    frames[0].save(sink, "TIFF", save_all=True, append_images=frames[1:], compression="group4")
    return sink.getvalue()


def sideways_photo() -> bytes:
    """A JPEG held at a quarter turn: 120×80 pixels that are to be shown as 80×120."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return picture("JPEG", "RGB", exif=exif)


def huge_png(side: int) -> bytes:
    """A PNG of a few hundred bytes that says it is `side` × `side` pixels."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(bytes(1000))) + _chunk(b"IEND")


def _chunk(name: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def pdf(objects: Sequence[bytes]) -> bytes:
    """A PDF of these objects, numbered from 1; the first is the catalogue."""
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def stream(body: bytes, more: bytes = b"") -> bytes:
    """A compressed stream object."""
    packed = zlib.compress(body, 9)
    return b"<</Length %d/Filter/FlateDecode%b>>stream\n%b\nendstream" % (len(packed), more, packed)


def one_page(content: bytes, *, side: int = 200, resources: bytes = b"", more: Sequence[bytes] = ()) -> bytes:
    """A PDF of one page whose content is object 4; `more` are objects from 5 on."""
    return pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents 4 0 R/Resources<<%b>>>>" % (side, side, resources),
            content,
            *more,
        ]
    )


HOSTILE = {
    "a picture of 100,000 × 100,000": huge_png(100_000),
    "a picture just over what may be": huge_png(11_000),
    "a page as large as a house": one_page(stream(b""), side=14_400),
    "pages that are their own parent": pdf(
        [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>"]
    ),
    "more pages than may be": pdf(
        [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%b]/Count 5000>>" % (b"3 0 R " * 5000)]
        + [b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"]
    ),
    "a form that draws itself": one_page(
        stream(b"/A Do " * 50),
        resources=b"/XObject<</A 5 0 R>>",
        more=[stream(b"/A Do /A Do", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</A 5 0 R>>>>")],
    ),
    "a million strokes in a thousand bytes": one_page(stream(b"0 0 m 199 199 l 0 199 l 199 0 l h B* " * 1_500_000)),
    "cut in the middle": picture("PNG", size=(800, 800))[:200],
    "locked": one_page(stream(b"")).replace(b"/Root 1 0 R", b"/Root 1 0 R/Encrypt<</Filter/Standard/V 9/R 9>>"),
    "a program": b"\x7fELF" + bytes(4000),
    "nothing": b"",
    "a PDF in name only": b"%PDF-1.7\n" + bytes(range(256)) * 40,
}
"""Name → file. Each is refused, or shown as the little it is, within the limits; none takes the next file with it."""
