"""Adoption is folded, not stored: nothing but two people's decision and the root's endorsement makes it so."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from views_tape import KEY, Tape

from codedark.entries import (
    ConfigSet,
    DeedDecided,
    DeedProposed,
    ForkSeen,
    OriginAdopted,
    OriginOpened,
)
from codedark.journal import OriginStatement
from codedark.views import ADOPTION_KEY, Adopted, Fold, Record, ViewStore

ROOT, THIEF = b"r" * 32, b"t" * 32
ORIGIN = bytes(16)  # what the tape's headers carry
STATEMENT = OriginStatement("wtb", "node-1", b"k" * 32, 1, b"n" * 16, "ab" * 16 + "/7/" + "cd" * 32)


def public(seed: bytes) -> str:
    return base64.b64encode(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()).decode()


def restored() -> Tape:
    tape = Tape()
    tape.say(ConfigSet(key=ADOPTION_KEY, value=public(ROOT)))
    tape.say(OriginOpened(statement=STATEMENT.text, cites=STATEMENT.cites))
    return tape


def decided(tape: Tape, endorsement: bytes, *, by: str = "ben", approved: bool = True, proposal: str = "p1") -> None:
    arguments = {"origin": ORIGIN.hex(), "endorsement": endorsement.hex()}
    tape.say(DeedProposed(proposal=proposal, deed="adopt_origin", arguments=arguments, person="ada"))
    tape.say(DeedDecided(proposal=proposal, person=by, approved=approved))


def adopt(tape: Tape, endorsement: bytes, proposal: str = "p1") -> None:
    tape.say(OriginAdopted(origin=ORIGIN, endorsement=endorsement, proposal=proposal, person="ben"))


def state(tape: Tape, place: Path) -> Adopted:
    store = ViewStore.open(place, KEY)
    Fold(tape, store).catch_up()
    found = Record(store).adoption()
    assert found.may_ship == (found.state in (Adopted.FOUNDED, Adopted.ADOPTED))
    return found.state


def test_two_people_and_the_root_adopt_a_restored_origin(tmp_path: Path) -> None:
    tape, mine = restored(), STATEMENT.endorsed(ROOT).endorsement
    decided(tape, mine)
    adopt(tape, mine)
    assert state(tape, tmp_path) is Adopted.ADOPTED


def test_an_entry_alone_adopts_nothing(tmp_path: Path) -> None:
    tape = restored()
    adopt(tape, STATEMENT.endorsed(ROOT).endorsement)
    assert state(tape, tmp_path) is Adopted.WAITING


@pytest.mark.parametrize(("by", "approved"), [("ada", True), ("ben", False)])
def test_one_person_twice_or_a_no_adopts_nothing(by: str, approved: bool, tmp_path: Path) -> None:
    tape, mine = restored(), STATEMENT.endorsed(ROOT).endorsement
    decided(tape, mine, by=by, approved=approved)
    adopt(tape, mine)
    assert state(tape, tmp_path) is Adopted.WAITING


def test_two_people_with_another_root_adopt_nothing(tmp_path: Path) -> None:
    tape, foreign = restored(), STATEMENT.endorsed(THIEF).endorsement
    decided(tape, foreign)
    adopt(tape, foreign)
    assert state(tape, tmp_path) is Adopted.WAITING


def test_what_was_decided_is_what_is_adopted(tmp_path: Path) -> None:
    tape = restored()
    decided(tape, STATEMENT.endorsed(THIEF).endorsement)
    adopt(tape, STATEMENT.endorsed(ROOT).endorsement)
    assert state(tape, tmp_path) is Adopted.WAITING


@pytest.mark.parametrize("source", ["node", "person:ada"])
def test_the_adoption_key_is_never_replaced(source: str, tmp_path: Path) -> None:
    tape, foreign = restored(), STATEMENT.endorsed(THIEF).endorsement
    tape.say(ConfigSet(key=ADOPTION_KEY, value=public(THIEF)), source=source)
    decided(tape, foreign)
    adopt(tape, foreign)
    assert state(tape, tmp_path) is Adopted.WAITING


def test_a_fork_ends_an_adoption_and_only_a_later_decision_ends_the_fork(tmp_path: Path) -> None:
    tape, mine = restored(), STATEMENT.endorsed(ROOT).endorsement
    decided(tape, mine)
    adopt(tape, mine)
    tape.say(ForkSeen(origin=ORIGIN, size=9, note="", witness="w"))
    assert state(tape, tmp_path / "forked") is Adopted.FORKED
    adopt(tape, mine)
    assert state(tape, tmp_path / "replayed") is Adopted.FORKED
    decided(tape, mine, proposal="p2")
    adopt(tape, mine, proposal="p2")
    assert state(tape, tmp_path / "again") is Adopted.ADOPTED
