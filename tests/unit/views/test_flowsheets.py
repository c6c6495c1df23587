"""Vital signs and results laid out by time: what stands in which column, and what is never lost."""

from __future__ import annotations

from dataclasses import replace

from codedark.views import Mark, Result, Sign, Stamp, Vital, When, flowsheet, over_time, panel_grids, plot

STAMP = Stamp(7, 1_795_500_000_000_000, Mark.FEED, "lab")
POTASSIUM = Result(
    "BMP", "Potassium", "6.4", "mmol/L", "3.5-5.1", "HH", True, "final", When("2026-11-24T02:40:00-05:00"), (), STAMP
)


def vital(name: str, value: str, hour: str, unit: str = "", code: str = "", position: int = 7) -> Vital:
    stamp = replace(STAMP, position=position)
    return Vital(
        name, value, unit, When(f"2026-11-24T{hour}:00-05:00"), stamp, False, code and f"http://loinc.org|{code}"
    )


def test_signs_stand_in_the_order_a_nurse_charts_them_by_code_or_by_name() -> None:
    said = [
        vital("Temp", "37.1", "02:00", "Cel", "8310-5"),
        vital("Pain", "3", "02:00"),
        vital("HR", "88", "02:00", "/min", "8867-4"),
        vital("Oxygen saturation by pulse oximetry", "95", "02:00", "%"),
        vital("Inhaled oxygen flow rate", "2", "02:00", "L/min"),
        vital("Respiratory rate", "18", "02:00", "/min"),
        vital("Systolic", "152", "02:00", "mm[Hg]", "8480-6"),
        vital("Diastolic", "75", "02:00", "mm[Hg]", "8462-4"),
        vital("Responsiveness", "Alert", "02:00"),
    ]

    sheet = flowsheet(said)

    assert [row.sign for row in sheet.rows] == [
        Sign.RESPIRATION, Sign.SATURATION, Sign.OXYGEN, Sign.PRESSURE, Sign.PULSE, Sign.CONSCIOUSNESS, Sign.TEMPERATURE,
        Sign.PAIN,
    ]  # fmt: skip
    pressure = next(row for row in sheet.rows if row.sign is Sign.PRESSURE)
    assert [each.value for each in pressure.cells[0]] == ["152", "75"]


def test_a_quarter_of_an_hour_is_one_round_and_a_sign_that_comes_again_is_the_next() -> None:
    said = [
        vital("Pulse", "88", "02:00"),
        vital("Respiratory rate", "18", "02:14"),
        vital("Pulse", "90", "02:15"),
        vital("Respiratory rate", "20", "02:40"),
    ]

    rounds = flowsheet(said).rounds

    assert [sorted(each.signs) for each in rounds] == [["resp"], ["pulse"], ["pulse", "resp"]]


def test_weight_makes_no_column_and_an_impossible_time_no_round() -> None:
    ahead = replace(vital("Pulse", "40", "23:00"), time_impossible=True)
    timeless = replace(vital("Pulse", "41", "23:00"), when=None)

    sheet = flowsheet([vital("Body weight", "61.8", "01:00", "kg"), ahead, timeless, vital("Pulse", "88", "02:00")])

    assert len(sheet.rounds) == 1
    assert [each.value for each in sheet.others] == ["61.8"]
    assert [each.value for each in sheet.loose] == ["40", "41"]


def test_a_round_says_when_the_latest_of_it_was_kept() -> None:
    sheet = flowsheet(
        [vital("Pulse", "88", "02:00", position=9), vital("Respiratory rate", "18", "02:01", position=12)]
    )

    assert [each.stamp.position for each in sheet.rounds] == [12]


def test_the_newest_result_is_the_newest_by_its_own_time() -> None:
    older = replace(POTASSIUM, value="5.2", critical=False, when=When("2026-11-23T02:40:00-05:00"))

    (grid,) = panel_grids([older, POTASSIUM])

    assert [[each.value for each in cell] for cell in grid.rows[0].cells] == [["6.4"], ["5.2"]]
    assert grid.rows[0].newest.value == "6.4"


def test_a_result_from_the_future_has_no_column_and_is_not_lost() -> None:
    when = When("2027-11-23T02:40:00-05:00")
    ahead = replace(POTASSIUM, value="4.0", critical=False, when=when, time_impossible=True)

    (grid,) = panel_grids([ahead, POTASSIUM])

    assert (len(grid.times), grid.rows[0].newest.value) == (1, "6.4")
    assert [each.value for each in grid.rows[0].loose] == ["4.0"]


def test_a_withdrawn_result_stands_in_its_column_and_is_not_the_newest() -> None:
    gone = replace(POTASSIUM, value="9.9", standing="withdrawn", when=When("2026-11-24T05:00:00-05:00"))

    (grid,) = panel_grids([gone, POTASSIUM])

    assert grid.rows[0].newest.value == "6.4"
    assert grid.rows[0].cells[0][0].value == "9.9"
    assert [each.value for each in grid.rows[0].series()] == ["6.4"]


def test_one_test_in_two_units_is_two_rows() -> None:
    assert len(panel_grids([POTASSIUM, replace(POTASSIUM, unit="mg/dL")])[0].rows) == 2


def test_the_panel_with_a_critical_newest_value_stands_first() -> None:
    calm = replace(POTASSIUM, panel="A panel", critical=False)

    assert [grid.name for grid in panel_grids([calm, POTASSIUM])] == ["BMP", "A panel"]


def test_a_drawing_joins_no_points_over_half_a_day_and_draws_only_numbers() -> None:
    said = [
        vital("Pulse", "88", "00:00"),
        vital("Pulse", "90", "01:00"),
        vital("Pulse", "refused", "02:00"),
        vital("Pulse", "95", "14:01"),
        vital("Pulse", "96", "15:00"),
    ]

    rounds = flowsheet(said).rounds[::-1]

    (strip,) = plot(rounds, over_time(rounds, 100), 20)

    assert [len(line) for line in strip.lines] == [2, 2]
    assert [text for _, _, text in strip.dots] == ["88", "90", "95", "96"]


def test_a_pulse_oximeter_measures_no_pulse_and_a_childs_heart_is_not_the_mothers() -> None:
    said = [
        vital("Pulse oximetry", "97", "02:00", "%"),
        vital("Pulse rate", "88", "02:00", "/min"),
        vital("Fetal Heart rate", "142", "02:01", "/min", "55283-6"),
        vital("Respiratory rate setting Ventilator", "14", "02:01", "/min", "19834-1"),
        vital("Pulse pressure", "40", "02:01", "mm[Hg]"),
    ]

    sheet = flowsheet(said)

    assert [(row.sign, row.cells[0][0].value) for row in sheet.rows] == [(Sign.SATURATION, "97"), (Sign.PULSE, "88")]
    assert [each.value for each in sheet.others] == ["142", "14", "40"]


def test_a_diastolic_value_alone_is_not_read_as_a_systolic_one() -> None:
    sheet = flowsheet([vital("Diastolic", "75", "02:00", "mm[Hg]", "8462-4")])

    assert [each.value for each in sheet.rows[0].cells[0]] == ["–/75"]
    assert sheet.rounds[0].signs[Sign.DIASTOLIC].value == "75"
