"""Who has taken a copy, and whose word for it counts: pinned by two people, or shown and not counted."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

import pytest
from trust_rig import ADA, BEN, House, codedark, new_house

from codedark.clock import SeededClock, SystemClock
from codedark.entries import ConfigSet, draft_of
from codedark.errors import ActionRefused
from codedark.journal import NoteSigner, cosign, cosigned_at_us
from codedark.node import Layout, change_trust, cosigned, examine, open_node, pull_copy, standing, watch, witness_of
from codedark.node.packing import Plate, request_for
from codedark.node.watching import watch_finding
from codedark.paper import Copied
from codedark.views import WITNESS

DAY_US = 86_400_000_000


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = new_house(tmp_path / "node", people=True)
    made.hear(1, 2)
    return made


def pin(house: House, name: str, key: str) -> None:
    with open_node(house.folder) as node:
        change_trust(node, "pin_witness", {"name": name, "key": key, "reason": "second machine"}, ADA, BEN)
        node.fold()


def pinned_copy(house: House, copy: Path, at_us: int | None = None) -> str:
    """A copy taken by a pinned witness; its name."""
    name, key = _made(copy)
    pin(house, name, key)
    pull_copy(house.folder, copy, clock=SystemClock() if at_us is None else SeededClock(at_us))
    return name


def _made(copy: Path) -> tuple[str, str]:
    copy.mkdir()
    return witness_of(copy)


def finding(house: House) -> tuple[str, str]:
    found = watch_finding(standing(house.folder))
    return found.state, found.says


def cover(house: House) -> tuple[Copied | None, int]:
    with open_node(house.folder) as node:
        plate = Plate(node.config, bytes(32), 1, node.layout.journal)
        asked = request_for(node.record(), "4W", plate, "", node.clock, draft=True, printed_by="test")
    return asked.copied, asked.unpinned


def test_nobody_has_taken_a_copy_and_it_is_said(house: House) -> None:
    assert finding(house) == ("amber", "no second machine has taken a copy")
    assert [each.state for each in examine(house.folder) if each.what == "witness"] == ["amber"]
    assert cover(house) == (None, 0)
    assert "no second machine has taken a copy" in codedark("status", "-f", house.folder).out


def test_an_unpinned_cosignature_is_shown_and_does_not_count(house: House, tmp_path: Path) -> None:
    pull_copy(house.folder, tmp_path / "copy")
    state, says = finding(house)
    assert state == "amber"
    assert says.endswith("is not pinned: it does not count")
    assert cover(house) == (None, 1)
    assert cosigned(house.folder) is None
    assert "NOT PINNED" in codedark("status", "-f", house.folder).out


def test_a_pinned_cosignature_counts(house: House, tmp_path: Path) -> None:
    """The control of the test above: the same copy, once two people have pinned its key."""
    name = pinned_copy(house, tmp_path / "copy")
    assert finding(house)[0] == "green"
    copied, unpinned = cover(house)
    assert copied is not None
    assert (copied.witness, unpinned) == (name, 0)
    seen = cosigned(house.folder)
    assert seen is not None
    assert copied.size == seen.size > 2


def test_another_key_under_a_pinned_name_does_not_count(house: House, tmp_path: Path) -> None:
    name, _ = _made(tmp_path / "copy")
    pin(house, name, base64.b64encode(bytes(range(32))).decode())
    pull_copy(house.folder, tmp_path / "copy")
    assert cover(house) == (None, 1)


def test_a_cosignature_older_than_the_setting_is_amber(house: House, tmp_path: Path) -> None:
    pinned_copy(house, tmp_path / "copy", SystemClock().now_us() - 3 * DAY_US)
    state, says = finding(house)
    assert (state, says.endswith("72 h ago: longer than 24 h")) == ("amber", True)
    assert "last copied 3 d ago" in codedark("status", "-f", house.folder).out
    with open_node(house.folder) as node:
        node.append(draft_of(ConfigSet(key="record.witness_hours", value=100), source="node"))
        node.fold()
    assert finding(house)[0] == "green"


def test_a_witness_ahead_of_this_clock_makes_nothing_fresh(house: House, tmp_path: Path) -> None:
    pinned_copy(house, tmp_path / "copy", SystemClock().now_us() + DAY_US)
    state, says = finding(house)
    assert (state, says.endswith("when is not known")) == ("amber", True)


def test_the_time_of_a_cosignature_is_signed(house: House, tmp_path: Path) -> None:
    """Root on the node may rewrite the inbox; it cannot make an old copy look new."""
    pinned_copy(house, tmp_path / "copy", SystemClock().now_us() - 3 * DAY_US)
    (note,) = (Layout(house.folder).journal / "witness").glob("*.note")
    head, _, body = note.read_text().partition("\n")
    words = head.split(" ")
    words[4] = str(SystemClock().now_us())
    note.write_text(" ".join(words) + "\n" + body)
    assert finding(house)[1].endswith("72 h ago: longer than 24 h")


def test_one_person_pins_nothing_and_neither_does_an_entry_alone(house: House, tmp_path: Path) -> None:
    name, key = _made(tmp_path / "copy")
    with open_node(house.folder) as node:
        with pytest.raises(ActionRefused):
            change_trust(node, "pin_witness", {"name": name, "key": key, "reason": "mine"}, ADA, ADA)
        node.append(draft_of(ConfigSet(key=WITNESS + name, value=key), source="node"))
        node.fold()
        record = node.record()
        assert record.witnesses() == {}
        assert any("pins what no two people decided" in item.reason for item in record.worklist())


def test_a_witness_is_unpinned_by_two_people(house: House, tmp_path: Path) -> None:
    name = pinned_copy(house, tmp_path / "copy")
    with open_node(house.folder) as node:
        change_trust(node, "pin_witness", {"name": name, "reason": "stolen"}, ADA, BEN)
        node.fold()
        assert node.record().witnesses() == {}
    assert finding(house)[0] == "amber"


def test_pull_prints_its_key_once_and_verify_takes_it(house: House, tmp_path: Path) -> None:
    copy, words = tmp_path / "copy", tmp_path / "password"
    words.write_text(ADA[1])
    first = codedark("journal", "pull", house.folder, copy)
    name, key = witness_of(copy)
    assert f"codedark trust pin {name} {key}" in first.err
    assert "trust pin" not in codedark("journal", "pull", house.folder, copy).err
    assert codedark("journal", "verify", "--witness", "-f", house.folder).code == 3
    assert codedark("journal", "verify", "--witness-key", key, "-f", house.folder).code == 0
    people = ["--as", "ada", "--with", "ben", "--as-password-file", words, "--with-password-file", words]
    assert codedark("trust", "pin", name, key, "-f", house.folder, *people).code == 0
    done = codedark("journal", "verify", "--witness", "--json", "-f", house.folder)
    assert (done.code, done.object["witness"]["name"]) == (0, name)
    (row,) = json.loads(codedark("trust", "witnesses", "--json", "-f", house.folder).out)["witnesses"]
    assert (row["name"], row["key"], row["pinned"]) == (name, key, True)


def test_verify_finds_a_history_that_its_witness_did_not_see(house: House, tmp_path: Path) -> None:
    pinned_copy(house, tmp_path / "copy")
    older = House(tmp_path / "older", house.cards)
    shutil.copytree(house.folder, older.folder)
    house.hear(3)
    pull_copy(house.folder, tmp_path / "copy")
    older.hear(4)
    shutil.copytree(
        Layout(house.folder).journal / "witness", Layout(older.folder).journal / "witness", dirs_exist_ok=True
    )
    assert codedark("journal", "verify", "-f", older.folder).code == 3  # the control: alone it is consistent
    assert codedark("journal", "verify", "--witness", "-f", older.folder).code == 23


def test_a_fork_is_red_whoever_proves_it(house: House, tmp_path: Path) -> None:
    found = standing(house.folder) | {"witnesses": [{"name": "w", "size": 9, "at_us": 0, "agrees": False}]}
    assert watch_finding(found).state == "red"


def test_a_cosignature_is_that_of_the_published_format() -> None:
    """c2sp.org/tlog-cosignature: key id of type 4, eight bytes of seconds, and a signature over text with the time."""
    signer = NoteSigner("witness.example.com/w1", bytes(32))
    note = NoteSigner("log", b"l" * 32).checkpoint(7, bytes(32))
    seen = cosign(cosign(note, signer, 1), signer, 1_679_315_147)
    blob = base64.b64decode(seen.splitlines()[-1].split(" ")[-1])
    assert len(blob) == 4 + 8 + 64
    assert blob[4:12] == (1_679_315_147).to_bytes(8, "big")
    assert seen.count("witness.example.com/w1") == 1
    assert cosigned_at_us(seen, signer.name, signer.public_key) == 1_679_315_147_000_000
    assert cosigned_at_us(seen.replace("\n7\n", "\n8\n"), signer.name, signer.public_key) is None
    forged = base64.b64encode(blob[:11] + b"\xff" + blob[12:]).decode()
    assert cosigned_at_us(seen.replace(base64.b64encode(blob).decode(), forged), signer.name, signer.public_key) is None


def test_a_journal_without_notes_has_no_witness(house: House) -> None:
    seen = watch(Layout(house.folder).journal, {})
    assert (seen.newest, seen.unpinned, seen.forks, seen.pins) == (None, (), (), 0)
