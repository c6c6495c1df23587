"""Adopting a restored record: two people decide it, and the root endorses it from three cards."""

from __future__ import annotations

from collections.abc import Sequence

from codedark.access import endorsement_by
from codedark.errors import ActionRefused
from codedark.node.console import Credentials, change_trust
from codedark.node.opening import OpenNode
from codedark.views import Adoption


def adopt(node: OpenNode, cards: Sequence[str], author: Credentials, second: Credentials) -> Adoption:
    """Let this chain speak for the facility: endorsed by three cards, decided by two people. How it stands then.

    Raises ActionRefused: cards of another facility, one person twice, nothing that waits for adoption.
    """
    statement = node.keys.statement
    endorsement = endorsement_by(cards, statement)
    arguments = {"origin": statement.id.hex(), "endorsement": endorsement.hex()}
    change_trust(node, "adopt_origin", arguments, author, second)
    node.fold()
    stands = node.record().adoption()
    if not stands.may_ship:
        raise ActionRefused("decided, but the record does not show the adoption", hint="Look at `codedark worklist`.")
    return stands
