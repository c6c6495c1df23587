"""The folder of views: the only process that writes them. It follows the journal and does nothing else.

Views are disposable. When they are missing, damaged or ahead of the journal, the fold starts from the hourly snapshot
and the journal's tail, and from nothing when there is none.
"""

from __future__ import annotations

import shutil
import threading

import structlog

from codedark.access import NodeKeys
from codedark.clock import Clock, SystemClock
from codedark.errors import CannotUnseal, CodedarkError, NotFound
from codedark.journal import Lineage
from codedark.node.layout import Layout
from codedark.node.log import where
from codedark.node.order import Order
from codedark.node.prints import PrintRoom, PrintShelf, lay_prints_ready, reports_cage
from codedark.node.spare import leaves_spare
from codedark.views import Fold, Record, ViewStore, rekey, restore, snapshot

_LOOK_S = 0.05
_RETRY_S = 2.0
_SNAPSHOT_EVERY_US = 3_600_000_000

Log = structlog.typing.FilteringBoundLogger


def follow(layout: Layout, order: Order, stop: threading.Event, log: Log, clock: Clock | None = None) -> None:
    """Fold whatever the journal holds and then what comes, until `stop`. Looks 20 times a second when idle."""
    clock = clock or SystemClock()
    reader = Lineage.open(layout.journal, layout.origins, order.facility_secrets)
    store = usable_views(layout, order.views_key, reader, log)
    fold, snapped_us = Fold(reader, store), clock.steady_us()
    room, record = PrintRoom(PrintShelf(layout.prints, order.views_key), reports_cage()), Record(store)
    log.info("folding", fold=store.fold, position=fold.position)
    try:
        while not stop.is_set():
            try:
                done = fold.catch_up(max_entries=10_000)
                if clock.steady_us() - snapped_us > _SNAPSHOT_EVERY_US and not done:
                    snapped_us = clock.steady_us()
                    if not take_snapshot(layout, store):
                        log.warning("snapshot waits: the disk is nearly full")
            except CodedarkError as error:
                # The journal is the truth: say it, wait, look again. Readers keep what was folded before.
                log.error("fold stopped", error=error.slug, where=where(error))
                stop.wait(_RETRY_S)
                continue
            if not done:
                lay_prints_ready(room, record, reader, log)
                stop.wait(_LOOK_S)
    finally:
        room.close()
        store.close()
        reader.close()


def take_snapshot(layout: Layout, store: ViewStore) -> bool:
    """Keep a sealed copy of the views as of now, so that a start is snapshot and tail; False when the disk has not
    room for both: the one there is stays.
    """
    if not leaves_spare(layout.root, store.path.stat().st_size):
        return False
    layout.snapshot.parent.mkdir(mode=0o700, exist_ok=True)
    snapshot(store, layout.snapshot)
    return True


def settle_views(layout: Layout, keys: NodeKeys) -> bool:
    """Bring the views under the newest key when a rotation left them under an earlier one; whether they were.

    Nobody else may have them open. The hourly snapshot goes: it is under the old key.
    """
    try:
        ViewStore.open(layout.views, keys.views_key, readonly=True).close()
    except NotFound:
        return False
    except CodedarkError:
        for old in keys.earlier_views_keys:
            try:
                rekey(layout.views, old, keys.views_key)
            except CannotUnseal:
                continue
            layout.snapshot.unlink(missing_ok=True)
            return True
    return False


def usable_views(layout: Layout, key: bytes, record: Lineage, log: Log) -> ViewStore:
    """The views in use; else those of the snapshot; else empty ones.

    Views whose newest entry is not in the record are of another history (or this one was rolled back): never believed.
    """
    for attempt in (_views, _restored):
        try:
            store = attempt(layout, key)
        except (CodedarkError, OSError) as error:
            log.warning("views unusable", error=type(error).__name__, where=where(error))
            continue
        if store is not None and record.holds(*store.newest()):
            return store
        if store is not None:
            store.close()
            log.warning("views unusable", reason="of another history")
    shutil.rmtree(layout.views, ignore_errors=True)
    return ViewStore.open(layout.views, key)


def _views(layout: Layout, key: bytes) -> ViewStore | None:
    return ViewStore.open(layout.views, key) if (layout.views / "current").is_file() else None


def _restored(layout: Layout, key: bytes) -> ViewStore | None:
    if not layout.snapshot.is_file():
        return None
    shutil.rmtree(layout.views, ignore_errors=True)
    return restore(layout.snapshot, layout.views, key)
