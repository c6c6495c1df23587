"""A node's folder, opened for one command: through the running node's door, or directly when none runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from codedark.access import NodeKeys, load_node_keys
from codedark.clock import Chance, Clock, SystemChance
from codedark.errors import JournalError, Locked, NotFound
from codedark.journal import (
    Checkpoint,
    DoorClient,
    Draft,
    EpochKeys,
    Journal,
    Lineage,
    Receipt,
    check_closed,
    check_duplicates,
)
from codedark.node.config import Config
from codedark.node.folding import settle_views, take_snapshot, usable_views
from codedark.node.layout import Layout
from codedark.node.lock import NodeLock, held
from codedark.node.log import start_log
from codedark.node.timekeeping import clock_of
from codedark.node.witnessing import fork_drafts
from codedark.views import Fold, Record, ViewStore

Progress = Callable[[int, int], None]
_START_S = 10.0


class Pen(Protocol):
    """What appends: the journal itself, or a client at its door."""

    def append(self, draft: Draft) -> Receipt:
        """Keep one draft; returns when durable. Raises AppendFailed."""
        ...

    def append_all(self, drafts: Sequence[Draft]) -> list[Receipt]:
        """Keep several, in order."""
        ...

    def roll(self) -> Receipt:
        """Close the volume and go on in a new one."""
        ...

    def checkpoint(self) -> Checkpoint:
        """The newest signed tree head."""
        ...


@dataclass(slots=True)
class OpenNode:
    """A node's folder in use by one command. `running`: another process keeps it, and `pen` goes through its door."""

    layout: Layout
    config: Config
    keys: NodeKeys
    running: bool
    pen: Pen
    clock: Clock
    chance: Chance
    _stores: list[ViewStore] = field(default_factory=list)

    def append(self, draft: Draft) -> Receipt:
        """Keep one draft. Raises AppendFailed."""
        return self.pen.append(draft)

    def reader(self) -> Lineage:
        """The whole record, opened with the facility key: closed chains and the one in use. Close it."""
        return open_reader(self.layout, self.keys)

    def record(self) -> Record:
        """The views, caught up first when no node is running; raises NotFound when a running node has none yet."""
        if not self.running:
            self.fold()
        store = ViewStore.open(self.layout.views, self.keys.views_key, readonly=True)
        self._stores.append(store)
        return Record(store)

    def fold(self, progress: Progress | None = None) -> int:
        """Bring the views up to the journal's head: fold here, or wait for the running node. Returns entries folded."""
        reader = self.reader()
        try:
            if self.running:
                return self._wait(reader.head().size - 1)
            size = reader.total()
            store = usable_views(self.layout, self.keys.views_key, reader, start_log("console"))
            try:
                moved = (lambda done: progress(done, size)) if progress else None
                return Fold(reader, store, alone=True).catch_up(progress=moved)
            finally:
                store.close()
        finally:
            reader.close()

    def snapshot(self) -> None:
        """Keep a sealed copy of the views as of now; a running node does it every hour by itself."""
        take_snapshot(self.layout, self.record().store)

    def _wait(self, position: int, patience_s: float = 60.0) -> int:
        """Wait until the running node's views have reached `position`, or patience ends; then what there is, is."""
        until = self.clock.steady_us() + int(patience_s * 1e6)
        while self.clock.steady_us() < until:
            try:
                store = ViewStore.open(self.layout.views, self.keys.views_key, readonly=True)
            except NotFound:
                time.sleep(0.1)
                continue
            try:
                if Record(store).as_of().position >= position:
                    return 0
            finally:
                store.close()
            time.sleep(0.1)
        return 0

    def close(self) -> None:
        """Let everything go."""
        for store in self._stores:
            store.close()


@contextmanager
def open_node(folder: Path, *, clock: Clock | None = None, chance: Chance | None = None) -> Iterator[OpenNode]:
    """Open `folder` for reading and for deeds.

    Raises `ConfigError` when it is not a node's folder, `Locked` when somebody holds it whose door does not answer.
    """
    layout, config = Layout(folder), Config.load(folder)
    clock, chance = clock or clock_of(layout), chance or SystemChance()
    keys = load_node_keys(folder)
    if held(layout.lock):
        door = DoorClient(layout.door)
        _answering(door)
        node = OpenNode(layout, config, keys, True, door, clock, chance)
        try:
            yield node
        finally:
            node.close()
            door.close()
        return
    with NodeLock(layout.lock):
        journal = Journal.open(layout.journal, keys.sealing(), clock, chance, origins=layout.origins)
        node = OpenNode(layout, config, keys, False, journal, clock, chance)
        try:
            settle_views(layout, keys)
            journal.append_all(fork_drafts(layout.journal))
            yield node
        finally:
            node.close()
            journal.close()


def open_reader(layout: Layout, keys: NodeKeys) -> Lineage:
    """The whole record with the facility's keys, beside whoever writes."""
    return Lineage.open(layout.journal, layout.origins, keys.facility_secrets)


def check_derived(folder: Path) -> int:
    """Compare the tables of resends with the entries, of this chain and of those it follows; how many rows there are.

    Raises ChainBroken, ConfigError (no keys).
    """
    layout, keys = Layout(folder), load_node_keys(folder)
    rows = check_duplicates(layout.journal, EpochKeys(layout.epochs, keys.facility_secrets), keys.mac_key)
    for chain in closed_chains(layout):
        rows += check_closed(chain, EpochKeys(chain / "epochs", keys.facility_secrets), keys.mac_key)
    return rows


def closed_chains(layout: Layout) -> list[Path]:
    """The folders of the chains that this node's record follows."""
    return sorted(path for path in layout.origins.glob("*") if any(path.glob("volume-*.db")))


def _answering(door: DoorClient) -> None:
    """A node that has just been started holds the lock before its door is open: give it a moment."""
    until = time.monotonic() + _START_S
    while True:
        try:
            door.status()
            return
        except JournalError as error:
            if time.monotonic() > until:
                raise Locked("a process holds this folder but does not answer at its door") from error
            time.sleep(0.1)
