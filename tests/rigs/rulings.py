"""Who is right where we and another team differ: the rulings of tests/figures/rulings.toml, applied.

A ruling is about a path or about a cause, never about a file. The first that fits counts.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agreement import Disagreement

RULINGS = Path(__file__).resolve().parent.parent / "figures" / "rulings.toml"
VERDICTS = {
    "beyond": "theirs is not in the map",
    "against": "theirs contradicts the map or the standard",
    "unknowable": "cannot be known from the message",
    "ours": "ours is wrong or not made",
}
"""Only the first three take a leaf out of the second count."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """One ruling. `path`, `theirs`, `ours`: regular expressions that must fit in full (`ours`: any value standing at
    the path, "" when none stands there); `said_in`: the segments that hold the value, one space between, "" when none
    does; `source`: the segment that holds most of their resource; `whole`: only where we have no resource to compare
    with (false: only where we have); `family`: MSH-9.1; `oracle`: how its name begins, "" for both.

    And where these alone would be too wide: `said_at`: the value stands in fields, and every one of them fits;
    `beside`: one leaf "path=value" of their resource fits; `lacking`: all paths fit at which the nearest of ours says
    less; `already`: ours says this very leaf once at least; `held_as_in`: as often as that segment does; `{theirs}` in
    `ours` is their value as it stands.
    """

    name: str
    verdict: str
    why: str
    path: re.Pattern[str]
    theirs: re.Pattern[str]
    ours: re.Pattern[str]
    said_in: re.Pattern[str]
    source: re.Pattern[str]
    family: re.Pattern[str]
    said_at: re.Pattern[str] | None = None
    beside: re.Pattern[str] | None = None
    lacking: re.Pattern[str] | None = None
    held_as_in: str = ""
    already: bool = False
    oracle: str = ""
    whole: bool | None = None

    def fits(self, each: Disagreement) -> bool:
        """Whether it decides this disagreement."""
        return (
            each.oracle.startswith(self.oracle)
            and self.whole in (None, each.whole)
            and self.path.fullmatch(each.path) is not None
            and self.theirs.fullmatch(each.theirs) is not None
            and self.said_in.fullmatch(" ".join(each.said_in)) is not None
            and self.source.fullmatch(each.source) is not None
            and self.family.fullmatch(each.family) is not None
            and self._narrowly(each)
            and any(self._is_ours(each.theirs, value) for value in each.ours or ("",))
        )

    def _narrowly(self, each: Disagreement) -> bool:
        """What only some rulings ask for."""
        return (
            (self.said_at is None or (bool(each.said_at) and all(map(self.said_at.fullmatch, each.said_at))))
            and (self.beside is None or any(map(self.beside.fullmatch, each.beside)))
            and (self.lacking is None or all(map(self.lacking.fullmatch, each.lacking)))
            and (not self.already or each.held > 0)
            and (not self.held_as_in or each.held >= each.times.get(self.held_as_in, 0))
        )

    def _is_ours(self, theirs: str, value: str) -> bool:
        if "{theirs}" not in self.ours.pattern:
            return self.ours.fullmatch(value) is not None
        return re.fullmatch(self.ours.pattern.replace("{theirs}", re.escape(theirs)), value, re.IGNORECASE) is not None


_ANY = re.compile(".*", re.DOTALL)
OPEN = Ruling("open", "ours", "Not ruled on: counted against us.", _ANY, _ANY, _ANY, _ANY, _ANY, _ANY)


def read_rulings(path: Path = RULINGS) -> list[Ruling]:
    """Every ruling, in the order of the file. An unknown verdict or a ruling without a reason is a ValueError."""
    out = []
    for each in tomllib.loads(path.read_text(encoding="utf-8")).get("ruling", []):
        if each["verdict"] not in VERDICTS or not each["why"].strip():
            raise ValueError(f"ruling {each['name']}: verdict and reason")
        out.append(_ruling(each))
    return out


def _ruling(each: dict[str, Any]) -> Ruling:
    def at(key: str) -> re.Pattern[str]:
        return re.compile(each.get(key, ".*"), re.DOTALL)

    def narrow(key: str) -> re.Pattern[str] | None:
        return at(key) if key in each else None

    return Ruling(
        each["name"],
        each["verdict"],
        each["why"].strip(),
        at("path"),
        at("theirs"),
        at("ours"),
        at("said_in"),
        at("source"),
        at("family"),
        said_at=narrow("said_at"),
        beside=narrow("beside"),
        lacking=narrow("lacking"),
        already=bool(each.get("already")),
        held_as_in=each.get("held_as_in", ""),
        oracle=each.get("oracle", ""),
        whole=each.get("whole"),
    )


def ruled(disagreements: Iterable[Disagreement], rulings: list[Ruling]) -> list[tuple[Disagreement, Ruling]]:
    """Each disagreement with the ruling that decides it, `OPEN` when none does."""
    return [(each, next((r for r in rulings if r.fits(each)), OPEN)) for each in disagreements]
