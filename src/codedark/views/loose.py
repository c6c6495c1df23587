"""Print reports beside the charts: those tied to nobody, those about a unit, and where the original of one lies."""

from __future__ import annotations

from typing import Any

import msgspec

from codedark.views.cards import PrintCard
from codedark.views.charts import print_report
from codedark.views.claims import resource_name
from codedark.views.ledgers import Ledgers
from codedark.views.prints import newest_first
from codedark.views.schema import Section
from codedark.views.shapes import LooseReport, PrintReport

_LOOSE = (
    "SELECT r.id, c.position || '/' || c.path, k.card FROM resource r JOIN claim c ON c.claim = r.last_claim "
    "JOIN card k ON k.pid = r.pid AND k.section = r.section AND k.key = r.key "
    "WHERE r.section >= 16 AND r.section = 16 AND r.pid = 0 ORDER BY r.key"
)
_card = msgspec.msgpack.Decoder(PrintCard)


class PrintReports(Ledgers):
    """What is asked about print reports. Part of `Record`."""

    def loose_reports(self) -> tuple[LooseReport, ...]:
        """Reports that are tied to nobody, oldest first: each stands on the worklist."""
        with self.store.reading() as db:
            rows: list[Any] = db.execute(_LOOSE).fetchall()
        return tuple(_loose(id_, item, _card.decode(raw)) for id_, item, raw in rows)

    def unit_reports(self) -> tuple[PrintReport, ...]:
        """Reports about units (census), newest first; the unit is as the report names it."""
        with self.store.reading() as db:
            rows: list[Any] = db.execute(
                "SELECT card FROM card WHERE pid = 0 AND section = ?", (Section.UNIT_PRINT,)
            ).fetchall()
        return tuple(print_report(card) for card in newest_first(_card.decode(raw) for (raw,) in rows))

    def report(self, id_: str) -> tuple[PrintReport, str] | None:
        """A report by id and whose it is ("" = nobody's); None when there is none, or it is out of the record."""
        with self.store.reading() as db:
            row: Any = db.execute(
                "SELECT k.card, coalesce(p.id, '') FROM resource r "
                "JOIN card k ON k.pid = r.pid AND k.section = r.section AND k.key = r.key "
                "LEFT JOIN patient p ON p.pid = r.pid WHERE r.name = ? AND r.section IN (16, 17)",
                (resource_name("DocumentReference", id_),),
            ).fetchone()
        return None if row is None else (print_report(_card.decode(row[0])), str(row[1]))

    def newest_prints(self) -> tuple[PrintReport, ...]:
        """The newest report of each kind of each patient, of each unit, and all that are loose: what is kept drawn."""
        with self.store.reading() as db:
            rows: list[Any] = db.execute(
                "SELECT k.pid, k.card FROM resource r JOIN card k ON k.pid = r.pid AND k.section = r.section "
                "AND k.key = r.key WHERE r.section >= 16 AND r.section IN (16, 17)"
            ).fetchall()
        return tuple(_newest_of_each([(pid, _card.decode(raw)) for pid, raw in rows]))


def _newest_of_each(rows: list[tuple[int, PrintCard]]) -> list[PrintReport]:
    owners = {card.id: pid for pid, card in rows}
    kept, seen = [], set()
    for card in newest_first(card for _, card in rows):
        pid = owners[card.id]
        about = (pid, card.kind, card.unit) if pid or card.kind == "census" else (0, card.id, "")
        if about not in seen:
            seen.add(about)
            kept.append(print_report(card))
    return kept


def _loose(id_: str, item: str, card: PrintCard) -> LooseReport:
    return LooseReport(id_, item, card.kept[2], card.mrns, card.visits, card.names, card.births, card.problem)
