"""Bits flipped, pages swapped, files cut and rolled back: what it changes is found, and never served."""

from __future__ import annotations

import random
import shutil
from itertools import pairwise
from pathlib import Path

import apsw
import pytest
from damage_rig import ENTRIES, FREE, REFUSED, content, heals, is_found, judge, original, read_all, serves, swapped_rows
from journal_rig import IDENTITY, deed, hl7, reopen
from soak_sizes import EPOCH_FLIPS, FLIPS, LOG_FLIPS, ROLLBACKS, ROW_SWAPS, SWAPS, TRUNCATIONS, recorded

from codedark.errors import CannotUnseal, ChainBroken
from codedark.journal import UNWITNESSED, EpochKeys, verify

PAGE = 4096
HEAL_EVERY = 5


def flipped(data: bytes, rng: random.Random) -> tuple[bytes, str]:
    at, bit = rng.randrange(len(data)), rng.randrange(8)
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :], f"byte {at} bit {bit}"


def figures(one) -> dict[str, object]:
    changes = sum(n for what, n in one.tally.items() if what not in (FREE, REFUSED, "endorsement"))
    return {
        "done": one.tally.total(), "changed content": changes, "refused by SQLite": one.tally[REFUSED],
        "content-free": one.tally[FREE], "endorsement alone": one.tally["endorsement"], "not found": len(one.unfound),
        "served": len(one.served), "restored from the copy": f"{one.healed} of {one.spoiled} tried",
    }  # fmt: skip


def assert_held(one) -> None:
    assert one.unfound == []
    assert one.served == []
    assert one.healed == one.spoiled


def test_the_untouched_journal_is_found_whole(tmp_path: Path) -> None:
    one = original(tmp_path)
    assert (is_found(one.folder, one.opener), content(one.folder)) == ("", one.content)
    assert not serves(one.entries, one.folder, one.opener, 37)
    assert heals(one)


def test_every_flipped_bit_that_changes_content_is_found_and_none_is_served(tmp_path: Path) -> None:
    one, rng = original(tmp_path), random.Random("flips")
    with recorded("bit flips") as said:
        for number in range(FLIPS):
            data, place = flipped(one.data, rng)
            judge(one, data, place, heal=number % HEAL_EVERY == 0)
        said |= figures(one) | {"by what they changed": dict(one.tally.most_common())}
    assert_held(one)
    assert min(one.tally["payload"], one.tally["entry"]) > 0


def test_a_flip_in_each_table_is_found(tmp_path: Path) -> None:
    """Small tables are seldom hit by chance: here each is hit on purpose, within a value it holds."""
    one, rng = original(tmp_path), random.Random("tables")
    for table in ("checkpoint", "tile", "duplicate", "counter"):
        for row in rng.sample(one.content[table][:-1], 1 + (len(one.content[table]) > 3)):
            value = max((v.encode() if isinstance(v, str) else v for v in row if isinstance(v, str | bytes)), key=len)
            at = one.data.rindex(value[-64:]) + rng.randrange(len(value[-64:]))
            data = one.data[:at] + bytes([one.data[at] ^ 1]) + one.data[at + 1 :]
            assert judge(one, data, f"{table} at {at}") != []
    assert_held(one)


