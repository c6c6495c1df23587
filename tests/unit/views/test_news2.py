"""NEWS2 against the thresholds of the RCP's chart, and every reason for which there is no score."""

from __future__ import annotations

import pytest

from codedark.views import (
    Band,
    Condition,
    Mark,
    Order,
    Result,
    Round,
    Sign,
    Stamp,
    Unscored,
    Vital,
    When,
    flowsheet,
    news2_of,
    not_scored,
    scale_two_order,
)

STAMP = Stamp(7, 1_795_500_000_000_000, Mark.FEED, "vitals")
WHEN = When("2026-11-24T02:40:00-05:00")
NORMAL = {
    Sign.RESPIRATION: ("16", "/min", "9279-1"),
    Sign.SATURATION: ("97", "%", "59408-5"),
    Sign.OXYGEN: ("0", "L/min", "3151-8"),
    Sign.SYSTOLIC: ("120", "mm[Hg]", "8480-6"),
    Sign.PULSE: ("75", "/min", "8867-4"),
    Sign.CONSCIOUSNESS: ("Alert", "", "67775-7"),
    Sign.TEMPERATURE: ("37.0", "Cel", "8310-5"),
}


def heard(*without: Sign, **changed: str) -> Round:
    said = []
    for sign, (value, unit, code) in NORMAL.items():
        if sign not in without:
            value = changed.get(sign.name.lower(), value)
            unit = changed.get(f"{sign.name.lower()}_unit", unit)
            said.append(Vital(sign.value, value, unit, WHEN, STAMP, False, f"http://loinc.org|{code}"))
    (only,) = flowsheet(said).rounds
    return only


def points(sign: Sign, value: str, *, scale_two: bool = False, **changed: str) -> int | None:
    found = news2_of(heard(**{sign.name.lower(): value}, **changed), scale_two=scale_two)
    return next(part.points for part in found.parts if part.sign is sign)


@pytest.mark.parametrize(
    ("sign", "value", "expected"),
    [
        *((Sign.RESPIRATION, *each) for each in
          (("8", 3), ("9", 1), ("11", 1), ("12", 0), ("20", 0), ("21", 2), ("24", 2), ("25", 3))),
        (Sign.SATURATION, "91", 3), (Sign.SATURATION, "92", 2), (Sign.SATURATION, "93", 2), (Sign.SATURATION, "94", 1),
        (Sign.SATURATION, "95", 1), (Sign.SATURATION, "96", 0),
        (Sign.SYSTOLIC, "90", 3), (Sign.SYSTOLIC, "91", 2), (Sign.SYSTOLIC, "100", 2), (Sign.SYSTOLIC, "101", 1),
        (Sign.SYSTOLIC, "110", 1), (Sign.SYSTOLIC, "111", 0), (Sign.SYSTOLIC, "219", 0), (Sign.SYSTOLIC, "220", 3),
        *((Sign.PULSE, *each) for each in
          (("40", 3), ("41", 1), ("50", 1), ("51", 0), ("90", 0), ("91", 1), ("110", 1), ("111", 2), ("130", 2),
           ("131", 3))),
        (Sign.TEMPERATURE, "35.0", 3), (Sign.TEMPERATURE, "35.1", 1), (Sign.TEMPERATURE, "36.0", 1),
        (Sign.TEMPERATURE, "36.1", 0), (Sign.TEMPERATURE, "38.0", 0), (Sign.TEMPERATURE, "38.1", 1),
        (Sign.TEMPERATURE, "39.0", 1), (Sign.TEMPERATURE, "39.1", 2),
        (Sign.CONSCIOUSNESS, "A", 0), (Sign.CONSCIOUSNESS, "Voice", 3), (Sign.CONSCIOUSNESS, "new confusion", 3),
        (Sign.CONSCIOUSNESS, "Unresponsive", 3), (Sign.CONSCIOUSNESS, "Alert, newly confused", 3),
        (Sign.CONSCIOUSNESS, "A - Alert", 0), (Sign.CONSCIOUSNESS, "Alert and oriented x3", 0),
        (Sign.OXYGEN, "0", 0), (Sign.OXYGEN, "2", 2), (Sign.OXYGEN, "room air", 0),
    ],
)  # fmt: skip
def test_each_part_scores_as_the_chart_says(sign: Sign, value: str, expected: int) -> None:
    assert points(sign, value) == expected


