"""How the keys, the cards and the envelopes stand, for `doctor`: what is due, what was never tried, what disagrees."""

from __future__ import annotations

from collections.abc import Iterator

from codedark.access import NodeKeys
from codedark.clock import Clock
from codedark.node.machine import Finding
from codedark.views import Record

_DAY_US = 86_400_000_000
DRILL_DAYS, KEY_DAYS, CARD_DAYS = 100, 400, 190
"""A drill each quarter, a facility key each year, an envelope each half year, and some days of grace (design, 2.8)."""


def custody_findings(record: Record, keys: NodeKeys, clock: Clock) -> Iterator[Finding]:
    """The lines of `doctor` about the facility key, the last drill and old envelopes."""
    stands, now_us = record.custody(), clock.now_us()
    if stands.generation != keys.generation:
        says = f"the record says generation {stands.generation}, facility.key holds {keys.generation}"
        yield Finding("facility key", "red", says, "Run `codedark keys rotate` once more with the same cards.")
    else:
        since = stands.rotated_us or keys.statement.created_us
        yield _age("facility key", now_us - since, KEY_DAYS, f"generation {keys.generation}", "codedark keys rotate")
    if stands.drilled_us is None:
        says = "nobody has tried whether three cards open the record"
        yield Finding("drill", "amber", says, "Bring three cards: `codedark keys drill`.")
    elif stands.drill_failed:
        says = f"{stands.drill_failed} sealing keys or entries did not open at the last drill"
        yield Finding("drill", "red", says, "Compare with a pulled copy: `codedark journal verify`; then drill again.")
    else:
        yield _age(
            "drill", now_us - stands.drilled_us, DRILL_DAYS, "three cards opened the record", "codedark keys drill"
        )
    old = sum(now_us - card.issued_us > CARD_DAYS * _DAY_US for card in record.cards())
    if old:
        says = f"{old} are older than {CARD_DAYS} days"
        yield Finding("envelope age", "amber", says, "Make new ones: `codedark unit card UNIT`.")


def _age(what: str, past_us: int, days: int, says: str, command: str) -> Finding:
    past = past_us // _DAY_US
    if past_us < 0 or past > days:
        return Finding(what, "amber", f"{says}, {past} days ago", f"It is due: `{command}`.")
    return Finding(what, "green", f"{says}, {past} days ago")
