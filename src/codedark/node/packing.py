"""Packs: read the views, tell the journal, draw, write the file. A draft is in no ledger and says so on every page."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

import structlog

from codedark.access import Session, wrapped_for, write_whole
from codedark.actions import Deeds, pack_made, sheets_printed
from codedark.clock import Chance, Clock, SystemChance
from codedark.errors import CodedarkError, NotFound
from codedark.journal import DoorClient
from codedark.node.config import Config
from codedark.node.layout import Layout
from codedark.node.log import where
from codedark.node.order import Order
from codedark.node.prints import PrintShelf
from codedark.node.spare import leaves_spare
from codedark.node.timekeeping import clock_of
from codedark.node.watching import copied
from codedark.paper import (
    LABEL,
    Pack,
    PackLabel,
    PackRequest,
    comparison_code,
    draw_pack,
    mint_sheets,
    pack_signer,
    plan_sheets,
    replace_by_us,
    wanted_census,
    wanted_reports,
)
from codedark.views import Chart, PrintReport, Record, ViewStore

if TYPE_CHECKING:
    from codedark.web import UnitFile

HTML = "html"
"""The kind of a single-file pack, in the journal and on its label."""
SEALED = ".age"
KEPT = 8
"""Draft packs kept for each unit; issued packs are never removed by the machine."""


@dataclass(frozen=True, slots=True)
class Plate:
    """What drawing needs besides the views: whose paper it is, the key of its codes, where witnesses leave notes
    (None: nobody is asked), where the pages of print reports lie (None: none are printed), the node's own public key
    ("": packs are kept plain), and the key that signs labels (empty: there is none, and no station takes the pack)."""

    config: Config
    sheet_key: bytes = field(repr=False)
    generation: int = 1
    journal: Path | None = None
    prints: PrintShelf | None = None
    facility_public: str = ""
    pack_key: bytes = field(default=b"", repr=False)

    def recipients(self, record: Record, unit: str) -> tuple[str, ...]:
        """Who may open a kept pack: the unit's card and this node; nobody named = it is kept plain, because a unit
        without an envelope would have nothing to open it with when the node is gone."""
        card = record.card(unit)
        if card is None or self.config.packs.plain or not self.facility_public:
            return ()
        return (card.recipient, self.facility_public)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One pack that was drawn. `path`: its file, or None when it was only handed over; `file`: the single-file pack of
    the same moment, where one was asked for, and `file_path` where it lies."""

    unit: str
    pack: str
    pages: int
    patients: int
    draft: bool
    path: Path | None
    pdf: bytes = field(repr=False)
    made_us: int = 0
    as_of_us: int | None = None
    replace_by_us: int = 0
    clock_trusted: bool = True
    file: UnitFile | None = None
    file_path: Path | None = None

    @property
    def code(self) -> str:
        """Four groups of four characters that tell this file from a forged one: the journal has its hash."""
        return code_of(self.pdf)


def request_for(
    record: Record, unit: str, plate: Plate, note: str, clock: Clock, *, draft: bool, printed_by: str, paper: str = ""
) -> PackRequest:
    """Everything a unit's pack is drawn from, as of one moment. Raises `NotFound` for a unit nobody lies in."""
    here = next((row for row in record.units() if row.unit == unit), None)
    if here is None:
        raise NotFound(
            "there is no such unit", hint="`codedark pack --all` draws every unit; `codedark status` counts them."
        )
    census = tuple(record.census(unit))
    charts = tuple(record.chart(patient) for patient in dict.fromkeys(row.patient for row in census if row.patient))
    as_of, now_us = record.as_of(), clock.now_us()
    unit_report = wanted_census(record.unit_reports(), unit, here.last_heard_us)
    settings, facility = record.settings(), plate.config.facility
    copy, unpinned = copied(plate.journal, settings)
    size: Literal["a4", "letter"] = "letter" if (paper or plate.config.packs.paper) == "letter" else "a4"
    return PackRequest(
        unit=unit,
        facility=str(settings.get("facility.name", facility.name)),
        site=facility.code,
        as_of=replace(as_of, clock_trusted=as_of.ages_hold(now_us, clock.trusted())),
        checkpoint_note=note,
        census=census,
        charts=charts,
        feeds=tuple(record.feeds()),
        printed_at_us=now_us,
        printed_by=printed_by,
        zone=record.site().zone,
        paper=size,
        draft=draft,
        sheet_key=plate.sheet_key,
        key_id=str(plate.generation),
        demo=plate.config.node.demo,
        prints=_prints(plate.prints, charts, unit_report),
        unit_report=unit_report,
        coverage=record.coverage(unit),
        copied=copy,
        unpinned=unpinned,
    )


