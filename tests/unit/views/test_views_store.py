"""The views file: encrypted whole, named for its fold version, swapped without a gap."""

from __future__ import annotations

import shutil
from pathlib import Path

import apsw
import pytest
from views_tape import KEY, Views, patient, spoken, stay

from codedark.entries import ConfigSet
from codedark.errors import CannotUnseal, ChainBroken, NotFound
from codedark.views import Fold, Record, ViewStore, digest, fold_version, restore, snapshot


def _everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_no_patient_name_lies_in_the_file_in_plain(views: Views, tmp_path: Path) -> None:
    views.tape.facts(patient("p1", "Marlowe-Quist"), stay("e1", "p1", "4W^01^A"))
    assert views.caught_up().chart("p1").banner.name == "MARLOWE-QUIST, Ada"
    views.store.close()
    raw = _everything(tmp_path / "views")
    assert b"arlowe-Quist" not in raw
    assert b"SQLite format 3" not in raw


def test_control_the_same_rows_without_a_key_do_lie_in_plain(tmp_path: Path) -> None:
    db = apsw.Connection(str(tmp_path / "plain.db"))
    db.execute("CREATE TABLE t(x)")
    db.execute("INSERT INTO t VALUES('Marlowe-Quist')")
    db.close()
    assert b"arlowe-Quist" in _everything(tmp_path)


def test_another_key_does_not_open_the_file(views: Views) -> None:
    views.caught_up()
    views.store.close()
    with pytest.raises(CannotUnseal):
        ViewStore.open(views.store.folder, bytes(32))


def test_no_key_does_not_open_the_file(views: Views) -> None:
    views.caught_up()
    views.store.close()
    with pytest.raises(apsw.NotADBError):
        apsw.Connection(str(views.store.path)).execute("SELECT * FROM meta").fetchall()


def test_every_pragma_is_in_force(views: Views) -> None:
    db = views.store.writer()
    read = {name: db.execute(f"PRAGMA {name}").get for name in ("cipher", "journal_mode", "synchronous", "temp_store")}
    assert read == {"cipher": "chacha20", "journal_mode": "wal", "synchronous": 1, "temp_store": 2}


def test_the_stock_library_is_not_what_is_installed() -> None:
    assert apsw.Connection(":memory:").execute("PRAGMA cipher='chacha20'").get == "chacha20"


def test_a_reader_cannot_write(views: Views) -> None:
    with pytest.raises(apsw.ReadOnlyError):
        views.store.reader().execute("DELETE FROM meta")


def test_reading_before_anything_was_folded_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        ViewStore.open(tmp_path / "none", KEY, readonly=True)


def test_the_file_is_named_for_its_fold_version(views: Views) -> None:
    assert views.store.path.name == f"{fold_version({})}.db"
    assert fold_version({"facility.zone": "Europe/Paris"}) != fold_version({})
    assert fold_version({}, mapping="another") != fold_version({})


def test_a_setting_that_only_names_things_keeps_the_fold_version() -> None:
    assert fold_version({"facility.name": "Waterbury", "feed.adt.expected_s": 60}) == fold_version({})


def test_settings_said_first_need_no_second_passage(views: Views) -> None:
    views.tape.say(ConfigSet(key="facility.zone", value="America/New_York"))
    views.tape.facts(patient("p1", "Marlowe"))
    record = views.caught_up()
    assert views.store.fold == fold_version({"facility.zone": "America/New_York"})
    assert record.site().zone == "America/New_York"
    assert [path.name for path in views.store.folder.glob("*.db")] == [views.store.path.name]


def test_a_new_fold_version_swaps_in_and_an_open_record_follows(views: Views) -> None:
    views.tape.facts(patient("p1", "Marlowe"))
    elsewhere = Record(ViewStore.open(views.store.folder, KEY, readonly=True))
    views.caught_up()
    assert elsewhere.as_of().fold == fold_version({})
    views.tape.say(ConfigSet(key="facility.zone", value="America/New_York"))
    views.tape.facts(patient("p2", "Okafor"))
    views.caught_up()
    assert elsewhere.as_of().fold == fold_version({"facility.zone": "America/New_York"})
    assert elsewhere.chart("p2").banner.name == "OKAFOR, Ada"
    assert len(list(views.store.folder.glob("*.db"))) == 1


