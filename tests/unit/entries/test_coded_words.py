"""Codes of published tables come with the published words, beside the code as it was sent."""

from __future__ import annotations

from meanings import PID, only, said


def test_abnormal_flag_says_what_it_means() -> None:
    meaning = said("ORU^R01", PID, "OBR|1||F1|9^P^L", "OBX|1|NM|1^A^L||5|||hh|||F")
    (flag,) = only(meaning, "Observation").body["interpretation"]
    assert (flag["coding"][0]["code"], flag["coding"][0]["display"], flag["text"]) == ("HH", "Critical high", "hh")


def test_urgency_and_readmission_of_a_visit_are_translated() -> None:
    pv1 = "PV1|1|I|||||||||||R||||||V100^^^ANNA^VN"
    meaning = said("ADT^A01", PID, pv1, "PV2|" + "|" * 24 + "2")
    body = only(meaning, "Encounter").body
    assert [each["code"] for each in body["priority"]["coding"]] == ["UR", "2"]
    assert body["hospitalization"]["reAdmission"]["coding"][0]["display"] == "Re-admission"


def test_relation_of_a_table_is_translated_and_of_another_system_is_not() -> None:
    def relation(code: str) -> dict[str, object]:
        meaning = said("ADT^A01", PID, f"NK1|1|DOE^JO|{code}||555^^PH")
        kind: dict[str, object] = only(meaning, "Patient").body["contact"][0]["relationship"][0]
        return kind

    assert [each["code"] for each in relation("SPO^Spouse^HL70063")["coding"]] == ["SPS", "SPO"]  # type: ignore[attr-defined]
    assert relation("MTH")["text"] == "mother"
    assert [each["code"] for each in relation("EMC^test^ACR")["coding"]] == ["EMC"]  # type: ignore[attr-defined]


def test_urgency_of_two_codings_keeps_both_versions() -> None:
    pv1 = "PV1|1|I|||||||||||||||||V100^^^ANNA^VN"
    body = only(said("ADT^A01", PID, pv1, "PV2|" + "|" * 24 + "2^^^3^^^v1^v2"), "Encounter").body
    assert [(each["code"], each.get("version")) for each in body["priority"]["coding"][:2]] == [
        ("UR", "v1"),
        ("EL", "v2"),
    ]
