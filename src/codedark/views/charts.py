"""One patient's cards put together into a chart. Pure: cards in, shapes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import msgspec

from codedark.entries import REPORT_TITLES
from codedark.views import cards as c
from codedark.views.codings import Moment
from codedark.views.locations import Locations
from codedark.views.prints import impossible, newest_first
from codedark.views.readings import CODE_STATUS, WEIGHT
from codedark.views.schema import Section
from codedark.views.shapes import (
    Administration,
    Allergy,
    AllergyState,
    Banner,
    Condition,
    Event,
    Mark,
    Medication,
    Note,
    Order,
    PrintReport,
    Result,
    Stamp,
    Vital,
    When,
)
from codedark.views.units import shown_unit

AHEAD_US = 5 * 60 * 1_000_000
"""A dose dated further than this after it was recorded has an impossible time (security.md, decision 10)."""
RECENTLY_US = 48 * 3600 * 1_000_000
"""Stopped orders stay in the chart this long before the newest entry."""
_MARKS = {
    "import": Mark.IMPORT,
    "person": Mark.SCREEN,
    "device": Mark.SCREEN,
    "paper": Mark.PAPER,
    "facility": Mark.TRANSFER,
}
_ENDED = frozenset({"stopped", "completed", "cancelled"})
_decoders: dict[int, msgspec.msgpack.Decoder[Any]] = {
    int(section): msgspec.msgpack.Decoder(type_) for section, type_ in c.CARD_TYPES.items()
}


@dataclass(slots=True)
class Cards:
    """Cards of one patient (absorbed records included), by section."""

    patient: list[tuple[int, c.PatientCard]] = field(default_factory=list)
    by: dict[int, list[Any]] = field(default_factory=dict)
    locations: Locations | None = None

    def place(self, visit: c.EncounterCard) -> tuple[str, str, str]:
        """Where a visit says its patient is; ("", "", "") when it does not say, or is over."""
        if not visit.active:
            return "", "", ""
        if visit.where is None and visit.locations and self.locations is not None:
            return self.locations.place(visit.locations)
        return visit.where or ("", "", "")

    def add(self, pid: int, section: int, raw: bytes) -> None:
        """Take one row of the card table."""
        card = _decoders[section].decode(raw)
        if section == Section.PATIENT:
            self.patient.append((pid, card))
            return
        found = self.by.get(section)
        if found is None:
            self.by[section] = [card]
        else:
            found.append(card)

    def of(self, section: Section) -> list[Any]:
        """The cards of a section."""
        return self.by.get(section, [])


def stamp(card: c.Card) -> Stamp:
    """The origin of a card."""
    return _stamp(card.position, card.recorded_us, card.source)


# The items of one message share their stamp and mostly their time: each is made once.
@lru_cache(maxsize=8192)
def _stamp(position: int, recorded_us: int, source: str) -> Stamp:
    kind, _, name = source.partition(":")
    return Stamp(position, recorded_us, _MARKS.get(kind, Mark.FEED), name or kind)


@lru_cache(maxsize=8192)
def when(moment: Moment | None) -> When | None:
    """A moment as a shape."""
    return None if moment is None else When(moment.iso, moment.source_text, moment.assumed)


def _ahead(card: Any) -> bool:
    """Whether its claimed time is impossible: more than five minutes after it was recorded."""
    return card.at_us is not None and bool(card.at_us > card.recorded_us + AHEAD_US)


def _newest(card: Any) -> tuple[int, int, str]:
    return (-(card.at_us if card.at_us is not None else -(1 << 62)), -card.position, card.id)


def _measured(card: Any) -> tuple[bool, int, int, str]:
    """Newest first, for what was measured or written: one whose time is impossible is never the newest."""
    return (_ahead(card), *_newest(card))


def banner(cards: Cards, patient: str, pid: int) -> Banner:
    """Who this is. The survivor's own Patient card speaks; an absorbed one only when the survivor has none."""
    listed = sorted(cards.patient, key=lambda each: (each[0] != pid, each[0]))
    who = listed[0][1] if listed else c.PatientCard(patient)
    visits = sorted(
        cards.of(Section.ENCOUNTER),
        key=lambda card: (not card.active, not (card.where or card.locations), *_newest(card)),
    )
    visit = visits[0] if visits else c.EncounterCard("")
    unit, room, bed = cards.place(visit)
    weight = next((card for card in by_code(cards.of(Section.VITAL), WEIGHT)), None)
    return Banner(
        patient=patient,
        name=who.name,
        birth_date=who.birth,
        sex=who.sex,
        mrn=who.mrn,
        visit=visit.visit,
        unit=unit,
        room=room,
        bed=bed,
        attending=visit.attending,
        patient_class=visit.kind,
        admitted=when(visit.admitted),
        discharged=when(visit.discharged) if not visit.active else None,
        code_status=code_status(cards),
        isolation=isolation(cards, visit.precautions if visit.active else ""),
        weight=f"{weight.value} {shown_unit(weight.unit)}".strip() if weight else "",
        weight_when=when(weight.when) if weight else None,
        merged_from=_absorbed(listed, who),
        stamp=stamp(who) if listed else None,
        language=who.language,
        interpreter=who.interpreter,
        needs=visit.needs if visit.active else "",
    )


