"""The ward screen for everybody: each page of each role in both languages and themes, what is new, a node that is gone,
a change of the person at the screen."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Error, Page, expect
from web_rig import PASSWORD, POTASSIUM

from codedark.tongue import PSEUDO
from codedark.web.doorways import doorways
from codedark.web.gate import LANGUAGE_COOKIE

pytestmark = pytest.mark.browser
ROLES = {
    "physician": ("/agenda", "/locator"),
    "privacy": ("/reads", "/password"),
    "engineer": ("/two-people", "/reviews", "/worklist", "/printing", "/feeds"),
    "nurse": ("{outside}", "/reports", "/refused"),
    "clerk": ("/beds?unit=4W", "/search"),
    "desk": ("/locator",),
}
"""Who opens what; {outside}: a chart that asks for a reason."""
SEEN = [("light", "en"), ("dark", "fr")]
NO_PAGES = ("/", "/news", "/reads/export")
"""They lead elsewhere, answer with a number, or are `/reads`."""


def log_in(site, page: Page, login: str) -> Page:
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_function("!location.pathname.startsWith('/login')")
    return page


def entered(site, context: BrowserContext, login: str) -> Page:
    page = context.new_page()
    page.goto(f"{site.address}/login")
    return log_in(site, page, login)


def pages_of(site, page: Page, login: str) -> Iterator[str]:
    """Every page of this role, drawn in `page` when its name comes."""
    for path in [*(site.paths() if login == "physician" else ()), *ROLES[login]]:
        page.goto(site.address + path.format(outside=f"/chart/{site.home.patient('5E')}"))
        yield path
    if login == "physician":
        page.fill("#find", "a")
        page.press("#find", "Enter")
        page.wait_for_url("**/search?slip=*")
        yield "found"
    if login == "privacy":
        page.goto(f"{site.address}/reads")
        page.click("details.filter summary")
        page.fill("#since", "soon")
        page.click("details.filter button >> nth=0")
        page.wait_for_url("**/reads?slip=*")
        yield "filtered"


def test_every_page_there_is_is_among_those_that_axe_sees(site) -> None:
    opened = [*site.paths(), *itertools.chain(*ROLES.values())]
    shown = {path.partition("?")[0].replace("{outside}", "/chart/x") for path in opened}
    pages = [way.path for way in doorways(None) if way.method == "GET" and way.path not in NO_PAGES]

    assert [
        path for path in pages if not any(re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), one) for one in shown)
    ] == []


@pytest.mark.parametrize(("scheme", "language"), SEEN)
@pytest.mark.parametrize("login", ROLES)
def test_axe_finds_nothing_on_any_page_of_any_role_in_either_language_and_theme(
    site, login: str, scheme: str, language: str
) -> None:
    context = site.context(color_scheme=scheme, locale=language)
    page = entered(site, context, login)
    assert page.get_attribute("html", "lang") == language

    found = [
        (path, violation["id"], [node["html"][:160] for node in violation["nodes"][:2]])
        for path in pages_of(site, page, login)
        for violation in Axe().run(page).response["violations"]
    ]

    assert found == []
    context.close()


def test_what_came_is_counted_and_shown_when_asked_and_nothing_moves_before(site) -> None:
    context = site.context()
    page = entered(site, context, "physician")
    page.goto(f"{site.address}/chart/{site.home.patient('4W')}")
    before = page.inner_text("main")
    for number, name in enumerate(("2951-2^Sodium", "2075-0^Chloride")):
        site.home.hear(POTASSIUM.replace("|R1|", f"|N{number}|").replace("2823-3^Potassium", name), "lab")

    page.evaluate("window.dispatchEvent(new Event('focus'))")

    expect(page.locator("#news")).to_contain_text("new since")
    assert page.inner_text("main") == before
    page.keyboard.press("n")
    expect(page.locator("main")).to_contain_text("Chloride")
    expect(page.locator("#news")).to_be_hidden()
    context.close()


def test_a_node_that_is_not_reached_is_said_and_the_page_stays(site) -> None:
    context = site.context()
    page = entered(site, context, "physician")
    page.goto(f"{site.address}/chart/{site.home.patient('4W')}")

    context.set_offline(True)
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.locator("#unreached")).to_be_visible()
    expect(page.locator(".patient h1")).to_contain_text("MARLOWE")

    context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.locator("#unreached")).to_be_hidden()
    context.close()


def test_two_keys_lock_and_whoever_comes_next_goes_on_at_the_same_page(site) -> None:
    context = site.context()
    page = entered(site, context, "physician")
    page.goto(f"{site.address}/beds?unit=4W")

    page.keyboard.press("g")
    page.keyboard.press("l")
    page.wait_for_url("**/login?next=**")
    expect(page.locator("body")).not_to_contain_text("MARLOWE")
    log_in(site, page, "nurse")

    assert page.url == f"{site.address}/beds?unit=4W"
    expect(page.locator(".who bdi")).to_have_text("Nurse")
    context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_tab_reaches_the_record_first_then_the_search(site, scripts: bool) -> None:
    context = site.context(java_script_enabled=scripts)
    page = entered(site, context, "physician") if scripts else None
    if page is None:
        page = context.new_page()
        page.goto(f"{site.address}/login")
        page.fill("#login", "physician")
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url("**/units")

    page.keyboard.press("Tab")
    expect(page.locator(".skip >> nth=0")).to_be_focused()
    expect(page.locator(".skip >> nth=0")).to_have_css("outline-width", "3px")
    page.keyboard.press("Tab")
    expect(page.locator(".skip >> nth=1")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.url.endswith("#find")
    context.close()


def test_the_banner_stays_while_the_chart_scrolls_and_its_tabs_stand_as_on_paper(site) -> None:
    context = site.context(viewport={"width": 1280, "height": 800})
    page = entered(site, context, "physician")
    page.goto(f"{site.address}/chart/{site.home.patient('4W')}")

    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")

    assert page.evaluate("Math.round(document.querySelector('.patient').getBoundingClientRect().top)") == 0
    tabs = page.eval_on_selector_all(".tabs a", "all => all.map(a => a.hash)")
    assert [tab for tab in tabs if tab != "#reports"] == ["#mar", "#vitals", "#results", "#orders", "#notes", "#lines"]
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_words_that_are_half_as_long_again_fit_every_page(site, width: int) -> None:
    context = site.context(viewport={"width": width, "height": 800})
    context.add_cookies([{"name": LANGUAGE_COOKIE, "value": PSEUDO, "url": site.address, "secure": True}])
    page = site.enter(context)
    assert page.get_attribute("html", "lang") == PSEUDO

    assert site.too_wide(page) == []
    context.close()


@pytest.mark.parametrize("asked", ["marlowe", "482193", "1955-03-04 marlowe", "04-Mar-1955 ada", "4W 01 A"])
def test_a_patient_is_found_by_name_number_birth_date_or_bed(site, asked: str) -> None:
    context = site.context(java_script_enabled=False)
    page = site.enter(context)

    page.fill("#find", asked)
    page.press("#find", "Enter")

    expect(page.locator("a[data-row] >> nth=0")).to_have_text("MARLOWE, ADA", ignore_case=True)
    context.close()


def test_no_script_turns_text_into_markup(site) -> None:
    context = site.context()
    page = site.enter(context)

    for sink in ("document.body.innerHTML = '<b>x</b>'", "document.write('x')"):
        with pytest.raises(Error):
            page.evaluate(sink)
    context.close()


def test_the_control_without_the_policy_it_would(site) -> None:
    context = site.context(bypass_csp=True)
    page = site.enter(context)

    page.evaluate("document.body.innerHTML = '<b>x</b>'")

    assert page.inner_text("body") == "x"
    context.close()


@pytest.mark.parametrize("path", ["/units", "/help"])
def test_pages_that_show_no_patient_print_too(site, path: str) -> None:
    context = site.context()
    page = site.enter(context)
    page.goto(site.address + path)
    page.emulate_media(media="print")

    expect(page.locator(".head")).to_be_hidden()
    expect(page.locator(".state")).to_be_visible()
    context.close()
