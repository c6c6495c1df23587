"""A whole message as a FHIR R4 Bundle: what the fold reads, and the envelope it does not keep.

For interface engineers, for comparing with other translators and for going home. Pure: the same bytes, settings and
place give the same Bundle. The fold never calls this, so nothing here costs a message anything.
Source: V2-to-FHIR MSH[Bundle].
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from codedark.entries.datatypes import Json
from codedark.entries.facts import Fact, Interpretation, Op, Site
from codedark.entries.v2.batches import interpret_received
from codedark.entries.v2.directory import Directory
from codedark.entries.v2.envelope import Envelope, Made
from codedark.entries.v2.messages import interpret_message, sets_of
from codedark.entries.v2.patients import patient_id, read_patient
from codedark.entries.v2.reading import Reading, is_valued, text_of
from codedark.entries.v2.visits import read_visit
from codedark.errors import Unparsable
from codedark.hl7 import Segment, begins_batch, parse, split_batch

_FRONT = ("PD1", "NK1", "PV1", "PV2", "IN1", "GT1", "ROL")


@dataclass(frozen=True, slots=True)
class Translation:
    """What one received frame says. `bundles`: one R4 Bundle of type "message" for each message that could be read;
    `meaning`: what the fold makes of the frame, with its problems."""

    meaning: Interpretation
    bundles: tuple[Json, ...] = ()


@dataclass(slots=True)
class _Person:
    pid: Segment
    patient: str
    segments: list[Segment] = field(default_factory=list)


def translate_received(raw: bytes, site: Site, origin: bytes, position: int) -> Translation:
    """Every message of a frame, translated. Never raises for what the sender did."""
    meaning = interpret_received(raw, site, origin, position)
    if begins_batch(raw):
        whole = [part.raw for part in split_batch(raw) if not part.reason]
        found = (_bundle(one, site, origin, position, f"{number}/") for number, one in enumerate(whole, 1))
    else:
        found = (_bundle(one, site, origin, position, "") for one in (raw,))
    return Translation(meaning, tuple(bundle for bundle in found if bundle))


def _bundle(raw: bytes, site: Site, origin: bytes, position: int, within: str) -> Json:
    try:
        message = parse(raw, sets_of(site))
    except Unparsable:
        return {}
    facts = interpret_message(raw, site, origin, position, within=within, whole=True).facts
    reading = Reading(message, site, origin, position, within)
    people = _people(reading)
    resources = _folded([*_first_hand(reading, people), *facts])
    directory = Directory(reading)
    for each in _envelope(reading, Envelope(reading, directory), people, resources, facts):
        resources.setdefault((each.type, each.id), each.body)
    for name, body in directory.resources.items():
        resources.setdefault(name, body)
    header = next(name for name in resources if name[0] == "MessageHeader")
    ordered = [header, *(name for name in resources if name != header)]
    return _as_bundle(reading, [(name, directory.linked(resources[name])) for name in ordered])


def _as_bundle(reading: Reading, resources: list[tuple[tuple[str, str], object]]) -> Json:
    out: Json = {"resourceType": "Bundle", "type": "message"}
    if control := text_of(reading.message.header, 10):
        out["identifier"] = {"system": f"urn:codedark:sender:{reading.sender}", "value": control}
    reading.put(out, "timestamp", reading.message.header, 7, instant=True)
    out["entry"] = [
        {
            "fullUrl": f"urn:uuid:{identity}",
            "resource": {"resourceType": kind, "id": identity} | (body if isinstance(body, dict) else {}),
        }
        for (kind, identity), body in resources
    ]
    return out


def _people(reading: Reading) -> list[_Person]:
    """Each PID with the segments about the same person that follow it."""
    found: list[_Person] = []
    for segment in reading.message.segments:
        if segment.name == "PID":
            identity = patient_id(reading, segment) or reading.id_of_place("Patient", segment.path)
            found.append(_Person(segment, identity))
        elif found and segment.name in _FRONT:
            found[-1].segments.append(segment)
    return found


def _first_hand(reading: Reading, people: list[_Person]) -> list[Fact]:
    """Person and visit as if this message alone were the authority: addresses and kin of an order or a result too."""
    reading.first_hand = True
    for person in people:
        reading.encounter = None
        read_patient(reading, person.pid, person.segments)
        for pv1, pv2 in reversed(_visits(person.segments)):
            read_visit(reading, pv1, pv2, person.pid)
    reading.first_hand = reading.family == "ADT"
    return reading.facts


def _visits(segments: list[Segment]) -> list[tuple[Segment, Segment | None]]:
    """Each PV1 with the PV2 below it: a BAR may tell of several visits. Of two without a number the first counts."""
    found: list[tuple[Segment, Segment | None]] = []
    for segment in segments:
        if segment.name == "PV1" and (not found or is_valued(segment, 19)):
            found.append((segment, None))
        elif segment.name == "PV2" and found and found[-1][1] is None:
            found[-1] = (found[-1][0], segment)
    return found


def _folded(facts: list[Fact]) -> dict[tuple[str, str], Json]:
    """(type, id) → body: the claims of one message added up in the order of their rank."""
    out: dict[tuple[str, str], Json] = {}
    for fact in sorted(facts, key=lambda fact: fact.rank):
        if fact.op is Op.LINK:
            into = {"reference": f"Patient/{fact.body['into']}"}
            linked = {"active": False, "link": [{"other": into, "type": "replaced-by"}]}
            out.setdefault((fact.type, fact.id), {}).update(linked)
        elif fact.op in (Op.PATCH, Op.PUT):
            body = out.setdefault((fact.type, fact.id), {})
            body.update(fact.body)
            for name in fact.cleared:
                body.pop(name, None)
    return out


def _envelope(
    reading: Reading,
    envelope: Envelope,
    people: list[_Person],
    resources: dict[tuple[str, str], Json],
    facts: tuple[Fact, ...],
) -> Iterator[Made]:
    everything = [f"{kind}/{identity}" for kind, identity in resources]
    yield envelope.header(everything)
    yield envelope.source(everything)
    yield envelope.transformed(everything)
    front = [name for name in everything if name.startswith(("Patient/", "Encounter/"))]
    for evn in reading.message.all("EVN"):
        yield envelope.event(evn, front)
    for person in people:
        for made in _of_person(envelope, person):
            if made.type == "EpisodeOfCare" and (found := _diagnoses(resources)):
                made.body["diagnosis"] = found
            yield made
    for begin, targets in _order_targets(reading, facts):
        yield envelope.order(begin, targets) if begin.name == "ORC" else envelope.document(begin, targets)


def _diagnoses(resources: dict[tuple[str, str], Json]) -> list[Json]:
    """What the visits are for, as an episode says it (DG1[EpisodeOfCare]): its `role` is the visit's `use`."""
    return [
        {"role" if name == "use" else name: value for name, value in each.items()}
        for (kind, _), body in resources.items()
        if kind == "Encounter"
        for each in body.get("diagnosis", ())
    ]


