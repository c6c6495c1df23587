"""Every fuzz target by name."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "rigs"))

import targets_access
import targets_fhir
import targets_hl7
import targets_journal
import targets_node
import targets_release
from fuzzing import Target

TARGETS: dict[str, Target] = {
    target.name: target
    for room in (targets_hl7, targets_fhir, targets_access, targets_journal, targets_node, targets_release)
    for target in room.TARGETS
}

if __name__ == "__main__":
    print("\n".join(TARGETS))
