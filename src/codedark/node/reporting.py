"""Where a node stands, from counters only: quick beside a busy writer and with a journal of any size."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from codedark.access import load_node_keys
from codedark.clock import JUMP_US, Clock
from codedark.errors import NotFound
from codedark.journal import Lineage, split_place
from codedark.node.config import Config
from codedark.node.layout import Layout
from codedark.node.lock import held
from codedark.node.senders import sender_ends
from codedark.node.stations import station_states
from codedark.node.timekeeping import clock_of
from codedark.node.witnessing import witnessed
from codedark.views import Record, ViewStore, pinned, witness_hours

_FEED_KINDS = ("hl7.received",)


def standing(folder: Path, clock: Clock | None = None) -> dict[str, Any]:
    """The object of `status --json`. Reads beside the writer; takes no lock, opens no entry, changes nothing.

    `acknowledged`: HL7 messages durably kept (what came over MLLP was answered AA or CA); `fold.behind`: entries kept
    but not yet in the views; `clock.trusted`: whether the age of anything here may be told, else `clock.reason`.
    Raises `ConfigError`, `JournalError`.
    """
    layout, config = Layout(folder), Config.load(folder)
    clock = clock or clock_of(layout)
    reader = Lineage.open(layout.journal, layout.origins)
    try:
        head, counts, newest = reader.head(), reader.counts(), reader.current.checkpoint()
        total, views = reader.total(), _views(layout, reader)
        pins: dict[str, bytes] = views.pop("pins")
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
            {
                "name": each.witness,
                "size": each.size,
                "at_us": each.at_us,
                "agrees": each.agrees,
                "key": base64.b64encode(each.key).decode(),
                "pinned": pins.get(each.witness) == each.key,
            }
            for each in witnessed(layout.journal)
        ],
        "pinned_witnesses": sorted(pins),
        "running": held(layout.lock),
        "demo": config.node.demo,
        "entries": counts,
        "total": total,
        "acknowledged": sum(counts.get(kind, 0) for kind in _FEED_KINDS),
        "clock": _time(clock, head.recorded_at_us, views.pop("clock_trusted")),
        **views,
        "stations": _stations(layout, config, clock),
        "journal": journal,
    }


def _stations(layout: Layout, config: Config, clock: Clock) -> list[dict[str, Any]]:
    """The declared ward stations; `old`: somebody should look."""
    now_us = clock.now_us()
    return [
        {
            "name": each.name,
            "units": list(each.units),
            "seen_us": each.seen_us,
            "made_us": each.made_us,
            "old": each.old(now_us),
        }
        for each in station_states(layout, config)
    ]


def _time(clock: Clock, newest_us: int, journal_trusted: bool) -> dict[str, Any]:
    """Whether ages may be told, by the same three questions as on every page (`AsOf.ages_hold`)."""
    now_us, reason = clock.now_us(), ""
    if not clock.trusted():
        reason = "it stepped against the machine's steady clock, or came back behind what was seen before"
    elif now_us < newest_us - JUMP_US:
        reason = "it is behind the newest entry"
    elif not journal_trusted:
        reason = "it was not trusted when the newest entry was kept"
    return {"now_us": now_us, "trusted": not reason, "reason": reason}


def _views(layout: Layout, journal: Lineage) -> dict[str, Any]:
    ends = sender_ends(layout)
    try:
        store = ViewStore.open(layout.views, load_node_keys(layout.root).views_key, readonly=True)
    except NotFound:
        unknown = dict.fromkeys(("interpreted", "worklist", "patients", "units"))
        return {
            **unknown, "feeds": [], "adoption": None, "clock_trusted": True,
            "pins": {}, "witness_hours": witness_hours({}), "reviews": None,
            "fold": {"version": None, "position": -1, "behind": journal.total()},
        }  # fmt: skip
    try:
        record = Record(store)
        status, feeds, adoption = record.status(), record.feeds(), record.adoption()
        settings, deeds = record.settings(), record.lasting_deeds()
    finally:
        store.close()
    position = status.as_of.position
    return {
        "clock_trusted": status.as_of.clock_trusted,
        "pins": pinned(settings),
        "witness_hours": witness_hours(settings),
        "reviews": sum(not each.reviewed_by for each in deeds),
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
                "sender": feed.sender.value,
                "sender_since_us": feed.sender_since_us,
                "certificate_until_us": ends.get(feed.feed),
                "declared": feed.declared,
                "distrusted": feed.distrusted,
                "held_since_us": feed.held_since_us,
            }
            for feed in feeds
        ],
        "fold": {"version": status.as_of.fold, "position": position, "behind": journal.after(position)},
    }
