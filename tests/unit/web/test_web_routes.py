"""Each role at each route, and what every answer carries."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from web_rig import PEOPLE, Guest, House, house

from codedark.web.app import doorways

PAGES = (
    "/units",
    "/beds?unit=4W",
    "/chart/{patient}",
    "/search",
    "/locator",
    "/worklist",
    "/feeds",
    "/reads",
    "/two-people",
    "/reviews",
    "/print?unit=4W",
    "/help",
)
OPENS = {
    "nurse": {"/units", "/beds?unit=4W", "/chart/{patient}", "/search", "/feeds", "/print?unit=4W", "/help"},
    "physician": {"/units", "/beds?unit=4W", "/chart/{patient}", "/search", "/feeds", "/print?unit=4W", "/help"},
    "pharmacist": {"/units", "/beds?unit=4W", "/chart/{patient}", "/search", "/feeds", "/help"},
    "clerk": {"/units", "/beds?unit=4W", "/search", "/locator", "/feeds", "/help"},
    "desk": {"/units", "/locator", "/feeds", "/help"},
    "privacy": {"/units", "/feeds", "/reads", "/help"},
    "engineer": {"/units", "/worklist", "/feeds", "/two-people", "/reviews", "/help"},
    "commander": {"/units", "/feeds", "/two-people", "/reviews", "/help"},
    "custodian": {"/units", "/feeds", "/help"},
    "administrator": {"/units", "/worklist", "/feeds", "/two-people", "/reviews", "/help"},
    "interface": {"/units", "/feeds", "/help"},
}


@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_each_role_opens_its_pages_and_no_others(home: House, role: str) -> None:
    guest, patient = home.in_as(role), home.patient("4W")

    opened = {page for page in PAGES if guest.get(page.format(patient=patient)).status == 200}

    assert opened == OPENS[role]


@pytest.mark.parametrize("role", sorted(set(PEOPLE) - {"nurse", "physician", "pharmacist"}))
def test_who_may_not_see_charts_gets_no_clinical_word_from_any_page(home: House, role: str) -> None:
    guest, patient = home.in_as(role), home.patient("4W")

    seen = "".join(guest.get(page.format(patient=patient)).text for page in PAGES)

    assert not re.search("Penicillin|Potassium|critical", seen)


def test_the_control_a_nurse_gets_those_words(home: House) -> None:
    guest = home.in_as("nurse")

    assert re.search("Penicillin", guest.get("/beds?unit=4W").text)


def test_without_a_log_in_every_page_leads_to_the_entrance(home: House) -> None:
    guest = home.guest()
    closed = [way for way in doorways(None) if not way.open]

    places = {
        guest.get(way.path.replace("{patient}", "x")).place.split("?")[0]
        if way.method == "GET"
        else guest.post(way.path.replace("{patient}", "x")).place
        for way in closed
    }

    assert places == {"/login"}


@pytest.mark.parametrize("path", sorted({way.path for way in doorways(None) if way.method == "POST"}))
def test_a_post_without_its_token_does_nothing(home: House, path: str) -> None:
    guest = home.in_as("physician")
    before = home.journal.head().size

    got = guest.post(path.format(patient=home.patient("4W"), report="r"), {"text": "a", "unit": "4W"}, token="0" * 32)

    assert got.status == 403
    assert "out of date" in got.text
    assert home.journal.head().size == before


def test_a_token_of_another_session_does_nothing(home: House) -> None:
    first, second = home.in_as("physician"), home.in_as("physician")

    assert second.post("/search", {"text": "MARLOWE"}, token=first.token).status == 403


def test_a_form_from_another_site_does_nothing(home: House) -> None:
    guest = home.in_as("physician")

    assert guest.post("/search", {"text": "MARLOWE"}, sec_fetch_site="cross-site").status == 403
    assert guest.post("/search", {"text": "MARLOWE"}, sec_fetch_site="same-origin").status == 200


def answers(home: House) -> list[object]:
    guest = home.in_as("physician")
    paths = [page.format(patient=home.patient("4W")) for page in PAGES]
    return [guest.get(path) for path in (*paths, "/login", "/nowhere", "/chart/nobody")]


def test_every_answer_carries_the_security_headers(home: House) -> None:
    for got in answers(home):
        assert got.headers["content-security-policy"] == (
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; "
            "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; "
            "trusted-types 'none'"
        )
        assert got.headers["strict-transport-security"].startswith("max-age=")
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["referrer-policy"] == "no-referrer"
        assert got.headers["cache-control"] == "no-store"


def test_cookies_are_bound_to_this_host_and_hidden_from_scripts(home: House) -> None:
    guest = home.guest()
    lines = [*guest.get("/login").cookies, *guest.log_in("nurse").cookies, *guest.get("/units").cookies]

    assert len(lines) >= 3
    for line in lines:
        assert line.startswith("__Host-codedark")
        assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(line.split("; "))
        assert "Expires" not in line


def test_every_page_has_the_line_of_state(home: House) -> None:
    for got in answers(home):
        assert "LAST KNOWN RECORD" in got.text
        assert "Waterbury" in got.text


def test_no_page_asks_for_anything_elsewhere(home: House) -> None:
    for got in answers(home):
        addresses = re.findall(r'(?:src|href|action)="([^"]*)"', got.text)
        assert all(address.startswith(("/", "#")) and not address.startswith("//") for address in addresses)
        assert not re.search(r'\sstyle=|\son[a-z]+=|http-equiv="refresh"', got.text)


def test_a_failure_of_ours_shows_no_patient_and_no_message(home: House) -> None:
    guest, patient = home.in_as("physician"), home.patient("4W")
    home.store.writer().execute("DROP TABLE card")

    got = guest.get(f"/chart/{patient}")

    assert got.status == 500
    assert "could not be drawn" in got.text
    assert not re.search("MARLOWE|482193|card", got.text)
    assert got.headers["cache-control"] == "no-store"


def test_an_oversize_form_is_refused(home: House) -> None:
    guest = home.in_as("physician")

    assert guest.post("/search", {"text": "a" * 70_000}).status == 413


def test_our_own_files_are_kept_forever_under_the_name_of_their_bytes(home: House) -> None:
    guest = home.guest()
    address = re.search(r'href="(/static/[^"]+\.css)"', guest.get("/login").text)
    assert address

    got = guest.get(address[1])

    assert got.status == 200
    assert "immutable" in got.headers["cache-control"]
    assert guest.get("/static/000000000000/style.css").status == 404


def test_the_page_list_of_the_docs_is_the_list_of_routes(root: Path) -> None:
    text = (root / "docs/reference/pages.md").read_text(encoding="utf-8")

    assert {f"{way.method} {way.path}" for way in doorways(None)} == set(re.findall(r"`((?:GET|POST) /[^`]*)`", text))


def test_no_template_switches_escaping_off(root: Path) -> None:
    for path in (root / "src/codedark/web/templates").glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "|safe" not in text.replace(" ", "")
        assert "autoescape" not in text


def test_the_demo_says_so_on_every_page(tmp_path: Path) -> None:
    with house(tmp_path, demo=True) as home:
        guest = Guest(home.app)
        assert "DEMO" in guest.get("/login").text
        guest.log_in("nurse")
        assert "DEMO" in guest.get("/units").text
