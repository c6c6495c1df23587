"""Acknowledged means durable: seeded power cuts lose nothing that was acknowledged; with the sync off, they do."""

from __future__ import annotations

import random
import shutil

import pytest
from journal_rig import hl7, new_journal, reader, reopen
from soak_sizes import POWER_CUTS as CUTS
from soak_sizes import recorded

from codedark.errors import AppendFailed
from codedark.journal import Outcome, verify
from codedark_drill.power_cut import Disk, PowerCut


def one_cut(tmp_path, seed: int, synchronous: str) -> tuple[int, int]:
    """Run a journal into a power cut; returns (acknowledged and lost, acknowledged)."""
    rng = random.Random(seed)
    before, after = tmp_path / f"{seed}-before", tmp_path / f"{seed}-after"
    new_journal(before).close()
    vfs = PowerCut(f"cut-{seed}", seed, rng.randrange(8, 250))
    for path in before.glob("volume-*.db"):
        vfs.disks[str(path)] = Disk(bytearray(path.read_bytes()))
    journal = reopen(before, vfs=vfs.name, synchronous=synchronous)
    acknowledged: dict[int, int] = {}
    number = 0
    try:
        while True:
            batch = [hl7(number + i) for i in range(rng.choice((1, 1, 3, 20)))]
            for draft, receipt in zip(batch, journal.append_all(batch), strict=True):
                acknowledged[int(draft.once.key)] = receipt.position
            number += len(batch)
    except AppendFailed:
        pass
    after.mkdir()
    shutil.copytree(before / "epochs", after / "epochs")
    vfs.survivor(after)
    lost = lost_after(after, acknowledged, number)
    vfs.unregister()
    shutil.rmtree(before)
    shutil.rmtree(after)
    return lost, len(acknowledged)


def lost_after(folder, acknowledged: dict[int, int], number: int) -> int:
    """Open what survived; whatever is there must verify, nothing may be doubled by a resend."""
    journal = reopen(folder)
    there = {int(e.once.key): e.position for e in reader(folder).read(-1) if e.once}
    lost = sum(1 for key, position in acknowledged.items() if there.get(key) != position)
    resent = journal.append_all([hl7(n) for n in range(number + 20)])
    assert all(r.outcome == Outcome.SAME for n, r in enumerate(resent) if n in there)
    journal.close()
    report = verify(folder)
    assert report.ok, report.reason
    assert report.counts["hl7.received"] == number + 20
    return lost


def figures(results: list[tuple[int, int]]) -> dict[str, int]:
    return {
        "done": len(results), "acknowledged": sum(acknowledged for _, acknowledged in results),
        "lost": sum(lost for lost, _ in results), "cuts that lost": sum(1 for lost, _ in results if lost),
    }  # fmt: skip


def test_power_cuts_lose_nothing_that_was_acknowledged(tmp_path):
    with recorded("power cuts") as said:
        results = [one_cut(tmp_path, seed, "FULL") for seed in range(CUTS)]
        said |= figures(results)
    assert sum(lost for lost, _ in results) == 0
    assert sum(acknowledged for _, acknowledged in results) > CUTS * 10


def test_with_the_sync_off_the_same_cuts_lose_acknowledged_messages(tmp_path):
    with recorded("control: the same power cuts with synchronous=NORMAL") as said:
        results = [one_cut(tmp_path, seed, "NORMAL") for seed in range(max(20, CUTS // 10))]
        said |= figures(results)
    assert sum(1 for lost, _ in results if lost) > len(results) // 2


@pytest.mark.parametrize("pragma", ["journal_mode", "synchronous"])
def test_the_pragmas_the_promise_rests_on_are_what_they_should_be(tmp_path, pragma):
    journal = new_journal(tmp_path / "journal")
    ((found,),) = journal._volume.connection.execute(f"PRAGMA {pragma}").fetchall()
    assert found == {"journal_mode": "wal", "synchronous": 2}[pragma]
