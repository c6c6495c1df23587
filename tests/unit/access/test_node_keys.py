"""The files in FOLDER/keys: made once, closed to others, restored as a new incarnation."""

from __future__ import annotations

from pathlib import Path

import pytest

from codedark.access import KeysAtRest, RootSeed, create_node_keys, load_node_keys, restore_node_keys
from codedark.clock import SeededChance, SeededClock
from codedark.errors import ConfigError
from codedark.journal import EpochKeys, Journal, JournalReader

SECRET = bytes(range(32))


def made(folder: Path, clock: SeededClock, chance: str = "node", facility: str = "waterbury") -> Path:
    create_node_keys(folder, RootSeed(SECRET), facility, clock, SeededChance(chance))
    return folder


def test_every_key_file_is_closed_to_others(tmp_path: Path, clock: SeededClock) -> None:
    made(tmp_path, clock)
    keys = tmp_path / "keys"
    assert keys.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in keys.iterdir()} == {0o600}


def test_a_key_file_open_to_others_is_refused(tmp_path: Path, clock: SeededClock) -> None:
    made(tmp_path, clock)
    (tmp_path / "keys" / "facility.key").chmod(0o640)
    with pytest.raises(ConfigError, match="read by others"):
        load_node_keys(tmp_path)


def test_keys_are_never_overwritten(tmp_path: Path, clock: SeededClock) -> None:
    made(tmp_path, clock)
    before = {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()}
    with pytest.raises(ConfigError, match="already holds keys"):
        made(tmp_path, clock, chance="again")
    assert {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()} == before


def test_an_empty_keys_folder_is_filled(tmp_path: Path, clock: SeededClock) -> None:
    (tmp_path / "keys").mkdir()
    assert load_node_keys(made(tmp_path, clock)).facility == "waterbury"


def test_the_statement_is_endorsed_by_the_adoption_key(tmp_path: Path, clock: SeededClock) -> None:
    keys, statement = create_node_keys(tmp_path, RootSeed(SECRET), "waterbury", clock, SeededChance("node"))
    assert statement.is_endorsed_by(keys.adoption_public)
    other = RootSeed(bytes(32)).adoption_key("waterbury").public_key().public_bytes_raw()
    assert not statement.is_endorsed_by(other)


def test_two_incarnations_of_one_seed_sign_with_different_keys(tmp_path: Path, clock: SeededClock) -> None:
    one = load_node_keys(made(tmp_path / "one", clock, "one"))
    two = load_node_keys(made(tmp_path / "two", clock, "two"))
    assert one.signing_key != two.signing_key
    assert one.facility_secret == two.facility_secret


def test_derived_keys_are_all_different(tmp_path: Path, clock: SeededClock) -> None:
    keys = load_node_keys(made(tmp_path, clock))
    assert len({keys.mac_key, keys.views_key, keys.cookie_key, keys.sheet_key, keys.signing_key}) == 5


def test_no_secret_shows_when_keys_are_printed(tmp_path: Path, clock: SeededClock) -> None:
    keys = load_node_keys(made(tmp_path, clock))
    assert keys.facility_secret not in repr(keys)
    assert "signing_key" not in repr(keys)


def test_restore_from_three_cards_reads_old_paper_and_starts_a_new_incarnation(
    tmp_path: Path, clock: SeededClock
) -> None:
    old = load_node_keys(made(tmp_path / "old", clock))
    cards = RootSeed(SECRET).shares(SeededChance("cards"))
    new, statement = restore_node_keys(
        tmp_path / "new", cards[2:], "waterbury", clock, SeededChance("new"), cites="ab/7/cd"
    )
    assert (new.sheet_key, new.facility_secret, new.escrow_public) == (
        old.sheet_key,
        old.facility_secret,
        old.escrow_public,
    )
    assert new.signing_key != old.signing_key
    assert statement.cites == "ab/7/cd"


def test_a_restored_node_is_not_endorsed_until_it_is_adopted(tmp_path: Path, clock: SeededClock) -> None:
    cards = RootSeed(SECRET).shares(SeededChance("cards"))
    keys, statement = restore_node_keys(tmp_path, cards, "waterbury", clock, SeededChance("new"), cites="ab/7/cd")
    assert not statement.is_endorsed_by(keys.adoption_public)


def test_an_older_generation_still_reads_its_paper(tmp_path: Path, clock: SeededClock) -> None:
    first = load_node_keys(made(tmp_path / "first", clock))
    cards = RootSeed(SECRET).shares(SeededChance("cards"))
    later, _ = restore_node_keys(
        tmp_path / "later", cards, "waterbury", clock, SeededChance("new"), cites="ab/7/cd", generation=2
    )
    assert later.facility_secret != first.facility_secret
    assert later.sheet_key != first.sheet_key
    assert later.sheet_keys[1] == first.sheet_key
    assert later.mac_key == first.mac_key


def test_a_bound_credential_is_preferred_to_the_file(tmp_path: Path, clock: SeededClock) -> None:
    made(tmp_path, clock)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (tmp_path / "keys" / "facility.key").rename(credentials / "facility.key")
    assert load_node_keys(tmp_path, credentials).at_rest is KeysAtRest.CREDENTIAL


def test_a_plain_file_says_that_it_is_one(tmp_path: Path, clock: SeededClock) -> None:
    assert load_node_keys(made(tmp_path, clock), tmp_path / "none").at_rest is KeysAtRest.FILE


@pytest.mark.parametrize("name", ["facility.key", "origin.key"])
def test_a_missing_key_file_is_named(tmp_path: Path, clock: SeededClock, name: str) -> None:
    made(tmp_path, clock)
    (tmp_path / "keys" / name).unlink()
    with pytest.raises(ConfigError, match=name):
        load_node_keys(tmp_path)


@pytest.mark.parametrize("name", ["facility.key", "origin.key"])
def test_a_damaged_key_file_is_refused(tmp_path: Path, clock: SeededClock, name: str) -> None:
    path = made(tmp_path, clock) / "keys" / name
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(ConfigError):
        load_node_keys(tmp_path)


def test_keys_of_two_facilities_are_not_mixed(tmp_path: Path, clock: SeededClock) -> None:
    made(tmp_path / "a", clock)
    made(tmp_path / "b", clock, facility="rockville")
    (tmp_path / "b/keys/facility.key").write_bytes((tmp_path / "a/keys/facility.key").read_bytes())
    with pytest.raises(ConfigError, match="two facilities"):
        load_node_keys(tmp_path / "b")


@pytest.mark.parametrize("opener", ["facility", "escrow"])
def test_what_the_journal_seals_opens_with_facility_and_with_escrow_key(
    tmp_path: Path, clock: SeededClock, opener: str
) -> None:
    keys = load_node_keys(made(tmp_path, clock))
    Journal.create(tmp_path / "journal", keys.statement, keys.sealing(), clock, SeededChance("j")).close()
    escrow = RootSeed(SECRET).age_identity("escrow", "waterbury")
    identity = keys.facility_secret if opener == "facility" else escrow
    reader = JournalReader.open(tmp_path / "journal", EpochKeys(tmp_path / "journal/epochs", [identity]))
    assert "origin.opened" in {entry.kind for entry in reader.read(-1)}
    reader.close()
