"""A unit's pack: plan its sheets, then draw it. Pure but for the caged typst process: no clock, no store, no disk."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import segno

from codedark.clock import Chance
from codedark.errors import PackError
from codedark.paper import cover, mar, observations, reports, results, summary
from codedark.paper.identity import SheetId, SheetRef, site_letters, write_code
from codedark.paper.press import Press
from codedark.paper.request import Pack, PackRequest, Sheet, SheetKey, SheetPlan
from codedark.paper.summary import Print, Values
from codedark.paper.wording import known, mar_day, moment, printable, wall
from codedark.views import Chart, PrintReport

TITLES = {
    "cover": "Unit cover",
    "summary": "Summary",
    "mar": "MAR",
    "observations": "Observations",
    "results": "Results",
}
LEGEND = "▪ EHR feed  ✎ paper  ▸ screen  ⇄ transferred  ▫ import  * the sender gave no time zone"
CODE_MASK = 7
"""Fixed, because choosing the prettiest of eight masks takes five times as long and reads no better blurred."""

_DARK = re.compile(b"\x01+")
WIDTHS = {"a4": ("a4", 210.0), "letter": ("us-letter", 215.9)}


def mint_sheets(request: PackRequest, chance: Chance) -> dict[SheetKey, SheetId]:
    """A new random id for each (patient, form) of the pack, the cover first."""
    site = request.site or site_letters(request.facility)
    return {key: SheetId.mint(site, chance) for key in _keys(request)}


def plan_sheets(request: PackRequest, chance: Chance) -> SheetPlan:
    """Mint ids and count pages, so that `sheets.printed` is in the journal before anything is drawn with them.

    Raises PackError. Then: `draw_pack(plan.applied(request))`.
    """
    ids = mint_sheets(request, chance)
    with Press(_timestamp(request)) as press:
        counts = _counts(press.measure(_data(request)), len(ids))
    return SheetPlan(ids, _sheets(ids, counts))


def draw_pack(request: PackRequest) -> Pack:
    """The pack of one unit as PDF. The same request gives the same bytes, on any machine.

    Raises PackError when `request.sheets` lacks an id, or typst fails or takes too long.
    """
    keys = _keys(request)
    if any(key not in request.sheets for key in keys):
        raise PackError("a sheet of this pack has no id", hint="Plan the sheets of this same request first.")
    ids = {key: request.sheets[key] for key in keys}
    data = _data(request)
    with Press(_timestamp(request)) as press:
        planned = [request.counts.get(key, 0) for key in keys] if request.counts else None
        counts = planned or _counts(press.measure(data), len(keys))
        sheets = _sheets(ids, counts)
        last_pages, pdf = press.draw(data, [_page(sheet, request) for sheet in sheets])
    if _counts(last_pages, len(keys)) != counts:
        raise PackError("the pack has other pages than were planned", hint="Plan it again from the same record.")
    return Pack(pdf, len(sheets), sheets, hashlib.sha256(pdf).digest())


def _keys(request: PackRequest) -> list[SheetKey]:
    keys: list[SheetKey] = [("", "cover"), *([("", f"{reports.FORM}census")] if _census(request) else [])]
    for chart in _in_bed_order(request):
        prints = (reports.FORM + each.kind for each in reports.drawn(chart, request.prints))
        forms = ["summary", "mar", "observations", *(["results"] if chart.results else []), *prints]
        keys += [(chart.banner.patient, form) for form in forms]
    return keys


def _census(request: PackRequest) -> PrintReport | None:
    """The EHR's census of the unit, when it is wanted and its pages lie ready."""
    report = request.unit_report
    return report if report is not None and request.prints.get(report.id) else None


def _in_bed_order(request: PackRequest) -> list[Chart]:
    """Charts as the bed list goes; those it does not name come last, as given."""
    places = {row.patient: place for place, row in reversed(list(enumerate(request.census)))}
    charts = {chart.banner.patient: chart for chart in request.charts}
    if len(charts) != len(request.charts):
        raise PackError("a patient is in this pack twice")
    return sorted(charts.values(), key=lambda chart: places.get(chart.banner.patient, len(places)))


def _timestamp(request: PackRequest) -> int:
    return request.printed_at_us // 1_000_000


