"""The read log as FHIR AuditEvents, for who may see it. Looking at it is in it too.

Source: R4 4.0.1 auditevent.html; shapes after IHE BALP 1.1.3 (PatientRead, Query): a look at a patient is a read of
what that patient's id names, a search is a query without its words. `unlogged` rows say how many looks were not kept.
"""

from __future__ import annotations

from typing import Any

from codedark.actions import ReadLog, view_read_log
from codedark.errors import NotFound
from codedark.fhir import encode
from codedark.views import ReadRow
from codedark.web.api.asking import Call, Reply
from codedark.web.api.dressing import instant as written
from codedark.web.api.matching import in_time, instant, wish
from codedark.web.api.outcome import Declined, lost, outcome
from codedark.web.api.parameters import Kind, Parameter
from codedark.web.api.query import DEFAULT_COUNT, MOST, unknown_words

Json = dict[str, Any]

NEWEST = 20_000
"""So many rows of the log, the newest, are looked through."""
_KNOWN = frozenset({"patient", "agent", "date", "_count", "_format", "_pretty", "_before"})
_TYPE = {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest", "display": "RESTful"}
_READ = {"system": "http://hl7.org/fhir/restful-interaction", "code": "read", "display": "read"}
_QUERY = {"system": "http://hl7.org/fhir/restful-interaction", "code": "search", "display": "search"}
_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_PAGES = {
    "system": "http://terminology.hl7.org/CodeSystem/audit-event-type",
    "code": "object",
    "display": "Object",
}


def answer(call: Call) -> Reply:
    """GET /AuditEvent and /AuditEvent/ID. Raises `Declined`, ActionRefused."""
    if call.asked.method != "GET" or len(call.asked.path) > 2:
        raise Declined(405, "not-supported", "The read log is only read.", (("Allow", "GET, HEAD"),))
    if len(call.asked.path) == 2:
        rows = _looked(call).rows
        row = next((each for each in rows if str(each.position) == call.asked.path[1]), None)
        if row is None:
            raise lost()
        return Reply(200, encode(event(row, call.record.as_of().facility)))
    return _searched(call)


def _looked(call: Call) -> ReadLog:
    return view_read_log(call.deeds, call.session, NEWEST)


def _searched(call: Call) -> Reply:
    unknown = [name for name, _ in call.asked.pairs if name not in _KNOWN]
    if unknown and call.asked.strict():
        raise Declined(400, "not-supported", unknown_words(unknown))
    asked = dict(call.asked.pairs)
    for name, value in call.asked.pairs:
        if name == "date":
            wish("date", "", value, Parameter(Kind.DATE, ()))
    dates = [value for name, value in call.asked.pairs if name == "date"]
    patient, agent = _last(asked.get("patient", "")), asked.get("agent", "").rpartition("|")[2]
    count = min(_number(asked.get("_count", ""), DEFAULT_COUNT), MOST)
    before = _number(asked.get("_before", ""), 0)
    rows = [
        row
        for row in _looked(call).rows
        if (not patient or row.patient in _same(call, patient))
        and (not agent or row.person == agent)
        and (not before or row.position < before)
        and all(in_time(instant(row.recorded_at_us), each, call.zone) for each in dates)
    ]
    shown = rows[:count]
    links = [{"relation": "self", "url": call.link("AuditEvent")}]
    if len(rows) > count and not (patient or agent or dates):
        links.append({"relation": "next", "url": call.link(f"AuditEvent?_count={count}&_before={shown[-1].position}")})
    facility = call.record.as_of().facility
    entries: list[Json] = [
        {"fullUrl": call.link(f"AuditEvent/{row.position}"), "resource": event(row, facility),
         "search": {"mode": "match"}}
        for row in shown
    ]  # fmt: skip
    if unknown:
        told = outcome("warning", "not-supported", unknown_words(unknown))
        entries.append({"resource": told, "search": {"mode": "outcome"}})
    head = {"resourceType": "Bundle", "type": "searchset", "total": len(rows), "link": links}
    return Reply(200, encode(head | ({"entry": entries} if entries else {})))


def event(row: ReadRow, facility: str) -> Json:
    """One row of the read log."""
    search = row.what.endswith("search")
    told: Json = {
        "resourceType": "AuditEvent",
        "id": str(row.position),
        "type": _TYPE if row.what.startswith("fhir") else _PAGES,
        "subtype": [_QUERY if search else _READ],
        "action": "E" if search else "R",
        "recorded": written(row.recorded_at_us),
        "outcome": "0",
        "agent": [_agent(row)],
        "source": {"observer": {"display": facility or "codedark"}},
        "entity": [{"name": row.what, **_patient(row)}],
    }
    if row.what == "unlogged":
        told |= {"outcome": "4", "outcomeDesc": row.reason}
    elif row.reason:
        told["purposeOfEvent"] = [{"text": row.reason}]
    return told


def _agent(row: ReadRow) -> Json:
    kind = {"coding": [{"system": _DCM, "code": "110153", "display": "Source Role ID"}]}
    if not row.person:
        return {"type": kind, "who": {"display": "not known"}, "requestor": True}
    who = {"identifier": {"system": "urn:codedark:person", "value": row.person}}
    return {"type": kind, "who": who, "requestor": True, **({"location": {"display": row.unit}} if row.unit else {})}


def _patient(row: ReadRow) -> Json:
    if not row.patient:
        return {"what": {"display": row.what}}
    return {
        "what": {"reference": f"Patient/{row.patient}"},
        "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-entity-type", "code": "1"},
        "role": {"system": "http://terminology.hl7.org/CodeSystem/object-role", "code": "1"},
    }


def _same(call: Call, patient: str) -> frozenset[str]:
    """The ids of one patient, merged records too."""
    try:
        whose = call.holdings.whose(patient)
    except NotFound:
        return frozenset({patient})
    return frozenset({whose.patient, *whose.absorbed})


def _last(reference: str) -> str:
    return reference.rpartition("/")[2]


def _number(text: str, plain: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 19 else plain
