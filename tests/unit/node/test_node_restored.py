"""A node again from a copy and three cards: the same record, a new origin, not adopted until two people say so."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from node_rig import codedark, message, new_node, running, say

from codedark.access import load_node_keys
from codedark.journal import SPAN, split_place
from codedark.node import Layout, open_node, open_reader, pull_copy
from codedark.node.folding import take_snapshot
from codedark.views import Adopted, ViewStore, digest

PASSWORD = "four unrelated words here"


def patients(folder: Path, numbers: range, tmp_path: Path) -> None:
    path = tmp_path / "messages.hl7"
    path.write_bytes(b"".join(message(number) for number in numbers))
    done = codedark("import", path, "-f", folder)
    assert done.code == 0, done.err


@pytest.fixture
def lost(tmp_path: Path) -> Path:
    """A node with thirty patients and two administrators."""
    folder = new_node(tmp_path / "lost")
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    for login in ("ada", "ben"):
        more = () if login == "ada" else ("--as", "ada", "--as-password-file", password)
        named = ("--name", login, "--role", "administrator", "--password-file", password)
        done = codedark("person", "add", login, *named, *more, "-f", folder)
        assert done.code == 0, done.err
    patients(folder, range(1, 31), tmp_path)
    return folder


def cards(folder: Path, tmp_path: Path, which: tuple[int, ...] = (1, 3, 5)) -> Path:
    lines = [line for line in (folder / "keys/DEMO-CARDS.txt").read_text().splitlines() if line[:1].isdigit()]
    path = tmp_path / f"cards-{''.join(map(str, which))}"
    path.write_text("\n".join(lines[number - 1] for number in which))
    return path


def digest_of(folder: Path) -> str:
    with open_node(folder) as node:
        return digest(node.record().store)


def restore(source: Path, folder: Path, cards_file: Path, *more: str | Path) -> object:
    return codedark("restore", source, "-f", folder, "--cards-file", cards_file, "--json", *more)


def test_a_restore_from_a_pulled_copy_has_the_digest_from_before_the_loss(lost: Path, tmp_path: Path) -> None:
    before = digest_of(lost)
    pull_copy(lost, tmp_path / "copy")
    done = restore(tmp_path / "copy", tmp_path / "new", cards(lost, tmp_path))
    assert done.code == 0, done.err
    assert digest_of(tmp_path / "new") == before


def test_a_restore_from_an_export_has_the_digest_from_before_the_loss(lost: Path, tmp_path: Path) -> None:
    before = digest_of(lost)
    assert codedark("journal", "export", tmp_path / "x.cdj", "-f", lost).code == 0
    done = restore(tmp_path / "x.cdj", tmp_path / "new", cards(lost, tmp_path))
    assert done.code == 0, done.err
    assert digest_of(tmp_path / "new") == before


def test_a_restored_node_goes_on_in_a_new_origin_that_cites_the_old_head(lost: Path, tmp_path: Path) -> None:
    done = restore(lost, tmp_path / "new", cards(lost, tmp_path))
    assert done.code == 0, done.err
    patients(tmp_path / "new", range(31, 33), tmp_path)
    old, new = open_reader(Layout(lost), load_node_keys(lost)), Layout(tmp_path / "new")
    record = open_reader(new, load_node_keys(new.root))
    head = old.current.checkpoint()
    assert head is not None
    assert record.statements[1].cites == f"{record.statements[0].id.hex()}/{head.size}/{head.root.hex()}"
    assert record.statements[1].public_key != record.statements[0].public_key
    with open_node(new.root) as node:
        found = node.record()
        assert split_place(found.as_of().position)[0] == 1
        assert len(found.patients()) == 32


def test_a_second_restore_still_has_the_same_digest(lost: Path, tmp_path: Path) -> None:
    assert restore(lost, tmp_path / "two", cards(lost, tmp_path)).code == 0
    patients(tmp_path / "two", range(31, 33), tmp_path)
    before = digest_of(tmp_path / "two")
    pull_copy(tmp_path / "two", tmp_path / "copy")
    done = restore(tmp_path / "copy", tmp_path / "three", cards(lost, tmp_path))
    assert done.code == 0, done.err
    assert digest_of(tmp_path / "three") == before
    assert len(open_reader(Layout(tmp_path / "three"), load_node_keys(tmp_path / "three")).statements) == 3


def test_two_cards_restore_nothing(lost: Path, tmp_path: Path) -> None:
    assert restore(lost, tmp_path / "new", cards(lost, tmp_path, (2, 4))).code == 40
    assert not (tmp_path / "new" / "codedark.toml").exists()
    assert not (tmp_path / "new" / "keys").exists()


def test_cards_of_another_facility_restore_nothing(lost: Path, tmp_path: Path) -> None:
    other = new_node(tmp_path / "other")
    assert restore(lost, tmp_path / "new", cards(other, tmp_path)).code == 40


def test_a_restore_that_does_not_match_a_given_checkpoint_is_refused(lost: Path, tmp_path: Path) -> None:
    pull_copy(lost, tmp_path / "copy")
    patients(lost, range(31, 33), tmp_path)
    newer = tmp_path / "newer.note"
    newer.write_text(codedark("journal", "checkpoint", "-f", lost).out)
    assert restore(tmp_path / "copy", tmp_path / "new", cards(lost, tmp_path), "--checkpoint", newer).code == 23
    done = restore(lost, tmp_path / "whole", cards(lost, tmp_path), "--checkpoint", newer)
    assert "matches checkpoint" in done.object["witnessed"]


def test_a_restored_node_ships_only_after_two_people_and_three_cards(lost: Path, tmp_path: Path) -> None:
    given = cards(lost, tmp_path)
    assert restore(lost, tmp_path / "new", given).code == 0
    with open_node(tmp_path / "new") as node:
        assert not node.record().adoption().may_ship
    password = tmp_path / "password"
    people = ("--as-password-file", password, "--with-password-file", password)
    alone = codedark("adopt", "--as", "ada", "--with", "ada", *people, "--cards-file", given, "-f", tmp_path / "new")
    assert alone.code == 40
    done = codedark("adopt", "--as", "ada", "--with", "ben", *people, "--cards-file", given, "-f", tmp_path / "new")
    assert done.code == 0, done.err
    with open_node(tmp_path / "new") as node:
        stands = node.record().adoption()
    assert stands.state is Adopted.ADOPTED
    assert len(set(stands.people)) == 2


def test_two_people_without_the_facilitys_cards_adopt_nothing(lost: Path, tmp_path: Path) -> None:
    assert restore(lost, tmp_path / "new", cards(lost, tmp_path)).code == 0
    password, foreign = tmp_path / "password", cards(new_node(tmp_path / "other"), tmp_path)
    people = ("--as-password-file", password, "--with-password-file", password)
    done = codedark("adopt", "--as", "ada", "--with", "ben", *people, "--cards-file", foreign, "-f", tmp_path / "new")
    assert done.code == 40
    with open_node(tmp_path / "new") as node:
        assert not node.record().adoption().may_ship


def test_a_first_node_may_ship_from_its_founding(lost: Path) -> None:
    with open_node(lost) as node:
        assert node.record().adoption().state is Adopted.FOUNDED


def test_a_restore_with_a_snapshot_folds_only_the_tail(lost: Path, tmp_path: Path) -> None:
    layout = Layout(lost)
    store = ViewStore.open(layout.views, load_node_keys(lost).views_key)
    take_snapshot(layout, store)
    store.close()
    patients(lost, range(31, 34), tmp_path)
    before = digest_of(lost)
    pull_copy(lost, tmp_path / "copy")
    done = restore(tmp_path / "copy", tmp_path / "new", cards(lost, tmp_path))
    assert done.code == 0, done.err
    shutil.rmtree(tmp_path / "copy" / "snapshots")
    whole = restore(tmp_path / "copy", tmp_path / "slow", cards(lost, tmp_path))
    assert done.object["folded"] < 20 < whole.object["folded"]
    assert digest_of(tmp_path / "new") == digest_of(tmp_path / "slow") == before


def test_a_snapshot_of_another_history_is_not_believed(lost: Path, tmp_path: Path) -> None:
    pull_copy(lost, tmp_path / "copy")
    before = digest_of(lost)
    patients(lost, range(31, 34), tmp_path)
    layout = Layout(lost)
    with open_node(lost) as node:
        node.fold()
    store = ViewStore.open(layout.views, load_node_keys(lost).views_key)
    take_snapshot(layout, store)
    store.close()
    (tmp_path / "copy" / "snapshots").mkdir()
    shutil.copy(layout.snapshot, tmp_path / "copy" / "snapshots" / "views.snapshot")
    done = restore(tmp_path / "copy", tmp_path / "new", cards(lost, tmp_path))
    assert done.code == 0, done.err
    assert digest_of(tmp_path / "new") == before


def test_a_closed_chain_that_was_exchanged_is_found(lost: Path, tmp_path: Path) -> None:
    assert restore(lost, tmp_path / "new", cards(lost, tmp_path)).code == 0
    (closed,) = (tmp_path / "new" / "origins").iterdir()
    other = new_node(tmp_path / "other")
    shutil.rmtree(closed)
    shutil.copytree(other / "journal", closed)
    assert codedark("status", "-f", tmp_path / "new").code == 22


def test_places_of_the_second_origin_begin_at_two_to_the_forty(lost: Path, tmp_path: Path) -> None:
    assert restore(lost, tmp_path / "new", cards(lost, tmp_path)).code == 0
    done = json.loads(codedark("status", "-f", tmp_path / "new", "--json").out)
    assert done["fold"]["position"] >= SPAN
    assert done["fold"]["behind"] == 0


def test_a_restored_node_hears_its_feeds_before_anybody_adopted_it(lost: Path, tmp_path: Path) -> None:
    assert restore(lost, tmp_path / "new", cards(lost, tmp_path)).code == 0
    with running(tmp_path / "new") as node:
        assert say(node.events("listening")[0]["port"], message(500)) == ["AA"]
        shown = codedark("status", "-f", tmp_path / "new").out
    assert "NOT ADOPTED" in shown
    with open_node(tmp_path / "new") as node:
        assert len(node.record().patients()) == 31
