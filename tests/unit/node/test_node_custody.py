"""Keys while the node lives: a new generation, new cards, a drill; old entries and old paper are still read."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from node_rig import message, running, say
from trust_rig import ADA, BEN, House, new_house, said

from codedark.access import RootSeed, age_recipient, load_node_keys, set_of
from codedark.clock import SystemChance, SystemClock
from codedark.entries import CardsSplit, DrillDone, KeyRotated, draft_of
from codedark.errors import ActionRefused, CannotUnseal, ConfigError
from codedark.journal import EpochKeys, JournalReader
from codedark.node import (
    Layout,
    RestoreRequest,
    Rotated,
    custody,
    drill,
    open_node,
    pull_copy,
    resplit,
    restore,
    rotate,
    standing,
)
from codedark.node.keeping import custody_findings
from codedark.paper import SheetId, SheetRef, read_code
from codedark.paper.identity import write_code
from codedark.views import ViewStore


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = new_house(tmp_path / "node", people=True)
    made.hear(1, 2)
    return made


def rotated(house: House) -> Rotated:
    with open_node(house.folder) as node:
        return rotate(node, house.cards[:3], "yearly", ADA, BEN)


def recipients(folder: Path, position: int) -> str:
    """The line of the epoch file that says to whom this entry was sealed."""
    reader = JournalReader.open(Layout(folder).journal)
    (header, _), *_ = reader.sealed(position - 1, 1)
    reader.close()
    text = (Layout(folder).epochs / f"{header.epoch.hex()}.epoch").read_bytes()
    return next(line for line in text.decode("latin-1").splitlines() if line.startswith("recipients"))


def last(folder: Path) -> int:
    reader = JournalReader.open(Layout(folder).journal)
    size = reader.head().size
    reader.close()
    return size - 1


def findings(house: House, what: str) -> list[tuple[str, str]]:
    """The lines of `doctor` about keys and cards."""
    with open_node(house.folder) as node:
        lines = list(custody_findings(node.record(), load_node_keys(house.folder), node.clock))
    return [(each.state, each.says) for each in lines if each.what == what]


def test_after_a_rotation_new_entries_are_sealed_to_the_new_key_and_old_ones_still_open(house: House) -> None:
    old = load_node_keys(house.folder)
    done = rotated(house)
    new = load_node_keys(house.folder)
    assert (done.generation, new.generation, done.restart) == (2, 2, False)
    assert new.facility_secrets[0] == old.facility_secret
    house.hear(3)
    assert new.facility_public in recipients(house.folder, last(house.folder))
    assert old.facility_public not in recipients(house.folder, last(house.folder))
    with open_node(house.folder) as node:
        assert len(node.record().patients()) == 3
        (entry,) = said(node, "key.rotated")
    assert isinstance(entry, KeyRotated)
    assert entry.recipient == new.facility_public
    reader = JournalReader.open(
        Layout(house.folder).journal, EpochKeys(Layout(house.folder).epochs, [old.facility_secret])
    )
    reader.read(3, 1)
    with pytest.raises(CannotUnseal):  # the control: the old key alone opens nothing of the new
        reader.read(last(house.folder) - 1, 1)
    reader.close()


def test_the_views_are_under_the_new_key_and_nothing_is_folded_anew(house: House) -> None:
    old = load_node_keys(house.folder)
    with open_node(house.folder) as node:
        node.snapshot()
        before = node.record().store.newest()
    rotated(house)
    with pytest.raises(CannotUnseal):
        ViewStore.open(Layout(house.folder).views, old.views_key, readonly=True)
    store = ViewStore.open(Layout(house.folder).views, load_node_keys(house.folder).views_key, readonly=True)
    assert store.newest()[0] >= before[0]
    assert store.path.name.endswith(".2.db")  # a copy of the file, not a new one
    store.close()
    assert not Layout(house.folder).snapshot.exists()


def test_paper_printed_before_a_rotation_is_still_read(house: House) -> None:
    old = load_node_keys(house.folder)
    ref = SheetRef(SheetId.mint("WTB", SystemChance()), 1, 2, str(old.generation), False)
    code = write_code(ref, old.sheet_key)
    rotated(house)
    new = load_node_keys(house.folder)
    assert new.sheet_key != old.sheet_key
    read = read_code(code, new.sheet_keys[1])
    assert read is not None
    assert read_code(code, new.sheet_key) is None  # the control: not by the new key


def test_resends_are_still_known_after_a_rotation(house: House) -> None:
    assert load_node_keys(house.folder).mac_key == (rotated(house), load_node_keys(house.folder).mac_key)[1]


def test_one_person_or_other_cards_rotate_nothing(house: House) -> None:
    strangers = RootSeed.generate(SystemChance()).shares(SystemChance())
    with open_node(house.folder) as node:
        for cards, second in ((house.cards[:3], ADA), (house.cards[:2], BEN), (tuple(strangers[:3]), BEN)):
            with pytest.raises(ActionRefused):
                rotate(node, cards, "because", ADA, second)
    assert load_node_keys(house.folder).generation == 1
    with open_node(house.folder) as node:
        assert node.record().custody().generation == 1


def test_an_entry_alone_rotates_nothing(house: House) -> None:
    with open_node(house.folder) as node:
        for entry in (
            KeyRotated(generation=2, recipient="age1x", proposal="p", person="x"),
            CardsSplit(set=7, proposal="p", person="x"),
        ):
            node.append(draft_of(entry, source="person:x"))
        node.fold()
        stands = node.record().custody()
        assert (stands.generation, stands.card_set) == (1, None)
        assert len([each for each in node.record().worklist() if each.path == "keys"]) == 2


def test_a_rotation_that_was_cut_off_before_its_file_can_be_done_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise ConfigError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(custody, "add_generation", full)
        with pytest.raises(ConfigError):
            rotated(house)
    assert load_node_keys(house.folder).generation == 1
    assert findings(house, "facility key")[0][0] == "red"
    house.hear(3)
    assert rotated(house).generation == 2
    assert findings(house, "facility key")[0][0] == "green"
    with open_node(house.folder) as node:
        assert len(node.record().patients()) == 3


def test_a_restore_after_a_rotation_finds_the_newest_generation(house: House, tmp_path: Path) -> None:
    rotated(house)
    house.hear(3)
    pull_copy(house.folder, tmp_path / "copy")
    done = restore(
        tmp_path / "new", RestoreRequest((tmp_path / "copy",), house.cards[1:4]), SystemClock(), SystemChance()
    )
    assert done.generation == 2
    assert load_node_keys(tmp_path / "new").facility_secrets == load_node_keys(house.folder).facility_secrets


def test_a_running_node_takes_the_new_key_up_and_goes_on_hearing(house: House) -> None:
    with running(house.folder) as node:
        assert say(node.port, message(11)) == ["AA"]
        assert not rotated(house).restart
        node.wait_for("facility key taken up")
        assert say(node.port, message(12)) == ["AA"]
        with open_node(house.folder) as opened:
            opened.fold()
            assert len(opened.record().patients()) == 4
        node.stop()
    assert load_node_keys(house.folder).facility_public in recipients(house.folder, last(house.folder))


def test_new_cards_restore_the_same_root_and_do_not_mix_with_the_old(house: House) -> None:
    shown: list[tuple[str, ...]] = []
    with open_node(house.folder) as node:
        number = resplit(node, house.cards[2:], "a custodian left", ADA, BEN, shown.append)
        stands = node.record().custody()
    (new,) = shown
    assert (stands.card_set, set_of(new[0])) == (number, number)
    assert number != set_of(house.cards[0])
    seed, same = RootSeed.from_shares(new[1:4]), RootSeed.from_shares(house.cards[:3])
    assert seed.derive("x", "y") == same.derive("x", "y")
    with pytest.raises(ActionRefused):
        RootSeed.from_shares([new[0], new[1], house.cards[2]])


def test_cards_that_could_not_be_shown_change_nothing(house: House) -> None:
    def torn(_: tuple[str, ...]) -> None:
        raise ActionRefused("the printer is empty")

    with open_node(house.folder) as node:
        with pytest.raises(ActionRefused, match="printer"):
            resplit(node, house.cards[:3], "lost", ADA, BEN, torn)
        with pytest.raises(ActionRefused):
            resplit(node, house.cards[:3], "alone", ADA, ADA, lambda _: None)
        assert node.record().custody().card_set is None


def files(folder: Path) -> dict[str, str]:
    """Every file outside the journal, the views and the lock, by its hash."""
    skipped = {"journal", "views", "run"}
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] not in skipped
    }


def test_a_drill_opens_a_sample_and_leaves_no_key_on_disk(house: House, tmp_path: Path) -> None:
    new = house.restored(tmp_path / "copy", tmp_path / "new")
    new.hear(3)
    before = files(new.folder)
    with open_node(new.folder) as node:
        done = drill(node, house.cards[2:], ADA)
        (entry,) = said(node, "drill.done")
        stands = node.record().custody()
    assert (done.failed, done.generations, done.set_id) == ((), 1, set_of(house.cards[0]))
    assert done.entries > 20  # of both chains
    assert isinstance(entry, DrillDone)
    assert (entry.entries, entry.failed) == (done.entries, 0)
    assert stands.drilled_us is not None
    assert files(new.folder) == before
    seed = RootSeed.from_shares(house.cards[:3])
    secrets = [seed.age_identity("escrow", "waterbury").encode(), seed.derive("escrow", "waterbury"), *(
        card.encode() for card in house.cards
    )]  # fmt: skip
    written = b"".join(path.read_bytes() for path in new.folder.rglob("*") if path.is_file() and path.stat().st_size)
    assert not any(secret in written for secret in secrets)


def test_a_drill_names_what_does_not_open(house: House) -> None:
    """The negative control: a sealing key whose file was changed."""
    with open_node(house.folder) as node:
        node.record()  # what is folded needs no sealing key any more
    reader = JournalReader.open(Layout(house.folder).journal)
    (header, _), *_ = reader.sealed(-1, 1)
    reader.close()
    victim = Layout(house.folder).epochs / f"{header.epoch.hex()}.epoch"
    data = victim.read_bytes()
    victim.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with open_node(house.folder) as node:
        done = drill(node, house.cards[:3], ADA)
        assert node.record().custody().drill_failed == len(done.failed)
    assert f"sealing key {victim.stem[:8]}" in done.failed
    assert findings(house, "drill")[0][0] == "red"


def test_a_drill_with_other_cards_or_by_nobody_is_refused(house: House) -> None:
    strangers = tuple(RootSeed.generate(SystemChance()).shares(SystemChance()))
    with open_node(house.folder) as node:
        for cards, who in ((strangers[:3], ADA), (house.cards[:2], ADA), (house.cards[:3], ("ada", "wrong"))):
            with pytest.raises(ActionRefused):
                drill(node, cards, who)
        assert said(node, "drill.done") == []


def test_doctor_asks_for_a_drill_until_one_was_held(house: House) -> None:
    assert findings(house, "drill") == [("amber", "nobody has tried whether three cards open the record")]
    with open_node(house.folder) as node:
        drill(node, house.cards[:3], ADA)
    assert findings(house, "drill")[0][0] == "green"
    assert standing(house.folder)["facility"] == "Waterbury"
    assert age_recipient(load_node_keys(house.folder).facility_secret).startswith("age1")
