"""Every message of the corpora beside the checkout: understood in full, in part or kept, and why not more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from meanings import SITE, entry

from codedark.entries import Interpretation, Understood, interpret
from codedark.hl7 import split_batch

NOT_MESSAGES = (".yml", ".yaml", ".csv", ".md", ".py", ".java", ".xml", ".json", "SOURCE.txt")
DEFECT = "could not be read ("
MORE = {Understood.FULL: 0, Understood.PART: 1, Understood.KEPT: 2}


@dataclass(slots=True)
class Corpus:
    """The count of one folder. `types`: message type → [full, part, kept]; `reasons`: why not more, how many messages;
    `defects`: messages that met a mistake of ours; `lost`: messages that are neither facts nor kept with a reason."""

    name: str
    messages: int = 0
    types: dict[str, list[int]] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    defects: int = 0
    crashes: int = 0
    lost: int = 0

    @property
    def totals(self) -> list[int]:
        """[full, part, kept] of all types."""
        return [sum(row[n] for row in self.types.values()) for n in range(3)]


def messages(folder: Path) -> Iterator[bytes]:
    """Every message in the files of a folder."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.endswith(NOT_MESSAGES):
            yield from (part.raw for part in split_batch(path.read_bytes()) if not part.reason)


def counted(folder: Path) -> Corpus:
    """What the messages of one corpus mean, counted."""
    out = Corpus(folder.name.removeprefix("hl7v2-"))
    for position, raw in enumerate(messages(folder)):
        out.messages += 1
        try:
            meaning = interpret(entry(raw, position=position), SITE)
        except Exception:  # the figure that must be 0: whatever it was, it is counted, not raised
            out.crashes += 1
            continue
        _add(out, meaning)
    return out


def _add(out: Corpus, meaning: Interpretation) -> None:
    kind = meaning.message_type or "(no message type)"
    out.types.setdefault(kind, [0, 0, 0])[MORE[meaning.understood]] += 1
    out.defects += any(problem.reason.startswith(DEFECT) for problem in meaning.problems)
    out.lost += meaning.understood is not Understood.KEPT and not meaning.facts
    if meaning.understood is Understood.FULL:
        return
    for reason in {problem.reason for problem in meaning.problems} or {unread(meaning)}:
        out.reasons[reason] += 1


def unread(meaning: Interpretation) -> str:
    """Why a message without a problem is not full."""
    if meaning.understood is Understood.KEPT:
        return "not clinical: kept and counted, no line on the worklist"
    return f"segments that are kept and not read: {', '.join(sorted(meaning.unread))}"


def corpora(shared_data: Path) -> list[Corpus]:
    """Every corpus, by name."""
    return [counted(path) for path in sorted(shared_data.iterdir()) if path.name.startswith("hl7v2-")]
