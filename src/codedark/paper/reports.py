"""The EHR's own print reports in the pack: where what the feeds told is missing or older, and nowhere else.

Bedside rule 5. A report is a picture: it says what the EHR printed and when, and is never read as doses or orders.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence

from codedark.paper.summary import Print, Values
from codedark.paper.wording import known, moment, printable, when
from codedark.views import Chart, PrintReport

FORM = "report-"
STANDS_FOR = {"mar": "mar", "kardex": "orders"}
"""Kind of report → the section of the chart that it stands in for."""
MOST = 12
"""Pages of one report in a pack; the sheet says when there are more."""

Prints = Mapping[str, Sequence[bytes]]
"""Report id → its pages as PNG, drawn in the cage."""


def wanted(chart: Chart) -> list[PrintReport]:
    """The newest report of each kind for which the record has nothing, or nothing as new."""
    heard = {age.section: age.patient_heard_us for age in chart.ages}
    found: dict[str, PrintReport] = {}
    for report in chart.reports:  # newest first
        section = STANDS_FOR.get(report.kind)
        if section is None or report.kind in found:
            continue
        last = heard.get(section)
        if last is None or (not report.time_impossible and (report.printed_us or 0) > last):
            found[report.kind] = report
    return [found[kind] for kind in STANDS_FOR if kind in found]


def wanted_census(reports: Iterable[PrintReport], unit: str, heard_us: int | None) -> PrintReport | None:
    """The newest census of a unit (by its name as the EHR writes it), when it was printed after the unit was last
    heard of."""
    of_unit = (each for each in reports if each.kind == "census" and each.unit.casefold() == unit.casefold())
    newest = next(of_unit, None)
    if newest is None or newest.time_impossible or (newest.printed_us or 0) <= (heard_us or 0):
        return None
    return newest


def drawn(chart: Chart, prints: Prints) -> list[PrintReport]:
    """Those of them whose pages lie ready."""
    return [report for report in wanted(chart) if prints.get(report.id)]


def title(report: PrintReport) -> str:
    """The form's name, on every page of it."""
    return f"EHR print report: {report.title}"


def printed(report: PrintReport, pr: Print) -> str:
    """When it was printed, and who says so."""
    basis = "by its own text" if report.stated else "by the file's own time: the report says none"
    doubt = " (TIME IMPOSSIBLE: after it came)" if report.time_impossible else ""
    return f"printed {when(report.printed, pr.zone)}, {basis}{doubt}"


def body(report: PrintReport, pages: Sequence[bytes], pr: Print) -> Values:
    """Everything that the report's sheet prints besides the frame."""
    shown = list(pages[:MOST])
    whole = report.last - report.first + 1
    left_out = f"{whole - len(shown)} more pages are not printed: open it on a screen" if whole > len(shown) else ""
    return {
        "what": f"{printable(report.title)} as the EHR printed it, {printed(report, pr)}",
        "came": f"came {moment(report.stamp.recorded_at_us, pr.zone)} from {known(report.stamp.source)}"
        f" {report.stamp.mark.value}",
        "left_out": left_out,
        "pages": [picture(page) for page in shown],
    }


def picture(png: bytes) -> str:
    """A page as SVG, because pictures too come to the template as values."""
    width, height = (int.from_bytes(png[place : place + 4], "big") for place in (16, 20))
    data = base64.b64encode(png).decode("ascii")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{data}"/></svg>'
    )


def listed(chart: Chart, prints: Prints, pr: Print) -> list[list[str]]:
    """A row of the summary for each report: what, printed when, pages, and whether it is in this pack."""
    needed, there = {each.id for each in wanted(chart)}, {each.id for each in drawn(chart, prints)}
    return [
        [
            printable(report.title),
            printed(report, pr),
            str(report.last - report.first + 1),
            _where(report.id, needed, there),
            report.stamp.mark.value,
        ]
        for report in chart.reports
    ]


def _where(report: str, needed: set[str], there: set[str]) -> str:
    if report in needed:
        return "in this pack" if report in there else "NOT READY: open it on a screen"
    return "on screen"
