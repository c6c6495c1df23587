"""One volume: the SQLite file, its schema, and the statements that read and write it. No keys, no chain logic.

Writes go out as multi-row statements: each step of SQLite gives up the interpreter lock, and one step for many rows
keeps
the socket thread and the writer thread out of each other's way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw

from codedark.errors import JournalError, UnknownFormat
from codedark.journal.origin import OriginStatement

PART = 1 << 20
PARTS = 4096
_ROWS = 64
_PIECE = 1 << 16  # SQLite's own files take less than 128 KiB at once

SCHEMA = """
CREATE TABLE meta (
  name TEXT PRIMARY KEY,                -- format, volume, first, previous, frontier, statement, endorsement
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE entry (
  position INTEGER PRIMARY KEY,         -- leaf number in the origin's tree
  header BLOB NOT NULL,                 -- canonical header: every plain column, hashed and authenticated
  nonce BLOB NOT NULL,                  -- 12 bytes
  hash BLOB NOT NULL                    -- SHA-256(header, nonce, ciphertext)
) STRICT;
CREATE TABLE payload (
  id INTEGER PRIMARY KEY,               -- position * 4096 + part
  ciphertext BLOB NOT NULL              -- at most 1 MiB; parts join in order
) STRICT;
CREATE TABLE checkpoint (
  size INTEGER PRIMARY KEY,             -- entries covered
  root BLOB NOT NULL,                   -- RFC 6962 root
  note TEXT NOT NULL,                   -- signed note
  frontier BLOB NOT NULL                -- roots of the full subtrees, so appending never reads back
) STRICT;
CREATE TABLE tile (
  level INTEGER NOT NULL,               -- 0: leaf hashes; k: roots of full tiles of level k-1
  number INTEGER NOT NULL,
  hashes BLOB NOT NULL,                 -- 256 hashes of 32 bytes; only full tiles are stored
  PRIMARY KEY (level, number)
) STRICT;
CREATE TABLE scope (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE             -- first half of a natural key
) STRICT;
CREATE TABLE duplicate (
  scope INTEGER NOT NULL,
  key TEXT NOT NULL,                    -- second half of a natural key (MSH-10)
  mac BLOB NOT NULL,                    -- keyed MAC of the payload
  position INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,         -- of that entry, for the receipt
  PRIMARY KEY (scope, key, mac)
) STRICT, WITHOUT ROWID;
CREATE TABLE counter (
  kind TEXT PRIMARY KEY,
  entries INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""

EntryRow = tuple[int, bytes, bytes, bytes]
"""position, header, nonce, hash"""
ScannedRow = tuple[int, bytes, bytes, bytes, bytes | None]
"""position, header, nonce, hash, first part of the ciphertext"""


def connect(
    path: Path, *, readonly: bool = False, synchronous: str = "FULL", vfs: str | None = None
) -> apsw.Connection:
    """Open a volume file with the pragmas the journal's promise rests on, each set alone and read back."""
    if not readonly:
        _keep_log_again(path, vfs)
    flags = apsw.SQLITE_OPEN_READONLY if readonly else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    connection = apsw.Connection(str(path), flags=flags, vfs=vfs, statementcachesize=200)
    connection.set_busy_timeout(5000)
    if readonly:
        return connection
    wanted = {"journal_mode": "wal", "synchronous": {"FULL": 2, "NORMAL": 1, "OFF": 0}[synchronous]}
    for pragma, value in wanted.items():
        connection.execute(f"PRAGMA {pragma} = {value}").fetchall()
        ((found,),) = connection.execute(f"PRAGMA {pragma}").fetchall()
        if found != value:
            connection.close()
            raise JournalError(f"SQLite kept {pragma} at {found}, not {value}", hint="Use a local disk.")
    connection.execute("PRAGMA wal_autocheckpoint = 4000").fetchall()
    return connection


def _keep_log_again(path: Path, vfs: str | None) -> None:
    """Write a log that was left behind over itself, and sync it.

    After a failed sync Linux gives the lost pages back as if they were on disk, and a later sync does not keep them.
    SQLite would take them up again and we would build receipts upon them. Bytes written anew are kept, or fail anew.
    """
    log = path.with_name(f"{path.name}-wal")
    if not log.exists() or not log.stat().st_size:
        return
    file = apsw.VFSFile(vfs or "", str(log), [apsw.SQLITE_OPEN_SUPER_JOURNAL | apsw.SQLITE_OPEN_READWRITE, 0])
    try:
        size = file.xFileSize()
        for start in range(0, size, _PIECE):
            file.xWrite(file.xRead(min(_PIECE, size - start), start), start)
        file.xSync(apsw.SQLITE_SYNC_FULL)
    finally:
        file.xClose()


class Volume:
    """An open volume. Reads and writes rows; the caller owns transactions and meaning."""

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection

    @classmethod
    def create(cls, path: Path, meta: dict[str, bytes | str | int], *, synchronous: str, vfs: str | None) -> Volume:
        """A new, empty volume file."""
        connection = connect(path, synchronous=synchronous, vfs=vfs)
        with connection:
            connection.execute(SCHEMA)
            connection.executemany("INSERT INTO meta VALUES (?, ?)", list(meta.items()))
        return cls(connection)

    @classmethod
    def open(cls, path: Path, *, readonly: bool, synchronous: str = "FULL", vfs: str | None = None) -> Volume:
        """An existing volume file. Raises UnknownFormat when it is not one of this version."""
        if path.exists() and not path.is_file():
            raise UnknownFormat(f"{path.name} is no file")  # a pipe by that name would keep us waiting for ever
        try:
            volume = cls(connect(path, readonly=readonly, synchronous=synchronous, vfs=vfs))
            if volume.meta().get("format") != "CDJ1":
                raise UnknownFormat(f"{path.name} is not a journal volume of format CDJ1")
        except apsw.NotADBError as error:
            raise UnknownFormat(f"{path.name} is not a journal volume") from error
        except (apsw.SQLError, apsw.CorruptError, apsw.FormatError, UnicodeDecodeError) as error:
            raise UnknownFormat(f"{path.name} has no journal in it that can be read") from error
        return volume

    def statement(self) -> OriginStatement:
        """Whose volume this is. Raises UnknownFormat."""
        meta = self.meta()
        text, endorsement = meta.get("statement"), meta.get("endorsement")
        if not isinstance(text, str) or not isinstance(endorsement, bytes):
            raise UnknownFormat("the volume does not say whose it is")
        return OriginStatement.parse(text, endorsement)

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        return self.connection.execute(sql, values).fetchall()

    def meta(self) -> dict[str, bytes | str | int]:
        """All of `meta`."""
        return dict(self.connection.execute("SELECT name, value FROM meta"))

    def insert_entries(self, rows: Sequence[EntryRow]) -> None:
        """Add entry rows, in order."""
        self._insert("entry", 4, rows)

    def insert_payloads(self, rows: Iterable[tuple[int, bytes]]) -> None:
        """Add ciphertexts by position, cut into parts."""
        self._insert("payload", 2, [part for position, data in rows for part in _parts(position, data)])

    def insert_duplicates(self, rows: Sequence[tuple[int, str, bytes, int, int]]) -> None:
        """Add natural keys: scope id, key, mac, position, recorded_at."""
        self._insert("duplicate", 5, rows)

    def duplicates(self, keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], list[tuple[bytes, int, int]]]:
        """(mac, position, recorded_at) of every entry under these natural keys."""
        found: dict[tuple[int, str], list[tuple[bytes, int, int]]] = {}
        for start in range(0, len(keys), _ROWS):
            some = keys[start : start + _ROWS]
            sql = (
                "SELECT scope, key, mac, position, recorded_at FROM duplicate WHERE (scope, key) IN (VALUES "  # nosec B608 - marks only
                + ",".join(["(?,?)"] * len(some))
                + ") ORDER BY position"
            )
            for scope, key, mac, position, at in self.connection.execute(sql, [v for pair in some for v in pair]):
                found.setdefault((scope, key), []).append((mac, position, at))
        return found

    def duplicates_since(self, since_us: int) -> Iterator[tuple[str, str, bytes, int, int]]:
        """Natural keys recorded since then, with their scopes by name."""
        rows: Iterator[tuple[str, str, bytes, int, int]] = self.connection.execute(
            "SELECT s.name, d.key, d.mac, d.position, d.recorded_at "
            "FROM duplicate d LEFT JOIN scope s ON s.id = d.scope WHERE d.recorded_at >= ?",
            (since_us,),
        )
        return rows

    def count_duplicates(self, first: int = 0, below: int = 1 << 62) -> int:
        """How many natural keys are of entries `first` … `below` − 1."""
        sql = "SELECT count(*) FROM duplicate WHERE position >= ? AND position < ?"
        return int(self._rows(sql, (first, below))[0][0])

    def scope_known(self, name: str) -> int | None:
        """The id of a scope; None when nothing came under it."""
        row = self._rows("SELECT id FROM scope WHERE name = ?", (name,))
        return int(row[0][0]) if row else None

    def scope_id(self, name: str) -> int:
        """The id of a scope, made when new."""
        if row := self._rows("SELECT id FROM scope WHERE name = ?", (name,)):
            return int(row[0][0])
        self.connection.execute("INSERT INTO scope (name) VALUES (?)", (name,))
        return self.connection.last_insert_rowid()

    def put_checkpoint(self, size: int, root: bytes, note: str, frontier: bytes, drop: int | None) -> None:
        """Keep a checkpoint; `drop` is the size of an earlier one that need not be kept."""
        if drop is not None:
            self.connection.execute("DELETE FROM checkpoint WHERE size = ?", (drop,))
        self.connection.execute("INSERT OR REPLACE INTO checkpoint VALUES (?,?,?,?)", (size, root, note, frontier))

    def newest_checkpoint(self) -> tuple[int, bytes, str, bytes] | None:
        """size, root, note, frontier of the newest checkpoint."""
        rows = self._rows("SELECT size, root, note, frontier FROM checkpoint ORDER BY size DESC LIMIT 1")
        return rows[0] if rows else None

    def checkpoints(self, after: int, to: int) -> list[tuple[int, bytes, str, bytes]]:
        """size, root, note, frontier of the checkpoints of more than `after` entries, up to `to`, by size."""
        sql = "SELECT size, root, note, frontier FROM checkpoint WHERE size > ? AND size <= ? ORDER BY size"
        return self._rows(sql, (after, to))

    def least_checkpoint(self) -> int:
        """The size of the first checkpoint; 1 when there is none."""
        return int(self._rows("SELECT coalesce(min(size), 1) FROM checkpoint")[0][0])

    def begins(self) -> int | None:
        """The position of the first entry, None when there is none yet."""
        position: int | None = self._rows("SELECT min(position) FROM entry")[0][0]
        return position

    def insert_tiles(self, rows: Sequence[tuple[int, int, bytes]]) -> None:
        """Add full tiles: level, number, hashes."""
        self._insert("tile", 3, rows)

    def put_tiles(self, rows: Sequence[tuple[int, int, bytes]]) -> None:
        """Add full tiles, or write again those a cut-off pull had written."""
        self.connection.executemany("INSERT OR REPLACE INTO tile VALUES (?,?,?)", rows)

    def tile(self, level: int, number: int) -> bytes | None:
        """The hashes of a full tile, None when it is not stored."""
        rows = self._rows("SELECT hashes FROM tile WHERE level = ? AND number = ?", (level, number))
        return rows[0][0] if rows else None

    def entry_hashes(self, first: int, count: int) -> list[bytes]:
        """The entry hashes of `count` positions from `first`."""
        sql = "SELECT hash FROM entry WHERE position >= ? AND position < ? ORDER BY position"
        return [digest for (digest,) in self._rows(sql, (first, first + count))]

    def carried_leaves(self, start: int) -> list[bytes]:
        """Leaf hashes from `start` that came with the volume: of entries that lie in the one before."""
        meta = self.meta()
        first, data = int(meta["first"]), bytes(meta.get("leaves", b""))  # type: ignore[arg-type]
        leaves = [data[i : i + 32] for i in range(0, len(data), 32)]
        return leaves if first - len(leaves) == start else []

    def add_counts(self, counts: dict[str, int]) -> None:
        """Add to the entry counters."""
        self.connection.executemany(
            "INSERT INTO counter VALUES (?, ?) ON CONFLICT (kind) DO UPDATE SET entries = entries + excluded.entries",
            list(counts.items()),
        )

    def counts(self) -> dict[str, int]:
        """Entries by kind."""
        return dict(self.connection.execute("SELECT kind, entries FROM counter ORDER BY kind"))

    def standing(self) -> tuple[int, dict[str, int]]:
        """Next position and entries by kind, in one read: they belong together even beside a writer."""
        rows = self._rows("SELECT kind, entries, (SELECT max(position) + 1 FROM entry) FROM counter ORDER BY kind")
        return (rows[0][2] or 0) if rows else 0, {kind: entries for kind, entries, _ in rows}

    def last(self) -> EntryRow | None:
        """The newest entry row."""
        rows = self._rows("SELECT * FROM entry ORDER BY position DESC LIMIT 1")
        return rows[0] if rows else None

    def entries(self, after: int, limit: int) -> Iterator[ScannedRow]:
        """Entry rows after a position with the first part of their ciphertext (None when missing), in order."""
        rows: Iterator[ScannedRow] = self.connection.execute(
            "SELECT e.position, e.header, e.nonce, e.hash, p.ciphertext FROM entry e "
            "LEFT JOIN payload p ON p.id = e.position * 4096 WHERE e.position > ? ORDER BY e.position LIMIT ?",
            (after, limit),
        )
        return rows

    def further_parts(self, position: int) -> bytes:
        """The ciphertext after its first part."""
        rows = self.connection.execute(
            "SELECT ciphertext FROM payload WHERE id > ? AND id < ? ORDER BY id",
            (position * PARTS, (position + 1) * PARTS),
        )
        return b"".join(part for (part,) in rows)

    def disorder(self) -> str:
        """What SQLite finds wrong with the trees that rows are looked up in: a damaged key there hides a row from a
        look-up and from no scan. "" when nothing. Ciphertexts are left out: verifying looks up each of them anyway.
        """
        for table in ("meta", "entry", "checkpoint", "tile", "scope", "duplicate", "counter"):
            ((said, *_), *_) = self._rows(f"PRAGMA integrity_check('{table}')")
            if said != "ok":
                return f"{table}: {' '.join(str(said).split())}"
        return ""

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def _insert(self, table: str, width: int, rows: Sequence[tuple[object, ...]]) -> None:
        one = "(" + ",".join("?" * width) + ")"
        execute = self.connection.execute
        for start in range(0, len(rows), _ROWS):
            some = rows[start : start + _ROWS]
            values = [value for row in some for value in row]
            execute(f"INSERT INTO {table} VALUES " + ",".join([one] * len(some)), values)  # nosec B608 - our own table


def _parts(position: int, data: bytes) -> Iterator[tuple[int, bytes]]:
    base = position * PARTS
    if len(data) <= PART:
        yield base, data
        return
    if len(data) > PART * PARTS:
        raise JournalError("an entry of more than 4 GiB cannot be kept", hint="Split the input.")
    for number, start in enumerate(range(0, len(data), PART)):
        yield base + number, data[start : start + PART]