@pytest.mark.parametrize(
    ("value", "oxygen", "expected"),
    [("83", "0", 3), ("84", "0", 2), ("85", "0", 2), ("86", "0", 1), ("87", "0", 1), ("88", "2", 0), ("92", "2", 0),
     ("93", "2", 1), ("94", "2", 1), ("95", "2", 2), ("96", "2", 2), ("97", "2", 3), ("97", "0", 0)],
)  # fmt: skip
def test_scale_two_scores_too_much_oxygen(value: str, oxygen: str, expected: int) -> None:
    assert points(Sign.SATURATION, value, scale_two=True, oxygen=oxygen) == expected


def test_scale_two_counts_only_where_it_was_ordered() -> None:
    def order(name: str, status: str = "active") -> Order:
        return Order(name, status, "", None, "", STAMP)

    assert scale_two_order([order("Oxygen, target SpO2 88-92 %")]) is not None
    assert scale_two_order([order("NEWS2 SpO2 scale 2")]) is not None
    assert scale_two_order([order("Oxygen, target SpO2 94-98 %"), order("scale 2", "revoked")]) is None


@pytest.mark.parametrize("sign", NORMAL)
def test_a_round_without_one_part_has_no_score_at_all(sign: Sign) -> None:
    found = news2_of(heard(sign), scale_two=False)

    assert (found.total, found.band, found.missing) == (None, None, (sign,))
    assert news2_of(heard(), scale_two=False).total == 0


@pytest.mark.parametrize(
    "changed",
    [{"pulse": ">130"}, {"pulse": "refused"}, {"saturation": "970"}, {"consciousness": "seems fine"},
     {"oxygen": "mask"},
     {"consciousness": "alert to voice only"}, {"oxygen": "air entrainment mask"},
     {"oxygen_unit": "bar", "oxygen": "2"}, {"temperature": "98.6"}],
)  # fmt: skip
def test_what_cannot_be_read_is_missing_not_normal(changed: dict[str, str]) -> None:
    assert news2_of(heard(**changed), scale_two=False).total is None


def test_fahrenheit_is_read_for_the_score() -> None:
    assert points(Sign.TEMPERATURE, "100.6", temperature_unit="[degF]") == 1
    assert points(Sign.TEMPERATURE, "100.4", temperature_unit="[degF]") == 0


def test_the_pressure_sent_as_one_gives_its_systolic_part() -> None:
    found = heard(Sign.SYSTOLIC)
    found.signs[Sign.PRESSURE] = Vital("Blood pressure", "95/60", "mm[Hg]", WHEN, STAMP)

    assert news2_of(found, scale_two=False).total == 2


@pytest.mark.parametrize(
    ("changed", "total", "band"),
    [
        ({"pulse": "95"}, 1, Band.LOW),
        ({"respiration": "26"}, 3, Band.SINGLE),
        ({"respiration": "22", "saturation": "92", "pulse": "95"}, 5, Band.MEDIUM),
        ({"respiration": "26", "saturation": "90", "oxygen": "4"}, 8, Band.HIGH),
    ],
)
def test_bands_are_those_of_the_thresholds_chart(changed: dict[str, str], total: int, band: Band) -> None:
    found = news2_of(heard(**changed), scale_two=False)

    assert (found.total, found.band) == (total, band)


def test_children_and_pregnant_patients_are_not_scored() -> None:
    at_us = heard().at_us
    pregnant = Condition("Intrauterine pregnancy, 28 weeks", "active", None, STAMP)
    status = Result(
        "", "Pregnancy status", "Pregnant", "", "", "", False, "final", WHEN, (), STAMP, "http://loinc.org|82810-3"
    )

    assert not_scored("1955-03-04", at_us, [], []) is None
    assert not_scored("2010-11-25", at_us, [], []) is Unscored.CHILD
    assert not_scored("2010-11-24", at_us, [], []) is None
    assert not_scored("1955", at_us, [], []) is Unscored.AGE
    assert not_scored("1990-03-04", at_us, [pregnant], []) is Unscored.PREGNANT
    assert not_scored("1990-03-04", at_us, [], [status]) is Unscored.PREGNANT
