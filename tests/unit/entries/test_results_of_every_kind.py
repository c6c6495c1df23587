"""OBX of every data type and status, isolates and their susceptibilities, blood groups, panels of one number."""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import Any

import pytest
from meanings import ORIGIN, PID, PV1, SITE, folded, message, of_type, only, said

from codedark.entries import Fact, Interpretation
from codedark.entries.v2.messages import interpret_message

OBR = "OBR|1|P9^ANNA|L9^LAB|600-7^Blood culture^LN|||20261123060000|||||||||||||||20261123070000||MB|F"
CHILD = OBR.replace("600-7^Blood culture", "18769-0^Susceptibility").replace("OBR|1", "OBR|2")


def report(*rows: str, **how: Any) -> Interpretation:
    return said("ORU^R01", PID, PV1, *rows, **how)


def value(kind: str, text: str, unit: str = "", status: str = "F") -> dict[str, Any]:
    """The value[x] of one OBX."""
    body = only(report(OBR, f"OBX|1|{kind}|X^Thing^L||{text}|{unit}|||||{status}"), "Observation").body
    return {name: body[name] for name in body if name.startswith("value")}


MMOL = {"unit": "mmol/L"}


@pytest.mark.parametrize(
    ("kind", "text", "meant"),
    [
        ("NM", "1.10", {"valueQuantity": {"value": Decimal("1.10"), "unit": "mmol/L"}}),
        ("NM", ">500", {"valueString": ">500 mmol/L"}),
        ("SN", ">^500", {"valueQuantity": {"value": Decimal(500), "comparator": ">", "unit": "mmol/L"}}),
        ("SN", "^3^-^5", {"valueRange": {"low": {"value": Decimal(3)} | MMOL, "high": {"value": Decimal(5)} | MMOL}}),
        ("SN", "<>^5", {"valueString": "<> 5 mmol/L"}),
        ("SN", "^2^+", {"valueString": "2 + mmol/L"}),
        ("NR", "3^5", {"valueRange": {"low": {"value": Decimal(3)} | MMOL, "high": {"value": Decimal(5)} | MMOL}}),
        ("NR", "low^5", {"valueString": "low 5"}),
        ("CQ", "5^mg", {"valueQuantity": {"value": Decimal(5), "unit": "mg"}}),
        ("SI", "3", {"valueQuantity": {"value": Decimal(3), "unit": "mmol/L"}}),
        ("NA", "1^2^3", {"valueString": "1 2 3"}),
        ("XPN", "OKAFOR^NGOZI^^^Dr", {"valueString": "Dr NGOZI OKAFOR"}),
        ("XCN", "99^HALE^IRIS", {"valueString": "IRIS HALE"}),
        ("XTN", "5550100", {"valueString": "5550100"}),
        ("TM", "1305", {"valueTime": "13:05:00"}),
        ("DT", "20261123", {"valueDateTime": "2026-11-23"}),
        ("DR", "20261101^20261123", {"valuePeriod": {"start": "2026-11-01", "end": "2026-11-23"}}),
        ("DR", "soon^later", {"valueString": "soon later"}),
        ("CWE", "112283007^Escherichia coli^SCT~^Klebsiella", {"valueString": "Escherichia coli; Klebsiella"}),
        ("ST", "trace", {"valueString": "trace"}),
    ],
)
def test_value_of_every_type_is_what_was_sent(kind: str, text: str, meant: dict[str, Any]) -> None:
    assert value(kind, text, "mmol/L") == meant


@pytest.mark.parametrize(
    ("text", "above"),
    [("^1^:^128", {"value": Decimal(1)}), (">^1^:^128", {"value": Decimal(1), "comparator": ">"})],
)
def test_titre_is_a_ratio(text: str, above: dict[str, Any]) -> None:
    assert value("SN", text) == {"valueRatio": {"numerator": above, "denominator": {"value": Decimal(128)}}}


def test_coded_and_dated_values_keep_code_and_assumed_zone() -> None:
    coded = value("CNE", "A^Group A^L")["valueCodeableConcept"]
    timed = value("DTM", "202611231305")["valueDateTime"]
    assert (coded["coding"][0]["code"], timed) == ("A", "2026-11-23T13:05:00-05:00")


