from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from web_rig import House, house


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    """A node with two units and nine people."""
    with house(tmp_path) as made:
        yield made
