"""Targets of a whole node: the door's socket, the listener's, requests to the pages, and the record after any entry."""
# ruff: noqa: PT018

from __future__ import annotations

import asyncio
import json
import socket
import struct
import tempfile
import threading
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from fuzzing import SCRATCH, Target
from hostile_text import HIDDEN
from intake_rig import feed
from journal_rig import new_journal, reopen
from page_outline import complaints
from targets_fhir import documents
from targets_hl7 import drill_messages
from views_tape import KEY, MINUTE, START_US, Tape
from web_rig import house

from codedark.clock import SeededClock
from codedark.entries import FhirChunk
from codedark.hl7 import Deframer, Garbage, frame, parse, peek
from codedark.intake import Listener, deliver_on
from codedark.journal import Door, DoorClient, Journal
from codedark.paper import PackRequest
from codedark.paper.pack import _data
from codedark.paper.wording import BREAK
from codedark.views import Fold, Record, ViewStore, mar_state
from codedark.web.drawing import Drawer, Frame, assets
from codedark.web.pages.chart import chart_context
from codedark.web.pen import Pen

_GOOD = b"MSH|^~\\&|GOOD|A|CD|A|20260921||ADT^A01|%d|P|2.5.1\rPID|1||7^^^A^MR\r"


class Running:
    """A journal with its door and one feed, on an event loop in a thread of this process."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="codedark-fuzz-", dir=SCRATCH))
        new_journal(self.folder / "journal", synchronous="OFF").close()
        self.ready, self.count = threading.Event(), 0
        self.faults: list[str] = []
        threading.Thread(target=asyncio.run, args=(self._serve(),), daemon=True).start()
        assert self.ready.wait(20)
        self.client = DoorClient(self.folder / "door.sock")

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: self.faults.append(repr(context.get("exception"))))
        self.journal: Journal = reopen(
            self.folder / "journal", threaded=True, deliver=deliver_on(loop), synchronous="OFF"
        )
        await Door(self.journal, self.folder / "door.sock").serve()
        # A frame that lacks its last byte is not ended by our own slowness: no sweep within a run.
        listener = Listener(
            [feed(frame_limit=100_000)], self.journal.submit, self.journal.mac, SeededClock(), sweep_s=3600.0
        )
        await listener.start()
        self.port = listener.ports["adt"]
        self.ready.set()
        await asyncio.Event().wait()

    def number(self) -> int:
        self.count += 1
        return self.count


@cache
def node() -> Running:
    return Running()


def check_door(data: bytes) -> None:
    """Whatever is said at the door, it goes on answering others, and nothing is kept that has no receipt."""
    running = node()
    before = running.client.status()["size"]
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(5)
        peer.connect(str(running.folder / "door.sock"))
        body = data[1:]
        peer.sendall(body if data[:1] == b"\x00" else struct.pack(">I", len(body)) + body)
        peer.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := peer.recv(65536):
            answer += chunk
    status = running.client.status()
    kept = status["size"] - before
    told = _receipts(answer)
    assert kept >= 0 and running.faults == [], f"a fault in the loop: {running.faults}"
    epochs = status["entries"].get("epoch.opened", 0)
    assert kept <= told + epochs, f"{kept} entries kept, {told} receipts given"


def _receipts(answer: bytes) -> int:
    count = 0
    while len(answer) >= 4:
        size = struct.unpack_from(">I", answer)[0]
        said = msgspec.msgpack.decode(answer[4 : 4 + size])
        assert isinstance(said, dict)
        count += len(said.get("receipts", ()))
        answer = answer[4 + size :]
    return count


def check_listener(data: bytes) -> None:
    """Every whole frame that asks for an answer gets its own, in order, and so does the good one after it all."""
    running = node()
    good = _GOOD % running.number()
    pieces = Deframer(100_000).feed(data + b"\x1c\r" + frame(good))
    wanted = sum(1 for piece in pieces if _waits(piece))
    with socket.create_connection(("127.0.0.1", running.port), timeout=5) as peer:
        peer.sendall(data + b"\x1c\r" + frame(good))
        reader, answers = Deframer(), list[bytes | Garbage]()
        while len(answers) < wanted:
            chunk = peer.recv(65536)
            assert chunk, f"{len(answers)} of {wanted} answers came"
            answers += reader.feed(chunk)
    assert running.faults == [], f"a fault in the loop: {running.faults}"
    for answer in answers:
        assert isinstance(answer, bytes)
        assert [segment.name for segment in parse(answer).segments] == ["MSH", "MSA"]
    ids = [parse(answer)["MSA"].field(2) for answer in answers if isinstance(answer, bytes)]
    assert ids[-1] == peek(good).control_id, f"the good message was answered {ids[-3:]} after {len(ids)} of {wanted}"


def _waits(piece: bytes | Garbage) -> bool:
    """A feed answers every whole frame unless it is declared otherwise: MLLP senders wait whatever MSH-15 says."""
    return not isinstance(piece, Garbage) or piece.complete


def check_record_of_hl7(data: bytes) -> None:
    """After any message the record answers every question, the pages and the sheet's values can be drawn."""
    _recorded(lambda tape: tape.add("hl7.received", data))


