"""What a manifest says, and what is no manifest."""

from __future__ import annotations

import json

import pytest

from codedark.ehr import ExportRequest, ManifestFile, read_manifest
from codedark.errors import ConfigError, EhrRefused

TIME = "2026-11-24T06:00:00.000Z"


def manifest(**told: object) -> bytes:
    return json.dumps(
        {"transactionTime": TIME, "requiresAccessToken": True, "output": [], "error": [], **told}
    ).encode()


def test_files_come_with_type_and_count() -> None:
    read = read_manifest(manifest(output=[{"type": "Patient", "url": "https://e/1", "count": 7, "extension": {}}]))
    assert read.output == (ManifestFile("https://e/1", "Patient", 7),)


def test_deletions_are_read() -> None:
    assert read_manifest(manifest(deleted=[{"url": "https://e/d"}])).deleted == (ManifestFile("https://e/d"),)


def test_errors_are_read_under_both_names() -> None:
    read = read_manifest(manifest(error=[{"url": "https://e/a"}], outcome=[{"url": "https://e/b"}]))
    assert [each.url for each in read.error] == ["https://e/a", "https://e/b"]


def test_the_next_part_is_where_the_link_says() -> None:
    links = [{"relation": "self", "url": "https://e/s"}, {"relation": "next", "url": "https://e/n"}]
    assert read_manifest(manifest(link=links)).next == "https://e/n"


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, manifest(transactionTime="yesterday"), manifest(output=[{"url": ""}])],
)
def test_what_is_no_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(EhrRefused):
        read_manifest(data)


def test_a_request_says_the_same_by_get_and_by_post() -> None:
    request = ExportRequest("g1", since=TIME, types=("Patient", "Observation"))
    body = {part["name"]: part for part in json.loads(request.body())["parameter"]}
    assert request.path == "Group/g1/$export"
    assert ("_type", "Patient,Observation") in request.parameters()
    assert body["_since"] == {"name": "_since", "valueInstant": TIME}
    assert body["_outputFormat"]["valueString"] == "application/fhir+ndjson"


@pytest.mark.parametrize(
    "request_", [ExportRequest("a/../b"), ExportRequest(types=("patient?",)), ExportRequest(since="2026")]
)
def test_a_request_that_no_server_could_read_is_not_sent(request_: ExportRequest) -> None:
    with pytest.raises(ConfigError):
        request_.check()