def _counts(last_pages: Sequence[int], expected: int) -> list[int]:
    """Pages of each form from the last physical page of each."""
    if len(last_pages) != expected:
        raise PackError("the template did not draw every form")
    return [last - before for before, last in zip([0, *last_pages], last_pages, strict=False)]


def _sheets(ids: Mapping[SheetKey, SheetId], counts: Sequence[int]) -> tuple[Sheet, ...]:
    return tuple(
        Sheet(sheet_id, patient, form, page, pages)
        for ((patient, form), sheet_id), pages in zip(ids.items(), counts, strict=True)
        for page in range(1, pages + 1)
    )


def _page(sheet: Sheet, request: PackRequest) -> dict[str, str]:
    ref = SheetRef(sheet.id, sheet.page, sheet.pages, request.key_id, request.draft)
    return {
        "text": sheet.text,
        "n": str(sheet.page),
        "of": str(sheet.pages),
        "svg": code_svg(write_code(ref, request.sheet_key)),
    }


def code_svg(text: str) -> str:
    """A QR code (ISO/IEC 18004, level H: 30 % of it may be lost) as SVG: one filled path of the runs of dark modules,
    without its quiet zone, which the sheet keeps white."""
    rows = [bytes(row) for row in segno.make_qr(text, error="h", boost_error=False, mask=CODE_MASK).matrix]
    runs = (
        f"M{run.start()} {y}h{len(run[0])}v1H{run.start()}z"
        for y, row in enumerate(rows)
        for run in _DARK.finditer(row)
    )
    side = len(rows)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}"><path d="{"".join(runs)}"/></svg>'


def _data(request: PackRequest) -> str:
    """Everything the template prints, as JSON text: values only."""
    try:
        pr = Print(request.printed_at_us, ZoneInfo(request.zone), request.as_of.clock_trusted)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise PackError(
            "the facility's time zone is not known", hint="Set an IANA zone, e.g. America/New_York."
        ) from error
    paper, width = WIDTHS[request.paper]
    return json.dumps(
        {
            "title": f"Downtime pack {printable(request.unit)}",
            "unit": known(request.unit),
            "facility": known(request.facility),
            "paper": paper,
            "width": width,
            "draft": request.draft,
            "demo": request.demo,
            "state": cover.state_line(request, pr),
            "replace_by": wall(mar_day(request.printed_at_us, pr.zone, request.mar_day_start)[1]),
            "legend": LEGEND,
            "printed": f"{moment(request.printed_at_us, pr.zone)} by {known(request.printed_by)}, copy {request.copy}",
            "sheets": [*_unit_sheets(request, pr), *_patient_sheets(request, pr)],
        }
    )


def _unit_sheets(request: PackRequest, pr: Print) -> Iterator[Values]:
    """The cover, and the EHR's census when it is newer than what was heard."""
    about: Values = {"patient": "0", "ages": ""}
    yield about | {"form": "cover", "title": TITLES["cover"], "body": cover.body(request, pr)}
    if (census := _census(request)) is not None:
        body = reports.body(census, request.prints[census.id], pr)
        yield about | {"form": f"{reports.FORM}census", "title": reports.title(census), "body": body}


def _patient_sheets(request: PackRequest, pr: Print) -> Iterator[Values]:
    """Each patient's forms, in bed order."""
    rows = {row.patient: row for row in reversed(request.census)}
    for number, chart in enumerate(_in_bed_order(request), 1):
        about: Values = {
            "patient": str(number),
            "ages": summary.ages_in_line(chart, pr),
            "banner": summary.banner(chart, rows.get(chart.banner.patient), pr),
        }
        listed = {"reports": reports.listed(chart, request.prints, pr)}
        yield about | {"form": "summary", "title": TITLES["summary"], "body": summary.body(chart, pr) | listed}
        yield about | {"form": "mar", "title": TITLES["mar"], "body": mar.body(chart, pr, request.mar_day_start)}
        body = observations.body(chart, pr)
        yield about | {"form": "observations", "title": TITLES["observations"], "body": body}
        if chart.results:
            yield about | {"form": "results", "title": TITLES["results"], "body": results.body(chart, pr)}
        for report in reports.drawn(chart, request.prints):
            body = reports.body(report, request.prints[report.id], pr)
            yield about | {"form": reports.FORM + report.kind, "title": reports.title(report), "body": body}
