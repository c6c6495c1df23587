"""Print reports of the EHR as cards and shapes: whose pages they are, and since when they hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from codedark.entries import KEPT, PAGES, PRINTED, REPORT_SYSTEM, SAYS, UNIT
from codedark.views.cards import PrintCard
from codedark.views.codings import at, moment
from codedark.views.schema import Section

Body = dict[str, Any]
AHEAD_US = 5 * 60 * 1_000_000


def report_kind(body: Body) -> str:
    """ "mar", "kardex", "census", "other" of a print report; "" when the document is none."""
    for category in body.get("category") or ():
        for coding in category.get("coding") or ():
            if coding.get("system") == REPORT_SYSTEM:
                return str(coding.get("code") or "other")
    return ""


def print_card(id_: str, body: Body, kind: str) -> tuple[Section, PrintCard]:
    """The card of a print report; a census is about a unit, all others wait for a patient."""
    said: dict[str, list[str]] = {}
    for extension in body.get("extension") or ():
        said.setdefault(str(extension.get("url")), []).append(str(extension.get("valueString") or ""))
    first, _, last = _one(said, PAGES).partition("-")
    when = moment(body, "date")
    card = PrintCard(
        id_,
        kind=kind,
        first=int(first or 1),
        last=int(last or first or 1),
        when=when,
        at_us=at(when),
        stated=_one(said, PRINTED) == "stated",
        unit=_one(said, UNIT),
        mrns=tuple(said.get(f"{SAYS}-mrns", ())),
        visits=tuple(said.get(f"{SAYS}-visits", ())),
        names=tuple(said.get(f"{SAYS}-names", ())),
        births=tuple(said.get(f"{SAYS}-births", ())),
        problem=_one(said, f"{SAYS}-problem"),
        kept=_kept(_one(said, KEPT)),
    )
    return (Section.UNIT_PRINT if kind == "census" else Section.PRINT), card


def _kept(text: str) -> tuple[int, int, str]:
    position, recorded_us, source = text.split(" ", 2)
    return int(position), int(recorded_us), source


def _one(said: dict[str, list[str]], url: str) -> str:
    return next(iter(said.get(url, ())), "")


def impossible(card: PrintCard) -> bool:
    """Whether it says it was printed after it came (by more than five minutes): it is then never the newest."""
    return card.at_us is not None and card.at_us > card.kept[1] + AHEAD_US


def newest_first(cards: Iterable[PrintCard]) -> list[PrintCard]:
    """By when they were printed; of two printed at once, the one kept later."""
    return sorted(cards, key=lambda card: (impossible(card), -(card.at_us or 0), -card.kept[0], card.first))
