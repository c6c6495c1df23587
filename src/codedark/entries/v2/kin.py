"""Next of kin and the like: NK1 as Patient.contact, and as a RelatedPerson where a whole message is translated.

Source: V2-to-FHIR: NK1[Patient], NK1[RelatedPerson], XON[Organization].
"""

from __future__ import annotations

from codedark.entries import tables
from codedark.entries.datatypes import (
    V2,
    Json,
    address,
    contact_point,
    human_name,
    identifier_cx,
    organization,
    part,
    translated,
)
from codedark.entries.languages import spoken_language
from codedark.entries.v2.reading import Reading, first_rep, is_valued, reps, text_of
from codedark.hl7 import Segment

_KINDS = ((3, "HL70063", tables.RELATIONSHIP), (7, "HL70131", tables.CONTACT_ROLE))
_PHONES = ((5, "home"), (6, "work"), (40, ""))


def contact_of(reading: Reading, nk1: Segment) -> Json:
    """Patient.contact of one NK1; {} when it names nobody and gives no way to reach anybody."""
    out: Json = {}
    if relations := _relations(nk1):
        out["relationship"] = relations
    if is_valued(nk1, 2) and (name := human_name(first_rep(nk1, 2))):
        out["name"] = name
    if phones := _phones(nk1, _PHONES + ((31, ""), (41, ""))):
        out["telecom"] = phones
    if is_valued(nk1, 4) and (place := address(first_rep(nk1, 4))):
        out["address"] = place
    if gender := tables.SEX.get(text_of(nk1, 15)):
        out["gender"] = gender
    if is_valued(nk1, 13) and (house := organization(first_rep(nk1, 13))):
        out["organization"] = house
    if not out.keys() - {"relationship", "gender"}:
        return {}
    _period(reading, out, nk1)
    return out


def related_person(reading: Reading, nk1: Segment) -> Json:
    """RelatedPerson of one NK1, without `patient`; {} when it says nothing of a person."""
    out: Json = {}
    numbers = [identifier_cx(rep) for field in (12, 33) for rep in reps(nk1, field)]
    if numbers := [number for number in numbers if number]:
        out["identifier"] = numbers
    if is_valued(nk1, 37):
        social = {"type": {"coding": [{"system": V2 + "0203", "code": "SS"}]}, "value": text_of(nk1, 37)}
        out.setdefault("identifier", []).append({"system": "http://hl7.org/fhir/sid/us-ssn"} | social)
    if names := [name for field in (2, 30) for name in map(human_name, reps(nk1, field)) if name]:
        out["name"] = names
    if places := [place for field in (4, 32) for place in map(address, reps(nk1, field)) if place]:
        out["address"] = places
    if phones := _phones(nk1, _PHONES + ((31, ""), (41, ""))):
        out["telecom"] = phones
    if relations := _relations(nk1):
        out["relationship"] = relations
    if gender := tables.SEX.get(text_of(nk1, 15)):
        out["gender"] = gender
    if (born := reading.moment(nk1, 16)) is not None:
        out["birthDate"] = born.iso[:10]
    if is_valued(nk1, 20) and (language := spoken_language(first_rep(nk1, 20))):
        out["communication"] = [{"language": language}]
    _period(reading, out, nk1)
    return out


def _relations(nk1: Segment) -> list[Json]:
    return [
        translated(first_rep(nk1, field), table, mapped)
        for field, table, mapped in _KINDS
        if is_valued(nk1, field) and part(first_rep(nk1, field), 1)
    ]


def _phones(nk1: Segment, fields: tuple[tuple[int, str], ...]) -> list[Json]:
    found = [contact_point(rep, use) for field, use in fields if is_valued(nk1, field) for rep in reps(nk1, field)]
    return [phone for phone in found if phone]


def _period(reading: Reading, out: Json, nk1: Segment) -> None:
    period: Json = {}
    reading.put(period, "start", nk1, 8)
    reading.put(period, "end", nk1, 9)
    if period:
        out["period"] = period
