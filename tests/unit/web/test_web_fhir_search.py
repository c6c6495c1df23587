"""Searching by the FHIR interface: parameters, pages, what comes with them, merged records, units."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fhir_charts import bring, resources
from fhir_client import Program, asked_for_token, program
from web_rig import PASSWORD, Guest, House, admit, house

from codedark.access import CHEAP_COST, hash_password
from codedark.clock import SeededChance
from codedark.entries import PersonEnrolled, draft_of


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("fhir")) as made:
        bring(made, resources())
        made.configure(fhir__api=True)
        yield made


@pytest.fixture(scope="module")
def reader(ward: House) -> Program:
    return program(ward)


@pytest.fixture(scope="module")
def lia(reader: Program) -> str:
    """Id of the imported patient."""
    (found,) = reader.found("Patient?family=nunez")
    return str(found["id"])


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [each["id"] for each in found]


@pytest.mark.parametrize(
    "words",
    [
        "family=nunez", "family=NÚÑ", "given=ro", "name=lía", "identifier=700700", "identifier=urn:mrn|700700",
        "birthdate=1980-02-29", "birthdate=lt1981&family=N", "gender=female&given=Rosa", "family:exact=Núñez",
        "family:contains=ñe", "name=smith,núñez", "family=nunez&death-date:missing=true",
    ],
)  # fmt: skip
def test_a_patient_is_found_by_what_us_core_asks_for(reader: Program, lia: str, words: str) -> None:
    assert ids(reader.found(f"Patient?{words}")) == [lia]


@pytest.mark.parametrize(
    "words",
    ["family=unez", "identifier=urn:other|700700", "birthdate=1980-02-28", "gender=male&family=nunez",
     "family:exact=nunez", "birthdate=ge1981&family=nunez", "family=nunez&birthdate:missing=true"],
)  # fmt: skip
def test_the_control_who_does_not_match_is_not_found(reader: Program, words: str) -> None:
    assert reader.found(f"Patient?{words}") == []


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("Observation?code=8867-4", 5), ("Observation?code=http://loinc.org|8867-4,http://loinc.org|2823-3", 10),
        ("Observation?category=laboratory", 5), ("Observation?category:not=laboratory", 5),
        ("Observation?date=2026-09-12", 1), ("Observation?date=ge2026-09-12&date=lt2026-09-15", 3),
        ("Observation?date=2026-09", 10), ("Observation?date=sa2026-09-18T07:00:00Z", 1),
        ("Observation?date=eb2026", 0),
        ("Observation?code=|8867-4", 0), ("Observation?status=final", 10), ("Observation?status=preliminary", 0),
        ("MedicationRequest?status=active", 1), ("MedicationRequest?status=active,stopped", 2),
        ("MedicationRequest?intent=order&authoredon=gt2026-09-10", 1), ("Condition?clinical-status=active", 1),
        ("Condition?onset-date=2019", 1), ("Condition?category=problem-list-item", 1),
        ("Encounter?class=IMP&date=ge2026-09-01", 1), ("Immunization?lot-number=ax", 1), ("Procedure?date=2001", 1),
        ("AllergyIntolerance?clinical-status=active", 1), ("Observation?_lastUpdated=ge2026", 10),
        ("Observation?_lastUpdated=lt2026", 0),     ],
)  # fmt: skip
def test_a_patients_resources_are_found_by_their_parameters(reader: Program, lia: str, path: str, count: int) -> None:
    assert len(reader.found(f"{path}&patient={lia}")) == count
    assert len(reader.found(f"{path}&patient=Patient/{lia}")) == count


def test_a_visit_names_its_patient(reader: Program, lia: str) -> None:
    (visit,) = reader.found(f"Encounter?patient={lia}")

    assert len(reader.found(f"Observation?encounter=Encounter/{visit['id']}")) == 10


def test_clinical_resources_of_everybody_at_once_are_not_given(reader: Program) -> None:
    told = reader.read("Observation?code=8867-4", 400)

    assert told["issue"][0]["code"] == "business-rule"


def test_people_and_medicines_that_belong_to_nobody_are_found_without_a_patient(reader: Program) -> None:
    assert [each["name"][0]["family"] for each in reader.found("Practitioner?name=hale")] == ["Hale"]
    assert len(reader.found("Medication?code=29046")) == 1


def test_the_pages_of_a_search_hold_each_match_once(reader: Program, lia: str) -> None:
    seen, path = [], f"Observation?patient={lia}&_count=3"
    for _ in range(9):
        told = reader.read(path)
        seen += [entry["resource"]["id"] for entry in told["entry"]]
        following = [link["url"] for link in told["link"] if link["relation"] == "next"]
        if not following:
            break
        path = following[0].split("/fhir/")[1]
        assert re.fullmatch(r"Observation\?_cursor=[\w-]+", path)

    assert len(seen) == len(set(seen)) == 10


def test_a_page_marker_is_good_for_its_person_and_search_alone(ward: House, reader: Program, lia: str) -> None:
    told = reader.read(f"Observation?patient={lia}&_count=3")
    marker = next(link["url"] for link in told["link"] if link["relation"] == "next").split("_cursor=")[1]

    assert reader.get(f"Condition?_cursor={marker}").status == 400
    assert reader.get(f"Observation?_cursor={marker[:-2]}AA").status == 400
    assert reader.get(f"Observation?_cursor={marker}").status == 200


def test_an_address_of_ours_never_holds_what_was_searched_for(reader: Program) -> None:
    got = reader.get("Patient?name=n%C3%BA%C3%B1ez&_count=1&identifier=700700")

    assert not re.search("n%C3|núñez|700700", json.dumps(json.loads(got.text)["link"]))


def test_a_search_by_post_is_the_same_search(reader: Program, lia: str) -> None:
    got = reader.post("Observation/_search", {"patient": lia, "code": "8867-4"})

    assert len(json.loads(got.text)["entry"]) == 5


def test_what_comes_with_a_match_comes_with_it(reader: Program, lia: str) -> None:
    path = f"MedicationRequest?patient={lia}&status=active"

    assert {
        each["resourceType"] for each in reader.found(f"{path}&_include=MedicationRequest:medication", "include")
    } == {"Medication"}
    assert {
        each["resourceType"]
        for each in reader.found(
            f"{path}&_include=MedicationRequest:requester&_include=MedicationRequest:patient", "include"
        )
    } == {"Practitioner", "Patient"}
    back = reader.found(f"Condition?patient={lia}&_revinclude=Provenance:target", "include")
    assert [each["resourceType"] for each in back] == ["Provenance"]
    of_patient = reader.found(f"Patient?_id={lia}&_revinclude=Observation:patient", "include")
    assert len(of_patient) == 10


def test_what_is_not_understood_is_said_and_refused_when_asked_for(reader: Program, lia: str) -> None:
    path = f"Observation?patient={lia}&colour=red&_sort=date&_has:X:y:z=MARLOWE"

    (note,) = reader.found(path, "outcome")

    assert note["issue"][0]["diagnostics"] == "Not understood and left out: colour, _sort, _has."
    told = reader.read(path, 400, prefer="handling=strict")
    assert told["resourceType"] == "OperationOutcome"
    assert reader.get(f"Observation?patient={lia}&code:above=x").status == 400


def test_a_narrow_account_reads_its_unit_only(ward: House, lia: str) -> None:
    phc = hash_password(PASSWORD, SeededChance("narrow"), CHEAP_COST)
    payload = PersonEnrolled(person="dialysis", login="dialysis", name="D", password=phc, roles={"interface": ["5E"]})
    ward.journal.append(draft_of(payload, source="node"))
    ward.fold()
    narrow = program(ward, "dialysis", "10.0.7.8")
    five, four = ward.patient("5E"), lia

    assert ids(narrow.found("Patient")) == [five]
    assert narrow.read(f"Patient/{five}")["id"] == five
    for path in (f"Patient/{four}", f"Patient/{four}/$everything", f"Patient/{four}/$summary", f"Patient?_id={four}",
                 f"Condition?patient={four}"):  # fmt: skip
        assert "ñez" not in json.dumps(narrow.read(path, 403), ensure_ascii=False)
    assert [said.deed for said in ward.said("deed.refused")][-1] == "use_api"


def test_everything_is_everything_once_with_whom_it_points_at(reader: Program, lia: str) -> None:
    told = reader.read(f"Patient/{lia}/$everything")

    kinds = [entry["resource"]["resourceType"] for entry in told["entry"]]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "Patient": 1, "Encounter": 1, "AllergyIntolerance": 1, "Condition": 1, "Medication": 1, "MedicationRequest": 2,
        "Immunization": 1, "Procedure": 1, "Practitioner": 1, "Observation": 10,
    }  # fmt: skip
    have = {entry["fullUrl"].split("/fhir/")[1] for entry in told["entry"]}
    assert set(re.findall(r'"reference": "([^"]+)"', json.dumps(told))) <= have
    some = reader.read(f"Patient/{lia}/$everything?_type=Condition,Observation")
    assert {entry["resource"]["resourceType"] for entry in some["entry"]} == {"Condition", "Observation"}
    assert "entry" not in reader.read(f"Patient/{lia}/$everything?_since=2030-01-01")


def test_what_the_sender_said_in_meta_stays(reader: Program, lia: str) -> None:
    meta = reader.read(f"Patient/{lia}")["meta"]

    assert [tag["code"] for tag in meta["tag"]] == ["last-known", "vip"]
    assert {"url": "urn:codedark:sent-source", "valueUri": "https://ehr.example/r4"} in meta["extension"]


def test_merged_records_are_one_patient_and_name_each_other(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.hear(admit("900", "OLD^RECORD", "4W", room="09"))
        reader = program(home)
        (old,) = ids(reader.found("Patient?identifier=900"))
        (new,) = ids(reader.found("Patient?identifier=482193"))
        home.hear("\r".join([
            "MSH|^~\\&|EHR|WTB|CODEDARK|WTB|20260921150500||ADT^A40^ADT_A39|C40|P|2.5.1", "EVN|A40|20260921150500",
            "PID|1||482193^^^WTB^MR||MARLOWE^ADA||19550304|F", "MRG|900^^^WTB^MR",
        ]))  # fmt: skip

        assert reader.read(f"Patient/{old}")["link"] == [
            {"other": {"reference": f"Patient/{new}"}, "type": "replaced-by"}
        ]
        assert reader.read(f"Patient/{new}")["link"] == [{"other": {"reference": f"Patient/{old}"}, "type": "replaces"}]
        assert len(reader.found(f"Encounter?patient={old}")) == len(reader.found(f"Encounter?patient={new}")) == 2


def test_who_reads_much_is_an_alarm(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        reader = program(home)
        for _ in range(61):
            reader.read("Patient?family=x")
        home.fold()

        assert "61 searches for patients by a program" in home.in_as("privacy").get("/reads").text


def test_wrong_secrets_are_slowed_like_wrong_passwords(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.configure(fhir__api=True)
        guest = Guest(home.app, "10.0.7.9")
        answers = [asked_for_token(guest, "interface", "wrong words here").status for _ in range(7)]

        assert answers == [401] * 6 + [429]
        assert asked_for_token(Guest(home.app, "10.0.7.10"), "interface").status == 200
