"""OBR with its OBX, NTE and SPM as DiagnosticReport, Observation and Specimen facts (V2-to-FHIR: ORU_R01, OBR, SPM).

A report's identity is the filler number with its service code (one number may carry several panels), else the placer
number, else patient, service and time. Its own time is OBR-22, so of two messages about one result the later report
wins, then the later message; a higher result status beats both.
"""

from __future__ import annotations

from codedark.entries import tables
from codedark.entries.datatypes import Json, Rep, concept, joined, part, person
from codedark.entries.facts import Standing
from codedark.entries.moments import Moment, put_time
from codedark.entries.v2.observations import IMAGING, LABORATORY, PANEL, STANDING, VITALS, Panel, read_observation
from codedark.entries.v2.orders import (
    OrderGroup,
    annotation,
    numbers,
    order_id,
    order_identifiers,
    order_notes,
    order_security,
)
from codedark.entries.v2.reading import Reading, Specimens, first_rep, is_valued, reps, text_of
from codedark.entries.v2.requests import read_reported_order
from codedark.entries.v2.specimens import read_specimens
from codedark.hl7 import Segment

_NOTE = "http://hl7.org/fhir/5.0/StructureDefinition/extension-DiagnosticReport.note"
_SECTION = "http://terminology.hl7.org/CodeSystem/v2-0074"
_IMAGING = frozenset(["RAD", "CUS", "CT", "NMR", "NMS", "RUS", "RX", "XRC", "MRI", "VUS", "ICU_XR"])
_NOT_LABORATORY = (
    frozenset(["EC", "EN", "CTH", "CP", "PF", "NRS", "PHR", "OTH", "PAR", "PT", "OT", "RC", "RT", "SR", "VR"])
    | _IMAGING
)
_JOINABLE = frozenset({"TX", "FT", "ST"})


def read_report(reading: Reading, group: OrderGroup) -> None:
    """One OBR of an ORU or OUL with everything below it."""
    obr = group.obr
    if obr is None:
        read_loose_observations(reading, group.segments)
        return
    code = concept(first_rep(obr, 4), reading.codes("service")) if is_valued(obr, 4) else {}
    specimens = read_specimens(reading, group)
    panel = _panel(reading, group, obr, code, specimens)
    results = _observations(reading, panel, group.segments)
    if code:
        _report(reading, group, obr, panel, code, results)
    else:
        reading.problem(obr.path, "a report that names no service", kind="DiagnosticReport")
    read_reported_order(reading, group)


def _panel(reading: Reading, group: OrderGroup, obr: Segment, code: Json, specimens: Specimens) -> Panel:
    (placer_by, placer), (filler_by, filler) = numbers(reading, group)
    service = part(first_rep(obr, 4), 1) or code.get("text", "")
    name, parent = code.get("text", ""), ""
    if is_valued(obr, 26):
        parent, of, words = _parent(reading, obr)
        # Susceptibilities of two isolates share number and service: only the parent result tells them apart.
        service, name = f"{service} of {of}", f"{name}: {words}" if words else name
    key = ("", "")
    if filler:
        key = (f"filler {filler_by}", f"{filler} {service}")
    elif placer:
        key = (f"placer {placer_by}", f"{placer} {service}")
    reported = reading.moment(obr, 22)
    return Panel(
        key=key,
        name=name,
        at=reading.moment(obr, 7),
        reported_us=reported.at_us if reported is not None else None,
        category=_category(text_of(obr, 24), part(first_rep(obr, 4), 1)),
        request=order_id(reading, group, "ServiceRequest") if placer else "",
        specimens=specimens,
        parent=parent,
    )


def _parent(reading: Reading, obr: Segment) -> tuple[str, str, str]:
    """(id of the parent result if this message has it, what names it, its value in words) of OBR-26: the OBX-3 and
    OBX-4 of that result, and the words of its OBX-5."""
    rep = first_rep(obr, 26)
    code, sub = part(rep, 1), part(rep, 2)
    identity, body = reading.named.get((code, sub), ("", {}))
    said = body.get("valueCodeableConcept", {}).get("text") or body.get("valueString") or joined(rep, 3)
    return identity, f"{code} {sub}".strip(), said


def _category(section: str, service: str) -> Json | None:
    if service in tables.VITAL_SIGNS:
        return VITALS
    if section in _IMAGING:
        return IMAGING
    return None if section in _NOT_LABORATORY else LABORATORY


