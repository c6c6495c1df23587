"""HL7 v2 data types as R4 data types, by HL7's published maps.

Source: V2-to-FHIR 1.0.0, data type maps CWE[CodeableConcept], CX/EI[Identifier], XPN[HumanName], XAD[Address],
XTN[ContactPoint], XCN[Practitioner], PL[Location], NM/SN[Quantity]. One repetition is a `Rep`: components →
sub-components, unescaped, as `split_field` gives it. `""` inside a repetition counts as absent.

Most functions remember what they made: the same bed, nurse or test name comes back in every message. So the dicts they
give are shared, and nobody may change one.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from codedark.entries import tables
from codedark.entries.moments import moment
from codedark.hl7 import NULL, Delimiters, unescape

Rep = tuple[tuple[str, ...], ...]
Json = dict[str, Any]
Codes = Mapping[str, tuple[str, str, str]]

_NUMBER = frozenset("0123456789.+-eE")
V2 = "http://terminology.hl7.org/CodeSystem/v2-"
UCUM_DAY = {"unit": "days", "system": tables.UCUM, "code": "d"}


MOST_PARTS = 65_536
"""A field with more delimiters than this is one text, whole and not taken apart: a long waveform has some thousands,
and a message of nothing but delimiters must not fill the memory."""


def split_field(value: str, delimiters: Delimiters, codec: str) -> tuple[Rep, ...]:
    """Repetitions → components → sub-components of a raw field: unescaped, without white space around, null as ""."""
    d = delimiters
    if (
        len(value) > MOST_PARTS
        and sum(value.count(m) for m in (d.repetition, d.component, d.subcomponent) if m) > MOST_PARTS
    ):
        return (((_clean(value),),),)
    escaped = bool(d.escape) and d.escape in value
    return tuple(
        tuple(
            tuple(_clean(unescape(s, d, codec) if escaped else s) for s in _parts(component, d.subcomponent))
            for component in _parts(repetition, d.component)
        )
        for repetition in _parts(value, d.repetition)
    )


def _parts(value: str, mark: str) -> list[str]:
    return value.split(mark) if mark else [value]


def _clean(value: str) -> str:
    value = value.strip()
    return "" if value == NULL else value


def part(rep: Rep, component: int, sub: int = 1) -> str:
    """One sub-component, counted from 1; "" when absent or null."""
    if component > len(rep):
        return ""
    subs = rep[component - 1]
    return subs[sub - 1] if sub <= len(subs) else ""


def joined(rep: Rep, component: int) -> str:
    """A component as running text, sub-components joined as they stood: for text senders forgot to escape."""
    if component > len(rep):
        return ""
    subs = rep[component - 1]
    return subs[0] if len(subs) == 1 else "&".join(subs).strip()


@lru_cache(maxsize=4096)
def system_uri(name: str) -> str:
    """The R4 system of a coding system name (HL7 table 0396); a local one gets a URI that keeps its name."""
    known = tables.CODING_SYSTEMS.get(name.upper())
    if known is not None:
        return known
    if name[:3].upper() == "HL7" and name[3:].isdigit():
        return V2 + name[3:].zfill(4)
    if name.startswith(("http://", "https://", "urn:")):
        return name
    if name.replace(".", "").isdigit() and "." in name:
        return f"urn:oid:{name}"
    return f"urn:codedark:codesystem:{quote(name)}" if name else ""


def coding(code: str, display: str, system: str, version: str = "") -> Json:
    """One Coding from the components of a coded value; {} when there is nothing."""
    out: Json = {}
    uri = system_uri(system) if system else ""
    if uri:
        out["system"] = uri
    if version:
        out["version"] = version
    if code:
        out["code"] = code
    if display:
        out["display"] = display
    return out if code or display else {}


def concept(rep: Rep, codes: Codes | None = None) -> Json:
    """CodeableConcept of a CWE, CE, CF, CNE, IS or ID. `codes`: the site's own translations of local codes, put first.

    `text` is the original text (CWE.9), else the name a person would read. {} when nothing is valued.
    """
    if not codes:
        return _concept(rep, None)
    return _concept(rep, codes.get(part(rep, 1)) or codes.get(joined(rep, 2)))


@lru_cache(maxsize=16_384)
def _concept(rep: Rep, site: tuple[str, str, str] | None) -> Json:
    code, display, system = part(rep, 1), joined(rep, 2), part(rep, 3)
    codings = []
    if site is not None:
        codings.append({"system": site[0], "code": site[1], "display": site[2]})
    first = coding(code, display, system, part(rep, 7)) if code or (display and system) else {}
    if first:
        codings.append(first)
    if other := part(rep, 4):
        codings.append(coding(other, joined(rep, 5), part(rep, 6), part(rep, 8)))
    if other := part(rep, 10):
        codings.append(coding(other, joined(rep, 11), part(rep, 12), part(rep, 13)))
    text = joined(rep, 9) or display or joined(rep, 5) or code
    out: Json = {"coding": codings} if codings else {}
    if text:
        out["text"] = text
    return out


def table_concept(code: str, table: str, mapped: Mapping[str, tuple[str, str, str]]) -> Json:
    """CodeableConcept of a table value: the published translation first, the code as sent after it."""
    codings = []
    translated = mapped.get(code)
    sent = {"system": V2 + table, "code": code}
    if translated is not None:
        codings.append({"system": translated[0], "code": translated[1], "display": translated[2]})
    if translated is None or translated[:2] != (V2 + table, code):
        codings.append(sent)
    return {"coding": codings}


def translated(rep: Rep, table: str, mapped: Codes) -> Json:
    """CodeableConcept of a coded field of one HL7 table ("HL70063"): the published translations first, then what was
    sent. A code whose sender names another system is not translated; one that names none is of the table."""
    found = []
    for at, version in ((1, 7), (4, 8)):
        known = mapped.get(part(rep, at)) if part(rep, at + 2) in ("", table) else None
        if known is not None:
            dated = {"version": part(rep, version)} if part(rep, version) else {}
            found.append({"system": known[0], **dated, "code": known[1], "display": known[2]})
    said = concept(rep)
    if not found:
        return said
    same = {(each["system"], each["code"]) for each in found}
    sent = [{"system": system_uri(table)} | each for each in said["coding"]]
    others = [each for each in sent if (each["system"], each.get("code")) not in same]
    text = said["text"] if said["text"] != part(rep, 1) else found[0]["display"]
    return {"coding": [*found, *others], "text": text}


def number(text: str) -> Decimal | None:
    """The number an NM says, digits kept; None when it is none (never NaN, never a guess)."""
    text = text.strip()
    if not text or not _NUMBER.issuperset(text):
        return None
    try:
        value = Decimal(text)
    except ArithmeticError:
        return None
    return value if value.is_finite() and abs(value.adjusted()) < 400 else None


def quantity(value: Decimal, unit: Rep | None, comparator: str = "") -> Json:
    """Quantity of a number and its CWE or CQ unit. A code needs the system that it is of (CWE[Quantity], R4 qty-3)."""
    out: Json = {"value": value}
    if comparator:
        out["comparator"] = comparator
    if unit:
        code, display, system = part(unit, 1), joined(unit, 2), part(unit, 3)
        label = display or code
        if label:
            out["unit"] = label
        if code and system:
            ucum = system.upper() in ("UCUM", "HTTP://UNITSOFMEASURE.ORG")
            out["system"], out["code"] = tables.UCUM if ucum else system_uri(system), code
    return out


def authority_name(rep: Rep, component: int) -> str:
    """The assigning authority of an HD component: its namespace, else its universal id; "" when absent."""
    return part(rep, component, 1) or part(rep, component, 2)


def authority_uri(namespace: str, universal: str, kind: str) -> str:
    """Identifier.system of an HD, or "" when it has no universal id (HD[uri])."""
    if not universal:
        return ""
    if kind.upper() == "ISO" or (not kind and universal.replace(".", "").isdigit()):
        return f"urn:oid:{universal}"
    if kind.upper() in ("UUID", "GUID"):
        return f"urn:uuid:{universal.lower()}"
    if kind.upper() == "URI" or ":" in universal:
        return universal
    return f"urn:codedark:authority:{quote(kind)}:{quote(universal)}"


def period(starts: str, ends: str) -> Json:
    """Period of two times as sent. One without an offset is given as its day: here no site's zone is known."""
    out: Json = {}
    for field, text in (("start", starts), ("end", ends)):
        when = moment(text, "UTC") if text else None
        if when is not None and not when.problem:
            out[field] = when.iso[:10] if when.assumed else when.iso
    return out


