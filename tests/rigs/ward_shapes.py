"""An invented ward as view shapes, for tests of paper. Same number of patients, same ward."""

from __future__ import annotations

from codedark.paper import PackRequest
from codedark.views import (
    Administration,
    Allergy,
    AllergyState,
    AsOf,
    Banner,
    BedRow,
    Chart,
    Condition,
    FeedRow,
    Mark,
    Medication,
    Note,
    Order,
    Result,
    SectionAge,
    Stamp,
    Vital,
    When,
)

PRINTED_US = 1_795_508_460_000_000
"""24-Nov-2026 08:21 UTC = 03:21 in New York."""

_NAMES = (
    "MARLOWE, Ada",
    "OKAFOR, Ngozi",
    "KIM, Joon",
    "OKAFOR, Chidi",
    "DE LA CRUZ-VILLANUEVA, María José",
    "ŁUKASZEWICZ, Żaneta",
    "SMITH, John",
    "NGUYEN, Thi",
    "O'BRIEN, Seán",
    "HALE, Ruth",
)
_DRUGS = (
    ("enoxaparin", "40 mg", "SC", "every 24 hours"),
    ("vancomycin", "1 g", "IV", "every 12 hours"),
    ("metoprolol tartrate", "25 mg", "PO", "BID"),
    ("acetaminophen", "650 mg", "PO", "every 6 hours"),
    ("atorvastatin", "40 mg", "PO", "nightly"),
    ("insulin lispro", "per scale", "SC", "with meals"),
    ("levothyroxine", "75 mcg", "PO", "QD"),
    ("piperacillin-tazobactam", "3.375 g", "IV", "Q8H"),
)
_TESTS = (
    ("Basic metabolic panel", "Potassium", "6.4", "mmol/L", "3.5-5.1", "HH"),
    ("Basic metabolic panel", "Sodium", "138", "mmol/L", "136-145", ""),
    ("Basic metabolic panel", "Creatinine", "1.8", "mg/dL", "0.6-1.2", "H"),
    ("CBC", "Hemoglobin", "8.9", "g/dL", "12.0-16.0", "L"),
    ("CBC", "White blood cells", "11.2", "10*3/uL", "4.0-10.5", "H"),
    ("CBC", "Platelets", "212", "10*3/uL", "150-400", ""),
)
_VITALS = (
    ("Heart rate", "88", "/min"),
    ("Blood pressure", "118/64", "mmHg"),
    ("Temperature", "37.4", "Cel"),
    ("Respiratory rate", "18", "/min"),
    ("Oxygen saturation", "95", "%"),
)


def _stamp(minutes: int, mark: Mark = Mark.FEED) -> Stamp:
    return Stamp(48_000 - minutes, PRINTED_US - minutes * 60_000_000, mark, "feed:ehr")


def _when(day: int, hour: int, minute: int) -> When:
    return When(f"2026-11-{day:02d}T{hour:02d}:{minute:02d}:00-05:00")


def banner(number: int) -> Banner:
    """Patient `number`'s identity."""
    return Banner(
        patient=f"patient-{number:04d}",
        name=_NAMES[number % len(_NAMES)],
        birth_date=f"{1940 + number * 7 % 70}-03-{number % 28 + 1:02d}",
        sex="F" if number % 2 == 0 else "M",
        mrn=f"000 482 {number:03d}",
        visit=f"V77192{number:02d}",
        unit="4 West",
        room="",
        bed=f"4W{number + 1:02d}",
        attending="Hale, R.",
        patient_class="inpatient",
        admitted=_when(19, 14, 2),
        discharged=None,
        code_status=("DNR/DNI", "Full code", "")[number % 3],
        isolation=("", "", "contact")[number % 3],
        weight=("61.2 kg", "", "84 kg")[number % 3],
        weight_when=_when(22, 6, 0),
        merged_from=(),
        stamp=_stamp(300),
    )


def medication(number: int) -> Medication:
    """One order of eight scheduled ones, then a PRN, an infusion, a held and a stopped one."""
    if number == 8:
        return Medication(
            "prn",
            "morphine",
            "active",
            "2 mg",
            "IV",
            "every 2 hours as needed, max 8 mg in 4 h",
            True,
            False,
            "Hale, R.",
            _when(22, 9, 0),
            _dose(24, 1, 20, "2 mg"),
            4,
            _stamp(200),
        )
    if number == 9:
        return Medication(
            "run",
            "norepinephrine 4 mg in 50 mL",
            "active",
            "6 mL/h",
            "IV",
            "continuous",
            False,
            True,
            "Hale, R.",
            _when(23, 0, 40),
            None,
            0,
            _stamp(180),
        )
    if number in (10, 11):
        name, status = (("metformin", "on-hold"), ("lisinopril", "stopped"))[number - 10]
        return Medication(
            name, name, status, "500 mg", "PO", "BID", False, False, "Hale, R.", _when(20, 9, 0), None, 0, _stamp(900)
        )
    name, dose, route, schedule = _DRUGS[number % len(_DRUGS)]
    last = None if name == "levothyroxine" else _dose(23, 9 + number, 4, dose)
    return Medication(
        name, name, "active", dose, route, schedule, False, False, "Hale, R.", _when(21, 9, 0), last, 3, _stamp(500)
    )


def _dose(day: int, hour: int, minute: int, dose: str) -> Administration:
    return Administration(_when(day, hour, minute), dose, "R. Diaz", True, "", False, _stamp(60))


