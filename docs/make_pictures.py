"""Draw the pictures of the README: a DEMO node whose hospital fell silent 7 h 48 min ago, seen in Debian's Chromium.

Usage: .venv/bin/python docs/make_pictures.py [--chromium PATH]
Everything is invented and seeded, so the same version of codedark draws the same pictures.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, sync_playwright

from codedark.access import CHEAP_COST, Cookies, PasswordGate, RootSeed, create_node_keys
from codedark.actions import Deeds, enrol_person, founding_session
from codedark.clock import US_PER_S, SeededChance, SeededClock
from codedark.entries import ConfigSet, draft_of
from codedark.journal import Draft, EpochKeys, Journal, JournalReader
from codedark.views import Fold, Record, ViewStore
from codedark.web import WebSettings, create_app, make_server
from codedark_drill.hospital import Hospital

PICTURES = Path(__file__).parent / "pictures"
ZONE = "America/New_York"
DARK = datetime(2026, 11, 24, 3, 12, tzinfo=ZoneInfo(ZONE))
SILENT_US = (7 * 60 + 48) * 60 * US_PER_S
HOURS_US = 36 * 3600 * US_PER_S
UNIT, PASSWORD, PORT = "4 West", "four unrelated words", 18444
SETTINGS = {
    "facility.id": "waterbury",
    "facility.name": "Waterbury",
    "facility.zone": ZONE,
    **{f"feed.{feed}.expected_s": 900 for feed in ("adt", "orders", "mar", "lab", "vitals")},
    **{f"feed.{feed}.authenticated": True for feed in ("adt", "orders", "mar", "lab", "vitals")},
}
SHOTS = {"units": 860, "beds": 1000, "chart": 1280}
"""Picture → height in CSS pixels at a width of 1280."""


@contextmanager
def demo_pages(folder: Path) -> Iterator[tuple[Any, Record]]:
    """The application over 36 hours of a hospital that then fell silent."""
    dark_us = int(DARK.timestamp()) * US_PER_S
    clock, chance = SeededClock(dark_us - HOURS_US), SeededChance("pictures")
    keys, statement = create_node_keys(folder, RootSeed(bytes(32)), "waterbury", clock, chance)
    journal = Journal.create(folder / "journal", statement, keys.sealing(), clock, chance)
    for key, value in SETTINGS.items():
        journal.append(draft_of(ConfigSet(key=key, value=value), source="node"))
    for spoken in Hospital(20261124, beds=200).messages(dark_us - HOURS_US, dark_us):
        clock.advance(max(0, spoken.at_us - clock.now_us()))
        journal.append(Draft("hl7.received", 1, f"feed:{spoken.feed}", spoken.data))
    clock.advance(dark_us - clock.now_us())
    reader = JournalReader.open(folder / "journal", EpochKeys(folder / "journal/epochs", [keys.facility_secret]))
    store = ViewStore.open(folder / "views", keys.views_key)
    fold = Fold(reader, store)
    fold.catch_up()
    record = Record(store)
    deeds = Deeds(journal.append, record, clock, chance, passwords=PasswordGate(cost=CHEAP_COST))
    roles = {"nurse": [UNIT, "ICU", "4 East"]}
    enrol_person(deeds, founding_session(deeds), "nurse", "R. Diaz", PASSWORD, roles)
    fold.catch_up()
    clock.advance(SILENT_US)
    settings = WebSettings(form_key=chance.bytes(32), facility="Waterbury", zone=ZONE, demo=True)
    try:
        yield create_app(lambda: record, lambda: deeds, Cookies(keys.cookie_key), settings, clock, chance), record
    finally:
        store.close()
        reader.close()
        journal.close()


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """The application on loopback. Plain HTTP is enough: cookies with `Secure` are sent to localhost."""
    running: dict[str, Any] = {}

    async def run() -> None:
        running["server"], running["loop"] = make_server(app, "127.0.0.1", PORT), asyncio.get_running_loop()
        await running["server"].serve()

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{PORT}"
    finally:
        running["loop"].call_soon_threadsafe(running["server"].stop)
        thread.join(10)


def enter(page: Page, address: str) -> None:
    """Log the nurse in."""
    page.goto(f"{address}/login", wait_until="load")
    page.fill("#login", "nurse")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url("**/units")


def draw(page: Page, name: str, width: int = 1280) -> None:
    """One picture."""
    page.set_viewport_size({"width": width, "height": SHOTS[name]})
    page.evaluate("document.activeElement.blur()")
    page.screenshot(path=str(PICTURES / f"{name}.png"))
    print(f"{PICTURES / f'{name}.png'}: {(PICTURES / f'{name}.png').stat().st_size // 1024} kB")


def telling(record: Record) -> str:
    """The patient of the unit with the most to show."""
    charts = [record.chart(row.patient) for row in record.census(UNIT) if row.patient]
    best = max(charts, key=lambda chart: (len(chart.allergies) > 1) * 100 + len(chart.medications))
    return best.banner.patient


def main() -> int:
    """Draw all pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    chromium = parser.parse_args().chromium
    if not chromium:
        print("There is no Chromium here (apt-get install chromium).", file=sys.stderr)
        return 1
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        demo_pages(Path(folder)) as (app, record),
        serving(app) as address,
        sync_playwright() as play,
    ):
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(viewport={"width": 1280, "height": 860}).new_page()
        page.set_default_timeout(15_000)
        enter(page, address)
        draw(page, "units")
        page.click(f"a[data-row]:has-text('{UNIT}')")
        draw(page, "beds")
        page.goto(f"{address}/chart/{telling(record)}")
        draw(page, "chart")
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
