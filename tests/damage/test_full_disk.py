"""A full disk on a real small file system: feeds get no acknowledgment, a person's deed is still kept, capture
resumes.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest
from journal_rig import deed, hl7, new_journal, reader

from codedark.errors import AppendFailed
from codedark.journal import Lane, verify
from codedark.journal.model import Draft


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("DID NOT RUN: mounting a small file system needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(journal) -> int:
    """Feed messages until one is refused; returns how many were kept."""
    for number in range(10_000):
        try:
            journal.append(hl7(number, os.urandom(200_000)))
        except AppendFailed:
            return number
    raise AssertionError("the small disk never filled up")


def test_a_full_disk_refuses_the_feed_and_still_keeps_a_dose(small_disk):
    journal = new_journal(small_disk / "journal", threaded=True)
    kept = fill(journal)
    receipt = journal.append(deed(b"dose given 03:20"))
    journal.close()
    entries = {e.position: e for e in reader(small_disk / "journal").read(-1)}
    assert entries[receipt.position].payload == b"dose given 03:20"
    assert sum(1 for e in entries.values() if e.kind == "hl7.received") == kept


def test_the_reserve_that_was_given_up_for_people_is_not_for_feeds(small_disk):
    journal = new_journal(small_disk / "journal", threaded=True)
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * (20 << 20))
    fill(journal)
    big = Draft("form.filled", 1, "person:p1", os.urandom(400_000), lane=Lane.PERSON)
    deeds = [journal.append(big) for _ in range(8)]  # more than what was left: from the reserve
    with pytest.raises(AppendFailed):
        journal.append(hl7(500_000))
    deeds.append(journal.append(big))
    assert len({receipt.position for receipt in deeds}) == 9
    ballast.unlink()
    assert journal.append(hl7(500_000)).position > deeds[-1].position
    journal.close()


def test_without_the_reserve_the_dose_is_refused_too(small_disk):
    (small_disk / "journal/reserve").mkdir(parents=True)  # it cannot be made
    journal = new_journal(small_disk / "journal", threaded=False)
    fill(journal)
    big_deed = Draft("form.filled", 1, "person:p1", os.urandom(200_000), lane=Lane.PERSON)
    with pytest.raises(AppendFailed):
        journal.append(big_deed)


def test_capture_resumes_by_itself_when_space_is_back(small_disk):
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * (8 << 20))
    journal = new_journal(small_disk / "journal", threaded=True)
    fill(journal)
    ballast.unlink()
    deadline = time.monotonic() + 10
    while True:
        try:
            journal.append(hl7(999_999))
            break
        except AppendFailed:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    journal.close()
    assert verify(Path(small_disk / "journal")).ok
