"""The fold: journal entries into views, position and state in one transaction.

`Fold.catch_up` brings the current file to the journal's head. When the folded settings or the mapping say that the
file's fold version is no longer the right one, a new file is folded from the start beside it and swapped in once it
has caught up; meanwhile the old one keeps being served and kept current.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import apsw
import msgspec

from codedark.entries import (
    KINDS,
    MAPPING_VERSION,
    ConfigSet,
    DeedReviewed,
    Interpretation,
    Site,
    SourceDistrusted,
    SourceHeld,
    SourceReleased,
    interpret,
    payload_of,
)
from codedark.errors import CodedarkError, Uninterpretable
from codedark.journal import Entry
from codedark.views.ahead import Ahead, Told
from codedark.views.batch import Batch
from codedark.views.beside import two_cores
from codedark.views.distrust import Marks, fold_again, hold, mark, release
from codedark.views.lasting import before, note_deed, reviewed
from codedark.views.ledger import LEDGER, worklist_row
from codedark.views.origins import ADOPTION_KEY, adopted, forked, opened
from codedark.views.pins import WITNESS, pin_complaint
from codedark.views.settings import complaint, fold_version, interpretive, site_of
from codedark.views.staging import stage
from codedark.views.store import ViewStore

READ = 10_000
_FEW, _READ_BYTES = 100, 32 * 1024 * 1024
_FLUSH_FACTS = 12_000
_MANY_OBJECTS = 100_000
CLINICAL = frozenset({"hl7.received", "fhir.imported", "facts.recorded", "report.received", "report.tied"})
_ORIGINS: dict[str, Callable[[apsw.Connection, Entry, Any], str]] = {
    "origin.opened": opened,
    "origin.adopted": adopted,
    "fork.found": forked,
}
QUIET = frozenset(
    {
        "chart.viewed",
        "reading.unlogged",
        "session.opened",
        "session.closed",
        "login.refused",
        "deed.refused",
        "unit.code.used",
        "feed.heard",
    }
)
"""After these no unit, bed list, merge, place or setting is another: what readers remember of them stays good. Every
page that is shown is such an entry, so without this each page would make the next one slow."""
_OUR_TROUBLE = (apsw.FullError, apsw.IOError, apsw.BusyError, apsw.NoMemError, apsw.CantOpenError)
_DAMAGE = (apsw.CorruptError, apsw.NotADBError)

Interpret = Callable[[Entry, Site], Interpretation]
Progress = Callable[[int], None]


class EntrySource(Protocol):
    """What the fold reads: a `JournalReader`."""

    def read(self, after: int, limit: int = READ) -> Sequence[Entry]:
        """Opened entries after a position, at most `limit`."""
        ...


class Restart(Exception):
    """The settings changed before anything clinical was folded: start again with the right fold version.

    It carries what the pass had read, because the pass forgets it with its transaction."""

    def __init__(self, settings: dict[str, Any], position: int) -> None:
        super().__init__()
        self.settings, self.position = settings, position


class Pass:
    """One passage over the journal into one views file."""

    def __init__(self, store: ViewStore, interpret_: Interpret, *, alone: bool = False) -> None:
        self.store, self._interpret = store, interpret_
        self._room = _FEW
        """How many entries are read at once: no more than fit in memory, by the size of the last ones."""
        # Nobody waits to see part of it: fewer transactions write the pages of an index less often.
        self._full = _FLUSH_FACTS * (3 if alone else 1)
        self._may_ask = alone and interpret_ is interpret and two_cores()
        self._ahead: Ahead | None = None
        self._coming: Sequence[Entry] = ()
        self._load()

    def _load(self) -> None:
        db = self.db = self.store.writer()
        meta = dict(db.execute("SELECT key, value FROM meta"))
        self.position = int(meta.get("position", -1))
        self.changed = int(meta.get("changed", self.position))
        self.pinned: dict[str, Any] = msgspec.json.decode(meta["pinned"])
        self.pinned_at = int(meta["pinned_at"])
        self.settings = {key: msgspec.json.decode(value) for key, value in db.execute("SELECT key, value FROM setting")}
        self.site = site_of(self.pinned)
        self.marks = Marks(db)
        self.batch = Batch(db, self._is_out)
        self.clinical = db.execute("SELECT 1 FROM entry LIMIT 1").fetchone() is not None

    def _is_out(self, entry: Entry, via: str) -> bool:
        return self.marks.is_out(entry.source, entry.recorded_at_us, entry.position, via)

    @property
    def wanted(self) -> dict[str, Any]:
        """The interpretive settings that this file should be folded with, as far as it has read."""
        return self.pinned if self.position < self.pinned_at else interpretive(self.settings)

    def advance(self, reader: EntrySource, limit: int) -> int:
        """Fold at most `limit` further entries; how many there were. Raises `Restart` or a `CodedarkError`."""
        entries = self._coming or reader.read(self.position, min(limit, self._room))
        self._coming = ()
        if entries and self._may_ask and self.clinical and limit >= READ:
            self._look_ahead(entries, reader)
        done = 0
        while done < len(entries):
            done = self._transaction(entries, done)
        if entries:
            mean = sum(len(entry.payload) for entry in entries) // len(entries)
            self._room = max(_FEW, min(READ, _READ_BYTES // max(mean, 1)))
        if self._ahead is not None:
            self._ahead.forget(self.position)
            if not self._coming:
                self.close()
        return len(entries)

    def _look_ahead(self, entries: Sequence[Entry], reader: EntrySource) -> None:
        """Read the entries after these, and have them interpreted while these are written."""
        if self._ahead is None:
            if len(entries) < _FEW:
                return
            self._ahead = Ahead(self.site)
            self._ahead.submit([entry for entry in entries if entry.kind in CLINICAL])
        self._coming = reader.read(entries[-1].position, self._room)
        self._ahead.submit([entry for entry in self._coming if entry.kind in CLINICAL])

    def close(self) -> None:
        """End what was started for this passage."""
        if self._ahead is not None:
            self._ahead.close()
            self._ahead, self._coming = None, ()

    def _transaction(self, entries: Sequence[Entry], start: int) -> int:
        """Fold entries from `start` until the batch is full; the index of the next one."""
        try:
            return self._write(entries, start, len(entries))
        except _OUR_TROUBLE as error:
            raise _cannot_write(error) from error
        except (CodedarkError, Restart, *_DAMAGE):
            raise
        except Exception:
            # One of them cannot be written: find it by folding one at a time, so that only it is left out.
            for index in range(start, len(entries)):
                self._one(entries, index)
            return len(entries)

    def _one(self, entries: Sequence[Entry], index: int) -> None:
        try:
            self._write(entries, index, index + 1)
        except _OUR_TROUBLE as error:
            raise _cannot_write(error) from error
        except (CodedarkError, Restart, *_DAMAGE):
            raise
        except Exception as error:
            entry = entries[index]
            with self.db:
                if entry.kind in CLINICAL:
                    self.batch.keep(entry, f"could not be folded ({type(error).__name__})")
                    self.batch.flush()
                else:
                    worklist_row(self.db, entry, "entry", f"could not be folded ({type(error).__name__})")
                self.changed = entry.position
                self._mark_position(entry)

    def _write(self, entries: Sequence[Entry], start: int, end: int) -> int:
        index = start
        self.db.execute("BEGIN IMMEDIATE")
        try:
            while index < end and self.batch.facts < self._full:
                self._take(entries[index])
                index += 1
            self.batch.flush()
            self._mark_position(entries[index - 1])
            self.db.execute("COMMIT")
        except BaseException:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            # What is in memory is ahead of the file now.
            self._load()
            raise
        return index

    def _mark_position(self, entry: Entry) -> None:
        self.position = entry.position
        self.db.executemany(
            "INSERT OR REPLACE INTO meta VALUES(?,?)",
            [
                ("position", entry.position),
                ("changed", self.changed),
                ("entry_hash", entry.entry_hash),
                ("recorded_us", entry.recorded_at_us),
                ("clock_trusted", int(entry.header.clock_trusted)),
            ],
        )

    def _take(self, entry: Entry) -> None:
        kind = entry.kind
        if kind not in QUIET:
            self.changed = entry.position
        if kind in CLINICAL:
            self._clinical(entry)
        elif kind in LEDGER:
            self._ledger(entry, LEDGER[kind])
        elif kind in _ORIGINS:
            self._ledger(entry, self._origin)
        elif kind == "deed.reviewed":
            self._ledger(entry, self._reviewed)
        elif kind == "config.set":
            self._ledger(entry, self._config)
        elif kind in ("source.distrusted", "source.held", "source.released"):
            self._ledger(entry, self._trust)
        elif kind not in KINDS:
            self._unknown(entry)

    def _clinical(self, entry: Entry) -> None:
        if not self.clinical and entry.position > self.pinned_at and interpretive(self.settings) != self.pinned:
            raise Restart(interpretive(self.settings), self.position)
        self.clinical = True
        if entry.source.startswith("feed:"):
            self.batch.hear_feed(entry.source.removeprefix("feed:"), entry.recorded_at_us)
        told = self._ahead.told(entry.position) if self._ahead is not None else None
        try:
            if told is None:
                meant = self._interpret(entry, self.site)
                told = Told(entry.position, meant, stage(meant))
        except Exception as error:
            told = Told(entry.position, Interpretation(), [], type(error).__name__)
        if told.failed:
            self.batch.keep(entry, f"could not be folded ({told.failed})")
            return
        self.batch.take(entry, told.meant, told.staged)

    def _ledger(self, entry: Entry, apply: Callable[[apsw.Connection, Entry, Any], None]) -> None:
        try:
            said = payload_of(entry)
        except Uninterpretable:
            worklist_row(self.db, entry, "entry", f"the payload is no {entry.kind}")
            return
        with self.db:
            was = before(self.db, entry, said)
            apply(self.db, entry, said)
            if was is not None:
                note_deed(self.db, entry, said, was)

    def _config(self, db: apsw.Connection, entry: Entry, said: ConfigSet) -> None:
        if said.key == ADOPTION_KEY and (said.key in self.settings or entry.source != "node"):
            worklist_row(db, entry, "setting", f"{said.key} is set once, when the facility is founded")
            return
        believed = pin_complaint(db, said.key, said.value) if said.key.startswith(WITNESS) else ""
        if reason := believed or complaint(said.key, said.value, entry.source):
            worklist_row(db, entry, "setting", f"{said.key} {reason}", "Set it again with a value that can be used.")
            return
        text = msgspec.json.encode(said.value).decode()
        db.execute(
            "INSERT OR REPLACE INTO setting VALUES(?,?,?,?)", (said.key, text, entry.position, entry.recorded_at_us)
        )
        self.settings[said.key] = msgspec.json.decode(text)

    def _origin(self, db: apsw.Connection, entry: Entry, said: Any) -> None:
        if reason := _ORIGINS[entry.kind](db, entry, said):
            worklist_row(db, entry, "origin", reason)

    def _reviewed(self, db: apsw.Connection, entry: Entry, said: DeedReviewed) -> None:
        if reason := reviewed(db, entry, said):
            worklist_row(db, entry, "review", reason)

    def _trust(
        self, db: apsw.Connection, entry: Entry, said: SourceDistrusted | SourceHeld | SourceReleased
    ) -> None:  # fmt: skip
        self.batch.flush()
        if isinstance(said, SourceHeld):
            hold(db, said, entry.position, entry.recorded_at_us)
            worklist_row(
                db,
                entry,
                "hold",
                "what this source says is kept, and not shown until somebody releases it",
                "Look at what it said; then release it, or have two people distrust it.",
                source=said.source,
            )
        elif isinstance(said, SourceReleased):
            held_at = release(db, said)
            if held_at is None:
                worklist_row(db, entry, "hold", "releases a source that is not held")
                return
            db.execute(
                "UPDATE worklist SET state='decided', decided_by=?, decision='released', note=? WHERE item=?",
                (said.person, said.reason, f"{held_at}/hold"),
            )
        elif not mark(db, said, entry.position):
            worklist_row(db, entry, "distrust", "takes back a distrust that is not in force")
            return
        self.marks = Marks(db)
        fold_again(db, self.batch, said.source)

    def _unknown(self, entry: Entry) -> None:
        if self.db.execute("SELECT 1 FROM unknown_kind WHERE kind=?", (entry.kind,)).fetchone() is None:
            worklist_row(
                self.db,
                entry,
                "kind",
                f"unknown kind {entry.kind} (and all later ones of it)",
                "A newer codedark knows it; the entries are kept and a rebuild will fold them.",
            )
        self.db.execute(
            "INSERT INTO unknown_kind VALUES(?,?,1) ON CONFLICT DO UPDATE SET count = count + 1",
            (entry.kind, entry.position),
        )


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """A batch is a hundred thousand objects that live until it is written: looking for rings among them costs a tenth
    of the fold and finds nothing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if gc.get_count()[0] > _MANY_OBJECTS:
                # What a long passage remembers is no garbage: it is not looked through again.
                gc.freeze()
            gc.enable()


