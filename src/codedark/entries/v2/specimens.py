"""SPM and SAC, else OBR-15, as Specimen facts (V2-to-FHIR: SPM[Specimen], OBR[Specimen], SPS[Specimen-Source]).

A specimen's identity is the filler's number (SPM-2.2), else the placer's (SPM-2.1), else its accession (SPM-30), else
its container (SAC-3). A specimen that was rejected (SPM-21) is "unsatisfactory", and its report says why.
"""

from __future__ import annotations

from codedark.entries.datatypes import (
    Json,
    Rep,
    concept,
    identifier_cx,
    identifier_ei,
    joined,
    number,
    part,
    person,
    quantity,
)
from codedark.entries.moments import Moment, put_time
from codedark.entries.v2.orders import OrderGroup, note_text
from codedark.entries.v2.reading import Reading, Specimens, concepts, first_rep, is_valued, reps, text_of
from codedark.hl7 import Segment

_AVAILABLE = {"Y": "available", "N": "unavailable"}
_FILLER, _PLACER = "FGN", "PGN"


NONE = Specimens()


def read_specimens(reading: Reading, group: OrderGroup) -> Specimens:
    """Claim the group's specimens, or find those it shares."""
    segments = group.heading or group.segments
    spms = [segment for segment in segments if segment.name == "SPM"]
    if not spms:
        obr = group.obr
        return Specimens(_of_source(reading, obr)) if obr is not None and is_valued(obr, 15) else NONE
    if reading.whole and group.obr is not None and is_valued(group.obr, 15):
        _of_source(reading, group.obr)
    shared = reading.specimens.get(spms[0].path)
    if shared is None:
        shared = reading.specimens[spms[0].path] = _claimed(reading, spms, segments)
    return shared


def _claimed(reading: Reading, spms: list[Segment], segments: list[Segment]) -> Specimens:
    ids: list[str] = []
    by_number: dict[str, str] = {}
    rejected: list[str] = []
    for spm in spms:
        identity, numbers, why = _specimen(reading, spm, _below(segments, spm))
        ids.append(identity)
        by_number.update(dict.fromkeys(numbers, identity))
        rejected += why
    return Specimens(ids[0], by_number, tuple(rejected))


def _below(segments: list[Segment], spm: Segment) -> list[Segment]:
    """The containers (SAC) and remarks (NTE) that stand right below an SPM."""
    found: list[Segment] = []
    inside = False
    for segment in segments:
        if segment is spm:
            inside = True
        elif inside and segment.name not in ("SAC", "NTE"):
            break
        elif inside:
            found.append(segment)
    return found


def _specimen(reading: Reading, spm: Segment, below: list[Segment]) -> tuple[str, list[str], list[str]]:
    body: Json = reading.subject({}, encounter="")
    key, numbers = _names(reading, body, spm)
    if kind := concept(first_rep(spm, 4), reading.codes("specimen")):
        body["type"] = kind
    if is_valued(spm, 3) and (parents := [_pair(rep) for rep in reps(spm, 3)]):
        body["parent"] = [{"identifier": each[0]} for each in parents if each]
    if collection := _collection(reading, spm):
        body["collection"] = collection
    reading.put(body, "receivedTime", spm, 18)
    if found := concepts(spm, 24):
        body["condition"] = found
    rejected = _standing(body, spm)
    container = _containers(body, spm, [each for each in below if each.name == "SAC"])
    key = key or container
    _remarks(body, spm, [each for each in below if each.name == "NTE"])
    identity = reading.id_of("Specimen", "specimen", key) if key else reading.id_of_place("Specimen", spm.path)
    if reading.orders.setdefault(identity, spm.field(2)) != spm.field(2):
        # One filler number, two placer numbers: two specimens of one message, and neither may overwrite the other.
        identity = reading.id_of("Specimen", identity, spm.field(2))
    reading.claim(spm.path, "Specimen", identity, body)
    return identity, numbers, rejected


def _pair(rep: Rep) -> list[Json]:
    """The identifiers of an EIP: the filler's first, for it is the one that laboratories keep."""
    out = []
    for component, kind in ((2, _FILLER), (1, _PLACER)):
        if part(rep, component):
            out.append(identifier_ei(tuple((text,) for text in rep[component - 1]), kind))
    return out


def _names(reading: Reading, body: Json, spm: Segment) -> tuple[str, list[str]]:
    """Set the identifiers; returns the business key ("" when there is none) and every number of SPM-2."""
    rep = first_rep(spm, 2)
    key, numbers = "", []
    for component in (2, 1):
        if value := part(rep, component):
            authority = reading.site_authority(part(rep, component, 2)) or reading.site.authority
            key = key or f"{component} {authority} {value}"
            numbers.append(value)
    identifiers = _pair(rep)
    if is_valued(spm, 30) and (accession := identifier_cx(first_rep(spm, 30), "ACSN")):
        body["accessionIdentifier"] = accession
        key = key or f"accession {reading.authority(first_rep(spm, 30), 4)} {accession['value']}"
    identifiers += [each for each in (identifier_cx(rep) for rep in reps(spm, 31)) if each]
    if is_valued(spm, 32) and (shipment := identifier_ei(first_rep(spm, 32), "SHIP")):
        identifiers.append(shipment)
    if identifiers:
        body["identifier"] = identifiers
    return key, numbers


