"""The MAR sheet on paper: earlier live sheets are named, and what the sender says otherwise stays."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import ward_shapes

from codedark.paper import mar
from codedark.paper.summary import Print, ordered
from codedark.views import DoseSheet, SheetState

PRINT = Print(ward_shapes.PRINTED_US, ZoneInfo("America/New_York"))


def test_a_reprint_names_the_sheet_to_collect() -> None:
    out = DoseSheet("WTB-S1", "4 West", ward_shapes.PRINTED_US - 3_600_000_000, SheetState.OUT)
    (named,) = mar.body(replace(ward_shapes.chart(0), sheets=(out,)), PRINT, 7)["collect"]
    assert named.startswith("WTB-S1 (4 West, ")


def test_the_first_mar_of_a_patient_collects_nothing() -> None:
    assert mar.body(ward_shapes.chart(0), PRINT, 7)["collect"] == []


def test_a_dose_that_the_senders_words_say_otherwise_is_left_beside_it() -> None:
    order = replace(ward_shapes.medication(0), dose="650 mg", route="Oral", schedule="65 mg oral daily")
    assert ordered(order) == "650 mg · Oral · 65 mg oral daily"


def test_a_name_on_the_list_is_in_tall_man_letters() -> None:
    chart = replace(ward_shapes.chart(0), medications=(replace(ward_shapes.medication(0), name="HYDRALAZINE 25 MG"),))
    assert mar.body(chart, PRINT, 7)["scheduled"][0]["name"] == "hydrALAZINE 25 MG"
