"""What a message says of itself: who sent it, who entered what, who pays; made on demand, never stored.

Source: V2-to-FHIR MSH[MessageHeader], SFT[MessageHeader], MSA[MessageHeader], MSH[Provenance-Source],
MSH[Provenance-Transformation], EVN[Provenance], ORC[Provenance], PID[Provenance-Patient], TXA[Provenance],
NK1[RelatedPerson], IN1[Coverage], PID[Account], PV1[Encounter] PV1-54.
No view reads these resources, so the fold does not make them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from codedark.entries import tables
from codedark.entries.datatypes import (
    V2,
    Json,
    Rep,
    coding,
    concept,
    human_name,
    identifier_cx,
    joined,
    part,
    translated,
)
from codedark.entries.v2.directory import Directory
from codedark.entries.v2.kin import related_person
from codedark.entries.v2.reading import Reading, first_rep, is_valued, reps, text_of
from codedark.hl7 import Segment

_AGENT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_ROLE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
_OPERATION = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
_TRANSFORMED = "http://hl7.org/fhir/uv/v2mappings/CodeSystem/provenance-activity-type-v2-to-fhir"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_SUBSCRIBER = "http://hl7.org/fhir/5.0/StructureDefinition/extension-subscriberId"
_UNKNOWN: Json = {"url": _ABSENT, "valueCode": "unknown"}
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_ACTIVITY = {"NW": "CREATE", "SC": "UPDATE", "OC": "CANCEL", "CA": "CANCEL"}
_ACKNOWLEDGED = {"AA": "ok", "CA": "ok", "AE": "transient-error", "CE": "transient-error"}
_ACKNOWLEDGED |= {"AR": "fatal-error", "CR": "fatal-error"}


class Made(NamedTuple):
    """One resource made on demand. `path`: the segment it was made of."""

    type: str
    id: str
    body: Json
    path: str


class Envelope:
    """Makes the resources of one message; `directory` holds the people and houses they point to."""

    def __init__(self, reading: Reading, directory: Directory) -> None:
        self._reading = reading
        self._directory = directory

    def header(self, focus: list[str]) -> Made:
        """MessageHeader of MSH, SFT and MSA. `focus`: references of what the message is about."""
        msh = self._reading.message.header
        words = [part(first_rep(msh, 9), number) for number in (1, 2, 3)]
        code = words[1] or words[0] or "unknown"
        event = {"system": V2 + "0003", "code": code}
        if any(words):
            event["display"] = "^".join(word for word in words if word)
        body: Json = {"eventCoding": event, "source": self._source(msh), "destination": [self._destination(msh)]}
        if sender := self._directory.authority(first_rep(msh, 4)):
            body["sender"] = sender
        if responsible := self._directory.house(first_rep(msh, 22)):
            body["responsible"] = responsible
        if meta := _meta(msh):
            body["meta"] = meta
        if language := part(first_rep(msh, 19), 1):
            body["language"] = language
        self._answered(body)
        if focus:
            body["focus"] = [{"reference": reference} for reference in focus]
        return Made("MessageHeader", self._place("MessageHeader", "MSH[1]"), body, "MSH[1]")

    def _source(self, msh: Segment) -> Json:
        application = first_rep(msh, 3)
        source: Json = {"name": part(application, 1)} if part(application, 1) else {}
        if software := self._reading.message.get("SFT"):
            product = {"software": text_of(software, 3), "version": text_of(software, 2)}
            source |= {name: value for name, value in product.items() if value}
        return source | _endpoint(first_rep(msh, 24) or application)

    def _destination(self, msh: Segment) -> Json:
        application = first_rep(msh, 5)
        out: Json = {"name": part(application, 1)} if part(application, 1) else {}
        out |= _endpoint(first_rep(msh, 25) or application)
        if target := self._directory.authority(application, "Device"):
            out["target"] = target
        receiver = self._directory.house(first_rep(msh, 23)) or self._directory.authority(first_rep(msh, 6))
        return out | ({"receiver": receiver} if receiver else {})

    def _answered(self, body: Json) -> None:
        answer = self._reading.message.get("MSA")
        code = _ACKNOWLEDGED.get(text_of(answer, 1)) if answer is not None else None
        # R4 takes only an id there; MSA-2 of another form is in the entry.
        if answer is not None and code and _ID.fullmatch(control := text_of(answer, 2)):
            body["response"] = {"identifier": control, "code": code}

    def source(self, targets: list[str]) -> Made:
        """Provenance of the message: who sent it, when, and which entry of the journal holds it."""
        msh = self._reading.message.header
        words = [part(first_rep(msh, 9), number) for number in (1, 2, 3)]
        kind = "^".join(word for word in words if word)
        body = _provenance(targets, {"coding": [{"display": kind}]} if kind else {})
        self._reading.put(body, "recorded", msh, 7, instant=True)
        self._reading.put(body, "occurredDateTime", msh, 7)
        if who := self._directory.house(first_rep(msh, 22)) or self._directory.authority(first_rep(msh, 4)):
            body["agent"] = [_agent("author", who)]
        body["entity"] = [self._entry()]
        return self._provenance(body, "MSH[1]")

    def transformed(self, targets: list[str]) -> Made:
        """Provenance of this very translation (MSH[Provenance-Transformation]). When it is made is not in the message,
        and a pure function knows no time: `recorded` says so."""
        code = {"system": _TRANSFORMED, "code": "v2-fhir-transformation"}
        body = _provenance(targets, {"coding": [code]})
        body["_recorded"] = {"extension": [{"url": _ABSENT, "valueCode": "not-applicable"}]}
        body["agent"] = [_agent("assembler", {"display": "codedark"})]
        body["entity"] = [self._entry()]
        return self._provenance(body, "MSH[1].9")

    def _entry(self) -> Json:
        where = self._reading.pointer("MSH[1]").partition("#")[0]
        return {"role": "source", "what": {"identifier": {"system": "urn:ietf:rfc:3986", "value": where}}}

    def event(self, evn: Segment, targets: list[str]) -> Made:
        """Provenance of EVN: what happened, when, why, and who entered it where."""
        reading = self._reading
        code = "^".join(word for word in (reading.family, reading.trigger) if word)
        body = _provenance(targets, {"coding": [{"display": code}]})
        reading.put(body, "recorded", evn, 2, instant=True)
        reading.put(body, "occurredDateTime", evn, 6)
        if is_valued(evn, 4) and (reason := translated(first_rep(evn, 4), "HL70062", tables.EVENT_REASON)):
            body["reason"] = [reason]
        if who := [self._directory.person(rep) for rep in reps(evn, 5)]:
            body["agent"] = [{"who": each} for each in who if each]
        if is_valued(evn, 7) and (house := self._directory.authority(first_rep(evn, 7))):
            body["location"] = {"display": house["display"]}
        return self._provenance(body, evn.path)

    def order(self, orc: Segment, targets: list[str]) -> Made:
        """Provenance of an ORC: who entered, verified, ordered and did it."""
        code = _ACTIVITY.get(text_of(orc, 1), "")
        activity: Json = {"coding": [{"system": _OPERATION, "code": code}]} if code else {}
        body = _provenance(targets, activity)
        self._reading.put(body, "recorded", orc, 9, instant=True)
        self._reading.put(body, "occurredDateTime", orc, 9)
        agents: list[Json] = []
        for number, kind in ((10, "enterer"), (11, "verifier"), (12, "author"), (19, "performer")):
            agents += [_agent(kind, who) for who in map(self._directory.person, reps(orc, number)) if who]
        if agents:
            body["agent"] = agents
        return self._provenance(body, orc.path)

    def document(self, txa: Segment, targets: list[str]) -> Made:
        """Provenance of a TXA: who wrote and changed it, and why."""
        body = _provenance(targets, {})
        self._reading.put(body, "recorded", txa, 8, instant=True)
        if is_valued(txa, 21):
            body["reason"] = [{"text": txa.whole(21)}]
        agents = [_agent("author", who) for who in map(self._directory.person, reps(txa, 9)) if who]
        if agents:
            body["agent"] = agents
        return self._provenance(body, txa.path)

    def updated(self, pid: Segment, targets: list[str]) -> Made:
        """Provenance of a person's record as the message leaves it: who changed it last, and when (PID-33, PID-34)."""
        body = _provenance(targets, {"coding": [{"system": _OPERATION, "code": "UPDATE"}]})
        self._reading.put(body, "recorded", pid, 33, instant=True)
        self._reading.put(body, "occurredDateTime", pid, 33)
        if "recorded" not in body and "_recorded" not in body:
            body["_recorded"] = {"extension": [_UNKNOWN]}
        if is_valued(pid, 34) and (who := self._directory.authority(first_rep(pid, 34))):
            body["agent"] = [_agent("performer", who)]
        return self._provenance(body, pid.path)

    def _provenance(self, body: Json, path: str) -> Made:
        """A Provenance with all that R4 asks for: what it is about (else the message), when it was written down (else
        said to be unknown), and whose word it is (else the sender's)."""
        if not body["target"]:
            body["target"] = [{"reference": f"MessageHeader/{self._place('MessageHeader', 'MSH[1]')}"}]
        if "recorded" not in body and "_recorded" not in body:
            self._reading.put(body, "recorded", self._reading.message.header, 7, instant=True)
        if "recorded" not in body and "_recorded" not in body:
            body["_recorded"] = {"extension": [_UNKNOWN]}
        if not body.get("agent"):
            sender = self._directory.authority(first_rep(self._reading.message.header, 4))
            body["agent"] = [{"who": sender or {"display": self._reading.sender or "not named"}}]
        return Made("Provenance", self._place("Provenance", path), body, path)

    def kin(self, nk1: Segment, patient: str) -> Made | None:
        """RelatedPerson of an NK1."""
        body = related_person(self._reading, nk1)
        if not body:
            return None
        body["patient"] = {"reference": f"Patient/{patient}"}
        return Made("RelatedPerson", self._place("RelatedPerson", nk1.path), body, nk1.path)

    def mothers(self, pid: Segment, patient: str) -> Iterator[Made]:
        """RelatedPerson of each PID-21: the mother, by number only (CX[RelatedPerson-Mother])."""
        kind = {"coding": [{"system": _ROLE, "code": "MTH", "display": "mother"}]}
        for rep in reps(pid, 21) if is_valued(pid, 21) else ():
            if identifier := identifier_cx(rep):
                body: Json = {"identifier": [identifier], "relationship": [kind]}
                body["patient"] = {"reference": f"Patient/{patient}"}
                identity = self._reading.id_of("RelatedPerson", self._reading.authority(rep, 4), part(rep, 1))
                yield Made("RelatedPerson", identity, body, pid.path)

    def account(self, pid: Segment, patient: str) -> Made | None:
        """Account of PID-18."""
        identifier = identifier_cx(first_rep(pid, 18)) if is_valued(pid, 18) else {}
        if not identifier:
            return None
        body: Json = {"identifier": [identifier], "status": "active"}
        body["subject"] = [{"reference": f"Patient/{patient}"}]
        rep = first_rep(pid, 18)
        identity = self._reading.id_of("Account", self._reading.authority(rep, 4), part(rep, 1))
        return Made("Account", identity, body, pid.path)

    def episode(self, pv1: Segment, patient: str) -> Made | None:
        """EpisodeOfCare of PV1-54. Whether it goes on is not said."""
        rep = first_rep(pv1, 54)
        identifier = identifier_cx(rep) if is_valued(pv1, 54) else {}
        if not identifier:
            return None
        body: Json = {"identifier": [identifier], "_status": {"extension": [_UNKNOWN]}}
        body["patient"] = {"reference": f"Patient/{patient}"}
        identity = self._reading.id_of("EpisodeOfCare", self._reading.authority(rep, 4), part(rep, 1))
        return Made("EpisodeOfCare", identity, body, pv1.path)

    def coverage(self, in1: Segment, patient: str) -> Made:
        """Coverage of an IN1."""
        reading = self._reading
        body: Json = {"status": "active", "beneficiary": {"reference": f"Patient/{patient}"}}
        plan = first_rep(in1, 2)
        if part(plan, 1):
            body["identifier"] = [{"value": part(plan, 1)}]
        if kind := concept(first_rep(in1, 15)) if is_valued(in1, 15) else {}:
            body["type"] = kind
        if holder := self._directory.house(first_rep(in1, 11)):
            body["policyHolder"] = holder
        if insured := self._subscriber(in1, patient):
            body["subscriber"] = insured
        for number in (49, 10):
            if number_of := identifier_cx(first_rep(in1, number)) if is_valued(in1, number) else {}:
                body["subscriberId"] = number_of["value"]
                body.setdefault("extension", []).append({"url": _SUBSCRIBER, "valueIdentifier": number_of})
                break
        if relation := translated(first_rep(in1, 17), "HL70063", tables.RELATIONSHIP) if is_valued(in1, 17) else {}:
            body["relationship"] = relation
        period: Json = {}
        reading.put(period, "start", in1, 12)
        reading.put(period, "end", in1, 13)
        if period:
            body["period"] = period
        body["payor"] = [self._directory.house(first_rep(in1, 4)) or {"display": joined(plan, 2) or "not named"}]
        return Made("Coverage", self._place("Coverage", in1.path), body, in1.path)

    def insured(self, in1: Segment, patient: str) -> Made | None:
        """RelatedPerson of IN1-16: the subscriber, by name only, where it is not the patient (IN1-17)."""
        name = human_name(first_rep(in1, 16)) if is_valued(in1, 16) and not _is_patient(in1) else {}
        if not name:
            return None
        body: Json = {"patient": {"reference": f"Patient/{patient}"}, "name": [name]}
        return Made("RelatedPerson", self._place("RelatedPerson", in1.path), body, in1.path)

    def _subscriber(self, in1: Segment, patient: str) -> Json:
        if is_valued(in1, 16) and _is_patient(in1):
            return {"reference": f"Patient/{patient}"}
        if (other := self.insured(in1, patient)) is None:
            return {}
        name = other.body["name"][0]
        words = " ".join(word for word in (*name.get("given", ()), name.get("family", "")) if word)
        return {"reference": f"RelatedPerson/{other.id}"} | ({"display": words} if words else {})

    def _place(self, kind: str, path: str) -> str:
        return self._reading.id_of_place(kind, path)


