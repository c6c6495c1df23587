"""Every page over a record full of hostile text: nothing runs, is fetched, is hidden or is cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hostile_text import TEXTS, UNIT, HostileNode, dose, hostile_house
from page_outline import Outline, complaints
from web_rig import PEOPLE, Guest, House

from codedark.web import drawing, ink
from codedark.web.app import doorways

_FEW = {name: TEXTS[name] for name in ("script", "image", "override", "stack", "attribute", "escape")}


def addresses(home: House) -> dict[str, list[str]]:
    """Route → every address of it worth opening."""
    record = home.deeds.record
    units = [row.unit for row in record.units()]
    asked = [quote(unit, safe="") for unit in units]
    patients = [row.patient for row in record.census(UNIT) if row.patient]
    known = {
        "/beds": [f"/beds?unit={unit}" for unit in asked],
        "/print": [f"/print?unit={unit}" for unit in asked],
        "/chart/{patient}": [f"/chart/{patient}" for patient in patients],
        "/reports/{report}": [f"/reports/{report.id}" for report in (*record.loose_reports(), *record.unit_reports())],
        "/chart/{patient}/report/{report}": [
            f"/chart/{patient}/report/{report.id}" for patient in patients for report in record.chart(patient).reports
        ],
        "/login": ["/login?next=" + quote(text, safe="") for text in TEXTS.values()],
        "/worklist": ["/worklist", "/worklist?page=2"],
        "/reads": ["/reads", "/reads?page=2"],
    }
    ways = {way.path for way in doorways(None) if way.method == "GET"} - {
        "/refused",
        "/news",
    }  # sealed slips
    return {path: known.get(path, [path]) for path in sorted(ways)}


def walked(home: House) -> dict[str, str]:
    """The address and the page of everything that some role may see."""
    guests = [home.in_as(login) for login in ("physician", "administrator", "privacy", "engineer", "desk")]
    pages: dict[str, str] = {}
    for places in addresses(home).values():
        for place in places:
            got = next((got for got in (guest.get(place) for guest in guests) if got.status in (200, 303)), None)
            assert got is not None, f"nobody may see {place}"
            pages[place] = got.text
    return pages


@pytest.fixture(scope="module")
def pages(hostile: HostileNode) -> dict[str, str]:
    return walked(hostile.home)


def test_outside_text_is_data_on_every_page(pages: dict[str, str]) -> None:
    assert {place: found for place, page in pages.items() if page and (found := complaints(page))} == {}


def test_every_route_was_walked(hostile: HostileNode, pages: dict[str, str]) -> None:
    assert all(set(places) <= set(pages) for places in addresses(hostile.home).values())


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_whole_in_every_field_of_a_chart(hostile: HostileNode, name: str) -> None:
    number = list(TEXTS).index(name)
    row = next(row for row in hostile.home.deeds.record.census(UNIT) if row.mrn == f"77{number:04}")
    text = Outline(hostile.home.in_as("physician").get(f"/chart/{row.patient}").text).text.casefold()

    assert text.count(ink.visible(TEXTS[name]).casefold()) >= 25
    assert f"{dose(number)} mg" in text


def test_answers_to_forms_are_data_too(hostile: HostileNode) -> None:
    found: dict[str, list[str]] = {}
    for number, (name, text) in enumerate(TEXTS.items()):
        physician = hostile.home.in_as("physician")
        answers = [physician.post("/search", {"text": text})]
        physician.get("/units")
        answers += [physician.get(f"/chart/{text[:50].encode('utf-8', 'replace').hex()}"), physician.get("/nowhere")]
        stranger = Guest(hostile.home.app, address=f"10.1.0.{number}")
        stranger.get("/login")
        answers.append(stranger.post("/login", {"login": text, "password": text, "next": text}))
        stranger.get("/envelope")
        typed = {"unit": text, "code": text, "claimed": text, "witness": text}
        answers.append(stranger.post("/envelope", typed))
        complaint = [each for got in answers if got.text and got.headers["content-type"].startswith("text/html")
                     for each in complaints(got.text)]  # fmt: skip
        if complaint or any(got.status >= 500 for got in answers):
            found[name] = [*complaint, *(str(got.status) for got in answers)]
    assert found == {}


def test_each_role_gets_data(hostile: HostileNode) -> None:
    """Whatever a role may not see is refused on a page of its own, which is looked at like any other."""
    for login in PEOPLE:
        guest = hostile.home.in_as(login)
        for places in addresses(hostile.home).values():
            got = guest.get(places[0])
            assert got.status < 500
            assert not got.text or complaints(got.text) == []


@pytest.fixture
def unsafe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> list[str]:
    """What is complained of when one of the two safeties is off."""
    made = drawing.environment

    def without(*given: Any) -> Any:
        env = made(*given)
        if request.param == "escaping":
            env.autoescape = False
        else:
            env.finalize = lambda value: "" if value is None else value
        return env

    monkeypatch.setattr(drawing, "environment", without)
    monkeypatch.setattr(drawing, "_compiled", drawing._compiled.__wrapped__)
    with hostile_house(tmp_path, "http://localhost:9", _FEW) as home:
        return [each for page in walked(home).values() if page for each in complaints(page)]


@pytest.mark.parametrize("unsafe", ["escaping"], indirect=True)
def test_the_control_without_escaping_it_is_complained_of(unsafe: list[str]) -> None:
    assert any(each.startswith("scripts") for each in unsafe)
    assert "<img>" in unsafe


@pytest.mark.parametrize("unsafe", ["ink"], indirect=True)
def test_the_control_without_ink_it_is_complained_of(unsafe: list[str]) -> None:
    assert "hidden U+202E" in unsafe
    assert "hidden U+001B" in unsafe
    assert "a pile of accents" in unsafe
