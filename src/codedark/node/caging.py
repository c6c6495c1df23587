"""`doctor`'s line about the cage: which walls this kernel can build around a decoder of foreign files."""

from __future__ import annotations

from codedark.cage import WALLS, Cage
from codedark.errors import NoCage
from codedark.node.machine import Finding

_STEPS = {
    "landlock": "Boot a kernel ≥ 5.13 with `lsm=landlock,…`; until then the inner filter alone keeps files away.",
    "namespaces": "Allow user namespaces to this user; until then the filter alone keeps the network away.",
    "capabilities": "Run the node as an ordinary user.",
}


def cage_finding() -> Finding:
    """Start a cage and look. Red: nothing foreign is opened here (reports and scans are kept unread); amber: one wall
    stands for two."""
    try:
        with Cage.start() as cage:
            lacking = [wall for wall in WALLS if wall not in cage.walls()]
    except NoCage as error:
        return Finding("cage", "red", str(error), error.hint)
    if lacking:
        says = f"decoders are caged, but without {', '.join(lacking)}"
        return Finding("cage", "amber", says, _STEPS.get(lacking[0], "See docs/operate/install.md."))
    return Finding("cage", "green", "decoders have no key, network, file or child process")
