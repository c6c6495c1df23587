"""Founding: the cards reach somebody, the seed reaches nobody, and nothing is ever overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from codedark.access import RootSeed, load_node_keys
from codedark.clock import SeededChance, SeededClock
from codedark.errors import ConfigError
from codedark.journal import JournalReader
from codedark.node import Config, Facility, Feed, Node, found


def _config(demo: bool = False) -> Config:
    facility = Facility(id="waterbury", name="Waterbury", zone="America/New_York", code="WTB")
    return Config(facility=facility, node=Node(demo=demo), feed=(Feed(name="ehr", port=2575),))


def test_any_three_cards_restore_what_the_node_was_made_from(
    tmp_path: Path, clock: SeededClock, chance: SeededChance
) -> None:
    done = found(tmp_path / "n", _config(), clock, chance)
    seed = RootSeed.from_shares([done.cards[0], done.cards[2], done.cards[4]])
    assert seed.age_identity("facility", "waterbury") == load_node_keys(tmp_path / "n").facility_secret


def test_no_card_of_a_real_node_is_on_its_disk(tmp_path: Path, clock: SeededClock, chance: SeededChance) -> None:
    done = found(tmp_path / "n", _config(), clock, chance)
    words = [" ".join(card.split()[4:8]).encode() for card in done.cards]
    files = [path.read_bytes() for path in (tmp_path / "n").rglob("*") if path.is_file()]
    assert not any(word in data for word in words for data in files)


def test_a_demo_node_keeps_its_cards_in_a_file(tmp_path: Path, clock: SeededClock, chance: SeededChance) -> None:
    """The control of the test above."""
    done = found(tmp_path / "n", _config(demo=True), clock, chance)
    files = [path.read_bytes() for path in (tmp_path / "n").rglob("*") if path.is_file()]
    assert any(done.cards[0].encode() in data for data in files)


def test_cards_that_nobody_took_make_no_node(tmp_path: Path, clock: SeededClock, chance: SeededChance) -> None:
    def refuse(cards: tuple[str, ...]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        found(tmp_path / "n", _config(), clock, chance, shown=refuse)
    assert not (tmp_path / "n").exists()


def test_a_folder_with_anything_in_it_is_refused(tmp_path: Path, clock: SeededClock, chance: SeededChance) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(ConfigError, match="is not empty"):
        found(tmp_path, _config(), clock, chance)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_the_journal_begins_with_the_settings_that_folding_needs(
    tmp_path: Path, clock: SeededClock, chance: SeededChance
) -> None:
    done = found(tmp_path / "n", _config(), clock, chance)
    reader = JournalReader.open(tmp_path / "n" / "journal")
    assert reader.counts()["config.set"] == done.settings
    reader.close()


def test_what_a_node_keeps_is_closed_to_others(tmp_path: Path, clock: SeededClock, chance: SeededChance) -> None:
    found(tmp_path / "n", _config(), clock, chance)
    keys = list((tmp_path / "n" / "keys").iterdir())
    assert {path.stat().st_mode & 0o077 for path in [tmp_path / "n", tmp_path / "n" / "keys", *keys]} == {0}
