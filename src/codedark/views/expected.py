"""What a visit or booking puts on the lists of who is expected, leaves, left, is booked; whose child one is. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from codedark.views.cards import Card, EncounterCard, EventCard
from codedark.views.codings import Moment, at, moment

_R5 = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter."
_HERE = frozenset({"arrived", "triaged", "in-progress", "onleave"})
_EMERGENCY = frozenset({"EMER", "E"})
_BOOKED = frozenset({"proposed", "pending", "booked", "arrived", "checked-in", "waitlist"})
NO_DAY = 0
"""The time of a row whose day nobody said: listed with every day, never dropped."""


class Expected(StrEnum):
    """The lists there are."""

    ARRIVAL = "arrival"
    LEAVING = "leaving"
    LEFT = "left"
    BOOKING = "booking"
    EMERGENCY = "emergency"


def visit_dates(body: dict[str, Any]) -> tuple[tuple[str, Moment | None, str], ...]:
    """(kind, time, unit) of what a visit puts on the lists: PV2-8, PV2-9 and the period, the planned or last place."""
    status, period = str(body.get("status") or ""), body.get("period") or {}
    if status == "planned":
        return ((Expected.ARRIVAL, _planned(body, "plannedStartDate") or moment(period, "start"), _unit(body)),)
    if status == "finished":
        return ((Expected.LEFT, moment(period, "end"), _unit(body)),)
    if status not in _HERE:
        return ()
    found: list[tuple[str, Moment | None, str]] = []
    if (leaving := _planned(body, "plannedEndDate")) is not None:
        found.append((Expected.LEAVING, leaving, ""))
    if str((body.get("class") or {}).get("code") or "") in _EMERGENCY:
        found.append((Expected.EMERGENCY, moment(period, "start"), ""))
    return tuple(found)


def _planned(body: dict[str, Any], name: str) -> Moment | None:
    said = [each for each in body.get("extension") or () if each.get("url") == _R5 + name]
    return moment(said[-1], "valueDateTime") if said else moment(body, name)


def _unit(body: dict[str, Any]) -> str:
    """The unit that a visit names last, whatever its state."""
    for each in reversed(body.get("location") or ()):
        place = each.get("location") or {}
        if unit := str((place.get("identifier") or {}).get("value") or "").partition("^")[0]:
            return unit
    return ""


def mother_of(body: dict[str, Any]) -> str:
    """The number of a newborn's mother (PID-21), "" when none is named."""
    said = [each for each in body.get("extension") or () if each.get("url") == "urn:codedark:mother"]
    return str((said[0].get("valueIdentifier") or {}).get("value") or "") if said else ""


def rows_of(card: Card | None) -> list[tuple[str, int]]:
    """(kind, µs UTC) of the rows that a card stands for."""
    if isinstance(card, EncounterCard):
        # Somebody who left without a time left before that was heard.
        return [
            (kind, card.recorded_us if kind == Expected.LEFT and when is None else begins(when))
            for kind, when, _ in card.agenda
        ]
    if isinstance(card, EventCard) and card.kind == "appointment" and card.status in _BOOKED:
        return [(Expected.BOOKING, begins(card.when))]
    return []


def begins(when: Moment | None) -> int:
    """µs UTC, `NO_DAY` for none."""
    found = at(when)
    return NO_DAY if found is None else found
