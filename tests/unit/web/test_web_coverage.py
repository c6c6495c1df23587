"""The unit's page says what the feeds do not carry for it, to whoever may see clinical things."""

from __future__ import annotations

import pytest
from web_rig import House

from codedark.entries import ConfigSet, draft_of
from codedark.views import COVERAGE, COVERAGE_PARTS


@pytest.mark.parametrize("role", ["nurse", "physician"])
def test_a_unit_without_doses_says_so_on_its_page(home: House, role: str) -> None:
    page = home.in_as(role).get("/beds?unit=4W").text
    assert "Less than the site asks for" in page
    assert "never heard" in page


def test_a_unit_that_has_what_is_asked_for_gives_no_warning(home: House) -> None:
    for part in COVERAGE_PARTS:
        home.append(draft_of(ConfigSet(key=f"{COVERAGE}{part}", value=0), source="person:a"))
    home.fold()
    page = home.in_as("nurse").get("/beds?unit=4W").text
    assert "What the feeds carry for this unit" in page
    assert "Less than the site asks for" not in page


def test_a_clerk_is_told_nothing_clinical_about_a_unit(home: House) -> None:
    assert "What the feeds carry" not in home.in_as("clerk").get("/beds?unit=4W").text
