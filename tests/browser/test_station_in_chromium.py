"""The ward station's page in a real browser, with no node anywhere: axe finds nothing, nothing outside is asked."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from codedark.access import new_unit_card, wrapped_for, write_whole
from codedark.clock import SeededChance, SystemClock
from codedark.paper import LABEL, PackLabel, pack_signer
from codedark.station import Admission, Errand, Window, new_station

FILE = "4W.20261124-031200.draft.6d0f3a.pdf.age"
BAD = "4W.20261124-025700.draft.6d0f3b.pdf.age"
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n"
)
CARD = new_unit_card("4 West", SeededChance("station"))


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    """A station with one old pack and one that was changed; there is no node."""
    chance, signer = SeededChance(1), pack_signer("waterbury", bytes(32))
    place = new_station(tmp_path_factory.mktemp("station"), "4W desk", SystemClock().now_us(), chance)
    told = Admission(
        station="4W desk", facility="waterbury", facility_name="Waterbury", zone="America/New_York", host="127.0.0.1",
        port=1, units=("4 West", "5 East"), root="", pack_keys=(_text(signer.public_key),),
    )  # fmt: skip
    write_whole(place.root / "admission.json", msgspec.json.encode(told))
    (place.root / "station.toml").write_text('[[printer]]\nname = "tray"\nkind = "folder"\nto = "tray"\n')
    (place.root / "tray").mkdir()
    data = wrapped_for([CARD.recipient], PDF)
    for name in (FILE, BAD):
        label = PackLabel(
            "waterbury", "4 West", name[27:33], "draft", 1_795_000_000_000_000, None, 1_795_080_000_000_000, True, 3, 1,
            len(data), sha256(data).digest(), sha256(PDF).digest(),
        )  # fmt: skip
        write_whole(place.packs / f"{name}{LABEL}", label.signed(signer).encode())
        write_whole(place.packs / name, data if name == FILE else data[:-1])
    made = Window(place, Errand(place, SystemClock()), 0, chance)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shut()


def _text(key: bytes) -> str:
    return b64encode(key).decode()


def _page(site, window: Window, scheme: str, language: str, outside: list[str]) -> Page:
    page = site.browser.new_context(color_scheme=scheme, locale=language).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(10_000)
    home = f"http://localhost:{window.port}"
    ours = (home, "data:", "chrome")
    page.on("request", lambda asked: None if asked.url.startswith(ours) else outside.append(asked.url))
    page.goto(home)
    return page


def _faults(page: Page) -> list[str]:
    return [f"{each['id']}: {each['nodes'][0]['html'][:90]}" for each in Axe().run(page).response["violations"]]


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "language"), [("light", "en-US"), ("dark", "fr-CA")])
def test_axe_finds_nothing_on_the_stations_pages(site, window: Window, scheme: str, language: str) -> None:
    outside: list[str] = []
    page = _page(site, window, scheme, language, outside)
    found = _faults(page)
    page.fill("#key-1", new_unit_card("4 West", SeededChance(9)).secret)
    page.press("#key-1", "Enter")
    page.wait_for_selector(".red")
    found += _faults(page)
    page.fill("#key-1", CARD.secret)
    page.press("#key-1", "Enter")
    page.wait_for_selector("iframe")
    page.evaluate("document.querySelector('iframe').remove()")  # the browser's own viewer is not our page
    found += _faults(page)
    page.click("form[action$=print] button")
    page.wait_for_selector("[role=status]")
    assert (found, outside) == ([], [])
    assert page.inner_text(".wide").startswith("▲ P" if language == "fr-CA" else "▲ EXPIRED")
