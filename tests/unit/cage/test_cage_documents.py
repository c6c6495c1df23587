"""What comes out of the cage: pixels, text with places, codes and letters; and that a bad file costs one process."""

from __future__ import annotations

import io
from collections.abc import Iterator

import foreign_files
import pytest
import typst
import zxingcpp
from PIL import Image, ImageDraw, ImageFont

from codedark.cage import Cage, Limits, Raster
from codedark.errors import FileRefused

GIB = 1 << 30
QUICK = Limits(memory=GIB, job_cpu_s=1, wait_s=10.0)


@pytest.fixture(scope="module")
def cage() -> Iterator[Cage]:
    with Cage.start(limits=QUICK) as made:
        yield made


def typeset(source: str) -> bytes:
    made = typst.compile(source.encode())
    assert isinstance(made, bytes)
    return made


def raster(image: Image.Image) -> Raster:
    return Raster(image.width, image.height, 1, image.convert("L").tobytes())


def test_pages_of_a_pdf_come_as_pixels_at_the_resolution_asked_for(cage: Cage) -> None:
    pages = list(cage.pages(typeset("#set page(width: 72pt, height: 144pt)\nA#pagebreak()B"), 100))
    assert [(page.number, page.pages, page.raster.width, page.raster.height) for page in pages] == [
        (1, 2, 100, 200),
        (2, 2, 100, 200),
    ]
    assert min(pages[0].raster.pixels) < 50 < 200 < max(pages[0].raster.pixels)


def test_one_page_can_be_asked_for_alone(cage: Cage) -> None:
    file = typeset("A#pagebreak()B#pagebreak()C")
    assert [page.number for page in cage.pages(file, 36, page=2)] == [2]
    with pytest.raises(FileRefused, match="no such page"):
        list(cage.pages(file, 36, page=4))


def test_text_of_a_pdf_comes_word_by_word_with_its_place(cage: Cage) -> None:
    (page,) = cage.text(typeset("#set page(margin: 72pt)\nMRN: 00-12-34 #h(1fr) Ngozi Okafor-Élan"))
    assert [word.text for word in page.words] == ["MRN:", "00-12-34", "Ngozi", "Okafor-Élan"]
    first, last = page.words[0], page.words[-1]
    assert 71 < first.left < 75 < first.right < last.left
    assert 70 < first.top < first.bottom < 90


def test_page_count_of_each_kind(cage: Cage) -> None:
    counts = [
        cage.count(file) for file in (typeset("A#pagebreak()B"), foreign_files.pile(3), foreign_files.picture("PNG"))
    ]
    assert counts == [2, 3, 1]


def test_each_page_of_a_scanned_pile_has_its_own_size(cage: Cage) -> None:
    sizes = [(page.raster.width, page.raster.height) for page in cage.pages(foreign_files.pile(3))]
    assert sizes == [(200, 100), (201, 100), (202, 100)]


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGBA"), ("PNG", "P"), ("PNG", "I;16"), ("JPEG", "CMYK"), ("TIFF", "1")]
)
def test_dark_stays_dark_and_light_stays_light_whatever_the_pixel_format(cage: Cage, kind: str, mode: str) -> None:
    if mode != "I;16":
        file = foreign_files.picture(kind, mode)
    else:
        sink = io.BytesIO()
        Image.frombytes("I;16", (2, 1), b"\x00\x00\xff\xff").resize((120, 80), Image.Resampling.NEAREST).save(
            sink, "PNG"
        )
        file = sink.getvalue()
    (page,) = cage.pages(file)
    row = page.raster.pixels[: page.raster.width]
    assert row[10] < 20
    assert row[110] > 235


def test_photo_held_sideways_is_turned_upright(cage: Cage) -> None:
    (page,) = cage.pages(foreign_files.sideways_photo(), colour=True)
    assert (page.raster.width, page.raster.height, page.raster.channels) == (80, 120, 3)


