"""Cards: what one resource contributes to a chart, read once when it is folded and kept ready.

A card is a narrow row; the claims keep everything the card leaves out.
"""

from __future__ import annotations

import msgspec

from codedark.views.codings import Moment
from codedark.views.schema import Section


class Card(msgspec.Struct, array_like=True):
    """The base of all cards. `position`, `recorded_us`, `source` stamp the claim that ranks highest."""

    id: str
    position: int = -1
    recorded_us: int = 0
    source: str = ""


class PatientCard(Card):
    """Who. `mrn`: the identifier of type MR, else the first; `numbers`: all of them; `language`: spoken (PID-15);
    `interpreter`: whether one is needed, where somebody says so; `mother`: her number (PID-21)."""

    family: str = ""
    given: str = ""
    name: str = ""
    birth: str = ""
    sex: str = ""
    mrn: str = ""
    numbers: tuple[str, ...] = ()
    language: str = ""
    interpreter: bool | None = None
    mother: str = ""


class EncounterCard(Card):
    """A visit. `active`: the patient is here by its status; `where`: unit, room, bed or None when no place is
    named; `locations`: (id, display) of the Location resources it points to instead; `precautions`: PV2-41 in words;
    `needs`: what is arranged for the patient (PV1-15), such as an interpreter; `agenda`: (kind, time,
    unit) of the lists it stands on."""

    visit: str = ""
    status: str = ""
    kind: str = ""
    where: tuple[str, str, str] | None = None
    locations: tuple[tuple[str, str], ...] = ()
    attending: str = ""
    admitted: Moment | None = None
    discharged: Moment | None = None
    active: bool = False
    at_us: int | None = None
    precautions: str = ""
    needs: str = ""
    agenda: tuple[tuple[str, Moment | None, str], ...] = ()


class AllergyCard(Card):
    """`none_known`: the claim says there are none. `note`: "inactive" | "resolved" | ""."""

    substance: str = ""
    reactions: tuple[str, ...] = ()
    criticality: str = ""
    kind: str = ""
    none_known: bool = False
    note: str = ""
    since: Moment | None = None


class ObservationCard(Card):
    """A result, a vital sign or a trait. `group`: words for its panel when no report names one; `comment`: what the
    laboratory wrote beside it."""

    code: str = ""
    name: str = ""
    value: str = ""
    unit: str = ""
    reference: str = ""
    flag: str = ""
    critical: bool = False
    standing: str = ""
    when: Moment | None = None
    at_us: int | None = None
    earlier: tuple[str, ...] = ()
    group: str = ""
    comment: str = ""


class MedicationCard(Card):
    """An order for a drug. `drug`: id of a Medication resource when the order only points to one; `times`: of day that
    it gives; `frequency`: its schedule by code; `window_us`: the period of its largest dose, 0 = none;
    `ends_us`: when it ends by itself (µs UTC), None = not said."""

    code: str = ""
    name: str = ""
    drug: str = ""
    status: str = ""
    dose: str = ""
    route: str = ""
    schedule: str = ""
    as_needed: bool = False
    infusion: bool = False
    prescriber: str = ""
    ordered: Moment | None = None
    at_us: int | None = None
    claimed_us: int | None = None
    times: tuple[str, ...] = ()
    frequency: str = ""
    window_us: int = 0
    ends_us: int | None = None


class DoseCard(Card):
    """One administration. `order`: id of its MedicationRequest or ""."""

    order: str = ""
    code: str = ""
    name: str = ""
    drug: str = ""
    when: Moment | None = None
    at_us: int | None = None
    dose: str = ""
    by: str = ""
    given: bool = False
    reason: str = ""


class DrugCard(Card):
    """A Medication resource that orders point to."""

    name: str = ""
    code: str = ""


class LocationCard(Card):
    """A ward, room or bed. `kind`: code of physicalType ("wa", "ro", "bd"); `parent`: id of the Location around it."""

    name: str = ""
    kind: str = ""
    parent: str = ""
    active: bool = True


class ReportCard(Card):
    """A panel: which results stand under which name."""

    name: str = ""
    results: tuple[str, ...] = ()
    text: str = ""
    author: str = ""
    when: Moment | None = None
    at_us: int | None = None


class ConditionCard(Card):
    """A problem."""

    name: str = ""
    status: str = ""
    since: Moment | None = None
    at_us: int | None = None


class OrderCard(Card):
    """An order that is not a drug."""

    name: str = ""
    status: str = ""
    priority: str = ""
    when: Moment | None = None
    at_us: int | None = None
    by: str = ""


class NoteCard(Card):
    """A document or comment as plain text."""

    title: str = ""
    text: str = ""
    author: str = ""
    when: Moment | None = None
    at_us: int | None = None


class EventCard(Card):
    """What is listed. `kind`: "appointment" | "goal" | "procedure" | "vaccine" | "dispense" | "specimen"."""

    kind: str = ""
    name: str = ""
    status: str = ""
    when: Moment | None = None
    at_us: int | None = None
    by: str = ""
    detail: str = ""


class PrintCard(Card):
    """Pages of a print report. `kind`: "mar" | "kardex" | "census" | "other"; `kept`: position, time and source of the
    entry in which it came (the card's own stamp is of whoever spoke last); `stated`: `when` is what the text says, else
    it is the file's own time. `mrns` … `births`: what the text says of the patient; `problem`: why these pages are
    nobody's."""

    kind: str = ""
    first: int = 1
    last: int = 1
    when: Moment | None = None
    at_us: int | None = None
    stated: bool = False
    unit: str = ""
    mrns: tuple[str, ...] = ()
    visits: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    births: tuple[str, ...] = ()
    problem: str = ""
    kept: tuple[int, int, str] = (-1, 0, "")


CARD_TYPES: dict[Section, type[Card]] = {
    Section.PATIENT: PatientCard,
    Section.ENCOUNTER: EncounterCard,
    Section.ALLERGY: AllergyCard,
    Section.TRAIT: ObservationCard,
    Section.MEDICATION: MedicationCard,
    Section.CRITICAL: ObservationCard,
    Section.RESULT: ObservationCard,
    Section.REPORT: ReportCard,
    Section.VITAL: ObservationCard,
    Section.CONDITION: ConditionCard,
    Section.ORDER: OrderCard,
    Section.DOSE: DoseCard,
    Section.NOTE: NoteCard,
    Section.DRUG: DrugCard,
    Section.LOCATION: LocationCard,
    Section.PRINT: PrintCard,
    Section.UNIT_PRINT: PrintCard,
    Section.EVENT: EventCard,
}
