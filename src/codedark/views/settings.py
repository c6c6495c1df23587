"""Settings as folded from `config.set`, and the fold version they lead to.

Known keys: `facility.id`, `facility.name`, `facility.zone`, `facility.authority`, `codes.<table>` (local code →
[system, code, display]), `reports.patterns` and `reports.dates` (how print reports are read),
`feed.<name>.expected_s`, `feed.<name>.carries`, `feed.<name>.authenticated`. Others are kept and shown, and change
nothing here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from zoneinfo import ZoneInfo

import msgspec

from codedark.entries import MAPPING_VERSION, ReportRules, Site, patterns_complaint
from codedark.views.coverage import COVERAGE, threshold_complaint
from codedark.views.medicines import LATE_AFTER, STANDARD_TIMES, times_complaint
from codedark.views.schema import SCHEMA_VERSION, TABLES
from codedark.views.shapes import Sender

_encoder = msgspec.json.Encoder(decimal_format="number", order="sorted")
OF_THE_NODE = (".authenticated", ".certificates", ".declared")
"""Endings of feed settings that only the node itself says."""
_INTERPRETIVE = frozenset({"facility.id", "facility.zone", "facility.authority", "reports.patterns", "reports.dates"})


@dataclass(frozen=True, slots=True)
class FeedSetting:
    """What a feed is declared to be. `expected_s`: its expected interval in seconds, 0 = not declared; `certificates`:
    how many client certificates it is pinned to; `declared`: it still stands in codedark.toml."""

    expected_s: int = 0
    carries: tuple[str, ...] = ()
    authenticated: bool = False
    certificates: int = 0
    declared: bool = True

    @property
    def sender(self) -> Sender:
        """How the node knows who sends on it."""
        if not self.authenticated or not self.declared:
            return Sender.ADDRESS
        return Sender.PINNED if self.certificates else Sender.CERTIFICATE


def interpretive(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that change what an entry means; a change of one of them is a new fold version."""
    return {key: settings[key] for key in sorted(settings) if key in _INTERPRETIVE or key.startswith("codes.")}


def fold_version(settings: Mapping[str, Any] | None = None, *, mapping: object = MAPPING_VERSION) -> str:
    """`<schema>-<12 hex>`: of schema version, mapping version and the interpretive settings."""
    text = _encoder.encode([SCHEMA_VERSION, TABLES, str(mapping), interpretive(settings or {})])
    return f"{SCHEMA_VERSION}-{hashlib.sha256(text).hexdigest()[:12]}"


def site_of(settings: Mapping[str, Any]) -> Site:
    """The `Site` that entries are interpreted with."""
    plain = Site()
    codes = {
        key.removeprefix("codes."): {str(local): _coding(coding) for local, coding in value.items()}
        for key, value in settings.items()
        if key.startswith("codes.")
    }
    return Site(
        facility=str(settings.get("facility.id", plain.facility)),
        zone=str(settings.get("facility.zone", plain.zone)),
        authority=str(settings.get("facility.authority", plain.authority)),
        codes=codes,
        reports=ReportRules(
            dict(settings.get("reports.patterns") or {}), str(settings.get("reports.dates") or ReportRules().order)
        ),
    )


def feeds_of(settings: Mapping[str, Any]) -> dict[str, FeedSetting]:
    """The declared feeds by name."""
    found: dict[str, dict[str, Any]] = {}
    for key, value in settings.items():
        parts = key.split(".")
        if len(parts) >= 3 and parts[0] == "feed":
            found.setdefault(".".join(parts[1:-1]), {})[parts[-1]] = value
    return {name: _feed(values) for name, values in found.items()}


def complaint(key: str, value: Any, source: str = "node") -> str:
    """Why this setting cannot be used ("" = it can). A setting that cannot be used changes nothing.

    `source`: of its entry. How a feed's sender is known is what the node's listener does, not what a person says.
    """
    if key.startswith("feed.") and key.endswith(OF_THE_NODE) and source != "node":
        return "is said by the node alone, from codedark.toml"
    if key.startswith("codes."):
        return "" if _is_table(value) else "a code table maps a local code to [system, code, display]"
    if key in (STANDARD_TIMES, LATE_AFTER):
        return times_complaint(key, value)
    if key.startswith(COVERAGE):
        return threshold_complaint(key, value)
    if key == "reports.patterns":
        return patterns_complaint(value)
    if key == "reports.dates":
        return "" if value in ("mdy", "dmy", "") else 'must be "mdy" or "dmy"'
    if key in _INTERPRETIVE and not isinstance(value, str):
        return "must be text"
    if key == "facility.zone":
        return _zone_complaint(str(value))
    if key.startswith("feed.") and key.endswith(".expected_s") and not isinstance(value, int):
        return "must be a whole number of seconds"
    if key.startswith("feed.") and key.endswith(".carries") and not isinstance(value, (str, list, tuple)):
        return "must be a list of what it carries"
    return ""


def _feed(values: Mapping[str, Any]) -> FeedSetting:
    carries = values.get("carries", ())
    if isinstance(carries, str):
        carries = [part.strip() for part in carries.split(",") if part.strip()]
    return FeedSetting(
        expected_s=int(values.get("expected_s", 0)),
        carries=tuple(str(topic) for topic in carries),
        authenticated=values.get("authenticated") is True,
        certificates=values["certificates"] if isinstance(values.get("certificates"), int) else 0,
        declared=values.get("declared") is not False,
    )


def _coding(value: Any) -> tuple[str, str, str]:
    return cast("tuple[str, str, str]", tuple(str(part) for part in value))


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(coding, (list, tuple)) and len(coding) == 3 for coding in value.values()
    )


def _zone_complaint(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return "is not an IANA time zone"
    return ""
