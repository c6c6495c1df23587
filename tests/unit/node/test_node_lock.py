"""One node for one folder."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from codedark.errors import Locked
from codedark.node import NodeLock, held


def test_a_second_node_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    with NodeLock(tmp_path / "run" / "lock"), pytest.raises(Locked, match=f"process {os.getpid()}"):
        NodeLock(tmp_path / "run" / "lock").take()


def test_a_lock_that_was_released_can_be_taken(tmp_path: Path) -> None:
    with NodeLock(tmp_path / "lock"):
        pass
    assert not held(tmp_path / "lock")
    NodeLock(tmp_path / "lock").take().release()


def test_looking_at_a_lock_takes_nothing(tmp_path: Path) -> None:
    with NodeLock(tmp_path / "lock"):
        assert held(tmp_path / "lock")
        assert held(tmp_path / "lock")


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        NodeLock(tmp_path / "lock").take()
        os.write(writing, b"x")
        signal.pause()
    os.read(reading, 1)
    assert held(tmp_path / "lock")
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert not held(tmp_path / "lock")