def test_the_old_version_is_served_until_the_new_one_has_caught_up(views: Views) -> None:
    views.tape.facts(patient("p1", "Marlowe"))
    views.caught_up()
    seen: list[str] = []
    views.tape.say(ConfigSet(key="facility.id", value="wtb"))
    for number in range(3):
        views.tape.facts(patient(f"q{number}", "Okafor"))
    views.fold.catch_up(progress=lambda _: seen.append(views.record.chart("p1").banner.name))
    assert len(seen) >= 2
    assert set(seen) == {"MARLOWE, Ada"}


def test_another_mapping_is_folded_beside_and_swapped_in(views: Views) -> None:
    views.tape.facts(patient("p1", "Marlowe"))
    views.caught_up()
    newer = Fold(views.tape, ViewStore.open(views.store.folder, KEY), interpret=spoken, mapping="later")
    newer.catch_up()
    assert views.record.as_of().fold == fold_version({}, mapping="later")


def test_a_rebuild_gives_the_same_digest(views: Views) -> None:
    views.tape.facts(patient("p1", "Marlowe"), stay("e1", "p1", "4W^01^A"), topics=["adt"])
    views.caught_up()
    before = digest(views.store, whole=True)
    assert views.fold.rebuild() == 1
    assert digest(views.store, whole=True) == before


def test_snapshot_and_tail_equal_the_whole_fold(views: Views, tmp_path: Path) -> None:
    views.tape.facts(patient("p1", "Marlowe"), stay("e1", "p1", "4W^01^A"))
    views.caught_up()
    snapshot(views.store, tmp_path / "hourly.snapshot")
    views.tape.facts(patient("p2", "Okafor"), stay("e2", "p2", "4W^02^A"))
    views.caught_up()
    started = restore(tmp_path / "hourly.snapshot", tmp_path / "elsewhere", KEY)
    assert Fold(views.tape, started, interpret=spoken).catch_up() == 1
    assert digest(started, whole=True) == digest(views.store, whole=True)


def test_a_snapshot_is_encrypted(views: Views, tmp_path: Path) -> None:
    views.tape.facts(patient("p1", "Marlowe-Quist"))
    views.caught_up()
    snapshot(views.store, tmp_path / "hourly.snapshot")
    assert b"arlowe-Quist" not in (tmp_path / "hourly.snapshot").read_bytes()
    with pytest.raises(CannotUnseal):
        restore(tmp_path / "hourly.snapshot", tmp_path / "elsewhere", bytes(32))


def test_views_are_disposable(views: Views) -> None:
    views.tape.facts(patient("p1", "Marlowe"))
    views.caught_up()
    before = digest(views.store)
    views.store.close()
    shutil.rmtree(views.store.folder)
    again = ViewStore.open(views.store.folder, KEY)
    Fold(views.tape, again, interpret=spoken).catch_up()
    assert digest(again) == before


def _rot(path: Path, first_page: int = 1) -> None:
    """Damage every page from this one on (page 0 holds the header)."""
    raw = bytearray(path.read_bytes())
    for at in range(first_page * 4096 + 100, len(raw), 4096):
        raw[at] ^= 0xFF
    path.write_bytes(raw)


@pytest.mark.parametrize("first_page", [1, 8, 40])
def test_a_damaged_file_is_folded_anew(views: Views, first_page: int) -> None:
    for number in range(300):
        views.tape.facts(patient(f"p{number}", "Marlowe" * 20), stay(f"e{number}", f"p{number}", f"4W^{number}^A"))
    views.caught_up()
    before = digest(views.store)
    views.store.close()
    _rot(views.store.path, first_page)
    again = ViewStore.open(views.store.folder, KEY)
    fold = Fold(views.tape, again, interpret=spoken)
    for number in range(300):
        views.tape.facts(patient(f"p{number}", "Marlowe" * 20), stay(f"e{number}", f"p{number}", f"4W^{number}^A"))
    fold.catch_up()
    assert digest(again) == before


def test_reading_a_damaged_file_says_that_views_are_disposable(views: Views) -> None:
    views.tape.facts(patient("p1", "Marlowe"))
    views.caught_up()
    views.store.close()
    _rot(views.store.path)
    with pytest.raises(ChainBroken, match="views file is damaged"):
        Record(views.store).chart("p1")