def test_a_damaged_key_that_hides_a_row_from_look_ups_only_is_found(tmp_path: Path) -> None:
    """A scan gives every row, and each is whole; only who looks one up does not find it. Seeds of a soak found this."""
    one = original(tmp_path)
    hidden = {"entry": [], "duplicate": []}
    for page in range(1, len(one.data) // PAGE):
        if one.data[page * PAGE] == 5:  # an interior page of a table: a flip of the last key on it
            data = bytearray(one.data)
            data[(page + 1) * PAGE - 1] ^= 1
            hidden["entry"].append(judge(one, bytes(data), f"key on page {page}"))
    pages = [one.data[i : i + PAGE] for i in range(0, len(one.data), PAGE)]
    leaves = [number for number, page in enumerate(pages) if page[0] == 10 and number]  # of trees without row numbers
    for first, second in pairwise(leaves):
        swapped = list(pages)
        swapped[first], swapped[second] = pages[second], pages[first]
        hidden["duplicate"].append(judge(one, b"".join(swapped), f"leaves {first} and {second}"))
    assert_held(one)
    assert ["entry"] in hidden["entry"]
    assert ["duplicate"] in hidden["duplicate"]


def test_a_payload_that_lost_its_type_is_damage_and_not_a_crash(tmp_path: Path) -> None:
    """A flip in a row's header can make SQLite give a number where bytes were kept; 6,771 flips found this."""
    one = original(tmp_path)
    one.write(one.data)
    connection = apsw.Connection(str(one.file))
    schema = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'payload'").get
    connection.execute("PRAGMA writable_schema = on")  # a table that takes what STRICT would refuse
    connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'payload'", (schema.replace("STRICT", ""),))
    connection.close()
    connection = apsw.Connection(str(one.file))
    connection.execute("UPDATE payload SET ciphertext = 7 WHERE id = 5 * 4096")
    connection.close()
    with pytest.raises(ChainBroken, match="the row is damaged"):
        read_all(one.folder, one.opener)
    assert "row" in is_found(one.folder, one.opener)


def test_truncated_files_are_found(tmp_path: Path) -> None:
    one, rng = original(tmp_path), random.Random("truncations")
    with recorded("truncations") as said:
        for number in range(TRUNCATIONS):
            end = rng.randrange(len(one.data)) if number % 2 else rng.randrange(len(one.data) // PAGE) * PAGE
            judge(one, one.data[:end], f"cut at {end}", heal=number % HEAL_EVERY == 0)
        said |= figures(one)
    assert_held(one)


def test_swapped_pages_are_found(tmp_path: Path) -> None:
    one, rng = original(tmp_path), random.Random("swaps")
    with recorded("page swaps") as said:
        for number in range(SWAPS):
            first, second = sorted(rng.sample(range(len(one.data) // PAGE), 2))
            pages = [one.data[i : i + PAGE] for i in range(0, len(one.data), PAGE)]
            pages[first], pages[second] = pages[second], pages[first]
            judge(one, b"".join(pages), f"pages {first} and {second}", heal=number % HEAL_EVERY == 0)
        said |= figures(one)
    assert_held(one)


def test_exchanged_rows_are_found(tmp_path: Path) -> None:
    """Two rows whose keys stay and whose contents change places: SQLite finds nothing wrong with that."""
    one, rng = original(tmp_path, 2 * ENTRIES), random.Random("rows")  # two full tiles
    with recorded("exchanged rows: entries, payloads, tiles, duplicates") as said:
        for number in range(ROW_SWAPS):
            data, place = swapped_rows(one, rng)
            assert judge(one, data, place, heal=number % HEAL_EVERY == 0) not in ([], [REFUSED])
        said |= figures(one) | {"by what they changed": dict(one.tally.most_common())}
    assert_held(one)


def test_a_rolled_back_file_is_found_with_a_checkpoint_from_elsewhere_and_called_unwitnessed_without(tmp_path) -> None:
    one, rng = original(tmp_path), random.Random("rollbacks")
    older, exposed, believed = [one.data], 0, 0
    with recorded("whole-file rollbacks") as said:
        for number in range(min(ROLLBACKS, 40)):
            journal = reopen(one.folder)
            journal.append_all([hl7(10_000 + number), deed()])
            note = journal.checkpoint().note
            journal.close()
            older.append(one.file.read_bytes())
        for _ in range(ROLLBACKS):
            one.write(rng.choice(older[:-1]))
            exposed += not verify(one.folder, checkpoint_note=note).ok
            believed += verify(one.folder).witnessed == UNWITNESSED
        said |= {"done": ROLLBACKS, "found with a checkpoint": exposed, "without: called unwitnessed": believed}
    assert (exposed, believed) == (ROLLBACKS, ROLLBACKS)
    one.write(older[-1])
    assert verify(one.folder, checkpoint_note=note).ok


def test_a_damaged_log_costs_the_tail_and_a_checkpoint_from_elsewhere_says_so(tmp_path: Path) -> None:
    """SQLite drops a log from its first bad frame on. What is left is consistent, so only somebody else's checkpoint
    tells; what is read is never wrong, only less.
    """
    one, rng = original(tmp_path), random.Random("logs")
    journal = reopen(one.folder)
    for number in range(20):
        journal.append_all([hl7(10_000 + number), deed()])
    note = journal.checkpoint().note
    files = {p.name: p.read_bytes() for p in one.folder.glob("volume-*") if not p.name.endswith("-shm")}
    entries = read_all(one.folder, EpochKeys(one.folder / "epochs", [str(IDENTITY)]))
    journal.close()
    log = files["volume-000001.db-wal"]
    exposed = cut = wrong = 0
    with recorded("bit flips in the write-ahead log") as said:
        for _ in range(LOG_FLIPS):
            one.write(files["volume-000001.db"])
            Path(f"{one.file}-wal").write_bytes(flipped(log, rng)[0])
            left = read_all(one.folder, EpochKeys(one.folder / "epochs", [str(IDENTITY)]))
            cut += len(left) < len(entries)
            wrong += left != entries[: len(left)]
            exposed += not verify(one.folder, checkpoint_note=note).ok
        said |= {"done": LOG_FLIPS, "cost the tail": cut, "found with a checkpoint": exposed, "served": wrong}
    assert (exposed, wrong) == (cut, 0)
    assert cut


def test_a_flipped_epoch_file_opens_nothing(tmp_path: Path) -> None:
    one, rng = original(tmp_path), random.Random("epochs")
    opened = 0
    with recorded("bit flips in epoch files") as said:
        for _ in range(EPOCH_FLIPS):
            path = rng.choice(sorted((one.folder / "epochs").iterdir()))
            whole = path.read_bytes()
            path.write_bytes(flipped(whole, rng)[0])
            try:
                read_all(one.folder, EpochKeys(one.folder / "epochs", [str(IDENTITY)]))
                opened += 1
            except CannotUnseal:
                pass
            path.write_bytes(whole)
        said |= {"done": EPOCH_FLIPS, "refused at reading": EPOCH_FLIPS - opened, "served": opened}
    assert opened == 0


@pytest.mark.parametrize("gone", ["epochs", "volume"])
def test_a_pulled_copy_heals_what_was_lost_and_the_chain_goes_on(tmp_path: Path, gone: str) -> None:
    one = original(tmp_path)
    if gone == "epochs":
        shutil.rmtree(one.folder / "epochs")
    else:
        one.write(b"")
    assert heals(one)
    journal = reopen(tmp_path / "healed")
    assert journal.append(hl7(7, feed="lab")).position < len(one.entries)
    assert journal.append(deed()).position >= len(one.entries)
    journal.close()
    assert verify(tmp_path / "healed", checkpoint_note=one.note).ok