def _results(number: int) -> tuple[Result, ...]:
    return tuple(
        Result(
            panel,
            name,
            value,
            unit,
            reference,
            flag,
            flag == "HH",
            "corrected" if flag == "HH" else "final",
            _when(24 - back, 2, 40),
            ("5.9",) if flag == "HH" else (),
            _stamp(40 + back),
        )
        for panel, name, value, unit, reference, flag in _TESTS[number % 3 :]
        for back in range(2)
    )


def _vitals() -> tuple[Vital, ...]:
    return tuple(
        Vital(name, value, unit, _when(23, 22 - 4 * back, 0), _stamp(100))
        for name, value, unit in _VITALS
        for back in range(4)
    )


def chart(number: int) -> Chart:
    """Patient `number` of the ward."""
    state = (AllergyState.HAS, AllergyState.NONE_KNOWN, AllergyState.COULD_NOT_BE_READ, AllergyState.NOT_RECORDED)[
        number % 4
    ]
    allergies = (
        Allergy("PENICILLIN", ("anaphylaxis",), "high", "drug", When("2019"), _stamp(4000)),
        Allergy("Latex", ("rash",), "low", "environment", None, _stamp(4000)),
    )
    return Chart(
        banner=banner(number),
        allergy_state=state,
        allergies=allergies if state is AllergyState.HAS else (),
        medications=tuple(sorted((medication(n) for n in range(number % 4, 12)), key=lambda m: m.name)),
        results=_results(number),
        vitals=_vitals(),
        conditions=(
            Condition("Community-acquired pneumonia", "active", When("2026-11-19"), _stamp(3000)),
            Condition("Type 2 diabetes mellitus", "active", When("2011"), _stamp(3000)),
        ),
        orders=(
            Order("CT chest with contrast", "active", "stat", _when(24, 1, 5), "Hale, R.", _stamp(90)),
            Order("Physical therapy consult", "completed", "routine", _when(20, 10, 0), "Hale, R.", _stamp(2000)),
        ),
        notes=(Note("Progress note", "", "Hale, R.", _when(23, 17, 30), _stamp(600)),),
        ages=(
            SectionAge("MAR", PRINTED_US - 23 * 60_000_000, PRINTED_US - 20 * 60_000_000),
            SectionAge("Results", PRINTED_US - 41 * 60_000_000, PRINTED_US - 10 * 60_000_000),
            SectionAge("Notes", None, None),
        ),
        unread=number % 5 // 4,
        as_of=as_of(),
    )


def as_of() -> AsOf:
    """The ward's line of state: 9 minutes before printing."""
    return AsOf("Waterbury", 48_211, PRINTED_US - 9 * 60_000_000, "1-abcdef", True)


def bed_row(of: Chart) -> BedRow:
    """The bed-list row that belongs to a chart."""
    who = of.banner
    return BedRow(
        who.unit,
        who.room,
        who.bed,
        who.patient,
        who.name,
        who.birth_date,
        who.sex,
        who.mrn,
        of.allergy_state,
        tuple(a.substance for a in of.allergies),
        who.code_status,
        who.isolation,
        sum(m.status == "active" for m in of.medications),
        tuple(f"{r.name} {r.value} {r.flag}" for r in of.results[:1] if r.critical),
        who.name.startswith("OKAFOR"),
        False,
        who.stamp,
    )


def empty_bed(bed: str) -> BedRow:
    """A bed nobody is in."""
    return BedRow(
        "4 West", "", bed, "", "", "", "", "", AllergyState.NOT_RECORDED, (), "", "", 0, (), False, False, None
    )


FEEDS = (
    FeedRow("ehr", ("ADT", "orders", "MAR"), 300, True, PRINTED_US - 7 * 60_000_000, 40_100, 3, 0, 0, False),
    FeedRow("lab", ("results",), 900, False, PRINTED_US - 10 * 60_000_000, 8_000, 0, 0, 0, False),
    FeedRow("pharmacy", ("dispenses",), 3600, True, None, 0, 0, 0, 0, False),
)

NOTE = (
    "codedark.example/waterbury/1f0c\n48211\nqINS1GRFUbgWqVnGZ4Ep1bP2uXzZ5b8kZkZt2W0Q1mY=\n\n"
    "— codedark.example/waterbury/1f0c "
    "6qQeRkUDpV8Z0m4p8K3yq1v5Z2o9w7T4hJ0cXk3n5sQe8rYb1uIgLd6f2aZxWvCtMjPzEoHs9iN7yBqGkRwUlA==\n"
)


def request(charts: tuple[Chart, ...], **changes: object) -> PackRequest:
    """A pack request for these charts with the ward's feeds and clock; `changes` replace any field."""
    census = (*map(bed_row, charts), empty_bed("4W31"))
    values: dict[str, object] = {
        "unit": "4 West",
        "facility": "Waterbury",
        "site": "WTB",
        "as_of": as_of(),
        "checkpoint_note": NOTE,
        "census": census,
        "charts": charts,
        "feeds": FEEDS,
        "printed_at_us": PRINTED_US,
        "zone": "America/New_York",
        "draft": False,
        "sheet_key": bytes(range(32)),
        "key_id": "1",
    }
    return PackRequest(**(values | changes))  # type: ignore[arg-type]


def ward(patients: int, **changes: object) -> PackRequest:
    """A pack request for a ward of `patients`."""
    return request(tuple(chart(number) for number in range(patients)), **changes)
