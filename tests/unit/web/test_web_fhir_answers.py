"""What the FHIR interface answers is R4, says what is not known, and never breaks, whatever is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

import fhirkit
import pytest
from fhir_charts import bring, resources
from fhir_client import Program, program
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web_rig import House, admit, house

from codedark.entries import SourceDistrusted, draft_of
from codedark.web.api.parameters import COMMON, OWNERS, TYPES, owned

MANDATORY = {"11450-4", "48765-2", "10160-0"}
NO_ALLERGY = "AL1|1|DA|716186003^No known allergy^SCT"


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("answers")) as made:
        bring(made, resources())
        made.hear(admit("31", "NONE^KNOWN", "4W", NO_ALLERGY, "21"))
        yield made


@pytest.fixture(scope="module")
def reader(ward: House) -> Program:
    return program(ward)


def patient(reader: Program, name: str) -> str:
    (found,) = reader.found(f"Patient?family={name}")
    return str(found["id"])


def errors(told: dict[str, Any]) -> list[str]:
    return [str(issue) for issue in fhirkit.validate(json.dumps(told)) if issue.severity == "error"]


def document(reader: Program, name: str) -> dict[str, Any]:
    return reader.read(f"Patient/{patient(reader, name)}/$summary")


def sections(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    composition = told["entry"][0]["resource"]
    assert composition["resourceType"] == "Composition"
    return {each["code"]["coding"][0]["code"]: each for each in composition["section"]}


def test_another_code_base_finds_every_answer_valid_r4(ward: House, reader: Program) -> None:
    lia = patient(reader, "nunez")
    ward.fold()
    officer = program(ward, "privacy", "10.0.7.30")
    answers = [
        reader.read("metadata"), reader.read("Patient"), reader.read(f"Patient/{lia}"),
        reader.read(f"Patient/{lia}/$everything"), reader.read(f"Patient/{lia}/$summary"),
        reader.read(f"Observation?patient={lia}&colour=red"), reader.read("Patient/nobody", 404),
        officer.read("AuditEvent"), reader.read(f"Patient?_id={lia}&_revinclude=Condition:patient"),
        reader.read(f"Observation?patient={lia}&code=none"),
    ]  # fmt: skip

    assert [errors(told) for told in answers] == [[]] * len(answers)


def test_the_control_that_code_base_finds_a_fault(reader: Program) -> None:
    told = reader.read(f"Patient/{patient(reader, 'nunez')}")

    assert errors(told | {"gender": 7})
    assert errors(told | {"birthDate": "yesterday"})


@pytest.mark.parametrize("name", ["nunez", "marlowe", "okafor", "none"])
def test_no_mandatory_section_of_a_summary_is_an_empty_box(reader: Program, name: str) -> None:
    for code, section in sections(document(reader, name)).items():
        assert ("entry" in section) is not ("emptyReason" in section)
        assert "<li>" in section["text"]["div"]
        assert "emptyReason" not in section or code in MANDATORY
    assert set(sections(document(reader, name))) >= MANDATORY


def test_not_recorded_is_never_none_known(reader: Program) -> None:
    section = sections(document(reader, "okafor"))["48765-2"]

    assert section["emptyReason"]["coding"][0]["code"] == "unavailable"
    assert "not recorded" in section["text"]["div"]
    assert "nilknown" not in json.dumps(document(reader, "okafor"))


def test_none_known_is_an_entry_that_somebody_said(reader: Program) -> None:
    told = document(reader, "none")

    (entry,) = sections(told)["48765-2"]["entry"]
    (said,) = [each["resource"] for each in told["entry"] if each["fullUrl"].endswith(entry["reference"])]
    assert "716186003" in json.dumps(said["code"])


def test_what_is_held_back_is_said_in_each_mandatory_section(ward: House, reader: Program) -> None:
    ward.configure()

    ward.journal.append(draft_of(SourceDistrusted(source="feed:lab", since_us=0, reason="x"), source="node"))
    ward.fold()
    told = document(reader, "marlowe")

    assert all("could not be read or are held back" in sections(told)[code]["text"]["div"] for code in MANDATORY)


def test_a_summary_is_complete_in_itself(reader: Program) -> None:
    told = document(reader, "nunez")
    have = {entry["fullUrl"].split("/fhir/")[1] for entry in told["entry"]}

    assert set(re.findall(r'"reference": "([A-Z][^"]+)"', json.dumps(told))) <= have
    assert len(sections(told)) == 7
    assert [entry["resource"]["resourceType"] for entry in told["entry"][:2]] == ["Composition", "Patient"]
    assert "heparin" not in json.dumps(told)  # stopped
    assert told["type"] == "document"


def test_what_the_statement_says_is_what_is_answered(reader: Program) -> None:
    """Every parameter it names is understood; the control: one that it does not name is not."""
    lia = patient(reader, "nunez")
    (rest,) = reader.read("metadata")["rest"]
    values = {"token": "a|b", "string": "a", "date": "2026", "reference": "Group/1"}
    for each in rest["resource"]:
        if each["type"] == "AuditEvent":
            continue
        named = [
            (one["name"], lia if one["name"] in OWNERS else values[one["type"]])
            for one in each["searchParam"]
        ]  # fmt: skip
        owner = [("patient", lia)] if owned(each["type"]) else []
        asked = urlencode([*owner, *(pair for pair in named if pair[0] != "_id")])
        include = [("_include", one) for one in each.get("searchInclude", [])]
        back = [("_revinclude", one) for one in each.get("searchRevInclude", [])]
        for text in (asked, urlencode([*owner, *include, *back])):
            assert reader.get(f"{each['type']}?{text}", prefer="handling=strict").status == 200, (each["type"], text)
        assert reader.get(f"{each['type']}?{asked}&x=1", prefer="handling=strict").status == 400


NAMES = sorted({*COMMON, *OWNERS, "_include", "_revinclude", "_count", "_cursor", "_format", "_since", "_type"}
               | {name for own in TYPES.values() for name in own})  # fmt: skip
words = st.text(max_size=24) | st.sampled_from(
    ["2026", "ge2026-02-30", "0000", "9999-12-31", "9999", "Patient/1", "a|b", "|", ",", "\\,", "0", "-1", "9" * 40,
     "Patient:general-practitioner", "Observation:patient", "json", "true", "%00", "1e9", "eb9999", "lt0001-01-01"]
)  # fmt: skip
parts = st.text(max_size=12) | st.sampled_from(
    [
        *TYPES,
        "AuditEvent",
        "metadata",
        "token",
        "_search",
        "_history",
        "$everything",
        "$summary",
        "..",
        "PatientLink",
        "",
    ]
)
modifiers = st.sampled_from(["", ":exact", ":contains", ":missing", ":not", ":above", ":Patient", ":"])
LONG = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@LONG
@given(
    st.lists(parts, max_size=4), st.lists(st.tuples(st.sampled_from(NAMES), modifiers, words), max_size=5),
    st.booleans(), st.sampled_from(["", "handling=strict", "x"]),
)  # fmt: skip
def test_no_request_at_all_breaks_it(
    ward: House, reader: Program, path: list[str], asked: list[tuple[str, str, str]], post: bool, prefer: str
) -> None:
    fields = [(name + modifier, value) for name, modifier, value in asked]
    address = "/".join(quote(part, safe="$") for part in path)
    sent = urlencode(fields, errors="replace")
    got = (
        reader.guest._ask("POST", f"/fhir/{address}", sent.encode(), {**reader._bearer(), "prefer": prefer})
        if post
        else reader.get(f"{address}?{sent}", prefer=prefer)
    )

    assert got.status < 500, got.text
    assert errors(json.loads(got.text)) == [] if got.headers["content-type"].startswith("application/fhir") else True


@LONG
@given(
    st.sampled_from([name for name in sorted(TYPES) if owned(name)]),
    st.lists(st.tuples(st.sampled_from(NAMES), modifiers, words), max_size=4),
)
def test_no_search_of_a_patient_breaks_it(
    ward: House, reader: Program, type_: str, asked: list[tuple[str, str, str]]
) -> None:
    owner = ward.patient("4W")
    sent = urlencode([("patient", owner), *((name + modifier, value) for name, modifier, value in asked)])

    assert reader.get(f"{type_}?{sent}").status in (200, 400, 403, 406)


def test_outside_text_stays_text_in_a_summary(tmp_path: Path) -> None:
    bodies = resources()
    problem = next(each for each in bodies if each["resourceType"] == "Condition")
    problem["code"] = {"text": '<script>alert("1")</script> \u202ednE & \x07'}
    with house(tmp_path) as home:
        bring(home, bodies)
        told = document(program(home), "nunez")

    text = sections(told)["11450-4"]["text"]["div"]
    assert "&lt;script&gt;" in text
    assert "[U+202E]" in text
    assert ElementTree.fromstring(text).tag == "{http://www.w3.org/1999/xhtml}div"
    assert errors(told) == []
