"""One encrypted SQLite file a fold version, and a pointer that says which one is read.

The file is encrypted whole (sqlite3mc, ChaCha20-Poly1305, raw 32-byte key). WAL with synchronous NORMAL is right
here: a power cut may cost the newest transactions, never their order, and the fold takes them from the journal again.
`views/current` names the file that readers use; a swap replaces that pointer atomically and readers follow it at
their next read.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import msgspec

from codedark.errors import CannotUnseal, ChainBroken, CodedarkError, NotFound
from codedark.views.schema import SCHEMA_VERSION, TABLES
from codedark.views.settings import fold_version, interpretive

CIPHER = "chacha20"
_POINTER = "current"
_DISPOSABLE = "Views are disposable: delete the views folder and run `codedark rebuild`."
_FREE = "Free space on the node's disk; the last snapshot is still there."
_NONE_YET = "Start `codedark serve`; it folds the journal."
_WRITER_CACHE_KIB = 131_072
_READER_CACHE_KIB = 24_576
_WAL_PAGES = 8_000


def connect(
    path: Path, key: bytes, *, writer: bool, create: bool = False, private: bool = False
) -> apsw.Connection:  # fmt: skip
    """A connection with every pragma set by itself and read back (apsw runs only the first pragma of a string).
    `private`: a file that nobody reads before it is whole, written once and synced at its end.

    Raises `CannotUnseal` when the key does not open the file, `NotFound` when there is none.
    """
    if len(key) != 32:
        raise CannotUnseal("the views key must be 32 bytes")
    flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if create else 0)
    try:
        db = apsw.Connection(str(path), flags=flags)
    except apsw.CantOpenError as error:
        raise NotFound("there is no views file here yet", hint=_NONE_YET) from error
    try:
        _unlock(db, key)
        _tune(db, writer, private)
    except apsw.NotADBError as error:
        db.close()
        raise CannotUnseal(
            "the views file does not open with this key",
            hint=_DISPOSABLE,
        ) from error
    except apsw.CorruptError as error:
        db.close()
        raise _damaged() from error
    return db


def _damaged() -> ChainBroken:
    return ChainBroken(-1, "the views file is damaged", hint=_DISPOSABLE)


def _unlock(db: apsw.Connection, key: bytes) -> None:
    db.execute(f"PRAGMA cipher='{CIPHER}'")
    db.execute(f"PRAGMA key='raw:{key.hex()}'")
    if db.execute("PRAGMA cipher").get != CIPHER:
        raise CodedarkError(
            "this SQLite cannot encrypt", hint="Install apsw-sqlite3mc and remove apsw: both have one module name."
        )


def _tune(db: apsw.Connection, writer: bool, private: bool) -> None:
    db.set_busy_timeout(5_000)
    for pragma, value, reads in (
        ("temp_store", "memory", 2),
        ("journal_mode", "memory" if private else "wal", "memory" if private else "wal"),
        ("synchronous", "off" if private else "normal", 0 if private else 1),
        ("cache_size", str(-(_WRITER_CACHE_KIB if writer else _READER_CACHE_KIB)), None),
        ("wal_autocheckpoint", str(_WAL_PAGES), None),
        ("query_only", "0" if writer else "1", None),
    ):
        db.execute(f"PRAGMA {pragma}={value}").get  # noqa: B018 - stepping is what runs it
        got = db.execute(f"PRAGMA {pragma}").get
        if reads is not None and got != reads:
            raise CodedarkError(f"SQLite refused {pragma}={value}")


class ViewStore:
    """The views of one node. One writer (the fold); any number of reading threads and processes."""

    def __init__(
        self, folder: Path, key: bytes, file: str, *, readonly: bool, follow: bool, private: bool = False
    ) -> None:  # fmt: skip
        self.folder = folder
        self._private = private
        self.readonly = readonly
        self.key = key
        self._file = file
        self._follow = follow
        self._seen: tuple[int, int] | None = None
        self._local = threading.local()
        self._open: list[apsw.Connection] = []
        self._lock = threading.Lock()
        self._writer: apsw.Connection | None = None

    @classmethod
    def open(cls, folder: Path, key: bytes, *, fold: str | None = None, readonly: bool = False) -> ViewStore:
        """The views that `current` names, or those of one `fold` version. A writer makes a missing or bad file anew.

        Raises `NotFound` (a reader before anything was folded), `CannotUnseal` (another key), `ChainBroken` (a reader
        of a damaged file).
        """
        folder = Path(folder)
        if not readonly:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        pointed = _pointed(folder)
        file = f"{fold}.db" if fold else pointed
        if file is None and readonly:
            raise NotFound("there are no views here yet", hint=_NONE_YET)
        if file is None or (not readonly and not (folder / file).exists()):
            return cls.create(folder, key, {}, point=fold is None)
        store = cls(folder, key, file, readonly=readonly, follow=fold is None)
        try:
            store.meta("fold")
        except ChainBroken:
            if readonly:
                raise
            # It holds nothing of its own: the fold makes it again from the journal.
            return cls.create(folder, key, {}, point=fold is None)
        return store

    @classmethod
    def create(
        cls,
        folder: Path,
        key: bytes,
        pinned: dict[str, Any],
        *,
        pinned_at: int = -1,
        mapping: object = None,
        point: bool = True,
    ) -> ViewStore:
        """A new empty file for these pinned settings, not yet read by anyone unless `point`; until it is adopted a
        crash leaves nothing of it."""
        fold = fold_version(pinned) if mapping is None else fold_version(pinned, mapping=mapping)
        file = _unused(folder, fold)
        db = connect(folder / file, key, writer=True, create=True, private=not point)
        with db:
            db.execute(TABLES)
            for name, value in (
                ("schema", SCHEMA_VERSION),
                ("fold", fold),
                ("pinned_at", pinned_at),
                ("pinned", msgspec.json.encode(interpretive(pinned)).decode()),
            ):
                db.execute("INSERT INTO meta VALUES(?,?)", (name, value))
        db.close()
        os.chmod(folder / file, 0o600)
        store = cls(folder, key, file, readonly=False, follow=True, private=not point)
        if point:
            store.point()
        return store

    @property
    def path(self) -> Path:
        """The file in use."""
        return self.folder / self._file

    @property
    def fold(self) -> str:
        """The fold version of the file in use."""
        return str(self.meta("fold"))

    def meta(self, name: str, default: Any = None) -> Any:
        """One value of the file's own description."""
        with self.reading() as db:
            row = db.execute("SELECT value FROM meta WHERE key=?", (name,)).fetchone()
            return default if row is None else row[0]

    def newest(self) -> tuple[int, bytes | None]:
        """(place, hash) of the newest entry folded; (-1, None) when there is none."""
        return int(self.meta("position", -1)), self.meta("entry_hash")

    def writer(self) -> apsw.Connection:
        """The one writing connection."""
        if self.readonly:
            raise CodedarkError("these views were opened for reading")
        if self._writer is None:
            self._writer = connect(self.path, self.key, writer=True, private=self._private)
        return self._writer

    def reader(self) -> apsw.Connection:
        """This thread's reading connection to the file that is current now."""
        local = self._local
        held: apsw.Connection | None = getattr(local, "db", None)
        if held is not None and held.in_transaction:
            # Within one answer the file never changes under the reader.
            return held
        if self._follow:
            self._look()
        if getattr(local, "file", None) != self._file:
            if held is not None:
                held.close()
            local.db = self._connect_reader()
            local.file = self._file
            with self._lock:
                self._open.append(local.db)
        db: apsw.Connection = local.db
        return db

    @contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """One consistent state for several reads."""
        db = self.reader()
        if db.in_transaction:
            yield db
            return
        try:
            db.execute("BEGIN")
            try:
                yield db
            finally:
                db.execute("COMMIT")
        except (apsw.CorruptError, apsw.NotADBError) as error:
            raise _damaged() from error

    def point(self) -> None:
        """Make this file the one that is read (atomic), and remove the files it replaces."""
        temporary = self.folder / f".{_POINTER}"
        temporary.write_text(self._file + "\n", encoding="ascii")
        os.replace(temporary, self.folder / _POINTER)
        self._look()
        for other in self.folder.glob("*.db"):
            if other.name != self._file:
                remove(other)

    def adopt(self, other: ViewStore) -> None:
        """Become `other`, which is caught up: its file is read from now on. `other` is closed."""
        file = other._file
        other.close()
        # It was written without a journal of its own: it is on disk before anything points to it.
        _synced(other.path)
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._file = file
        self.point()

    def discard(self) -> None:
        """Close and delete this file: a build that will not be finished."""
        self.close()
        remove(self.path)

    def close(self) -> None:
        """Close every connection of this process."""
        with self._lock:
            connections, self._open = self._open, []
        for db in [*connections, *([self._writer] if self._writer else [])]:
            db.close()
        self._writer = None
        self._local = threading.local()

    def _look(self) -> None:
        try:
            state = os.stat(self.folder / _POINTER)
        except FileNotFoundError:
            return
        seen = (state.st_mtime_ns, state.st_ino)
        if seen != self._seen:
            self._file = _pointed(self.folder) or self._file
            self._seen = seen

    def _connect_reader(self) -> apsw.Connection:
        try:
            return connect(self.path, self.key, writer=False)
        except NotFound:
            # The file was swapped between the look at the pointer and the opening.
            self._seen = None
            self._look()
            return connect(self.path, self.key, writer=False)


