"""One patient's chart: MAR, vitals, results, orders, notes, lines on one page that also prints."""

from __future__ import annotations

import re

from codedark.access import Permission
from codedark.actions import ASK_REASON, Opened, view_chart
from codedark.errors import ActionRefused, NotFound
from codedark.views import Chart, MarState, mar_state, panel_grids
from codedark.web import tables
from codedark.web.answers import Answer, Page, Visit

OPAQUE = re.compile(r"^[0-9A-Za-z.-]{1,64}$")
"""A FHIR id. Ours are UUIDs, which say nothing about anybody."""
ORDER = ("mar", "vitals", "results", "orders", "notes", "allergies", "adt")
"""The order of the parts, on screen and on paper; then what the banner shows."""


def open_chart(visit: Visit, patient: str, action: str) -> Opened | Page:
    """The chart with its row in the read log; or the page that asks for a reason and posts it to `action`."""
    if not OPAQUE.match(patient):
        raise NotFound("no such patient")
    session = visit.need(Permission.SEE_CHART)
    try:
        return view_chart(visit.deeds, session, patient, visit.form.get("reason", ""))
    except ActionRefused as error:
        if error.hint != ASK_REASON:
            raise
        return Page("reason.html", {"action": action, "again": "reason" in visit.form}, 403)


def chart(visit: Visit, patient: str) -> Answer:
    """GET /chart/{id}, and POST with a reason when the patient is not on a unit of the reader's."""
    opened = open_chart(visit, patient, f"/chart/{patient}")
    if isinstance(opened, Page):
        return opened
    drawn = {**chart_context(opened.chart, _mar(opened.chart, visit)), "unlogged": not opened.logged}
    return Page("chart.html", drawn, watch={"patient": patient})


def _mar(chart: Chart, visit: Visit) -> MarState:
    record, pen = visit.record, visit.pen
    return mar_state(chart, record.feeds(), record.settings(), str(pen.zone), pen.now_us, pen.trusted)


def chart_context(chart: Chart, mar: MarState) -> dict[str, object]:
    """Everything the chart templates draw, in the fixed order of screen and paper."""
    grids = panel_grids(chart.results)
    ages = {age.section: age for age in chart.ages}
    return {
        "here": "units",
        "chart": chart,
        "mar": mar,
        "groups": tables.medication_groups(chart.medications),
        "grids": grids,
        "critical": tables.critical_now(grids),
        "vitals": tables.observations(chart),
        "ages": {section: ages[section] for section in ORDER if section in ages},
    }