@pytest.mark.parametrize("kind", ["QRCode", "DataMatrix", "Code128"])
@pytest.mark.parametrize("turn", [0, 90, 180])
def test_code_is_read_at_any_quarter_turn(cage: Cage, kind: str, turn: int) -> None:
    made = zxingcpp.create_barcode("WTB-7F3K9", getattr(zxingcpp.BarcodeFormat, kind))
    page = Image.new("L", (900, 900), 255)
    page.paste(Image.fromarray(made.to_image(scale=3)), (150, 200))
    (code,) = cage.codes(raster(page.rotate(turn)))
    assert (code.text, code.kind.replace(" ", "")) == ("WTB-7F3K9", kind)


def test_codes_are_read_on_the_way_to_the_pixels(cage: Cage) -> None:
    sink = io.BytesIO()
    made = zxingcpp.create_barcode("S-1", zxingcpp.BarcodeFormat.QRCode)
    Image.fromarray(made.to_image(scale=4)).save(sink, "PNG")
    (page,) = cage.pages(sink.getvalue(), codes=True)
    assert [code.text for code in page.codes] == ["S-1"]


def test_letters_are_proposed_with_their_place_and_by_region(cage: Cage) -> None:
    page = Image.new("L", (600, 300), 255)
    ImageDraw.Draw(page).text((60, 100), "MORPHINE 2 mg", fill=0, font=ImageFont.load_default(40))
    whole = cage.letters(raster(page))
    pieces = cage.letters(raster(page), [(50, 90, 560, 160), (50, 200, 560, 290)])
    assert "MORPHINE" in whole[0].text
    assert 40 < whole[0].box[0] < 80 < whole[0].box[2] < 500
    assert [line.text.replace(" ", "") for line in pieces] == ["MORPHINE2mg", ""]


@pytest.mark.parametrize("name", foreign_files.HOSTILE)
def test_hostile_file_ends_in_a_named_refusal_or_a_page_and_the_next_file_works(cage: Cage, name: str) -> None:
    said = ""
    try:
        sizes = [page.raster.width for page in cage.pages(foreign_files.HOSTILE[name], 200)]
        assert max(sizes) < 1000
    except FileRefused as refused:
        said = str(refused)
    assert said or name in ("a form that draws itself", "a million strokes in a thousand bytes")
    assert [page.number for page in cage.pages(foreign_files.picture("PNG"))] == [1]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("a picture of 100,000 × 100,000", "pixels"),
        ("a page as large as a house", "pixels"),
        ("more pages than may be", "pages"),
        ("a program", "no PDF, PNG, JPEG or TIFF"),
        ("a PDF in name only", "damaged"),
    ],
)
def test_refusal_says_why(cage: Cage, name: str, why: str) -> None:
    with pytest.raises(FileRefused, match=why):
        list(cage.pages(foreign_files.HOSTILE[name], 200))


def test_refusal_quotes_nothing_of_the_file(cage: Cage) -> None:
    with pytest.raises(FileRefused) as refused:
        cage.count(b"%PDF-1.7 MARLOWE Jane 1970-01-01")
    assert "MARLOWE" not in str(refused.value)


def test_file_left_in_the_middle_does_not_spoil_the_next(cage: Cage) -> None:
    pages = cage.pages(typeset("A#pagebreak()B#pagebreak()C"), 72)
    assert next(pages).number == 1
    pages.close()  # type: ignore[attr-defined]
    assert cage.count(foreign_files.pile(2)) == 2


def test_process_is_replaced_after_its_number_of_jobs() -> None:
    with Cage.start(limits=Limits(memory=GIB, jobs=2)) as cage:
        for _ in range(3):
            cage.count(foreign_files.picture("PNG"))
        assert cage._documents.starts == 2


def test_another_page_may_be_read_while_a_file_is_open(cage: Cage) -> None:
    for page in cage.pages(foreign_files.pile(2)):
        assert cage.codes(page.raster) == ()
