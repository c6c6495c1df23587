from __future__ import annotations

import threading

import pytest
from journal_rig import deed, hl7, new_journal, reader, reopen

from codedark.clock import SeededClock
from codedark.errors import AppendFailed, CannotUnseal, JournalError, Locked
from codedark.journal import Draft, EpochKeys, Flag, JournalReader, Outcome, verify


def test_what_was_appended_is_read_back_byte_for_byte(tmp_path):
    journal = new_journal(tmp_path)
    payloads = [b"", b"\x00\xff", b"x" * 5000, bytes(range(256)) * 9000]
    receipts = [journal.append(Draft("note.kept", 1, "node", p)) for p in payloads]
    entries = {e.position: e for e in reader(tmp_path).read(-1)}
    assert [entries[r.position].payload for r in receipts] == payloads


def test_a_payload_over_one_mebibyte_survives_its_parts(tmp_path):
    import random

    journal = new_journal(tmp_path)
    payload = random.Random(3).randbytes(3 * (1 << 20) + 17)
    receipt = journal.append(Draft("note.kept", 1, "node", payload))
    entry = next(e for e in reader(tmp_path).read(receipt.position - 1) if e.position == receipt.position)
    assert entry.payload == payload
    assert verify(tmp_path).ok


def test_resent_message_gets_the_first_receipt(tmp_path):
    journal = new_journal(tmp_path)
    first = journal.append(hl7(1))
    again = journal.append(hl7(1))
    assert again.outcome == Outcome.SAME
    assert again[:3] == first[:3]


def test_resend_inside_one_commit_gets_the_first_receipt(tmp_path):
    journal = new_journal(tmp_path)
    first, again = journal.append_all([hl7(1), hl7(1)])
    assert (again.position, again.outcome) == (first.position, Outcome.SAME)


def test_same_id_with_other_bytes_is_kept_and_flagged(tmp_path):
    journal = new_journal(tmp_path)
    journal.append(hl7(1))
    other = journal.append(hl7(1, b"MSH|other"))
    entry = next(e for e in reader(tmp_path).read(-1) if e.position == other.position)
    assert other.outcome == Outcome.DIFFERS
    assert entry.header.flags & Flag.OTHER_BYTES


def test_same_id_from_another_feed_is_another_message(tmp_path):
    journal = new_journal(tmp_path)
    journal.append(hl7(1))
    assert journal.append(hl7(1, feed="lab")).outcome == Outcome.NEW


def test_duplicates_are_known_after_a_restart(tmp_path):
    journal = new_journal(tmp_path)
    first = journal.append(hl7(1))
    journal.close()
    assert reopen(tmp_path).append(hl7(1))[:2] == first[:2]


def test_a_restart_opens_fresh_epoch_keys_and_continues_the_chain(tmp_path):
    journal = new_journal(tmp_path)
    journal.append(hl7(1))
    journal.close()
    reopen(tmp_path).append(hl7(2))
    opened = [e for e in reader(tmp_path).read(-1) if e.kind == "epoch.opened"]
    assert len({e.header.epoch for e in opened}) == 2
    assert verify(tmp_path).ok


def test_a_new_day_opens_a_new_epoch(tmp_path):
    clock = SeededClock()
    journal = new_journal(tmp_path, clock=clock)
    journal.append(deed())
    clock.advance(86_400_000_000)
    journal.append(deed())
    assert len({e.header.epoch for e in reader(tmp_path).read(-1)}) == 2


def test_recorded_time_never_goes_back_and_the_jump_is_marked(tmp_path):
    clock = SeededClock()
    journal = new_journal(tmp_path, clock=clock)
    before = journal.append(deed())
    clock.jump(-3_600_000_000)
    after = journal.append(deed())
    entry = next(e for e in reader(tmp_path).read(-1) if e.position == after.position)
    assert after.recorded_at_us >= before.recorded_at_us
    assert not entry.header.clock_trusted


def test_a_second_writer_is_refused(tmp_path):
    journal = new_journal(tmp_path)
    with pytest.raises(Locked):
        reopen(tmp_path)
    journal.close()
    reopen(tmp_path).close()


def test_without_the_key_nothing_opens(tmp_path):
    import pyrage

    new_journal(tmp_path).append(deed())
    stranger = EpochKeys(tmp_path / "epochs", [str(pyrage.x25519.Identity.generate())])
    with pytest.raises(CannotUnseal):
        JournalReader.open(tmp_path, stranger).read(-1)


def test_content_is_gone_when_its_epoch_files_are_and_the_chain_still_verifies(tmp_path):
    new_journal(tmp_path).append(deed())
    for path in (tmp_path / "epochs").iterdir():
        path.unlink()
    with pytest.raises(CannotUnseal):
        reader(tmp_path).read(-1)
    assert verify(tmp_path).ok


def test_no_plaintext_lies_on_disk(tmp_path):
    journal = new_journal(tmp_path)
    journal.append(Draft("note.kept", 1, "node", b"OKAFOR^Ngozi" * 9))
    journal.close()
    assert all(b"OKAFOR" not in p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())


def test_threads_share_commits_and_each_gets_its_own_receipt(tmp_path):
    journal = new_journal(tmp_path, threaded=True)
    found: list[int] = []

    def write(start: int) -> None:
        found.extend(journal.append(hl7(n)).position for n in range(start, start + 50))

    threads = [threading.Thread(target=write, args=(i * 1000,)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    journal.close()
    assert len(set(found)) == 400
    report = verify(tmp_path)
    assert report.ok
    assert report.counts["hl7.received"] == 400


def test_counts_are_those_of_the_entries(tmp_path):
    journal = new_journal(tmp_path)
    journal.append_all([hl7(n) for n in range(100)] + [hl7(5), deed()])
    counts = journal.counts()
    assert counts["hl7.received"] == 100
    assert counts["form.filled"] == 1
    assert counts == verify(tmp_path).counts


def test_after_close_a_draft_is_refused_not_lost_in_silence(tmp_path):
    journal = new_journal(tmp_path, threaded=True)
    journal.close()
    with pytest.raises(AppendFailed):
        journal.append(deed())


def test_an_audience_without_recipients_is_an_error_and_nothing_is_kept(tmp_path):
    journal = new_journal(tmp_path)
    size = journal.head().size
    with pytest.raises(AppendFailed) as refusal:
        journal.append(Draft("note.kept", 1, "node", b"x", audience="facility:other"))
    assert isinstance(refusal.value.__cause__, JournalError)
    assert journal.head().size == size
    journal.append(deed())
    assert verify(tmp_path).ok


def test_a_draft_that_cannot_be_sealed_does_not_take_its_neighbours_with_it(tmp_path):
    journal = new_journal(tmp_path, threaded=True)
    results, bad = [], Draft("note.kept", 1, "node", b"x", audience="facility:other")
    done = threading.Semaphore(0)
    for draft in [hl7(1), bad, hl7(2)] * 20:
        journal.submit(draft, lambda result: (results.append(result), done.release()))
    for _ in range(60):
        done.acquire()
    refused = [r for r in results if isinstance(r, AppendFailed)]
    assert len(refused) == 20
    assert journal.append(hl7(3)).outcome == Outcome.NEW
    assert verify(tmp_path).ok
