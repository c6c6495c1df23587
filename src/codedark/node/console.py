"""Deeds from the node's own console: the same functions as on a screen, in the name of whoever logs in there.

Whoever can read the keys folder could write entries anyway; so a console without accounts may found, and nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from codedark.access import NewUnitCard, Session
from codedark.actions import (
    Decided,
    Deeds,
    change_person,
    custodian_session,
    decide,
    enrol_person,
    founding_session,
    issue_unit_card,
    log_in,
    log_out,
    propose,
    takes_two_people,
)
from codedark.errors import ActionRefused, NotFound
from codedark.node.opening import OpenNode, open_node
from codedark.node.packing import Drawn, Plate, draft, issue, kept
from codedark.node.prints import PrintShelf

Credentials = tuple[str, str]
"""(log-in, password)."""


def deeds_of(node: OpenNode) -> Deeds:
    """The hands of this command; the record is caught up first."""
    node.fold()
    return Deeds(append=node.append, record=node.record(), clock=node.clock, chance=node.chance)


def enrol_first(folder: Path, login: str, password: str) -> str:
    """The first administrator of a new node; the person's id. Raises ActionRefused when there are people already."""
    with open_node(folder) as node:
        deeds = deeds_of(node)
        session = founding_session(deeds)
        person = enrol_person(deeds, session, login, login, password, {"administrator": ("*",)})
        node.fold()
        return person


def enrol(
    node: OpenNode,
    login: str,
    name: str,
    password: str,
    roles: Mapping[str, Sequence[str]],
    author: Credentials | None,
    second: Credentials | None,
) -> str:
    """A new account; the person's id, or "" when another has still to approve. Raises ActionRefused.

    `author`: an administrator (None only while there is nobody). Roles that may approve two-person deeds take `second`.
    """
    deeds = deeds_of(node)
    session = session_of(deeds, author)
    if session.basis == "founding" or not takes_two_people(deeds, roles):
        person = enrol_person(deeds, session, login, name, password, roles)
        _leave(deeds, session)
        return person
    arguments = {"login": login, "name": name, "password": password, "roles": {r: list(u) for r, u in roles.items()}}
    _with_second(node, deeds, session, "enrol_person", arguments, second)
    node.fold()
    found = deeds.record.account(login)
    return found.person if found else ""


def issue_card(
    node: OpenNode, unit: str, author: Credentials | None, second: Credentials | None, reason: str = ""
) -> NewUnitCard:
    """A new envelope for `unit`: by two people, or while the node is founded. Raises ActionRefused."""
    deeds = deeds_of(node)
    session = session_of(deeds, author)
    if session.basis == "founding":
        return issue_unit_card(deeds, session, unit)
    decided = _with_second(node, deeds, session, "issue_unit_card", {"unit": unit, "reason": reason}, second)
    if decided.card is None:
        raise ActionRefused("no envelope was made")
    return decided.card


def change_trust(
    node: OpenNode, deed: str, arguments: Mapping[str, object], author: Credentials, second: Credentials | None
) -> str:
    """Take a source out of the charts (`distrust`) or back in (`trust_again`), by two people; the proposal's id."""
    deeds = deeds_of(node)
    proposal = _with_second(node, deeds, session_of(deeds, author), deed, arguments, second).proposal
    node.fold()
    return proposal


def by_one(node: OpenNode, author: Credentials, deed: Callable[[Deeds, Session], object]) -> None:
    """A deed of one person who logs in here; the views have it when this returns. Raises ActionRefused."""
    deeds = deeds_of(node)
    session = session_of(deeds, author)
    deed(deeds, session)
    _leave(deeds, session)
    node.fold()


def change_account(
    node: OpenNode, login: str, change: Mapping[str, object], author: Credentials, second: Credentials | None
) -> None:
    """New roles, password or state of an account: by one administrator, or by two where it takes two.

    `change`: arguments of `change_person`. Raises ActionRefused, NotFound.
    """
    deeds = deeds_of(node)
    account = deeds.record.account(login)
    if account is None:
        raise NotFound("no such person", hint="`codedark person list` shows the log-ins.")
    session = session_of(deeds, author)
    if second is not None:
        _with_second(node, deeds, session, "change_person", {"person": account.person, **change}, second)
        return
    own = {"old_password": author[1]} if account.person == session.person else {}
    change_person(deeds, session, account.person, **{**change, **own})  # type: ignore[arg-type]
    _leave(deeds, session)


def recover(node: OpenNode, cards: Sequence[str], login: str, name: str, password: str) -> str:
    """A new administrator by three custodians' cards, when no two administrators are left; the person's id."""
    deeds = deeds_of(node)
    session = custodian_session(deeds, cards, node.keys.adoption_public)
    return enrol_person(deeds, session, login, name, password, {"administrator": ("*",)})


def draw(node: OpenNode, unit: str, *, as_draft: bool, html: bool = False) -> Drawn:
    """A unit's pack into packs/: issued (its sheets are in the ledger first), or a draft. `html`: as one file too."""
    deeds = deeds_of(node)
    shelf = PrintShelf(node.layout.prints, node.keys.views_key)
    plate = Plate(
        node.config, node.keys.sheet_key, node.keys.generation, node.layout.journal, shelf, node.keys.facility_public,
        node.keys.pack_keys[-1],
    )  # fmt: skip
    note = node.pen.checkpoint().note
    drawn = draft(deeds, unit, plate, note, html=html) if as_draft else issue(deeds, None, unit, plate, note, html=html)
    return kept(drawn, node.layout, deeds, plate)


def session_of(deeds: Deeds, author: Credentials | None) -> Session:
    """Whoever works at this console: by log-in and password, or the founding while there is nobody. ActionRefused."""
    if author is not None:
        return log_in(deeds, author[0], author[1], "console")
    try:
        return founding_session(deeds)
    except ActionRefused as error:
        raise ActionRefused("this node has people already", hint="Say who you are: --as LOGIN.") from error


def _with_second(
    node: OpenNode,
    deeds: Deeds,
    session: Session,
    deed: str,
    arguments: Mapping[str, object],
    second: Credentials | None,
) -> Decided:
    if second is None:
        raise ActionRefused(
            "this takes two people", hint="Name the second one: --with LOGIN; both passwords are asked."
        )
    proposal = propose(deeds, session, deed, arguments)
    node.fold()
    other = log_in(deeds, second[0], second[1], "console")
    decided = decide(deeds, other, proposal, True, "at the node's console")
    for each in (session, other):
        _leave(deeds, each)
    return decided


def _leave(deeds: Deeds, session: Session) -> None:
    if session.basis == "password":
        log_out(deeds, session, "console command done")
