"""Messages and lines made to fill the memory of whoever reads them: they cost what they weigh, and nothing else."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from meanings import PID, SITE, entry, of_type, said

from codedark.entries import FhirChunk, Understood, draft_of, interpret
from codedark.entries.datatypes import MOST_PARTS, split_field
from codedark.hl7 import STANDARD, unescape
from codedark.views.codings import number
from codedark.web.tables import trend

MIB = 1 << 20


@pytest.mark.parametrize("mark", ["^", "~", "&", "^~"])
def test_a_field_of_nothing_but_delimiters_is_one_text(mark: str) -> None:
    tracemalloc.start()
    meaning = said("ORU^R01", PID, "OBR|1|||x", "OBX|1|CE|x||" + mark * (4 * MIB))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 200 * MIB
    assert of_type(meaning, "Observation")


def test_a_long_waveform_is_still_taken_apart() -> None:
    wave = "^".join(map(str, range(MOST_PARTS)))

    assert len(split_field(wave, STANDARD, "utf-8")[0]) == MOST_PARTS
    assert len(split_field(f"{wave}^1^2", STANDARD, "utf-8")[0]) == 1


def test_a_field_of_escape_characters_stays_what_it_is() -> None:
    assert unescape("\\" * 99_999) == "\\" * 99_999


@pytest.mark.parametrize("sent", ["1E+999999999", "-1E+999999999", "1E-999999999", "12.3E+45"])
def test_a_number_of_more_places_than_anybody_reads_is_shown_as_it_was_sent(sent: str) -> None:
    body = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"}}
    line = json.dumps(body)[:-1] + f', "valueQuantity": {{"value": {sent}, "unit": "mg"}}}}'
    chunk = FhirChunk(file="f", first_line=1, format="ndjson", lines=line.encode())
    kept = entry(draft_of(chunk, source="import:x").payload, kind="fhir.imported", source="import:x")
    meaning = interpret(kept, SITE)
    value = meaning.facts[0].body["valueQuantity"]["value"]

    assert meaning.understood is Understood.FULL
    assert len(number(value)) < 50
    assert type(value)(number(value)) == value


def test_a_number_that_is_no_measurement_draws_no_trend() -> None:
    assert trend(["1", "2", "3"])
    assert trend(["1", "1E+999999999", "3"]) == ""
    assert trend(["1", "-1E+308", "1E+308"]) == ""


def test_an_escape_with_thousands_of_digits_is_text() -> None:
    digits = "9" * 5000

    assert unescape(f"a\\.sp{digits}\\b") == f"a\\.sp{digits}\\b"
    assert said("ORU^R01", PID, "OBR|1|||x", f"OBX|1|ST|x||\\.sk{digits}\\").facts
