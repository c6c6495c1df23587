"""Accounts and envelopes.

An ordinary account takes one administrator and two minutes. An account that can be one of two people or by which a
program reads, and every change of roles, takes two: else one stolen administrator would make the second person himself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from codedark.access import (
    FOUNDING,
    ROLES,
    NewUnitCard,
    Permission,
    Session,
    approves,
    hash_password,
    may,
    new_unit_card,
    unknown_roles,
)
from codedark.actions.deeds import Deeds, keep, permit, refused, still_open
from codedark.entries import PersonChanged, PersonEnrolled, UnitCardIssued
from codedark.errors import ActionRefused, NotFound
from codedark.journal import Once, Outcome
from codedark.views import Account

TWO_PEOPLE = "Propose it; a second person who may do the same approves it."
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")

Roles = Mapping[str, Sequence[str]]


def enrol_person(deeds: Deeds, session: Session, login: str, name: str, password: str, roles: Roles) -> str:
    """A new account; returns the person's id. Raises ActionRefused: a log-in that is taken, a weak password, an unknown
    role, or roles that take two people."""
    permit(deeds, session, Permission.ENROL_PERSON)
    checked_roles(roles)
    if session.basis != FOUNDING and takes_two_people(deeds, roles):
        raise refused(deeds, session, "enrol_person", "an account with these roles takes two people", TWO_PEOPLE)
    return write_enrolment(deeds, session, login, name, hashed(deeds, password, login, name), roles)


def hashed(deeds: Deeds, password: str, login: str, name: str) -> str:
    """The argon2id string of a new password. Raises ActionRefused for one that others would guess, also from the names
    of the person and of the facility."""
    settings = deeds.record.settings()
    words = [login, name, str(settings.get("facility.name", "")), str(settings.get("facility.id", ""))]
    return hash_password(password, deeds.chance, deeds.passwords.cost, words)


def takes_two_people(deeds: Deeds, roles: Roles) -> bool:
    """Whether an account with these roles takes two people: it could be one of two itself, or a program reads by it,
    and there are two already.

    The first administrator enrols the second alone; nobody else could.
    """
    able = [one for one in deeds.record.accounts() if one.active and may(one, Permission.ENROL_PERSON)]
    return (approves(roles) or for_a_program(roles)) and len(able) >= 2


def for_a_program(roles: Mapping[str, Sequence[str]]) -> bool:
    """Whether a program reads records by an account with these roles: quicker than any person could."""
    return any(units and Permission.USE_API in ROLES.get(role, frozenset()) for role, units in roles.items())


def write_enrolment(deeds: Deeds, session: Session, login: str, name: str, phc: str, roles: Roles) -> str:
    """Append the account; the last step of `enrol_person`, alone or after a second person's yes."""
    login, name = checked_login(deeds, login), " ".join(name.split())
    if not name:
        raise ActionRefused("an account has a person's name")
    person = deeds.chance.bytes(8).hex()
    listed = {role: list(units) for role, units in roles.items()}
    enrolled = PersonEnrolled(person=person, login=login, name=name, password=phc, roles=listed)
    if keep(deeds, session, enrolled, Once("person.enrolled", login)).outcome is not Outcome.NEW:
        # Two administrators took one log-in at the same moment; the later account never opens.
        keep(deeds, session, PersonChanged(person=person, active=False))
        raise ActionRefused("this log-in is taken", hint="Choose another log-in.")
    return person


def change_person(
    deeds: Deeds, session: Session, person: str, *, password: str | None = None, roles: Roles | None = None,
    active: bool | None = None, old_password: str = "",
) -> None:  # fmt: skip
    """Change an account. One's own password needs the old one and nobody else.

    An administrator alone may set the password or state of an account that is not one of two people; roles, accounts
    that are, and the password of a program take two people. Raises ActionRefused, NotFound.
    """
    account = known(deeds, person)
    phc = hashed(deeds, password, account.login, account.name) if password is not None else None
    if person == session.person and roles is None and active is None and phc is not None:
        still_open(deeds, session)
        if not deeds.passwords.check(account.password, old_password):
            raise refused(deeds, session, "change_person", "the old password is wrong", "Type the one you log in with.")
    else:
        permit(deeds, session, Permission.CHANGE_PERSON)
        opens = phc is not None and for_a_program(account.roles)
        if roles is not None or opens or approves(account.roles):
            raise refused(deeds, session, "change_person", "this change takes two people", TWO_PEOPLE)
    write_change(deeds, session, person, phc, roles, active)


def write_change(
    deeds: Deeds, session: Session, person: str, phc: str | None, roles: Roles | None, active: bool | None
) -> None:
    """Append the change; the last step of `change_person`, alone or after a second person's yes."""
    if roles is not None:
        checked_roles(roles)
    if (phc, roles, active) == (None, None, None):
        raise ActionRefused("nothing would change")
    listed = None if roles is None else {role: list(units) for role, units in roles.items()}
    keep(deeds, session, PersonChanged(person=person, password=phc, roles=listed, active=active))


def issue_unit_card(deeds: Deeds, session: Session, unit: str) -> NewUnitCard:
    """A new envelope for a unit; its earlier ones are void. Alone only while a node is founded: else it is proposed,
    and whoever approves prints it. The secret and the codes are in the answer and nowhere else."""
    permit(deeds, session, Permission.ISSUE_CARD, unit)
    if session.basis != FOUNDING:
        raise refused(deeds, session, "issue_unit_card", "a unit's envelope takes two people", TWO_PEOPLE)
    return write_card(deeds, session, unit)


def write_card(deeds: Deeds, session: Session, unit: str, reason: str = "") -> NewUnitCard:
    """Make and append the envelope; the last step of `issue_unit_card`."""
    if not unit.strip() or unit == "*":
        raise ActionRefused("an envelope belongs to one unit")
    card = new_unit_card(unit, deeds.chance)
    issued = UnitCardIssued(
        unit=unit, card=card.card, recipient=card.recipient, codes=list(card.hashes), reason=" ".join(reason.split())
    )
    keep(deeds, session, issued)
    return card


def checked_login(deeds: Deeds, login: str) -> str:
    """The log-in in lower case. Raises ActionRefused when it is not one, or taken."""
    login = login.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise ActionRefused("a log-in has 2 to 64 letters, digits, dots, hyphens or underscores")
    if deeds.record.account(login) is not None:
        raise ActionRefused("this log-in is taken", hint="Choose another log-in.")
    return login


def checked_roles(roles: Roles) -> None:
    """Raise ActionRefused for a role no account may hold, or a role without units."""
    unknown = unknown_roles(roles)
    if unknown:
        raise ActionRefused(f"no account may hold: {', '.join(sorted(unknown))}", hint="See docs/reference/roles.md.")
    empty = [role for role, units in roles.items() if not units or not all(unit.strip() for unit in units)]
    if empty:
        raise ActionRefused(f"a role is held for units: {', '.join(sorted(empty))}", hint='Name units, or "*" for all.')


def known(deeds: Deeds, person: str) -> Account:
    """The account of a person. Raises NotFound."""
    account = deeds.record.person(person)
    if account is None:
        raise NotFound("no such person")
    return account