def who(cards: Cards, pid: int) -> c.PatientCard:
    """The Patient card that the banner speaks from; an empty one when there is none."""
    return min(cards.patient, key=lambda each: (each[0] != pid, each[0]), default=(pid, c.PatientCard("")))[1]


def _absorbed(listed: Sequence[tuple[int, c.PatientCard]], who: c.PatientCard) -> tuple[str, ...]:
    # An imported record that only carries the same number is the same record, not a merge.
    # Sorted: which of two was heard of first says nothing of who they are.
    numbers = {card.mrn or card.id for _, card in listed[1:]}
    return tuple(sorted(numbers - {who.mrn, who.id}))


def by_code(cards: Iterable[Any], wanted: frozenset[str]) -> list[Any]:
    """Those with one of these codes that were not withdrawn, newest first; an impossible time is never the newest."""
    found = [card for card in cards if card.code.rpartition("|")[2] in wanted and card.standing != "withdrawn"]
    return sorted(found, key=_measured)


def code_status(cards: Cards) -> str:
    """The newest code status that was claimed, "" when none was."""
    return next((card.value for card in by_code(cards.of(Section.TRAIT), CODE_STATUS)), "")


def isolation(cards: Cards, precautions: str = "") -> str:
    """The newest isolation that was claimed, and the visit's precautions where they say something else; "" when there
    is neither."""
    found = [
        card for card in cards.of(Section.TRAIT) if "isolation" in card.name.lower() and card.standing != "withdrawn"
    ]
    said = next((card.value for card in sorted(found, key=_newest)), "")
    return said if precautions.casefold() in said.casefold() else "; ".join(filter(None, (said, precautions)))


def allergies(cards: Cards, unread: bool) -> tuple[AllergyState, tuple[Allergy, ...]]:
    """The state and what is listed: an NKA statement beside an allergy leaves both in the list, as a conflict."""
    listed = sorted(
        cards.of(Section.ALLERGY), key=lambda card: (card.none_known, card.criticality != "high", card.substance)
    )
    state = AllergyState.NOT_RECORDED
    if any(not card.none_known and not card.note for card in listed):
        state = AllergyState.HAS
    elif unread:
        state = AllergyState.COULD_NOT_BE_READ
    elif any(card.none_known and not card.note for card in listed):
        state = AllergyState.NONE_KNOWN
    shown = tuple(
        Allergy(
            f"{card.substance} ({card.note})" if card.note else card.substance,
            tuple(card.reactions),
            card.criticality,
            card.kind,
            when(card.since),
            stamp(card),
            card.none_known,
        )
        for card in listed
    )
    return state, shown


def _administration(card: c.DoseCard) -> Administration:
    return Administration(when(card.when), card.dose, card.by, card.given, card.reason, _ahead(card), stamp(card))


def administrations(cards: Cards) -> list[tuple[str, Administration]]:
    """Every dose heard, newest first, with the id of its order ("" = none was named)."""
    return [(card.order, _administration(card)) for card in sorted(cards.of(Section.DOSE), key=_newest)]


