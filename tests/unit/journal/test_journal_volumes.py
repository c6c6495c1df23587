from __future__ import annotations

import pytest
from journal_rig import IDENTITY, hl7, new_journal, reader, reopen

from codedark.journal import EpochKeys, Outcome, check_duplicates, inclusion, is_included, pull, verify
from codedark.journal.rolling import volume_paths


def rolled(folder, sizes=(300, 700, 41)):
    """A journal of several volumes; returns it open, with all numbers appended."""
    journal, number = new_journal(folder, threaded=True), 0
    for size in sizes:
        journal.append_all([hl7(n) for n in range(number, number + size)])
        number += size
        journal.roll()
    return journal, number


def test_the_chain_goes_on_over_volumes_and_verifies(tmp_path):
    journal, number = rolled(tmp_path)
    journal.append(hl7(number))
    report = verify(tmp_path)
    assert (report.ok, report.counts["hl7.received"], report.counts["volume.closed"]) == (True, number + 1, 3)
    assert len(volume_paths(tmp_path)) == 4


def test_after_a_restart_the_last_volume_is_continued(tmp_path):
    journal, number = rolled(tmp_path)
    journal.close()
    again = reopen(tmp_path)
    again.append(hl7(number))
    assert again.counts()["hl7.received"] == number + 1
    assert verify(tmp_path).ok


def test_a_resend_is_known_over_volumes(tmp_path):
    journal, _ = rolled(tmp_path)
    assert journal.append(hl7(5)).outcome == Outcome.SAME
    assert check_duplicates(tmp_path, EpochKeys(tmp_path / "epochs", [str(IDENTITY)]), b"m" * 32) == 1041


def test_a_reader_opened_before_follows_into_the_new_volume(tmp_path):
    journal = new_journal(tmp_path, threaded=True)
    early = reader(tmp_path)
    journal.append(hl7(1))
    journal.roll()
    receipt = journal.append(hl7(2))
    assert [e.position for e in early.read(receipt.position - 1)] == [receipt.position]
    assert early.head().size == receipt.position + 1


def test_proofs_reach_over_volumes(tmp_path):
    journal, _ = rolled(tmp_path)
    head, source = journal.checkpoint(), reader(tmp_path)
    for entry in source.read(-1)[::97]:
        path = inclusion(source.hashes(), entry.position, head.size)
        assert is_included(entry.entry_hash, entry.position, head.size, path, head.root)


def test_a_pull_gathers_all_volumes(tmp_path):
    journal, _ = rolled(tmp_path / "journal")
    report = pull(tmp_path / "journal", tmp_path / "copy")
    assert report.size == journal.head().size
    assert verify(tmp_path / "copy").ok


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_any_byte_of_a_closed_volume_changed_is_found(tmp_path, share):
    journal, _ = rolled(tmp_path)
    journal.close()
    path = volume_paths(tmp_path)[1]
    data = bytearray(path.read_bytes())
    data[int(len(data) * share)] ^= 1
    path.chmod(0o600)
    path.write_bytes(bytes(data))
    assert not verify(tmp_path).ok


def test_a_closed_volume_cannot_be_written(tmp_path):
    rolled(tmp_path)
    assert volume_paths(tmp_path)[0].stat().st_mode & 0o222 == 0
