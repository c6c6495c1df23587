"""Views over a tape of entries made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from views_tape import Tape, Views


@pytest.fixture
def views(tmp_path: Path) -> Iterator[Views]:
    """Empty views and the tape they follow."""
    made = Views(tmp_path / "views")
    yield made
    made.store.close()


@pytest.fixture
def tape(views: Views) -> Tape:
    """The tape of `views`."""
    return views.tape
