"""SPM, SAC and OBR-15: what was taken, from where, when, and whether the laboratory could use it."""

from __future__ import annotations

from decimal import Decimal

from meanings import PID, PV1, of_type, only, said

from codedark.entries import Understood

OBR = "OBR|1|P9^ANNA|L9^LAB|600-7^Blood culture^LN|||20261123060000|||||||||||||||20261123070000||MB|F"
K = "OBX|1|NM|2823-3^Potassium^LN||6.80|mmol/L^^UCUM|3.5-5.1|HH|||F|||20261123065500"
SPM = (
    "SPM|1|S1&EHR^S2&LAB|^PARENT&LAB|SER^Serum^HL70487|SEP^separated|HEPA^Heparin^HL70371|VENIP^Venipuncture^HL70488|"
    "LACF^Antecubital fossa left^SCT||||5^mL&millilitre&UCUM||hard to draw|||20261123055500^20261123060100|"
    "20261123062000||N|RH^Hemolyzed^HL70490|||HEM^haemolysed^HL70493|||TUBE^Lavender top^L|||ACC7^^^LAB"
)


def test_specimen_says_what_was_taken_from_where_how_and_when() -> None:
    body = only(said("ORU^R01", PID, PV1, OBR, K, SPM), "Specimen").body
    collection = body["collection"]
    assert (
        body["type"]["text"],
        collection["bodySite"]["text"],
        collection["method"]["text"],
        collection["quantity"]["value"],
        collection["collectedPeriod"]["start"][:16],
        body["receivedTime"][:16],
        body["container"][0]["additiveCodeableConcept"]["text"],
        body["container"][0]["type"]["text"],
    ) == (
        "Serum",
        "Antecubital fossa left",
        "Venipuncture",
        Decimal(5),
        "2026-11-23T05:55",
        "2026-11-23T06:20",
        "Heparin",
        "Lavender top",
    )


def test_specimen_carries_every_number_it_was_given() -> None:
    body = only(said("ORU^R01", PID, OBR, K, SPM), "Specimen").body
    numbers = [(each["type"]["coding"][0]["code"], each["value"]) for each in body["identifier"]]
    assert (numbers, body["accessionIdentifier"]["value"], body["parent"][0]["identifier"]["value"]) == (
        [("FGN", "S2"), ("PGN", "S1")],
        "ACC7",
        "PARENT",
    )


def test_rejected_specimen_is_unsatisfactory_and_its_report_says_why() -> None:
    meaning = said("ORU^R01", PID, OBR.replace("MB|F", "MB|X"), SPM)
    notes = [each["valueAnnotation"]["text"] for each in only(meaning, "DiagnosticReport").body["extension"]]
    body = only(meaning, "Specimen").body
    assert (body["status"], [each["text"] for each in body["condition"]], notes) == (
        "unsatisfactory",
        ["haemolysed", "Hemolyzed"],
        ["specimen rejected: Hemolyzed"],
    )


def test_usable_specimen_is_not_said_to_be_rejected() -> None:
    meaning = said("ORU^R01", PID, OBR, K, SPM.replace("N|RH^Hemolyzed^HL70490", "Y|"))
    assert (only(meaning, "Specimen").body["status"], "extension" in only(meaning, "DiagnosticReport").body) == (
        "available",
        False,
    )


def test_specimen_is_the_same_whoever_tells_of_it() -> None:
    again = said("OUL^R22", PID, SPM, OBR, K, control="M2")
    assert only(again, "Specimen").id == only(said("ORU^R01", PID, OBR, K, SPM), "Specimen").id


def test_two_orders_below_one_specimen_share_it() -> None:
    second = OBR.replace("L9^LAB", "L10^LAB")
    meaning = said("OUL^R22", PID, SPM, OBR, K, second, K)
    named = [fact.body["specimen"]["reference"] for fact in of_type(meaning, "Observation")]
    assert named == [f"Specimen/{only(meaning, 'Specimen').id}"] * 2


def test_specimen_below_its_order_is_that_order_s() -> None:
    second = OBR.replace("L9^LAB", "L10^LAB")
    meaning = said("OUL^R24", PID, OBR, "ORC|RE|P9^ANNA", K, SPM, second, K)
    named = ["specimen" in fact.body for fact in of_type(meaning, "Observation")]
    assert (named, len(of_type(meaning, "DiagnosticReport"))) == ([True, False], 2)


def test_result_names_its_own_of_two_specimens() -> None:
    other = SPM.replace("S1&EHR^S2&LAB", "T1&EHR^T2&LAB").replace("ACC7", "ACC8")
    row = K + "|" * 19 + "T1&EHR^T2&LAB"
    meaning = said("ORU^R01", PID, OBR, row, SPM, other)
    assert only(meaning, "Observation").body["specimen"]["reference"] == (
        f"Specimen/{of_type(meaning, 'Specimen')[1].id}"
    )


def test_two_specimens_under_one_filler_number_are_two_and_one_said_twice_is_one() -> None:
    other = SPM.replace("S1&EHR", "T1&EHR").replace("Serum", "Plasma")
    two = {fact.id for fact in of_type(said("ORU^R01", PID, OBR, K, SPM, other), "Specimen")}
    one = {fact.id for fact in of_type(said("OUL^R22", PID, SPM, OBR, K, SPM, OBR.replace("L9", "L8"), K), "Specimen")}
    assert (len(two), len(one)) == (2, 1)


def test_old_source_says_its_state_volume_and_how_long_it_was_collected() -> None:
    obr = OBR.replace("20261123060000||", "20261122060000|20261123060000|1500^mL")
    parts = obr.split("|")
    parts[15] = "UR&Urine^^^^^HEM&haemolysed"
    body = only(said("ORU^R01", PID, "|".join(parts), K), "Specimen").body
    assert (
        body["condition"][0]["text"],
        body["collection"]["quantity"]["value"],
        body["collection"]["collectedPeriod"]["end"][:13],
    ) == (
        "haemolysed",
        Decimal(1500),
        "2026-11-23T06",
    )


def test_container_names_a_specimen_without_a_number_and_is_read_in_full() -> None:
    sac = "SAC|EXT9|ACC9^LAB|BOX1^LAB||||||RED^Red top^L|||||||||||||4||mL"
    meaning = said("OUL^R22", PID, "SPM|1|||BLD^Blood^HL70487", sac, OBR, K)
    again = said("OUL^R22", PID, "SPM|1|||BLD^Blood^HL70487", sac, OBR, K, control="M2")
    body = only(meaning, "Specimen").body
    assert (
        body["container"][0]["identifier"][0]["value"],
        body["accessionIdentifier"]["value"],
        only(again, "Specimen").id == only(meaning, "Specimen").id,
        meaning.understood,
    ) == ("BOX1", "ACC9", True, Understood.FULL)


def test_old_specimen_source_is_a_specimen() -> None:
    obr = "OBR|1||L9^LAB|600-7^Blood culture^LN|||20261123060000|||77^RUIZ^ANA||||20261123062000|"
    obr += "BLD&Blood^HEPA^left arm^LA"
    body = only(said("ORU^R01", PID, obr, K), "Specimen").body
    assert (
        body["type"]["text"],
        body["collection"]["collector"]["display"],
        body["collection"]["bodySite"]["text"],
        body["note"],
    ) == ("Blood", "ANA RUIZ", "LA", [{"text": "left arm"}])
