from __future__ import annotations

import apsw
import pytest
from journal_rig import IDENTITY, deed, hl7, new_journal, reopen

from codedark.errors import ChainBroken
from codedark.journal import EpochKeys, Outcome, check_duplicates, rebuild_duplicates, verify


@pytest.fixture
def folder(tmp_path):
    journal = new_journal(tmp_path)
    journal.append_all([hl7(n) for n in range(50)] + [deed(), hl7(3), hl7(4, b"other bytes")])
    journal.close()
    return tmp_path


def opener(folder):
    return EpochKeys(folder / "epochs", [str(IDENTITY)])


def change(folder, sql):
    connection = apsw.Connection(str(folder / "volume-000001.db"))
    connection.execute(sql).fetchall()
    connection.close()


def test_the_duplicate_table_is_what_the_entries_say(folder):
    assert check_duplicates(folder, opener(folder), b"m" * 32) == 51


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE duplicate SET key = '9999' WHERE key = '7'",
        "UPDATE duplicate SET mac = zeroblob(16) WHERE key = '7'",
        "UPDATE duplicate SET position = position + 1 WHERE key = '7'",
        "UPDATE duplicate SET recorded_at = 0 WHERE key = '7'",
        "UPDATE scope SET name = 'another'",
        "DELETE FROM duplicate WHERE key = '7'",
        "INSERT INTO duplicate VALUES (1, 'never-sent', zeroblob(16), 5, 0)",
    ],
)
def test_a_changed_duplicate_row_is_found_and_mended_from_the_entries(folder, sql):
    change(folder, sql)
    with pytest.raises(ChainBroken):
        check_duplicates(folder, opener(folder), b"m" * 32)
    rebuild_duplicates(folder, opener(folder), b"m" * 32)
    assert check_duplicates(folder, opener(folder), b"m" * 32) == 51
    assert verify(folder).ok


def test_after_a_rebuild_a_resend_still_gets_the_first_receipt(folder):
    change(folder, "DELETE FROM duplicate")
    rebuild_duplicates(folder, opener(folder), b"m" * 32)
    assert reopen(folder).append(hl7(7)).outcome == Outcome.SAME


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE duplicate SET position = 3 WHERE key = '30'",
        "UPDATE duplicate SET position = -1 WHERE key = '30'",
        "UPDATE duplicate SET position = 70 WHERE key = '30'",
        "DELETE FROM duplicate WHERE position < 40 AND key = '20'",
        "INSERT INTO duplicate VALUES (1, 'never-sent', zeroblob(16), 5, 0)",
        "UPDATE duplicate SET recorded_at = recorded_at - 1 WHERE key = '20'",
    ],
)
@pytest.mark.parametrize("volume", [1, 2])
def test_a_changed_row_is_found_in_a_closed_volume_and_in_what_the_next_one_took_over(tmp_path, sql, volume):
    journal = new_journal(tmp_path)
    journal.append_all([hl7(n) for n in range(50)])
    journal.roll()
    journal.append_all([hl7(n) for n in range(50, 90)])
    journal.close()
    assert check_duplicates(tmp_path, opener(tmp_path), b"m" * 32) == 90
    path = tmp_path / f"volume-{volume:06d}.db"
    path.chmod(0o600)
    connection = apsw.Connection(str(path))
    connection.execute(sql).fetchall()
    connection.close()
    with pytest.raises(ChainBroken):
        check_duplicates(tmp_path, opener(tmp_path), b"m" * 32)
