"""Check docs/why/asvs.md: each requirement of OWASP ASVS 5.0.0 that we answer for is there once, with tests that exist.

Usage: .venv/bin/python script/asvs.py [--check]
Writes the counts at the top of the page; with --check nothing is written, and exit 1 names every fault. Only numbers
and levels of the requirements are kept here (facts); their text is OWASP's, and the page words each subject anew.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/why/asvs.md"
MARKS = ("<!-- counted by script/asvs.py -->", "<!-- until here -->")
STATES = ("met", "partly", "not", "n/a")
ALL_LEVELS = frozenset({6, 7, 8, 11, 12, 14, 16})
"""Chapters answered for at level 3; the others at level 2."""

# Section → the level of each of its requirements, in order.
LEVELS = """
1.1 22  1.2 1111122223  1.3 112222222223  1.4 222  1.5 123
2.1 122  2.2 112  2.3 12223  2.4 23
3.1 3  3.2 113  3.3 12223  3.4 11222233  3.5 11122333  3.6 3  3.7 22333
4.1 12233  4.2 23333  4.3 22  4.4 1222
5.1 2  5.2 112333  5.3 113  5.4 222
6.1 122  6.2 111111112222  6.3 11223333  6.4 112233  6.5 22222333  6.6 2223  6.7 33  6.8 2222
7.1 222  7.2 1111  7.3 22  7.4 11222  7.5 223  7.6 22
8.1 1233  8.2 1123  8.3 133  8.4 23
9.1 111  9.2 1222
10.1 22  10.2 223  10.3 22223  10.4 1111122222233333  10.5 22222  10.6 22  10.7 222
11.1 2233  11.2 22233  11.3 11233  11.4 1222  11.5 23  11.6 23  11.7 33
12.1 12233  12.2 11  12.3 22223
13.1 2333  13.2 222223  13.3 2233  13.4 1222233
14.1 22  14.2 12223333  14.3 122
15.1 12233  15.2 12233  15.3 1222222  15.4 3333
16.1 2  16.2 22222  16.3 2222  16.4 222  16.5 2223
17.1 23  17.2 22223333  17.3 22
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the page. `state`: its first word; `tests`: file::name."""

    id: str
    level: int
    subject: str
    how: str
    tests: tuple[str, ...]
    state: str
    why: str


@cache
def levels() -> dict[str, int]:
    """Every requirement of the standard → its level."""
    found = {}
    words = LEVELS.split()
    for section, digits in zip(words[::2], words[1::2], strict=True):
        found |= {f"{section}.{number}": int(level) for number, level in enumerate(digits, 1)}
    return found


def wanted() -> set[str]:
    """The requirements that the page answers for."""
    return {each for each, level in levels().items() if level < 3 or int(each.split(".")[0]) in ALL_LEVELS}


def rows(text: str) -> list[Row]:
    """The lines of the page's tables."""
    found = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if re.fullmatch(r"\d+\.\d+\.\d+", cells[0]) and len(cells) == 6:
            tests = tuple(re.findall(r"`([^`]+::[^`]+)`", cells[4]))
            state, _, why = cells[5].partition(": ")
            found.append(Row(cells[0], int(cells[1]), cells[2], cells[3], tests, state, why))
    return found


@cache
def known_tests() -> frozenset[str]:
    """Every test that there is, as file::name; names of files are unique (tests/house)."""
    found = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                found.add(f"{path.name}::{node.name}")
    return frozenset(found)


def faults(text: str) -> Iterator[str]:
    """Everything that is wrong with the page."""
    found = rows(text)
    times = Counter(row.id for row in found)
    yield from (f"{each} is missing" for each in sorted(wanted() - set(times)))
    yield from (f"{each} stands there {count} times" for each, count in times.items() if count > 1)
    for row in found:
        if levels().get(row.id) != row.level:
            yield f"{row.id} is of level {levels().get(row.id)}, not {row.level}"
        if row.state not in STATES:
            yield f"{row.id}: {row.state!r} is no state"
        if row.state == "met" and not row.tests:
            yield f"{row.id} is met, but by no test"
        if (row.state == "partly" and not row.why) or not row.how or not row.subject:
            yield f"{row.id} does not say why or how"
        yield from (f"{row.id}: there is no test {each}" for each in row.tests if each not in known_tests())


def counts(text: str) -> str:
    """The table at the top of the page."""
    found = rows(text)
    out = ["", "| chapter | " + " | ".join(STATES) + " |", "|---|" + "--:|" * len(STATES)]
    for chapter in sorted({int(row.id.split(".")[0]) for row in found}):
        each = Counter(row.state for row in found if row.id.startswith(f"{chapter}."))
        name = f"V{chapter} (L3)" if chapter in ALL_LEVELS else f"V{chapter}"
        out.append(f"| {name} | " + " | ".join(str(each[state] or "") for state in STATES) + " |")
    whole = Counter(row.state for row in found)
    out.append("| **all** | " + " | ".join(f"**{whole[state]}**" for state in STATES) + " |")
    return "\n".join([*out, "", ""])


def main() -> int:
    """Check, and write the counts."""
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(MARKS[0] + "\n")
    after = rest.partition(MARKS[1])[2]
    drawn = f"{before}{MARKS[0]}\n{counts(text)}{MARKS[1]}{after}"
    wrong = list(faults(text))
    if "--check" in sys.argv:
        wrong += ["the counts at the top are old"] if drawn != text else []
    elif drawn != text:
        PAGE.write_text(drawn, "utf-8")
    print("\n".join(wrong) or f"{len(rows(text))} requirements, each with its tests")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