def _prints(
    shelf: PrintShelf | None, charts: Sequence[Chart], unit_report: PrintReport | None
) -> dict[str, tuple[bytes, ...]]:
    """The pages of the print reports that stand in for what was not heard."""
    if shelf is None:
        return {}
    wanted = [report for chart in charts for report in wanted_reports(chart)]
    return {report.id: shelf.pages(report.id) for report in [*wanted, *([unit_report] if unit_report else [])]}


def issue(
    deeds: Deeds, session: Session | None, unit: str, plate: Plate, note: str, paper: str = "", *, html: bool = False
) -> Drawn:
    """The unit's pack for use: its sheets are in the ledger before a drop of ink. `session` None: the node's console;
    `html`: a single-file pack too.

    Raises ActionRefused, PackError, and AppendFailed: then there is only a draft.
    """
    by = session.name if session else "the node's console"
    asked = request_for(deeds.record, unit, plate, note, deeds.clock, draft=False, printed_by=by, paper=paper)
    pack_id = deeds.chance.bytes(8).hex()
    asked, file = _with_file(asked, pack_id, deeds.record, plate) if html else (asked, None)
    plan = plan_sheets(asked, deeds.chance)
    sheets_printed(
        deeds, session, unit=unit, pack=pack_id, copy=asked.copy, sheets=plan.rows(), fold=asked.as_of.fold,
        position=asked.as_of.position,
    )  # fmt: skip
    pack = draw_pack(plan.applied(asked))
    return _told(deeds, session, asked, pack, pack_id, file)


def draft(deeds: Deeds, unit: str, plate: Plate, note: str, *, html: bool = False) -> Drawn:
    """The unit's pack as a draft: what the timer lays ready. `html`: a single-file pack too."""
    asked = request_for(deeds.record, unit, plate, note, deeds.clock, draft=True, printed_by="timer")
    pack_id = deeds.chance.bytes(8).hex()
    asked, file = _with_file(asked, pack_id, deeds.record, plate) if html else (asked, None)
    pack = draw_pack(replace(asked, sheets=mint_sheets(asked, deeds.chance)))
    return _told(deeds, None, asked, pack, pack_id, file)


def _with_file(asked: PackRequest, pack_id: str, record: Record, plate: Plate) -> tuple[PackRequest, UnitFile]:
    """The single-file pack, and the request of the PDF whose cover bears its code."""
    from codedark.node.unitfiles import Hallmark, unit_file  # the timer's process draws without the web's libraries

    file = unit_file(asked, pack_id, record, Hallmark(plate.config.facility.id, plate.facility_public, plate.pack_key))
    return replace(asked, file_code=file.code), file


def _told(
    deeds: Deeds, session: Session | None, asked: PackRequest, pack: Pack, pack_id: str, file: UnitFile | None
) -> Drawn:
    if file is not None:
        pack_made(
            deeds, session, unit=asked.unit, pack=pack_id, kind=HTML, pages=len(asked.charts) + 1,
            sha256=sha256(file.html).digest(), checkpoint=asked.checkpoint_note, fold=asked.as_of.fold,
            position=asked.as_of.position,
        )  # fmt: skip
    pack_made(
        deeds, session, unit=asked.unit, pack=pack_id, kind="draft" if asked.draft else "issued", pages=pack.pages,
        sha256=pack.sha256, checkpoint=asked.checkpoint_note, fold=asked.as_of.fold, position=asked.as_of.position,
    )  # fmt: skip
    return Drawn(
        asked.unit, pack_id, pack.pages, len(asked.charts), asked.draft, None, pack.pdf, asked.printed_at_us,
        asked.as_of.recorded_at_us, replace_by_us(asked), asked.as_of.clock_trusted, file,
    )  # fmt: skip


def stamp_us(deeds: Deeds) -> int:
    """The time in a pack's name: never before what the journal has seen, or a clock that stepped back would make the
    newest pack the first to be removed."""
    return max(deeds.clock.believed_us(), deeds.record.as_of().newest_us)


def code_of(pdf: bytes) -> str:
    """The code of a pack's file: 80 bits of its SHA-256."""
    return comparison_code(sha256(pdf).hexdigest())