def check_record_of_fhir(data: bytes) -> None:
    """The same after any imported lines."""
    chunk = FhirChunk(file="f", first_line=1, format="ndjson", lines=data)
    _recorded(lambda tape: tape.say(chunk, source="import:x"))


def _recorded(say: Any) -> None:
    tape = Tape()
    for message in drill_messages()[:3]:
        tape.add("hl7.received", message)
    say(tape)
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        store = ViewStore.open(Path(folder), KEY)
        try:
            Fold(tape, store).catch_up()
            _asked(Record(store))
        finally:
            store.close()


@cache
def _drawer() -> Drawer:
    return Drawer(assets())


def _asked(record: Record) -> None:
    record.status()
    record.feeds()
    record.search("a", 50)
    assert not [item for item in record.worklist(500, 0) if "could not be folded" in item.reason], "a defect of ours"
    pen, frame_ = (
        Pen(START_US + 9 * MINUTE, ZoneInfo("America/New_York")),
        Frame("Waterbury", False, None, None, "", "/"),
    )
    for row in record.patients():
        chart = record.chart(row.patient)
        mar = mar_state(chart, record.feeds(), record.settings(), str(pen.zone), pen.now_us, True)
        context = {**chart_context(chart, mar), "unlogged": False}
        assert complaints(_drawer().page("chart.html", context, frame_, pen).decode()) == []
    for unit in record.units():
        census = record.census(unit.unit)
        charts = {bed.patient: record.chart(bed.patient) for bed in census if bed.patient}
        request = PackRequest(
            unit=unit.unit, facility="Waterbury", as_of=record.as_of(), checkpoint_note="", census=census, draft=True,
            charts=tuple({chart.banner.patient: chart for chart in charts.values()}.values()),
            feeds=tuple(record.feeds()),
            printed_at_us=START_US + 9 * MINUTE, zone="America/New_York", sheet_key=bytes(32),
        )  # fmt: skip
        values = json.loads(_data(request))
        assert not HIDDEN.search(str(values).replace(BREAK, "")), "something hides on paper"


def check_request(data: bytes) -> None:
    """Any request gets a page of ours, never a failure: path, query, form, cookies and headers are what they are."""
    pages = _pages()
    parts = [*data.split(b"\n", 4), b"", b"", b"", b"", b""]
    method = "POST" if data[:1] == b"P" else "GET"
    path = "/" + parts[0].decode("utf-8", "replace").lstrip("/P")
    guest = pages.guests[len(data) % len(pages.guests)]
    guest.app, jar = pages.home.app, dict(guest.jar)
    if parts[2]:
        guest.jar[("__Host-codedark", "__Host-codedark-form", "x")[len(data) % 3]] = parts[2].decode("latin-1")
    fields = dict(pair.partition("=")[::2] for pair in parts[1].decode("utf-8", "replace").split("&"))
    try:
        got = guest.post(path, fields) if method == "POST" else guest.get(path, accept=parts[3].decode("latin-1"))
    finally:
        guest.jar = jar
    assert got.status < 500, f"{got.status} for {method} {path}"
    if got.headers.get("content-type", "").startswith("text/html"):
        assert complaints(got.text) == []
    assert "\n" not in got.place


