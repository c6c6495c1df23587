"""Given, partly given, refused, held, unknown: what a chart shows of a dose."""

from __future__ import annotations

import pytest
from meanings import PID, PV1, fields, folded, said

from codedark.views.readings import card_of


@pytest.mark.parametrize(
    ("code", "reason", "given", "words"),
    [
        ("CP", "", True, ""),
        ("", "", True, ""),
        ("PA", "", True, "partly given"),
        ("RE", "", False, "refused"),
        ("NA", "^asleep", False, "asleep"),
        ("HELD", "", False, "HELD"),
        ("QQ", "", False, "not known whether it was given: QQ"),
    ],
)
def test_dose_counts_as_given_only_when_it_was(code: str, reason: str, given: bool, words: str) -> None:
    rxa = fields("RXA", f1="0", f2="1", f3="20261123145800", f5="1^Aspirin^L", f6="81", f7="mg", f18=reason, f20=code)
    bodies = folded([said("RAS^O17", PID, PV1, "ORC|RE|P1^ANNA", rxa)])
    (body,) = [body for (kind, _), body in bodies.items() if kind == "MedicationAdministration"]
    drawn = card_of("MedicationAdministration", "1", body)
    assert drawn is not None
    assert (drawn[1].given, drawn[1].reason) == (given, words)  # type: ignore[attr-defined]
