"""Are any of our pins known to be vulnerable? By pip-audit where a database answers, or by a copy of OSV's on disk.

Usage: .venv/bin/python script/audit.py [--osv all.zip]
all.zip is OSV's export for PyPI (the object `PyPI/all.zip` of its public bucket), carried here by hand: nothing is
asked of a network then. Exit 0: nothing known. 1: something is known. 3: NOTHING WAS AUDITED, said loudly.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).resolve().parent.parent
ACCEPTED: dict[str, str] = {}
"""Advisories that do not concern us: id → why. Each is a decision with a date in docs/why/dependencies.md."""
NOT_AUDITED = 3


def pinned(lock: Path) -> dict[str, str]:
    """Name → version."""
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;]+)", lock.read_text("utf-8"), re.M)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


def by_copy(path: Path, pins: dict[str, str]) -> list[tuple[str, str, str]]:
    """(package, version, advisory) from a copy of OSV's database. Withdrawn advisories are passed over."""
    found = []
    with zipfile.ZipFile(path) as copy:
        for name in copy.namelist():
            advisory = json.loads(copy.read(name))
            if advisory.get("withdrawn"):
                continue
            for package, version in _hit(advisory, pins):
                found.append((package, version, str(advisory["id"])))
    return sorted(set(found))


def _hit(advisory: dict[str, Any], pins: dict[str, str]) -> Iterator[tuple[str, str]]:
    for affected in advisory.get("affected", []):
        package = affected.get("package", {})
        name = re.sub(r"[-_.]+", "-", str(package.get("name", ""))).lower()
        if package.get("ecosystem") != "PyPI" or name not in pins:
            continue
        ranges = [each for each in affected.get("ranges", []) if each.get("type") == "ECOSYSTEM"]
        listed = pins[name] in affected.get("versions", [])
        if listed or any(_within(Version(pins[name]), each.get("events", [])) for each in ranges):
            yield name, pins[name]


def _within(version: Version, events: list[dict[str, str]]) -> bool:
    """OSV's rule: the last event at or below the version decides."""
    inside = False
    for event in sorted(events, key=_place):
        (kind, text), *_ = event.items()
        try:
            at = Version("0.dev0") if text == "0" else Version(text)
        except InvalidVersion:
            continue
        if kind == "introduced" and version >= at:
            inside = True
        if (kind == "fixed" and version >= at) or (kind == "last_affected" and version > at):
            inside = False
    return inside


def _place(event: dict[str, str]) -> tuple[Version, int]:
    (kind, text), *_ = event.items()
    try:
        return (Version("0.dev0") if text == "0" else Version(text)), int(kind != "introduced")
    except InvalidVersion:
        return Version("0.dev0"), 2


def by_network(pins: dict[str, str]) -> list[tuple[str, str, str]] | None:
    """The same by pip-audit; None when no database answers. One pin is asked first: a mirror may know none of them."""
    probe = sorted(pins.items())[:1]
    if _asked(dict(probe)) is None:
        return None
    return _asked(pins)


def _asked(pins: dict[str, str]) -> list[tuple[str, str, str]] | None:
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "pins.txt"
        listed.write_text("".join(f"{name}=={version}\n" for name, version in sorted(pins.items())))
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "--progress-spinner", "off",
             "--timeout", "10", "--format", "json", "-r", str(listed)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    try:
        rows: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (json.JSONDecodeError, KeyError):
        return None
    # A package that the database does not know is skipped there without a failure: here that is no audit.
    if any("skip_reason" in row for row in rows):
        return None
    return sorted((r["name"], r["version"], each["id"]) for r in rows for each in r.get("vulns", []))


def main() -> int:
    """Audit the lock and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--osv", type=Path, help="a copy of OSV's database for PyPI (all.zip)")
    parser.add_argument("--lock", type=Path, default=ROOT / "requirements.lock")
    given = parser.parse_args()
    pins = pinned(given.lock)
    found = by_copy(given.osv, pins) if given.osv else by_network(pins)
    if found is None:
        print(
            "!!! NO DATABASE OF VULNERABILITIES ANSWERS: THE PINS WERE NOT AUDITED (script/audit.py --osv all.zip) !!!"
        )
        return NOT_AUDITED
    for package, version, advisory in found:
        said = f" (accepted: {ACCEPTED[advisory]})" if advisory in ACCEPTED else ""
        print(f"{package} {version}: {advisory}{said}")
    left = [row for row in found if row[2] not in ACCEPTED]
    print(f"{len(pins)} pins audited, {len(left)} known vulnerabilities")
    return int(bool(left))


if __name__ == "__main__":
    sys.exit(main())
