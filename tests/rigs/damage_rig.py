"""A small journal whose file is damaged byte by byte, and the question asked each time: what did that change, who
finds it, and was anything of it served?
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
from journal_rig import IDENTITY, deed, hl7, new_journal

from codedark.errors import CodedarkError
from codedark.journal import Entry, EpochKeys, JournalReader, check_duplicates, pull, rebuild_duplicates, verify

MAC_KEY = b"m" * 32
ENTRIES = 300
"""More than one full tile (256), so that there are proof nodes to damage."""
SEEKS = {
    "entry": ("SELECT header, nonce, hash FROM entry WHERE position = ?", "SELECT position FROM entry"),
    "payload": ("SELECT ciphertext FROM payload WHERE id = ?", "SELECT id FROM payload"),
    "tile": ("SELECT hashes FROM tile WHERE level = ? AND number = ?", "SELECT level, number FROM tile"),
    "checkpoint": ("SELECT * FROM checkpoint WHERE size = ?", "SELECT size FROM checkpoint"),
    "duplicate": ("SELECT position, recorded_at FROM duplicate WHERE (scope, key, mac) = (?,?,?)",
                  "SELECT scope, key, mac FROM duplicate"),
    "scope": ("SELECT id FROM scope WHERE name = ?", "SELECT name FROM scope"),
}  # fmt: skip
TABLES = ("meta", "entry", "payload", "checkpoint", "tile", "scope", "duplicate", "counter")
SWAPPED = {
    "entry": ("position", "header, nonce, hash"),
    "payload": ("id", "ciphertext"),
    "tile": ("level || '/' || number", "hashes"),
    "duplicate": ("scope || '/' || key", "mac, position, recorded_at"),
}
"""By table: what names a row, and what changes places with another row's."""
REFUSED, FREE = "refused by SQLite", "content-free"

Content = dict[str, Any]


@dataclass
class Original:
    """The undamaged journal: its file, what is in it, the checkpoint somebody else holds, and the pulled copy."""

    folder: Path
    copy: Path
    data: bytes
    content: Content
    entries: list[Entry]
    note: str
    opener: EpochKeys
    tally: Counter[str] = field(default_factory=Counter)
    unfound: list[str] = field(default_factory=list)
    served: list[str] = field(default_factory=list)
    spoiled: int = 0
    healed: int = 0

    @property
    def file(self) -> Path:
        return self.folder / "volume-000001.db"

    def write(self, data: bytes) -> None:
        """Put damaged bytes where the volume was, with no log beside them."""
        for leftover in ("-wal", "-shm"):
            Path(f"{self.file}{leftover}").unlink(missing_ok=True)
        self.file.write_bytes(data)


def original(place: Path, entries: int = ENTRIES) -> Original:
    """A journal of one volume, closed in order, and pulled by a machine without keys."""
    folder = place / "journal"
    journal = new_journal(folder)
    for start in range(0, entries, 30):
        journal.append_all([hl7(n, feed=("adt", "lab")[n % 2]) for n in range(start, start + 30)])
        journal.append(deed(b"dose %d" % start))
    note = journal.checkpoint().note
    journal.close()
    pull(folder, place / "copy")
    opener = EpochKeys(folder / "epochs", [str(IDENTITY)])
    data = (folder / "volume-000001.db").read_bytes()
    return Original(folder, place / "copy", data, content(folder), read_all(folder, opener), note, opener)


