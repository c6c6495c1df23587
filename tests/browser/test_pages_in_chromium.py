"""The pages in a real browser: with and without JavaScript, by keyboard, in light and dark, on a small screen."""

from __future__ import annotations

import re
import ssl
import urllib.error
import urllib.request

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_the_nodes_own_authority_is_all_a_client_needs(site) -> None:
    trust = ssl.create_default_context(cafile=str(site.home.folder / "keys" / "root.pem"))

    with urllib.request.urlopen(f"{site.address}/login", context=trust) as answer:
        assert answer.status == 200


def test_the_control_a_client_without_it_refuses(site) -> None:
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{site.address}/login", context=ssl.create_default_context())


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_nurse_gets_from_log_in_to_a_chart(site, scripts: bool) -> None:
    context = site.context(java_script_enabled=scripts)
    page = site.enter(context)

    page.click("a[data-row]:has-text('ICU')")
    page.click("a[data-row] >> nth=0")

    expect(page.locator(".patient h1")).to_be_visible()
    for part in ("MAR", "Vitals", "Results", "Orders and problems", "Notes", "Lines"):
        expect(page.get_by_role("heading", name=part, exact=True)).to_be_visible()
    context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_search_finds_by_name_and_leaves_nothing_in_the_address(site, scripts: bool) -> None:
    context = site.context(java_script_enabled=scripts)
    page = site.enter(context)

    page.fill("#find", "okafor 1955-03-04")
    page.press("#find", "Enter")

    expect(page.locator("a[data-row]")).to_have_text("OKAFOR, NGOZI", ignore_case=True)
    assert re.fullmatch(re.escape(site.address) + r"/search\?slip=[A-Za-z0-9_-]+", page.url)
    context.close()


def test_a_locked_screen_shows_nothing_when_one_goes_back(site) -> None:
    context = site.context()
    page = site.enter(context)
    page.goto(f"{site.address}/chart/{site.home.patient('4W')}")

    page.click("text=Lock")
    page.wait_for_url("**/login**")
    page.go_back()

    expect(page.locator("body")).not_to_contain_text("MARLOWE")
    assert "/login" in page.url
    context.close()


def test_the_keyboard_alone_walks_from_log_in_to_a_chart_and_back(site) -> None:
    context = site.context()
    page = site.enter(context)
    pressed = page.keyboard.press

    for key in ("j", "j", "j", "k", "Enter"):
        pressed(key)
    page.wait_for_url("**/beds?unit=*")
    pressed("j")
    pressed("Enter")
    page.wait_for_url("**/chart/*")
    pressed("g")
    pressed("w")
    page.wait_for_url("**/units")
    pressed("/")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.type("j?p")
    assert page.input_value("#find") == "j?p"
    page.evaluate("document.activeElement.blur()")
    pressed("?")
    page.wait_for_url("**/help")
    context.close()


def test_single_keys_can_be_switched_off(site) -> None:
    context = site.context()
    page = site.enter(context)
    page.goto(f"{site.address}/help")
    page.uncheck("#keys-on")
    page.goto(f"{site.address}/units")

    page.keyboard.press("j")

    assert page.evaluate("document.activeElement === document.body")
    context.close()


def test_the_sticky_banner_never_hides_what_has_the_focus(site) -> None:
    context = site.context(viewport={"width": 1280, "height": 800})
    page = site.enter(context)
    page.goto(f"{site.address}/chart/{site.home.patient('4W')}")

    for part in ("notes", "orders", "results", "vitals", "mar"):
        page.click(f".tabs a[href='#{part}']")
        below = page.evaluate(
            "p => document.getElementById(p).getBoundingClientRect().top"
            " - document.querySelector('.patient').getBoundingClientRect().bottom",
            part,
        )
        at_the_end = page.evaluate("innerHeight + scrollY >= document.documentElement.scrollHeight - 2")
        assert below >= 0 or at_the_end
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_is_wider_than_its_screen(site, width: int) -> None:
    context = site.context(viewport={"width": width, "height": 800})
    page = site.enter(context)

    assert site.too_wide(page) == []
    context.close()


def test_everything_to_press_is_at_least_44_pixels_high_or_stands_in_a_sentence(site) -> None:
    context = site.context(viewport={"width": 390, "height": 800})
    page = site.enter(context)

    small = []
    for path in site.paths():
        page.goto(site.address + path)
        small += page.eval_on_selector_all(
            "button, .button, nav a, a[data-row], select, input:not([type=hidden]):not([type=checkbox])",
            "all => all.filter(e => e.offsetParent && e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML)",
        )

    assert small == []
    context.close()


def test_the_control_axe_finds_a_field_without_a_label(site) -> None:
    context = site.context()
    page = site.enter(context)
    page.evaluate("document.querySelector('label[for=find]').remove(); document.getElementById('find').title = ''")

    assert "label" in [violation["id"] for violation in Axe().run(page).response["violations"]]
    context.close()


def test_the_whole_chart_prints(site) -> None:
    context = site.context()
    page = site.enter(context)
    page.goto(f"{site.address}/chart/{site.home.patient('4W')}")
    page.emulate_media(media="print")

    for part in ("mar", "vitals", "results", "orders", "notes", "lines"):
        expect(page.locator(f"#{part}")).to_be_visible()
    expect(page.locator(".head")).to_be_hidden()
    expect(page.locator(".state")).to_be_visible()
    assert page.pdf()[:5] == b"%PDF-"
    context.close()


def test_no_page_made_a_request_to_anywhere_else_or_broke_its_policy(site) -> None:
    context = site.context()
    page = site.enter(context)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))

    for path in site.paths():
        page.goto(site.address + path)

    assert site.outside == []
    assert [text for text in complaints if not re.search("40[34]", text)] == []
    context.close()
