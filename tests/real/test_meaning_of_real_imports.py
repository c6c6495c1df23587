"""FHIR files of others: every line becomes a fact or a named problem, and references meet their targets."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

from meanings import SITE, entry

from codedark.entries import Fact, FhirChunk, Interpretation, Op, draft_of, interpret
from codedark.fhir import bundle_lines, read_ndjson

CHUNK = 200


def interpreted(lines: Iterator[tuple[int, bytes]], name: str, form: str, limit: int) -> Iterator[Interpretation]:
    """Chunks of lines as the import journals them, each read by itself."""
    held: list[tuple[int, bytes]] = []
    for number, line in lines:
        held.append((number, line))
        if len(held) == CHUNK:
            yield _chunk(held, name, form)
            held = []
            limit -= CHUNK
            if limit <= 0:
                return
    if held:
        yield _chunk(held, name, form)


def _chunk(held: list[tuple[int, bytes]], name: str, form: str) -> Interpretation:
    data = b"\n".join(line for _, line in held)
    chunk = FhirChunk(file=name, first_line=held[0][0], format=form, lines=data)
    draft = draft_of(chunk, source="import:real")
    return interpret(entry(draft.payload, kind=draft.kind, source=draft.source), SITE)


def bulk(folder: Path, limit: int = 2_000) -> list[Interpretation]:
    out: list[Interpretation] = []
    for path in sorted(folder.rglob("*.ndjson.gz")):
        with gzip.open(path, "rb") as file:
            out += interpreted(read_ndjson(iter(file)), path.name, "ndjson", limit)
    return out


def test_bulk_files_become_facts(shared_data: Path) -> None:
    meanings = bulk(shared_data / "fhir-clinosim") + bulk(shared_data / "fhir-synthea-bulk-10")
    facts = sum(len(meaning.facts) for meaning in meanings)
    print(f"bulk: {facts} facts, {sum(len(meaning.problems) for meaning in meanings)} problems")
    assert (facts > 5_000, [problem for meaning in meanings for problem in meaning.problems]) == (True, [])


def patients_of(facts: list[Fact]) -> tuple[set[str], set[str]]:
    """(ids that facts belong to, ids that a Patient or an alias has)."""
    known = {fact.id for fact in facts if fact.type == "Patient"}
    return {fact.patient for fact in facts if fact.patient is not None}, known


def test_every_fact_of_an_import_belongs_to_a_patient_of_it(shared_data: Path) -> None:
    meanings = bulk(shared_data / "fhir-clinosim", limit=100_000)
    owners, known = patients_of([fact for meaning in meanings for fact in meaning.facts])
    assert owners - known == set()


def test_bundles_become_facts_whose_references_meet(shared_data: Path) -> None:
    paths = sorted((shared_data / "fhir-synthea-r4-bundles").rglob("*.json.gz"))[:6]
    assert paths
    for path in paths:
        lines = iter(bundle_lines(gzip.decompress(path.read_bytes())))
        facts = [f for meaning in interpreted(lines, path.name, "bundle", 10_000) for f in meaning.facts]
        owners, known = patients_of(facts)
        assert owners <= known, path.name


def test_patient_with_a_record_number_is_an_alias(shared_data: Path) -> None:
    meanings = bulk(shared_data / "fhir-synthea-bulk-10")
    links = [fact for meaning in meanings for fact in meaning.facts if fact.op is Op.LINK]
    patients = [
        fact for meaning in meanings for fact in meaning.facts if fact.type == "Patient" and fact.op is Op.PATCH
    ]
    assert len(links) == len(patients) > 0
