"""The summary sheet of one patient as values for the template: ten questions answered, and what is not known said.

Everything is text that went through `wording`. What a list leaves out is counted in words at its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from codedark.paper.wording import NOT_RECORDED, age, born, brief, known, moment, printable, span, when
from codedark.views import (
    Administration,
    Allergy,
    AllergyState,
    Band,
    BedRow,
    Chart,
    Condition,
    Medication,
    Result,
    Round,
    SectionAge,
    Sign,
    Vital,
    flowsheet,
    news2_of,
    not_scored,
    panel_grids,
    scale_two_order,
    shown_unit,
    tall_man,
)

Values = dict[str, object]
NAME, THIRD, SHORT, TIGHT = 24, 18, 12, 8
"""Longest run of capitals without a space, in characters, that the strip, a third of the page, a short and a tight
column hold; longer runs may be broken anywhere, see `wording.printable`."""

CLASSES = {
    "IMP": "inpatient",
    "AMB": "ambulatory",
    "EMER": "emergency",
    "OBSENC": "observation",
    "PRENC": "pre-admission",
    "SS": "short stay",
    "ACUTE": "inpatient acute",
    "NONAC": "inpatient non-acute",
}
"""HL7 v3 ActCode encounter classes in words; any other class is printed as it came."""

SIGN_WORDS = {
    Sign.RESPIRATION: "Respirations",
    Sign.SATURATION: "SpO₂",
    Sign.OXYGEN: "Oxygen",
    Sign.PRESSURE: "Blood pressure",
    Sign.SYSTOLIC: "Systolic",
    Sign.DIASTOLIC: "Diastolic",
    Sign.PULSE: "Pulse",
    Sign.CONSCIOUSNESS: "Consciousness",
    Sign.TEMPERATURE: "Temperature",
    Sign.PAIN: "Pain",
}
BAND_WORDS = {
    Band.LOW: "low",
    Band.SINGLE: "one part scores 3",
    Band.MEDIUM: "medium",
    Band.HIGH: "HIGH",
}

STRIP = 700
"""Characters of allergies that still fit the strip on top of every page; more are on page 1 of the summary, and the
strip says so."""

OUTSTANDING = ("active", "on-hold", "draft", "unknown", "")
"""R4 request statuses of orders that may still be waiting."""


@dataclass(frozen=True, slots=True)
class Print:
    """What every value is written against: the moment of printing (µs UTC), the facility's zone, and whether the clock
    is trusted: ages and days without a year are told only then."""

    at_us: int
    zone: ZoneInfo
    trusted: bool = True

    @property
    def today_us(self) -> int | None:
        """The moment of printing where a time may be written without its year."""
        return self.at_us if self.trusted else None

    def before(self, us: int) -> str:
        """` (7 h 48 min before printing)`, with the space before it; "" where nobody knows."""
        return f" ({span(self.at_us - us)} before printing)" if self.trusted else ""

    def age(self, birth_date: str) -> str:
        """A patient's age on the day of printing, where that is known."""
        return age(birth_date, self.at_us, self.zone) if self.trusted else "age not known"


def banner(chart: Chart, row: BedRow | None, pr: Print) -> Values:
    """The strip on every page of a patient: who, where, allergies, code status, weight, warnings."""
    who = chart.banner
    place = " ".join(part for part in (who.room, who.bed) if part.strip())
    return {
        "name": known(who.name, NAME),
        "born": born(who.birth_date),
        "age": pr.age(who.birth_date),
        "sex": known(who.sex),
        "mrn": known(who.mrn),
        "visit": known(who.visit),
        "place": known(place, NAME),
        "unit": known(who.unit),
        "attending": known(who.attending),
        "allergies": allergies_in_strip(chart),
        "code": known(who.code_status),
        "weight": weight(chart, pr),
        "isolation": known(who.isolation),
        "warnings": warnings(chart, row),
    }


def allergies_in_strip(chart: Chart) -> Values:
    """Substances and reactions, or the state in words; `long` when the strip cannot hold them whole."""
    denied = chart.allergy_state is AllergyState.NONE_KNOWN or any(a.none_known for a in chart.allergies)
    items = [{"name": known(a.substance), "reaction": _reaction(a)} for a in chart.allergies if not a.none_known]
    size = sum(len(str(item["name"])) + len(str(item["reaction"])) for item in items)
    return {
        "state": chart.allergy_state.value,
        "listed": chart.allergy_state is AllergyState.HAS or bool(items),
        "conflict": bool(items) and denied,
        "partly": bool(items) and chart.allergy_state is AllergyState.COULD_NOT_BE_READ,
        "items": items or [{"name": "has allergies, names not recorded", "reaction": ""}],
        "long": size > STRIP,
        "count": len(items),
    }


