"""Two people at two screens, in a real browser: propose, approve, print the envelope; axe finds nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from web_rig import PASSWORD

from codedark.actions import enrol_person, log_in

if TYPE_CHECKING:
    from conftest import Site

pytestmark = pytest.mark.browser


def enter(site: Site, login: str, **options: Any) -> Any:
    page = site.context(**options).new_page()
    page.goto(f"{site.address}/login")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url("**/units")
    page.goto(f"{site.address}/two-people")
    return page


def second_administrator(site: Site) -> str:
    home = site.home
    if home.deeds.record.account("second") is None:
        first = log_in(home.deeds, "administrator", PASSWORD)
        enrol_person(home.deeds, first, "second", "Second", PASSWORD, {"administrator": ["*"]})
        home.fold()
    return "second"


def test_two_people_make_an_envelope_without_javascript(site: Site) -> None:
    first = enter(site, "administrator", java_script_enabled=False)
    first.fill("#unit", "5E")
    first.click("text=Propose a new envelope")
    site.home.fold()
    second = enter(site, second_administrator(site), java_script_enabled=False)
    second.click("text=Approve and do it")
    assert second.locator("ol code").count() == 10
    assert second.locator("img[alt='QR code of the unit\\'s key']").is_visible()
    assert site.outside == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_page_of_two_people(site: Site, scheme: str) -> None:
    admin = enter(site, "administrator", color_scheme=scheme)
    admin.fill("#source", "feed:never")
    admin.fill("#since", "2026-09-01T00:00-04:00")
    admin.fill("#reason", "drill")
    admin.click("text=Propose to take it out")
    site.home.fold()
    other = enter(site, "engineer", color_scheme=scheme)
    for page in (admin, other):
        page.reload()
        assert [found["id"] for found in Axe().run(page).response["violations"]] == []