def kept(drawn: Drawn, layout: Layout, deeds: Deeds, plate: Plate) -> Drawn:
    """Write the PDF into packs/ (0600), sealed for the unit's card where there is one, and the single-file pack where
    one was drawn; the name has unit, time and kind, never anything about a patient."""
    recipients = plate.recipients(deeds.record, drawn.unit)
    zone, now_us = deeds.record.site().zone, stamp_us(deeds)
    unit = file_name_of(drawn.unit)
    stamp = datetime.fromtimestamp(now_us / 1e6, ZoneInfo(zone)).strftime("%Y%m%d-%H%M%S")
    path = layout.packs / f"{unit}.{stamp}.{'draft' if drawn.draft else 'issued'}.{drawn.pack[:6]}.pdf"
    if drawn.file is not None:
        write_whole(path.with_suffix(".html"), drawn.file.html)
        drawn = replace(drawn, file_path=path.with_suffix(".html"))
    if recipients:
        path = path.with_name(path.name + SEALED)
    data = wrapped_for(recipients, drawn.pdf) if recipients else drawn.pdf
    if recipients and plate.pack_key:
        write_whole(path.with_name(path.name + LABEL), _label(drawn, data, plate).encode("utf-8"))
    write_whole(path, data)
    drafts = (each for each in layout.packs.glob(f"{unit}.*.draft.*.pdf*") if each.suffix in (".pdf", SEALED))
    for old in sorted(drafts)[:-KEPT]:
        old.unlink(missing_ok=True)
        old.with_name(old.name + LABEL).unlink(missing_ok=True)
    for old in sorted(layout.packs.glob(f"{unit}.*.draft.*.html"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return replace(drawn, path=path)


def _label(drawn: Drawn, data: bytes, plate: Plate) -> str:
    """What a station may know of a sealed pack before anybody opens it, signed."""
    facility = plate.config.facility.id
    label = PackLabel(
        facility=facility, unit=drawn.unit, pack=drawn.pack, kind="draft" if drawn.draft else "issued",
        made_us=drawn.made_us, as_of_us=drawn.as_of_us, replace_by_us=drawn.replace_by_us,
        clock_trusted=drawn.clock_trusted, pages=drawn.pages, patients=drawn.patients, size=len(data),
        sealed=sha256(data).digest(), plain=sha256(drawn.pdf).digest(),
    )  # fmt: skip
    return label.signed(pack_signer(facility, plate.pack_key))


def plain_packs(layout: Layout) -> int:
    """How many packs lie unsealed in packs/."""
    return sum(1 for _ in layout.packs.glob("*.pdf")) if layout.packs.is_dir() else 0


def file_name_of(unit: str) -> str:
    """A unit's name as files bear it: letters, digits and hyphens, at most 47 of them, no two units the same. What does
    not fit ("4-West", another script, 300 characters) is told apart by its hash."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", unit).strip("-")[:40].rstrip("-") or "no-unit"
    if not unit or (len(unit) <= 40 and re.fullmatch(r"[A-Za-z0-9]+(?: [A-Za-z0-9]+)*", unit)):
        return plain
    return f"{plain}-{sha256(unit.encode('utf-8', 'replace')).hexdigest()[:6]}"


def draw_drafts(
    layout: Layout, order: Order, stop: threading.Event, log: structlog.typing.FilteringBoundLogger
) -> None:
    """One round of the timer: a draft of every unit. A unit that fails does not keep the others from paper."""
    config = Config.load(layout.root)
    clock = clock_of(layout)
    chance: Chance = SystemChance()
    shelf = PrintShelf(layout.prints, order.views_key)
    plate = Plate(
        config, order.sheet_key, order.key_generation, layout.journal, shelf, order.facility_public, order.pack_key
    )
    door = DoorClient(layout.door)
    store = ViewStore.open(layout.views, order.views_key, readonly=True)
    record = Record(store)
    deeds = Deeds(append=door.append, record=record, clock=clock, chance=chance)
    try:
        for row in record.units():
            if stop.is_set():
                return
            if not leaves_spare(layout.root):
                log.warning("packs wait: the disk is nearly full")
                return
            try:
                note = door.checkpoint().note
                drawn = kept(draft(deeds, row.unit, plate, note), layout, deeds, plate)
                log.info("pack drawn", pages=drawn.pages)
            except (CodedarkError, OSError) as error:
                slug = error.slug if isinstance(error, CodedarkError) else type(error).__name__
                log.error("pack failed", error=slug, where=where(error))
    finally:
        store.close()
        door.close()