def _reaction(allergy: Allergy) -> str:
    said = [*allergy.reactions, *([f"criticality {allergy.criticality}"] if allergy.criticality else [])]
    return printable(", ".join(said), THIRD)


def weight(chart: Chart, pr: Print) -> str:
    """The weight with its date, or "not recorded"."""
    who = chart.banner
    if not who.weight.strip():
        return NOT_RECORDED
    return (
        f"{printable(who.weight)} ({when(who.weight_when, pr.zone, pr.today_us)})"
        if who.weight_when
        else printable(who.weight)
    )


def warnings(chart: Chart, row: BedRow | None) -> list[str]:
    """What a reader must know before trusting the page."""
    said = []
    if row is not None and row.same_name:
        said.append("ANOTHER PATIENT ON THIS UNIT HAS THIS FAMILY NAME: check birth date and MRN")
    if row is not None and row.clash:
        said.append("TWO PATIENTS CLAIM THIS BED, OR THIS PATIENT TWO BEDS: check who is here")
    if chart.unread:
        plural = "item" if chart.unread == 1 else "items"
        said.append(
            f"{chart.unread} {plural} about this patient could not be read or are not trusted: ask, do not assume"
        )
    if chart.held_back:
        plural = "item" if chart.held_back == 1 else "items"
        said.append(f"{chart.held_back} {plural} about this patient held back until their feed is released: ask")
    if chart.banner.merged_from:
        said.append("merged from MRN " + ", ".join(map(printable, chart.banner.merged_from)))
    return said


def body(chart: Chart, pr: Print) -> Values:
    """The body of the summary sheet, in the one order of all faces."""
    who = chart.banner
    outstanding = [order for order in chart.orders if order.status in OUTSTANDING]
    return {
        "allergies": _allergies(chart, pr),
        "facts": [
            ["class", known(CLASSES.get(who.patient_class, who.patient_class))],
            ["admitted", when(who.admitted, pr.zone)],
            *([["discharged", when(who.discharged, pr.zone)]] if who.discharged else []),
        ],
        "medications": [
            _medication(m, pr) for m in chart.medications if m.status in ("active", "on-hold", "unknown", "")
        ],
        "medications_left": _left(chart.medications),
        "vitals": newest_round(chart, pr),
        **_flagged(chart.results, pr),
        "orders": [
            [
                known(o.name),
                " ".join(p for p in (printable(o.priority, TIGHT), printable(o.status, TIGHT)) if p),
                when(o.when, pr.zone, pr.today_us),
                known(o.by, THIRD),
                o.stamp.mark.value,
            ]
            for o in outstanding
        ],
        "orders_left": len(chart.orders) - len(outstanding),
        "problems": [_problem(c, pr) for c in chart.conditions],
        "notes": [
            f"{known(n.title)}, {known(n.author, THIRD)}, {when(n.when, pr.zone, pr.today_us)} {n.stamp.mark.value}"
            for n in chart.notes
        ],
        "ages": [_age(a, pr) for a in chart.ages],
    }


def _problem(c: Condition, pr: Print) -> str:
    """A problem in one line; an active one needs no word for it."""
    status = "" if c.status == "active" else f" ({printable(c.status, SHORT) or 'status not known'})"
    since = f" since {when(c.since, pr.zone)}" if c.since else ""
    return f"{known(c.name)}{status}{since} {c.stamp.mark.value}"


def newest_round(chart: Chart, pr: Print) -> str:
    """The newest round of vital signs in one line, with its time and its NEWS2; "" when none was heard."""
    sheet = flowsheet(chart.vitals)
    if not sheet.rounds:
        return ""
    found = sheet.rounds[0]
    parts = [
        f"{SIGN_WORDS[row.sign]} {_cell(row.cells[0])} {printable(shown_unit(row.cells[0][0].unit), SHORT)}".rstrip()
        for row in sheet.rows
        if row.cells[0]
    ]
    at = when(found.when, pr.zone, pr.today_us)
    return f"{at} {found.stamp.mark.value}: {' · '.join(parts)} · {news2_words(chart, found)}"


def news2_words(chart: Chart, found: Round) -> str:
    """`NEWS2 5 (medium)`, or why there is none."""
    if not_scored(chart.banner.birth_date, found.at_us, chart.conditions, chart.results):
        return "NEWS2 not for this patient"
    score = news2_of(found, scale_two=scale_two_order(chart.orders) is not None)
    if score.total is None or score.band is None:
        return "NEWS2 cannot be scored: " + ", ".join(SIGN_WORDS[sign].lower() for sign in score.missing) + " missing"
    return f"NEWS2 {score.total} ({BAND_WORDS[score.band]})"


def _cell(cell: Sequence[Vital]) -> str:
    return "/".join(known(vital.value, SHORT) for vital in cell)


