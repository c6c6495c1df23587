"""The folder of views: the only process that writes them. It follows the journal and does nothing else."""

from __future__ import annotations

import threading

import structlog

from codedark.errors import CodedarkError
from codedark.journal import EpochKeys, JournalReader
from codedark.node.layout import Layout
from codedark.node.log import where
from codedark.node.order import Order
from codedark.views import Fold, ViewStore

_LOOK_S = 0.05
_RETRY_S = 2.0


def follow(layout: Layout, order: Order, stop: threading.Event, log: structlog.typing.FilteringBoundLogger) -> None:
    """Fold whatever the journal holds and then what comes, until `stop`. Looks 20 times a second when idle."""
    reader = JournalReader.open(layout.journal, EpochKeys(layout.epochs, list(order.facility_secrets)))
    store = ViewStore.open(layout.views, order.views_key)
    fold = Fold(reader, store)
    log.info("folding", fold=store.fold)
    try:
        while not stop.is_set():
            try:
                done = fold.catch_up(max_entries=10_000)
            except CodedarkError as error:
                # The journal is the truth: say it, wait, look again. Readers keep what was folded before.
                log.error("fold stopped", error=error.slug, where=where(error))
                stop.wait(_RETRY_S)
                continue
            if not done:
                stop.wait(_LOOK_S)
    finally:
        store.close()
        reader.close()
