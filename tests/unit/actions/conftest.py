"""A small real node for the deeds: journal, fold and record in a temporary folder, one seeded clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from codedark.access import CHEAP_COST, NodeKeys, PasswordGate, RootSeed, Session, create_node_keys
from codedark.actions import Deeds, enrol_person, founding_session, issue_unit_card, log_in
from codedark.clock import SeededChance, SeededClock
from codedark.entries import ConfigSet, Payload, draft_of, payload_of
from codedark.errors import AppendFailed
from codedark.journal import Draft, Entry, EpochKeys, Journal, JournalReader, Receipt
from codedark.views import Fold, Record, ViewStore

PASSWORD = "four unrelated words"


@dataclass
class Ward:
    """The node, with the person's hands on it. `fold()` brings the record up to the journal."""

    deeds: Deeds
    journal: Journal
    reader: JournalReader
    fold_: Fold
    keys: NodeKeys
    clock: SeededClock
    full: bool = False
    codes: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def append(self, draft: Draft) -> Receipt:
        """The journal's append; while the disk is `full`, nothing is kept."""
        if self.full:
            raise AppendFailed("the disk is full")
        return self.journal.append(draft)

    def fold(self) -> None:
        self.fold_.catch_up()

    def entries(self, *kinds: str) -> list[Entry]:
        return [entry for entry in self.reader.read(-1) if not kinds or entry.kind in kinds]

    def said(self, kind: str) -> list[Payload | bytes]:
        """The payloads of a kind, in order."""
        return [payload_of(entry) for entry in self.entries(kind)]

    def hear(self, message: str, feed: str = "adt") -> None:
        """An HL7 message arrives and is folded."""
        body = message.strip().replace("\n", "\r").encode()
        self.journal.append(Draft("hl7.received", 1, f"feed:{feed}", body))
        self.fold()

    def log_in(self, login: str, device: str = "pc") -> Session:
        return log_in(self.deeds, login, PASSWORD, device)

    def person(self, login: str) -> str:
        account = self.deeds.record.account(login)
        assert account
        return account.person


PEOPLE: dict[str, dict[str, list[str]]] = {
    "nurse4": {"nurse": ["4W"]},
    "nurse5": {"nurse": ["5E"]},
    "doctor": {"physician": ["*"]},
    "clerk": {"clerk": ["4W"]},
    "engineer": {"engineer": ["*"]},
    "privacy": {"privacy": ["*"]},
    "admin1": {"administrator": ["*"]},
    "admin2": {"administrator": ["*"]},
}


def admit(patient: str, name: str, unit: str) -> str:
    return f"""
MSH|^~\\&|EHR|WTB|CODEDARK|WTB|20260924140500||ADT^A01^ADT_A01|C{patient}|P|2.5.1
EVN|A01|20260924140500
PID|1||{patient}^^^WTB^MR||{name}||19550304|F
PV1|1|I|{unit}^01^A^WTB||||1234^HALE^JOHN||||||||||||V{patient}|||||||||||||||||||||||||20260921
AL1|1|DA|PEN^Penicillin^L|SV|Anaphylaxis
"""


CODE_STATUS = """
MSH|^~\\&|EHR|WTB|CODEDARK|WTB|20260924140600||ORU^R01^ORU_R01|CS1|P|2.5.1
PID|1||482193^^^WTB^MR||MARLOWE^ADA||19550304|F
PV1|1|I|4W^01^A^WTB
OBR|1|||81351-9^Code status^LN|||20260924140000
OBX|1|ST|81351-9^Code status^LN||DNR||||||F
"""


@pytest.fixture
def ward(tmp_path: Path, clock: SeededClock, chance: SeededChance) -> Iterator[Ward]:
    """Two units, eight people, an envelope each, a patient in each."""
    keys, statement = create_node_keys(tmp_path, RootSeed(bytes(32)), "waterbury", clock, chance)
    journal = Journal.create(tmp_path / "journal", statement, keys.sealing(), clock, chance)
    journal.append(draft_of(ConfigSet(key="facility.id", value="waterbury"), source="node"))
    reader = JournalReader.open(tmp_path / "journal", EpochKeys(tmp_path / "journal/epochs", [keys.facility_secret]))
    store = ViewStore.open(tmp_path / "views", keys.views_key)
    fold = Fold(reader, store)
    fold.catch_up()
    record = Record(store)
    gate = PasswordGate(cost=CHEAP_COST)
    deeds = Deeds(append=journal.append, record=record, clock=clock, chance=chance, passwords=gate)
    made = Ward(deeds, journal, reader, fold, keys, clock)
    deeds.append = made.append
    founding = founding_session(deeds)
    for login, roles in PEOPLE.items():
        enrol_person(deeds, founding, login, login.title(), PASSWORD, roles)
    for unit in ("4W", "5E"):
        made.codes[unit] = issue_unit_card(deeds, founding, unit).codes
    made.hear(admit("482193", "MARLOWE^ADA", "4W"))
    made.hear(CODE_STATUS)
    made.hear(admit("517730", "OKAFOR^NGOZI", "5E"))
    yield made
    store.close()
    reader.close()
    journal.close()


@pytest.fixture
def patient(ward: Ward) -> Callable[[str], str]:
    """unit → the id of its patient."""

    def find(unit: str) -> str:
        return next(row.patient for row in ward.deeds.record.census(unit) if row.patient)

    return find
