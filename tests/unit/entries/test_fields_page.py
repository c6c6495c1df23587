"""The page of fields says what the readers read."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from scripts_of_ours import loaded


@pytest.fixture(scope="module")
def fields() -> ModuleType:
    """script/fields.py."""
    return loaded(Path(__file__).resolve().parents[3] / "script" / "fields.py")


def test_the_page_of_fields_is_what_the_code_reads(fields: ModuleType) -> None:
    assert fields.PAGE.read_text("utf-8") == fields.page(), "run .venv/bin/python script/docs.py"


def test_control_a_field_that_nobody_asks_for_is_not_on_the_page(fields: ModuleType) -> None:
    kept, more = fields.fields_of("ADT", "A01", "EVN PID PV1 ZXX")
    assert 7 in kept["PID"]
    assert "ZXX" not in kept
    assert 7 in more["EVN"]
    assert 32 not in kept["PID"] | more["PID"]
