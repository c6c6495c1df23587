"""R4 of others is never taken for another release, and HL7's own US Core and IPS examples are understood in full."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

from meanings import SITE, entry

from codedark.entries import FhirChunk, Understood, draft_of, interpret
from codedark.fhir import one_line

MADE = ("Bundle", "ImplementationGuide", None)


def _of_packages(folder: Path) -> Iterator[bytes]:
    for package in sorted(folder.glob("*.tgz")):
        with tarfile.open(package) as archive:
            for member in archive:
                file = archive.extractfile(member) if "/example/" in member.name else None
                if file is not None and member.name.endswith(".json") and "/." not in member.name:
                    yield file.read()


def test_published_examples_are_understood_in_full(shared_data: Path) -> None:
    read = [*_of_packages(shared_data / "fhir-packages")]
    read += [path.read_bytes() for path in sorted((shared_data / "fhir-us-core-examples").glob("*.json"))]
    lines = [one_line(data) for data in read if json.loads(data).get("resourceType") not in MADE]
    assert len(lines) > 500
    chunk = FhirChunk(file="x", first_line=1, format="ndjson", lines=b"\n".join(lines))
    meaning = interpret(entry(draft_of(chunk, source="import:real").payload, kind="fhir.imported"), SITE)
    assert ([each.reason for each in meaning.problems], meaning.understood) == ([], Understood.FULL)
