"""Who has taken a copy, in words: for `doctor`, for `status`, and for the cover of a pack."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codedark.access import load_node_keys
from codedark.errors import ConfigError
from codedark.journal import cosigned_at_us, read_checkpoint
from codedark.node.copying import journal_folder
from codedark.node.layout import Layout
from codedark.node.machine import Finding
from codedark.node.witnessing import Watch, Witnessed, watch, witnessed
from codedark.paper import Copied
from codedark.views import Record, ViewStore, pin_of, pinned

_PULL = "Run `codedark journal pull` on a second machine, for ever: --every 60s."
_PIN = "Compare its key with the one that machine shows, then two people: `codedark trust pin`."


def watch_finding(found: Mapping[str, Any]) -> Finding:
    """The line of `doctor` about witnesses, from the object of `status --json`."""
    notes = found["witnesses"]
    if forks := [each for each in notes if not each["agrees"]]:
        says = f"{forks[-1]['name']} holds a checkpoint at {forks[-1]['size']} that this chain does not contain"
        return Finding("witness", "red", f"fork: {says}", "Two people decide which copy is adopted.")
    agreeing = [each for each in notes if each["agrees"]]
    counted = [each for each in agreeing if each["pinned"]]
    if counted:
        return _newest(max(counted, key=lambda each: (each["size"], each["at_us"])), found)
    if agreeing:
        says = f"{agreeing[-1]['name']} took a copy, but is not pinned: it does not count"
        return Finding("witness", "amber", says, _PIN)
    if found["pinned_witnesses"]:
        return Finding("witness", "amber", "no pinned witness has seen this journal", _PULL)
    return Finding("witness", "amber", "no second machine has taken a copy", _PULL)


def _newest(note: Mapping[str, Any], found: Mapping[str, Any]) -> Finding:
    clock, hours = found["clock"], found["witness_hours"]
    seen = f"{note['name']} saw entry {note['size']}"
    past_s = (clock["now_us"] - note["at_us"]) // 1_000_000
    if past_s < 0 or not clock["trusted"]:
        return Finding("witness", "amber", f"{seen}; when is not known", "Look after both machines' clocks.")
    if past_s > hours * 3600:
        says = f"{seen}, {past_s // 3600} h ago: longer than {hours} h"
        return Finding("witness", "amber", says, "Look after the second machine: is it on, does it reach this one?")
    return Finding("witness", "green", f"{seen}, {past_s} s ago")


def cosigned(folder: Path, key: str = "") -> Witnessed | None:
    """The furthest checkpoint cosigned by a pinned witness, or by the witness of this public key (base64).

    Also one that this chain does not contain: whoever verifies is to find that. Raises ConfigError, JournalError.
    """
    if key and pin_of(key) is None:
        raise ConfigError("this is no public key: 32 bytes in base64", hint="`codedark journal pull` shows it.")
    pins = {} if key else _pins(folder)
    found = [
        each
        for each in witnessed(journal_folder(folder))
        if each.key == (pin_of(key) if key else pins.get(each.witness))
        and cosigned_at_us(each.note, each.witness, each.key) is not None
    ]
    return max(found, key=lambda each: (each.size, each.at_us), default=None)


def _pins(folder: Path) -> dict[str, bytes]:
    store = ViewStore.open(Layout(folder).views, load_node_keys(folder).views_key, readonly=True)
    try:
        return Record(store).witnesses()
    finally:
        store.close()


def copied(journal: Path | None, settings: Mapping[str, Any]) -> tuple[Copied | None, int]:
    """For a pack's cover: the furthest cosignature of a pinned witness, and how many there are that do not count."""
    if journal is None:
        return None, 0
    seen: Watch = watch(journal, pinned(settings))
    newest = seen.newest
    if newest is None:
        return None, len(seen.unpinned)
    root = read_checkpoint(newest.note).root
    return Copied(newest.witness, newest.size, root, newest.at_us, newest.note), len(seen.unpinned)