def _of_person(envelope: Envelope, person: _Person) -> Iterator[Made]:
    found: list[Made | None] = [
        envelope.updated(person.pid, [f"Patient/{person.patient}"]),
        envelope.account(person.pid, person.patient),
        *envelope.mothers(person.pid, person.patient),
    ]
    for segment in person.segments:
        if segment.name == "NK1":
            found.append(envelope.kin(segment, person.patient))
        elif segment.name == "IN1":
            found += [envelope.insured(segment, person.patient), envelope.coverage(segment, person.patient)]
        elif segment.name == "PV1":
            found.append(envelope.episode(segment, person.patient))
    yield from (made for made in found if made is not None)


def _order_targets(reading: Reading, facts: tuple[Fact, ...]) -> Iterator[tuple[Segment, list[str]]]:
    """Each ORC and TXA, with what was made of the segments between it and the next one."""
    by_path: dict[str, list[str]] = {}
    for fact in facts:
        base = fact.path.removeprefix(reading.within).partition(".")[0]
        by_path.setdefault(base, []).append(f"{fact.type}/{fact.id}")
    begin: Segment | None = None
    targets: list[str] = []
    for segment in reading.message.segments:
        if segment.name in ("ORC", "TXA"):
            if begin is not None:
                yield begin, list(dict.fromkeys(targets))
            begin, targets = segment, []
        if begin is not None:
            targets += by_path.get(segment.path, ())
    if begin is not None:
        yield begin, list(dict.fromkeys(targets))
