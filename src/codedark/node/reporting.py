"""Where a node stands, from counters only: quick beside a busy writer and with a journal of any size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from codedark.access import load_node_keys
from codedark.errors import NotFound
from codedark.journal import Lineage, split_place
from codedark.node.config import Config
from codedark.node.layout import Layout
from codedark.node.lock import held
from codedark.node.witnessing import witnessed
from codedark.views import Record, ViewStore

_FEED_KINDS = ("hl7.received",)


def standing(folder: Path) -> dict[str, Any]:
    """The object of `status --json`. Reads beside the writer; takes no lock, opens no entry, changes nothing.

    `acknowledged`: HL7 messages durably kept (what came over MLLP was answered AA or CA); `fold.behind`: entries kept
    but not yet in the views.
    Raises `ConfigError`, `JournalError`.
    """
    layout, config = Layout(folder), Config.load(folder)
    reader = Lineage.open(layout.journal, layout.origins)
    try:
        head, counts, newest = reader.head(), reader.counts(), reader.current.checkpoint()
        total, views = reader.total(), _views(layout, reader)
        journal = {
            "size_bytes": reader.size_bytes(),
            "size": split_place(head.size)[1],
            "head": head.entry_hash.hex(),
            "recorded_at_us": head.recorded_at_us or None,
            "checkpoint": newest.note if newest else "",
        }
        origin, follows = reader.current.statement.name, reader.current.statement.cites
    finally:
        reader.close()
    return {
        "facility": config.facility.name,
        "origin": origin,
        "follows": follows,
        "witnesses": [
            {"name": each.witness, "size": each.size, "at_us": each.at_us, "agrees": each.agrees}
            for each in witnessed(layout.journal)
        ],
        "running": held(layout.lock),
        "demo": config.node.demo,
        "entries": counts,
        "total": total,
        "acknowledged": sum(counts.get(kind, 0) for kind in _FEED_KINDS),
        **views,
        "journal": journal,
    }


def _views(layout: Layout, journal: Lineage) -> dict[str, Any]:
    try:
        store = ViewStore.open(layout.views, load_node_keys(layout.root).views_key, readonly=True)
    except NotFound:
        unknown = dict.fromkeys(("interpreted", "worklist", "patients", "units"))
        return {
            **unknown, "feeds": [], "adoption": None,
            "fold": {"version": None, "position": -1, "behind": journal.total()},
        }  # fmt: skip
    try:
        record = Record(store)
        status, feeds, adoption = record.status(), record.feeds(), record.adoption()
    finally:
        store.close()
    position = status.as_of.position
    return {
        "adoption": {"state": adoption.state.value, "may_ship": adoption.may_ship, "since_us": adoption.since_us},
        "interpreted": status.interpreted,
        "worklist": status.worklist_open,
        "patients": status.patients,
        "units": status.units,
        "feeds": [
            {
                "name": feed.feed,
                "last_heard_us": feed.last_heard_us,
                "received": feed.received,
                "duplicates": feed.duplicates,
                "refusals": feed.refusals,
                "expected_s": feed.expected_s,
                "carries": list(feed.carries),
                "authenticated": feed.authenticated,
                "distrusted": feed.distrusted,
            }
            for feed in feeds
        ],
        "fold": {"version": status.as_of.fold, "position": position, "behind": journal.after(position)},
    }