def _is_patient(in1: Segment) -> bool:
    return part(first_rep(in1, 17), 1).upper() in ("SEL", "18", "01")


def _provenance(targets: list[str], activity: Json) -> Json:
    body: Json = {"target": [{"reference": target} for target in targets]}
    return body | ({"activity": activity} if activity else {})


def _agent(kind: str, who: Json) -> Json:
    return {"type": {"coding": [{"system": _AGENT, "code": kind}]}, "who": who}


def _endpoint(rep: Rep) -> Json:
    """The address of an application by HD[MessageHeader.source-endpoint]; said to be unknown where it has none."""
    prefix = {"ISO": "urn:oid:", "UUID": "urn:uuid:", "DNS": "urn:dns:", "URI": "urn:uri:"}.get(part(rep, 3), "")
    if prefix and part(rep, 2):
        return {"endpoint": prefix + part(rep, 2)}
    return {"_endpoint": {"extension": [_UNKNOWN]}}


def _meta(msh: Segment) -> Json:
    """What it is for (MSH-11), and how confidential (MSH-8, -26, -27)."""
    out: Json = {"tag": tags} if (tags := _processing(msh)) else {}
    labels = [{"display": text_of(msh, 8)}] if is_valued(msh, 8) else []
    for number in (26, 27):
        for rep in reps(msh, number):
            labels += [said] if (said := coding(part(rep, 1), part(rep, 2), part(rep, 3))) else []
    return out | ({"security": labels} if labels else {})


def _processing(msh: Segment) -> list[Json]:
    rep = first_rep(msh, 11)
    found: Iterator[tuple[int, str]] = iter(((1, "0103"), (2, "0207")))
    return [{"system": V2 + table, "code": part(rep, number)} for number, table in found if part(rep, number)]
