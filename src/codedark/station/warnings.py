"""What is said over the whole width of a pack: it is too old, or nobody knows how old. Such a pack opens all the same.

A nurse with an old pack knows more than one without any: only a wrong key or bytes that are not what the node signed
show nothing (bedside.md, rule 4).
"""

from __future__ import annotations

from dataclasses import dataclass

from codedark.paper import PackLabel
from codedark.tongue import noted

APART_US = 5 * 60 * 1_000_000
"""Two clocks that differ by more are not both right: one of them was set by hand, or by somebody."""
EXPIRED = noted("EXPIRED: a newer pack should have replaced this one. It is the last known record all the same.")
NODE_CLOCK = noted("CLOCK NOT TRUSTED at the node when this was drawn: its times may be wrong.")
OWN_CLOCK = noted("CLOCK NOT TRUSTED at this station: nobody here knows how old this is. Look at a clock on the wall.")
DRAFT = noted("DRAFT: its sheets are in no ledger. Write DRAFT USED, the time and your name on the cover.")


@dataclass(frozen=True, slots=True)
class Believed:
    """What this station believes of the time: `now_us`, µs UTC, and whether an age may be told by it. `differs_us`:
    by how much it differed from the node's clock at the last visit, None when it was never there."""

    now_us: int
    trusted: bool
    differs_us: int | None = None

    def ages_hold(self, label: PackLabel) -> bool:
        """Whether the age of this pack may be told: it is not from the future, and both clocks agreed."""
        agreed = self.differs_us is None or abs(self.differs_us) <= APART_US
        return self.trusted and agreed and label.clock_trusted and self.now_us >= label.made_us - APART_US


def warned(label: PackLabel, believed: Believed) -> tuple[str, ...]:
    """The warnings of one pack, gravest first; translated where they are drawn."""
    found = []
    if not label.clock_trusted:
        found.append(NODE_CLOCK)
    elif not believed.ages_hold(label):
        found.append(OWN_CLOCK)
    if believed.now_us > label.replace_by_us:
        found.append(EXPIRED)
    if label.kind == "draft":
        found.append(DRAFT)
    return tuple(found)