def content(folder: Path) -> Content:
    """Every table twice: as a scan gives it, and row by row as a look-up finds it. Raises what SQLite raises."""
    connection = apsw.Connection(str(folder / "volume-000001.db"), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        found: Content = {t: sorted(connection.execute(f"SELECT * FROM {t}").fetchall(), key=repr) for t in TABLES}
        for table, (seek, names) in SEEKS.items():
            keys = connection.execute(names).fetchall()
            found[table].append([connection.execute(seek, key).fetchall() for key in sorted(keys, key=repr)])
        return found
    finally:
        connection.close()


def changed(before: Content, folder: Path) -> list[str]:
    """The tables a damage reached; REFUSED when SQLite does not read the file, nothing when no content changed."""
    try:
        now = content(folder)
    except (apsw.Error, UnicodeDecodeError):
        return [REFUSED]
    tables = [table for table in TABLES if now[table] != before[table]]
    return ["endorsement" if t == "meta" and _endorsement_only(before, now) else t for t in tables]


def _endorsement_only(before: Content, now: Content) -> bool:
    return [row for row in before["meta"] if row[0] != "endorsement"] == [
        row for row in now["meta"] if row[0] != "endorsement"
    ]


def is_found(folder: Path, opener: EpochKeys) -> str:
    """Who finds it: verify without a key, or the duplicate check with one; "" when nobody does."""
    try:
        report = verify(folder)
    except CodedarkError as error:
        return f"verify: {error}"
    if not report.ok:
        return f"verify: {report.reason}"
    try:
        check_duplicates(folder, opener, MAC_KEY)
    except CodedarkError as error:
        return f"duplicates: {error}"
    return ""


def read_all(folder: Path, opener: EpochKeys, limit: int = 10_000) -> list[Entry]:
    reader = JournalReader.open(folder, opener)
    try:
        found: list[Entry] = []
        while batch := reader.read(len(found) - 1, limit):
            found += batch
        return found
    finally:
        reader.close()


def serves(before: list[Entry], folder: Path, opener: EpochKeys, limit: int) -> bool:
    """True when reading gives something else than what was kept, and does not say so."""
    try:
        return read_all(folder, opener, limit) != before
    except CodedarkError:
        return False


def swapped_rows(one: Original, rng: random.Random) -> tuple[bytes, str]:
    """The file after two rows of one table exchanged their contents, through SQLite, and where."""
    table = rng.choice(list(SWAPPED))
    key, columns = SWAPPED[table]
    one.write(one.data)
    connection = apsw.Connection(str(one.file))
    marks = ",".join("?" * len(columns.split(",")))
    while True:
        first, second = rng.sample(connection.execute(f"SELECT {key}, {columns} FROM {table}").fetchall(), 2)
        if first[1:] != second[1:]:
            break
    with connection:
        for name, values in ((first[0], second[1:]), (second[0], first[1:])):
            connection.execute(f"UPDATE {table} SET ({columns}) = ({marks}) WHERE {key} = ?", (*values, name))
    connection.execute("PRAGMA journal_mode = delete").fetchall()
    connection.execute("PRAGMA journal_mode = wal").fetchall()
    connection.close()
    return one.file.read_bytes(), f"{table} {first[0]} and {second[0]}"


def judge(one: Original, data: bytes, place: str, *, heal: bool = False) -> list[str]:
    """Damage the file, ask, and count. `place` names the damage when nobody finds it."""
    one.write(data)
    tables = changed(one.content, one.folder)
    one.tally["+".join(tables) or FREE] += 1
    found = is_found(one.folder, one.opener)
    if tables not in ([], [REFUSED], ["endorsement"]) and not found:
        one.unfound.append(f"{place}: {tables}")
    if any(serves(one.entries, one.folder, one.opener, limit) for limit in (10_000, 37)):
        one.served.append(f"{place}: {tables}")
    if heal and found:
        one.spoiled += 1
        one.healed += heals(one)
    return tables


def heals(one: Original) -> bool:
    """A damaged source leaves the pulled copy as it was; the copy put in its place is whole again."""
    try:
        pull(one.folder, one.copy)
    except CodedarkError:
        pass
    healed = one.folder.with_name("healed")
    shutil.rmtree(healed, ignore_errors=True)
    shutil.copytree(one.copy, healed)
    rebuild_duplicates(healed, EpochKeys(healed / "epochs", [str(IDENTITY)]), MAC_KEY)
    opener = EpochKeys(healed / "epochs", [str(IDENTITY)])
    whole = verify(healed, checkpoint_note=one.note)
    return whole.ok and not is_found(healed, opener) and read_all(healed, opener) == one.entries
