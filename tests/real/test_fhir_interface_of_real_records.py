"""Records that others made, imported and handed out again by the FHIR interface: valid, complete, pointing nowhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import fhirkit
from fhir_client import program
from web_rig import house

from codedark.intake import import_files

PATIENTS = 2
MANDATORY = {"11450-4", "48765-2", "10160-0"}


def test_a_synthea_record_comes_out_whole_and_valid(shared_data: Path, tmp_path: Path) -> None:
    files = sorted((shared_data / "fhir-synthea-r4-bundles").glob("*.json.gz"))[:PATIENTS]
    with house(tmp_path) as home:
        report = import_files(files, home.journal.append_all, label="synthea")
        home.fold()
        reader, count = program(home), 0
        people = [each for each in reader.found("Patient") if "synthea" in json.dumps(each)]
        assert len(people) == PATIENTS
        for person in people:
            everything = reader.read(f"Patient/{person['id']}/$everything")
            summary = reader.read(f"Patient/{person['id']}/$summary")
            count += len(everything["entry"])
            for told in (everything, summary):
                inside = [entry["resource"] for entry in told["entry"]]
                have = {entry["fullUrl"].split("/fhir/")[1] for entry in told["entry"]}
                assert [str(issue) for each in inside for issue in fhirkit.validate(json.dumps(each))
                        if issue.severity == "error"] == []  # fmt: skip
                assert set(re.findall(r'"reference": "([A-Z][A-Za-z]+/[^"]+)"', json.dumps(told))) <= have
            said = {each["code"]["coding"][0]["code"]: each for each in summary["entry"][0]["resource"]["section"]}
            assert set(said) >= MANDATORY
            assert all(("entry" in each) is not ("emptyReason" in each) for each in said.values())
    print(f"{count} resources handed out of {report.resources} imported")
    assert count >= report.resources * 0.9  # a Provenance has no patient