def _flagged(results: tuple[Result, ...], pr: Print) -> Values:
    """The newest value of each test where it is critical, then where it is flagged; how many are not."""
    rows = [row for grid in panel_grids(results) for row in grid.rows]
    critical = [_inline(row.newest, pr) for row in rows if row.newest.critical]
    flagged = [row for row in rows if not row.newest.critical and row.newest.flag not in ("", "N")]
    return {
        "critical": critical,
        "flagged": [_inline(row.newest, pr) for row in flagged],
        "unflagged": len(rows) - len(critical) - len(flagged),
    }


def _inline(r: Result, pr: Print) -> Values:
    return {
        "name": known(r.name, THIRD),
        "value": quantity(r.value, r.unit),
        "flag": printable(r.flag, SHORT) + ("!" if r.critical else ""),
        "critical": r.critical,
        "when": when(r.when, pr.zone, pr.today_us),
        "standing": "" if r.standing in ("final", "") else printable(r.standing, SHORT),
        "mark": r.stamp.mark.value,
    }


def quantity(value: str, unit: str) -> str:
    """A value with its unit as it is read at a bedside."""
    return f"{known(value, SHORT)} {printable(shown_unit(unit), SHORT)}".strip()


def _allergies(chart: Chart, pr: Print) -> list[list[str]]:
    """Every allergy with its kind and time, where the strip on top does not say it all; the statement that there is
    none only where it contradicts one."""
    listed = [a for a in chart.allergies if not a.none_known]
    more = allergies_in_strip(chart)["long"] or any(a.since for a in listed)
    return [_allergy(a, pr) for a in (chart.allergies if listed and more else ())]


def _allergy(a: Allergy, pr: Print) -> list[str]:
    since = f"since {when(a.since, pr.zone)}" if a.since else ""
    kind = " · ".join(part for part in (printable(a.kind, THIRD), since) if part)
    return [
        known(a.substance, THIRD),
        _reaction(a) or ("" if a.none_known else "reaction not recorded"),
        kind,
        a.stamp.mark.value,
    ]


def _medication(m: Medication, pr: Print) -> Values:
    return {
        "name": known(tall_man(m.name)),
        "order": ordered(m),
        "heard": last_heard(m, pr),
        "held": m.status == "on-hold",
        "status": "" if m.status == "active" else (printable(m.status) or "status not known"),
        "mark": m.stamp.mark.value,
    }


def ordered(m: Medication) -> str:
    """Dose, route and schedule exactly as ordered; a missing part is said."""
    parts = [known(m.dose) if m.dose.strip() else "dose not recorded", printable(m.route) or "route not recorded"]
    parts.append(printable(m.schedule) or ("as needed" if m.as_needed else "schedule not recorded"))
    return " · ".join(parts)


def last_heard(m: Medication, pr: Print) -> str:
    """The newest dose heard, and beside one that was not given the newest that was."""
    given = m.last_given
    if given is None or given == m.last_heard:
        return heard(m.last_heard, pr)
    return f"{heard(m.last_heard, pr)}; given before: {heard(given, pr)}"


def heard(dose: Administration | None, pr: Print) -> str:
    """The newest administration as *heard*, never as "given last": the feed may have missed later ones."""
    if dose is None:
        return "never heard"
    what = printable(dose.dose) or "dose not recorded"
    text = (
        f"{when(dose.when, pr.zone, pr.today_us)} {what}"
        if dose.given
        else f"{when(dose.when, pr.zone, pr.today_us)} NOT GIVEN"
    )
    if dose.reason.strip():
        text += f" ({printable(dose.reason)})"
    if dose.time_impossible:
        text = f"time impossible: {text}"
    # The mark stays on the line of what it marks.
    return f"{text} {printable(dose.by)}".rstrip() + f"\N{NO-BREAK SPACE}{dose.stamp.mark.value}"


def _left(medications: tuple[Medication, ...]) -> str:
    ended = [m for m in medications if m.status not in ("active", "on-hold", "unknown", "")]
    if not ended:
        return ""
    names = ", ".join(f"{known(m.name)} ({printable(m.status)})" for m in ended)
    return f"no longer active as last heard: {names}"


def _age(a: SectionAge, pr: Print) -> list[str]:
    return [known(a.section, SHORT), _heard_at(a.patient_heard_us, pr)]


def ages_in_line(chart: Chart, pr: Print) -> str:
    """When the facility last heard each section, for the line of state."""
    return " · ".join(f"{known(a.section)} {brief(a.facility_heard_us, pr.today_us, pr.zone)}" for a in chart.ages)


def _heard_at(us: int | None, pr: Print) -> str:
    return "never heard" if us is None else moment(us, pr.zone) + pr.before(us)
