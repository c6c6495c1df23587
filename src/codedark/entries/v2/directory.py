"""Whom a message points to: every display of a person, house or place gets the resource it stands for.

The fold keeps what a message says of a nurse or a bed where it was said. A translated message has the resources too
(`named`), each under an id of its own, and the references that lead to them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise

from codedark.entries.datatypes import Json, Rep, bed, organization, part, person
from codedark.entries.v2.named import house, named_resources, practitioner
from codedark.entries.v2.places import Hd, Named, assigner, places
from codedark.entries.v2.reading import Reading, reps
from codedark.hl7 import Segment

_PEOPLE = {
    "PV1": (7, 8, 9, 17, 52),
    "PV2": (13,),
    "PD1": (4,),
    "ORC": (10, 11, 12, 19),
    "OBR": (10, 16, 28),
    "OBX": (16, 25),
    "DG1": (16,),
    "PR1": (8, 11, 12),
    "TXA": (5, 9, 10, 11, 22),
    "SCH": (12, 16, 20),
    "AIP": (3,),
    "RXA": (10,),
    "RXE": (13, 14),
    "RXD": (10,),
}
"""Fields of people (XCN, CN) that facts show as a display, by segment; HOUSES and PLACES: XON and PL."""
_HOUSES = {"PD1": (3,), "NK1": (13,), "OBX": (23,)}
_PLACES = {"PV1": (3, 6, 11, 42), "PV2": (1,), "AIL": (3,), "PR1": (23,)}


class Directory:
    """The named resources of one message. `resources`: (type, id) → body without id, in the order of the message."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._known: dict[str, str] = {}
        self.resources: dict[tuple[str, str], Json] = {}
        for kind, body in named_resources(reading.message, reading.site.zone):
            self._add(kind, body)
        for segment in reading.message.segments:
            self._read(segment)

    def _read(self, segment: Segment) -> None:
        for fields, make in ((_PEOPLE, self.person), (_HOUSES, self.house), (_PLACES, self.place)):
            for number in fields.get(segment.name, ()):
                for rep in reps(segment, number):
                    make(rep)

    def person(self, rep: Rep) -> Json:
        """A reference to the Practitioner of an XCN; {} when nothing is valued."""
        return self._pointed(person(rep), practitioner(rep, self._reading.site.zone))

    def house(self, rep: Rep) -> Json:
        """A reference to the Organization of an XON; {} when nothing is valued."""
        return self._pointed(organization(rep), (each for each in house(rep) if each[0] == "Organization"))

    def authority(self, rep: Rep, kind: str = "Organization") -> Json:
        """A reference to the Organization (or Device) of an HD; {} when nothing is valued."""
        hd = Hd(part(rep, 1), part(rep, 2), part(rep, 3))
        shown: Json = {"display": hd.namespace or hd.universal} if any(hd) else {}
        for _, body in assigner(hd):
            return {"reference": self._add(kind, body)} | shown
        return {}

    def place(self, rep: Rep) -> Json:
        """A reference to the Location of a PL, finest level; each level is part of the next wider one."""
        levels = [(kind, body) for kind, body in places(rep) if kind == "Location"]
        for (_, finer), (_, wider) in pairwise(levels):
            inner = self.resources["Location", self._add("Location", finer).rpartition("/")[2]]
            inner["partOf"] = finer["partOf"] | {"reference": self._add("Location", wider)}
        return self._pointed(bed(rep), levels)

    def linked(self, value: object) -> object:
        """`value` with the reference put beside every display of somebody or something named here."""
        if isinstance(value, list):
            return [self.linked(each) for each in value]
        if not isinstance(value, dict):
            return value
        known = self._known.get(_canonical(value)) if "display" in value and "reference" not in value else None
        out = {name: self.linked(each) for name, each in value.items()}
        return out | {"reference": known} if known else out

    def _pointed(self, shown: Json, found: Iterable[Named]) -> Json:
        first = next(iter(found), None)
        if not shown or first is None:
            return shown
        reference = self._known[_canonical(shown)] = self._add(*first)
        return shown | {"reference": reference}

    def _add(self, kind: str, body: Json) -> str:
        """The reference of a body: the same words are the same resource."""
        identity = self._reading.id_of(kind, "named", _canonical(body))
        self.resources.setdefault((kind, identity), dict(body))
        return f"{kind}/{identity}"


def _canonical(value: Json) -> str:
    return json.dumps(value, sort_keys=True, default=str)
