"""What every test may ask for: data of others, a seeded clock and chance, a browser; and a loud last word."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from codedark.clock import SeededChance, SeededClock

ROOT = Path(__file__).resolve().parent.parent
DID_NOT_RUN = "DID NOT RUN"


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Data that others wrote, beside the checkout, never committed. Absent: the test says loudly it did not run."""
    place = ROOT.parent / "shared" / "data"
    if not place.is_dir():
        pytest.skip(f"{DID_NOT_RUN}: the data beside the checkout is absent")
    return place


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of Debian's Chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    pytest.skip(f"{DID_NOT_RUN}: there is no Chromium on this machine (apt-get install chromium)")


@pytest.fixture
def clock() -> SeededClock:
    """A clock that moves only when told to."""
    return SeededClock()


@pytest.fixture
def chance() -> SeededChance:
    """The same bytes every time."""
    return SeededChance("tests")


@pytest.fixture(autouse=True)
def log_of_its_own() -> Iterator[None]:
    """A command run inside a test leaves no log behind that writes to that test's closed output."""
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers = [
        each for each in logging.getLogger().handlers if "codedark" not in type(each).__module__
    ]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last, whatever shuffled before: their driver leaves a running event loop in the process."""
    items.sort(key=lambda item: "browser" in item.path.parts)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Everything that did not run, said so that nobody can overlook it."""
    reasons: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        text = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if DID_NOT_RUN in text:
            reason = text.removeprefix("Skipped: ")
            reasons[reason] = reasons.get(reason, 0) + 1
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"!!! {count} tests {reason} !!!", red=True, bold=True)
