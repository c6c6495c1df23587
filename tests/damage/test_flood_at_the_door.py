"""A real node under a real flood: the nurse with the envelope reads a chart, nobody is let in, everybody is counted.

The short form of `codedark bench --only gate`; how fast it is says the bench. Its controls are in test_web_porter.py
(one lane for all keeps her out) and test_web_warden.py (no bound on connections keeps her out).
"""

from __future__ import annotations

from typing import Any

import pytest

from codedark_drill import bench_gate

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return bench_gate.run(short=True, rate=2_000)


def test_the_nurse_reads_a_chart_while_bad_log_ins_come_in(found: dict[str, Any]) -> None:
    assert found["nurse"]["charts_under_flood"] == 1


def test_not_one_bad_log_in_is_let_in(found: dict[str, Any]) -> None:
    assert found["flood"]["offered"] > 500
    assert found["flood"]["let_in"] == 0
    assert set(found["flood"]["answers"]) <= {"403", "429", "503"}


def test_every_refusal_is_counted_in_few_entries(found: dict[str, Any]) -> None:
    assert found["counted"]["all"]
    assert found["counted"]["entries"] <= 4 * found["flood"]["addresses"]