def _collection(reading: Reading, spm: Segment) -> Json:
    out: Json = {}
    _collected(out, reading.moment(spm, 17), reading.moment(spm, 17, 1, 2))
    for name, field in (("bodySite", 8), ("method", 7)):
        if said := concept(first_rep(spm, field)):
            out[name] = said
    if "bodySite" not in out and (said := concept(first_rep(spm, 10))):
        out["bodySite"] = said
    if amount := amount_of(first_rep(spm, 12)):
        out["quantity"] = amount
    return out


def _collected(out: Json, start: Moment | None, end: Moment | None) -> None:
    """One time, or a period when it has an end."""
    if end is None:
        put_time(out, "collectedDateTime", start)
        return
    period: Json = {}
    put_time(period, "start", start)
    put_time(period, "end", end)
    out["collectedPeriod"] = period


def amount_of(rep: Rep) -> Json:
    """Quantity of a CQ (number ^ unit & its name & its system); {} when it is no number."""
    amount = number(part(rep, 1)) if rep else None
    if amount is None:
        return {}
    return quantity(amount, tuple((text,) for text in rep[1]) if len(rep) > 1 else ())


def _standing(body: Json, spm: Segment) -> list[str]:
    """Status and the reasons of a rejection (SPM-20, SPM-21, table 0490)."""
    if said := _AVAILABLE.get(text_of(spm, 20)):
        body["status"] = said
    why = concepts(spm, 21)
    if why:
        body["status"] = "unsatisfactory"
        body["condition"] = body.get("condition", []) + why
    return [each["text"] for each in why]


def _containers(body: Json, spm: Segment, sacs: list[Segment]) -> str:
    """Additives (SPM-6), container type (SPM-27) and every SAC; returns the key of the first numbered container."""
    out: list[Json] = []
    key = ""
    for sac in sacs:
        container: Json = {}
        if identifier := identifier_ei(first_rep(sac, 3)):
            container["identifier"] = [identifier]
            key = key or f"container {part(first_rep(sac, 3), 2)} {identifier['value']}"
        if is_valued(sac, 9) and (kind := concept(first_rep(sac, 9))):
            container["type"] = kind
        if (amount := number(text_of(sac, 22))) is not None:
            container["specimenQuantity"] = quantity(amount, first_rep(sac, 24))
        if container:
            out.append(container)
        if "accessionIdentifier" not in body and (accession := identifier_ei(first_rep(sac, 2), "ACSN")):
            body["accessionIdentifier"] = accession
    additives = concepts(spm, 6)
    kind = concept(first_rep(spm, 27))
    if kind or additives:
        first = out[0] if out else {}
        if kind:
            first["type"] = kind
        if additives:
            first["additiveCodeableConcept"] = additives[0]
        out = [first, *out[1:], *({"additiveCodeableConcept": each} for each in additives[1:])]
    if out:
        body["container"] = out
    return key


def _remarks(body: Json, spm: Segment, notes: list[Segment]) -> None:
    words = [joined(rep, 1) for rep in reps(spm, 14)]
    words += [each["text"] for each in concepts(spm, 5)]
    words += [f"hazard: {each['text']}" for each in concepts(spm, 16)]
    words += [note_text(each) for each in notes]
    if words := [each for each in words if each]:
        body["note"] = [{"text": each} for each in words]


def _of_source(reading: Reading, obr: Segment) -> str:
    """OBR-15 (v2.3–2.4: source & additives & words & site …), where no SPM says more."""
    rep = first_rep(obr, 15)
    body: Json = reading.subject({}, encounter="")
    kind = concept(_inner(rep, 1), reading.codes("specimen"))
    if not kind:
        return ""
    body["type"] = kind
    collection: Json = {}
    _collected(collection, reading.moment(obr, 7), reading.moment(obr, 8))
    if volume := amount_of(first_rep(obr, 9)):
        collection["quantity"] = volume
    if site := concept(_inner(rep, 4)):
        collection["bodySite"] = site
    if is_valued(obr, 10) and (who := person(first_rep(obr, 10))):
        collection["collector"] = who
    if collection:
        body["collection"] = collection
    if state := concept(_inner(rep, 6)):
        body["condition"] = [state]
    if additive := concept(_inner(rep, 2)):
        body["container"] = [{"additiveCodeableConcept": additive}]
    if words := joined(rep, 3):
        body["note"] = [{"text": words}]
    reading.put(body, "receivedTime", obr, 14)
    identity = reading.id_of_place("Specimen", f"{obr.path}.15")
    reading.claim(f"{obr.path}.15", "Specimen", identity, body)
    return identity


def _inner(rep: Rep, component: int) -> Rep:
    """A component that is itself a coded value (CWE inside SPS)."""
    if component > len(rep):
        return ()
    subs = rep[component - 1]
    # A lone text is the code of table 0070, as most senders of v2.3 write it.
    return ((subs[0],), ("",), ("HL70070",)) if len(subs) == 1 and subs[0] else tuple((text,) for text in subs)