class _Pages:
    """The rig's house and one guest of each role."""

    def __init__(self) -> None:
        self._house = house(Path(tempfile.mkdtemp(prefix="codedark-fuzz-", dir=SCRATCH)))
        self.home = self._house.__enter__()
        self.guests = [self.home.in_as(login) for login in ("physician", "nurse", "administrator", "privacy", "clerk")]
        self.guests.append(self.home.guest())


@cache
def _pages() -> _Pages:
    return _Pages()


def _requests() -> list[bytes]:
    unit, text = b"unit=4W&", b"text=MARLOWE"
    return [
        b"/units", b"/beds?unit=4W", b"/search", b"/worklist?page=2", b"/reads", b"/two-people", b"/help",
        b"P/search\n" + text, b"P/login\nlogin=nurse&password=x&next=/units\ncookie", b"P/lock\nnext=//evil.example/",
        b"P/envelope\n" + unit + b"code=AAAA-BBBB-CCCC&claimed=x&witness=y",
        b"/chart/" + b"a" * 36, b"P/print\n" + unit,
        b"P/two-people\ndeed=distrust&source=feed:lab&since=2026-01-01T00:00Z&until=1&reason=x",
        b"P/worklist\nitem=1&page=9",
        b"P/two-people\nproposal=x&answer=yes&seen=0", b"/static/x/style.css", b"/chart/..%2f..\n\n\ntext/html",
    ]  # fmt: skip


def _door_requests() -> list[bytes]:
    draft = ["hl7.received", 1, "feed:adt", b"payload", "facility", ["scope", "key"], 1]
    said: list[dict[str, Any]] = [
        {"op": "append", "drafts": [draft]}, {"op": "append", "drafts": [draft, [*draft[:6], 9]]}, {"op": "status"},
        {"op": "append", "drafts": [["k" * 300, 99999, "s" * 70_000, b"", "no such", None, 0]]}, {"op": "checkpoint"},
        {"op": "append", "drafts": [["\u00e9", -1, "s", b"", "facility", ["a" * 70_000, "b"], 0]]}, {"op": "nothing"},
    ]  # fmt: skip
    encoded = [msgspec.msgpack.encode(each) for each in said]
    return [b"\x01" + each for each in encoded] + [b"\x00" + struct.pack(">I", 4_000_000_000) + b"x"]


def _streams() -> list[bytes]:
    some = drill_messages()[:6]
    return [frame(some[0]), b"".join(map(frame, some)), b"junk" + frame(b"no head"), frame(b"x" * 120_000), some[2]]


_WORDS = (
    b"\n", b"&", b"=", b"%00", b"%0d%0a", b"//", b"..", b"?", b"P/", b"unit=", b"page=", b"next=", b"deed=",
    b"\x0b", b"\x1c\r",
    b"\rMSH|", b"|AL|NE", b"\x92", b"\xdc\x00\x10", b"\xc4\xff", b"\xa6append", b"\xa6drafts", b"\xff\xff\xff\xff",
    b"9" * 30,
    b'{"resourceType":"Observation","valueQuantity":{"value":1E+99999}}', b"1e999999999", b"0.0000000000000000001",
    b"\\.br\\",
)  # fmt: skip


def _lines() -> list[bytes]:
    return [*documents(), b"\n".join(documents())]


TARGETS = (
    Target("door", check_door, _door_requests, _WORDS, ("codedark.journal.door",)),
    Target("listener", check_listener, _streams, _WORDS, ("codedark.intake", "codedark.hl7")),
    Target("request", check_request, _requests, _WORDS, ("codedark.web",), weight=4),
    Target(
        "record-after-hl7", check_record_of_hl7, lambda: list(drill_messages()), _WORDS, ("codedark.views",), weight=10
    ),
    Target("record-after-fhir", check_record_of_fhir, _lines, _WORDS, ("codedark.views",), weight=10),
)
