"""What `doctor` says of the cage, on this kernel and on older ones."""

from __future__ import annotations

import json
import subprocess
import sys

import older_kernel
import pytest

from codedark.cage import WALLS, Cage
from codedark.node.caging import cage_finding


def test_doctor_is_green_only_where_every_wall_stands() -> None:
    with Cage.start() as cage:
        whole = cage.walls() == set(WALLS)
    assert cage_finding().state == ("green" if whole else "amber")


@pytest.mark.parametrize(("lacking", "state"), [(["landlock"], "amber"), (["seccomp"], "red")])
def test_doctor_names_the_missing_wall_and_a_next_step(lacking: list[str], state: str) -> None:
    asked = json.dumps({"lacking": lacking, "doctor": True})
    done = subprocess.run([sys.executable, older_kernel.__file__, asked], capture_output=True, text=True, check=True)
    finding = json.loads(done.stdout)
    assert (finding["state"], lacking[0] in finding["says"]) == (state, True)
    assert finding["next_step"]
