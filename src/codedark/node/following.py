"""Following the EHR's changes: what its history and subscription say goes through intake, into the journal."""

from __future__ import annotations

from dataclasses import dataclass, field

from codedark.ehr import Follower, Page, Wire
from codedark.entries import ExportTaken, draft_of
from codedark.errors import NotFound
from codedark.intake import Refusal, import_lines
from codedark.node.config import Ehr
from codedark.node.exporting import Pause, alone, ehr_server, job_shelf
from codedark.node.opening import OpenNode


@dataclass(slots=True)
class Followed:
    """What one round took. `as_of`: the EHR's own time before which every change is here; `event`: the last event
    number that is here, -1 = no subscription; `missing`: numbers that did not come, for which the history stood in."""

    ehr: str
    as_of: str = ""
    event: int = -1
    events: int = 0
    missing: tuple[int, ...] = ()
    by_history: bool = False
    resources: int = 0
    deletions: int = 0
    entries: int = 0
    repeated: int = 0
    refusals: list[Refusal] = field(default_factory=list)


def follow(node: OpenNode, ehr: Ehr, pause: Pause, *, wire: Wire | None = None) -> Followed:
    """One round: keep what changed since the last one, or since the last whole export.

    Raises NotFound when nothing was exported yet, EhrRefused, EhrSilent, AppendFailed, Locked. Whatever is raised, the
    next round asks from the same place, and what is kept is not kept twice.
    """
    told = Followed(ehr.name)
    with alone(node.layout.exports, ehr.name):
        shelf = job_shelf(node.layout, node.keys.views_key, ehr.name, node.chance)
        place = shelf.place
        if not place.since:
            raise NotFound("there is no whole export to follow from", hint=f"codedark ehr export {ehr.name}")
        server = ehr_server(node.layout, ehr, node.clock, node.chance, pause, wire)

        def take(page: Page) -> None:
            """Keep one page; durable when it returns. Raises AppendFailed."""
            for lines, deletions in ((page.resources, False), (page.deletions, True)):
                if not lines:
                    continue
                report = import_lines(
                    iter([lines]), page.name, node.pen.append_all, label=ehr.name, deletions=deletions,
                    as_of=page.as_of if deletions or page.dateless else "",
                )  # fmt: skip
                told.entries, told.repeated = told.entries + report.entries, told.repeated + report.repeated
                told.refusals += report.refusals
                if deletions:
                    told.deletions += report.resources
                else:
                    told.resources += report.resources

        found = Follower(server, take, ehr.types, ehr.subscription).round(place)
        told.as_of, told.event, told.events = found.place.since, found.place.event, found.events
        told.missing, told.by_history = found.missing, found.by_history
        if told.entries or told.missing:
            _say(node, place.since, told)
        shelf.keep_place(found.place)
    return told


def _say(node: OpenNode, since: str, told: Followed) -> None:
    """A round that found something is said like an export; a round that found nothing is no entry."""
    short = tuple(f"event {number}" for number in told.missing[:100])
    taken = ExportTaken(
        ehr=told.ehr, as_of=told.as_of, since=since, group="changes", resources=told.resources,
        deletions=told.deletions, refused=len(told.refusals), short=short,
    )  # fmt: skip
    node.append(draft_of(taken, source="node"))
