"""One node that has heard every hostile text through every door, and stands still while its faces are looked at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hostile_text import HostileNode, canary, hostile_house


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileNode]:
    """Drawn from, never written to by a test that another would notice."""
    with canary() as ear, hostile_house(tmp_path_factory.mktemp("hostile"), ear.address) as home:
        yield HostileNode(home, ear)