def test_file_that_lies_elsewhere_says_where() -> None:
    body = only(report(OBR, "OBX|1|RP|PDF^Report^L||pacs/17&sys^^Application^pdf||||||F"), "Observation").body
    attachment = body["extension"][-1]["valueAttachment"]
    assert (attachment["title"], attachment["contentType"]) == ("Report (pacs/17&sys)", "application/pdf")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("F", "final"), ("P", "preliminary"), ("C", "corrected"), ("A", "amended"), ("B", "amended"),
        ("D", "entered-in-error"), ("W", "entered-in-error"), ("X", "cancelled"), ("I", "registered"),
        ("O", "registered"), ("R", "preliminary"), ("S", "preliminary"), ("U", "final"), ("", "unknown"),
        ("N", "unknown"), ("V", "unknown"),
    ],
)  # fmt: skip
def test_every_result_status_is_read(code: str, status: str) -> None:
    assert only(report(OBR, f"OBX|1|NM|X^Thing^L||5||||||{code}"), "Observation").body["status"] == status


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("3.5-5.1", {"low": "3.5", "high": "5.1"}),
        ("3.5 - 5.1", {"low": "3.5", "high": "5.1"}),
        ("-2-2", {"low": "-2", "high": "2"}),
        ("<200", {"high": "200"}),
        (">= 60", {"low": "60"}),
        ("negative", {}),
        ("M: 13-17; F: 12-15", {}),
        ("1-2-3", {}),
    ],
)
def test_reference_range_keeps_its_words_and_its_ends_where_it_has_some(text: str, ends: dict[str, str]) -> None:
    raw = message("ORU^R01", PID, OBR, f"OBX|1|NM|X^Thing^L||5|mg|{text}||||F")
    (fact,) = [fact for fact in interpret_message(raw, SITE, ORIGIN, 7, whole=True).facts if fact.type == "Observation"]
    (said_of,) = fact.body["referenceRange"]
    assert (said_of["text"], {end: str(said_of[end]["value"]) for end in ("low", "high") if end in said_of}) == (
        text,
        ends,
    )


def cultures() -> Interpretation:
    """Two isolates of one culture, each with its susceptibilities under the same number and service."""
    organism = "OBX|{n}|CWE|634-6^Organism^LN|{n}|{code}^{name}^SCT||||||F"
    count = "OBX|3|ST|564-5^Colony count^LN|2|>100,000||||||F"
    drug = "OBX|1|ST|18864-9^Ampicillin^LN||{sir}|||{sir}|||F"
    child = CHILD + "|634-6&Organism&LN^{n}^{name}|||P9&ANNA^L9&LAB"
    return report(
        OBR,
        organism.format(n=1, code="112283007", name="Escherichia coli"),
        organism.format(n=2, code="56415008", name="Klebsiella pneumoniae"),
        count,
        child.format(n=1, name="Escherichia coli"),
        drug.format(sir="S"),
        child.format(n=2, name="Klebsiella pneumoniae"),
        drug.format(sir="R"),
    )


def ampicillin() -> list[Fact]:
    """The susceptibilities of both isolates."""
    return [fact for fact in of_type(cultures(), "Observation") if fact.body["code"]["text"] == "Ampicillin"]


def test_susceptibilities_of_two_isolates_are_two_results() -> None:
    first, second = ampicillin()
    assert (first.id != second.id, first.body["valueString"], second.body["valueString"]) == (True, "S", "R")


def test_susceptibility_names_its_isolate_and_is_derived_from_it() -> None:
    isolates = [fact.id for fact in of_type(cultures(), "Observation") if fact.body["code"]["text"] == "Organism"]
    panels = [fact.body["extension"][0]["valueString"] for fact in ampicillin()]
    origins = [fact.body["derivedFrom"][0]["reference"] for fact in ampicillin()]
    assert (panels, origins) == (
        ["Susceptibility: Escherichia coli", "Susceptibility: Klebsiella pneumoniae"],
        [f"Observation/{identity}" for identity in isolates],
    )


def test_every_isolate_has_its_own_report_and_keeps_its_results() -> None:
    reports = [body for (kind, _), body in folded([cultures()]).items() if kind == "DiagnosticReport"]
    assert sorted(len(body["result"]) for body in reports) == [1, 1, 3]


def test_correction_of_one_isolate_leaves_the_other_alone() -> None:
    child = CHILD.replace("MB|F", "MB|C") + "|634-6&Organism&LN^2^Klebsiella oxytoca|||P9&ANNA^L9&LAB"
    fixed = report(child, "OBX|1|ST|18864-9^Ampicillin^LN||I|||I|||C", at="20261124")
    values = [
        body["valueString"]
        for (kind, _), body in folded([cultures(), fixed]).items()
        if kind == "Observation" and body["code"]["text"] == "Ampicillin"
    ]
    assert sorted(values) == ["I", "S"]


def test_sub_id_is_kept_where_it_tells_isolates_apart_and_only_there() -> None:
    numbered = [
        [each for each in fact.body["extension"] if "v2-subid" in each["url"]]
        for fact in of_type(cultures(), "Observation")
    ]
    assert [len(each) for each in numbered] == [1, 1, 1, 0, 0]


