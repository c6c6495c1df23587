"""The one door out, asked with everything that is known by now: proofs in the inbox and the newest entries first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from codedark.access import Session
from codedark.actions import Errand, Passage
from codedark.actions import leave as leave_by_the_door
from codedark.errors import ActionRefused
from codedark.node.console import deeds_of
from codedark.node.opening import OpenNode
from codedark.node.witnessing import fork_drafts

T = TypeVar("T")


def leave(node: OpenNode, errand: Errand, act: Callable[[Passage], T], *, session: Session | None = None) -> T:
    """Do `act` if this node's origin may speak for the facility as of now. Raises ActionRefused, AppendFailed.

    Everything that gives out numbers, ships or loads back goes through here; `act` gets the `Passage` it needs.
    """
    node.pen.append_all(fork_drafts(node.layout.journal))
    reader = node.reader()
    newest = reader.head().size - 1
    reader.close()
    deeds = deeds_of(node)
    if deeds.record.as_of().position < newest:
        raise ActionRefused(
            "the views are behind the journal: it is not known whether this record may speak",
            hint="Look at `codedark status`; try again when the views are up to date.",
        )
    return leave_by_the_door(deeds, session, errand, act)
