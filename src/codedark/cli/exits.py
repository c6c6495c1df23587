"""The exit codes that are not errors of the tree (docs/reference/exit-codes.md lists all)."""

from __future__ import annotations

UNWITNESSED = 3
RED = 4
DIFFERS = 5

EXITS: dict[int, str] = {
    0: "done",
    2: "the command line was not understood; nothing was done",
    UNWITNESSED: "`journal verify`: self-consistent, but no checkpoint from elsewhere was compared (unwitnessed)",
    RED: "`doctor`: at least one line is red",
    DIFFERS: "`update apply`: the new codedark would say something else; nothing was switched",
    130: "stopped by Ctrl-C",
}
