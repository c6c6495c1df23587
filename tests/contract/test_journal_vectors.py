"""The committed vectors: our verifier gives the outcome their first line names, and a stranger's verifier agrees."""

from __future__ import annotations

import io
from pathlib import Path

import journal_vectors
import pytest
import stranger
from journal_rig import deed, hl7, new_journal

from codedark.errors import ChainBroken, UnknownFormat
from codedark.journal import export, verify_export

FOLDER = Path(__file__).resolve().parents[1] / "vectors" / "journal"
NAMES = sorted(p.stem for p in FOLDER.glob("*.vector"))


def load(name: str) -> tuple[str, bytes]:
    first, _, body = (FOLDER / f"{name}.vector").read_text().partition("\n")
    return first.removeprefix("expect: "), bytes.fromhex(body.replace("\n", ""))


def outcome(data: bytes) -> str:
    try:
        verify_export(io.BytesIO(data))
    except ChainBroken as error:
        return str(error)
    except UnknownFormat:
        return "unknown format"
    return "ok"


@pytest.mark.parametrize("name", NAMES)
def test_a_vector_ends_as_its_first_line_says(name):
    expected, data = load(name)
    assert outcome(data).startswith(expected)


@pytest.mark.parametrize("name", NAMES)
def test_a_stranger_with_only_the_format_page_agrees(name):
    expected, data = load(name)
    if expected == "ok":
        assert stranger.verify(data) > 0
    else:
        with pytest.raises(Exception):  # noqa: B017 - any refusal of a foreign verifier counts
            stranger.verify(data)


def test_the_committed_vectors_are_those_the_generator_makes():
    made = {name: journal_vectors.text(*vector) for name, vector in journal_vectors.vectors().items()}
    assert made == {name: (FOLDER / f"{name}.vector").read_text() for name in NAMES}


def test_a_stranger_verifies_a_real_export(tmp_path):
    journal = new_journal(tmp_path)
    journal.append_all([hl7(n) for n in range(300)] + [deed(b"x" * 3_000_000)])
    out = io.BytesIO()
    assert export(tmp_path, out) == stranger.verify(out.getvalue()) == journal.head().size
