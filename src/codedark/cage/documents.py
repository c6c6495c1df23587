"""The trade that opens PDF, PNG, JPEG and TIFF: page counts, text with its place, pixels, and the codes on them.

Runs in the cage only. It answers with values and pixels; names, links, scripts and metadata of the file go nowhere.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import Any

import pypdfium2
import zxingcpp
from PIL import Image, ImageOps, UnidentifiedImageError

from codedark.cage.trade import Answer, Reason, Refusal, Work

_IMAGES = ("PNG", "JPEG", "TIFF")
_FORMATS = zxingcpp.BarcodeFormats(
    [
        zxingcpp.BarcodeFormat.QRCode,
        zxingcpp.BarcodeFormat.MicroQRCode,
        zxingcpp.BarcodeFormat.DataMatrix,
        zxingcpp.BarcodeFormat.Code128,
    ]
)
_ENCODINGS = ("ascii", "latin-1", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252")
_POINTS_PER_INCH = 72.0
_NO_CHARACTER = "\ufffe\x02"  # pdfium's sign for a hyphen at a line's end, and a character without Unicode


def prepare(settings: dict[str, Any]) -> Work:
    """Warm everything once, so that no module and no table is reached for after the door is shut."""
    Image.MAX_IMAGE_PIXELS = settings["pixels"]
    _warm()
    jobs = {"count": _count, "text": _text, "pages": _pages, "codes": _codes}

    def work(head: dict[str, Any], blob: bytes) -> Iterator[Answer]:
        return jobs[head["job"]]({**settings, **head}, blob)

    return work


def _warm() -> None:
    for name in _ENCODINGS:  # a codec is a module that Python looks for when it is first used
        codecs.lookup(name)
    picture = Image.new("L", (64, 64), 255)
    for kind in _IMAGES:
        sink = io.BytesIO()
        picture.save(sink, kind)
        Image.open(io.BytesIO(sink.getvalue()), formats=_IMAGES).load()
    ImageOps.exif_transpose(picture)
    paper = pypdfium2.PdfDocument.new()
    page = paper.new_page(72, 72)
    page.render(scale=1, grayscale=True).to_pil()
    page.get_textpage().count_chars()
    paper.close()
    zxingcpp.read_barcodes(picture)


def _count(head: dict[str, Any], blob: bytes) -> Iterator[Answer]:
    yield {"pages": len(_pdf(head, blob)) if _is_pdf(blob) else _frames(head, blob)[1]}, b""


def _is_pdf(blob: bytes) -> bool:
    return b"%PDF-" in blob[:1024]


def _pdf(head: dict[str, Any], blob: bytes) -> pypdfium2.PdfDocument:
    try:
        document = pypdfium2.PdfDocument(blob)
    except pypdfium2.PdfiumError as error:
        locked = "password" in str(error).lower()
        raise Refusal(Reason.LOCKED if locked else Reason.DAMAGED_PDF) from error
    if not 0 < len(document) <= head["most_pages"]:
        raise Refusal(Reason.MANY_PAGES if len(document) else Reason.NO_PAGES)
    return document


def _frames(head: dict[str, Any], blob: bytes) -> tuple[Image.Image, int]:
    try:
        picture = Image.open(io.BytesIO(blob), formats=_IMAGES)
        count = int(getattr(picture, "n_frames", 1))
    except Image.DecompressionBombError as error:
        raise Refusal(Reason.MANY_PIXELS) from error
    except UnidentifiedImageError as error:
        raise Refusal(Reason.NO_KIND) from error
    if count > head["most_pages"]:
        raise Refusal(Reason.MANY_PAGES)
    return picture, count


def _pages(head: dict[str, Any], blob: bytes) -> Iterator[Answer]:
    pictures = _pdf_pictures(head, blob) if _is_pdf(blob) else _image_pictures(head, blob)
    for number, count, picture in pictures:
        yield (
            {
                "number": number,
                "pages": count,
                "width": picture.width,
                "height": picture.height,
                "channels": 1 if picture.mode == "L" else 3,
                "codes": _read_codes(picture) if head["codes"] else [],
            },
            picture.tobytes(),
        )


def _pdf_pictures(head: dict[str, Any], blob: bytes) -> Iterator[tuple[int, int, Image.Image]]:
    document = _pdf(head, blob)
    scale = head["dpi"] / _POINTS_PER_INCH
    for number in _chosen(head, len(document)):
        page = document[number - 1]
        width, height = page.get_size()
        if width * height * scale * scale > head["pixels"]:
            raise Refusal(Reason.MANY_PIXELS)
        bitmap = page.render(scale=scale, grayscale=not head["colour"], rev_byteorder=True)
        picture = bitmap.to_pil().convert("RGB" if head["colour"] else "L")
        bitmap.close()
        page.close()
        yield number, len(document), picture


def _image_pictures(head: dict[str, Any], blob: bytes) -> Iterator[tuple[int, int, Image.Image]]:
    picture, count = _frames(head, blob)
    for number in _chosen(head, count):
        if count > 1:
            picture.seek(number - 1)
        if picture.width * picture.height > head["pixels"]:  # each frame of a TIFF says its own size
            raise Refusal(Reason.MANY_PIXELS)
        yield number, count, _flat(picture, "RGB" if head["colour"] else "L")


def _chosen(head: dict[str, Any], count: int) -> range:
    """All pages, or the one asked for; a page that is not there is a refusal, not an empty answer."""
    one = head.get("page")
    if one is None:
        return range(1, count + 1)
    if not 1 <= one <= count:
        raise Refusal(Reason.NO_SUCH_PAGE)
    return range(one, one + 1)


def _flat(picture: Image.Image, mode: str) -> Image.Image:
    """Upright (a phone only notes how it was held), 8 bits a channel, on white where it was transparent."""
    upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith("I;16") or upright.mode in ("I", "F"):
        return upright.convert("I").point(lambda value: value / 256).convert("L").convert(mode)
    if "A" in upright.mode or "transparency" in upright.info:
        over = upright.convert("RGBA")
        white = Image.new("RGBA", over.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, over).convert(mode)
    return upright.convert(mode)


def _text(head: dict[str, Any], blob: bytes) -> Iterator[Answer]:
    if not _is_pdf(blob):
        raise Refusal(Reason.NO_PDF)
    document = _pdf(head, blob)
    for number in range(1, len(document) + 1):
        page = document[number - 1]
        width, height = page.get_size()
        words = list(_words(page.get_textpage(), page, height, head["most_words"]))
        page.close()
        yield {"number": number, "pages": len(document), "width": width, "height": height, "words": words}, b""


def _words(text: Any, page: Any, height: float, most: int) -> Iterator[tuple[str, float, float, float, float]]:
    """Runs of characters without white space between: [word, left, top, right, bottom], points from the top left."""
    characters = text.get_text_range(errors="replace")
    count = text.count_chars()
    if count > most * 8:
        raise Refusal(Reason.MUCH_TEXT)
    word, box, said = "", None, 0
    aligned = len(characters) == count
    for index in range(count):
        character = characters[index] if aligned else text.get_text_range(index, 1, errors="replace")
        if character.isspace() or character in _NO_CHARACTER or not character:
            if word and box:
                yield _placed(word, box, height)
                said += 1
            word, box = "", None
            if said >= most:
                raise Refusal(Reason.MUCH_TEXT)
            continue
        here = text.get_charbox(index, loose=True)  # by its advance, not its ink: gaps then are spaces
        box = here if box is None else _around(box, here)
        word += character
    if word and box:
        yield _placed(word, box, height)


Box = tuple[float, float, float, float]


def _around(one: Box, other: Box) -> Box:
    """Both boxes' hull, as pdfium says them: left, bottom, right, top."""
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _placed(word: str, box: Box, height: float) -> tuple[str, float, float, float, float]:
    left, bottom, right, top = box
    return word, round(left, 2), round(height - top, 2), round(right, 2), round(height - bottom, 2)


def _codes(head: dict[str, Any], blob: bytes) -> Iterator[Answer]:
    mode = "L" if head["channels"] == 1 else "RGB"
    yield {"codes": _read_codes(Image.frombytes(mode, (head["width"], head["height"]), blob))}, b""


def _read_codes(picture: Image.Image) -> list[dict[str, Any]]:
    found = zxingcpp.read_barcodes(picture, formats=_FORMATS, try_rotate=True, try_downscale=True)
    return [
        {
            "kind": code.format.name,
            "bytes": code.bytes.hex(),
            "corners": [
                [point.x, point.y]
                for point in (
                    code.position.top_left,
                    code.position.top_right,
                    code.position.bottom_right,
                    code.position.bottom_left,
                )
            ],
        }
        for code in found
        if code.valid
    ]
