"""The pages inside a file: the ward's own templates, so that screen and file look alike by construction.

Three templates stand in for those of the web: the frame (nothing around the page), what cannot be in a file (pictures
of the EHR's print reports), and the legend (times instead of ages).
"""

from __future__ import annotations

import functools
import re
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, FunctionLoader

from codedark.errors import PackError
from codedark.tongue import tongue
from codedark.views import Banner, Chart, MarState, mar_state
from codedark.web.drawing import Frame, environment
from codedark.web.ink import visible
from codedark.web.pages.chart import chart_context
from codedark.web.state import StateLine, state_line
from codedark.web.unitfile.pen import FilePen
from codedark.web.unitfile.request import FileRequest

_LEGEND = re.compile(r"\{% macro legend\(\) -?%\}.*?\{%-? endmacro %\}", re.DOTALL)
_HERE = Path(__file__).parent
OWN, SITE = _HERE / "templates", _HERE.parent / "templates"


@functools.cache
def inside(language: str) -> Environment:
    """The templates as they are used inside a file: once for each process and language."""
    env = environment({}, language)
    env.loader = ChoiceLoader([FileSystemLoader(OWN), FunctionLoader(_pieces), FileSystemLoader(SITE)])
    env.globals.update(beds_path=lambda unit: "#beds")
    return env


def _pieces(name: str) -> str | None:
    """The pieces of the web's pages with the file's own legend among them."""
    if name != "parts.html":
        return None
    own = (OWN / "file_legend.html").read_text("utf-8").strip()
    text, replaced = _LEGEND.subn(lambda _: own, (SITE / name).read_text("utf-8"))
    if replaced != 1:
        raise PackError("the legend of the pages is not where a file looks for it")
    return text


class Pages:
    """Draws the pages of one request in one language."""

    def __init__(self, request: FileRequest, language: str) -> None:
        self._request = request
        self._env = inside(language)
        zone, trusted = ZoneInfo(request.zone), request.as_of.clock_trusted
        self.pen = FilePen(request.made_us, zone, trusted, language)
        self._frame = Frame(
            facility=request.facility, demo=request.demo, state=self._state(zone, trusted), session=None, token="",  # nosec B106 - no forms in a file
            path="", can=frozenset({"chart"}), language=language,
        )  # fmt: skip

    def _state(self, zone: ZoneInfo, trusted: bool) -> StateLine:
        asked = self._request
        return state_line(
            asked.as_of, asked.feeds, now_us=asked.made_us, zone=zone, threshold_s=asked.old_after_s,
            clock_trusted=trusted, language=self.pen.language,
        )  # fmt: skip

    def state(self) -> str:
        """The line of state: as of when, when made, which feeds were silent; its age is told by who opens it."""
        return self._drawn("file_state.html", request=self._request)

    def running(self) -> str:
        """What every printed page says of the file: as of when, when it was made."""
        told = tongue(self.pen.language).gettext("as of %(as_of)s · file made %(made)s · to read, not to write on")
        state = self._frame.state
        return told % {"as_of": state.as_of if state else "", "made": self.pen.moment(self._request.made_us)}

    def head(self, who: Banner) -> str:
        """What every printed page says of its patient, as plain text."""
        say = tongue(self.pen.language).gettext
        parts = (
            who.name or say("name not known"), self.pen.birth(who.birth_date), who.sex,
            f"{say('MRN')} {who.mrn or say('not known')}",
            " ".join(part for part in (who.unit, who.room, who.bed) if part),
        )  # fmt: skip
        return " · ".join(visible(part) for part in parts if part)

    def beds(self) -> str:
        """The unit's bed list."""
        asked = self._request
        return self._drawn(
            "beds.html", here="units", unit=asked.unit, rows=asked.census, clinical=True, may_print=False,
            patients=sum(1 for row in asked.census if row.patient), clashes=any(row.clash for row in asked.census),
            coverage=asked.coverage, print_path="", unlogged=False,
        )  # fmt: skip

    def chart(self, chart: Chart) -> str:
        """One patient's chart, in the fixed order of screen and paper."""
        return self._drawn("chart.html", **chart_context(chart, self._mar(chart)), unlogged=False)

    def _mar(self, chart: Chart) -> MarState:
        """What was heard of doses. A file is read later than it was made, so nothing in it is covered, due or late,
        and no sum of the last hours stands in it (bedside.md, rule 1)."""
        asked = self._request
        state = mar_state(chart, asked.feeds, {}, asked.zone, asked.made_us, asked.as_of.clock_trusted)
        told = tongue(self.pen.language).gettext("this file was made %(when)s and hears nothing after that")
        why = told % {"when": self.pen.moment(asked.made_us)}
        return replace(state, coverage=replace(state.coverage, covered=False, why=why), due={}, known={})

    def _drawn(self, template: str, **context: object) -> str:
        return self._env.get_template(template).render(context, frame=self._frame, pen=self.pen)
