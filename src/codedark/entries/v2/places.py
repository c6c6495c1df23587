"""The places and the authorities a message names: Location of a PL, an HD or an NDL, Organization of an HD.

Source: V2-to-FHIR 1.0.0 data type maps PL[Location], HD[Location], HD[Organization], HD[Device],
HD[Identifier], HD[uri].
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

from codedark.entries.datatypes import V2, Json, Rep, authority_uri, part

Named = tuple[str, Json]

_PLACE = "http://terminology.hl7.org/CodeSystem/location-physical-type"
_URI = "urn:ietf:rfc:3986"
_LEVELS = ((3, "bd"), (2, "ro"), (8, "lvl"), (1, ""), (7, "bu"), (4, "si"))
"""PL components from the finest to the widest, and what R4 calls such a place; the map leaves PL.1 open."""
DUTY_LEVELS = ((6, "bd"), (5, "ro"), (11, "lvl"), (4, ""), (10, "bu"), (7, "si"))
"""The same of an NDL."""


class Hd(NamedTuple):
    """A hierarchic designator: namespace, universal id, its type."""

    namespace: str = ""
    universal: str = ""
    kind: str = ""


def designator(rep: Rep, component: int) -> Hd:
    """The HD in one component of another data type."""
    return Hd(*(part(rep, component, n) for n in (1, 2, 3)))


def whole_field(rep: Rep) -> Hd:
    """The HD that a field is."""
    return Hd(*(part(rep, n) for n in (1, 2, 3)))


def system_of(hd: Hd) -> str:
    """Identifier.system: the universal id as a URI; of a namespace alone, which is no URI, one that keeps its name."""
    if uri := authority_uri(*hd):
        return uri
    return f"urn:codedark:authority:{quote(hd.namespace)}" if hd.namespace else ""


def _universal(hd: Hd) -> Json:
    """The identifier of a universal id: R4 wants a URI as its value where the system is RFC 3986."""
    out: Json = {}
    if hd.kind:
        out["type"] = {"coding": [{"system": V2 + "0301", "code": hd.kind}]}
    if hd.kind.upper() in ("ISO", "UUID"):
        out["system"] = _URI
    value = authority_uri(*hd) if "system" in out else hd.universal
    return out | {"value": value}


def identifiers_of(hd: Hd) -> list[Json]:
    """HD[Organization], HD[Device]: the namespace and the universal id, each as one identifier."""
    found = [{"value": hd.namespace}] if hd.namespace else []
    return [*found, _universal(hd)] if hd.universal else found


def assigner(hd: Hd) -> Iterator[Named]:
    """HD[Organization]: who gave a number."""
    if found := identifiers_of(hd):
        yield "Organization", {"identifier": found}


def places(rep: Rep, more: Json | None = None) -> Iterator[Named]:
    """PL[Location]: one Location for each valued level, the finest with PL.9 and PL.10. `more`: an address.

    `partOf.display` names the wider levels: room 412 of two units is two places.
    """
    levels = [(kind, designator(rep, component)) for component, kind in _LEVELS]
    valued = [(kind, hd) for kind, hd in levels if hd.namespace or hd.universal]
    for number, (kind, hd) in enumerate(valued):
        body = place_of(hd, kind)
        if number == 0:
            body |= {"description": part(rep, 9)} if part(rep, 9) else {}
            body["identifier"] += [{"value": part(rep, 10, 1)}] if part(rep, 10, 1) else []
            body |= more or {}
        if wider := valued[number + 1 :]:
            body["partOf"] = {"display": " ".join(hd.namespace or hd.universal for _, hd in wider)}
        yield "Location", body
    yield from assigner(designator(rep, 11))
    yield from assigner(Hd(*(part(rep, 10, n) for n in (2, 3, 4))))


def place_of(hd: Hd, kind: str) -> Json:
    """One level of a PL or an NDL; `kind`: its physical type, "" where the map leaves it open. {} without a name."""
    # HD[Identifier], unlike HD[Organization], gives a universal id as it stands, without a system.
    found: list[Json] = [{"value": hd.namespace}] if hd.namespace else []
    if hd.universal:
        said = {"type": {"coding": [{"system": V2 + "0301", "code": hd.kind}]}} if hd.kind else {}
        found.append(said | {"value": hd.universal})
    if not found:
        return {}
    physical: Json = {"system": _PLACE} | ({"code": kind} if kind else {})
    name = {"name": hd.namespace} if hd.namespace else {}
    return {"identifier": found, **name, "mode": "instance", "physicalType": {"coding": [physical]}}


def facility(hd: Hd) -> Iterator[Named]:
    """HD[Location]: the facility an event happened in (EVN-7), or that gave a number (XON.8, XCN.14)."""
    if not hd.namespace and not hd.universal:
        return
    out: Json = {"name": hd.namespace} if hd.namespace else {}
    if hd.universal and hd.kind.upper() in ("ISO", "UUID"):
        out["identifier"] = [{"value": hd.universal}]
    yield "Location", out | {"physicalType": {"coding": [{"system": _PLACE, "code": "si"}]}}
