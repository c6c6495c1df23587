"""Where a Location is: its ward, room and bed, found upwards through `partOf`. Resolved when read, like merges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import apsw
import msgspec

from codedark.views.cards import LocationCard
from codedark.views.schema import Section

Place = tuple[str, str, str]
_DEPTH = 8
_ELSEWHERE = frozenset({"si", "bu", "jdn", "co"})
"""Kinds around a unit: site, building, jurisdiction, corridor. They name no unit unless nothing else does."""


class Locations:
    """Every Location heard of, as of one state of the views."""

    def __init__(self, db: apsw.Connection) -> None:
        rows: list[Any] = db.execute(
            "SELECT card FROM card WHERE pid=0 AND section=?", (int(Section.LOCATION),)
        ).fetchall()
        cards = (msgspec.msgpack.decode(raw, type=LocationCard) for (raw,) in rows)
        self._by_id = {card.id: card for card in cards}

    def place(self, named: Iterable[tuple[str, str]]) -> Place:
        """(unit, room, bed) of the Locations that a visit points to; "" for what none of them says."""
        unit = room = bed = around = ""
        for id_, display in named:
            for name, kind in self._upwards(id_, display):
                if kind == "bd":
                    bed = bed or name.removeprefix("Bed ")
                elif kind == "ro":
                    room = room or name.removeprefix("Room ")
                elif kind in _ELSEWHERE:
                    around = around or name
                else:
                    unit = unit or name
        return unit or around, room, bed

    def _upwards(self, id_: str, display: str) -> Iterator[tuple[str, str]]:
        card = self._by_id.get(id_)
        if card is None:
            if display:
                yield display, {"Bed": "bd", "Room": "ro"}.get(display.split(" ")[0], "")
            return
        for _ in range(_DEPTH):
            yield card.name or display, card.kind
            above = self._by_id.get(card.parent)
            if above is None:
                return
            card = above

    def beds(self) -> set[Place]:
        """Every bed in use among them."""
        return {self.place(((card.id, ""),)) for card in self._by_id.values() if card.kind == "bd" and card.active}
