"""A frame that holds a batch: each message in it means what it would mean alone.

Source: HL7 v2.5.1 chapter 2, 2.10.3 (batch protocol). Two patients are never read as one: every message is parsed,
named and guarded by itself, and its paths begin with its number in the batch ("2/OBX[3]"). Only a frame that *begins*
with FHS or BHS is a batch; a second MSH inside a message may be somebody's text, and stays with a person.
"""

from __future__ import annotations

from codedark.entries.facts import Interpretation, Problem, Site, Understood
from codedark.entries.v2.messages import interpret_message
from codedark.hl7 import begins_batch, split_batch

_HINT = "What was said of the batch is kept; ask the sender whether something is missing."
_NOBODY = "The batch is kept; nothing of it is shown."


def interpret_received(raw: bytes, site: Site, origin: bytes, position: int) -> Interpretation:
    """The facts of one frame: one message, or a batch of them. Never raises for what the sender did."""
    if not begins_batch(raw):
        return interpret_message(raw, site, origin, position)
    said: list[Interpretation] = []
    faults: list[Problem] = []
    for part in split_batch(raw):
        if part.reason:
            faults.append(Problem(f"line {part.line}", part.reason, _HINT))
        else:
            said.append(interpret_message(part.raw, site, origin, position, within=f"{len(said) + 1}/"))
    if not said:
        faults.append(Problem("", "a batch without a message", _NOBODY))
    return _together(said, faults)


def _together(said: list[Interpretation], faults: list[Problem]) -> Interpretation:
    facts = tuple(fact for each in said for fact in each.facts)
    problems = (*(problem for each in said for problem in each.problems), *faults)
    whole = not faults and all(each.understood is not Understood.PART and not each.problems for each in said)
    understood = Understood.KEPT if not facts else Understood.FULL if whole else Understood.PART
    kinds = dict.fromkeys(each.message_type for each in said)
    return Interpretation(
        facts,
        problems,
        understood,
        f"batch of {len(said)}: {', '.join(kinds)}" if len(kinds) <= 3 else f"batch of {len(said)}",
        frozenset().union(*(each.topics for each in said)),
        frozenset().union(*(each.unread for each in said)),
    )
