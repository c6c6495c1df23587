"""A unit's single-file pack, opened from file:// in a real browser: no server, no network, one card."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from unit_files import CARD, DAY_US, OTHER_CARD, UnitFile, unit_file
from ward_shapes import PRINTED_US

pytestmark = pytest.mark.browser
PATIENT = re.compile("MARLOWE|OKAFOR|PENICILLIN|000 482|enoxaparin|Potassium", re.IGNORECASE)
HOUR_US = 3_600_000_000


@dataclass
class Desk:
    """A ward PC with a stick. `asked`: every address the browser asked for; `broken`: scripts that failed."""

    browser: Browser
    stick: Path
    asked: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def show(self, html: bytes, at_us: int = PRINTED_US + HOUR_US, **options: Any) -> Page:
        file = self.stick / "4-West.html"
        file.write_bytes(html)
        context = self.browser.new_context(**options)
        context.set_default_timeout(10_000)
        context.on("request", lambda request: self.asked.append(request.url))
        page = context.new_page()
        page.on("console", lambda said: self.broken.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.broken.append(str(error)))
        page.clock.set_fixed_time(at_us / 1e6)
        page.goto(file.as_uri())
        return page

    def unlocked(self, html: bytes, card: str = CARD, at_us: int = PRINTED_US + HOUR_US, **options: Any) -> Page:
        page = self.show(html, at_us, **options)
        unlock(page, card)
        page.wait_for_selector("#view table.beds")
        return page


def unlock(page: Page, card: str) -> None:
    page.fill("#key", card)
    page.press("#key", "Enter")


def refused(page: Page) -> str:
    page.wait_for_selector("#refused:not([hidden])")
    return page.inner_text("#refused")


@pytest.fixture(scope="module")
def file() -> UnitFile:
    """The ward's file: six patients."""
    return unit_file(6)


@pytest.fixture(scope="module")
def chromium_alone(chromium: str, site: Any) -> Iterator[Browser]:
    """A browser that can resolve no name at all, beside the one of the pages: a process has one Playwright."""
    arguments = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
    browser = site.browser.browser_type.launch(executable_path=chromium, args=arguments)
    yield browser
    browser.close()