def _report(reading: Reading, group: OrderGroup, obr: Segment, panel: Panel, code: Json, results: list[str]) -> None:
    said = text_of(obr, 25)
    status = tables.REPORT_STATUS.get(said) or tables.REPORT_STATUS_HERE.get(said, "unknown")
    body: Json = reading.subject({"status": status, "code": code})
    if identifiers := order_identifiers(reading, group):
        body["identifier"] = identifiers
    section = text_of(obr, 24)
    if section:
        body["category"] = [{"coding": [{"system": _SECTION, "code": section}]}]
    start = _effective(reading, body, obr)
    reading.put(body, "issued", obr, 22, instant=True)
    _people(body, obr)
    order_security(body, group)
    if panel.request:
        body["basedOn"] = [{"reference": f"ServiceRequest/{panel.request}"}]
    if panel.specimens.first:
        body["specimen"] = [{"reference": f"Specimen/{panel.specimens.first}"}]
    if results:
        body["result"] = [{"reference": f"Observation/{identity}"} for identity in results]
    notes = [{"text": f"specimen rejected: {why}"} for why in panel.specimens.rejected]
    extensions = [{"url": _NOTE, "valueAnnotation": note} for note in notes + order_notes(reading, group)]
    if panel.name != code.get("text", ""):
        extensions.append({"url": PANEL, "valueString": panel.name})
    if extensions:
        body["extension"] = extensions
    if panel.key[1]:
        identity = reading.id_of("DiagnosticReport", *panel.key)
    elif reading.patient and start is not None:
        identity = reading.id_of("DiagnosticReport", reading.patient, f"{panel.name} {start.at_us}")
    else:
        identity = reading.id_of_place("DiagnosticReport", obr.path)
    seen = reading.results.get(identity, 0)
    reading.results[identity] = seen + 1
    if seen:  # two panels of one number and service in one message are two
        identity = reading.id_of("DiagnosticReport", identity, str(seen))
    at = panel.reported_us if panel.reported_us is not None else reading.said_us
    ranked = reading.rank(STANDING.get(status, Standing.PLAIN), at)
    reading.claim(obr.path, "DiagnosticReport", identity, body, ranked=ranked, at_us=at)


def _effective(reading: Reading, body: Json, obr: Segment) -> Moment | None:
    """OBR-7, or the period from OBR-7 to OBR-8 when that is later."""
    start = reading.moment(obr, 7)
    end = reading.moment(obr, 8) if start is not None and is_valued(obr, 8) else None
    if end is None or start is None or (end.at_us or 0) <= (start.at_us or 0):
        put_time(body, "effectiveDateTime", start)
        return start
    period: Json = {}
    put_time(period, "start", start)
    put_time(period, "end", end)
    body["effectivePeriod"] = period
    return start


def _people(body: Json, obr: Segment) -> None:
    """Who interpreted it (OBR-32, OBR-33), who did and who wrote it down (OBR-34, OBR-35)."""
    if len(obr.fields) <= 32:
        return
    readers = [who for field in (32, 33) for who in _named_all(obr, field)]
    makers = [who for field in (34, 35) for who in _named_all(obr, field)]
    if readers:
        body["resultsInterpreter"] = readers
    if makers:
        body["performer"] = makers


def _named_all(obr: Segment, field: int) -> list[Json]:
    return [who for who in (_named(rep) for rep in reps(obr, field)) if who]


def _named(rep: Rep) -> Json:
    """A person in an NDL, whose first component is itself a name (CNN): id & family & given."""
    subs = rep[0]
    return person(tuple((text,) for text in subs)) if len(subs) > 1 else person(rep)


def _observations(reading: Reading, panel: Panel, segments: list[Segment]) -> list[str]:
    """Group OBX rows of one text, number twins, give each its NTE; the ids in order."""
    rows: list[tuple[list[Segment], list[Json]]] = []
    started = False
    for segment in segments:
        if segment.name == "OBX":
            started = True
            if rows and _continues(rows[-1][0][-1], segment):
                rows[-1][0].append(segment)
            else:
                rows.append(([segment], []))
        elif segment.name == "NTE" and started and (note := annotation(reading, segment)):
            rows[-1][1].append(note)
    seen: dict[tuple[str, str, str], int] = {}
    numbered = _numbered(rows)
    ids = []
    for row, notes in rows:
        key = (row[0].field(3), row[0].field(4), row[0].field(14))
        twin = seen.get(key, 0)
        seen[key] = twin + 1
        if identity := read_observation(reading, panel, row, notes, twin, numbered=numbered):
            ids.append(identity)
    return ids


def _numbered(rows: list[tuple[list[Segment], list[Json]]]) -> bool:
    """Whether one name stands under two sub-ids (OBX-4): then the sub-id says which isolate, site or twin is meant."""
    subs: dict[str, str] = {}
    return any((sub := row[0].field(4)) and subs.setdefault(row[0].field(3), sub) != sub for row, _ in rows)


def _continues(before: Segment, after: Segment) -> bool:
    """Whether an OBX is the next line of the text above it: same code, sub-id, kind and status, both text."""
    if text_of(after, 2) not in _JOINABLE:
        return False
    return all(before.field(number) == after.field(number) for number in (2, 3, 4, 11, 14))


def read_loose_observations(reading: Reading, segments: list[Segment]) -> None:
    """OBX without an OBR (in ADT, ORM, VXU, MDM): weight, code status, answers asked at order entry."""
    if any(segment.name == "OBX" for segment in segments):
        _observations(reading, Panel(at=None), segments)
