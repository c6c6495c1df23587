"""`doctor`: is this node fit for the day it is for? Reads only; works with and without the node running."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from codedark.access import WARNED_DAYS, KeysAtRest, NodeKeys, Permission, load_node_keys, may, renewal_due
from codedark.clock import Clock
from codedark.errors import CodedarkError, NotFound
from codedark.journal import DoorClient, JournalReader
from codedark.node.caging import cage_finding
from codedark.node.commissioning import coverage_findings
from codedark.node.config import Config
from codedark.node.exporting import ehr_findings
from codedark.node.keeping import custody_findings
from codedark.node.layout import Layout
from codedark.node.lock import held
from codedark.node.log import where
from codedark.node.machine import Finding, machine_findings
from codedark.node.packing import plain_packs
from codedark.node.reporting import standing
from codedark.node.stations import station_findings
from codedark.node.timekeeping import clock_of
from codedark.node.watching import watch_finding
from codedark.releases import pinned
from codedark.views import Adopted, Record, ViewStore

_WHY_REFUSED = "The log says why: no certificate, a foreign one, or an address outside `peers` (docs/operate/feeds.md)."


def examine(folder: Path, clock: Clock | None = None) -> list[Finding]:
    """Every line of `doctor`, in the order to read them. Never raises: what cannot be examined is red and says why."""
    clock = clock or clock_of(Layout(folder))
    findings: list[Finding] = []
    try:
        config = Config.load(folder)
    except CodedarkError as error:
        return [Finding("codedark.toml", "red", str(error), error.hint)]
    findings.append(Finding("codedark.toml", "green", f"{len(config.feed)} feeds declared"))
    layout = Layout(folder)
    parts = (_time, _keys, _journal, _origin, _running, _views, _coverage, _packs, _stations, _ehr, _people, _release)
    for part in parts:
        findings += _guarded(part, layout, config, clock)
    findings.append(cage_finding())
    findings += machine_findings(folder, demo=config.node.demo)
    return findings


def _guarded(
    part: Callable[[Layout, Config, Clock], Iterator[Finding]], layout: Layout, config: Config, clock: Clock
) -> list[Finding]:
    found: list[Finding] = []
    try:
        found.extend(part(layout, config, clock))
    except CodedarkError as error:
        found.append(Finding(part.__name__.strip("_"), "red", str(error), error.hint))
    except Exception as error:
        says = f"could not be examined: {type(error).__name__} in {where(error)}"
        found.append(Finding(part.__name__.strip("_"), "red", says, "Report this line; views can be made again."))
    return found


def _time(layout: Layout, config: Config, clock: Clock) -> Iterator[Finding]:
    state = standing(layout.root, clock)["clock"]
    if state["trusted"]:
        yield Finding("clock", "green", "where the journal and the machine's steady clock expect it")
    else:
        hint = "Set it right; then, or when it is right already: `codedark clock --is-right`."
        yield Finding("clock", "red", f"not trusted: {state['reason']}; no face tells an age", hint)


def _keys(layout: Layout, config: Config, clock: Clock) -> Iterator[Finding]:
    keys: NodeKeys = load_node_keys(layout.root)
    if keys.at_rest is KeysAtRest.FILE:
        says = "the facility key is a file: a stolen machine counts as disclosed"
        yield Finding("keys", "amber", says, "Bind it to the TPM with systemd-creds (docs/operate/install.md).")
    else:
        yield Finding("keys", "green", "the facility key is a systemd credential")
    if keys.facility != config.facility.id:
        says = f"the keys are of {keys.facility!r}, codedark.toml of {config.facility.id!r}"
        yield Finding("facility", "red", says, "Put back the codedark.toml of this node.")
    if keys.demo:
        yield Finding("cards", "amber", "DEMO: the five cards lie in a file", "Never use this node for patients.")
    if renewal_due(layout.keys, clock.now_us()):
        yield Finding(
            "certificate",
            "amber",
            "the web's certificate is due",
            "A running node renews it by itself, once its clock is trusted.",
        )
    else:
        yield Finding("certificate", "green", "valid for a while")


def _journal(layout: Layout, config: Config, clock: Clock) -> Iterator[Finding]:
    reader = JournalReader.open(layout.journal)
    try:
        head, newest = reader.head(), reader.checkpoint()
    finally:
        reader.close()
    if newest is None or newest.size != head.size:
        yield Finding("journal", "red", "its newest entries are under no checkpoint", "Run `codedark journal verify`.")
    else:
        yield Finding("journal", "green", f"{head.size} entries under a signed checkpoint")
    yield watch_finding(standing(layout.root, clock))
    if not (layout.journal / "reserve").exists():
        yield Finding(
            "reserve", "amber", "no space is kept for people's deeds", "Start the node with free space on its disk."
        )


def _origin(layout: Layout, config: Config, clock: Clock) -> Iterator[Finding]:
    state = standing(layout.root)["adoption"]
    if state is None:
        return
    if state["state"] == Adopted.FORKED.value:
        says = "fork: another copy wrote in this origin's name; both capture, neither ships"
        yield Finding("origin", "red", says, "Two people decide which is adopted: `codedark adopt`.")
    elif not state["may_ship"]:
        says = "this origin is not adopted: it captures, but neither ships nor backloads"
        yield Finding("origin", "amber", says, "Two people adopt it: `codedark adopt --as LOGIN --with LOGIN`.")
    else:
        yield Finding("origin", "green", state["state"])


def _running(layout: Layout, config: Config, clock: Clock) -> Iterator[Finding]:
    if not held(layout.lock):
        yield Finding("node", "amber", "not running: nothing is heard", "Start it with `codedark serve`.")
        return
    door = DoorClient(layout.door, timeout_s=5.0)
    try:
        door.status()
        yield Finding("node", "green", "running, its door answers")
    except CodedarkError:
        yield Finding(
            "node", "red", "something holds the folder but its door does not answer", "Look at its log; restart it."
        )
    finally:
        door.close()


def _views(layout: Layout, config: Config, clock: Clock) -> Iterator[Finding]:
    found = standing(layout.root, clock)
    behind = found["fold"]["behind"]
    if behind:
        yield Finding("views", "amber", f"{behind} entries behind", "Wait a moment; else look at the log of `fold`.")
    else:
        yield Finding("views", "green", "up to date")
    for feed in found["feeds"]:
        yield feed_finding(feed, found["clock"])
    if found["reviews"]:
        says = f"{found['reviews']} deeds of distrusted people stay in force, and nobody has looked at them"
        yield Finding("reviews", "amber", says, "Whoever was named looks at them: `codedark trust deeds`.")
    if found["worklist"]:
        says = f"{found['worklist']} items were not understood; their bytes are safe"
        yield Finding("worklist", "amber", says, "Look at `codedark worklist` with the interface engineer.")


def _coverage(layout: Layout, config: Config, clock: Clock) -> Iterator[Finding]:
    yield from coverage_findings(layout.root)


def _packs(layout: Layout, config: Config, clock: Clock) -> Iterator[Finding]:
    plain = plain_packs(layout)
    if not plain:
        yield Finding("packs", "green", "none lies plain on the disk")
        return
    why = "`plain = true` in codedark.toml." if config.packs.plain else "Their units have no envelope: make one."
    yield Finding("packs", "amber", f"{plain} lie plain in packs/: whoever takes this disk has them", why)


def _stations(layout: Layout, config: Config, clock: Clock) -> Iterator[Finding]:
    yield from station_findings(layout, config, clock)


def _ehr(layout: Layout, config: Config, clock: Clock) -> Iterator[Finding]:
    yield from ehr_findings(layout, config)


def feed_finding(feed: dict[str, Any], clock: dict[str, Any]) -> Finding:
    """The line of a feed, from its object in `status --json` and that of the clock."""
    what = f"feed {feed['name']}"
    if not feed["declared"]:
        return Finding(what, "green", "declared no more; what it said is kept")
    if feed["last_heard_us"] is None:
        says, hint = "never heard", "Check the sender, its address under `peers`, and the port."
        if feed["refusals"]:
            return Finding(what, "amber", f"{says}; {_refusals(feed)}", _WHY_REFUSED)
        return Finding(what, "amber", says, hint)
    if feed["held_since_us"] is not None:
        hint = "When it can be believed, release it: `codedark trust release`."
        return Finding(what, "amber", "held back: what it says is kept, not shown", hint)
    silent_s = (clock["now_us"] - feed["last_heard_us"]) // 1_000_000
    if not clock["trusted"]:
        return Finding(what, "amber", "heard; how long ago is not known", "Look after the clock first.")
    if feed["expected_s"] and silent_s > feed["expected_s"]:
        says = f"silent for {silent_s} s, expected every {feed['expected_s']} s"
        if feed["refusals"]:
            return Finding(what, "amber", f"{says}; {_refusals(feed)}", _WHY_REFUSED)
        return Finding(what, "amber", says, "Ask whoever runs the sender; the wards see its age.")
    if (ended := _ending(feed, clock)) is not None:
        return Finding(what, "amber", *ended)
    if feed["sender"] == "certificate":
        says = "any client its authority knows may send on it"
        return Finding(what, "amber", says, "Pin its client certificate: `certificates` in codedark.toml.")
    if not feed["authenticated"]:
        return Finding(
            what, "amber", "heard, but known by its address only", "Give it tls and clients in codedark.toml."
        )
    if feed["refusals"]:
        return Finding(what, "amber", f"heard and authenticated; {_refusals(feed)}", _WHY_REFUSED)
    return Finding(what, "green", "heard and authenticated")


def _refusals(feed: dict[str, Any]) -> str:
    count = feed["refusals"]
    return f"{count} connection{'' if count == 1 else 's'} refused so far"


def _ending(feed: dict[str, Any], clock: dict[str, Any]) -> tuple[str, str] | None:
    """Two weeks before the end of the certificate that the sender showed last, and after it: what, and what to do."""
    end = feed["certificate_until_us"]
    if end is None or not feed["authenticated"]:
        return None
    days = (end - clock["now_us"]) // (86_400 * 1_000_000)
    if days >= WARNED_DAYS:
        return None
    says = "the sender's certificate has ended; it is heard all the same" if days < 0 else (
        f"the sender's certificate ends in {days} days"
    )  # fmt: skip
    return says, f"Make the next one: `codedark feed certificate {feed['name']}`, and pin both until it is in use."


def _release(layout: Layout, config: Config, clock: Clock) -> Iterator[Finding]:
    ring = pinned()
    if ring.keys:
        yield Finding("release keys", "green", f"generation {ring.generation}, any two of {len(ring.keys)}")
    else:
        says = "this build pins none: it takes no update bundle"
        yield Finding("release keys", "amber", says, "Install a build that pins them (docs/operate/update.md).")


def _people(layout: Layout, config: Config, clock: Clock) -> Iterator[Finding]:
    try:
        store = ViewStore.open(layout.views, load_node_keys(layout.root).views_key, readonly=True)
    except NotFound:
        yield Finding(
            "people", "amber", "unknown: there are no views yet", "Start the node, or run `codedark rebuild`."
        )
        return
    try:
        record = Record(store)
        approvers = [a for a in record.accounts() if a.active and may(a, Permission.ENROL_PERSON)]
        units = {row.unit for row in record.units()}
        bare = units - {card.unit for card in record.cards()}
        custody = tuple(custody_findings(record, load_node_keys(layout.root), clock))
    finally:
        store.close()
    yield from custody
    if len(approvers) < 2:
        says = f"{len(approvers)} people may enrol others; two-person deeds need two"
        yield Finding("people", "amber", says, "Add one with `codedark person add --role administrator`.")
    else:
        yield Finding("people", "green", f"{len(approvers)} people may enrol others")
    if bare:
        yield Finding(
            "envelopes", "amber", f"{len(bare)} of {len(units)} units have none", "Run `codedark unit card UNIT`."
        )
    elif units:
        yield Finding("envelopes", "green", f"all {len(units)} units have one")
