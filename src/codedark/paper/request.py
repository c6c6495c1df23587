"""What a pack is asked for and what comes back: plain data, no reading of clocks, keys or stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from codedark.paper.identity import SheetId
from codedark.views import AsOf, BedRow, Chart, FeedRow, PrintReport, UnitCoverage

Form = Literal["cover", "summary", "mar", "observations", "results", "report-mar", "report-kardex", "report-census"]
Paper = Literal["a4", "letter"]
SheetKey = tuple[str, str]
"""(patient, form); the unit's cover is ("", "cover")."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a second machine holds: the newest checkpoint that a pinned witness cosigned. `size`: entries it covers;
    `root`: 32 bytes; `at_us`: µs UTC by the witness's clock, as signed; `note`: checkpoint and signatures."""

    witness: str
    size: int
    root: bytes
    at_us: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackRequest:
    """Everything a pack is drawn from: the same request gives the same bytes on any machine.

    `facility`: its name; `site`: three capitals for sheet ids ("" = from the name). `census`: the unit's bed list in
    the order to print; `charts`: of every patient on it. `printed_at_us`: µs UTC, stands for *now* on every page.
    `printed_by`: a name or "timer". `zone`: IANA name. `draft`: not in the ledger, says so on every page. `copy`: 1
    for the first print. `sheet_key`: ≥ 16 bytes, `key_id`: 1–8 letters and digits naming its generation.
    `sheets`: the id of each (patient, form), `counts`: its pages, both from `SheetPlan.applied`; a pack that would come
    out with other counts is refused, without counts it takes what it needs. `copied`: what the newest pinned witness
    holds, None when none does; `unpinned`: cosignatures that do not count. `mar_day_start`: hour at which the site's
    MAR day begins. `prints`: pages (PNG) of the EHR's print reports by report id, as drawn in the cage;
    `unit_report`: the EHR's census of this unit, when it is newer than what was heard;
    `coverage`: how much of the record was heard on this unit, None = not counted; `file_code`: the code of the
    single-file pack made beside it, "" = none.
    `checkpoint_note`: C2SP signed note, "" when there is none (the cover says so)."""

    unit: str
    facility: str
    site: str = ""
    as_of: AsOf
    checkpoint_note: str
    census: tuple[BedRow, ...] = field(repr=False)
    charts: tuple[Chart, ...] = field(repr=False)
    feeds: tuple[FeedRow, ...]
    printed_at_us: int
    printed_by: str = "timer"
    zone: str
    paper: Paper = "a4"
    draft: bool
    copy: int = 1
    sheet_key: bytes = field(repr=False)
    key_id: str = "1"
    sheets: Mapping[SheetKey, SheetId] = field(default_factory=dict, repr=False)
    counts: Mapping[SheetKey, int] = field(default_factory=dict, repr=False)
    copied: Copied | None = None
    unpinned: int = 0
    mar_day_start: int = 7
    prints: Mapping[str, Sequence[bytes]] = field(default_factory=dict, repr=False)
    unit_report: PrintReport | None = None
    coverage: UnitCoverage | None = None
    file_code: str = ""
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """One printed page of a pack. `patient`: "" on the cover. `text`: the identity as printed."""

    id: SheetId
    patient: str = field(repr=False)
    form: str
    page: int
    pages: int

    @property
    def text(self) -> str:
        """The id and page as printed: `WTB-7F3K9-Q2H5M-2`."""
        return self.id.page(self.page)

    def row(self) -> list[Any]:
        """The row of `sheets.printed`: [id, patient, form, page, pages]."""
        return [str(self.id), self.patient, self.form, self.page, self.pages]


@dataclass(frozen=True, slots=True)
class SheetPlan:
    """Which sheets a pack will have, before it is drawn: what the ledger is told first."""

    ids: Mapping[SheetKey, SheetId] = field(repr=False)
    sheets: tuple[Sheet, ...]

    def applied(self, request: PackRequest) -> PackRequest:
        """The same request with these ids and page counts."""
        counts = {(sheet.patient, sheet.form): sheet.pages for sheet in self.sheets}
        return replace(request, sheets=self.ids, counts=counts)

    def rows(self) -> list[list[Any]]:
        """The rows for `sheets.printed`, one per page, in print order."""
        return [sheet.row() for sheet in self.sheets]


@dataclass(frozen=True, slots=True)
class Pack:
    """A drawn pack. `pdf`: untagged PDF bytes; `pages`: of the whole pack; `sheets`: one per page, in order;
    `sha256`: of the bytes."""

    pdf: bytes = field(repr=False)
    pages: int
    sheets: tuple[Sheet, ...]
    sha256: bytes
