"""How the hospital's systems write HL7 v2.5.1: message heads and the segments that every feed shares.

Each feed has its own sender (MSH-3), ascending control ids (MSH-10) and sequence numbers (MSH-13), as it does in a real
house. Sources: HL7 v2.5.1 chapters 2 (control), 3 (ADT), 4 (orders, pharmacy), 7 (observations).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from .layout import Bed
from .patients import Patient
from .staff import Person
from .stay import Stay
from .times import WallClock

FEEDS = ("adt", "orders", "mar", "lab", "vitals")
_SENDERS = {
    "adt": ("REGISTRAR", "ADT", ""),
    "orders": ("PHARMIS", "RX", ""),
    "mar": ("EMAR", "MAR", "AL|NE"),
    "lab": ("LABSYS", "LAB", ""),
    "vitals": ("BEDSIDE", "VIT", "AL|NE"),
}
_ESCAPES = str.maketrans({"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\n": "\\.br\\"})


class Spoken(NamedTuple):
    """One message as it leaves a system. `at_us`: µs UTC of sending; `data`: ER7 bytes without MLLP framing."""

    feed: str
    at_us: int
    data: bytes


def text(value: str) -> str:
    """Free text with the delimiters escaped (v2.5.1, 2.7)."""
    return value.translate(_ESCAPES)


def row(name: str, fields: dict[int, str]) -> str:
    """A segment from its numbered fields (not for MSH, whose first field is the separator itself)."""
    cells = [""] * (max(fields) + 1)
    cells[0] = name
    for index, value in fields.items():
        cells[index] = value
    return "|".join(cells).rstrip("|")


def number(value: float) -> str:
    """A quantity without a needless point: 40, 2.5."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


@dataclass(slots=True)
class Speech:
    """The pen of one hospital: turns segments into messages, numbering them per feed. `authority`: its short code."""

    clock: WallClock
    authority: str
    _count: dict[str, int] = field(default_factory=dict)

    def message(
        self, feed: str, at_us: int, kind: str, segments: Iterable[str], charset: str = "UNICODE UTF-8"
    ) -> Spoken:
        """One message of `kind` ("ADT^A01^ADT_A01"). `charset`: MSH-18; "8859/1" writes Latin-1 bytes."""
        encoding = "iso-8859-1" if charset == "8859/1" else "utf-8"
        body = "\r".join((self.head(feed, at_us, kind, charset), *segments)) + "\r"
        return Spoken(feed, at_us, body.encode(encoding, "replace"))

    def head(self, feed: str, at_us: int, kind: str, charset: str = "UNICODE UTF-8") -> str:
        """MSH with the feed's next control id."""
        sender, prefix, accept = _SENDERS[feed]
        count = self._count[feed] = self._count.get(feed, 0) + 1
        return (
            f"MSH|^~\\&|{sender}|{self.authority}|CODEDARK|{self.authority}|{self.clock.stamp(at_us)}||{kind}"
            f"|{prefix}{count:09d}|P|2.5.1|{count}||{accept or '|'}||{charset}"
        )

    def pid(self, patient: Patient, stay: Stay | None = None) -> str:
        """PID: who, with MRN (PID-3), account (PID-18) and a newborn's mother (PID-21)."""
        names = f"{patient.family}^{patient.given}^{patient.middle}^^^^L"
        if patient.alias:
            names += f"~{patient.alias}^^^^^^A"
        return row(
            "PID",
            {
                1: "1",
                3: f"{patient.mrn}^^^{self.authority}^MR",
                5: names,
                7: f"{patient.born:%Y%m%d}",
                8: patient.sex,
                11: patient.address,
                13: patient.phone,
                15: patient.language,
                18: f"{stay.visit.replace('V', 'A')}^^^{self.authority}^AN" if stay else "",
                21: f"{patient.mother}^^^{self.authority}^MR" if patient.mother else "",
            },
        )

    def pv1(self, stay: Stay, at_us: int, before: Bed | None = None) -> str:
        """PV1: where and under whom; PV1-45 only once the patient has left. `before`: PV1-6, the last bed."""
        left = bool(stay.left_us) and stay.left_us <= at_us
        return row(
            "PV1",
            {
                1: "1",
                2: stay.patient_class,
                3: self.place(stay.bed),
                4: stay.admission_type,
                6: self.place(before),
                7: stay.attending.xcn,
                10: stay.service,
                17: stay.attending.xcn,
                19: f"{stay.visit}^^^{self.authority}^VN",
                36: stay.disposition if left else "",
                44: self.clock.stamp(stay.admitted_us),
                45: self.clock.stamp(stay.left_us) if left else "",
            },
        )

    def place(self, bed: Bed | None) -> str:
        """A bed as PL (v2.5.1, 2.A.53): point of care, room, bed, facility."""
        return f"{bed.unit}^{bed.room}^{bed.bed}^{self.authority}" if bed else ""

    def al1(self, patient: Patient) -> list[str]:
        """AL1 lines. None at all when nobody ever recorded any: silence is not "no known allergies"."""
        if patient.allergies is None:
            return []
        if not patient.allergies:
            return ["AL1|1|DA^Drug allergy^HL70127|716186003^No known allergy^SCT^NKA^No known allergies^L"]
        return [
            f"AL1|{index}|{one.kind}|{one.code}^{text(one.substance)}^{one.system}|{one.severity}"
            f"|{'~'.join(text(reaction) for reaction in one.reactions)}"
            for index, one in enumerate(patient.allergies, 1)
        ]

    def dg1(self, stay: Stay) -> list[str]:
        """DG1 lines: the reason for admission first (type A), then known problems (type W)."""
        rows = [(stay.reason, "A")] + [(problem, "W") for problem in stay.patient.problems]
        return [
            f"DG1|{index}||{code}^{text(name)}^I10||{self.clock.stamp(stay.admitted_us)}|{kind}"
            for index, ((code, name), kind) in enumerate(rows, 1)
        ]

    def bedside_facts(self, stay: Stay, at_us: int) -> list[str]:
        """OBX lines of an ADT message: body weight, code status, isolation; those that are known."""
        patient, stamp, rows = stay.patient, self.clock.stamp(at_us), []
        if patient.weight_kg:
            rows.append(f"NM|29463-7^Body weight^LN||{number(patient.weight_kg)}|kg^kilogram^UCUM")
        if patient.code_status:
            rows.append(f"ST|81351-9^Resuscitation status^LN||{text(patient.code_status)}|")
        if patient.isolation:
            rows.append(f"ST|ISOL^Isolation precautions^99WTB||{text(patient.isolation)}|")
        return [f"OBX|{index}|{row}|||||F|||{stamp}" for index, row in enumerate(rows, 1)]

    def orc(self, control: str, placer: str, filler: str, status: str, at_us: int, by: Person) -> str:
        """ORC: order control (table 0119), placer and filler numbers, status (table 0038), when and by whom."""
        filled = f"{filler}^{self.authority}" if filler else ""
        return f"ORC|{control}|{placer}^{self.authority}|{filled}||{status}||||{self.clock.stamp(at_us)}|||{by.xcn}"