@pytest.fixture
def desk(chromium_alone: Browser, tmp_path: Path) -> Iterator[Desk]:
    """A ward PC; whatever it asked for lay on the stick, and no script failed."""
    made = Desk(chromium_alone, tmp_path)
    yield made
    for context in chromium_alone.contexts:
        context.close()
    assert [url for url in made.asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert made.broken == []


def test_the_card_opens_the_bed_list_and_one_patient_at_a_time(desk: Desk, file: UnitFile) -> None:
    page = desk.unlocked(file.html)
    assert "MARLOWE, Ada" in page.inner_text("#view")
    assert "SC" not in page.inner_text("#view"), "no chart is open yet"
    page.click("text=MARLOWE, Ada")
    page.wait_for_selector("#mar-title")
    order = page.eval_on_selector_all("#view section h2", "found => found.map(each => each.id)")
    assert order[:5] == ["mar-title", "vitals-title", "results-title", "orders-title", "notes-title"]
    assert order[-1] == "lines-title"
    assert "KIM, Joon" not in page.inner_text("body"), "only one patient is on the page"


def test_a_chart_that_opens_slowly_never_stands_in_the_place_of_the_one_asked_for_last(
    desk: Desk, file: UnitFile
) -> None:
    page = desk.unlocked(file.html)
    page.evaluate(
        """() => new Promise((held) => {
          const real = Response.prototype.text;
          let first = true;
          Response.prototype.text = async function () {
            const slow = first;
            first = false;
            const text = await real.call(this);
            if (slow) await new Promise((done) => { window.release = done; held(); });
            return text;
          };
          location.hash = "#p0";
        })"""
    )
    page.evaluate("location.hash = '#p1'")
    page.wait_for_selector("#view[data-shown='1']")
    page.evaluate("async () => { window.release(); await new Promise((done) => setTimeout(done, 200)); }")
    assert page.get_attribute("#view", "data-shown") == "1"


def test_the_file_shows_the_code_that_the_node_told(desk: Desk, file: UnitFile) -> None:
    page = desk.show(file.html)
    assert page.inner_text("#entrance [data-code]") == file.code
    changed = unit_file(6)
    assert changed.code != file.code, "the control: another file has another code"


def test_another_units_card_shows_nothing_and_names_the_next_copy(desk: Desk, file: UnitFile) -> None:
    page = desk.show(file.html)
    unlock(page, OTHER_CARD)
    said = refused(page)
    assert "does not open this file" in said
    assert "ward station" in said
    assert "printed unit book" in said
    assert not PATIENT.search(page.content())


def test_a_mistyped_key_is_named_as_mistyped(desk: Desk, file: UnitFile) -> None:
    page = desk.show(file.html)
    unlock(page, CARD[:-1] + ("Q" if CARD[-1] != "Q" else "P"))
    assert "character is wrong or missing" in refused(page)
    assert not PATIENT.search(page.content())


def test_a_key_scanned_in_small_letters_with_spaces_opens(desk: Desk, file: UnitFile) -> None:
    small = CARD.lower()
    page = desk.unlocked(file.html, f" {small[:20]} {small[20:50]}  {small[50:]} ")
    assert "MARLOWE, Ada" in page.inner_text("#view")


def test_who_types_the_key_may_see_it(desk: Desk, file: UnitFile) -> None:
    page = desk.show(file.html)
    veil = "getComputedStyle(document.getElementById('key')).webkitTextSecurity"
    assert page.evaluate(veil) == "disc"
    page.check("#unveil")
    assert page.evaluate(veil) == "none"


def flipped(html: bytes, element: str, back: int) -> bytes:
    """One bit of one base64 character changed, `back` characters before the end of an element."""
    start = html.index(b">", html.index(f'id="{element}"'.encode())) + 1
    at = html.index(b"</script>", start) - back
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return html[:at] + bytes([alphabet[alphabet.index(html[at]) ^ 16]]) + html[at + 1 :]


@pytest.mark.parametrize("back", [40, 400])
def test_one_flipped_bit_of_the_index_shows_nothing(desk: Desk, file: UnitFile, back: int) -> None:
    page = desk.show(flipped(file.html, "index", back))
    assert page.inner_text("#entrance [data-code]") != file.code
    unlock(page, CARD)
    assert "was changed" in refused(page)
    assert not PATIENT.search(page.content())


def test_a_flipped_bit_in_one_patients_part_hides_that_patient_and_nobody_else(desk: Desk, file: UnitFile) -> None:
    page = desk.unlocked(flipped(file.html, "part-0", 300))
    assert "1 of this file's patients cannot be shown" in page.inner_text("#view")
    page.click("text=MARLOWE, Ada")
    page.wait_for_selector("#view .fault >> text=Nothing of it is shown")
    assert "ward station" in page.inner_text("#view")
    assert "enoxaparin" not in page.content()
    page.click("#pages a")
    page.click("text=KIM, Joon")
    page.wait_for_selector("#mar-title")


def test_a_part_of_another_round_under_the_same_card_is_not_drawn(desk: Desk, file: UnitFile) -> None:
    other = unit_file(6)
    part = re.compile(rb'id="part-0">([^<]+)<')
    theirs = part.search(other.html)
    ours = part.search(file.html)
    assert theirs is not None
    assert ours is not None
    page = desk.unlocked(file.html.replace(ours[1], theirs[1]))
    page.click("text=MARLOWE, Ada")
    page.wait_for_selector("#view .fault")
    assert "enoxaparin" not in page.content()


def test_a_name_plate_that_says_another_time_than_the_sealed_one_shows_nothing(desk: Desk, file: UnitFile) -> None:
    until = str((PRINTED_US + DAY_US) // 1000).encode()
    assert until in file.html
    page = desk.show(file.html.replace(until, str((PRINTED_US + 9 * DAY_US) // 1000).encode()))
    unlock(page, CARD)
    assert "was changed after it was made" in refused(page)
    assert not PATIENT.search(page.content())


def test_an_expired_file_opens_under_a_full_width_warning(desk: Desk, file: UnitFile) -> None:
    page = desk.unlocked(file.html, at_us=PRINTED_US + 3 * DAY_US)
    assert "OLD FILE" in page.inner_text("#old")
    assert page.eval_on_selector("#old", "band => band.offsetWidth === document.documentElement.clientWidth")
    assert "MARLOWE, Ada" in page.inner_text("#view")


def test_the_control_a_file_in_time_bears_no_warning(desk: Desk, file: UnitFile) -> None:
    page = desk.unlocked(file.html)
    assert not page.is_visible("#old")
    assert not page.is_visible("#clock")
    assert "(1 h 9 min ago by this device's clock)" in page.inner_text("#state")


def test_under_a_clock_before_the_making_it_opens_and_tells_no_age(desk: Desk, file: UnitFile) -> None:
    page = desk.unlocked(file.html, at_us=PRINTED_US - DAY_US)
    assert "CLOCK NOT TRUSTED" in page.inner_text("#clock")
    assert "(age not known)" in page.inner_text("#state")
    assert "ago" not in page.inner_text("#state")
    assert "MARLOWE, Ada" in page.inner_text("#view")


def test_nothing_in_a_file_is_called_due_late_or_covered(desk: Desk, file: UnitFile) -> None:
    page = desk.unlocked(file.html)
    page.click("text=MARLOWE, Ada")
    page.wait_for_selector("#mar-title")
    said = page.inner_text("#mar")
    assert "Not covered" in said
    assert "hears nothing after that" in said
    assert not re.search(r"\bLATE\b|\bDUE\b|next due", said)


def test_search_finds_by_name_mrn_and_bed(desk: Desk, file: UnitFile) -> None:
    page = desk.unlocked(file.html)
    rows = "#view table.beds tbody tr:not([hidden])"
    for asked in ("marlowe", "000482000", "4w01", "lukaszewicz", "03-MAR-1954"):
        page.fill("#find", asked)
        assert page.locator(rows).count() == 1, asked
    page.fill("#find", "okafor")
    assert page.locator(rows).count() == 2
    page.fill("#find", "nobody")
    assert page.locator(rows).count() == 0
    page.fill("#find", "4w01")
    page.press("#find", "Enter")
    page.wait_for_selector("#mar-title")


def test_everything_is_done_by_keyboard(desk: Desk, file: UnitFile) -> None:
    page = desk.unlocked(file.html)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("#mar-title")
    assert "OKAFOR, Ngozi" in page.inner_text("#view h1")
    page.keyboard.press("g")
    page.keyboard.press("w")
    page.wait_for_selector("#view table.beds")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find"


def test_the_whole_unit_prints_each_patient_under_the_line_of_state(desk: Desk, file: UnitFile) -> None:
    page = desk.unlocked(file.html)
    page.evaluate("void (window.print = () => { document.title = 'printed'; })")
    page.click("#print-unit")
    page.wait_for_selector("#print-all .sheet:nth-child(7)", state="attached")
    names = page.eval_on_selector_all("#print-all .patient h1", "found => found.map(each => each.textContent)")
    assert len(names) == 6
    assert page.locator("#print-all > .sheet").count() == page.locator("#print-all > .sheet .state").count() == 7
    assert page.evaluate("new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size") == page.evaluate(
        "document.querySelectorAll('[id]').length"
    )


def test_every_printed_page_of_a_chart_says_whose_it_is(desk: Desk, file: UnitFile) -> None:
    page = desk.unlocked(file.html)
    page.click("text=MARLOWE, Ada")
    page.wait_for_selector("#mar-title")
    document = pypdfium2.PdfDocument(page.pdf(format="A5"))
    pages = [each.get_textpage().get_text_range() for each in document]
    assert len(pages) > 2
    assert [number for number, said in enumerate(pages) if "MARLOWE, Ada" not in said or file.code not in said] == []
    page.wait_for_selector("#view > .patient")


def test_locking_forgets_the_key_and_what_was_opened(desk: Desk, file: UnitFile) -> None:
    page = desk.unlocked(file.html)
    page.click("text=MARLOWE, Ada")
    page.wait_for_selector("#mar-title")
    page.click("#lock")
    page.wait_for_selector("#entrance:not([hidden])")
    assert not PATIENT.search(page.content())
    assert page.input_value("#key") == ""


def test_the_file_speaks_french(desk: Desk, file: UnitFile) -> None:
    page = desk.unlocked(file.html)
    page.click("#tongues button")
    assert page.get_attribute("html", "lang") == "fr"
    assert "Unité" in page.inner_text("#print-unit") or "unité" in page.inner_text("#print-unit")


def test_the_self_test_needs_no_card(desk: Desk, file: UnitFile) -> None:
    page = desk.show(file.html)
    page.click("#test")
    page.wait_for_selector("#tested:has-text('YES')")
    assert not PATIENT.search(page.content())


def test_the_control_the_self_test_says_no_where_a_browser_cannot_unpack(desk: Desk, file: UnitFile) -> None:
    page = desk.show(file.html)
    page.evaluate("delete window.DecompressionStream")
    page.click("#test")
    page.wait_for_selector("#tested:has-text('NO')")
    assert "unpacking" in page.inner_text("#tested")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page_of_a_file(desk: Desk, file: UnitFile, scheme: str) -> None:
    page = desk.show(file.html, at_us=PRINTED_US + 3 * DAY_US, color_scheme=scheme)
    found = [(v["id"], v["nodes"][0]["html"][:160]) for v in Axe().run(page).response["violations"]]
    unlock(page, CARD)
    page.wait_for_selector("#view table.beds")
    found += [(v["id"], v["nodes"][0]["html"][:160]) for v in Axe().run(page).response["violations"]]
    page.click("text=MARLOWE, Ada")
    page.wait_for_selector("#mar-title")
    found += [(v["id"], v["nodes"][0]["html"][:160]) for v in Axe().run(page).response["violations"]]
    assert found == []


def test_a_foreign_script_does_not_run_in_a_file(desk: Desk, file: UnitFile) -> None:
    spoilt = file.html.replace(b"</main>", b"<script>document.title = 'taken'</script></main>", 1)
    page = desk.show(spoilt)
    assert page.title() != "taken"
    assert any("Content Security Policy" in said for said in desk.broken)
    desk.broken.clear()
    loose = re.sub(rb'<meta http-equiv="Content-Security-Policy"[^>]*>', b"", spoilt)
    assert desk.show(loose).title() == "taken", "the control: without the policy it runs"
