"""A whole node on a small file system, flooded over MLLP until nothing fits any more.

No acknowledgment for what is not kept; a dose by a person is recorded from the reserve; when that is gone too, charts
open under *unlogged reading* and the gap becomes an entry; with space back it goes on by itself. The control has no
reserve: there the dose fails.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from node_rig import PATIENCE_S, Running, codedark, message, new_node
from soak_sizes import OBX_MB, OPENED, recorded

from codedark.entries import FactsRecorded, payload_of
from codedark.entries import draft_of as draft
from codedark.errors import AppendFailed
from codedark.hl7 import frame, peek
from codedark.journal import DoorClient, verify
from codedark.node import open_node
from codedark_drill.visitor import Visitor

SIZE, BALLAST = (60 + 4 * OBX_MB) << 20, (40 + OBX_MB) << 20
SIZES = (OBX_MB << 20, 1 << 20, 100_000, 10_000, 2_000)
"""Bytes of an OBX: the largest first, so that what is left at the end has no room for anything."""
WORDS = "four unrelated words"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 76 MiB, in a soak of 140."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("DID NOT RUN: mounting a small file system needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@dataclass
class Flooded:
    """A running node on a full disk, and what its senders know."""

    folder: Path
    node: Running
    acknowledged: list[str] = field(default_factory=list)
    refused: list[bytes] = field(default_factory=list)
    patient: str = ""
    port: int = 0

    def offer(self, data: bytes) -> bool:
        """Send one message on a connection of its own; whether it was acknowledged."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as wire:
            heard = b""
            try:
                wire.sendall(frame(data))
                while b"\x1c\r" not in heard:
                    more = wire.recv(65536)
                    if not more:
                        break
                    heard += more
            except ConnectionError:
                heard = b""
        if b"MSA|AA|" not in heard:
            return False
        self.acknowledged.append(peek(data).control_id)
        return True

    def flood(self) -> None:
        """Until nothing of any size is taken any more."""
        number = 100
        for size in SIZES:
            while True:
                number += 1
                data = message(number) + b"OBX|1|ED|PDF||^^^Base64^" + os.urandom(size // 2).hex().encode() + b"\r"
                if not self.offer(data):
                    self.refused.append(data)
                    break
        self.rest("rest")

    def rest(self, name: str) -> None:
        """Take the last bytes, so that no other file grows either."""
        with suppress(OSError), (self.folder.parent / name).open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass

    def dose(self, number: int) -> int:
        """A dose that a nurse gave, with a long note, recorded through the door; its position. Raises AppendFailed.

        The note is longer than what a refused message leaves unused in SQLite's log."""
        dose = {
            "resourceType": "MedicationAdministration", "id": f"paper-{number}", "status": "completed",
            "subject": {"reference": f"Patient/{self.patient}"},
            "medicationCodeableConcept": {"text": "Morphine"}, "effectiveDateTime": "2026-11-24T03:20:00-05:00",
            "dosage": {"dose": {"value": 2, "unit": "mg"}},
            "note": [{"text": os.urandom(50_000).hex()}],
        }  # fmt: skip
        door = DoorClient(self.node.layout.door)
        try:
            said = FactsRecorded(person="p1", resources=[json.dumps(dose)])
            return door.append(draft(said, source="person:p1")).position
        finally:
            door.close()

    def spend(self) -> int:
        """People's notes, the largest first, until not even the smallest is kept; how many were."""
        kept, door = 0, DoorClient(self.node.layout.door)
        for size in SIZES[1:]:
            with suppress(AppendFailed):
                while True:
                    note = {"resourceType": "Basic", "id": "note", "implicitRules": os.urandom(size // 2).hex()}
                    door.append(draft(FactsRecorded(person="p1", resources=[json.dumps(note)]), source="person:p1"))
                    kept += 1
        door.close()
        return kept


def until(done: Callable[[], bool], within_s: float) -> float:
    """Wait; returns the seconds it took."""
    begun = time.monotonic()
    while not done():
        assert time.monotonic() - begun < within_s
        time.sleep(0.1)
    return time.monotonic() - begun


@contextmanager
def flooded(small: Path, *, reserve: bool) -> Iterator[Flooded]:
    """A node that was founded with a nurse and a patient, and is full."""
    words = small / "words"
    words.write_text(WORDS)
    folder = new_node(small / "node", "--administrator", "admin", "--password-file", str(words))
    enrolled = codedark(
        "person", "add", "nurse", "--name", "A Nurse", "--role", "physician", "--as", "admin", "--password-file",
        words, "--as-password-file", words, "-f", folder,
    )  # fmt: skip
    assert enrolled.code == 0, enrolled.err
    text = (folder / "codedark.toml").read_text().replace("every_min = 15", "every_min = 0")
    (folder / "codedark.toml").write_text(text.replace("frame_limit = 33554432", f"frame_limit = {40 << 20}"))
    if not reserve:
        (folder / "journal/reserve").unlink(missing_ok=True)
        (folder / "journal/reserve").mkdir()  # it cannot be held
    (small / "ballast").write_bytes(bytes(BALLAST))
    node = Running(folder, "serve")
    try:
        one = Flooded(folder, node, port=node.port)
        node.wait_for("pages open")
        assert one.offer(message(1))
        yield one
    finally:
        if node.process.poll() is None:
            node.kill()


def look(nurse: Visitor, path: str) -> tuple[int, bool, bool]:
    """Open a page, on a new connection when the kept one was closed for idling: status, unlogged, shows the patient."""
    try:
        status = nurse.get(path)
    except ConnectionError:
        status = nurse.get(path)
    return status, b"UNLOGGED READING" in nurse._page, b"MARLOWE" in nurse._page


def at_the_ward(one: Flooded) -> Visitor:
    """A nurse who has logged in and sees the patient."""
    port = json.loads(json.dumps(one.node.wait_for("pages open")[0]))["port"]
    nurse = Visitor(f"https://localhost:{port}", one.folder)
    until(lambda: nurse.get("/login") == 200, PATIENCE_S)
    assert nurse.log_in("nurse", WORDS)
    until(lambda: nurse.get("/beds?unit=4W") == 200 and bool(nurse.first_link("/chart/")), PATIENCE_S)
    one.patient = nurse.first_link("/chart/").removeprefix("/chart/")
    return nurse


def test_a_full_disk_stops_no_care_and_ends_by_itself(small: Path) -> None:
    with recorded("a node on a full disk") as said, flooded(small, reserve=True) as one:
        nurse = at_the_ward(one)
        chart = f"/chart/{one.patient}"
        one.flood()
        position = one.dose(1)
        assert not one.offer(message(99_001))

        said["deeds kept from the reserve"] = 1 + one.spend()
        one.rest("rest of the reserve")
        until(lambda: look(nurse, chart) == (200, True, True), 4 * PATIENCE_S)
        pages = [look(nurse, chart) for _ in range(OPENED)]
        assert set(pages) == {(200, True, True)}
        with pytest.raises(AppendFailed):
            one.dose(2)

        for name in ("ballast", "rest", "rest of the reserve"):
            (small / name).unlink(missing_ok=True)
        resumed_s = until(lambda: one.offer(one.refused[0]), 30.0)
        until(lambda: look(nurse, chart) == (200, False, True), 30.0)
        one.dose(3)
        until(lambda: look(nurse, chart)[0] == 200 and b"Morphine" in nurse._page, PATIENCE_S)
        assert one.node.stop() == 0
        kept, gap = record(one.folder)
        said |= {"done": len(pages), "acknowledged": len(one.acknowledged), "refused": len(one.refused) + 1,
                 "lost": len(set(one.acknowledged) - kept), "unlogged readings in the gap's entry": gap,
                 "resumed after s": round(resumed_s, 1)}  # fmt: skip
    assert set(one.acknowledged) == kept
    assert gap >= OPENED
    assert position > 0
    assert verify(one.folder / "journal").ok


def record(folder: Path) -> tuple[set[str], int]:
    """Control ids of what is kept, and how many readings the gap's entries count."""
    with open_node(folder) as node:
        reader = node.reader()
        entries, after = [], -1
        while batch := reader.read(after, 50):
            entries += [e for e in batch if e.kind in ("hl7.received", "reading.unlogged")]
            after = batch[-1].position
        reader.close()
    kept = {peek(e.payload).control_id for e in entries if e.kind == "hl7.received"}
    return kept, sum(payload_of(e).count for e in entries if e.kind == "reading.unlogged")


def test_without_the_reserve_the_dose_fails(small: Path) -> None:
    with flooded(small, reserve=False) as one:
        at_the_ward(one)
        one.flood()
        with pytest.raises(AppendFailed):
            one.dose(1)
