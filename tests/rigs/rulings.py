"""Who is right where we and another team differ: the rulings of tests/figures/rulings.toml, applied.

A ruling is about a path or about a cause, never about a file. The first that fits counts.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

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
    with; `family`: MSH-9.1; `oracle`: how its name begins, "" for both."""

    name: str
    verdict: str
    why: str
    path: re.Pattern[str]
    theirs: re.Pattern[str]
    ours: re.Pattern[str]
    said_in: re.Pattern[str]
    source: re.Pattern[str]
    family: re.Pattern[str]
    oracle: str = ""
    whole: bool = False

    def fits(self, each: Disagreement) -> bool:
        """Whether it decides this disagreement."""
        return (
            each.oracle.startswith(self.oracle)
            and (each.whole or not self.whole)
            and self.path.fullmatch(each.path) is not None
            and self.theirs.fullmatch(each.theirs) is not None
            and self.said_in.fullmatch(" ".join(each.said_in)) is not None
            and self.source.fullmatch(each.source) is not None
            and self.family.fullmatch(each.family) is not None
            and any(self.ours.fullmatch(value) for value in each.ours or ("",))
        )


_ANY = re.compile(".*", re.DOTALL)
OPEN = Ruling("open", "ours", "Not ruled on: counted against us.", _ANY, _ANY, _ANY, _ANY, _ANY, _ANY)


def read_rulings(path: Path = RULINGS) -> list[Ruling]:
    """Every ruling, in the order of the file. An unknown verdict or a ruling without a reason is a ValueError."""
    out = []
    for each in tomllib.loads(path.read_text(encoding="utf-8")).get("ruling", []):
        if each["verdict"] not in VERDICTS or not each["why"].strip():
            raise ValueError(f"ruling {each['name']}: verdict and reason")
        keys = ("path", "theirs", "ours", "said_in", "source", "family")
        at, theirs, ours, where, source, family = (re.compile(each.get(key, ".*"), re.DOTALL) for key in keys)
        name, verdict, why = each["name"], each["verdict"], each["why"].strip()
        out.append(
            Ruling(
                name,
                verdict,
                why,
                at,
                theirs,
                ours,
                where,
                source,
                family,
                each.get("oracle", ""),
                bool(each.get("whole")),
            )
        )
    return out


def ruled(disagreements: Iterable[Disagreement], rulings: list[Ruling]) -> list[tuple[Disagreement, Ruling]]:
    """Each disagreement with the ruling that decides it, `OPEN` when none does."""
    return [(each, next((r for r in rulings if r.fits(each)), OPEN)) for each in disagreements]
