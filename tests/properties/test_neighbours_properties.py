"""What is sent about others, however broken, changes nothing on a patient's chart; what is sent about her does."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "fuzz"))

from fuzzing import SCRATCH, mutated
from targets_fhir import TARGETS as FHIR
from targets_hl7 import TARGETS as HL7
from views_tape import KEY, Tape
from web_rig import PENICILLIN, POTASSIUM, admit

from codedark.entries import FhirChunk
from codedark.views import Chart, Fold, Record, ViewStore

COUNT = int(os.environ.get("CODEDARK_NEIGHBOURS", "150"))
HERS = re.compile(rb"482193|MARLOWE|V482193|C482193")
BY_NAME = {target.name: target for target in (*HL7, *FHIR)}


def chart_after(others: list[tuple[str, bytes]]) -> Chart:
    """Her chart when `others` came after what was said of her."""
    tape = Tape()
    tape.add("hl7.received", admit("482193", "MARLOWE^ADA", "4W", PENICILLIN).encode())
    tape.add("hl7.received", POTASSIUM.encode())
    for kind, data in others:
        if kind == "hl7":
            tape.add("hl7.received", data)
        else:
            tape.say(FhirChunk(file="f", first_line=1, format="ndjson", lines=data), source="import:x")
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        store = ViewStore.open(Path(folder), KEY)
        try:
            Fold(tape, store).catch_up()
            record = Record(store)
            (patient,) = [banner.patient for banner in record.search("482193") if banner.mrn == "482193"]
            chart = record.chart(patient)
        finally:
            store.close()
    # How old each section is, and as of where, is the whole feed's; everything else is hers alone.
    return replace(chart, as_of=None, ages=())  # type: ignore[arg-type]


def hostile(seed: int) -> list[tuple[str, bytes]]:
    """Broken messages, batches and lines about anybody but her."""
    made = [
        ("hl7", data) for name in ("er7", "batch", "meaning-of-hl7") for data in mutated(BY_NAME[name], COUNT, seed)
    ]
    made += [("fhir", data) for data in mutated(BY_NAME["meaning-of-fhir"], COUNT, seed)]
    Random(seed).shuffle(made)
    return [(kind, data) for kind, data in made if not HERS.search(data)]


@pytest.mark.parametrize("seed", range(3))
def test_broken_messages_about_others_leave_a_chart_as_it_was(seed: int) -> None:
    others = hostile(seed)

    assert len(others) > COUNT
    assert chart_after(others) == chart_after([])


def test_the_control_one_message_about_her_changes_her_chart() -> None:
    said = POTASSIUM.replace("|6.4|", "|3.9|").replace("R1|P", "R2|P").replace("140700", "150700").encode()

    assert chart_after([*hostile(0), ("hl7", said)]) != chart_after([])
