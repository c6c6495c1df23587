"""The mock EHR is read whole by a bulk client that shares no code with us; then ours reads the same from it."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from mock_ehr import Faults, MockEhr
from smart_fetch import fetch, smart_fetch

from codedark.clock import SystemChance, SystemClock
from codedark.ehr import Credential, EhrServer, Export, ExportFile, ExportRequest, HttpWire, key_set, new_key

OLD, NEW = "2026-11-20T06:00:00Z", "2026-11-23T06:00:00Z"
PRIVATE, PUBLIC = new_key()


def resources() -> list[dict[str, Any]]:
    patients = [{"resourceType": "Patient", "id": f"p{n}", "meta": {"lastUpdated": OLD}} for n in range(30)]
    about = [
        {
            "resourceType": "Condition", "id": f"c{n}", "meta": {"lastUpdated": NEW},
            "subject": {"reference": f"Patient/p{n % 30}"}, "code": {"text": "ø"},
        }
        for n in range(300)
    ]  # fmt: skip
    return [*patients, *about]


@pytest.fixture
def ehr() -> Iterator[MockEhr]:
    keys = list(key_set(PUBLIC, "k1")["keys"])  # type: ignore[call-overload]
    with MockEhr(resources(), keys=keys, faults=Faults(pending=1, busy=1)).serving() as serving:
        yield serving


def private_set(folder: Path) -> Path:
    """Our private key as a JWK set, as smart-fetch wants it."""
    secret = serialization.load_pem_private_key(PRIVATE, None).private_numbers().private_value  # type: ignore[union-attr]
    [key] = key_set(PUBLIC, "k1")["keys"]  # type: ignore[misc]
    d = base64.urlsafe_b64encode(secret.to_bytes(48, "big")).rstrip(b"=").decode()
    path = folder / "key.jwks"
    path.write_text(json.dumps({"keys": [{**key, "key_ops": ["sign"], "d": d}]}))
    return path


def by_others(ehr: MockEhr, folder: Path, *more: str) -> list[str]:
    """What smart-fetch kept, as "Type/id", sorted."""
    done = fetch(
        "bulk", folder / "out", "--fhir-url", ehr.base, "--group", "g1", "--smart-client-id", "codedark",
        "--smart-key", private_set(folder), "--type", "Patient,Condition", "--no-default-filters", *more,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = []
    for path in (folder / "out").glob("[A-Z]*.ndjson*"):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        found += [json.loads(line) for line in data.splitlines()]
    return sorted(f"{each['resourceType']}/{each['id']}" for each in found)


def by_us(ehr: MockEhr, request: ExportRequest) -> list[str]:
    found: list[str] = []

    def take(file: ExportFile, as_of: str, chunks: Iterator[bytes]) -> int:
        lines = b"".join(chunks).splitlines()
        found.extend(f"{each['resourceType']}/{each['id']}" for each in map(json.loads, lines))
        return len(lines)

    credential = Credential("codedark", PRIVATE, "k1")
    server = EhrServer(ehr.base, HttpWire(), SystemClock(), SystemChance(), lambda _: None, credential=credential)
    run = Export(server, take, lambda _: None)
    run.finish(run.begin(request))
    return sorted(found)


def test_a_client_of_others_and_ours_read_the_same(tmp_path: Path, ehr: MockEhr) -> None:
    smart_fetch()
    there = sorted(f"{each['resourceType']}/{each['id']}" for each in ehr.resources)
    assert by_others(ehr, tmp_path) == there
    assert by_us(ehr, ExportRequest("g1", types=("Patient", "Condition"))) == there


def test_both_read_only_what_changed_since(tmp_path: Path, ehr: MockEhr) -> None:
    smart_fetch()
    ehr.faults = Faults(pending=0)
    ehr.deleted = [(NEW, "Condition/gone")]
    there = sorted(f"Condition/c{n}" for n in range(300))
    assert by_others(ehr, tmp_path, "--since", "2026-11-21T00:00:00Z", "--since-mode", "updated") == there
    [gone] = (tmp_path / "out" / "deleted").glob("*")
    data = gzip.decompress(gone.read_bytes()) if gone.suffix == ".gz" else gone.read_bytes()
    assert b"Condition/gone" in data


def test_the_control_a_client_of_others_without_the_key_gets_nothing(tmp_path: Path, ehr: MockEhr) -> None:
    smart_fetch()
    ehr.keys = [{**ehr.keys[0], "x": ehr.keys[0]["y"]}]
    done = fetch(
        "bulk", tmp_path / "out", "--fhir-url", ehr.base, "--group", "g1", "--smart-client-id", "codedark",
        "--smart-key", private_set(tmp_path), "--type", "Patient", "--no-default-filters",
    )  # fmt: skip
    assert done.returncode != 0
    assert ehr.jobs == []
