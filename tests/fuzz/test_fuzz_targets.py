"""The short seeded form of fuzzing. The long one, guided by coverage: `script/fuzz --minutes N`."""

from __future__ import annotations

import os

import pytest
from all_targets import TARGETS
from fuzzing import Target, mutated

COUNT = int(os.environ.get("CODEDARK_FUZZ", "150"))
SEED = int(os.environ.get("CODEDARK_FUZZ_SEED", "1"))


@pytest.mark.parametrize("name", TARGETS)
def test_no_bytes_break_a_promise(name: str) -> None:
    target = TARGETS[name]
    for data in (*target.corpus(), *mutated(target, COUNT // target.weight, SEED)):
        try:
            target.check(data)
        except Exception as error:
            raise AssertionError(f"{name} broke over {data[:2000]!r}") from error


def test_a_planted_fault_is_found() -> None:
    """The control: a parser that trusts a length it was told."""

    def trusting(data: bytes) -> None:
        head = data.find(b"BTS|")
        if head >= 0 and data[head + 4 : head + 5].isdigit():
            assert data[head + 4] != 0x39, "a count that was believed"

    planted = Target("planted", trusting, TARGETS["batch"].seeds, (b"BTS|9", b"BTS|1"))
    with pytest.raises(AssertionError, match="believed"):
        _run(planted)


def _run(target: Target) -> None:
    for data in mutated(target, 300, SEED):
        target.check(data)
