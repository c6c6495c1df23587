"""Changed resources written: their state, their card, and the index rows that follow from the card."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import apsw
import msgspec

from codedark.views.cards import AllergyCard, Card, ConditionCard, EncounterCard, ObservationCard, PatientCard
from codedark.views.codings import UNREADABLE
from codedark.views.expected import rows_of
from codedark.views.readings import card_of, value_of
from codedark.views.resources import LINK, Resource, claims_of, decoded
from codedark.views.schema import Section
from codedark.views.spelling import folded, found_by

_pack = msgspec.msgpack.Encoder()
_ADMITTED = frozenset({"IMP", "ACUTE", "NONAC", "EMER", "OBSENC", "SS", "I", "E", "O", "B", ""})
_OF_THE_BODY = (PatientCard, EncounterCard, AllergyCard, ConditionCard)
"""Cards that say only what the body says: while that stays, only the stamp is new."""


class Cabinet:
    """Writes changed resources: their state, their card, and the index rows that follow from the card."""

    def __init__(self, db: apsw.Connection, pid_of: Callable[[str], int]) -> None:
        self.db, self._pid = db, pid_of
        self.cards: list[tuple[int, int, int, bytes]] = []
        self.gone: list[tuple[int, int, int]] = []
        self.inserts: list[tuple[Any, ...]] = []
        self.updates: list[tuple[Any, ...]] = []
        self.people: list[tuple[Any, ...]] = []
        self.stays: list[tuple[Any, ...]] = []
        self.critical: list[tuple[int, int]] = []
        self.calm: list[tuple[int, int]] = []
        self.left: list[tuple[int]] = []
        self.unlinked: list[tuple[int]] = []
        self.linked: list[tuple[Any, ...]] = []
        self.dates: list[tuple[int, str, int, int]] = []
        self.dateless: list[tuple[int]] = []
        self.children: list[tuple[int, str]] = []
        self.motherless: list[tuple[int]] = []
        self.known: list[tuple[str, int]] = []
        self.forgotten: list[tuple[str, int]] = []
        self.relocated = False

    def write(self, resources: list[Resource]) -> None:
        """All of them, into the open transaction."""
        for resource in resources:
            self._prepare(resource)
        many = self.db.executemany
        many("INSERT INTO resource VALUES(?,?,?,?,?,?,?,?,?,?,?)", self.inserts)
        many(
            "UPDATE resource SET pid=?, section=?, claims=?, alive=?, unreadable=?, last_claim=?, state=? WHERE key=?",
            self.updates,
        )
        many("DELETE FROM card WHERE pid=? AND section=? AND key=?", self.gone)
        many("INSERT OR REPLACE INTO card VALUES(?,?,?,?)", sorted(self.cards))
        many("UPDATE patient SET alive=?, words=?, numbers=?, found=? WHERE pid=?", self.people)
        many("DELETE FROM critical WHERE pid=? AND key=?", self.calm)
        many("INSERT OR IGNORE INTO critical VALUES(?,?)", self.critical)
        many("DELETE FROM stay WHERE key=?", self.left)
        many("INSERT OR REPLACE INTO stay VALUES(?,?,?,?,?,?)", self.stays)
        many("DELETE FROM child WHERE pid=?", self.motherless)
        many("INSERT OR REPLACE INTO child VALUES(?,?)", self.children)
        many("DELETE FROM agenda WHERE key=?", self.dateless)
        many("INSERT INTO agenda VALUES(?,?,?,?)", self.dates)
        many("DELETE FROM known WHERE word=? AND pid=?", self.forgotten)
        many("INSERT OR IGNORE INTO known VALUES(?,?)", sorted(self.known))
        self._write_links()
        if self.relocated:
            _count_up(self.db, "located")

    def _write_links(self) -> None:
        """Merges, and for each absorbed record the mark that it is one."""
        if not (self.linked or self.unlinked):
            return
        many = self.db.executemany
        touched = [
            row for key in self.unlinked for row in self.db.execute("SELECT absorbed FROM link WHERE key=?", key)
        ]
        many("DELETE FROM link WHERE key=?", self.unlinked)
        many("INSERT INTO link VALUES(?,?,?,?)", self.linked)
        many(
            "UPDATE patient SET absorbed = EXISTS (SELECT 1 FROM link WHERE absorbed=?1 AND survivor<>?1) WHERE pid=?1",
            [*touched, *((absorbed,) for _, absorbed, _, _ in self.linked)],
        )
        _count_up(self.db, "linked")

    def _prepare(self, resource: Resource) -> None:
        if resource.type == LINK:
            self._link(resource)
            section, unreadable = 0, False
        else:
            section, unreadable = self._card(resource)
        state = None if resource.merged is None else resource.merged.saved()
        tail = (resource.pid, section, resource.claims, resource.alive, unreadable, resource.last_claim, state)
        if resource.fresh:
            self.inserts.append((resource.key, resource.name, resource.type, resource.id, *tail))
        else:
            self.updates.append((*tail, resource.key))
        resource.stored = (resource.pid, section)

    def _card(self, resource: Resource) -> tuple[int, bool]:
        """Queue the card; (section or 0, whether the body could not be read)."""
        before = resource.drawn
        if resource.card is not None:
            return self._file(resource, *resource.card)
        drawn, unreadable = self._draw(resource)
        section, _ = self._file(resource, int(drawn[0]), _pack.encode(drawn[1])) if drawn else self._file(resource, 0)
        card = drawn[1] if drawn else None
        if drawn is not None and drawn is before and resource.stored == (resource.pid, section):
            return section, unreadable
        if resource.type == "Patient":
            self._person(resource, card)
        elif resource.type == "Encounter":
            self._stay(resource, card)
        elif resource.type == "Appointment":
            self._date(resource, card)
        elif resource.type == "Location":
            self.relocated = True
        return section, unreadable

    def _file(self, resource: Resource, section: int, card: bytes = b"") -> tuple[int, bool]:
        """Queue a card where it belongs, in place of the one that is there; section 0 or less: there is none."""
        old_pid, old_section = resource.stored
        if old_section and (old_pid, old_section) != (resource.pid, section):
            self.gone.append((old_pid, old_section, resource.key))
            if old_section == Section.CRITICAL:
                self.calm.append((old_pid, resource.key))
        if section > 0:
            self.cards.append((resource.pid, section, resource.key, card))
            if section == Section.CRITICAL:
                self.critical.append((resource.pid, resource.key))
        return max(section, 0), section < 0

    def _draw(self, resource: Resource) -> tuple[tuple[Section, Card] | None, bool]:
        if not resource.alive:
            return None, False
        claimed_us, position, recorded_us, source = resource.stamp
        try:
            drawn = resource.drawn
            if drawn is None:
                body = resource.body if resource.body is not None else decoded(resource.canonical())
                drawn = card_of(resource.type, resource.id, body, claimed_us)
            if drawn is None:
                return None, False
            card = drawn[1]
            card.position, card.recorded_us, card.source = position, recorded_us, source
            if resource.claims > 1 and isinstance(card, ObservationCard):
                card.earlier = self._earlier(resource, card)
        except UNREADABLE:
            return None, True
        if isinstance(card, _OF_THE_BODY):
            resource.drawn = drawn
        return drawn, False

    def _earlier(self, resource: Resource, card: ObservationCard) -> tuple[str, ...]:
        """Values that lower claims gave, oldest first, without repeats."""
        values: list[str] = []
        settled = [claim.settled() for claim in claims_of(self.db, resource.last_claim)]
        for claim in sorted(settled, key=lambda claim: claim.order):
            value = value_of(decoded(claim.body))[0]
            if value and (not values or values[-1] != value):
                values.append(value)
        return tuple(values[:-1] if values and values[-1] == card.value else values)

    def _person(self, resource: Resource, card: Card | None) -> None:
        words = numbers = birth = ""
        if isinstance(card, PatientCard):
            words, numbers, birth = (
                folded(f"{card.family} {card.given} {card.name}"),
                " ".join(card.numbers),
                card.birth,
            )
        if isinstance(card, PatientCard) and card.mother:
            self.children.append((resource.pid, card.mother))
        elif not resource.fresh:
            self.motherless.append((resource.pid,))
        now = found_by(words, numbers, birth)
        was: frozenset[str] = frozenset()
        if not resource.fresh:
            for (found,) in self.db.execute("SELECT found FROM patient WHERE pid=?", (resource.pid,)):
                was = frozenset(found.split())
        self.people.append((resource.alive, words, numbers, "".join(f" {word}" for word in sorted(now)), resource.pid))
        self.known += [(word, resource.pid) for word in now - was]
        self.forgotten += [(word, resource.pid) for word in was - now]

    def _date(self, resource: Resource, card: Card | None) -> None:
        """What a visit or booking puts on the lists of who is expected, leaves, left."""
        self.dateless += [] if resource.fresh else [(resource.key,)]
        self.dates += [(resource.key, kind, resource.pid, at_us) for kind, at_us in rows_of(card)]

    def _stay(self, resource: Resource, card: Card | None) -> None:
        self._date(resource, card)
        if not isinstance(card, EncounterCard) or not _is_here(card):
            self.left += [] if resource.fresh else [(resource.key,)]
            return
        located = msgspec.json.encode(card.locations).decode() if card.locations else ""
        self.stays.append((resource.key, resource.pid, *(card.where or ("", "", "")), located))

    def _link(self, resource: Resource) -> None:
        self.unlinked += [] if resource.fresh else [(resource.key,)]
        if not resource.alive:
            return
        body = decoded(resource.canonical())
        if body["linked"]:
            absorbed, survivor = self._pid(body["absorbed"]), self._pid(body["survivor"])
            rank = resource.merged.top[0] if resource.merged and resource.merged.top else resource.first.rank  # type: ignore[union-attr]
            self.linked.append((resource.key, absorbed, survivor, rank))


def _count_up(db: apsw.Connection, name: str) -> None:
    """Say that what readers remember under this name is no longer good."""
    db.execute("INSERT INTO meta VALUES(?, 1) ON CONFLICT DO UPDATE SET value = value + 1", (name,))


def _is_here(card: EncounterCard) -> bool:
    """Whether a visit puts its patient in the house: by its status, with a place or admitted without one."""
    return card.active and (card.where is not None or bool(card.locations) or card.kind in _ADMITTED)
