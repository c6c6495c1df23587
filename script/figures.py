"""Count what of real messages is understood, and how far two other teams agree; write the pages that say so.

Usage: .venv/bin/python script/figures.py [--data DIR] [--check] [--gaps FILE]
Writes docs/formats/hl7v2-figures.md, docs/formats/hl7v2-disagreements.md and tests/figures/paths.txt from the data that
others wrote beside the checkout. --check: writes nothing, exit 1 names the pages that are not what the count says.
--gaps: the biggest groups of disagreement, for whoever works on them. Exit 3: the data are not there.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "rigs")]

from agreement import ORACLES, Agreement, Disagreement, count  # noqa: E402
from published_maps import is_given, published_paths  # noqa: E402
from rulings import OPEN, VERDICTS, Ruling, read_rulings, ruled  # noqa: E402
from understanding import Corpus, corpora  # noqa: E402

FIGURES = ROOT / "docs/formats/hl7v2-figures.md"
DISAGREEMENTS = ROOT / "docs/formats/hl7v2-disagreements.md"
PATHS = ROOT / "tests/figures/paths.txt"
DRAWN = "<!-- Written by script/figures.py from the data beside the checkout; run it after a change of meaning. -->"
CODED = re.compile(r"\.(code|system|use|status|gender|type|intent|priority|comparator|mode|role|unit)$")
Decided = list[tuple[Disagreement, Ruling]]


def paths_page(given: dict[str, str]) -> str:
    """tests/figures/paths.txt: the paths that count, and the rows of the maps that give each."""
    head = "# What HL7's V2-to-FHIR 1.0.0 maps give, minus id, reference, text, extension. script/figures.py\n"
    return head + "".join(f"{path}  # {rows}\n" for path, rows in sorted(given.items()))


def figures_page(found: list[Corpus], agreements: list[Agreement], decided: Decided, paths: int) -> str:
    """docs/formats/hl7v2-figures.md."""
    out = ["# HL7 v2: how much is understood, in figures", DRAWN, ""]
    out += ["Counted on messages that others wrote; a part of every corpus is kept aside and not counted here."]
    out += [*corpora_part(found), *agreement_part(agreements, decided, paths), *rulings_part(agreements, decided)]
    out += [*LIMITS, *resources_part(agreements), *types_part(found), *reasons_part(found)]
    return "\n".join(out) + "\n"


def corpora_part(found: list[Corpus]) -> list[str]:
    """The table of the corpora."""
    out = ["", "## Corpora", "*full*, *part* and *kept* as in [hl7v2.md](hl7v2.md). A defect is a mistake of ours that"]
    out += ["cost a segment; lost is a message that became no fact and was not kept either.", ""]
    out += [
        "| corpus | messages | full | part | kept | defects | crashes | lost |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    rows = [(each.name, [each.messages, *each.totals, each.defects, each.crashes, each.lost]) for each in found]
    rows.append(("**all**", [sum(figures[n] for _, figures in rows) for n in range(7)]))
    return out + ["| " + " | ".join(map(_cell, (name, *figures))) + " |" for name, figures in rows]


def agreement_part(agreements: list[Agreement], decided: Decided, paths: int) -> list[str]:
    """The two oracles: the strict count, the count after rulings, and by type of resource."""
    out = ["", "## Agreement with two other teams"]
    out += [f"Leaves of their resources whose path the published maps give ({paths:,} paths, tests/figures/paths.txt)."]
    out += ['*Strict*: every such leaf. *After rulings*: without the leaves whose ruling is "not in the map",']
    out += ['"contradicts the map or the standard" or "cannot be known from the message"; every one is listed in']
    out += ["[hl7v2-disagreements.md](hl7v2-disagreements.md). Their bundles and our reading are compared resource by"]
    out += ["resource, each with the one of its type that shares most; a resource we do not make counts in full.", ""]
    out += ["| oracle | pairs | leaves | agreed | strict | ruled out | after rulings | ours beyond theirs |"]
    out += ["|---|--:|--:|--:|--:|--:|--:|--:|"]
    for each in agreements:
        gone = out_of_count(each, decided)
        leaves, agreed = each.leaves.total(), each.agreed.total()
        after = 100 * agreed / max(1, leaves - gone)
        cells = (each.oracle, each.pairs, leaves, agreed, f"{each.share:.1f} %", gone, f"{after:.1f} %")
        out.append("| " + " | ".join(map(_cell, (*cells, each.beyond.total()))) + " |")
    return out


def rulings_part(agreements: list[Agreement], decided: Decided) -> list[str]:
    """What the rulings take out: by verdict, and the ten that weigh most for each oracle."""
    out = ["", "### What the rulings take out", "Leaves by verdict. The last row stays in the count, against us.", ""]
    names = [each.oracle for each in agreements]
    out += ["| verdict | " + " | ".join(names) + " |", "|---" + "|--:" * len(names) + "|"]
    verdicts = Counter((ruling.verdict, each.oracle) for each, ruling in decided)
    for verdict, words in VERDICTS.items():
        out.append(f"| {words} | " + " | ".join(f"{verdicts[verdict, name]:,}" for name in names) + " |")
    for each in agreements:
        gone = out_of_count(each, decided)
        out += ["", f"The ten that weigh most, {each.oracle}:", ""]
        out += ["| ruling | leaves | of all ruled out | after rulings, without it |", "|---|--:|--:|--:|"]
        weights = Counter(r.name for d, r in decided if d.oracle == each.oracle and r.verdict != "ours")
        for name, times in sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:10]:
            rest = 100 * each.agreed.total() / max(1, each.leaves.total() - gone + times)
            out.append(f"| {name} | {times:,} | {100 * times / gone:.0f} % | {rest:.1f} % |")
    return out


LIMITS = """
### Limits of the method
- Both teams' messages are made to show fields, not sent by a hospital: nearly every field is filled, often with the
  same words. The share says how the maps are read, not how often a chart is right.
