"""A small hospital behind real TLS, and Debian's Chromium, which may reach nothing but this node."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from web_rig import PASSWORD, House, house
from web_server import served

from codedark.cage import Raster
from codedark.clock import US_PER_S
from codedark.journal import Draft
from codedark.node.prints import png
from codedark.tongue import ENGLISH, FRENCH, PSEUDO
from codedark_drill.hospital import Hospital

HOURS_US = 3600 * US_PER_S
NURSE = "physician"
PICTURE = png(Raster(400, 500, 1, bytes(range(200)) * 1000))


@dataclass
class Site:
    """The running pages. `outside`: every request a browser made to anywhere else."""

    home: House
    address: str
    browser: Browser
    executable: str = ""
    arguments: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def context(self, **options: Any) -> BrowserContext:
        made = self.browser.new_context(**options)
        made.set_default_timeout(10_000)
        made.on("request", lambda request: self._note(request.url))
        return made

    def _note(self, url: str) -> None:
        if not url.startswith((self.address, "data:")):
            self.outside.append(url)

    def enter(self, context: BrowserContext) -> Page:
        page = context.new_page()
        page.goto(f"{self.address}/login")
        page.fill("#login", NURSE)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url("**/units")
        return page

    def paths(self) -> list[str]:
        record = self.home.deeds.record
        units = [row.unit for row in record.units() if row.unit not in ("4W", "5E")]
        patients = [row.patient for row in record.census(units[0]) if row.patient][:2]
        tied, loose = self.home.pictures
        return [
            f"/chart/{self.home.patient('4W')}/report/{tied}", "/reports", f"/reports/{loose}",
            "/login", "/envelope", "/units", f"/beds?unit={units[0].replace(' ', '%20')}",
            *(f"/chart/{patient}" for patient in [*patients, self.home.patient("4W"), self.home.patient("5E")]),
            "/search", "/feeds", f"/print?unit={units[0].replace(' ', '%20')}", "/help", "/nowhere", "/worklist",
        ]  # fmt: skip

    def too_wide(self, page: Page) -> list[str]:
        """The addresses whose page does not fit the width of the screen."""
        wide = []
        for path in self.paths():
            page.goto(self.address + path)
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                wide.append(path)
        return wide


def pin(certificate: bytes) -> str:
    """base64(SHA-256(SPKI)): the only authority this browser is told to trust."""
    key = x509.load_pem_x509_certificate(certificate).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


@pytest.fixture(scope="session")
def site(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The hospital, its pages over the node's own TLS, and a browser that trusts this node's certificate only."""
    folder = tmp_path_factory.mktemp("node")
    with house(folder, languages=(ENGLISH, FRENCH, PSEUDO)) as home:
        now = home.clock.now_us()
        spoken = Hospital(7, beds=24).messages(now - 8 * HOURS_US, now)
        home.journal.append_all([Draft("hl7.received", 1, f"feed:{said.feed}", said.data) for said in spoken])
        home.fold()
        home.print_out("MAR", "MRN: 482193", tied_to=home.patient("4W"))
        home.print_out("Kardex", "MRN: 999999")
        home.pictures.update(dict.fromkeys(home.pictures, (PICTURE,)))
        arguments = [
            "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync",
            "--disable-component-update", "--disable-default-apps",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
            f"--ignore-certificate-errors-spki-list={pin((folder / 'keys' / 'server.pem').read_bytes())}",
        ]  # fmt: skip
        with served(home.app, folder / "keys") as address, sync_playwright() as play:
            browser = play.chromium.launch(executable_path=chromium, args=arguments)
            yield Site(home, address, browser, chromium, arguments)
            browser.close()
