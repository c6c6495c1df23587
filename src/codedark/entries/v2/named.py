"""Who and what a message names, as resources: Practitioner, PractitionerRole, Organization, Location, Device.

For a message translated whole (export, going home), on demand: the chart keeps people and places where they were said.
Source: V2-to-FHIR 1.0.0 data type maps XCN[Practitioner], XCN[PractitionerRole], XON[Organization], HD[Organization],
HD[Device], HD[Location], PL[Location], NDL[PractitionerRole], CWE[Organization], EI[Identifier-Extension] and the
segment maps that point at them. Said twice, a resource comes once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from codedark.entries import tables
from codedark.entries.datatypes import (
    V2,
    Json,
    Rep,
    address,
    coding,
    concept,
    contact_point,
    human_name,
    part,
)
from codedark.entries.moments import moment, put_time
from codedark.entries.v2.places import (
    DUTY_LEVELS,
    Named,
    assigner,
    designator,
    facility,
    identifiers_of,
    place_of,
    places,
    system_of,
    whole_field,
)
from codedark.entries.v2.reading import concepts, first_rep, is_valued, reps, text_of
from codedark.hl7 import Message, Segment


def named_resources(message: Message, zone: str) -> list[Named]:
    """(type, body) of everything the message names, in the order of its segments, each once. `zone`: of times without
    an offset. What is wrong with a field is told by `interpret`; here it is left out."""
    seen: set[str] = set()
    out = []
    for segment in message.segments:
        for kind, body in _of_segment(segment, zone):
            known = kind + json.dumps(body, sort_keys=True)
            if body and known not in seen:
                seen.add(known)
                out.append((kind, body))
    return out


def _of_segment(segment: Segment, zone: str) -> Iterator[Named]:
    for number in _PEOPLE.get(segment.name, ()):
        for rep in reps(segment, number):
            yield from practitioner(rep, zone)
    for number in _PLACES.get(segment.name, ()):
        for rep in reps(segment, number):
            yield from places(rep)
    for number in _HOUSES.get(segment.name, ()):
        for rep in reps(segment, number):
            yield from house(rep)
    for number in _NUMBERS.get(segment.name, ()):
        for rep in reps(segment, number):
            for component in (4, 6):
                yield from assigner(designator(rep, component))
    if (special := _SPECIAL.get(segment.name)) is not None:
        yield from special(segment, zone)


def practitioner(rep: Rep, zone: str) -> Iterator[Named]:
    """XCN[Practitioner], and the organization that gave the number."""
    if body := _person(rep, zone):
        yield "Practitioner", body
    yield from assigner(designator(rep, 9))
    yield from facility(designator(rep, 14))


def _person(rep: Rep, zone: str) -> Json:
    out: Json = {}
    kind, system = part(rep, 13), system_of(designator(rep, 9))
    number: Json = {"type": {"coding": [{"system": V2 + "0203", "code": kind}]}} if kind else {}
    if part(rep, 1):
        number |= ({"system": system} if system else {}) | {"value": part(rep, 1)}
    if number:
        out["identifier"] = [number]
    if name := _name(rep, zone):
        out["name"] = [name]
    if degree := part(rep, 7):
        out["qualification"] = [{"code": {"coding": [{"system": V2 + "0360", "code": degree}]}}]
    return out


def _name(rep: Rep, zone: str) -> Json:
    out: Json = {}
    if use := tables.NAME_USE.get(part(rep, 10)):
        out["use"] = use
    if family := part(rep, 2):
        out["family"] = family
    for field, components in (("given", (3, 4)), ("prefix", (6,)), ("suffix", (5, 7, 21))):
        if found := [part(rep, n) for n in components if part(rep, n)]:
            out[field] = found
    starts, ends = part(rep, 19), part(rep, 20)
    if not starts and not ends:
        starts, ends = part(rep, 17, 1), part(rep, 17, 2)
    if period := _period(starts, ends, zone):
        out["period"] = period
    return out if out.keys() - {"use", "period"} else {}


def _period(starts: str, ends: str, zone: str) -> Json:
    out: Json = {}
    for field, text in (("start", starts), ("end", ends)):
        if text:
            put_time(out, field, moment(text, zone))
    return out


def house(rep: Rep, more: Json | None = None) -> Iterator[Named]:
    """XON[Organization]. `more`: what other fields say of it (address, telecom)."""
    out: Json = {}
    kind, system = part(rep, 7), system_of(designator(rep, 6))
    number: Json = {"type": {"coding": [{"system": V2 + "0203", "code": kind}]}} if kind else {}
    if value := part(rep, 10) or part(rep, 3):
        number |= ({"system": system} if system else {}) | {"value": value}
    if number:
        out["identifier"] = [number]
    if name := part(rep, 1):
        out["name"] = name
    out |= more or {}
    if out:
        yield "Organization", out
    yield from facility(designator(rep, 8))


def _reach(segment: Segment, place: int = 0, phone: int = 0) -> Json:
    """Address and telecom out of two fields of a segment."""
    out: Json = {}
    if place and (found := [each for each in map(address, reps(segment, place)) if each]):
        out["address"] = found
    if phone and (found := [each for each in map(contact_point, reps(segment, phone)) if each]):
        out["telecom"] = found
    return out


def _device(rep: Rep) -> Iterator[Named]:
    """HD[Device]: an application that sends or receives."""
    if found := identifiers_of(whole_field(rep)):
        yield "Device", {"identifier": found}


def _maker(rep: Rep) -> Iterator[Named]:
    """CWE[Organization]: a producer or manufacturer named by a code."""
    said = coding(part(rep, 1), "", part(rep, 3))
    out: Json = {}
    if said:
        out["identifier"] = [{key: said[old] for key, old in (("system", "system"), ("value", "code")) if old in said}]
    if name := part(rep, 9) or part(rep, 2):
        out["name"] = name
    if out:
        yield "Organization", out


def _role(code: str, system: str, display: str = "") -> Named:
    said = {"system": system, "code": code} | ({"display": display} if display else {})
    return "PractitionerRole", {"code": [{"coding": [said]}]}


def _header(msh: Segment, _zone: str) -> Iterator[Named]:
    country = {"address": [{"country": text_of(msh, 17)}]} if is_valued(msh, 17) else {}
    for number in (4, 6):
        for _, body in assigner(whole_field(first_rep(msh, number))):
            yield "Organization", body | (country if number == 4 else {})
    if country and not is_valued(msh, 4):
        yield "Organization", country
    for number in (3, 5):
        yield from _device(first_rep(msh, number))


def _software(sft: Segment, _zone: str) -> Iterator[Named]:
    out: Json = {}
    if maker := part(first_rep(sft, 1), 1):
        out["manufacturer"] = maker
    if is_valued(sft, 3):
        out["deviceName"] = [{"name": text_of(sft, 3), "type": "manufacturer-name"}]
    if is_valued(sft, 4):
        out["modelNumber"] = text_of(sft, 4)
    if is_valued(sft, 2):
        out["version"] = [{"value": text_of(sft, 2)}]
    if is_valued(sft, 5):
        out["note"] = [{"text": sft.whole(5)}]
    if out:
        yield "Device", out


def _order(orc: Segment, zone: str) -> Iterator[Named]:
    home = _reach(orc, place=24)
    for rep in reps(orc, 12):
        if body := _person(rep, zone):
            yield "Practitioner", body | home
            yield _role("OP", V2 + "0443", "Ordering Provider")
        yield from assigner(designator(rep, 9))
    ordering = _reach(orc, place=22, phone=23)
    for rep in reps(orc, 21) or ((),) * bool(ordering):
        found = list(house(rep, ordering))
        yield from found
        for _, body in (each for each in found if each[0] == "Organization"):
            yield "Location", body | ({"address": body["address"][0]} if "address" in body else {})
    for rep in reps(orc, 17):
        yield from _maker(rep)


def _request(obr: Segment, zone: str) -> Iterator[Named]:
    for number in (32, 33, 34, 35):
        for rep in reps(obr, number):
            yield from _duty(rep, zone)


def _duty(rep: Rep, zone: str) -> Iterator[Named]:
    """NDL[PractitionerRole]: who interpreted, assisted, transcribed; when and where."""
    # CNN: number, family, given, second, suffix, prefix, degree, source, then the authority in three parts. As an XCN.
    said = [part(rep, 1, n) for n in range(1, 12)]
    yield from practitioner((*((word,) for word in said[:8]), tuple(said[8:])), zone)
    if period := _period(part(rep, 2), part(rep, 3), zone):
        yield "PractitionerRole", {"period": period}
    for component, kind in DUTY_LEVELS:
        if body := place_of(designator(rep, component), kind):
            yield "Location", body


def _result(obx: Segment, zone: str) -> Iterator[Named]:
    for rep in reps(obx, 16):
        yield from practitioner(rep, zone)
        yield _role("responsibleObserver", "http://terminology.hl7.org/CodeSystem/practitioner-role")
    for rep in reps(obx, 25):
        yield from practitioner(rep, zone)
        yield _role("MDIR", V2 + "0912")
    for rep in reps(obx, 15):
        yield from _maker(rep)
    for rep in reps(obx, 23):
        yield from house(rep, _reach(obx, place=24))
    for rep in reps(obx, 18):
        if part(rep, 1):
            yield "Device", {"identifier": [{"value": part(rep, 1)}]}


def _dose(rxa: Segment, zone: str) -> Iterator[Named]:
    for rep in reps(rxa, 17):
        yield from _maker(rep)
    where = _reach(rxa, place=28)
    for rep in reps(rxa, 27):
        yield from places(rep, {"address": where["address"][0]} if where else None)


def _kin(nk1: Segment, _zone: str) -> Iterator[Named]:
    """The house of a contact: NK1-13, with whom to ask for there (NK1-30, -31, -32)."""
    contact: Json = {}
    if is_valued(nk1, 31) and (phones := [each for each in map(contact_point, reps(nk1, 31)) if each]):
        contact["telecom"] = phones
    if is_valued(nk1, 32) and (where := address(first_rep(nk1, 32))):
        contact["address"] = where
    names: list[Json] = [{"name": name} for name in map(human_name, reps(nk1, 30)) if name]
    contacts = [(names[0] if names else {}) | contact, *names[1:]]
    more = {"contact": [each for each in contacts if each]} if any(contacts) else None
    for rep in reps(nk1, 13) or ((),) * bool(more):
        yield from house(rep, more)


def _payer(in1: Segment, _zone: str) -> Iterator[Named]:
    for number, where, phone in ((4, 5, 7), (11, 44, 0)):
        for rep in reps(in1, number):
            yield from house(rep, _reach(in1, where, phone))


def _part_played(rol: Segment, zone: str) -> Iterator[Named]:
    """ROL: a practitioner in a role, with telecom, specialty, place and house."""
    yield _in_role(rol, zone, code=3, special=9, phone=12, starts=5)


def _in_role(segment: Segment, zone: str, *, code: int, special: int, phone: int, starts: int) -> Named:
    """A role by the numbers of its fields; its end stands in the field after its start."""
    out: Json = {}
    if said := concept(first_rep(segment, code)):
        out["code"] = [said]
    if found := concepts(segment, special):
        out["specialty"] = found
    out |= _reach(segment, phone=phone)
    if period := _period(text_of(segment, starts), text_of(segment, starts + 1), zone):
        out["period"] = period
    return "PractitionerRole", out


def _took_part(prt: Segment, zone: str) -> Iterator[Named]:
    """PRT[PractitionerRole]: whoever took part, in which role, reached how; PRT[Device]: or what."""
    home = _reach(prt, place=14)
    for rep in reps(prt, 5):
        if body := _person(rep, zone):
            yield "Practitioner", body | home
        yield from assigner(designator(rep, 9))
    yield _in_role(prt, zone, code=4, special=6, phone=15, starts=11)
    yield from _equipment(prt, zone)


def _equipment(prt: Segment, zone: str) -> Iterator[Named]:
    out: Json = {}
    for rep in reps(prt, 10):
        if part(rep, 1):
            out.setdefault("identifier", []).append({"value": part(rep, 1)})
    for name, number in (("lotNumber", 19), ("serialNumber", 20), ("distinctIdentifier", 21)):
        if is_valued(prt, number):
            out[name] = text_of(prt, number)
    for name, number in (("manufactureDate", 17), ("expirationDate", 18)):
        if is_valued(prt, number):
            put_time(out, name, moment(text_of(prt, number), zone))
    if said := concept(first_rep(prt, 22)):
        out["type"] = said
    if out:
        yield "Device", out


def _procedure(pr1: Segment, zone: str) -> Iterator[Named]:
    for number in (8, 11, 12):
        for rep in reps(pr1, number):
            yield from practitioner(rep, zone)


def _left_for(pv1: Segment, _zone: str) -> Iterator[Named]:
    # DLD: the first component is a CWE of its own, the second the time.
    place = first_rep(pv1, 37)
    if said := concept(tuple((word,) for word in place[0]) if place else ()):
        yield "Location", {"type": [said]}


def _event(evn: Segment, _zone: str) -> Iterator[Named]:
    yield from facility(whole_field(first_rep(evn, 7)))


def _booked(aig: Segment, _zone: str) -> Iterator[Named]:
    said = coding(part(first_rep(aig, 3), 1), "", part(first_rep(aig, 3), 3))
    if "code" in said:
        known = {"system": said["system"]} if "system" in said else {}
        yield "Location", {"identifier": [known | {"value": said["code"]}]}


_PEOPLE = {
    "PD1": (4,),
    "EVN": (5,),
    "PV1": (7, 8, 9, 17, 52),
    "PV2": (13,),
    "ORC": (10, 11, 19),
    "OBR": (10, 16, 28),
    "NTE": (5,),
    "DG1": (16,),
    "RXO": (14,),
    "RXE": (13, 14),
    "RXD": (10, 11),
    "RXA": (10,),
    "TXA": (5, 9, 10, 11, 22),
    "SCH": (12, 16, 20),
    "AIP": (3,),
    "ROL": (4,),
    "PDA": (5, 9),
    "ACC": (7,),
}
_PLACES = {
    "PV1": (3, 6, 11, 42, 43),
    "PV2": (1,),
    "PR1": (23,),
    "AIL": (3,),
    "ROL": (13,),
    "PRT": (9,),
    "ORC": (13,),
}
_HOUSES = {"MSH": (22, 23), "PD1": (3,), "PRT": (8,), "ROL": (14,), "SFT": (1,)}
_NUMBERS = {
    "PID": (2, 3, 4, 18, 21),
    "PV1": (5, 19, 50, 54),
    "MRG": (1, 2, 3, 4, 5, 6),
    "NK1": (12, 33),
    "IN1": (3, 10),
    "GT1": (2,),
    "ORC": (33,),
    "OBR": (53,),
    "SPM": (30, 31),
}
_SPECIAL: dict[str, Callable[[Segment, str], Iterator[Named]]] = {
    "MSH": _header,
    "SFT": _software,
    "EVN": _event,
    "PV1": _left_for,
    "NK1": _kin,
    "IN1": _payer,
    "ORC": _order,
    "OBR": _request,
    "OBX": _result,
    "RXA": _dose,
    "ROL": _part_played,
    "PRT": _took_part,
    "PR1": _procedure,
    "AIG": _booked,
}
