"""The read log as FHIR R4 AuditEvents, in the shapes of IHE BALP 1.1 (profiles.ihe.net/ITI/BALP). Pure.

Nothing is kept for it: every event is made from the ledgers, and the same ledgers make the same events. A read claims
the profile `IHE.BasicAudit.PatientRead`, or `Read` where no one patient is meant; a search claims `Query`, with a query
that says that its words are not kept. BALP has no profile for what leaves on paper or as a file (DICOM 110106 Export)
nor for a broken glass: two events of type DICOM 110113 Security Alert, 110127 Emergency Override Started and 110138
Emergency Override Stopped (DICOM PS3.16, CID 403).
"""

from __future__ import annotations

import base64
import ipaddress
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from codedark.views import OVERRIDE_STARTED, OVERRIDE_STOPPED, PRINTED, Account, ReadRow, Record, SessionRow

_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_HL7 = "http://terminology.hl7.org/CodeSystem"
_BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit"
_REST = {"system": f"{_HL7}/audit-event-type", "code": "rest", "display": "Restful Operation"}
_EXPORT = {"system": _DCM, "code": "110106", "display": "Export"}
_ALERT = {"system": _DCM, "code": "110113", "display": "Security Alert"}
_BREAK_GLASS = {"system": f"{_HL7}/v3-ActReason", "code": "BTG", "display": "break the glass"}
_STARTED = {"system": _DCM, "code": "110127", "display": "Emergency Override Started"}
_STOPPED = {"system": _DCM, "code": "110138", "display": "Emergency Override Stopped"}
_STOPPED_RECORDING = {"system": _DCM, "code": "110133", "display": "Audit Recording Stopped"}
_LOG_USED = {"system": _DCM, "code": "110101", "display": "Audit Log Used"}
_PERSON, _THING = ({"system": f"{_HL7}/audit-entity-type", "code": code} for code in "12")
_SUCCESS, _GAP = "0", "8"
_WORDS_NOT_KEPT = b"search for patients; its words are not kept"
LEAVES = frozenset({"pack", "export", PRINTED})
"""What leaves the node, on paper or as a file."""
_SEARCHES = frozenset({"search", "fhir search"})
_OUTSIDE = frozenset({"chart", "message"})
"""Looks that ask for a reason outside the reader's units."""


@dataclass(frozen=True, slots=True)
class Auditor:
    """Who tells: the facility, and who is who. `sessions` by id, `people` by id."""

    facility: str
    name: str
    sessions: Mapping[str, SessionRow]
    people: Mapping[str, Account]

    def named(self, row: ReadRow) -> str:
        """The reader's name; of an envelope as claimed; "" where nobody can say."""
        session = self.sessions.get(row.session)
        if session is not None and session.claimed_name:
            return session.claimed_name
        account = self.people.get(row.person)
        return account.name if account else ""

    @classmethod
    def of(cls, record: Record) -> Auditor:
        """As the record knows them now."""
        facility = record.settings().get("facility.id")
        sessions = {one.session: one for one in record.sessions()}
        people = {one.person: one for one in record.accounts()}
        return cls(facility if isinstance(facility, str) else "", record.as_of().facility, sessions, people)


def audit_events(rows: Iterable[ReadRow], auditor: Auditor) -> Iterator[dict[str, Any]]:
    """The events of these rows in their order. A look outside the reader's units is three: the glass, the read, the
    glass again."""
    for row in rows:
        if row.what in (OVERRIDE_STARTED, OVERRIDE_STOPPED):
            yield _override(row, auditor, f"override-{row.session}", row.what == OVERRIDE_STARTED)
        elif _outside(row):
            name = f"override-{row.position}"
            yield _override(row, auditor, name, started=True)
            yield _look(row, auditor)
            yield _override(row, auditor, name, started=False)
        else:
            yield _look(row, auditor)