def medications(
    cards: Cards, as_of_us: int | None, drug_name: Callable[[str], str], *, all_ended: bool = False
) -> tuple[Medication, ...]:
    """Orders by name, each with its doses. A dose whose order was never heard stands as an order of status "unknown".

    `drug_name` finds the name of a Medication by id. Orders that ended long before `as_of_us` are left out.
    """
    orders = {card.id: card for card in cards.of(Section.MEDICATION)}
    doses = _doses_by_order(cards, orders)
    found = [
        _medication(card, doses.get(card.id, []), drug_name)
        for card in orders.values()
        if all_ended or not _ended_long_ago(card, doses.get(card.id, []), as_of_us)
    ]
    found += [_unordered(key, heard, drug_name) for key, heard in doses.items() if key not in orders]
    return tuple(sorted(found, key=lambda med: (med.name.casefold(), med.id)))


def _doses_by_order(cards: Cards, orders: dict[str, c.MedicationCard]) -> dict[str, list[c.DoseCard]]:
    doses: dict[str, list[c.DoseCard]] = {}
    for card in cards.of(Section.DOSE):
        key = card.order
        if not key:
            # No order is named: it belongs to an order only when exactly one has this drug.
            same = [order.id for order in orders.values() if _same_drug(order, card)]
            key = same[0] if len(same) == 1 else f"{card.code or card.name.casefold() or card.drug}"
        doses.setdefault(key, []).append(card)
    for heard in doses.values():
        heard.sort(key=_newest)
    return doses


def _same_drug(order: c.MedicationCard, dose: c.DoseCard) -> bool:
    if order.code and dose.code:
        return order.code == dose.code
    if order.drug and dose.drug:
        return order.drug == dose.drug
    return bool(order.name) and order.name.casefold() == dose.name.casefold()


def _ended_long_ago(card: c.MedicationCard, doses: Sequence[c.DoseCard], as_of_us: int | None) -> bool:
    if card.status not in _ENDED or as_of_us is None:
        return False
    times = [card.claimed_us, card.at_us, *(dose.at_us for dose in doses)]
    newest = max((at for at in times if at is not None), default=card.recorded_us)
    return newest < as_of_us - RECENTLY_US


def _heard(listed: Sequence[Administration]) -> tuple[Administration | None, Administration | None, int]:
    """(last heard, last heard as given, doses given) of doses sorted newest first."""
    possible = [dose for dose in listed if not dose.time_impossible]
    last_given = next((dose for dose in possible if dose.given), None)
    return (possible[0] if possible else None), last_given, sum(dose.given for dose in listed)


def _medication(card: c.MedicationCard, doses: Sequence[c.DoseCard], drug_name: Callable[[str], str]) -> Medication:
    listed = tuple(_administration(dose) for dose in doses)
    last, last_given, count = _heard(listed)
    return Medication(
        id=card.id,
        name=card.name or drug_name(card.drug),
        status=card.status,
        dose=card.dose,
        route=card.route,
        schedule=card.schedule,
        as_needed=card.as_needed,
        infusion=card.infusion,
        prescriber=card.prescriber,
        ordered=when(card.ordered),
        last_heard=last,
        doses_heard=count,
        stamp=stamp(card),
        last_given=last_given,
        doses=listed,
        times=card.times,
        frequency=card.frequency,
        window_us=card.window_us,
        ends_us=card.ends_us,
    )


def _unordered(key: str, doses: Sequence[c.DoseCard], drug_name: Callable[[str], str]) -> Medication:
    listed = tuple(_administration(dose) for dose in doses)
    last, last_given, count = _heard(listed)
    first = doses[0]
    return Medication(
        id=key,
        name=first.name or drug_name(first.drug),
        status="unknown",
        dose="",
        route="",
        schedule="order never heard",
        as_needed=False,
        infusion=False,
        prescriber="",
        ordered=None,
        last_heard=last,
        doses_heard=count,
        stamp=stamp(first),
        last_given=last_given,
        doses=listed,
    )


