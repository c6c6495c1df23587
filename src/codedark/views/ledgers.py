"""The lists that are not clinical: settings, people, envelopes, proposals, sessions, reads, packs, sheets, marks."""

from __future__ import annotations

from typing import Any

import msgspec

from codedark.views import looks
from codedark.views.lasting import lasting
from codedark.views.origins import adoption, endorsed
from codedark.views.pins import pinned
from codedark.views.rows import (
    Account,
    Adoption,
    Asked,
    Custody,
    DistrustRow,
    FlagRow,
    HoldRow,
    LastingDeed,
    PackRow,
    Proposal,
    ReadRow,
    SessionRow,
    SheetRow,
    UnitCard,
)
from codedark.views.store import ViewStore

_ACCOUNT = "SELECT person, login, name, password, roles, active FROM account"


class Ledgers:
    """What the ledgers answer. Part of `Record`."""

    def __init__(self, store: ViewStore) -> None:
        self.store = store

    def settings(self) -> dict[str, Any]:
        """Every setting as folded, by key."""
        rows = self.store.reader().execute("SELECT key, value FROM setting ORDER BY key")
        return {key: msgspec.json.decode(value) for key, value in rows}

    def account(self, login: str) -> Account | None:
        """The account with this login name; None when there is none. When several have it, the active one."""
        return self._account("WHERE login=? ORDER BY active DESC, person LIMIT 1", login)

    def person(self, id_: str) -> Account | None:
        """The account of this person id."""
        return self._account("WHERE person=?", id_)

    def _account(self, where: str, value: str) -> Account | None:
        row = self.store.reader().execute(f"{_ACCOUNT} {where}", (value,)).fetchone()
        return None if row is None else _account(row)

    def accounts(self) -> tuple[Account, ...]:
        """Every account by login."""
        return tuple(_account(row) for row in self.store.reader().execute(f"{_ACCOUNT} ORDER BY login, person"))

    def card(self, unit: str) -> UnitCard | None:
        """The envelope of a unit that is valid now."""
        return next((card for card in self.cards() if card.unit == unit), None)

    def cards(self) -> tuple[UnitCard, ...]:
        """The valid envelope of every unit, by unit."""
        with self.store.reading() as db:
            rows: Any = db.execute("SELECT * FROM unit_card ORDER BY unit").fetchall()
            return tuple(
                UnitCard(
                    unit,
                    card,
                    recipient,
                    tuple(msgspec.json.decode(codes)),
                    tuple(idx for (idx,) in db.execute("SELECT idx FROM code_used WHERE card=? ORDER BY idx", (card,))),
                    issued_us,
                    reason,
                )
                for unit, card, recipient, codes, issued_us, reason in rows
            )

    def proposals(self) -> tuple[Proposal, ...]:
        """Deeds that wait for a second person or were decided, newest first."""
        rows: Any = self.store.reader().execute(
            "SELECT proposal, deed, arguments, person, position, recorded_us, decided, approved, by FROM proposal "
            "ORDER BY position DESC"
        )
        return tuple(
            Proposal(id_, deed, msgspec.json.decode(arguments), person, position, at, bool(decided), bool(approved), by)
            for id_, deed, arguments, person, position, at, decided, approved, by in rows
        )

    def session(self, id_: str) -> SessionRow | None:
        """One session as folded."""
        row: Any = self.store.reader().execute("SELECT * FROM session WHERE session=?", (id_,)).fetchone()
        return None if row is None else _session(row)

    def sessions(self) -> tuple[SessionRow, ...]:
        """Every session, newest first."""
        rows: Any = self.store.reader().execute("SELECT * FROM session ORDER BY opened_us DESC, session")
        return tuple(_session(row) for row in rows)

    def read_log(self, limit: int = 200, *, patient: str | None = None) -> tuple[ReadRow, ...]:
        """Who saw what, newest first; of one patient when given. For the privacy officer."""
        rows = self.store.reader().execute(
            "SELECT position, recorded_us, person, session, what, patient, unit, reason, fold, shown FROM read_log "
            "WHERE ?1 IS NULL OR patient = ?1 ORDER BY position DESC LIMIT ?2",
            (patient, limit),
        )
        return tuple(ReadRow(*row) for row in rows)

    def looks(self, asked: Asked, now_us: int, limit: int) -> tuple[ReadRow, ...]:
        """The read log with envelopes (one row when it was opened, one when it ended) and printed sheets (one row each
        print and patient), newest first."""
        with self.store.reading() as db:
            return looks.looks(db, asked, now_us, limit, self.same_patient(asked.patient), self.sessions())

    def same_patient(self, patient: str) -> tuple[str, ...]:
        """Every id under which this patient's record was ever opened; none for ""."""
        return (patient,) if patient else ()

    def packs(self, unit: str | None = None) -> tuple[PackRow, ...]:
        """Packs that were drawn, newest first."""
        rows = self.store.reader().execute(
            "SELECT unit, pack, kind, pages, sha256, position, recorded_us FROM pack WHERE ?1 IS NULL OR unit = ?1 "
            "ORDER BY position DESC",
            (unit,),
        )
        return tuple(PackRow(*row) for row in rows)

    def sheets(self, unit: str | None = None, *, patient: str | None = None) -> tuple[SheetRow, ...]:
        """Every sheet on paper, newest first."""
        rows = self.store.reader().execute(
            "SELECT sheet, unit, pack, patient, form, page, pages, copy, person, position, recorded_us FROM sheet "
            "WHERE (?1 IS NULL OR unit = ?1) AND (?2 IS NULL OR patient = ?2) ORDER BY position DESC, sheet, copy",
            (unit, patient),
        )
        return tuple(SheetRow(*row) for row in rows)

    def distrusted(self) -> tuple[DistrustRow, ...]:
        """The periods of distrust in force, oldest first."""
        rows = self.store.reader().execute(
            "SELECT d.source, d.since_us, d.until_us, d.reason, d.position, (SELECT count(*) FROM entry e "
            "JOIN source s ON s.sid IN (e.sid, e.via) WHERE s.name = d.source AND e.recorded_us >= d.since_us "
            "AND (d.until_us IS NULL OR e.recorded_us <= d.until_us)), d.reviewer FROM distrust d ORDER BY d.position"
        )
        return tuple(DistrustRow(*row) for row in rows)

    def lasting_deeds(self) -> tuple[LastingDeed, ...]:
        """What distrusted people did in the periods in question, newest first: in force until somebody undoes it."""
        with self.store.reading() as db:
            return lasting(db)

    def custody(self) -> Custody:
        """How the keys stand: generation, cards, the last drill."""
        with self.store.reading() as db:
            newest: dict[str, tuple[Any, ...]] = {
                row[0]: row[1:]
                for row in db.execute(
                    "SELECT deed, number, recipient, recorded_us, failed FROM custody ORDER BY position"
                )
            }
        rotated, split, drilled = (newest.get(deed) for deed in ("rotated", "split", "drilled"))
        return Custody(
            generation=rotated[0] if rotated else 1,
            recipient=rotated[1] if rotated else "",
            rotated_us=rotated[2] if rotated else None,
            card_set=split[0] if split else None,
            split_us=split[2] if split else None,
            drilled_us=drilled[2] if drilled else None,
            drill_failed=drilled[3] if drilled else 0,
        )

    def holds(self) -> tuple[HoldRow, ...]:
        """Feeds and devices that are held back, by name."""
        rows = self.store.reader().execute(
            "SELECT o.source, o.since_us, o.reason, o.person, o.position, (SELECT count(*) FROM entry e "
            "JOIN source s ON s.sid IN (e.sid, e.via) WHERE s.name = o.source "
            "AND (e.position > o.position OR e.recorded_us >= o.back_us)) "
            "FROM hold o ORDER BY o.source"
        )
        return tuple(HoldRow(*row) for row in rows)

    def witnesses(self) -> dict[str, bytes]:
        """Witness → public key (32 bytes) of every pin that two people decided."""
        return pinned(self.settings())

    def adoption(self) -> Adoption:
        """Whether the chain in use may speak for the facility. Number blocks, shipping and backload ask this."""
        with self.store.reading() as db:
            return adoption(db)

    def endorsed(self, origin: str, endorsement: bytes) -> bool:
        """Whether this is the facility's adoption key's signature of that origin's statement."""
        with self.store.reading() as db:
            return endorsed(db, origin, endorsement)

    def flagged(self) -> tuple[FlagRow, ...]:
        """Entries the guard marked, newest first."""
        rows = self.store.reader().execute(
            "SELECT position, reason, score, flagged_by FROM flagged ORDER BY flagged_by DESC, position"
        )
        return tuple(FlagRow(*row) for row in rows)


def _session(row: tuple[Any, ...]) -> SessionRow:
    return SessionRow(*row)


def _account(row: tuple[Any, ...]) -> Account:
    roles = {role: tuple(units) for role, units in msgspec.json.decode(row[4]).items()}
    return Account(row[0], row[1], row[2], row[3], roles, bool(row[5]))