@lru_cache(maxsize=8192)
def identifier_cx(rep: Rep, kind: str = "") -> Json:
    """Identifier of a CX. `kind`: the type to give when CX.5 is empty (table 0203)."""
    value = part(rep, 1)
    if not value:
        return {}
    out = _identifier(value, (part(rep, 4, 1), part(rep, 4, 2), part(rep, 4, 3)), part(rep, 5) or kind)
    if span := period(part(rep, 7), part(rep, 8)):
        out["period"] = span
    return out


@lru_cache(maxsize=8192)
def identifier_ei(rep: Rep, kind: str = "") -> Json:
    """Identifier of an EI (entity id, namespace, universal id, its type)."""
    value = part(rep, 1)
    return _identifier(value, (part(rep, 2), part(rep, 3), part(rep, 4)), kind) if value else {}


def _identifier(value: str, authority: tuple[str, str, str], kind: str) -> Json:
    out: Json = {}
    if kind:
        out["type"] = {"coding": [{"system": V2 + "0203", "code": kind}]}
    system = authority_uri(*authority)
    if system:
        out["system"] = system
    out["value"] = value
    if authority[0]:
        out["assigner"] = {"display": authority[0]}
    return out


@lru_cache(maxsize=8192)
def human_name(rep: Rep) -> Json:
    """HumanName of an XPN (also PN); {} when nothing is valued."""
    out: Json = {}
    use = tables.NAME_USE.get(part(rep, 7))
    if use:
        out["use"] = use
    if family := part(rep, 1):
        out["family"] = family
    given = [name for name in (part(rep, 2), part(rep, 3)) if name]
    if given:
        out["given"] = given
    if prefix := part(rep, 5):
        out["prefix"] = [prefix]
    suffix = [name for name in (part(rep, 4), part(rep, 6), part(rep, 14)) if name]
    if suffix:
        out["suffix"] = suffix
    if span := _span(rep, 10, 12):
        out["period"] = span
    return out if out.keys() - {"use", "period"} else {}