def results(cards: Cards) -> tuple[Result, ...]:
    """Results by panel, newest first within it."""
    panels = {
        id_: report.name
        for report in sorted(cards.of(Section.REPORT), key=_newest, reverse=True)
        for id_ in report.results
    }
    found = [
        (panels.get(card.id) or card.group, card) for card in [*cards.of(Section.CRITICAL), *cards.of(Section.RESULT)]
    ]
    found.sort(key=lambda each: (each[0].casefold(), _newest(each[1])[0], each[1].name.casefold(), each[1].id))
    return tuple(
        Result(
            panel,
            card.name,
            card.value,
            card.unit,
            card.reference,
            card.flag,
            card.critical,
            card.standing,
            when(card.when),
            tuple(card.earlier),
            stamp(card),
            card.code,
            _ahead(card),
        )
        for panel, card in found
    )


def critical_results(cards: Cards) -> tuple[str, ...]:
    """The newest value of each test, where that one is critical: "Potassium 6.4 mmol/L HH"."""
    if not cards.of(Section.CRITICAL):
        return ()
    newest: dict[str, Any] = {}
    for card in sorted([*cards.of(Section.CRITICAL), *cards.of(Section.RESULT)], key=_newest):
        if card.standing != "withdrawn":
            newest.setdefault(card.code or card.name.casefold(), card)
    return tuple(
        " ".join(filter(None, (card.name, card.value, card.unit, card.flag)))
        for card in newest.values()
        if card.critical
    )


def vitals(cards: Cards) -> tuple[Vital, ...]:
    """Vital signs, newest first; withdrawn ones are not shown as measured."""
    listed = sorted((card for card in cards.of(Section.VITAL) if card.standing != "withdrawn"), key=_measured)
    return tuple(
        Vital(card.name, card.value, card.unit, when(card.when), stamp(card), _ahead(card), card.code)
        for card in listed
    )


def conditions(cards: Cards) -> tuple[Condition, ...]:
    """Problems, newest first."""
    listed = sorted(cards.of(Section.CONDITION), key=_newest)
    return tuple(Condition(card.name, card.status, when(card.since), stamp(card)) for card in listed)


def orders(cards: Cards) -> tuple[Order, ...]:
    """Orders that are not drugs, newest first."""
    listed = sorted(cards.of(Section.ORDER), key=_newest)
    return tuple(Order(card.name, card.status, card.priority, when(card.when), card.by, stamp(card)) for card in listed)


def events(cards: Cards) -> tuple[Event, ...]:
    """Bookings, goals, procedures, vaccines, what was dispensed, rejected specimens; newest first."""
    return tuple(
        Event(card.kind, card.name, card.status, when(card.when), card.by, card.detail, stamp(card))
        for card in sorted(cards.of(Section.EVENT), key=_newest)
    )


def notes(cards: Cards) -> tuple[Note, ...]:
    """Documents, comments and the words of reports, newest first."""
    listed = [*cards.of(Section.NOTE), *(card for card in cards.of(Section.REPORT) if card.text)]
    for section in (Section.CRITICAL, Section.RESULT, Section.VITAL):
        listed += [card for card in cards.of(section) if card.comment]
    return tuple(_note(card) for card in sorted(listed, key=_measured))


def reports(cards: Cards) -> tuple[PrintReport, ...]:
    """Print reports of the EHR, newest first."""
    return tuple(print_report(card) for card in newest_first(cards.of(Section.PRINT)))


def print_report(card: c.PrintCard) -> PrintReport:
    """A card as a shape."""
    return PrintReport(
        card.id, card.kind, REPORT_TITLES.get(card.kind, REPORT_TITLES["other"]), card.first, card.last,
        when(card.when), card.at_us, card.stated, card.unit, card.kept[2], _stamp(*card.kept), impossible(card),
    )  # fmt: skip


def _note(card: Any) -> Note:
    if isinstance(card, c.ObservationCard):
        return Note(f"comment on {card.name}", card.comment, "", when(card.when), stamp(card))
    title = card.name if isinstance(card, c.ReportCard) else card.title
    return Note(title, card.text, card.author, when(card.when), stamp(card))
