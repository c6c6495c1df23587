"""Print reports on their way through a running node: a watched folder, drawn pages, the pack."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import print_reports
import pypdfium2
import pytest
from node_rig import PATIENCE_S, Running, codedark, message, new_node, running, say
from print_reports import Person, report

from codedark.cage import Cage
from codedark.errors import ConfigError
from codedark.journal import Outcome, Receipt
from codedark.node import Config, Reports, open_node
from codedark.node.prints import PrintShelf, png
from codedark.node.reports import TakenMarks, WatchedFolder

ADA = Person(born="04-Mar-1955")
FOLDER = '\n[[reports]]\nname = "prints"\nfolder = "{}"\nevery_s = 1\n'


def wait(true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A node's folder that watches another, and that one with a night's prints in it."""
    place = tmp_path_factory.mktemp("watched")
    node, prints = new_node(place / "node"), place / "prints"
    prints.mkdir()
    with (node / "codedark.toml").open("a") as file:
        file.write(FOLDER.format(prints))
    return node, prints


@pytest.fixture(scope="module")
def ran(watched: tuple[Path, Path]) -> Running:
    """The node ran: a report came before its patient was known, then the admission; then it was stopped."""
    folder, prints = watched
    with running(folder) as node:
        (prints / "mar.pdf").write_bytes(report(ADA))
        node.wait_for("reports taken", feed="prints")
        say(node.port, message(1))
        (prints / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
        node.wait_for("reports taken", 2, feed="prints")
        wait(lambda: bool(list((folder / "prints").glob("*.page"))))
        wait(lambda: tied(folder))
        assert node.stop() == 0
    return node


def tied(folder: Path) -> bool:
    return codedark("report", "list", "-f", folder, "--json").object["loose"] == []


def test_report_in_the_watched_folder_is_tied_once_its_patient_is_known(
    watched: tuple[Path, Path], ran: Running
) -> None:
    with open_node(watched[0]) as node:
        record = node.record()
        (banner,) = record.search("000001")
        (found,) = record.chart(banner.patient).reports
        feeds = {feed.feed: feed for feed in record.feeds()}
    assert (found.kind, found.source) == ("mar", "feed:prints")
    assert feeds["prints"].last_heard_us is not None


def test_files_stay_in_the_watched_folder(watched: tuple[Path, Path], ran: Running) -> None:
    assert {path.name for path in watched[1].iterdir()} == {"mar.pdf", "broken.pdf"}
    assert (watched[1] / "mar.pdf").read_bytes() == report(ADA)


def test_drawn_pages_lie_sealed(watched: tuple[Path, Path], ran: Running) -> None:
    pages = list((watched[0] / "prints").glob("*.page"))
    assert pages
    assert all(b"PNG" not in page.read_bytes()[:40] for page in pages)
    assert all(page.stat().st_mode & 0o077 == 0 for page in pages)


def test_pack_prints_the_report_where_no_mar_was_heard(watched: tuple[Path, Path], ran: Running) -> None:
    done = codedark("pack", "4W", "--draft", "-f", watched[0])
    assert done.code == 0, done.err
    (path,) = (watched[0] / "packs").glob("*.pdf")
    text = " ".join("".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(path)).split())
    assert "MAR as the EHR printed it, printed 24-Nov-2026 02:58" in text


def test_log_names_no_patient_and_no_file(ran: Running) -> None:
    said = str(ran.events("reports taken"))
    assert "mar.pdf" not in said
    assert "MARLOWE" not in said


def watching(folder: Path, marks: Path, origin: str = "one") -> WatchedFolder:
    return WatchedFolder(Reports(name="prints", folder="."), folder, TakenMarks(marks, b"k" * 32, origin))


def test_file_that_was_taken_is_not_opened_again_by_the_next_start(tmp_path: Path) -> None:
    inside, marks = tmp_path / "inside", tmp_path / "marks"
    inside.mkdir()
    path = inside / "MARLOWE.pdf"
    path.write_bytes(report(ADA))
    folder, kept = watching(inside, marks), []
    folder.ripe()
    with Cage.start() as cage:
        folder.take(folder.ripe(), lambda draft: kept.append(draft) or Receipt(b"", 0, 0, Outcome.NEW), cage)
    assert len(kept) == 1
    again, restored = watching(inside, marks), watching(inside, marks, "two")
    assert (again.ripe(), again.ripe()) == ([], [])
    assert (restored.ripe(), restored.ripe()) == ([], [path])
    path.write_bytes(report(ADA, "Kardex"))
    assert (again.ripe(), again.ripe()) == ([], [path])
    assert b"MARLOWE" not in marks.read_bytes()


def test_file_is_taken_when_it_was_the_same_twice(tmp_path: Path) -> None:
    folder = watching(tmp_path, tmp_path / "marks")
    path = tmp_path / "mar.pdf"
    path.write_bytes(b"%PDF-1.7 first half")
    assert folder.ripe() == []
    path.write_bytes(b"%PDF-1.7 first half and second half")
    assert folder.ripe() == []
    assert folder.ripe() == [path]


def test_link_out_of_the_watched_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.pdf").write_bytes(report(ADA))
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "mar.pdf").symlink_to(tmp_path / "secret.pdf")
    folder = watching(inside, tmp_path / "marks")
    folder.ripe()
    assert folder.ripe() == []


def test_damaged_page_is_shown_as_none(tmp_path: Path) -> None:
    shelf = PrintShelf(tmp_path, b"k" * 32)
    report_id = "15cc3087-8de0-50e6-8e8c-1cc598ad09b4"
    shelf.put(report_id, 1, b"\x89PNG one")
    shelf.put(report_id, 2, b"\x89PNG two")
    assert shelf.pages(report_id) == (b"\x89PNG one", b"\x89PNG two")
    assert PrintShelf(tmp_path, b"x" * 32).there() == set()
    first, second = sorted(tmp_path.glob("*.page"))
    first.write_bytes(second.read_bytes())
    assert shelf.pages(report_id) == ()
    assert PrintShelf(tmp_path, b"x" * 32).pages(report_id) == ()


def test_picture_of_a_page_is_its_ink_without_the_white_around() -> None:
    with Cage.start() as cage:
        (page,) = cage.pages(print_reports.report(ADA), 100)
        picture = png(page.raster)
        (again,) = cage.pages(picture)
    assert again.raster.width < page.raster.width
    assert again.raster.height < page.raster.height
    assert abs(sum(value < 128 for value in again.raster.pixels) - sum(v < 128 for v in page.raster.pixels)) < 50


def test_two_sources_of_one_name_are_refused() -> None:
    source = '[facility]\nid = "w"\nname = "W"\n' + FOLDER.format("a") + FOLDER.format("b")
    with pytest.raises(ConfigError, match="cannot be the name"):
        Config.parse(source)
