"""What a chart lists beside orders and problems; what isolates a patient, and who needs an interpreter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from views_tape import KEY, Tape, Views, fact, patient, stay

from codedark.views import Event, Fold, Record, ViewStore

LISTED: list[tuple[str, dict[str, Any], tuple[str, str, str, str, str]]] = [
    (
        "Appointment",
        {
            "status": "booked",
            "start": "2026-11-25T09:00:00-05:00",
            "serviceType": [{"text": "Echo"}],
            "participant": [{"actor": {"reference": "Patient/p1"}}, {"actor": {"display": "Room 3"}}],
            "reasonCode": [{"text": "murmur"}],
        },
        ("appointment", "Echo", "booked", "Room 3", "murmur"),
    ),
    (
        "Goal",
        {
            "lifecycleStatus": "active",
            "description": {"text": "walks to the door"},
            "startDate": "2026-11-20",
            "target": [{"dueDate": "2026-11-30"}],
        },
        ("goal", "walks to the door", "active", "", "due 2026-11-30"),
    ),
    (
        "Procedure",
        {
            "status": "completed",
            "code": {"text": "Thoracentesis"},
            "performedDateTime": "2026-11-23",
            "performer": [{"actor": {"display": "A. Okafor"}}],
            "bodySite": [{"text": "left"}],
        },
        ("procedure", "Thoracentesis", "completed", "A. Okafor", "left"),
    ),
    (
        "Immunization",
        {
            "status": "not-done",
            "vaccineCode": {"text": "Influenza"},
            "lotNumber": "L7",
            "statusReason": {"text": "refused"},
            "expirationDate": "2027-05-01",
            "occurrenceDateTime": "2026-11-22",
        },
        ("vaccine", "Influenza", "not-done", "", "lot L7 · expires 2027-05-01 · refused"),
    ),
    (
        "MedicationDispense",
        {
            "status": "completed",
            "medicationCodeableConcept": {"text": "Amoxicillin"},
            "whenHandedOver": "2026-11-22",
            "quantity": {"value": 21, "unit": "tablets"},
        },
        ("dispense", "Amoxicillin", "completed", "", "21 tablets"),
    ),
    (
        "Specimen",
        {"status": "unsatisfactory", "type": {"text": "Blood"}, "condition": [{"text": "hemolyzed"}]},
        ("specimen", "Blood", "rejected", "", "hemolyzed"),
    ),
]


@pytest.fixture(autouse=True)
def marlowe(tape: Tape) -> None:
    """One patient in 4W."""
    tape.facts(patient("p1", "Marlowe"), stay("e1", "p1", "4W^01^A"), topics=["adt"])


def listed(views: Views) -> list[Event]:
    return list(views.caught_up().chart("p1").events)


@pytest.mark.parametrize(("kind", "body", "expected"), LISTED)
def test_each_is_listed_with_what_a_ward_asks_of_it(
    views: Views, kind: str, body: dict[str, Any], expected: tuple[str, str, str, str, str]
) -> None:
    views.tape.facts(fact(kind, "x1", "p1", body))
    (event,) = listed(views)
    assert (event.kind, event.name, event.status, event.by, event.detail) == expected


@pytest.mark.parametrize(("kind", "body", "expected"), [each for each in LISTED if each[0] != "Specimen"])
def test_control_one_entered_in_error_is_not_listed(
    views: Views, kind: str, body: dict[str, Any], expected: tuple[str, ...]
) -> None:
    name = "lifecycleStatus" if kind == "Goal" else "status"
    views.tape.facts(fact(kind, "x1", "p1", {**body, name: "entered-in-error"}))
    assert listed(views) == []


def test_control_a_good_specimen_is_no_event(views: Views) -> None:
    views.tape.facts(fact("Specimen", "x1", "p1", {"status": "available", "type": {"text": "Blood"}}))
    assert listed(views) == []


def test_what_is_listed_makes_no_order_and_no_dose_heard(views: Views) -> None:
    for number, (kind, body, _) in enumerate(LISTED):
        views.tape.facts(fact(kind, f"x{number}", "p1", body))
    chart = views.caught_up().chart("p1")
    assert len(chart.events) == len(LISTED)
    assert (chart.orders, chart.medications, chart.conditions) == ((), (), ())
    assert chart.events[0].kind == "appointment"


def visit(**more: Any) -> dict[str, Any]:
    return {
        "status": "in-progress", "class": {"code": "IMP"},
        "location": [{"status": "active", "location": {"identifier": {"value": "4W^01^A"}}}], **more,
    }  # fmt: skip


def precaution(words: str) -> dict[str, Any]:
    return {"extension": [{"url": "urn:codedark:precaution", "valueCodeableConcept": {"text": words}}]}


@pytest.mark.parametrize(
    ("observed", "said", "shown"),
    [
        ("", "Contact isolation", "Contact isolation"),
        ("droplet", "Droplet", "droplet"),
        ("droplet", "Blind", "droplet; Blind"),
    ],
)
def test_a_precaution_of_the_visit_stands_on_the_isolation_line(
    views: Views, observed: str, said: str, shown: str
) -> None:
    views.tape.facts(fact("Encounter", "e1", "p1", visit(**precaution(said)), 1))
    if observed:
        views.tape.facts(
            fact("Observation", "o1", "p1", {"status": "final", "code": {"text": "Isolation"}, "valueString": observed})
        )
    assert views.caught_up().chart("p1").banner.isolation == shown


def test_a_precaution_of_a_visit_that_is_over_isolates_nobody(views: Views) -> None:
    views.tape.facts(fact("Encounter", "e1", "p1", visit(**precaution("Contact")) | {"status": "finished"}, 1))
    assert views.caught_up().chart("p1").banner.isolation == ""


def test_language_and_the_need_of_an_interpreter_are_in_the_banner(views: Views) -> None:
    asks = {"url": "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired", "valueBoolean": True}
    spoken = {"communication": [{"language": {"text": "Spanish"}}], "extension": [asks]}
    views.tape.facts(fact("Patient", "p1", "p1", spoken, 1))
    arranged = {"hospitalization": {"specialArrangement": [{"text": "Hearing impaired"}]}}
    views.tape.facts(fact("Encounter", "e1", "p1", visit(**arranged), 1))
    banner = views.caught_up().chart("p1").banner
    assert (banner.language, banner.interpreter, banner.needs) == ("Spanish", True, "Hearing impaired")


def test_control_nobody_said_anything_of_an_interpreter(views: Views) -> None:
    banner = views.caught_up().chart("p1").banner
    assert (banner.language, banner.interpreter, banner.needs) == ("", None, "")


def test_what_hl7_sends_of_precautions_language_and_needs_reaches_the_banner(tmp_path: Path) -> None:
    pid = "PID|1||77^^^WTB^MR||LUND^ALMA||19500101|F|||||||ES^Spanish^HL70296"
    pv1 = "PV1|1|I|4W^02^A||||||||||||A6||||V77"
    pv2 = "PV2|1" + "|" * 40 + "C^Contact isolation^L"
    head = "MSH|^~\\&|EHR|WTB|||20260920080000||ADT^A01|9|P|2.5.1"
    tape, store = Tape(), ViewStore.open(tmp_path, KEY)
    tape.add("hl7.received", "\r".join((head, "EVN||20260920080000", pid, pv1, pv2)).encode() + b"\r")
    Fold(tape, store).catch_up()
    record = Record(store)
    (row,) = record.census("4W")
    banner = record.chart(row.patient).banner
    store.close()
    assert (banner.isolation, row.isolation) == ("Contact isolation", "Contact isolation")
    assert (banner.language, banner.needs) == ("Spanish", "Hearing impaired")
