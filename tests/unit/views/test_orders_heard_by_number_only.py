"""A stop that did not say what it stops makes no empty line in a chart."""

from __future__ import annotations

import pytest
from meanings import PID, PV1, folded, said

from codedark.views.readings import card_of

BARE = said("ORM^O01", PID, PV1, "ORC|DC|P55^ANNA", at="20261124080000")
ORDERED = said("RDE^O11", PID, PV1, "ORC|NW|P55^ANNA", "RXE||11124^Vancomycin^RXNORM|1||g")


@pytest.mark.parametrize("kind", ["MedicationRequest", "ServiceRequest"])
def test_order_known_by_its_number_alone_is_not_drawn(kind: str) -> None:
    (body,) = [body for (name, _), body in folded([BARE]).items() if name == kind]
    assert card_of(kind, "1", body) is None


def test_order_that_was_named_is_drawn_as_stopped() -> None:
    (body,) = [body for (name, _), body in folded([ORDERED, BARE]).items() if name == "MedicationRequest"]
    drawn = card_of("MedicationRequest", "1", body)
    assert drawn is not None
    assert (drawn[1].name, drawn[1].status) == ("Vancomycin", "stopped")  # type: ignore[attr-defined]
