"""Writes and syncs that fail: no receipt for what is not durable, and the journal goes on by itself when they pass."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from failing_disk import FailingDisk
from journal_rig import hl7, new_journal, reader, reopen
from soak_sizes import DISK_ERRORS, recorded

from codedark.errors import AppendFailed, JournalError
from codedark.journal import Outcome, verify
from codedark_drill.power_cut import Disk

BATCHES = 60


def one_run(place: Path, seed: int, synchronous: str = "FULL") -> dict[str, int]:
    """Append through seeded errors, then cut the power; what has a receipt must be in what survives."""
    rng = random.Random(seed)
    before, after = place / f"{seed}-before", place / f"{seed}-after"
    new_journal(before).close()
    starts = rng.sample(range(6, 200), 3)
    failing = {start + more for start in starts for more in range(rng.choice((1, 1, 2, 6)))}
    disk = FailingDisk(f"failing-{seed}-{synchronous}", seed, failing)
    for path in before.glob("volume-*.db"):
        disk.disks[str(path)] = Disk(bytearray(path.read_bytes()))
    journal = reopen(before, vfs=disk.name, synchronous=synchronous)
    receipts, refused, went_on = {}, 0, False
    for batch in range(BATCHES):
        drafts = [hl7(batch * 5 + n) for n in range(rng.choice((1, 2, 5)))]
        try:
            for draft, receipt in zip(drafts, journal.append_all(drafts), strict=True):
                receipts[draft.once.key] = receipt.position
            went_on = True
        except AppendFailed:
            refused, went_on = refused + 1, False
    after.mkdir()
    shutil.copytree(before / "epochs", after / "epochs")
    disk.survivor(after)
    journal.close()
    disk.unregister()
    kept, doubled = positions(after)
    lost = sum(1 for key, position in receipts.items() if kept.get(key) != position)
    resent = reopen(after)
    same = all(resent.append(hl7(int(key))).outcome == Outcome.SAME for key in kept)
    resent.close()
    whole = verify(after).ok and verify(before).ok
    shutil.rmtree(before)
    shutil.rmtree(after)
    return {"errors": sum(disk.failed.values()), "failed syncs": disk.failed["sync"], "refused": refused,
            "receipts": len(receipts), "lost": lost, "doubled": doubled + (not same), "not whole": not whole,
            "did not go on": not went_on}  # fmt: skip


def positions(folder: Path) -> tuple[dict[str, int], int]:
    """Control id → position, and how many are there twice."""
    reopen(folder).close()
    opened = reader(folder)
    entries = [e for e in opened.read(-1) if e.once]
    opened.close()
    found = {e.once.key: e.position for e in entries}
    return found, len(entries) - len(found)


def total(results: list[dict[str, int]]) -> dict[str, int]:
    return {name: sum(result[name] for result in results) for name in results[0]}


def test_failed_writes_and_syncs_never_leave_a_receipt_for_what_is_not_kept(tmp_path: Path) -> None:
    with recorded("failed writes and syncs") as said:
        summed = total([one_run(tmp_path, seed) for seed in range(DISK_ERRORS)])
        said |= {"done": DISK_ERRORS} | summed
    assert {name: summed[name] for name in ("lost", "doubled", "not whole", "did not go on")} == {
        "lost": 0, "doubled": 0, "not whole": 0, "did not go on": 0,
    }  # fmt: skip
    assert min(summed["failed syncs"], summed["refused"]) >= DISK_ERRORS // 2


def test_with_the_sync_off_the_same_errors_lose_what_had_a_receipt(tmp_path: Path) -> None:
    with recorded("control: the same errors with the sync off") as said:
        results = [one_run(tmp_path, seed, "NORMAL") for seed in range(max(5, DISK_ERRORS // 10))]
        said |= {"done": len(results)} | total(results)
    assert sum(1 for result in results if result["lost"]) > len(results) // 2


def test_a_log_taken_up_as_it_lies_after_a_failed_sync_loses_what_had_a_receipt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codedark.journal.volume._keep_log_again", lambda path, vfs: None)
    with recorded("control: the log not written again after a failed sync") as said:
        results = [one_run(tmp_path, seed) for seed in range(max(8, DISK_ERRORS // 10))]
        said |= {"done": len(results)} | total(results)
    assert total(results)["lost"]


def test_a_disk_that_fails_while_the_journal_is_opened_is_said_as_the_journals_error(tmp_path: Path) -> None:
    running, killed = tmp_path / "running", tmp_path / "killed"
    journal = new_journal(running)
    shutil.copytree(running, killed)  # with its log, as a kill leaves it
    journal.close()
    disk = FailingDisk("at-opening", 1, {1})
    with pytest.raises(JournalError, match="cannot be opened"):
        reopen(killed, vfs=disk.name)
    reopen(killed, vfs=disk.name).close()
    disk.unregister()


def test_a_disk_without_errors_keeps_everything(tmp_path: Path) -> None:
    disk = FailingDisk("without-errors", 1, set())
    new_journal(tmp_path).close()
    journal = reopen(tmp_path, vfs=disk.name)
    journal.append_all([hl7(n) for n in range(20)])
    journal.close()
    disk.unregister()
    assert (disk.failed, verify(tmp_path).counts["hl7.received"]) == ({"write": 0, "sync": 0}, 20)