def _cannot_write(error: Exception) -> CodedarkError:
    return CodedarkError(
        f"the views cannot be written ({type(error).__name__})",
        hint="Free space on the disk of the views folder; the fold goes on from where it was.",
    )


class Fold:
    """Keeps a `ViewStore` at the head of a journal. The only writer of its folder; one thread.

    `alone`: no node runs here, so a long passage may use a second core, and first views may be built whole before
    anybody sees them.
    """

    def __init__(
        self,
        reader: EntrySource,
        store: ViewStore,
        *,
        interpret: Interpret = interpret,
        mapping: object = MAPPING_VERSION,
        alone: bool = False,
    ) -> None:
        self._reader, self._interpret, self._mapping, self._alone = reader, interpret, mapping, alone
        self.store = store
        try:
            self._pass = Pass(store, interpret, alone=alone)
        except _DAMAGE:
            self._restart(Restart({}, -1))

    @property
    def position(self) -> int:
        """The newest entry in the views (-1: none)."""
        return self._pass.position

    def catch_up(self, max_entries: int | None = None, progress: Progress | None = None) -> int:
        """Fold what is new; the number of entries applied. `progress` is told after each transaction's read.

        Once the head is reached, a file of another fold version is built beside and swapped in if it is due.
        """
        with _collector_at_rest():
            if self._alone and max_entries is None and not self._pass.clinical and self._is_long():
                return self._build(self._pass.wanted, progress)
            applied, exhausted = self._advance(max_entries, progress)
            while exhausted and self._due():
                self._build(self._pass.wanted, progress)
                more, exhausted = self._advance(None, None)
                applied += more
            return applied

    def rebuild(self, progress: Progress | None = None) -> int:
        """Fold the whole journal into a new file and swap it in; the number of entries read for it."""
        with _collector_at_rest():
            self._advance(None, None)
            return self._build(self._pass.wanted, progress)

    def _is_long(self) -> bool:
        return len(self._reader.read(self._pass.position, 2 * _FEW)) >= 2 * _FEW

    def _due(self) -> bool:
        fold: str = self.store.writer().execute("SELECT value FROM meta WHERE key='fold'").get
        return fold != fold_version(self._pass.wanted, mapping=self._mapping)

    def _advance(self, max_entries: int | None, progress: Progress | None) -> tuple[int, bool]:
        applied = 0
        while max_entries is None or applied < max_entries:
            try:
                got = self._pass.advance(self._reader, READ if max_entries is None else max_entries - applied)
            except Restart as due:
                self._restart(due)
                applied = 0
                continue
            except _DAMAGE:
                # Rotten pages cost a passage over the journal, nothing else: the file holds nothing of its own.
                self._restart(Restart(self._pass.pinned, self._pass.pinned_at))
                applied = 0
                continue
            if not got:
                return applied, True
            applied += got
            if progress is not None:
                progress(applied)
        return applied, False

    def _restart(self, due: Restart) -> None:
        """Nothing clinical was folded yet: begin again at once under the right version."""
        fresh = self._create(due.settings, due.position)
        self.store.adopt(fresh)
        self._pass.close()
        self._pass = Pass(self.store, self._interpret, alone=self._alone)

    def _create(self, pinned: Mapping[str, Any], pinned_at: int) -> ViewStore:
        return ViewStore.create(
            self.store.folder, self.store.key, dict(pinned), pinned_at=pinned_at, mapping=self._mapping, point=False
        )

    def _build(self, pinned: Mapping[str, Any], progress: Progress | None, pinned_at: int | None = None) -> int:
        fresh = self._create(pinned, self._pass.position if pinned_at is None else pinned_at)
        building, read = Pass(fresh, self._interpret, alone=self._alone), 0
        try:
            while got := building.advance(self._reader, READ):
                read += got
                if progress is not None:
                    progress(read)
                if not self._alone:
                    # Readers keep the old file: it must not fall behind while the new one is made.
                    self._advance(READ, None)
        except Restart as due:
            fresh.discard()
            if self._alone:
                return self._build(due.settings, progress, due.position)
            return self._build(self._pass.wanted, progress)
        except BaseException:
            fresh.discard()
            raise
        finally:
            building.close()
        self.store.adopt(fresh)
        self._pass.close()
        self._pass = Pass(self.store, self._interpret, alone=self._alone)
        return read
