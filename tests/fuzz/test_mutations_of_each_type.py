"""Mutations of every message type through the whole path, in short. The long form: `script/fuzz --mutations 10000`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from fuzzing import SCRATCH
from mutants import Outcome, mutants, through
from one_of_each import messages_of_each_type

from codedark.entries import Interpretation, Site, interpret
from codedark.journal import Draft, Entry, Journal

COUNT = int(os.environ.get("CODEDARK_MUTATIONS", "200"))
SEED = os.environ.get("CODEDARK_FUZZ_SEED", "1")


def run(contents: list[bytes], **how: object) -> Outcome:
    with tempfile.TemporaryDirectory(dir=SCRATCH) as scratch:
        return through(Path(scratch), contents, **how)  # type: ignore[arg-type]


def some(kind: str, count: int = COUNT) -> list[bytes]:
    return list(mutants(messages_of_each_type()[kind], count, f"{kind} {SEED}"))


def test_no_mutation_of_any_type_is_lost_or_crashes() -> None:
    outcome = run([content for kind in messages_of_each_type() for content in some(kind)])
    assert outcome.lost == []
    assert outcome.crashed == []
    assert outcome.received > outcome.sent // 2


def test_whole_messages_of_every_type_are_understood() -> None:
    """The control of the seeds: mutations of what was never understood would prove little."""
    clinical = {kind: found for kind, found in messages_of_each_type().items() if kind not in ("DFT", "BAR")}
    outcome = run([each for found in clinical.values() for each in found])
    assert (outcome.lost, outcome.crashed, outcome.understood["kept"]) == ([], [], 0)
    assert outcome.charts > 0


def test_a_journal_that_keeps_other_bytes_is_found_out() -> None:
    def forgetful(journal: Journal) -> Callable[..., None]:
        def submit(draft: Draft, done: Callable[..., None]) -> None:
            cut = draft.payload[:-1] if draft.kind == "hl7.received" else draft.payload
            journal.submit(Draft(draft.kind, draft.version, draft.source, cut, once=None), done)

        return submit

    assert run(some("ADT", 20), submit=forgetful).lost


def test_a_reader_that_fails_is_found_out() -> None:
    def failing(entry: Entry, site: Site) -> Interpretation:
        if b"PV1" in entry.payload:
            raise IndexError
        return interpret(entry, site)

    assert run(some("ADT", 20), meaning=failing).crashed
