"""Print reports as EHRs make them: a MAR, a Kardex, a census, drawn by typst with invented people."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import lru_cache

import typst

SOURCE = """
#let r = json(bytes(sys.inputs.report))
#set page(paper: "us-letter", margin: (x: 18mm, top: 34mm, bottom: 18mm), header: [
  #text(size: 9pt)[WATERBURY HOSPITAL #h(1fr) #r.title]
  #if r.patient != none [
    #v(-2mm) #line(length: 100%)
    #grid(columns: (2fr, 1fr, 1fr), row-gutter: 3mm,
      [Patient: #r.patient.name], [MRN: #r.patient.mrn], [DOB: #r.patient.born],
      [#if r.patient.visit != "" [CSN: #r.patient.visit]], [Unit: #r.unit], [Sex: F])
  ]
], footer: context text(size: 8pt)[
  #if r.printed != "" [Printed: #r.printed by NIGHTJOB] #h(1fr) Page #counter(page).display("1 of 1", both: true)
])
#set text(font: "DejaVu Sans Mono", size: 9pt)
#for n in range(r.pages) {
  table(columns: (2fr, 1fr, 1fr, 2fr), ..r.rows.flatten())
  if n + 1 < r.pages { pagebreak() }
}
"""


@dataclass(frozen=True)
class Person:
    """Whom a report is about, as the EHR prints it."""

    name: str = "MARLOWE, Ada1"
    mrn: str = "000001"
    born: str = "03/04/1955"
    visit: str = "V1"


ADA = Person()
DOSES = (
    ("vancomycin 1 g IV", "q12h", "03:00 15:00", "23-Nov 14:58 given RH"),
    ("morphine 2 mg IV", "PRN q2h", "", "24-Nov 01:20 given RH"),
    ("metoprolol 25 mg PO", "q12h", "09:00 21:00", "23-Nov 21:04 held HR 48"),
)


@lru_cache(maxsize=64)
def report(
    patient: Person | None = ADA, title: str = "Medication Administration Record", *, unit: str = "4W", pages: int = 1,
    printed: str = "24-Nov-2026 02:58", rows: tuple[tuple[str, ...], ...] = DOSES,
) -> bytes:  # fmt: skip
    """A report as PDF. `patient` None: its pages name nobody. The date of birth is printed as given."""
    values = {
        "title": title, "unit": unit, "pages": pages, "printed": printed, "rows": rows,
        "patient": asdict(patient) if patient else None,
    }  # fmt: skip
    made = typst.compile(SOURCE.encode(), sys_inputs={"report": json.dumps(values)})
    assert isinstance(made, bytes)
    return made


def census(*people: Person, unit: str = "4W", printed: str = "24-Nov-2026 03:00") -> bytes:
    """A unit's census: many people on one page."""
    rows = tuple((person.name, f"MRN: {person.mrn}", f"DOB: {person.born}", "bed") for person in people)
    return report(None, f"Unit Census  Unit: {unit}", unit=unit, printed=printed, rows=rows)


def bound(*pages: bytes) -> bytes:
    """Several reports as one file, as a night job prints a whole unit."""
    import io

    import pypdfium2

    whole = pypdfium2.PdfDocument.new()
    for page in pages:
        whole.import_pages(pypdfium2.PdfDocument(page))
    sink = io.BytesIO()
    whole.save(sink)
    return sink.getvalue()
