"""The EHR's own print reports: in the chart, and those that are tied to nobody, for a person to say whose they are."""

from __future__ import annotations

import base64

from codedark.access import Permission
from codedark.actions import tie_report, view_report
from codedark.errors import NotFound
from codedark.tongue import noted
from codedark.views import PrintReport
from codedark.web.answers import Answer, Move, Page, Visit
from codedark.web.pages.chart import OPAQUE, open_chart

FAULTS = {"mrn": noted("There is no one patient with this MRN."), "reason": noted("Say how you know whose it is.")}


def in_chart(visit: Visit, patient: str, report: str) -> Answer:
    """GET /chart/{patient}/report/{report}: its pages as our own pictures. The look is a look at the chart."""
    opened = open_chart(visit, patient, f"/chart/{patient}/report/{report}")
    if isinstance(opened, Page):
        return opened
    found = next((each for each in opened.chart.reports if each.id == report), None)
    if found is None:
        raise NotFound("no such report")
    context = {"here": "units", "chart": opened.chart, "ages": {}, "unlogged": not opened.logged}
    return Page("chart_report.html", {**context, **_drawn(visit, found)})


def loose(visit: Visit) -> Answer:
    """GET /reports: those that are tied to nobody, and those about units."""
    visit.need(Permission.RECORD_FACTS)
    waiting = [found[0] for each in visit.record.loose_reports() if (found := visit.record.report(each.id))]
    return Page("reports.html", {"here": "units", "loose": waiting, "units": visit.record.unit_reports()})


def one(visit: Visit, report: str) -> Answer:
    """GET /reports/{report}: one of them, with the question whose it is."""
    session = visit.need(Permission.RECORD_FACTS)
    found, logged = view_report(visit.deeds, session, report)
    fault = FAULTS.get(visit.query.get("fault", ""), "")
    context = {"here": "units", "fault": fault, "unlogged": not logged, "census": found.kind == "census"}
    return Page("report.html", {**context, **_drawn(visit, found)})


def tie(visit: Visit, report: str) -> Answer:
    """POST /reports/{report}: a person says whose it is."""
    session, mrn = visit.need(Permission.RECORD_FACTS), visit.form.get("mrn", "").strip()
    if not OPAQUE.match(report):
        raise NotFound("no such report")
    found = [banner for banner in visit.record.search(mrn) if banner.mrn == mrn] if mrn else []
    if len(found) != 1:
        return Move(f"/reports/{report}?fault=mrn")
    if not visit.form.get("reason", "").strip():
        return Move(f"/reports/{report}?fault=reason")
    tie_report(visit.deeds, session, report, found[0].patient, visit.form["reason"])
    return Move(f"/chart/{found[0].patient}")


def _drawn(visit: Visit, report: PrintReport) -> dict[str, object]:
    pages = [f"data:image/png;base64,{base64.b64encode(page).decode()}" for page in visit.settings.prints(report.id)]
    return {"report": report, "pages": pages, "lacking": report.last - report.first + 1 - len(pages)}