def snapshot(store: ViewStore, path: Path) -> None:
    """A copy of the views as of one moment, still encrypted with the views key; written beside and renamed.

    Raises `CodedarkError` when it could not be written; nothing of it is left then.
    """
    temporary = path.with_name(path.name + ".part")
    remove(temporary)
    try:
        _copy(store, temporary)
        os.chmod(temporary, 0o600)
        os.replace(temporary, path)
    except (apsw.Error, OSError) as error:
        remove(temporary)
        raise CodedarkError(f"the snapshot could not be written ({type(error).__name__})", hint=_FREE) from error


def _copy(store: ViewStore, path: Path) -> None:
    target = connect(path, store.key, writer=True, create=True)
    try:
        with target.backup("main", store.reader(), "main") as backup:
            backup.step()
        target.execute("PRAGMA journal_mode=delete").get  # noqa: B018 - one file, no -wal beside it
    finally:
        target.close()


def restore(path: Path, folder: Path, key: bytes) -> ViewStore:
    """Start from a snapshot: the fold then reads only the journal's tail."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    probe = connect(path, key, writer=False)
    fold = str(probe.execute("SELECT value FROM meta WHERE key='fold'").get)
    probe.close()
    file = _unused(folder, fold)
    shutil.copyfile(path, folder / file)
    os.chmod(folder / file, 0o600)
    store = ViewStore(folder, key, file, readonly=False, follow=True)
    store.point()
    return store


def rekey(folder: Path, old: bytes, new: bytes) -> None:
    """Encrypt the views in use with another key: a copy beside, then the pointer. Nobody else may have them open.

    Raises `NotFound`, `CannotUnseal` when `old` is not their key.
    """
    source = ViewStore.open(folder, old, readonly=True)
    try:
        file = _unused(folder, source.fold)
        target = connect(folder / file, new, writer=True, create=True)
        try:
            with target.backup("main", source.reader(), "main") as backup:
                backup.step()
        finally:
            target.close()
    finally:
        source.close()
    os.chmod(folder / file, 0o600)
    store = ViewStore(folder, new, file, readonly=False, follow=False)
    store.meta("fold")  # what cannot be read again is not put in place
    store.point()
    store.close()


def _synced(path: Path) -> None:
    for each in (path, path.parent):
        place = os.open(each, os.O_RDONLY)
        try:
            os.fsync(place)
        finally:
            os.close(place)


def remove(path: Path) -> None:
    """Delete a views file with its -wal and -shm. Readers that have it open keep it until they follow the pointer."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _pointed(folder: Path) -> str | None:
    try:
        name = (folder / _POINTER).read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    # A file of another schema cannot be read by this code: it is folded anew.
    return name if name.startswith(f"{SCHEMA_VERSION}-") and "/" not in name else None


def _unused(folder: Path, fold: str) -> str:
    # Never the name of a file that somebody may still have open: always one above the highest.
    taken = [path.name.split(".") for path in folder.glob(f"{fold}.*db")]
    if not taken:
        return f"{fold}.db"
    return f"{fold}.{max(int(parts[1]) if len(parts) == 3 else 1 for parts in taken) + 1}.db"