def ndjson(events: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """One event a line, in ASCII: no name can steer a terminal that shows the file."""
    for event in events:
        yield json.dumps(event, separators=(",", ":")).encode() + b"\n"


def _outside(row: ReadRow) -> bool:
    return bool(row.reason) and row.what in _OUTSIDE


def _look(row: ReadRow, auditor: Auditor) -> dict[str, Any]:
    if row.what == "unlogged":
        return _gap(row, auditor)
    if row.what in LEAVES:
        return _leaves(row, auditor)
    search = row.what in _SEARCHES
    profile = "Query" if search else "PatientRead" if row.patient else "Read"
    coded = "search" if search else "read"
    subtypes = [{"system": "http://hl7.org/fhir/restful-interaction", "code": coded, "display": coded}]
    if row.what == "reads":
        subtypes.append(_LOG_USED)
    asked = {"type": _THING, "role": _role("24", "Query"), "query": base64.b64encode(_WORDS_NOT_KEPT).decode()}
    entities = [asked] if search else [*_patient(row), _shown(row)]
    event = _event(f"read-{row.position}", row, auditor, _REST, subtypes, entities)
    return event | {"meta": {"profile": [f"{_BALP}.{profile}"]}, "action": "E" if search else "R"}


def _leaves(row: ReadRow, auditor: Auditor) -> dict[str, Any]:
    named = f"sheets-{row.position}-{row.patient}" if row.what == PRINTED else f"read-{row.position}"
    entities = [*_patient(row), *_unit(row), _shown(row)]
    return _event(named, row, auditor, _EXPORT, [], entities) | {"action": "R"}


def _gap(row: ReadRow, auditor: Auditor) -> dict[str, Any]:
    """Records were opened while nothing could be kept."""
    event = _event(f"read-{row.position}", row, auditor, _ALERT, [_STOPPED_RECORDING], [])
    return event | {"action": "E", "outcome": _GAP, "outcomeDesc": row.reason}


def _override(row: ReadRow, auditor: Auditor, name: str, started: bool) -> dict[str, Any]:
    session = auditor.sessions.get(row.session)
    entities = [*_patient(row), *_unit(row)]
    if session is not None and session.witness and entities:
        entities[-1] |= {"detail": [{"type": "witness", "valueString": session.witness}]}
    named = f"{name}-{'started' if started else 'stopped'}"
    event = _event(named, row, auditor, _ALERT, [_STARTED if started else _STOPPED], entities)
    return event | {"action": "E", "purposeOfEvent": [_glass(row)]}


def _event(
    name: str,
    row: ReadRow,
    auditor: Auditor,
    kind: dict[str, str],
    subtypes: list[dict[str, str]],
    entities: list[dict[str, Any]],
) -> dict[str, Any]:
    """What every event says. `id` is the same whenever the same row is told."""
    here = _coded("urn:codedark:facility", auditor.facility)
    event: dict[str, Any] = {
        "resourceType": "AuditEvent", "id": name, "type": kind, "recorded": _instant(row.recorded_at_us),
        "outcome": _SUCCESS, "agent": _agents(row, auditor),
        "source": {
            "site": auditor.name, "observer": {"identifier": here, "display": auditor.name or auditor.facility},
            "type": [{"system": f"{_HL7}/security-source-type", "code": "4", "display": "Application Server"}],
        },
    }  # fmt: skip
    if subtypes:
        event["subtype"] = subtypes
    if entities:
        event["entity"] = entities
    if _outside(row):
        event["purposeOfEvent"] = [_glass(row)]
    return event


def _agents(row: ReadRow, auditor: Auditor) -> list[dict[str, Any]]:
    """The screen, this node, and the person. The screen asks, so in a search it is the source (BALP, as in REST)."""
    session = auditor.sessions.get(row.session)
    device, search = session.device if session else "", row.what in _SEARCHES
    screen, node = ("110153", "110152") if search else ("110152", "110153")
    here = {"identifier": _coded("urn:codedark:facility", auditor.facility)}
    agents: list[dict[str, Any]] = [
        {
            "type": _role_id(screen), "who": {"display": device or "not recorded"}, "requestor": False,
            "network": {"address": device or "not recorded", "type": _network(device)},
        },
        {
            "type": _role_id(node), "who": here, "requestor": False,
            "network": {"address": auditor.facility, "type": "1"},
        },
    ]  # fmt: skip
    if row.person:
        agents.append(_reader(row, auditor, session))
    return agents


def _reader(row: ReadRow, auditor: Auditor, session: SessionRow | None) -> dict[str, Any]:
    recipient = {"system": f"{_HL7}/v3-ParticipationType", "code": "IRCP", "display": "information recipient"}
    name = auditor.named(row)
    who: dict[str, Any] = {"identifier": _coded("urn:codedark:person", row.person)}
    said: dict[str, Any] = {"type": {"coding": [recipient]}, "who": who, "requestor": True}
    if name:
        who["display"] = said["name"] = name
    if _outside(row) or (session is not None and session.basis == "envelope"):
        said["purposeOfUse"] = [{"coding": [_BREAK_GLASS]}]
    return said


def _patient(row: ReadRow) -> list[dict[str, Any]]:
    if not row.patient:
        return []
    return [{"what": {"reference": f"Patient/{row.patient}"}, "type": _PERSON, "role": _role("1", "Patient")}]


def _unit(row: ReadRow) -> list[dict[str, Any]]:
    if not row.unit:
        return []
    where = {"identifier": _coded("urn:codedark:unit", row.unit)}
    return [{"what": where, "type": _THING, "role": _role("4", "Domain Resource")}]


def _shown(row: ReadRow) -> dict[str, Any]:
    """What was shown: which page, as of which entry, by which fold version."""
    what = {"identifier": _coded("urn:codedark:as-of", f"{row.shown_position}"), "display": row.what}
    said = {"what": what, "type": _THING, "role": _role("4", "Domain Resource")}
    about = [f"unit {row.unit}"] * bool(row.unit) + [f"fold {row.fold}"] * bool(row.fold)
    return said | ({"description": ", ".join(about)} if about else {})


def _glass(row: ReadRow) -> dict[str, Any]:
    said: dict[str, Any] = {"coding": [_BREAK_GLASS]}
    return said | ({"text": row.reason} if row.reason else {})


def _role(code: str, display: str) -> dict[str, str]:
    return {"system": f"{_HL7}/object-role", "code": code, "display": display}


def _role_id(code: str) -> dict[str, Any]:
    words = {"110152": "Destination Role ID", "110153": "Source Role ID"}
    return {"coding": [{"system": _DCM, "code": code, "display": words[code]}]}


def _coded(system: str, value: str) -> dict[str, str]:
    return {"system": system, "value": value}


def _network(address: str) -> str:
    """AuditEvent.agent.network.type: 2 is an IP address, 1 a name."""
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return "1"
    return "2"


def _instant(us: int) -> str:
    return datetime.fromtimestamp(us / 1e6, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