def _span(rep: Rep, span: int, starts: int) -> Json:
    """The period of a name or address: its two own components, else the older range (DR) in one."""
    if len(rep) < span:
        return {}
    if part(rep, starts) or part(rep, starts + 1):
        return period(part(rep, starts), part(rep, starts + 1))
    return period(part(rep, span, 1), part(rep, span, 2))


@lru_cache(maxsize=8192)
def address(rep: Rep) -> Json:
    """Address of an XAD (also AD); {} when nothing is valued."""
    out: Json = {}
    if use := tables.ADDRESS_USE.get(part(rep, 7)):
        out["use"] = use
    if kind := tables.ADDRESS_TYPE.get(part(rep, 7)):
        out["type"] = kind
    lines = [line for line in (*(part(rep, 1, n) for n in (1, 2, 3)), part(rep, 2), part(rep, 19)) if line]
    if lines:
        out["line"] = lines
    for name, component in (("city", 3), ("state", 4), ("postalCode", 5), ("country", 6)):
        if value := part(rep, component):
            out[name] = value
    if district := part(rep, 9, 2) or part(rep, 9):
        out["district"] = district
    if span := _span(rep, 12, 13):
        out["period"] = span
    return out if out.keys() - {"use", "type", "period"} else {}


@lru_cache(maxsize=8192)
def contact_point(rep: Rep, use: str = "") -> Json:
    """ContactPoint of an XTN (also TN); {} when nothing is valued. `use`: when XTN.2 says none."""
    equipment = part(rep, 3)
    email = part(rep, 4)
    value = email if equipment in ("Internet", "X.400") and email else _dialled(rep) or email
    if not value:
        return {}
    out: Json = {"system": tables.TELECOM_SYSTEM.get(equipment, "email" if value == email else "phone"), "value": value}
    found = tables.TELECOM_USE.get(part(rep, 2)) or ("mobile" if equipment == "CP" else use)
    if found:
        out["use"] = found
    if len(rep) > 12:
        if span := period(part(rep, 13), part(rep, 14)):
            out["period"] = span
        if (order := part(rep, 18)).isascii() and order.isdigit() and len(order) < 10 and int(order) > 0:
            out["rank"] = int(order)
    return out


def _dialled(rep: Rep) -> str:
    """The number to dial: unformatted, else put together of its parts, else the old one text of XTN.1."""
    if whole := part(rep, 12):
        return whole
    country, area, local, extension = (part(rep, n) for n in (5, 6, 7, 8))
    if local and (area or not part(rep, 1)):
        return " ".join(p for p in (country and f"+{country}", area, local, extension and f"X{extension}") if p)
    return part(rep, 1)


@lru_cache(maxsize=8192)
def person(rep: Rep) -> Json:
    """A reference to a person of an XCN or CN: a display name and the identifier. {} when nothing is valued.

    No Practitioner is made: what the message says about them stays where it was said.
    """
    family, given = part(rep, 2), part(rep, 3)
    names = (part(rep, 6), given, part(rep, 4), family, part(rep, 5))
    display = " ".join(name for name in names if name)
    if display and part(rep, 7):
        display += f", {part(rep, 7)}"
    value = part(rep, 1)
    if not display and not value:
        return {}
    out: Json = {"display": display or value}
    if value:
        out["identifier"] = _identifier(value, (part(rep, 9, 1), part(rep, 9, 2), part(rep, 9, 3)), part(rep, 13))
    return out


@lru_cache(maxsize=8192)
def organization(rep: Rep) -> Json:
    """A reference to an organization of an XON: a display name and the identifier. {} when nothing is valued."""
    name, value = joined(rep, 1), part(rep, 10) or part(rep, 3)
    if not name and not value:
        return {}
    out: Json = {"display": name or value}
    if value:
        out["identifier"] = _identifier(value, (part(rep, 6, 1), part(rep, 6, 2), part(rep, 6, 3)), part(rep, 7))
    return out


@lru_cache(maxsize=8192)
def bed(rep: Rep) -> Json:
    """A reference to the place of a PL: "UNIT ROOM BED" and "UNIT^ROOM^BED^FACILITY". {} when nothing is valued."""
    unit, room, place, facility = (part(rep, n) for n in (1, 2, 3, 4))
    display = " ".join(p for p in (unit, room, place) if p) or part(rep, 9) or part(rep, 11) or facility
    if not display:
        return {}
    return {"display": display, "identifier": {"value": f"{unit}^{room}^{place}^{facility}"}}
