"""Draw docs/formats/hl7v2-fields.md: which fields of which segments of which message types are read.

Nobody types the table: every message type is read once with each field of its segments valued and once with none, and
what the readers asked for is written down. Usage: .venv/bin/python script/fields.py (script/docs.py runs it too).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from codedark.entries import Site
from codedark.entries.v2 import translate_received
from codedark.entries.v2.batches import interpret_received
from codedark.hl7 import Segment

PAGE = Path(__file__).resolve().parent.parent / "docs" / "formats" / "hl7v2-fields.md"
Fields = dict[str, set[int]]

_PERSON = "EVN PID PD1 ARV NK1 PV1 PV2"
_ADMITTED = f"{_PERSON} OBX AL1 DG1 PR1 IN1"
_ORDERED = "PID PD1 NK1 PV1 PV2 AL1 IN1 ORC"
_RESULT = "PID PD1 NK1 PV1 PV2 ORC OBR NTE TQ1 OBX SPM SAC"
STRUCTURES = {
    "ADT": {
        "A01 A02 A03 A04 A05 A06 A07 A08 A11 A12 A13 A28 A31": _ADMITTED,
        "A17": "EVN PID PD1 PV1 PV2 OBX PID PD1 PV1 PV2 OBX",
        "A24 A37": "EVN PID PD1 PV1 PID PD1 PV1",
        "A40 A47": "EVN PID PD1 MRG PV1",
        "A45": "EVN PID PD1 MRG PV1",
        "A60": "EVN PID PV1 PV2 IAM",
    },
    "ORU": {"R01 R30": _RESULT},
    "OUL": {"R21 R22 R24": "PID PD1 PV1 PV2 OBX SPM SAC OBR ORC NTE TQ1 OBX"},
    "ORM": {"O01": f"{_ORDERED} OBR RXO NTE RXR RXC DG1 OBX"},
    "OMG": {"O19": f"{_ORDERED} TQ1 TQ2 OBR NTE DG1 OBX SPM"},
    "OML": {"O21": f"{_ORDERED} TQ1 TQ2 OBR NTE DG1 OBX SPM SAC"},
    "OMP": {"O09": f"{_ORDERED} TQ1 TQ2 RXO NTE RXR RXC OBX"},
    "RDE": {"O11": f"{_ORDERED} TQ1 TQ2 RXO NTE RXR RXC RXE NTE TQ1 RXR RXC OBX"},
    "RDS": {"O13": f"{_ORDERED} TQ1 RXO RXR RXC RXE RXR RXD RXR RXC OBX"},
    "RGV": {"O15": f"{_ORDERED} TQ1 RXO RXR RXC RXE RXR RXG RXR RXC OBX"},
    "RAS": {"O17": f"{_ORDERED} TQ1 RXO RXR RXC RXE RXR RXC RXA RXR OBX"},
    "VXU": {"V04": f"{_ORDERED} TQ1 RXA RXR OBX NTE"},
    "SIU": {"S12 S13 S14 S15 S26": "SCH NTE PID PD1 PV1 PV2 OBX DG1 RGS AIS NTE AIG NTE AIL NTE AIP NTE"},
    "MDM": {"T01 T02 T03 T04 T05 T06 T07 T08 T09 T10 T11": "EVN PID PV1 ORC OBR NTE TXA OBX"},
    "PPR": {"PC1 PC2 PC3": "PID PV1 PV2 PRB NTE OBX GOL ORC OBR"},
    "PGL": {"PC6 PC7 PC8": "PID PV1 PV2 GOL NTE OBX PRB ORC OBR"},
    "DFT": {"P03": f"{_ADMITTED} FT1 GT1"},
    "BAR": {"P01": f"{_ADMITTED} GT1"},
}
_MOST = 60
_VALUES = ("1^A^B^D^E^F^G^H^I", "20261123101500", "Y", "")
_KINDS = ("NM", "SN", "TX", "CWE", "DT", "TM", "ED", "RP", "ST")


def _segment(name: str, count: int, value: str) -> Iterator[str]:
    """The lines of one segment; an OBX of each value type."""
    if name != "OBX":
        rest = [value] * _MOST if value else []
        yield "|".join([name, str(count), *rest])
        return
    for number, kind in enumerate(_KINDS):
        rest = [kind, f"C{number}^Code", "", "1", *([value] * (_MOST - 5) if value else [])]
        yield "|".join([name, f"{count}{number}", *rest])


def _message(family: str, trigger: str, segments: str, count: int, value: str) -> bytes:
    head = f"MSH|^~\\&|A|B|C|D|20261123150000||{family}^{trigger}|{count}|P|2.5.1"
    lines = [line for name in segments.split() for line in _segment(name, count, value)]
    return "\r".join([head, *lines, ""]).encode()


@contextmanager
def _listening() -> Iterator[Fields]:
    """Write down which fields are asked for."""
    asked: Fields = {}
    own = {name: getattr(Segment, name) for name in ("field", "text", "whole", "repetitions")}

    def heard(method: Callable[..., object]) -> Callable[..., object]:
        def ask(self: Segment, number: int, *rest: object, **more: object) -> object:
            asked.setdefault(self.name, set()).add(number)
            return method(self, number, *rest, **more)

        return ask

    for name, method in own.items():
        setattr(Segment, name, heard(method))
    try:
        yield asked
    finally:
        for name, method in own.items():
            setattr(Segment, name, method)


def fields_of(family: str, trigger: str, segments: str) -> tuple[Fields, Fields]:
    """(fields the record is made of, those that only a whole translation reads) of one message type."""
    site, origin = Site(), bytes(16)
    kept: Fields = {}
    whole: Fields = {}
    for count, value in enumerate(_VALUES, 1):
        # The set id makes every message new: what was read of the same words before is not asked for again.
        raw = _message(family, trigger, segments, sum(map(ord, family + trigger)) * 10 + count, value)
        for read, into in ((interpret_received, kept), (translate_received, whole)):
            with _listening() as asked:
                read(raw, site, origin, count)
            for name, numbers in asked.items():
                into.setdefault(name, set()).update(numbers)
    present = {*segments.split(), "MSH"}
    kept = {name: numbers for name, numbers in kept.items() if name in present}
    more = {name: numbers - kept.get(name, set()) for name, numbers in whole.items() if name in present}
    return kept, {name: numbers for name, numbers in more.items() if numbers}


def _ranges(numbers: set[int]) -> str:
    """ "1–3, 5" of {1, 2, 3, 5}."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def page() -> str:
    """The page: message types that are read alike share their lines."""
    out = [
        "# HL7 v2: every field that is read",
        "<!-- Drawn by script/fields.py from the code; run script/docs.py. -->",
    ]
    out += ["", "What the readers ask for when a message of the type is read with every field valued, and with none."]
    out += ["*Record*: what charts, lists and packs are made of. *Translation*: what only `codedark translate` and an"]
    out += [
        "export read (header, provenance, people, coverage). MSH-1 and MSH-2 are the delimiters. Every other field is"
    ]
    out += ["kept in the journal as it came, and a Z segment with it. Meanings: [hl7v2.md](hl7v2.md)."]
    for family, structures in STRUCTURES.items():
        out += ["", f"## {family}"]
        for triggers, segments in structures.items():
            out += _table(family, triggers.split(), segments)
    return "\n".join(out) + "\n"


def _table(family: str, triggers: list[str], segments: str) -> Iterator[str]:
    same: dict[str, list[str]] = {}
    for trigger in triggers:
        kept, more = fields_of(family, trigger, segments)
        rows = [
            f"| {name} | {_ranges(kept.get(name, set())) or '–'} | {_ranges(more.get(name, set())) or '–'} |"
            for name in dict.fromkeys(["MSH", *segments.split()])
        ]
        same.setdefault("\n".join(rows), []).append(trigger)
    for rows_, names in same.items():
        yield from ("", f"**{', '.join(names)}**", "", "| segment | record | translation |", "|---|---|---|", rows_)


def draw() -> bool:
    """Write the page; whether it was not what the code says."""
    text = page()
    stale = not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text
    if stale:
        PAGE.write_text(text, encoding="utf-8")
    return stale


if __name__ == "__main__":
    if draw():
        print("drawn:", PAGE.name)
    sys.exit(0)
