"""Hostile text in a real browser: no script runs, nobody is asked for anything."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hostile_text import TEXTS, UNIT, Canary, canary, hostile_house
from web_rig import PASSWORD, House
from web_server import served

from codedark.web import drawing

pytestmark = pytest.mark.browser
ALL = os.environ.get("CODEDARK_HOSTILE") == "all"
_FEW = ("script", "image", "attribute", "end of title", "address", "stack", "override", "line ends")


def texts(ear: Canary) -> dict[str, str]:
    """The corpus, and pieces that call the listener as soon as anything takes them for markup."""
    return {
        **TEXTS,
        "calls": f"<img src={ear.address}/img><script src={ear.address}/js></script>",
        "calls by style": f"<style>@import '{ear.address}/css';</style><link rel=stylesheet href={ear.address}/link>",
        "calls by address": f"{ear.address}/bare",
    }


class Watched:
    """Pages opened by a browser, and what they did besides being read."""

    def __init__(self, site: Any, address: str, **options: Any) -> None:
        self.address, self.alerts, self.asked = address, list[str](), list[str]()
        self.context = site.browser.new_context(**options)
        self.context.set_default_timeout(20_000)
        self.context.on("request", lambda request: self._note(request.url))
        self.page = self.context.new_page()
        self.page.on("dialog", self._alert)
        self.page.on("pageerror", lambda error: self.alerts.append(f"error {error}"))

    def _note(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "about:")):
            self.asked.append(url)

    def _alert(self, dialog: Any) -> None:
        self.alerts.append(dialog.message)
        dialog.dismiss()

    def enter(self, login: str) -> None:
        self.page.goto(f"{self.address}/login")
        self.page.fill("#login", login)
        self.page.fill("#password", PASSWORD)
        self.page.press("#password", "Enter")
        self.page.wait_for_url("**/units")

    def walk(self, home: House, names: dict[str, str]) -> int:
        """Open every kind of page; how many."""
        record = home.deeds.record
        few = {text for name, text in names.items() if ALL or name in _FEW or name.startswith("calls")}
        numbers = {f"77{number:04}" for number, text in enumerate(names.values()) if text in few}
        rows = [row for row in record.census(UNIT) if row.mrn in numbers or row.mrn in few]
        charts = [row.patient for row in rows if row.patient]
        units = [quote(text, safe="") for text in few]
        paths = [
            "/units", "/search", "/feeds", "/worklist", "/help", "/nowhere", f"/beds?unit={UNIT}",
            *(f"/beds?unit={unit}" for unit in units), *(f"/print?unit={unit}" for unit in units[:3]),
            *(f"/chart/{patient}" for patient in charts),
        ]  # fmt: skip
        for path in paths:
            self.page.goto(self.address + path)
        return len(paths)


@pytest.fixture
def ear() -> Iterator[Canary]:
    with canary() as listening:
        yield listening


def test_no_script_runs_and_nobody_is_asked(site: Any, ear: Canary, tmp_path: Path) -> None:
    with hostile_house(tmp_path, ear.address, texts(ear)) as home, served(home.app, tmp_path / "keys") as address:
        seen = Watched(site, address)
        seen.enter("physician")
        opened = seen.walk(home, texts(ear))
        for login, path in (("administrator", "/two-people"), ("privacy", "/reads"), ("engineer", "/worklist")):
            seen.context.clear_cookies()
            seen.enter(login)
            seen.page.goto(address + path)
        seen.context.close()

    assert opened > 35
    assert seen.alerts == []
    assert seen.asked == []
    assert ear.hits == []


def test_the_control_without_escaping_scripts_run_and_the_listener_is_called(
    site: Any, ear: Canary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = drawing.environment

    def without(*given: Any) -> Any:
        env = made(*given)
        env.autoescape = False
        return env

    monkeypatch.setattr(drawing, "environment", without)
    monkeypatch.setattr(drawing, "_compiled", drawing._compiled.__wrapped__)
    few = {name: text for name, text in texts(ear).items() if name in ("script", "calls")}
    with hostile_house(tmp_path, ear.address, few) as home, served(home.app, tmp_path / "keys") as address:
        seen = Watched(site, address, bypass_csp=True)
        seen.enter("physician")
        for row in home.deeds.record.census(UNIT):
            seen.page.goto(f"{address}/chart/{row.patient}")
        seen.context.close()

    assert "codedark" in seen.alerts
    assert any(url.startswith(ear.address) for url in seen.asked)
    assert any(path.startswith(("/img", "/js", "/IMG", "/JS")) for path in ear.hits)
