"""The summary sheet of one patient as values for the template: ten questions answered, and what is not known said.

Everything is text that went through `wording`. What a list leaves out is counted in words at its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from codedark.paper.wording import NOT_RECORDED, age, born, brief, known, moment, printable, span, when
from codedark.views import (
    Administration,
    Allergy,
    AllergyState,
    BedRow,
    Chart,
    Medication,
    Result,
    SectionAge,
    Vital,
)

Values = dict[str, object]
NAME, THIRD, SHORT, TIGHT = 24, 18, 12, 8
"""Longest run of capitals without a space, in characters, that the strip, a third of the page, a short and a tight
column hold; longer runs may be broken anywhere, see `wording.printable`."""

RECENT, TREND = 3, 2
"""How many newest values the sheet shows of one vital sign and of one test; older ones are counted, and every critical
one is shown."""

CRITICAL = "Critical"
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

UNITS = {"mm[Hg]": "mmHg", "Cel": "°C", "[degF]": "°F", "[in_i]": "in", "[lb_av]": "lb"}
"""UCUM units that nobody reads aloud as they are coded; all others are printed as they came."""

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
        "vitals": _vitals(chart.vitals, pr),
        "results": _results(chart.results, pr),
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
        "problems": [
            [
                known(c.name),
                printable(c.status, SHORT) or "not known",
                when(c.since, pr.zone) if c.since else "",
                c.stamp.mark.value,
            ]
            for c in chart.conditions
        ],
        "notes": [
            [known(n.title), known(n.author, THIRD), when(n.when, pr.zone, pr.today_us), n.stamp.mark.value]
            for n in chart.notes
        ],
        "ages": [_age(a, pr) for a in chart.ages],
    }


def _allergies(chart: Chart, pr: Print) -> list[list[str]]:
    """Every allergy; the statement that there is none only where it contradicts one."""
    listed = [a for a in chart.allergies if not a.none_known]
    return [_allergy(a, pr) for a in (chart.allergies if listed else ())]


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
        "name": known(m.name),
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
    return f"{text} {printable(dose.by)} {dose.stamp.mark.value}".replace("  ", " ")


def _left(medications: tuple[Medication, ...]) -> str:
    ended = [m for m in medications if m.status not in ("active", "on-hold", "unknown", "")]
    if not ended:
        return ""
    names = ", ".join(f"{known(m.name)} ({printable(m.status)})" for m in ended)
    return f"no longer active as last heard: {names}"


def _taken(vital: Vital, pr: Print) -> str:
    at = when(vital.when, pr.zone, pr.today_us)
    return f"time impossible: {at}" if vital.time_impossible else at


def _vitals(vitals: tuple[Vital, ...], pr: Print) -> Values:
    names = list(dict.fromkeys(v.name for v in vitals))
    rows, left = [], 0
    for name in names:
        own = [v for v in vitals if v.name == name]
        left += max(0, len(own) - RECENT)
        values = [[_quantity(v.value, v.unit), _taken(v, pr), v.stamp.mark.value] for v in own[:RECENT]]
        rows.append({"name": known(name, SHORT + 3), "values": values})
    return {"rows": rows, "left": left}


def _quantity(value: str, unit: str) -> str:
    return f"{known(value, SHORT)} {printable(UNITS.get(unit, unit.strip('{}')), SHORT)}".strip()


def _results(results: tuple[Result, ...], pr: Print) -> Values:
    """By panel as they come; tests with a critical value in a group of their own before all others."""
    tests: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        tests.setdefault((result.panel, result.name), []).append(result)
    groups: dict[str, list[Values]] = {CRITICAL: []}
    left = 0
    for (panel, name), own in tests.items():
        critical = any(r.critical for r in own)
        shown = own[:TREND] + [r for r in own[TREND:] if r.critical]
        left += len(own) - len(shown)
        row = {
            "name": known(name, SHORT + 3),
            "critical": critical,
            "reference": printable(own[0].reference, TIGHT),
            "values": [_result(r, pr) for r in shown],
        }
        groups.setdefault(CRITICAL if critical else (printable(panel, NAME) or "No panel named"), []).append(row)
    return {"groups": [{"panel": panel, "rows": rows} for panel, rows in groups.items() if rows], "left": left}


def _result(r: Result, pr: Print) -> Values:
    standing = "" if r.standing in ("final", "") else printable(r.standing, SHORT)
    earlier = f"was {', '.join(known(v, SHORT) for v in r.earlier)}" if r.earlier else ""
    return {
        "value": _quantity(r.value, r.unit),
        "flag": printable(r.flag, SHORT) + ("!" if r.critical else ""),
        "critical": r.critical,
        "when": when(r.when, pr.zone, pr.today_us),
        "note": " · ".join(part for part in (standing, earlier) if part),
        "mark": r.stamp.mark.value,
    }


def _age(a: SectionAge, pr: Print) -> list[str]:
    return [known(a.section, SHORT), _heard_at(a.patient_heard_us, pr), _heard_at(a.facility_heard_us, pr)]


def ages_in_line(chart: Chart, pr: Print) -> str:
    """When the facility last heard each section, for the line of state."""
    return " · ".join(f"{known(a.section)} {brief(a.facility_heard_us, pr.today_us, pr.zone)}" for a in chart.ages)


def _heard_at(us: int | None, pr: Print) -> str:
    return "never heard" if us is None else moment(us, pr.zone) + pr.before(us)
