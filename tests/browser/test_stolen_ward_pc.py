"""A ward PC is carried off after a shift: what its browser left on its disk says nothing of any patient."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page
from web_server import served

pytestmark = pytest.mark.browser
PATIENT = re.compile(rb"MARLOWE|OKAFOR|Penicillin|482193|517730|Potassium", re.IGNORECASE)
WIDE = re.compile(b"|".join(word.encode("utf-16-le") for word in ("MARLOWE", "Marlowe", "OKAFOR", "482193", "517730")))


def shift(site, page: Page) -> None:
    """A nurse's walk: charts, bed list, a search, a reason typed, back and forth, the print view, the lock."""
    page.goto(f"{site.address}/login")
    page.fill("#login", "physician")
    page.fill("#password", "four unrelated words")
    page.press("#password", "Enter")
    page.wait_for_url("**/units")
    for unit in ("4W", "5E"):
        page.goto(f"{site.address}/beds?unit={unit}")
        page.goto(f"{site.address}/chart/{site.home.patient(unit)}")
        assert PATIENT.search(page.content().encode())
    page.go_back()
    page.go_forward()
    page.fill("#find", "marlowe 482193")
    page.press("#find", "Enter")
    page.wait_for_url("**/search**")
    page.reload()
    assert PATIENT.search(page.content().encode())
    page.pdf()
    page.goto(f"{site.address}/chart/{site.home.patient('4W')}")
    refuse_a_report(site, page)
    page.click("text=Lock")
    page.wait_for_url("**/login**")


def refuse_a_report(site, page: Page) -> None:
    """A form with an MRN, posted when it is out of date: nothing is done, and said so."""
    _, loose = site.home.pictures
    page.goto(f"{site.address}/reports/{loose}")
    page.eval_on_selector("main form input[name=token]", "field => { field.value = '0'.repeat(32); }")
    page.fill("#mrn", "517730")
    page.fill("#reason", "MARLOWE on the picture")
    page.click("main form button")
    page.get_by_role("heading", name="This form is out of date").wait_for()


def left_behind(profile: Path) -> list[str]:
    """Files of the profile that say something of a patient, as UTF-8 or UTF-16."""
    return [
        str(path.relative_to(profile))
        for path in profile.rglob("*")
        if path.is_file() and (PATIENT.search(path.read_bytes()) or WIDE.search(path.read_bytes()))
    ]


def profile_after(site, profile: Path, walk) -> list[str]:
    context = site.browser.browser_type.launch_persistent_context(
        str(profile), executable_path=site.executable, args=site.arguments, headless=True
    )
    context.set_default_timeout(10_000)
    walk(context.pages[0] if context.pages else context.new_page())
    context.close()
    return left_behind(profile)


def test_a_browsers_profile_holds_no_word_about_a_patient_after_a_shift(site, tmp_path: Path) -> None:
    assert profile_after(site, tmp_path / "profile", lambda page: shift(site, page)) == []


def test_the_control_a_refusal_answered_where_it_was_posted_is_found_there(site, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("codedark.web.desk.REFUSALS", {})

    assert [
        name for name in profile_after(site, tmp_path / "profile", lambda page: shift(site, page)) if "Sessions" in name
    ]


def careless(app):
    """The same pages by somebody who lets browsers keep them."""

    async def served_so(scope, receive, send) -> None:
        async def sent(event) -> None:
            if event["type"] == "http.response.start":
                kept = [(name, value) for name, value in event["headers"] if name != b"cache-control"]
                event = {**event, "headers": [*kept, (b"cache-control", b"private, max-age=31536000")]}
            await send(event)

        await app(scope, receive, sent)

    return served_so


def test_the_control_pages_that_may_be_kept_are_found_there(site, tmp_path: Path) -> None:
    with served(careless(site.home.app), site.home.folder / "keys") as address:
        other = replace(site, address=address)

        assert profile_after(other, tmp_path / "profile", lambda page: shift(other, page))


def test_the_control_words_that_were_posted_are_found_there(site, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("codedark.web.gate.SLIP_LONGEST", 0)

    assert [
        name for name in profile_after(site, tmp_path / "profile", lambda page: shift(site, page)) if "Sessions" in name
    ]
