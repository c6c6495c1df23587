"""The one door out: numbers are given out, facts shipped and loaded back only by an origin that may speak.

A restored, unadopted or forked record captures and shows; it gives nothing away (security decision 2). Whatever leaves
does so inside `leave`: functions that give out numbers or send anything take a `Passage`, and nothing else makes one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import InitVar, dataclass
from enum import StrEnum
from typing import TypeVar

from codedark.access import Session
from codedark.actions.deeds import Deeds, refused
from codedark.errors import ActionRefused
from codedark.views import Adopted, Adoption

T = TypeVar("T")
_DOOR = object()
_ADOPT = "Two people adopt it with three cards: `codedark adopt --as LOGIN --with LOGIN`."


class Errand(StrEnum):
    """Why something leaves. The value is how the refusal names it."""

    NUMBERS = "give out numbers from a block"
    SHIPMENT = "send the record to another site"
    BACKLOAD = "send facts home"


@dataclass(frozen=True)
class Passage:
    """Leave to go on one errand, for one act. `origin`: hex of the chain that speaks; `position`: newest entry folded
    when it was asked. Only `leave` makes one, and it does not outlive the act."""

    errand: Errand
    origin: str
    position: int
    door: InitVar[object] = None

    def __post_init__(self, door: object) -> None:
        if door is not _DOOR:
            raise ActionRefused("there is one door out, and this did not come through it")


def leave(deeds: Deeds, session: Session | None, errand: Errand, act: Callable[[Passage], T]) -> T:
    """Do `act` if this origin may speak for the facility, else refuse and make the attempt an entry.

    The answer is as new as the views: `codedark.node.leave` looks for fresh proofs of a fork and folds first. Ask for
    each act: a long sending asks again for every message. `session` None: the node itself. Raises ActionRefused.
    """
    stands = deeds.record.adoption()
    if not stands.may_ship:
        raise refused(deeds, session, f"leave:{errand.name.lower()}", _why(stands, errand), _ADOPT)
    return act(Passage(errand, stands.origin, deeds.record.as_of().position, _DOOR))


def _why(stands: Adoption, errand: Errand) -> str:
    if stands.state is Adopted.FORKED:
        return f"this record may not {errand}: another copy wrote in its name"
    return f"this record may not {errand}: it was restored and nobody has adopted it"
