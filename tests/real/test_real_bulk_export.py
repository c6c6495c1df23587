"""A bulk export of another team's synthetic hospital, over broken connections, into a record."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

from mock_ehr import Faults, MockEhr
from trust_rig import new_house, said

from codedark.ehr import ExportRequest
from codedark.node import declared, open_node, take_export


def test_a_whole_export_of_others_arrives_once_over_a_bad_line(shared_data: Path, tmp_path: Path) -> None:
    files = sorted((shared_data / "fhir-synthea-bulk-10").glob("*.ndjson.gz"))
    there = [json.loads(line) for path in files for line in gzip.decompress(path.read_bytes()).splitlines()]
    for each in there:
        each.setdefault("meta", {}).setdefault("lastUpdated", "2026-11-20T06:00:00Z")
    house = new_house(tmp_path / "node")
    with MockEhr(there, faults=Faults(pending=0, parts=3, cut_at=[9, 90, 900, 9_000, 20_000])).serving() as ehr:
        with (house.folder / "codedark.toml").open("a") as file:
            file.write(f'\n[[ehr]]\nname = "epic"\nurl = "{ehr.base}"\n')
        with open_node(house.folder) as node:
            told = take_export(node, declared(node.config, "epic"), ExportRequest(), lambda _: None, lambda _: None)
            kept = Counter(line for each in said(node, "fhir.imported") for line in each.lines.splitlines())
            patients = len(node.record().patients())
    assert (told.resources, told.refusals, told.short) == (len(there), [], ())
    assert kept == Counter(json.dumps(each).encode() for each in there)
    assert patients == sum(each["resourceType"] == "Patient" for each in there)
