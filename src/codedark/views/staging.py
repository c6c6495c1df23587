"""Facts made ready to be folded: encoded before the first of them touches a resource."""

from __future__ import annotations

from typing import Any, NamedTuple

from codedark.entries import Fact, Interpretation, Op
from codedark.views.claims import canonical
from codedark.views.resources import LINK


class Staged(NamedTuple):
    """A fact ready to be taken: nothing after this can fail for what its body holds."""

    fact: Fact
    type: str
    id: str
    op: Op
    json: dict[str, Any]
    body: bytes
    line: bool


def stage(meant: Interpretation) -> list[Staged]:
    """The facts of an entry, encoded. Raises what their bodies provoke, before anything is taken."""
    return [_stage(fact) for fact in meant.facts]


def _stage(fact: Fact) -> Staged:
    type_, id_, op, body = fact.type, fact.id, fact.op, fact.body
    if op is Op.LINK or op is Op.UNLINK:
        survivor = str(body["into"])
        body = {"absorbed": id_, "survivor": survivor, "linked": op is Op.LINK}
        type_, id_, op = LINK, f"{id_}>{survivor}", Op.PUT
    # Whatever SQLite would refuse later (lone surrogates) is refused here, before anything is staged.
    id_.encode()
    fact.path.encode()
    if fact.line is not None:
        # It was read once already; sorting its members waits until another claim meets it.
        return Staged(fact, type_, id_, op, body, fact.line, True)
    return Staged(fact, type_, id_, op, body, canonical(body), False)
