"""The journal as its only writer sees it: group commit on one thread, two lanes, receipts after the sync.

A draft is acknowledged only when its transaction is durable (WAL, synchronous=FULL). When a commit fails, nobody in
it gets a
receipt; people's deeds are tried once more with the reserve, feeds are told `AppendFailed` and their senders send
again.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TextIO

import apsw
import msgspec

from codedark.clock import Chance, Clock
from codedark.errors import AppendFailed, JournalError, Locked
from codedark.journal.chain import Chain
from codedark.journal.earlier import Earlier
from codedark.journal.epochs import SealingKeys
from codedark.journal.model import Checkpoint, Draft, Head, Lane, Receipt
from codedark.journal.note import read_checkpoint
from codedark.journal.origin import OriginStatement
from codedark.journal.reserve import Reserve
from codedark.journal.rolling import begin_volume, close_volume, volume_path, volume_paths
from codedark.journal.volume import Volume, connect

BATCH = 1024
RESERVE_AGAIN_S = 1.0
_FULL = "the journal's disk is full"
_LOOK_AT_DISK = "Look at the disk: is it full, does it report errors? The last copy is where `journal pull` put it."

Done = Callable[[Receipt | AppendFailed], None]
Delivery = Sequence[tuple[Done, Receipt | AppendFailed]]


def deliver_here(batch: Delivery) -> None:
    """The default delivery: call each `done` on the writer thread."""
    for done, result in batch:
        done(result)


class Journal:
    """The one writer of one origin. Thread-safe. Close it, or let the process die: both are the same to the record."""

    def __init__(
        self, folder: Path, chain: Chain, volume: Volume, lock: TextIO, threaded: bool,
        deliver: Callable[[Delivery], None], reconnect: Callable[[Path], apsw.Connection], synchronous: str,
    ) -> None:  # fmt: skip
        self.folder, self._chain, self._volume, self._lock = folder, chain, volume, lock
        self._reconnect, self._in_doubt, self._synchronous = reconnect, False, synchronous
        self._deliver = deliver
        self._reserve = Reserve(folder)
        self._reserve.hold()
        self._counts = volume.counts()
        self._lanes: tuple[deque[tuple[Draft, Done]], deque[tuple[Draft, Done]]] = (deque(), deque())
        self._wake, self._state = threading.Semaphore(0), threading.Lock()
        self._waiting = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True) if threaded else None
        if self._thread:
            self._thread.start()

    @classmethod
    def create(
        cls, folder: Path, statement: OriginStatement, keys: SealingKeys, clock: Clock, chance: Chance,
        *, threaded: bool = True, synchronous: str = "FULL", vfs: str | None = None,
    ) -> Journal:  # fmt: skip
        """Begin an origin in an empty folder; its first entry is `origin.opened`. Raises JournalError if one is
        there.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if volume_paths(folder):
            raise JournalError(f"{folder} already holds a journal", hint="Choose an empty folder.")
        meta: dict[str, bytes | str | int] = {
            "format": "CDJ1",
            "volume": 1,
            "first": 0,
            "previous": statement.first_previous,
            "frontier": b"",
            "statement": statement.text,
            "endorsement": statement.endorsement,
        }
        Volume.create(volume_path(folder, 1), meta, synchronous=synchronous, vfs=vfs).close()
        journal = cls.open(folder, keys, clock, chance, threaded=threaded, synchronous=synchronous, vfs=vfs)
        journal.append(_origin_opened(statement))
        return journal

    @classmethod
    def open(
        cls, folder: Path, keys: SealingKeys, clock: Clock, chance: Chance, *, synchronous: str = "FULL",
        threaded: bool = True, deliver: Callable[[Delivery], None] = deliver_here, vfs: str | None = None,
        origins: Path | None = None,
    ) -> Journal:  # fmt: skip
        """Continue the origin in `folder`. Raises Locked, UnknownFormat, ChainBroken; JournalError when there is
        none.

        `origins`: where the chains lie that it follows; what they kept is answered with their receipts.
        """
        if not (paths := volume_paths(folder)):
            raise JournalError(f"there is no journal in {folder}", hint="Run `codedark init` first.")
        lock = _take_lock(folder)
        try:
            volume = Volume.open(paths[-1], readonly=False, synchronous=synchronous, vfs=vfs)
            statement = volume.statement()
            earlier = Earlier.open(statement, origins, clock.now_us())
            chain = Chain(folder, volume, statement, keys, clock, chance, earlier)
        except apsw.Error as error:
            lock.close()
            raise JournalError(f"the journal cannot be opened ({type(error).__name__})", hint=_LOOK_AT_DISK) from error
        except BaseException:
            lock.close()
            raise
        reconnect = partial(connect, synchronous=synchronous, vfs=vfs)
        return cls(folder, chain, volume, lock, threaded, deliver, reconnect, synchronous)

    @property
    def statement(self) -> OriginStatement:
        """Who this origin is."""
        return self._chain.statement

    def append(self, draft: Draft) -> Receipt:
        """Keep one draft; returns when it is durable. Raises AppendFailed when it is not.

        Blocks: never on the thread that `deliver` needs (an event loop uses `submit`).
        """
        return self.append_all([draft])[0]

    def append_all(self, drafts: Sequence[Draft]) -> list[Receipt]:
        """Keep several drafts, in order; returns when all are durable. Raises the first AppendFailed."""
        if self._thread is None:
            return self._now(drafts)
        results: list[Receipt | AppendFailed | None] = [None] * len(drafts)
        left, all_done, guard = [len(drafts)], threading.Event(), threading.Lock()

        def placed(index: int) -> Done:
            """What takes the result of one of them."""

            def done(result: Receipt | AppendFailed) -> None:
                results[index] = result
                with guard:
                    left[0] -= 1
                    if not left[0]:
                        all_done.set()

            return done

        self._queue([(draft, placed(index)) for index, draft in enumerate(drafts)])
        if drafts:
            all_done.wait()
        for result in results:
            if isinstance(result, AppendFailed):
                raise result
        return [r for r in results if isinstance(r, Receipt)]

    def submit(self, draft: Draft, done: Done) -> None:
        """Queue a draft for the next group commit; `done` gets its receipt, or AppendFailed when nothing was kept."""
        self._queue([(draft, done)])

    def _queue(self, waiting: list[tuple[Draft, Done]]) -> None:
        """All of them before the writer is woken, so that what comes together is committed together."""
        if self._closing or self._thread is None:
            self._deliver([(done, AppendFailed("the journal is closed")) for _, done in waiting])
            return
        for pair in waiting:
            self._lanes[pair[0].lane].append(pair)
        if self._waiting.is_set():
            self._wake.release()

    def head(self) -> Head:
        """Where the journal stands."""
        return self._chain.head

    def clock_trusted(self) -> bool:
        """Whether entries are dated now by a clock that is trusted."""
        return self._chain.clock_trusted()

    def checkpoint(self) -> Checkpoint:
        """The newest signed tree head."""
        note = self._chain.note
        found = read_checkpoint(note)
        return Checkpoint(found.size, found.root, note)

    def counts(self) -> dict[str, int]:
        """Entries by kind."""
        return dict(self._counts)

    def size_bytes(self) -> int:
        """Bytes on disk of the journal's files."""
        return sum(p.stat().st_size for p in self.folder.glob("volume-*"))

    def mac(self, data: bytes) -> bytes:
        """Keyed MAC of bytes, 16 bytes."""
        return self._chain.mac(data)

    def reseal(self, keys: SealingKeys) -> None:
        """Seal with other recipients from the next commit on: every audience begins a new epoch. The signing key and
        the key that finds duplicates must be the same. Raises JournalError."""
        with self._state:
            self._chain.reseal(keys)

    def roll(self) -> Receipt:
        """Close the volume and go on in a new one; the closing is an entry with the closed file's hash.

        Raises AppendFailed when the new volume could not be begun; the journal then goes on in the old one.
        """
        with self._state:
            number = len(volume_paths(self.folder))
            path, head = volume_path(self.folder, number), self._chain.head
            first = int(self._volume.meta()["first"])
            digest = close_volume(self._volume, path)
            try:
                closed = Volume.open(path, readonly=True)
                new = begin_volume(self.folder, number + 1, closed, head, digest, self._synchronous)
                closed.close()
            except (apsw.Error, OSError) as error:
                path.chmod(0o600)
                raise self._failed(error) from error
            self._volume.connection = self._reconnect(new)
            self._chain.reload()
        payload = {"volume": number, "first": first, "size": head.size, "sha256": digest}
        draft = Draft("volume.closed", 1, "node", msgspec.msgpack.encode(payload), lane=Lane.PERSON)
        return self.append(draft)

    def close(self) -> None:
        """Commit what is queued, stop the thread, let the folder go."""
        if self._closing:
            return
        self._closing = True
        if self._thread:
            self._wake.release()
            self._thread.join()
        self._volume.close()
        if self._chain.earlier is not None:
            self._chain.earlier.close()
        self._lock.close()

    def _now(self, drafts: Sequence[Draft]) -> list[Receipt]:
        if self._closing:
            raise AppendFailed("the journal is closed")
        results = self._commit(list(drafts))
        for result in results:
            if isinstance(result, AppendFailed):
                raise result
        return [r for r in results if isinstance(r, Receipt)]

    def _run(self) -> None:
        """The writer thread: everything that is waiting, up to a batch, people first."""
        while True:
            batch = self._gather()
            if batch:
                results = self._commit([draft for draft, _ in batch])
                self._deliver([(done, result) for (_, done), result in zip(batch, results, strict=True)])
            elif self._closing:
                return
            else:
                self._sleep()

    def _sleep(self) -> None:
        """Wait for a draft. The flag goes up before the last look, so a draft queued meanwhile is seen."""
        self._waiting.set()
        if not (self._lanes[0] or self._lanes[1] or self._closing):
            self._wake.acquire(timeout=None if self._reserve.held() else RESERVE_AGAIN_S)
        self._waiting.clear()
        self._reserve.hold()

    def _gather(self) -> list[tuple[Draft, Done]]:
        batch: list[tuple[Draft, Done]] = []
        for lane in self._lanes:
            while lane and len(batch) < BATCH:
                batch.append(lane.popleft())
        return batch

    def _commit(self, drafts: list[Draft]) -> list[Receipt | AppendFailed]:
        with self._state:
            try:
                if self._reserve.lacking() and not self._reserve.hold():
                    return self._people_only(drafts)
                return self._committed(drafts)
            except apsw.FullError:
                return self._commit_with_reserve(drafts)
            except (apsw.Error, OSError) as error:
                return [self._failed(error)] * len(drafts)
            except Exception as error:
                return self._apart(drafts, error)

    def _apart(self, drafts: list[Draft], error: Exception) -> list[Receipt | AppendFailed]:
        """A draft that cannot be sealed must not take its neighbours with it, nor end the writer: each goes alone."""
        if len(drafts) == 1:
            return [self._failed(error)]
        results: list[Receipt | AppendFailed] = []
        for draft in drafts:
            try:
                results += self._committed([draft])
            except Exception as cause:
                results.append(self._failed(cause))
        return results

    def _committed(self, drafts: list[Draft]) -> list[Receipt | AppendFailed]:
        if self._in_doubt:
            self._look_again()
        before = self._chain.head.size
        receipts = self._chain.commit(drafts)
        if self._chain.head.size != before:
            self._counts = self._volume.counts() if len(drafts) > 64 else self._counted(receipts, drafts, before)
        return list(receipts)

    def _counted(self, receipts: list[Receipt], drafts: list[Draft], before: int) -> dict[str, int]:
        """Small commits add up here; whatever else the chain wrote (epochs) is read from the counters."""
        new = [d.kind for r, d in zip(receipts, drafts, strict=True) if r.position >= before]
        if len(new) != self._chain.head.size - before:
            return self._volume.counts()
        for kind in new:
            self._counts[kind] = self._counts.get(kind, 0) + 1
        return self._counts

    def _commit_with_reserve(self, drafts: list[Draft]) -> list[Receipt | AppendFailed]:
        """The disk is full: people's deeds get the reserve, feeds get nothing."""
        if any(draft.lane == Lane.PERSON for draft in drafts) and self._reserve.give_up():
            return self._people_only(drafts)
        self._reserve.hold()
        return [AppendFailed(_FULL)] * len(drafts)

    def _people_only(self, drafts: list[Draft]) -> list[Receipt | AppendFailed]:
        """What is left of the disk belongs to people: feeds wait until the reserve is whole again."""
        results: list[Receipt | AppendFailed] = [AppendFailed(_FULL)] * len(drafts)
        people = [i for i, d in enumerate(drafts) if d.lane == Lane.PERSON]
        if not people:
            return results
        try:
            kept = self._committed([drafts[i] for i in people])
        except (apsw.Error, OSError) as error:
            return [self._failed(error)] * len(drafts)
        for index, receipt in zip(people, kept, strict=True):
            results[index] = receipt
        return results

    def _failed(self, error: Exception) -> AppendFailed:
        """After any other failure the file is the truth, not memory: it is opened and read again before the next
        commit.
        """
        self._in_doubt = True
        failure = AppendFailed(f"the journal could not be written ({type(error).__name__})")
        failure.__cause__ = error
        return failure

    def _look_again(self) -> None:
        """A failed sync may have lost pages the old connection believes in: start from what the disk gives back."""
        self._volume.close()
        self._volume.connection = self._reconnect(volume_paths(self.folder)[-1])
        self._chain.reload()
        self._counts = self._volume.counts()
        self._in_doubt = False


def _origin_opened(statement: OriginStatement) -> Draft:
    cites = "" if statement.cites == "none" else statement.cites
    payload = msgspec.msgpack.encode({"statement": statement.text, "cites": cites})
    return Draft("origin.opened", 1, "node", payload, lane=Lane.PERSON)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the writer's lock for a repair. Raises Locked while a writer runs."""
    lock = _take_lock(folder)
    try:
        yield
    finally:
        lock.close()


def _take_lock(folder: Path) -> TextIO:
    lock = open(folder / "lock", "a+", encoding="ascii")  # noqa: SIM115 - held for the writer's life
    os.chmod(folder / "lock", 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise Locked(f"another writer has {folder}") from error
    return lock
