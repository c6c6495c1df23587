"""The chart: four states of allergies, what was last heard of a drug, results, notes, ages."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from views_tape import MINUTE, START_US, Tape, Views, fact, patient, stay

from codedark.entries import Fact
from codedark.views import AllergyState, Mark, Medication, When

NKA = {"code": {"coding": [{"system": "http://snomed.info/sct", "code": "716186003", "display": "No known allergy"}]}}


def allergy(id_: str, substance: str, **more: Any) -> Fact:
    return fact("AllergyIntolerance", id_, "p1", {"code": {"text": substance}, **more})


def order(id_: str, name: str, status: str = "active", at: int = 0, **more: Any) -> Fact:
    return fact(
        "MedicationRequest", id_, "p1", {"status": status, "medicationCodeableConcept": {"text": name}, **more}, at
    )


def dose(
    id_: str, when: str, order_: str = "m1", status: str = "completed", name: str = "vancomycin", at: int = 0
) -> Fact:
    body: dict[str, Any] = {
        "status": status,
        "medicationCodeableConcept": {"text": name},
        "effectiveDateTime": when,
        "dosage": {"dose": {"value": 1, "unit": "g"}},
        "performer": [{"actor": {"display": "R. Diaz"}}],
    }
    if order_:
        body["request"] = {"reference": f"MedicationRequest/{order_}"}
    return fact("MedicationAdministration", id_, "p1", body, at)


def only_drug(views: Views) -> Medication:
    (found,) = views.caught_up().chart("p1").medications
    return found


@pytest.fixture(autouse=True)
def marlowe(tape: Tape) -> None:
    """One patient in 4W."""
    tape.facts(patient("p1", "Marlowe"), stay("e1", "p1", "4W^01^A"), topics=["adt"])


def test_nothing_said_of_allergies_is_not_recorded(views: Views) -> None:
    chart = views.caught_up().chart("p1")
    assert (chart.allergy_state, chart.allergies) == (AllergyState.NOT_RECORDED, ())


def test_no_known_allergies_is_its_own_state(views: Views) -> None:
    views.tape.facts(fact("AllergyIntolerance", "n1", "p1", NKA))
    assert views.caught_up().chart("p1").allergy_state is AllergyState.NONE_KNOWN


def test_no_known_allergies_beside_an_allergy_shows_both(views: Views) -> None:
    views.tape.facts(fact("AllergyIntolerance", "n1", "p1", NKA), allergy("a1", "Penicillin", criticality="high"))
    chart = views.caught_up().chart("p1")
    assert chart.allergy_state is AllergyState.HAS
    assert [item.substance for item in chart.allergies] == ["Penicillin", "No known allergy"]


def test_an_allergy_entered_in_error_is_gone(views: Views) -> None:
    wrong = {"coding": [{"code": "entered-in-error"}]}
    views.tape.facts(allergy("a1", "Penicillin"), allergy("a2", "Latex", verificationStatus=wrong))
    assert [item.substance for item in views.caught_up().chart("p1").allergies] == ["Penicillin"]


def test_a_resolved_allergy_is_listed_as_resolved(views: Views) -> None:
    views.tape.facts(allergy("a1", "Penicillin", clinicalStatus={"coding": [{"code": "resolved"}]}))
    chart = views.caught_up().chart("p1")
    assert chart.allergies[0].substance == "Penicillin (resolved)"
    assert chart.allergy_state is AllergyState.NOT_RECORDED


def test_the_newest_dose_is_last_heard_whatever_the_order_of_arrival(views: Views) -> None:
    views.tape.facts(order("m1", "vancomycin 1 g"))
    views.tape.facts(dose("d2", "2026-09-21T14:58:00Z"), at=START_US + 200 * MINUTE)
    views.tape.facts(dose("d1", "2026-09-21T03:00:00Z"), at=START_US + 201 * MINUTE)
    drug = only_drug(views)
    assert drug.last_heard is not None
    assert drug.last_heard.when == When("2026-09-21T14:58:00Z")
    assert drug.doses_heard == 2
    assert (drug.last_heard.dose, drug.last_heard.by) == ("1 g", "R. Diaz")


def test_an_order_without_a_dose_has_none_heard(views: Views) -> None:
    views.tape.facts(order("m1", "levothyroxine 50 ug"))
    drug = only_drug(views)
    assert (drug.last_heard, drug.last_given, drug.doses_heard) == (None, None, 0)


def test_a_dose_from_the_future_is_never_last_heard(views: Views) -> None:
    views.tape.facts(order("m1", "vancomycin 1 g"))
    views.tape.facts(dose("d1", "2026-09-21T13:00:00Z"), dose("d2", "2027-09-21T13:00:00Z"))
    drug = only_drug(views)
    assert drug.last_heard is not None
    assert drug.last_heard.when == When("2026-09-21T13:00:00Z")
    impossible = [each.time_impossible for _, each in views.record.administrations("p1")]
    assert impossible == [True, False]


@pytest.mark.parametrize(("when", "impossible"), [("2026-09-21T14:18:20Z", False), ("2026-09-21T14:18:21Z", True)])
def test_a_dose_more_than_five_minutes_after_its_recording_is_impossible(
    views: Views, when: str, impossible: bool
) -> None:
    views.tape.facts(order("m1", "vancomycin 1 g"))
    views.tape.facts(dose("d1", when), at=START_US)  # recorded 14:13:20Z
    drug = only_drug(views)
    assert [each.time_impossible for _, each in views.record.administrations("p1")] == [impossible]
    assert (drug.last_heard is None) == impossible


def test_a_refused_dose_is_heard_and_not_given(views: Views) -> None:
    views.tape.facts(order("m1", "vancomycin 1 g"))
    views.tape.facts(dose("d1", "2026-09-21T01:00:00Z"), dose("d2", "2026-09-21T02:00:00Z", status="not-done"))
    drug = only_drug(views)
    assert drug.last_heard is not None
    assert drug.last_given is not None
    assert (drug.last_heard.given, drug.last_heard.reason) == (False, "not given")
    assert drug.last_given.when == When("2026-09-21T01:00:00Z")
    assert drug.doses_heard == 1


def test_a_dose_entered_in_error_was_never_heard(views: Views) -> None:
    views.tape.facts(order("m1", "vancomycin 1 g"))
    views.tape.facts(dose("d1", "2026-09-21T01:00:00Z", status="entered-in-error"))
    assert only_drug(views).last_heard is None


def test_a_dose_whose_order_was_never_heard_is_shown_as_such(views: Views) -> None:
    views.tape.facts(dose("d1", "2026-09-21T01:00:00Z", order_="elsewhere"))
    drug = only_drug(views)
    assert (drug.name, drug.status, drug.schedule) == ("vancomycin", "unknown", "order never heard")


def test_a_dose_that_names_no_order_goes_to_the_one_order_of_its_drug(views: Views) -> None:
    views.tape.facts(order("m1", "Vancomycin"), dose("d1", "2026-09-21T01:00:00Z", order_=""))
    assert only_drug(views).doses_heard == 1


def test_a_dose_that_could_belong_to_two_orders_belongs_to_neither(views: Views) -> None:
    views.tape.facts(
        order("m1", "vancomycin"), order("m2", "vancomycin"), dose("d1", "2026-09-21T01:00:00Z", order_="")
    )
    drugs = views.caught_up().chart("p1").medications
    assert sorted((drug.status, drug.doses_heard) for drug in drugs) == [("active", 0), ("active", 0), ("unknown", 1)]


def test_held_and_just_stopped_orders_stay_and_old_ones_leave(views: Views) -> None:
    views.tape.facts(order("m1", "metformin", "on-hold"), order("m2", "heparin", "stopped"))
    views.tape.facts(order("m3", "old pills", "stopped", at=-60 * 24 * 30))
    record = views.caught_up()
    assert [(drug.name, drug.status) for drug in record.chart("p1").medications] == [
        ("heparin", "stopped"),
        ("metformin", "on-hold"),
    ]
    assert [drug.name for drug in record.medications("p1")] == ["heparin", "metformin", "old pills"]


def test_dose_route_and_schedule_read_as_ordered(views: Views) -> None:
    dosage = {
        "doseAndRate": [{"doseQuantity": {"value": 2, "unit": "mg"}}],
        "route": {"text": "IV"},
        "timing": {"code": {"text": "every 4 hours"}},
        "asNeededCodeableConcept": {"text": "pain"},
        "maxDosePerPeriod": {"numerator": {"value": 8, "unit": "mg"}, "denominator": {"value": 4, "unit": "h"}},
    }
    remark = [{"text": "hold if RR < 10"}]
    views.tape.facts(order("m1", "morphine", dosageInstruction=[dosage], note=remark))
    drug = only_drug(views)
    assert (drug.dose, drug.route) == ("2 mg max 8 mg / 4 h", "IV")
    assert drug.schedule == "every 4 hours, as needed for pain · note: hold if RR < 10"
    assert drug.as_needed


def test_explicit_times_stand_in_the_schedule_and_nothing_is_said_twice(views: Views) -> None:
    timing = {"code": {"text": "every 12 hours"}, "repeat": {"timeOfDay": ["03:00:00", "15:00:00"]}}
    said = {"timing": timing, "text": "1 g IV every 12 hours at 03:00, 15:00 as needed for fever"}
    reason = {"asNeededCodeableConcept": {"text": "fever"}}
    views.tape.facts(order("m1", "vancomycin", dosageInstruction=[{"timing": timing}, said | reason]))
    once = "1 g IV every 12 hours at 03:00, 15:00 as needed for fever"
    assert only_drug(views).schedule == f"every 12 hours at 03:00, 15:00; then {once}"


def test_an_instruction_that_only_repeats_the_timing_is_said_once(views: Views) -> None:
    views.tape.facts(order("m1", "x", dosageInstruction=[{"timing": {"code": {"text": "daily"}}, "text": "Daily"}]))
    assert only_drug(views).schedule == "daily"


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("81 MG oral daily", "daily at 09:00"),
        ("81 mg Oral daily at 09:00", "daily at 09:00"),
        ("81 mg oral daily with food", "daily at 09:00, daily with food"),
        ("162 mg oral daily", "daily at 09:00, 162 mg oral daily"),
        ("81 mg oral daily at 21:00", "daily at 09:00, daily at 21:00"),
    ],
)
def test_the_senders_sentence_is_left_out_only_where_it_says_nothing_else(
    views: Views, sentence: str, shown: str
) -> None:
    timing = {"code": {"text": "daily"}, "repeat": {"timeOfDay": ["09:00:00"]}}
    dose = {"doseAndRate": [{"doseQuantity": {"value": 81, "unit": "mg"}}], "route": {"text": "Oral"}}
    views.tape.facts(order("m1", "aspirin", dosageInstruction=[{"timing": timing, "text": sentence} | dose]))
    assert only_drug(views).schedule == shown


def test_a_schedule_inside_another_word_is_still_said(views: Views) -> None:
    said = {"timing": {"code": {"text": "BID"}}, "text": "carbidopa-levodopa with food"}
    views.tape.facts(order("m1", "x", dosageInstruction=[said]))
    assert only_drug(views).schedule == "BID, carbidopa-levodopa with food"


def test_a_rate_makes_an_infusion(views: Views) -> None:
    dosage = {"doseAndRate": [{"rateQuantity": {"value": 6, "unit": "mL/h"}}]}
    views.tape.facts(order("m1", "noradrenaline", dosageInstruction=[dosage]))
    assert (only_drug(views).dose, only_drug(views).infusion) == ("at 6 mL/h", True)


def test_an_order_that_points_to_a_drug_takes_its_name(views: Views) -> None:
    pointing = {"status": "active", "medicationReference": {"reference": "Medication/x1"}}
    views.tape.facts(fact("MedicationRequest", "m1", "p1", pointing))
    assert only_drug(views).name == ""
    views.tape.facts(fact("Medication", "x1", None, {"code": {"text": "amlodipine 5 mg"}}))
    assert only_drug(views).name == "amlodipine 5 mg"


def test_results_stand_under_their_panel(views: Views) -> None:
    result = {"status": "final", "code": {"text": "Sodium"}, "valueQuantity": {"value": 140, "unit": "mmol/L"}}
    named = {"extension": [{"url": "urn:codedark:panel", "valueString": "BMP"}]}
    report = {"status": "final", "code": {"text": "Basic metabolic panel"}, "result": [{"reference": "Observation/o1"}]}
    views.tape.facts(
        fact("Observation", "o1", "p1", result),
        fact("Observation", "o2", "p1", result | named),
        fact("DiagnosticReport", "r1", "p1", report),
    )
    assert [each.panel for each in views.caught_up().chart("p1").results] == ["Basic metabolic panel", "BMP"]


def test_a_critical_flag_is_critical_and_a_withdrawn_one_is_not_listed_on_the_bed(views: Views) -> None:
    critical = {
        "status": "final",
        "code": {"text": "Potassium", "coding": [{"code": "2823-3"}]},
        "interpretation": [{"coding": [{"code": "HH"}]}],
        "valueQuantity": {"value": 6.4, "unit": "mmol/L"},
        "effectiveDateTime": "2026-09-21T02:40:00Z",
    }
    views.tape.facts(fact("Observation", "k1", "p1", critical))
    record = views.caught_up()
    assert record.chart("p1").results[0].critical
    assert record.census("4W")[0].critical_results == ("Potassium 6.4 mmol/L HH",)
    normal = critical | {"interpretation": [], "effectiveDateTime": "2026-09-21T05:00:00Z"}
    views.tape.facts(fact("Observation", "k2", "p1", normal))
    record = views.caught_up()
    assert record.census("4W")[0].critical_results == ()
    assert record.units()[0].critical == 0


def test_an_unknown_value_says_it_is_unknown(views: Views) -> None:
    body = {"status": "cancelled", "code": {"text": "Sodium"}, "dataAbsentReason": {"text": "specimen lost"}}
    views.tape.facts(fact("Observation", "o1", "p1", body))
    (result,) = views.caught_up().chart("p1").results
    assert (result.value, result.standing) == ("unknown (specimen lost)", "withdrawn")


def test_blood_pressure_reads_as_one(views: Views) -> None:
    parts = [
        {"code": {"coding": [{"code": code}]}, "valueQuantity": {"value": value, "unit": "mm[Hg]"}}
        for code, value in (("8480-6", 120), ("8462-4", 80))
    ]
    body = {"status": "final", "code": {"text": "BP", "coding": [{"code": "85354-9"}]}, "component": parts}
    views.tape.facts(fact("Observation", "o1", "p1", body))
    assert views.caught_up().chart("p1").vitals[0].value == "120/80 mm[Hg]"


def test_code_status_isolation_and_weight_reach_the_banner(views: Views) -> None:
    def said(id_: str, code: str, name: str, **value: Any) -> Fact:
        return fact(
            "Observation", id_, "p1", {"status": "final", "code": {"text": name, "coding": [{"code": code}]}, **value}
        )

    views.tape.facts(
        said("o1", "81351-9", "Code status", valueString="DNR"),
        said("o2", "ISOL", "Isolation precautions", valueString="contact"),
        said(
            "o3", "29463-7", "Body weight", valueQuantity={"value": 61.2, "unit": "kg"}, effectiveDateTime="2026-09-20"
        ),
    )
    record = views.caught_up()
    banner = record.chart("p1").banner
    assert (banner.code_status, banner.isolation, banner.weight) == ("DNR", "contact", "61.2 kg")
    assert banner.weight_when == When("2026-09-20")
    assert (record.census("4W")[0].code_status, record.census("4W")[0].isolation) == ("DNR", "contact")


def test_markup_is_taken_out_of_notes_and_plain_text_is_left_alone(views: Views) -> None:
    def document(id_: str, kind: str, words: str) -> Fact:
        data = base64.b64encode(words.encode()).decode()
        body = {"type": {"text": id_}, "content": [{"attachment": {"contentType": kind, "data": data}}]}
        return fact("DocumentReference", id_, "p1", body)

    views.tape.facts(
        document("n1", "text/html", "<p>K <b>6.4</b></p><script>alert(1)</script>"),
        document("n2", "text/plain", "give if BP < 90 and HR <50"),
        document("n3", "application/pdf", "%PDF"),
    )
    notes = {note.title: note.text for note in views.caught_up().chart("p1").notes}
    assert notes == {
        "n1": "K 6.4",
        "n2": "give if BP < 90 and HR <50",
        "n3": "[application/pdf: kept, not shown here]",
    }


def test_what_the_laboratory_wrote_beside_a_result_is_a_note(views: Views) -> None:
    body = {"status": "final", "code": {"text": "Potassium"}, "note": [{"text": "haemolysed"}]}
    views.tape.facts(fact("Observation", "o1", "p1", body))
    (note,) = views.caught_up().chart("p1").notes
    assert (note.title, note.text) == ("comment on Potassium", "haemolysed")


def test_every_section_has_its_own_age_for_patient_and_facility(views: Views) -> None:
    views.tape.facts(patient("p2", "Okafor", at=1), topics=["adt", "mar"])
    ages = {age.section: (age.patient_heard_us, age.facility_heard_us) for age in views.caught_up().chart("p1").ages}
    assert ages["adt"] == (START_US, START_US + MINUTE)
    assert ages["mar"] == (None, START_US + MINUTE)
    assert ages["results"] == (None, None)


def test_origin_and_mark_follow_the_source(views: Views) -> None:
    views.tape.facts(allergy("a1", "Penicillin"), source="person:n1")
    views.tape.facts(allergy("a2", "Latex"), source="import:synthea")
    chart = views.caught_up().chart("p1")
    marks = {item.substance: (item.stamp.mark, item.stamp.source, item.stamp.position) for item in chart.allergies}
    assert marks == {"Penicillin": (Mark.SCREEN, "n1", 1), "Latex": (Mark.IMPORT, "synthea", 2)}
    assert chart.banner.stamp is not None
    assert chart.banner.stamp.mark is Mark.FEED


def test_the_line_of_state_names_the_newest_entry(views: Views) -> None:
    as_of = views.caught_up().chart("p1").as_of
    assert (as_of.position, as_of.recorded_at_us, as_of.clock_trusted) == (0, START_US, True)
