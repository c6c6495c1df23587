"""The main job, small: a hospital speaks, the EHR is gone, every unit has paper, the record verifies."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

Shown = tuple[Path, subprocess.CompletedProcess[bytes], dict[str, Any]]
pytestmark = pytest.mark.alone
MESSAGE = (
    "MSH|^~\\&|LAB|X|Y|Z|20261124020000-0500||ADT^A08|F1|P|2.5.1\rPID|1||77^^^X^MR||DOE^Ann\rPV1|1|I|4 West^401^A\r"
)


def demo(folder: Path, *more: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", "from codedark.cli import main; main()", "demo", "--once", "--json"]
    return subprocess.run(
        [*command, "--folder", str(folder), "--beds", "24", "--hours", "3", *more], capture_output=True, check=False
    )


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    place = tmp_path_factory.mktemp("demo")
    (place / "files").mkdir()
    (place / "files" / "one.hl7").write_text(MESSAGE)
    patient = {"resourceType": "Patient", "id": "p1", "name": [{"family": "ROE"}]}
    (place / "files" / "Patient.ndjson").write_text(json.dumps(patient) + "\n")
    vaccine = {"resourceType": "Immunization", "id": "v1", "status": "completed", "vaccineCode": {"text": "tetanus"}}
    vaccine |= {"patient": {"reference": "Patient/p1"}, "occurrenceDateTime": "2026-11-20"}
    (place / "files" / "Immunization.ndjson").write_text(json.dumps(vaccine) + "\n")
    done = demo(place / "node", "--data", str(place / "files"))
    assert done.returncode == 0, done.stderr.decode()
    return place / "node", done, json.loads(done.stdout)


def test_stdout_is_one_json_object_with_the_promised_names(shown: Shown) -> None:
    _, _, told = shown
    wanted = [
        "entries",
        "acknowledged",
        "interpreted",
        "worklist",
        "patients",
        "units",
        "packs",
        "verify",
        "as_of",
        "seconds",
    ]
    assert [name for name in wanted if name not in told] == []


def test_every_message_sent_is_acknowledged_or_refused(shown: Shown) -> None:
    _, _, told = shown
    assert told["unanswered"] == 0
    assert told["acknowledged"] + told["refused"] + told["unasked"] == told["sent"] > 100


def test_every_unit_has_a_pack_on_disk(shown: Shown) -> None:
    _, _, told = shown
    assert len(told["packs"]) == told["units"] > 10
    assert {Path(path).read_bytes()[:5] for path in told["packs"]} == {b"%PDF-"}


def test_the_record_verifies_against_the_checkpoint_on_paper(shown: Shown) -> None:
    _, _, told = shown
    assert told["verify"]["ok"] is True
    assert told["verify"]["witnessed"].startswith("matches checkpoint")


def test_files_of_others_are_taken_in(shown: Shown) -> None:
    _, _, told = shown
    assert told["feeds"]["files"] == 1
    assert told["imported"]["resources"] == 2


def test_no_process_of_the_node_failed_on_the_way(shown: Shown) -> None:
    folder, _, _ = shown
    said = [json.loads(line) for line in (folder / "run" / "serve.log").read_text().splitlines() if line[:1] == "{"]
    assert [each["event"] for each in said if each["level"] == "error"] == []


def test_no_name_of_a_patient_is_on_stderr_nor_in_a_file_name(shown: Shown) -> None:
    folder, done, _ = shown
    said = done.stderr.decode() + " ".join(path.name for path in folder.rglob("*"))
    assert "OKAFOR" not in said
    assert "MARLOWE" not in said


def test_one_chapter_runs_on_the_node_of_the_last_demo(shown: Shown) -> None:
    folder, _, told = shown
    again = json.loads(demo(folder, "--chapter", "verify").stdout)
    assert again["verify"]["entries"] >= told["entries"]
    assert again["packs"] == []


def test_a_folder_that_no_demo_made_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    assert demo(tmp_path).returncode == 10
    assert (tmp_path / "thesis.txt").read_text() == "mine"
