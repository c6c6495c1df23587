"""Every component that the published data type maps give: versions, third codings, periods, ranks, lines."""

from __future__ import annotations

from typing import Any

import pytest
from meanings import only, said

from codedark.entries.datatypes import address, concept, contact_point, human_name, identifier_cx, period, split_field
from codedark.hl7 import Delimiters

LOCAL = "urn:codedark:codesystem:"


def rep(text: str) -> Any:
    return split_field(text, Delimiters("|", "^", "~", "\\", "&"), "utf-8")[0]


def test_all_three_codings_keep_their_versions() -> None:
    said = concept(rep("1^One^A^2^Two^B^v1^v2^in words^3^Three^C^v3"))
    assert said == {
        "coding": [
            {"system": LOCAL + "A", "version": "v1", "code": "1", "display": "One"},
            {"system": LOCAL + "B", "version": "v2", "code": "2", "display": "Two"},
            {"system": LOCAL + "C", "version": "v3", "code": "3", "display": "Three"},
        ],
        "text": "in words",
    }


def test_number_that_expires_keeps_its_period() -> None:
    assert identifier_cx(rep("77^^^ADM^MR^^20200101^20261231"))["period"] == {
        "start": "2020-01-01",
        "end": "2026-12-31",
    }


def test_time_without_offset_is_only_a_day_where_no_zone_is_known() -> None:
    assert period("20260101083000", "20260102083000+0200") == {
        "start": "2026-01-01",
        "end": "2026-01-02T08:30:00+02:00",
    }
    assert period("someday", "") == {}


def test_name_keeps_professional_suffix_and_validity() -> None:
    name = human_name(rep("OKAFOR^NGOZI^A^III^DR^MD^L^^^20200101&20211231^^^^RN"))
    assert name["suffix"] == ["III", "MD", "RN"]
    assert name["period"] == {"start": "2020-01-01", "end": "2021-12-31"}


def test_own_dates_of_a_name_win_over_the_older_range() -> None:
    assert human_name(rep("OKAFOR^^^^^^L^^^20200101&20211231^^2022"))["period"] == {"start": "2022"}


def test_street_of_three_parts_is_three_lines() -> None:
    place = address(rep("12&Main St&B^Floor 2^Town^ST^99^US^H^^07&North^^^2020&2021^^^^^^^c/o Hale"))
    assert place["line"] == ["12", "Main St", "B", "Floor 2", "c/o Hale"]
    assert (place["district"], place["period"]) == ("North", {"start": "2020", "end": "2021"})


@pytest.mark.parametrize(
    ("phone", "value"),
    [
        ("^PRN^PH^^^555^4672222", "555 4672222"),
        ("^PRN^PH^^1^555^4672222", "+1 555 4672222"),
        ("^PRN^PH^^1^555^4672222^12", "+1 555 4672222 X12"),
        ("^PRN^PH^^^555^4672222^12", "555 4672222 X12"),
        ("(555) 1^PRN^PH", "(555) 1"),
        ("^PRN^PH^^^^^^^^^5550001", "5550001"),
    ],
)
def test_number_is_put_together_as_the_map_says(phone: str, value: str) -> None:
    assert contact_point(rep(phone))["value"] == value


def test_phone_keeps_period_and_rank() -> None:
    phone = contact_point(rep("555^PRN^PH^^^^^^^^^^2020^2021^^^^2"))
    assert (phone["period"], phone["rank"]) == ({"start": "2020", "end": "2021"}, 2)
    assert "rank" not in contact_point(rep("555^PRN^PH^^^^^^^^^^^^^^^-1"))
    assert "rank" not in contact_point(rep("555^PRN^PH^^^^^^^^^^^^^^^" + "9" * 5000))


def test_name_somebody_is_called_by_is_a_nickname_of_its_own() -> None:
    meaning = said("ADT^A08", "PID|1||1^^^ANNA^MR||OKAFOR^NGOZI^^^^^L^^^^^^^^ZIZI")
    assert only(meaning, "Patient").body["name"][1] == {"use": "nickname", "given": ["ZIZI"]}
