"""MDM, SIU, VXU, OML; what is kept; what is on the worklist."""

from __future__ import annotations

import base64

import pytest
from meanings import PID, PV1, entry, of_type, only, said

from codedark.entries import Refused, Site, Understood, draft_of, interpret
from codedark.entries.v2 import messages


def test_document_is_its_text() -> None:
    rows = (
        "TXA|1|DS^Discharge summary|TX|20261123101500||||99^HALE^IRIS|||DOC1^ANNA|||||AU",
        "OBX|1|TX|x^Body||one",
        "OBX|2|TX|x^Body||two",
    )
    body = of_type(said("MDM^T02", PID, PV1, *rows), "DocumentReference")[0].body
    text = base64.b64decode(body["content"][0]["attachment"]["data"]).decode()
    assert (body["type"]["text"], text) == ("Discharge summary", "one\ntwo")


def test_document_type_given_as_a_bare_code_has_its_name() -> None:
    meaning = said("MDM^T02", PID, "TXA|1|OP||||||||||DOC1^ANNA")
    assert of_type(meaning, "DocumentReference")[0].body["type"]["text"] == "Operative report"


def test_cancelled_document_is_entered_in_error() -> None:
    meaning = said("MDM^T11", PID, "TXA|1|DS||||||||||DOC1^ANNA")
    assert of_type(meaning, "DocumentReference")[0].body["status"] == "entered-in-error"


@pytest.mark.parametrize(("trigger", "status"), [("S12", "booked"), ("S15", "cancelled"), ("S26", "noshow")])
def test_event_decides_the_status_of_an_appointment(trigger: str, status: str) -> None:
    sch = "SCH|A1^ANNA|B1^SCHED||||R^Follow-up|||30|min|^^30^20261201090000^20261201093000"
    body = only(said(f"SIU^{trigger}", sch, PID, "RGS|1", "AIP|1||99^HALE^IRIS"), "Appointment").body
    assert (body["status"], body["start"], len(body["participant"])) == (status, "2026-12-01T09:00:00-05:00", 2)


def test_immunization_says_vaccine_and_lot() -> None:
    rxa = "RXA|0|1|20261101||140^Influenza^CVX|0.5|mL|||99^HALE^IRIS|||||LOT7"
    body = only(said("VXU^V04", PID, "ORC|RE||I1^ANNA", rxa, "RXR|IM"), "Immunization").body
    assert (body["vaccineCode"]["text"], body["lotNumber"], body["occurrenceDateTime"]) == (
        "Influenza",
        "LOT7",
        "2026-11-01",
    )


def test_amount_999_of_a_vaccine_is_no_amount() -> None:
    meaning = said("VXU^V04", PID, "ORC|RE||I1^ANNA", "RXA|0|1|20261101||140^Influenza^CVX|999")
    assert "doseQuantity" not in only(meaning, "Immunization").body


def test_laboratory_order_is_a_service_request() -> None:
    meaning = said(
        "OML^O21", PID, PV1, "ORC|NW|P1^ANNA||||||||||99^HALE^IRIS", "TQ1|1||||||||S", "OBR|1|P1^ANNA||718-7^Hb^LN"
    )
    body = only(meaning, "ServiceRequest").body
    assert (body["code"]["text"], body["status"], body["priority"]) == ("Hb", "active", "stat")


@pytest.mark.parametrize("kind", ["DFT^P03", "BAR^P01", "MFN^M02", "ACK"])
def test_what_is_not_clinical_is_kept_without_noise(kind: str) -> None:
    meaning = said(kind, PID)
    assert (meaning.understood, meaning.facts, meaning.problems) == (Understood.KEPT, (), ())


def test_message_type_that_is_not_read_is_on_the_worklist() -> None:
    meaning = said("QQQ^Q99", PID)
    assert (meaning.understood, meaning.problems[0].path) == (Understood.KEPT, "MSH[1].9")


@pytest.mark.parametrize("raw", [b"", b"hello", b"\xff\xfe\x00", b"MSH", b"MSH|", b"FHS|^~\\&|\rMSH|^~\\&|x\r"])
def test_bytes_that_are_no_message_are_on_the_worklist(raw: bytes) -> None:
    meaning = interpret(entry(raw), Site())
    assert (meaning.understood, len(meaning.problems)) == (Understood.KEPT, 1)


def test_refused_bytes_are_on_the_worklist() -> None:
    draft = draft_of(Refused(prefix=b"x", length=1, mac=b"m", reason="no MSH"), source="feed:adt")
    assert interpret(entry(draft.payload, kind="hl7.refused"), Site()).problems[0].reason == "refused: no MSH"


@pytest.mark.parametrize("kind", ["chart.viewed", "config.set", "moon.landed"])
def test_entry_that_says_nothing_clinical_gives_nothing(kind: str) -> None:
    meaning = interpret(entry(b"", kind=kind), Site())
    assert (meaning.facts, meaning.problems, meaning.understood) == ((), (), Understood.FULL)


def test_local_segment_is_named_and_no_problem() -> None:
    meaning = said("ADT^A01", PID, PV1, "ZPI|1|x", "IN1|1|y")
    assert (meaning.unread, meaning.understood) == ({"ZPI", "IN1"}, Understood.FULL)


def test_clinical_segment_that_is_not_read_makes_it_part() -> None:
    assert said("ADT^A01", PID, PV1, "GOL|AD|x").understood is Understood.PART


def test_message_type_names_the_trigger_from_evn_when_msh_does_not() -> None:
    assert said("ADT", "EVN|A01|20261123", PID, PV1).message_type == "ADT^A01"


def test_defect_of_ours_costs_one_segment_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("SECRET")

    monkeypatch.setitem(messages._FRONT, "AL1", broken)
    meaning = said("ADT^A01", PID, PV1, "AL1|1|DA|x", "DG1|1||I10^Hypertension^I10C")
    assert (len(of_type(meaning, "Condition")), meaning.problems[0].reason) == (1, "could not be read (KeyError)")
