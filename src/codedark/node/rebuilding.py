"""The views from nothing, beside the ones in use, and the question whether they are the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from codedark.access import load_node_keys
from codedark.errors import Locked, NotFound
from codedark.node.config import Config
from codedark.node.layout import Layout
from codedark.node.lock import NodeLock, held
from codedark.node.opening import open_reader
from codedark.views import Fold, ViewStore, digest


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """`entries` folded; `before`: digest of the views that were there, "" when none; `after`: of the new ones."""

    entries: int
    before: str
    after: str

    @property
    def identical(self) -> bool:
        """The new views add up to the old ones."""
        return self.before == self.after


def rebuild(folder: Path, *, progress: Callable[[int, int], None] | None = None) -> Rebuilt:
    """Bring the old views up to date, build new ones in a folder beside, compare digests, put the new in place.

    Raises `Locked` while a node runs: it is the writer of the views.
    """
    layout = Layout(folder)
    Config.load(folder)
    if held(layout.lock):
        raise Locked("a node is running here and writes the views", hint="Stop it, run `codedark rebuild`, start it again.")
    keys = load_node_keys(folder)
    beside = layout.root / "views.new"
    with NodeLock(layout.lock):
        shutil.rmtree(beside, ignore_errors=True)
        reader = open_reader(layout, keys)
        try:
            before = _digest_of(layout.views, keys.views_key, Fold, reader)
            store = ViewStore.open(beside, keys.views_key)
            entries = Fold(reader, store).catch_up(progress=progress)
            after = digest(store)
            store.close()
        finally:
            reader.close()
        shutil.rmtree(layout.views, ignore_errors=True)
        beside.rename(layout.views)
    return Rebuilt(entries, before, after)


def _digest_of(views: Path, key: bytes, fold: type[Fold], reader: object) -> str:
    try:
        store = ViewStore.open(views, key, readonly=True)
        store.close()
    except NotFound:
        return ""
    store = ViewStore.open(views, key)
    try:
        fold(reader, store).catch_up()  # type: ignore[arg-type]
        return digest(store)
    finally:
        store.close()
