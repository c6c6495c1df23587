from __future__ import annotations

import asyncio
import stat
import threading

import pytest
from journal_rig import deed, hl7, new_journal

from codedark.errors import AppendFailed, JournalError
from codedark.journal import Door, DoorClient, Outcome


@pytest.fixture
def door(tmp_path):
    journal = new_journal(tmp_path / "journal", threaded=True)
    path = tmp_path / "run" / "door.sock"
    opened, closing = threading.Event(), threading.Event()

    async def run() -> None:
        served = Door(journal, path)
        await served.serve()
        opened.set()
        while not closing.is_set():
            await asyncio.sleep(0.02)
        await served.close()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    opened.wait()
    yield journal, path
    closing.set()
    thread.join()
    journal.close()


def test_a_draft_through_the_door_gets_the_same_receipts_as_inside(door):
    journal, path = door
    client = DoorClient(path)
    first = client.append(hl7(1))
    assert client.append(hl7(1)).outcome == Outcome.SAME
    assert journal.append(hl7(1))[:3] == first[:3]


def test_the_door_is_only_for_this_user(door):
    assert stat.S_IMODE(door[1].stat().st_mode) == 0o600


def test_status_counts_entries_without_a_key(door):
    client = DoorClient(door[1])
    client.append_all([hl7(1), hl7(2), deed()])
    status = client.status()
    assert status["entries"]["hl7.received"] == 2
    assert status["size"] == sum(status["entries"].values())
    assert client.checkpoint().size == status["size"]


def test_with_no_node_behind_it_the_client_says_so(tmp_path):
    client = DoorClient(tmp_path / "door.sock")
    with pytest.raises(AppendFailed):
        client.append(deed())
    with pytest.raises(JournalError):
        client.status()
