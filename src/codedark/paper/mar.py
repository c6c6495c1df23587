"""The MAR sheet of one patient as values for the template: what is ordered, and room to write what is given.

No due time is printed: what is known when a sheet is drawn is not what is known when it is read (bedside.md, rule 1).
Each dose row has an empty comb for the time the order says, to be written by the nurse. Earlier MAR sheets of the
patient are named: they are collected, and may hold later doses.
"""

from __future__ import annotations

import re

from codedark.paper.summary import Print, Values, last_heard, ordered
from codedark.paper.wording import known, mar_day, moment, printable, wall, wall_day
from codedark.views import Chart, Medication, tall_man

LONG_ORDER = 1200
"""Characters of an order beyond which its text flows over pages before its dose rows."""

USUAL_ROWS = 4
_PER_DAY = {
    "ONCE": 1,
    "STAT": 1,
    "NOW": 1,
    "QD": 1,
    "DAILY": 1,
    "QDAY": 1,
    "QAM": 1,
    "QPM": 1,
    "QHS": 1,
    "HS": 1,
    "Q24H": 1,
    "NIGHTLY": 1,
    "BEDTIME": 1,
    "MORNING": 1,
    "EVENING": 1,
    "BID": 2,
    "Q12H": 2,
    "TID": 3,
    "Q8H": 3,
    "QID": 4,
    "Q6H": 4,
    "Q4H": 6,
    "Q3H": 8,
}
_EVERY = re.compile(r"\b(?:every|q)\s*(\d{1,2})\s*(?:h|hr|hrs|hours?)\b", re.IGNORECASE)


def dose_rows(schedule: str) -> int:
    """How many dose rows a scheduled order gets: what its schedule seems to need in 24 h and one to spare below three,
    four when it is not understood. It is room to write in, never a statement of how often to give."""
    every = _EVERY.search(schedule)
    if every and 3 <= int(every[1]) <= 24:
        return _room(-(-24 // int(every[1])))
    words = {_PER_DAY[word] for word in re.split(r"[^A-Z0-9]+", schedule.upper()) if word in _PER_DAY}
    return _room(words.pop()) if len(words) == 1 else USUAL_ROWS


def _room(doses: int) -> int:
    return doses + 1 if doses < 3 else doses


def body(chart: Chart, pr: Print, start_hour: int) -> Values:
    """The body of the MAR sheet: scheduled, as needed, running, held, and blank lines for new orders."""
    first, last, bridges = mar_day(pr.at_us, pr.zone, start_hour)
    active = [m for m in chart.medications if m.status == "active"]
    unclear = [m for m in chart.medications if m.status in ("on-hold", "unknown", "")]
    ended = len(chart.medications) - len(active) - len(unclear)
    return {
        "window": f"{wall(first)} to {wall(last)}",
        "bridges": f"runs over the site's MAR day, which begins {start_hour:02d}:00"
        if bridges
        else "the site's MAR day",
        "midnight": f"times from 00:00 belong to {wall_day(last)}" if first.date() != last.date() else "",
        "covered": _covered(chart, pr),
        "collect": [
            f"{printable(each.sheet)} ({printable(each.unit)}, {moment(each.from_us, pr.zone)})"
            for each in chart.sheets
        ],
        "scheduled": [_order(m, pr, dose_rows(m.schedule)) for m in active if not m.as_needed and not m.infusion],
        "as_needed": [_order(m, pr, 3) for m in active if m.as_needed],
        "running": [_order(m, pr, 3) for m in active if m.infusion and not m.as_needed],
        "unclear": [_order(m, pr, 0) for m in unclear],
        "ended": ended,
        "heard_any": bool(chart.medications),
    }


def _order(m: Medication, pr: Print, rows: int) -> Values:
    name, order = known(tall_man(m.name)), ordered(m)
    return {
        "name": name,
        "order": order,
        "prescriber": printable(m.prescriber),
        "heard": last_heard(m, pr),
        "mark": m.stamp.mark.value,
        "rows": rows,
        "long": len(name) + len(order) > LONG_ORDER,
        "status": printable(m.status) or "status not known",
    }


def _covered(chart: Chart, pr: Print) -> str:
    doses = [m.last_heard.stamp.recorded_at_us for m in chart.medications if m.last_heard]
    if not doses:
        return "No dose was ever heard for this patient: nothing here says what was given."
    return (
        "“Last heard” is the newest dose that reached codedark. Later doses may have been given: check earlier paper."
    )