def test_two_panels_of_one_number_and_service_do_not_overwrite_each_other() -> None:
    row = "OBX|1|NM|2339-0^Glucose^LN||{}|mg/dL|||||F"
    again = OBR.replace("OBR|1", "OBR|2").replace("20261123060000", "20261123080000")
    meaning = report(OBR, row.format(90), again, row.format(210))
    bodies = folded([meaning])
    values = sorted(body["valueQuantity"]["value"] for (kind, _), body in bodies.items() if kind == "Observation")
    assert (values, sum(kind == "DiagnosticReport" for kind, _ in bodies)) == ([Decimal(90), Decimal(210)], 2)


def test_blood_group_rhesus_and_antibodies_are_results_with_their_words() -> None:
    rows = (
        "OBX|1|CWE|883-9^ABO group^LN||A^Group A^L||||||F",
        "OBX|2|CWE|10331-7^Rh type^LN||NEG^Negative^L||||||F",
        "OBX|3|CWE|890-4^Antibody screen^LN||POS^Positive^L|||A|||F",
        "OBX|4|ST|888-8^Antibodies identified^LN||anti-K~anti-E||||||F",
    )
    facts = of_type(
        report(OBR.replace("600-7^Blood culture", "TS^Type and screen").replace("|MB|", "|BLB|"), *rows), "Observation"
    )
    shown = [fact.body.get("valueString") or fact.body["valueCodeableConcept"]["text"] for fact in facts]
    assert shown == ["Group A", "Negative", "Positive", "anti-K~anti-E"]


def test_report_over_a_time_with_its_readers_and_makers_says_so() -> None:
    obr = "OBR|1||L9^LAB|2164-2^Creatinine clearance^LN|||20261122060000|20261123060000" + "|" * 17 + "F"
    obr += "|" * 7 + "99&HALE&IRIS||55&LIM&BO"
    body = only(report(obr), "DiagnosticReport").body
    assert (
        body["effectivePeriod"]["end"][:16],
        body["resultsInterpreter"][0]["display"],
        body["performer"][0]["display"],
    ) == ("2026-11-23T06:00", "IRIS HALE", "BO LIM")


def test_device_that_measured_is_named() -> None:
    row = "OBX|1|NM|2339-0^Glucose^LN||90|mg/dL|||||F|||||||GLU-7^POCT"
    assert only(report(OBR, row), "Observation").body["device"]["identifier"]["value"] == "GLU-7"


def test_order_behind_a_report_nobody_placed_is_made_only_when_the_whole_is_asked_for() -> None:
    raw = message("ORU^R01", PID, OBR.replace("P9^ANNA", ""), "OBX|1|NM|X^Thing^L||5||||||F")
    made = [
        sum(fact.type == "ServiceRequest" for fact in interpret_message(raw, SITE, ORIGIN, 7, whole=whole).facts)
        for whole in (False, True)
    ]
    assert made == [0, 1]


ORC, PANEL = "ORC|RE|P9^ANNA|F9^LAB", "OBR|1|P9^ANNA|F9^LAB|2823-3^Potassium^LN|||20261123140000||||||||||||||||||F"
POTASSIUM = "OBX|1|NM|2823-3^Potassium^LN||6.9|mmol/L^^UCUM|3.5-5.1|HH|||F|||20261123140000"
OF_THE_ORDER = ("OBX|1|TX|51848-0^Letter^LN||please fast||||||F", "TXA|1|51848-0^Letter^LN|TX|||||||||D77^ANNA|||||AU")


@pytest.mark.parametrize(
    ("kind", "segments"),
    [
        ("ORU^R01", (ORC, *OF_THE_ORDER, PANEL, POTASSIUM)),
        ("OUL^R22", ("SPM|1|S1||SER", PANEL, ORC, *OF_THE_ORDER, POTASSIUM)),
    ],
)
def test_a_document_of_the_order_does_not_swallow_the_results_below_it(kind: str, segments: tuple[str, ...]) -> None:
    meaning = said(kind, PID, PV1, *segments)
    values = [fact.body.get("valueQuantity", {}).get("value") for fact in of_type(meaning, "Observation")]
    (letter,) = only(meaning, "DocumentReference").body["content"]
    assert (values, only(meaning, "DiagnosticReport").body["status"]) == ([Decimal("6.9")], "final")
    assert base64.b64decode(letter["attachment"]["data"]) == b"please fast"


def test_a_document_that_follows_the_results_is_beside_them() -> None:
    meaning = said("ORU^R01", PID, PV1, ORC, PANEL, POTASSIUM, OF_THE_ORDER[1])
    assert [fact.body["valueQuantity"]["value"] for fact in of_type(meaning, "Observation")] == [Decimal("6.9")]
    contents = [fact.body["content"] for fact in of_type(meaning, "DocumentReference") if "content" in fact.body]
    assert contents == [[{"attachment": {"title": "no text was sent"}}]]
