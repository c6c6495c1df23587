"""Every message of the corpora beside the checkout: interpreted or on the worklist, none crashes, none is lost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fhirkit
import pytest
from meanings import SITE, entry, folded

from codedark.entries import Interpretation, Understood, interpret
from codedark.fhir import decode, encode
from codedark.hl7 import split_batch

NOT_MESSAGES = (".yml", ".yaml", ".csv", ".md", ".py", ".java", ".xml", ".json", "SOURCE.txt")
DEFECT = "could not be read ("


def messages(folder: Path) -> Iterator[bytes]:
    """Every message in the files of a folder."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.endswith(NOT_MESSAGES):
            yield from (part.raw for part in split_batch(path.read_bytes()) if not part.reason)


def corpora(shared_data: Path) -> list[Path]:
    return sorted(path for path in shared_data.iterdir() if path.name.startswith("hl7v2-"))


@pytest.fixture(scope="module")
def meanings(shared_data: Path) -> dict[str, list[Interpretation]]:
    """Corpus → what each of its messages means."""
    out: dict[str, list[Interpretation]] = defaultdict(list)
    for corpus in corpora(shared_data):
        for position, raw in enumerate(messages(corpus)):
            out[corpus.name].append(interpret(entry(raw, position=position), SITE))
    return out


def test_there_are_messages_in_every_corpus(meanings: dict[str, list[Interpretation]]) -> None:
    assert len(meanings) >= 8
    assert min(map(len, meanings.values())) > 0


def test_every_message_is_facts_or_has_a_reason(meanings: dict[str, list[Interpretation]]) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    silent = []
    for corpus, read in meanings.items():
        for meaning in read:
            counts[meaning.message_type or "(none)", meaning.understood.value] += 1
            if meaning.understood is Understood.KEPT and not meaning.problems:
                silent.append((corpus, meaning.message_type.partition("^")[0]))
    for (kind, understood), number in sorted(counts.items()):
        print(f"{kind:<12} {understood:<5} {number}")
    # Only what is not clinical is kept without a line on the worklist.
    assert {family for _, family in silent} <= {"DFT", "BAR", "MFN", "ACK", "QRY", "QBP"}


def test_no_message_meets_a_defect(meanings: dict[str, list[Interpretation]]) -> None:
    problems = [p for read in meanings.values() for meaning in read for p in meaning.problems]
    assert [problem for problem in problems if problem.reason.startswith(DEFECT)] == []


def test_every_body_is_json_and_comes_back(meanings: dict[str, list[Interpretation]]) -> None:
    for read in meanings.values():
        for meaning in read:
            for fact in meaning.facts:
                assert decode(encode(fact.body)) == fact.body


def test_no_problem_carries_content(meanings: dict[str, list[Interpretation]]) -> None:
    reasons = {problem.reason for read in meanings.values() for meaning in read for problem in meaning.problems}
    # A reason is one of our sentences with at most a segment, field or trigger name in it: a short closed list.
    assert len(reasons) < 60, sorted(reasons)


VALID = {"hl7v2-linuxforhealth": 92.0, "hl7v2-google-simhospital": 99.5, "hl7v2-cdc-reportstream": 99.0}


@pytest.mark.parametrize("corpus", sorted(VALID))
def test_folded_resources_are_valid_r4(corpus: str, meanings: dict[str, list[Interpretation]]) -> None:
    issues: Counter[str] = Counter()
    valid = 0
    bodies = folded(meanings[corpus])
    for (kind, identity), body in bodies.items():
        resource: dict[str, Any] = {"resourceType": kind, "id": identity} | body
        errors = [issue for issue in fhirkit.validate(encode(resource)) if issue.severity == "error"]
        issues.update(f"{issue.path}: {issue.message}" for issue in errors)
        valid += not errors
    share = 100 * valid / len(bodies)
    print(f"{corpus}: {valid} of {len(bodies)} resources valid R4 ({share:.1f} %); {issues.most_common(6)}")
    assert share >= VALID[corpus]