- The rulings are ours, made knowing the disagreements. A second reader went through every one with the maps open and
  struck or narrowed what was wider than its reason, but nobody of the two teams has seen them. Strict is what cannot be
  argued about; the list is committed for whoever wants to argue.
- A leaf is a path without indices and a value. Two leaves that are right one by one may belong together otherwise:
  which telephone is the mobile one is not compared.
- Which segment or field a value comes from is found by its words. A value that stands in several is ruled on only where
  the ruling fits all of them, or the segment of most of the resource.
- Theirs is compared with the resource of ours that shares most. A resource that another one of theirs took first counts
  as not made, against us, even where ours says the same.
- Agreed leaves of segments that have no published map (RXE, GT1 …) stay in the count, disagreed ones are ruled out.
- What ours says beyond theirs (last column) is counted and not judged: it may be more than they read, or wrong.
- References, narrative, ids and extensions are not compared: who is linked to whom is shown by our own tests only.
""".splitlines()


def resources_part(agreements: list[Agreement]) -> list[str]:
    """The strict count by type of resource."""
    out: list[str] = []
    for each in agreements:
        out += [
            "",
            f"### {each.oracle}, by resource",
            "",
            "| resource | leaves | agreed | strict |",
            "|---|--:|--:|--:|",
        ]
        out += [
            f"| {kind} | {n:,} | {each.agreed[kind]:,} | {100 * each.agreed[kind] / n:.0f} % |"
            for kind, n in sorted(each.leaves.items(), key=lambda item: (-item[1], item[0]))
        ]
    return out


def out_of_count(agreement: Agreement, decided: Decided) -> int:
    """How many leaves of one oracle a ruling takes out of the second count."""
    return sum(r.verdict != "ours" for d, r in decided if d.oracle == agreement.oracle)


def types_part(found: list[Corpus]) -> list[str]:
    """Every message type of every corpus."""
    out = ["", "## Message types by corpus", "Each cell: full / part / kept.", ""]
    out += ["| type | corpus | full / part / kept |", "|---|---|---|"]
    for each in found:
        out += [f"| {kind} | {each.name} | {' / '.join(map(str, row))} |" for kind, row in sorted(each.types.items())]
    return out


def reasons_part(found: list[Corpus]) -> list[str]:
    """Why messages are not full, over all corpora."""
    reasons: Counter[str] = sum((each.reasons for each in found), Counter())
    out = [
        "",
        "## Why not in full",
        "A message with two reasons is in two rows.",
        "",
        "| reason | messages |",
        "|---|--:|",
    ]
    rows = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return out + [f"| {reason} | {number:,} |" for reason, number in rows]


def disagreements_page(decided: Decided, given: dict[str, str]) -> str:
    """docs/formats/hl7v2-disagreements.md: every group of disagreement with its ruling."""
    out = ["# HL7 v2: where two other teams say something else", DRAWN, ""]
    out += ["Each line is a group of leaves: the path, how often, what stands there (9 for digits, a for letters;"]
    out += ["codes as they are), and the ruling. Figures: [hl7v2-figures.md](hl7v2-figures.md).", "", "## Rulings", ""]
    totals: Counter[tuple[str, str]] = Counter((ruling.name, each.oracle) for each, ruling in decided)
    out += ["| ruling | who | leaves CDC | leaves Microsoft | why |", "|---|---|--:|--:|---|"]
    for ruling in [*dict.fromkeys(ruling for _, ruling in decided if ruling is not OPEN), OPEN]:
        cells = [totals[ruling.name, oracle] for oracle in ORACLES]
        out.append(f"| {ruling.name} | {VERDICTS[ruling.verdict]} | {cells[0]:,} | {cells[1]:,} | {ruling.why} |")
    for oracle in ORACLES:
        out += [
            "",
            f"## {oracle}",
            "",
            "| path | times | theirs | ours | ruling | row of the map |",
            "|---|--:|---|---|---|---|",
        ]
        out += groups([(d, r) for d, r in decided if d.oracle == oracle], given)
    return "\n".join(out) + "\n"


def groups(decided: Decided, given: dict[str, str]) -> list[str]:
    """One row for each path, cause and ruling, the biggest first."""
    found: dict[tuple[str, str, str], list[Disagreement]] = defaultdict(list)
    for one, ruling in decided:
        found[one.path, cause(one), ruling.name].append(one)
    paths = frozenset(given)
    rows = []
    for (path, why, name), each in sorted(found.items(), key=lambda item: (-len(item[1]), item[0])):
        seen = Counter(shape(d.path, d.theirs) for d in each).most_common(2)
        theirs = ", ".join(f"`{value}`" for value, _ in seen)
        row = given[is_given(path, paths)]
        rows.append(f"| {path} | {len(each):,} | {theirs} | {why} | {name} | {row} |")
    return rows


def cause(each: Disagreement) -> str:
    """What stands on our side."""
    if each.whole:
        return "no such resource"
    if not each.ours:
        return "nothing there"
    return f"`{shape(each.path, each.ours[0])}`"


def shape(path: str, value: str) -> str:
    """A value that may be shown: codes, systems and units as they are, anything else as its shape."""
    if CODED.search(path) and len(value) <= 60:
        return value.replace("|", "¦")
    text = re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", value))
    return (text[:40] + "…" if len(text) > 40 else text).replace("|", "¦").replace("`", "'").replace("\n", " ")


def gaps(decided: Decided, given: dict[str, str]) -> str:
    """The open groups with an example each, for whoever works on them; not committed."""
    found: dict[tuple[str, str, str], list[Disagreement]] = defaultdict(list)
    for one, ruling in decided:
        if ruling.verdict == "ours":
            found[one.oracle[:3], one.path, cause(one) if one.whole or not one.ours else "other"].append(one)
    out = []
    for (oracle, path, why), each in sorted(found.items(), key=lambda item: -len(item[1])):
        e, row = each[0], given[is_given(path, frozenset(given))]
        values = f"{e.theirs[:60]!r} vs {e.ours[:2]} in {' '.join(e.said_in)} of {e.source}"
        out.append(f"{len(each):5} {oracle} {path} | {why} | {values} | {e.name[-40:]} | {row}")
    return "\n".join(out) + "\n"


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def drawn(data: Path) -> tuple[dict[Path, str], Decided, dict[str, str]]:
    """Every page by its place; the decided disagreements; the paths."""
    given = published_paths(data / "v2-to-fhir-maps" / "mappings")
    paths, rulings = frozenset(given), read_rulings()
    agreements = [count(oracle, pairs(data), paths) for oracle, pairs in ORACLES.items()]
    decided = ruled((d for each in agreements for d in each.disagreements), rulings)
    pages = {
        PATHS: paths_page(given),
        FIGURES: figures_page(corpora(data), agreements, decided, len(given)),
        DISAGREEMENTS: disagreements_page(decided, given),
    }
    return pages, decided, given


def main() -> int:
    """Draw or check the pages."""
    ask = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    ask.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    ask.add_argument("--check", action="store_true")
    ask.add_argument("--gaps", type=Path)
    asked = ask.parse_args()
    if not asked.data.is_dir():
        print("DID NOT RUN: the data beside the checkout is absent", file=sys.stderr)
        return 3
    pages, decided, given = drawn(asked.data)
    if asked.gaps:
        asked.gaps.write_text(gaps(decided, given), encoding="utf-8")
    stale = [path for path, text in pages.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(("not current: " if asked.check else "written: ") + str(path.relative_to(ROOT)))
        if not asked.check:
            path.write_text(pages[path], encoding="utf-8")
    return 1 if asked.check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
