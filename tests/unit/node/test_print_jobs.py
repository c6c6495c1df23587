"""Print jobs: each kind of printer takes the whole PDF, a failure waits for a person, a copy is in the ledger first."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from ward_press import press
from web_rig import Got, Guest, House, house

from codedark.access import Cookies
from codedark.errors import ConfigError, PackError
from codedark.node.packing import Drawn
from codedark.node.spool import PrintRoomDesk, Spool
from codedark.paper import Printer, send
from codedark.web import WebSettings, create_app

PDF = b"%PDF-1.7 " + bytes(range(256)) * 900


def test_a_folder_gets_the_whole_pdf_and_no_half(tmp_path: Path) -> None:
    send(Printer("tray", "folder", str(tmp_path)), PDF, "job-1", tmp_path)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("job-1.pdf", PDF)]


def test_a_raw_socket_gets_the_whole_pdf(tmp_path: Path) -> None:
    heard = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            wire, _ = server.accept()
            with wire:
                while more := wire.recv(65536):
                    heard.extend(more)

        thread = threading.Thread(target=listen)
        thread.start()
        send(Printer("desk", "raw", f"127.0.0.1:{server.getsockname()[1]}"), PDF, "job-1", tmp_path)
        thread.join(10)
    assert bytes(heard) == PDF


def test_a_queue_of_this_machine_gets_the_whole_pdf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "lp"
    program.write_text('#!/bin/sh\necho "$@" > "$0.said"\ncat > "$0.got"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    send(Printer("q", "lp", "ward_4w"), PDF, "job-1", tmp_path)
    assert (tmp_path / "lp.got").read_bytes() == PDF
    assert "-d ward_4w" in (tmp_path / "lp.said").read_text()


def test_a_queue_that_refuses_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lp").write_text("#!/bin/sh\ncat > /dev/null\nexit 1\n")
    (tmp_path / "lp").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(PackError, match="CUPS did not take it"):
        send(Printer("q", "lp", "ward_4w"), PDF, "job-1", tmp_path)


def test_a_device_file_is_written_and_a_plain_file_is_not(tmp_path: Path) -> None:
    send(Printer("usb", "device", "/dev/null"), PDF, "job-1", tmp_path)
    (tmp_path / "plain").write_bytes(b"")
    with pytest.raises(PackError, match="no printer's device file"):
        send(Printer("usb", "device", str(tmp_path / "plain")), PDF, "job-1", tmp_path)


@pytest.mark.parametrize("queue", ["-o raw", "a b", "../x", ""])
def test_a_queue_is_never_an_option_of_lp(queue: str) -> None:
    with pytest.raises(ConfigError):
        Printer("q", "lp", queue).check("codedark.toml")


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[tuple[House, Spool]]:
    tray = tmp_path / "tray"
    tray.mkdir()
    printers = (Printer("tray", "folder", str(tray)), Printer("dead", "raw", "127.0.0.1:1"))
    spool = Spool.of(tmp_path, bytes(32), printers)
    with house(tmp_path / "node", press=press) as home:

        def issued(deeds: object, session: object, unit: str, paper: str) -> Drawn:
            pdf = press(deeds, session, unit, paper)  # type: ignore[arg-type]
            home.fold()
            return Drawn(unit, "pack", 4, 1, False, None, pdf)

        settings = WebSettings(form_key=b"form key of the tests", printing=PrintRoomDesk(spool, issued))
        home.app = create_app(
            lambda: home.deeds.record, lambda: home.deeds, Cookies(home.keys.cookie_key), settings, home.clock,
            home.deeds.chance, press=press,
        )  # fmt: skip
        yield home, spool


def _issued(nurse: Guest, printer: str) -> Got:
    return nurse.post("/print", {"unit": "4W", "paper": "a4", "printer": printer})


def test_a_unit_goes_to_a_printer_and_the_page_says_sent(ward: tuple[House, Spool], tmp_path: Path) -> None:
    home, spool = ward
    nurse = home.in_as("nurse")
    assert _issued(nurse, "tray").place == "/printing"
    spool.round()
    assert len(list((tmp_path / "tray").glob("*.pdf"))) == 1
    assert "sent" in nurse.get("/printing").text


def test_a_failure_says_why_and_a_second_print_is_in_the_ledger_as_a_copy(
    ward: tuple[House, Spool], tmp_path: Path
) -> None:
    home, spool = ward
    nurse = home.in_as("nurse")
    _issued(nurse, "dead")
    spool.round()
    assert "Connection refused" in nurse.get("/printing").text
    assert spool.round() == 0  # nothing goes out a second time by itself
    assert nurse.post("/printing", {"job": spool.jobs()[0].id, "printer": "tray"}).place == "/printing"
    home.fold()
    spool.round()
    assert [job.state for job in spool.jobs()] == ["sent"]
    assert sorted({row.copy for row in home.deeds.record.sheets("4W")}) == [1, 2]


def test_a_job_on_its_way_is_not_doubled(ward: tuple[House, Spool]) -> None:
    home, spool = ward
    nurse = home.in_as("nurse")
    _issued(nurse, "tray")
    assert "on its way already" in nurse.post("/printing", {"job": spool.jobs()[0].id, "printer": "tray"}).text
    home.fold()
    assert {row.copy for row in home.deeds.record.sheets("4W")} == {1}


@pytest.mark.parametrize("draft", [False, True])
def test_sheets_that_the_record_does_not_know_are_copied_only_of_a_draft(
    ward: tuple[House, Spool], tmp_path: Path, draft: bool
) -> None:
    home, spool = ward
    spool.add(Drawn("4W", "elsewhere", 4, 1, draft, None, PDF), "dead", "somebody", home.clock.now_us())
    spool.round()
    got = home.in_as("nurse").post("/printing", {"job": spool.jobs()[0].id, "printer": "tray"})
    assert ("has not read these sheets" in got.text, got.status) == ((False, 303) if draft else (True, 409))
    spool.round()
    assert len(list((tmp_path / "tray").glob("*.pdf"))) == int(draft)


def test_without_the_ledger_nothing_is_printed_again(ward: tuple[House, Spool], tmp_path: Path) -> None:
    home, spool = ward
    nurse = home.in_as("nurse")
    _issued(nurse, "dead")
    spool.round()
    home.full = True
    nurse.post("/printing", {"job": spool.jobs()[0].id, "printer": "tray"})
    spool.round()
    assert ([job.state for job in spool.jobs()], list((tmp_path / "tray").iterdir())) == (["failed"], [])


def test_a_job_lies_sealed_and_one_that_was_cut_off_waits_for_a_person(tmp_path: Path) -> None:
    tray = tmp_path / "tray"
    tray.mkdir()
    spool = Spool.of(tmp_path, bytes(32), (Printer("tray", "folder", str(tray)),))
    job = spool.add(Drawn("4W", "ab" * 8, 4, 1, False, None, b"%PDF MARLOWE"), "tray", "R. Diaz", 1)
    assert b"MARLOWE" not in b"".join(path.read_bytes() for path in spool.folder.iterdir())
    spool._keep(msgspec.structs.replace(job, state="sending"))  # the process died here
    assert spool.round() == 0
    assert [(each.state, "came out" in each.why) for each in spool.jobs()] == [("failed", True)]
    assert list(tray.iterdir()) == []


def test_pages_under_another_key_are_not_printed(tmp_path: Path) -> None:
    tray = tmp_path / "tray"
    tray.mkdir()
    spool = Spool.of(tmp_path, bytes(32), (Printer("tray", "folder", str(tray)),))
    spool.add(Drawn("4W", "ab" * 8, 4, 1, False, None, PDF), "tray", "R. Diaz", 1)
    other = replace(spool, seal=Spool.of(tmp_path, bytes([1]) * 32, ()).seal)
    other.round()
    assert (spool.jobs()[0].state, list(tray.iterdir())) == ("failed", [])
