"""ORU and OUL: reports, values, corrections, vital signs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from meanings import PID, PV1, folded, of_type, only, said

from codedark.entries import Fact, Interpretation, Site

OBR = "OBR|1|P9^ANNA|L9^LAB|24323-8^Metabolic panel^LN|||20261123060000|||||||||||||||20261123070000||CH|F"
K = "OBX|1|NM|2823-3^Potassium^LN||6.80|mmol/L^^UCUM|3.5-5.1|HH|||F|||20261123065500"


def report(*rows: str, obr: str = OBR, **how: Any) -> Interpretation:
    return said("ORU^R01", PID, PV1, obr, *rows, **how)


def value(row: str) -> dict[str, Any]:
    return only(report(row), "Observation").body


def test_result_says_value_unit_range_and_flag_as_sent() -> None:
    body = value(K)
    assert (
        body["valueQuantity"],
        body["referenceRange"],
        body["interpretation"][0]["coding"][0]["code"],
        body["status"],
        body["effectiveDateTime"],
    ) == (
        {"value": Decimal("6.80"), "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"},
        [{"text": "3.5-5.1"}],
        "HH",
        "final",
        "2026-11-23T06:55:00-05:00",
    )


def test_result_of_a_laboratory_says_so() -> None:
    assert value(K)["category"][0]["coding"][0]["code"] == "laboratory"


def test_report_lists_its_results_in_order() -> None:
    meaning = report(K, K.replace("2823-3^Potassium", "2951-2^Sodium").replace("6.80", "140"))
    results = [fact.id for fact in of_type(meaning, "Observation")]
    listed = [each["reference"] for each in only(meaning, "DiagnosticReport").body["result"]]
    assert listed == [f"Observation/{identity}" for identity in results]


def later(status: str, text: str, at: str = "20261123080000", reported: str = "20261123080000") -> Interpretation:
    row = K.replace("|F|", f"|{status}|").replace("6.80", text)
    obr = OBR.replace("20261123070000", reported).replace("CH|F", f"CH|{status}")
    return report(row, obr=obr, at=at, control=f"M{at}{status}")


def shown(*meanings: Interpretation) -> str:
    (body,) = [body for (kind, _), body in folded(meanings).items() if kind == "Observation"]
    return str(body["valueQuantity"]["value"])


def test_correction_beats_the_final_result_it_corrects() -> None:
    assert shown(later("C", "5.1"), report(K)) == "5.1"


def test_correction_beats_a_final_result_that_was_sent_again_later() -> None:
    assert shown(later("C", "5.1"), later("F", "6.8", at="20261124080000", reported="20261124080000")) == "5.1"


def test_preliminary_result_never_replaces_a_final_one() -> None:
    assert shown(report(K), later("P", "9.9", at="20261124080000", reported="20261124080000")) == "6.80"


def test_later_of_two_corrections_wins() -> None:
    second = later("C", "5.2", at="20261123090000", reported="20261123090000")
    assert shown(second, later("C", "5.1")) == "5.2"


def test_report_time_that_stayed_the_same_leaves_it_to_the_later_message() -> None:
    first = later("C", "5.1", at="20261123080000", reported="20261123070000")
    second = later("C", "5.2", at="20261123090000", reported="20261123070000")
    assert shown(second, first) == "5.2"


def test_withdrawn_result_is_entered_in_error() -> None:
    assert value(K.replace("|F|", "|W|"))["status"] == "entered-in-error"


def test_status_alone_keeps_the_value() -> None:
    bare = later("U", "6.80")
    bare_row = report("OBX|1|NM|2823-3^Potassium^LN||||||||U", at="20261123090000")
    (body,) = [body for (kind, _), body in folded([later("P", "6.80"), bare_row]).items() if kind == "Observation"]
    assert (body["status"], str(body["valueQuantity"]["value"]), bare.problems) == ("final", "6.80", ())


@pytest.mark.parametrize("code", ["", "Q"])
def test_unsaid_status_is_unknown(code: str) -> None:
    assert value(K.replace("|F|", f"|{code}|"))["status"] == "unknown"


@pytest.mark.parametrize(
    ("kind", "sent", "field", "read"),
    [
        ("NM", ">500", "valueString", ">500 mmol/L"),
        ("NM", "NaN", "valueString", "NaN mmol/L"),
        ("NM", "1_000", "valueString", "1_000 mmol/L"),
        ("SN", "<^5", "valueQuantity", "<"),
        ("SN", "^1^:^80", "valueRatio", None),
        ("SN", "^2^-^4", "valueRange", None),
        ("SN", "<>^2^-^4", "valueString", "<> 2 - 4 mmol/L"),
        ("ST", "no growth", "valueString", "no growth"),
        ("TX", "line 1~line 2", "valueString", "line 1\nline 2"),
        ("CWE", "260385009^Negative^SCT", "valueCodeableConcept", "Negative"),
        ("DT", "20261123", "valueDateTime", "2026-11-23"),
        ("DT", "20261399", "valueString", "20261399"),
        ("TM", "0705", "valueTime", "07:05:00"),
        ("XX", "a^b", "valueString", "a b"),
    ],
)
def test_value_of_each_kind_is_read_or_shown_as_sent(kind: str, sent: str, field: str, read: str | None) -> None:
    body = value(K.replace("|NM|", f"|{kind}|").replace("|6.80|", f"|{sent}|"))
    found = body[field]
    if isinstance(found, dict):
        found = found.get("text", found.get("comparator"))
    assert found == read


def test_escaped_text_is_read_as_it_was_meant() -> None:
    assert value(K.replace("|NM|", "|ST|").replace("|6.80|", r"|A \T\ B|"))["valueString"] == "A & B"


def test_lines_of_a_text_are_one_result() -> None:
    rows = [f"OBX|{n}|TX|18842-5^Report^LN||line {n}||||||F" for n in (1, 2, 3)]
    assert only(report(*rows), "Observation").body["valueString"] == "line 1\nline 2\nline 3"


def test_two_results_of_one_name_are_two() -> None:
    meaning = report(K, K.replace("6.80", "5.0"))
    assert len({fact.id for fact in of_type(meaning, "Observation")}) == 2


def test_file_in_a_result_is_pointed_at_and_not_copied() -> None:
    row = "OBX|1|ED|11502-2^Report^LN||LAB^AP^PDF^Base64^JVBERi0xLjQK||||||F"
    attachment = only(report(row), "Observation").body["extension"][-1]["valueAttachment"]
    assert (attachment["contentType"], "data" in attachment, attachment["url"].endswith("/7#OBX[1].5")) == (
        "application/pdf",
        False,
        True,
    )


def test_note_after_a_result_belongs_to_it() -> None:
    body = only(report(K, "NTE|1|L|hemolyzed"), "Observation").body
    assert body["note"] == [{"text": "hemolyzed"}]


def test_result_completes_its_order() -> None:
    body = only(report(K), "ServiceRequest").body
    assert body["status"] == "completed"


def test_preliminary_result_does_not_bring_a_cancelled_order_back() -> None:
    cancel = said("ORM^O01", PID, PV1, "ORC|CA|P9^ANNA", "OBR|1|P9^ANNA||24323-8^Metabolic panel^LN")
    result = report(K.replace("|F|", "|P|"), obr=OBR.replace("CH|F", "CH|P"), at="20261124150000")
    (body,) = [body for (kind, _), body in folded([cancel, result]).items() if kind == "ServiceRequest"]
    assert body["status"] == "revoked"


def test_result_and_its_order_agree_on_the_id() -> None:
    ordered = said("ORM^O01", PID, PV1, "ORC|NW|P9^ANNA", "OBR|1|P9^ANNA||24323-8^Metabolic panel^LN")
    assert only(ordered, "ServiceRequest").id == only(report(K), "ServiceRequest").id


PULSE = "OBX|1|NM|8867-4^Heart rate^LN||88|/min^^UCUM|||||F|||20261123060000"
ROUND = "OBR|1||V1^MON|85353-1^Vital signs^LN|||20261123060000|||||||||||||||||||F"


def pulse(row: str = PULSE, obr: str = ROUND, **how: Any) -> Fact:
    return only(report(row, obr=obr, **how), "Observation")


def test_vital_sign_says_so() -> None:
    assert pulse().body["category"][0]["coding"][0]["code"] == "vital-signs"


def test_vital_signs_are_heard_as_vitals() -> None:
    assert report(PULSE, obr=ROUND).topics == {"vitals"}


def test_vital_signs_of_two_rounds_under_one_number_are_two() -> None:
    assert pulse(PULSE.replace("060000", "070000")).id != pulse().id


def test_vital_sign_without_any_number_is_known_by_patient_and_time() -> None:
    bare = ROUND.replace("V1^MON", "")
    assert pulse(obr=bare).id == pulse(obr=bare, control="M9").id


def test_site_code_of_a_local_name_makes_it_a_vital_sign() -> None:
    codes = {"observation": {"HR": ("http://loinc.org", "8867-4", "Heart rate")}}
    site = Site(facility="st-anna", zone="America/New_York", authority="ANNA", codes=codes)
    local = PULSE.replace("8867-4^Heart rate^LN", "HR^Pulse^L")
    assert pulse(local, site=site).body["category"][0]["coding"][0]["code"] == "vital-signs"


def test_result_that_names_nothing_is_on_the_worklist() -> None:
    meaning = said("ADT^A08", PID, "OBX|1|NM|||5")
    assert (meaning.problems[0].path, meaning.problems[0].type) == ("OBX[1]", "Observation")


def test_specimen_of_a_result_is_named() -> None:
    meaning = said("OUL^R22", PID, "SPM|1|S1&ANNA^S2&LAB||BLD^Blood^HL70487", OBR, K)
    assert only(meaning, "Observation").body["specimen"]["reference"].endswith(only(meaning, "Specimen").id)


def test_two_specimens_of_a_message_keep_their_results() -> None:
    second = OBR.replace("L9^LAB", "L10^LAB")
    meaning = said("OUL^R22", PID, "SPM|1|^S1", OBR, K, "SPM|2|^S2", second, K)
    specimens = [fact.body["specimen"]["reference"] for fact in of_type(meaning, "Observation")]
    assert specimens == [f"Specimen/{fact.id}" for fact in of_type(meaning, "Specimen")]


def test_blank_line_of_a_text_stays_blank() -> None:
    rows = [f"OBX|{n}|TX|18842-5^Report^LN||{text}||||||F" for n, text in enumerate(("a", "", "b"), 1)]
    assert only(report(*rows), "Observation").body["valueString"] == "a\n\nb"


def test_text_without_a_name_is_the_panel_s() -> None:
    body = only(report("OBX|1|TX|||impression: clear||||||F"), "Observation").body
    assert (body["code"], body["valueString"]) == ({"text": "Metabolic panel"}, "impression: clear")


def test_empty_row_says_nothing() -> None:
    meaning = report(K, "OBX|2|TX|||||||||F")
    assert (len(of_type(meaning, "Observation")), meaning.problems) == (1, ())


def test_of_two_messages_of_one_moment_the_later_sequence_number_wins() -> None:
    first = later("C", "5.1")
    second = report(
        K.replace("|F|", "|C|").replace("6.80", "5.2"),
        obr=OBR.replace("20261123070000", "20261123080000").replace("CH|F", "CH|C"),
        at="20261123080000",
        control="A",
        sequence="9",
    )
    assert shown(second, first) == "5.2"
