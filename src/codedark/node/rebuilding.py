"""The views from nothing, beside the ones in use, and the question whether they are the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from codedark.access import load_node_keys
from codedark.clock import Clock, SystemClock
from codedark.errors import Locked
from codedark.node.config import Config
from codedark.node.layout import Layout
from codedark.node.lock import NodeLock, held
from codedark.node.opening import open_reader
from codedark.views import DigestBeside, Fold, ViewStore, digest


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """`entries` folded anew; `before`: digest of the old views, brought up to date; `after`: of the new ones; `fold_s`:
    seconds that the folding took."""

    entries: int
    before: str
    after: str
    fold_s: float

    @property
    def identical(self) -> bool:
        """The new views add up to the old ones."""
        return self.before == self.after


def rebuild(folder: Path, *, progress: Callable[[int, int], None] | None = None, clock: Clock | None = None) -> Rebuilt:
    """Bring the old views up to date, build new ones beside them, compare digests, put the new ones in place.

    Raises `Locked` while a node runs: it is the writer of the views.
    """
    layout, clock = Layout(folder), clock or SystemClock()
    Config.load(folder)
    if held(layout.lock):
        raise Locked(
            "a node is running here and writes the views", hint="Stop it, run `codedark rebuild`, start it again."
        )
    keys = load_node_keys(folder)
    with NodeLock(layout.lock):
        reader = open_reader(layout, keys)
        store = ViewStore.open(layout.views, keys.views_key)
        size = reader.total()
        try:
            fold = Fold(reader, store, alone=True)
            fold.catch_up()
            before = DigestBeside(store)
            begun = clock.steady_us()
            entries = fold.rebuild(progress=(lambda done: progress(done, size)) if progress else None)
            fold_s = (clock.steady_us() - begun) / 1e6
            return Rebuilt(entries, before.result(), digest(store), fold_s)
        finally:
            store.close()
            reader.close()
