"""Deeds that take two people: one proposes, another approves, and exactly what was proposed is done.

`decide` takes no arguments for the deed: they come from the proposal's entry, which nobody can change. The approver is
never the author, and never somebody who came in by an envelope. A yes counts once: the journal takes it once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

from codedark.access import (
    FOUNDING,
    NewUnitCard,
    Permission,
    Session,
    may,
)
from codedark.actions.deeds import Deeds, keep, permit, refused
from codedark.actions.roster import (
    checked_login,
    checked_roles,
    hashed,
    known,
    takes_two_people,
    write_card,
    write_change,
    write_enrolment,
)
from codedark.entries import ConfigSet, DeedDecided, DeedProposed, KeyRotated, OriginAdopted, SourceDistrusted
from codedark.errors import ActionRefused, JournalError, NotFound
from codedark.journal import Once, Outcome
from codedark.views import WITNESS, Proposal, pin_of

_WITNESS_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9./_-]{0,127}")
OPEN_PROPOSALS = 20
"""How many undecided proposals one person may have: a stolen session cannot bury a bad one among thousands."""


class Arguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of the arguments of a two-person deed: unknown names are refused when it is proposed."""


class Distrust(Arguments, frozen=True, kw_only=True):
    """Take the facts of `source` ("feed:…", "device:…", "person:…") in a period out of every view. Times µs UTC.
    `reviewer`: id of the person who looks at what a distrusted person *did*; "" = whoever approves."""

    source: str
    since_us: int
    until_us: int | None = None
    reason: str
    reviewer: str = ""


class TrustAgain(Arguments, frozen=True, kw_only=True):
    """Take an earlier distrust of the same source and period back."""

    source: str
    since_us: int
    until_us: int | None = None
    reason: str


class EnrolPerson(Arguments, frozen=True, kw_only=True):
    """An account that can itself be one of two people. `password`: hashed before it is kept."""

    login: str
    name: str
    password: str
    roles: dict[str, list[str]]


class ChangePerson(Arguments, frozen=True, kw_only=True):
    """New roles, or a new password or state of an account that is one of two people."""

    person: str
    password: str | None = None
    roles: dict[str, list[str]] | None = None
    active: bool | None = None


class IssueUnitCard(Arguments, frozen=True, kw_only=True):
    """A new envelope for a unit; earlier ones are void. `reason`: lost, opened, six months."""

    unit: str
    reason: str = ""


class AdoptOrigin(Arguments, frozen=True, kw_only=True):
    """Take the chain in use for the facility's. `origin`: hex; `endorsement`: hex of the adoption key's signature of
    its statement, made from three cards (`codedark adopt`)."""

    origin: str
    endorsement: str


class PinWitness(Arguments, frozen=True, kw_only=True):
    """From now on cosignatures of this witness count. `key`: its public key in base64; "": they count no more."""

    name: str
    key: str = ""
    reason: str


class RotateKey(Arguments, frozen=True, kw_only=True):
    """The next facility key, made from three cards (`codedark keys rotate`). `recipient`: its public half."""

    generation: int
    recipient: str
    reason: str


class ResplitCards(Arguments, frozen=True, kw_only=True):
    """Five new cards of the same root from three old ones (`codedark keys resplit`)."""

    reason: str


@dataclass(frozen=True, slots=True)
class TwoPersonDeed:
    """What a deed needs of both people, and its arguments."""

    permission: Permission
    arguments: type[Arguments]


TWO_PERSON_DEEDS = {
    "distrust": TwoPersonDeed(Permission.DISTRUST, Distrust),
    "trust_again": TwoPersonDeed(Permission.DISTRUST, TrustAgain),
    "enrol_person": TwoPersonDeed(Permission.ENROL_PERSON, EnrolPerson),
    "change_person": TwoPersonDeed(Permission.CHANGE_PERSON, ChangePerson),
    "issue_unit_card": TwoPersonDeed(Permission.ISSUE_CARD, IssueUnitCard),
    "adopt_origin": TwoPersonDeed(Permission.ADOPT_ORIGIN, AdoptOrigin),
    "rotate_key": TwoPersonDeed(Permission.CHANGE_KEYS, RotateKey),
    "resplit_cards": TwoPersonDeed(Permission.CHANGE_KEYS, ResplitCards),
    "pin_witness": TwoPersonDeed(Permission.PIN_WITNESS, PinWitness),
}
"""Every deed that takes two people, by its name on the wire."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a proposal. `card`: the envelope to print, when that was the deed."""

    proposal: str
    approved: bool
    card: NewUnitCard | None = None


def propose(deeds: Deeds, session: Session, deed: str, arguments: Mapping[str, Any]) -> str:
    """Ask for a two-person deed; returns the proposal's id. Nothing else happens yet. Raises ActionRefused."""
    kind = _kind(deed)
    typed = _typed(deed, arguments)
    permit(deeds, session, kind.permission, typed.unit if isinstance(typed, IssueUnitCard) else None)
    if session.basis not in ("password", FOUNDING):
        raise refused(deeds, session, deed, "an envelope's session proposes nothing")
    waiting = [one for one in deeds.record.proposals() if one.person == session.person and not one.decided]
    if len(waiting) >= OPEN_PROPOSALS:
        raise refused(
            deeds, session, deed, f"{len(waiting)} proposals of yours wait already", "Have them decided first."
        )
    typed = _sealed_password(deeds, typed)
    _sensible(deeds, typed)
    proposal = deeds.chance.bytes(8).hex()
    keep(deeds, session, DeedProposed(
        proposal=proposal, deed=deed, arguments=msgspec.to_builtins(typed), person=session.person,
    ))  # fmt: skip
    return proposal


def distrust(
    deeds: Deeds, session: Session, source: str, since_us: int, until_us: int | None = None, reason: str = ""
) -> str:
    """Propose to take a source's facts in a period out of every view, visibly and reversibly; returns the proposal."""
    arguments = Distrust(source=source, since_us=since_us, until_us=until_us, reason=reason)
    return propose(deeds, session, "distrust", msgspec.to_builtins(arguments))


def trust_again(
    deeds: Deeds, session: Session, source: str, since_us: int, until_us: int | None = None, reason: str = ""
) -> str:
    """Propose to take a distrust back; returns the proposal."""
    arguments = TrustAgain(source=source, since_us=since_us, until_us=until_us, reason=reason)
    return propose(deeds, session, "trust_again", msgspec.to_builtins(arguments))


def decide(
    deeds: Deeds, session: Session, proposal: str, approved: bool, reason: str = "", *, seen: str | None = None
) -> Decided:
    """The second person's yes or no; a yes does the deed. `seen`: `fingerprint` of what the person was shown.

    Raises ActionRefused for the author, an envelope, a role that may not, a proposal that is decided or whose author
    may no longer do it, or one that differs from what was seen; NotFound for an unknown proposal.
    """
    found = _proposal(deeds, proposal)
    typed = _typed(found.deed, found.arguments)
    _second_person(deeds, session, found, typed)
    if seen is not None and seen != fingerprint(found):
        raise refused(deeds, session, found.deed, "the proposal is not what was shown", "Look at it again.")
    if approved:
        _author_still_may(deeds, session, found, typed)
    said = DeedDecided(proposal=proposal, person=session.person, approved=approved, reason=reason)
    if keep(deeds, session, said, Once("deed.decided", proposal)).outcome is not Outcome.NEW:
        raise ActionRefused("this proposal was decided by somebody else at the same moment")
    if not approved:
        return Decided(proposal, False)
    try:
        return Decided(proposal, True, _do(deeds, session, proposal, typed))
    except (ActionRefused, JournalError) as error:
        raise ActionRefused(f"approved, but not done: {error}", hint="Propose it again.") from error


def fingerprint(proposal: Proposal) -> str:
    """Sixteen hex digits of deed and arguments: shown with a proposal and sent back with the yes."""
    said = msgspec.json.encode([proposal.proposal, proposal.deed, proposal.arguments], order="deterministic")
    return sha256(said).hexdigest()[:16]


def _second_person(deeds: Deeds, session: Session, found: Proposal, typed: Arguments) -> None:
    """The rules about the approver, each attempt against them an entry."""
    permission = _kind(found.deed).permission
    permit(deeds, session, permission, typed.unit if isinstance(typed, IssueUnitCard) else None)
    if session.basis != "password":
        raise refused(deeds, session, found.deed, "only a person with an account decides")
    if session.person == found.person:
        raise refused(deeds, session, found.deed, "whoever proposes does not decide", "Ask a second person.")
    if found.decided:
        raise ActionRefused("this proposal was decided already")


def _author_still_may(deeds: Deeds, session: Session, found: Proposal, typed: Arguments) -> None:
    author = deeds.record.person(found.person)
    unit = typed.unit if isinstance(typed, IssueUnitCard) else None
    if author is None or not author.active or not may(author, _kind(found.deed).permission, unit):
        raise refused(deeds, session, found.deed, "its author may no longer do this", "Propose it yourself.")


def _do(deeds: Deeds, session: Session, proposal: str, typed: Arguments) -> NewUnitCard | None:
    match typed:
        case Distrust(source=source, since_us=since_us, until_us=until_us, reason=reason):
            reviewer = (typed.reviewer or session.person) if source.startswith("person:") else ""
            said = SourceDistrusted(
                source=source, since_us=since_us, until_us=until_us, reason=reason, reviewer=reviewer
            )
            keep(deeds, session, said)
        case TrustAgain(source=source, since_us=since_us, until_us=until_us, reason=reason):
            said = SourceDistrusted(source=source, since_us=since_us, until_us=until_us, reason=reason, undo=True)
            keep(deeds, session, said)
        case EnrolPerson():
            write_enrolment(deeds, session, typed.login, typed.name, typed.password, typed.roles)
        case ChangePerson():
            write_change(deeds, session, typed.person, typed.password, typed.roles, typed.active)
        case AdoptOrigin(origin=origin, endorsement=endorsement):
            keep(deeds, session, OriginAdopted(
                origin=bytes.fromhex(origin), endorsement=bytes.fromhex(endorsement), proposal=proposal,
                person=session.person,
            ))  # fmt: skip
        case PinWitness(name=name, key=key):
            keep(deeds, session, ConfigSet(key=f"{WITNESS}{name}", value=key))
        case RotateKey(generation=generation, recipient=recipient):
            keep(deeds, session, KeyRotated(
                generation=generation, recipient=recipient, proposal=proposal, person=session.person,
            ))  # fmt: skip
        case ResplitCards():
            pass  # the cards are made where they are shown; that they were is an entry then
        case IssueUnitCard(unit=unit, reason=reason):
            return write_card(deeds, session, unit, reason)
        case _:
            raise ActionRefused("no such two-person deed")
    return None


def _sensible(deeds: Deeds, typed: Arguments) -> None:
    """Refuse at once what could not be done after a yes."""
    match typed:
        case Distrust() | TrustAgain():
            if not typed.source.partition(":")[2] or not typed.reason.strip():
                raise ActionRefused("a distrust names feed:…, device:… or person:…, and a reason")
            if typed.until_us is not None and typed.until_us < typed.since_us:
                raise ActionRefused("the period ends before it begins")
            if isinstance(typed, Distrust) and typed.reviewer:
                _reviewer(deeds, typed)
        case AdoptOrigin():
            _adoptable(deeds, typed)
        case PinWitness():
            _pinnable(deeds, typed)
        case RotateKey():
            _rotatable(deeds, typed)
        case ResplitCards():
            if not typed.reason.strip():
                raise ActionRefused("new cards have a reason: lost, a custodian left, a yearly renewal")
        case EnrolPerson():
            checked_login(deeds, typed.login)
            checked_roles(typed.roles)
            if not takes_two_people(deeds, typed.roles):
                raise ActionRefused("an account with these roles takes one administrator, not two people")
        case ChangePerson():
            known(deeds, typed.person)
            checked_roles(typed.roles or {})
        case _:
            return


def _reviewer(deeds: Deeds, typed: Distrust) -> None:
    """Whoever looks at a distrusted person's deeds may undo them, and is somebody else."""
    account = known(deeds, typed.reviewer)
    if not typed.source.startswith("person:") or typed.source == f"person:{typed.reviewer}":
        raise ActionRefused("a reviewer looks at the deeds of somebody else")
    if not account.active or not may(account, Permission.DISTRUST):
        raise ActionRefused("this person may not undo such deeds", hint="Name an engineer, commander, administrator.")


def _adoptable(deeds: Deeds, typed: AdoptOrigin) -> None:
    """The chain in use, not yet adopted, endorsed by the facility's own adoption key."""
    stands = deeds.record.adoption()
    if stands.may_ship or stands.origin != typed.origin:
        raise ActionRefused("there is no restored record here that waits for its adoption")
    try:
        endorsement = bytes.fromhex(typed.endorsement)
    except ValueError as error:
        raise ActionRefused("an endorsement is hex digits") from error
    if not deeds.record.endorsed(typed.origin, endorsement):
        raise ActionRefused("this endorsement is not of this facility's root", hint="Bring three of its five cards.")


def _pinnable(deeds: Deeds, typed: PinWitness) -> None:
    if not _WITNESS_NAME.fullmatch(typed.name) or not typed.reason.strip():
        raise ActionRefused(
            "a pin names a witness, its public key, and why", hint="`codedark journal pull` shows both."
        )
    if typed.key and pin_of(typed.key) is None:
        raise ActionRefused("this is no public key: 32 bytes in base64", hint="`codedark journal pull` shows it.")
    known = deeds.record.witnesses().get(typed.name)
    if known == (pin_of(typed.key) if typed.key else None):
        raise ActionRefused("nothing would change" if known else "this witness is not pinned")


def _rotatable(deeds: Deeds, typed: RotateKey) -> None:
    """The next generation, or the newest once more when its file was not written then."""
    stands = deeds.record.custody()
    again = typed.generation == stands.generation and typed.recipient == stands.recipient
    if not typed.recipient.startswith("age1") or not typed.reason.strip():
        raise ActionRefused("a new key has a public half, and a reason", hint="Use `codedark keys rotate`.")
    if typed.generation != stands.generation + 1 and not again:
        raise ActionRefused(f"the key in use is generation {stands.generation}")


def _sealed_password(deeds: Deeds, typed: Arguments) -> Arguments:
    """The same arguments with the password hashed: the proposal is kept for ever."""
    if not isinstance(typed, EnrolPerson | ChangePerson) or typed.password is None:
        return typed
    who = typed if isinstance(typed, EnrolPerson) else known(deeds, typed.person)
    return msgspec.structs.replace(typed, password=hashed(deeds, typed.password, who.login, who.name))


def _kind(deed: str) -> TwoPersonDeed:
    kind = TWO_PERSON_DEEDS.get(deed)
    if kind is None:
        raise ActionRefused("no such two-person deed", hint=f"One of: {', '.join(TWO_PERSON_DEEDS)}.")
    return kind


def _typed(deed: str, arguments: Mapping[str, Any]) -> Arguments:
    try:
        return msgspec.convert(dict(arguments), _kind(deed).arguments, strict=True)
    except msgspec.ValidationError as error:
        raise ActionRefused(f"these are not the arguments of {deed}: {error}") from error


def _proposal(deeds: Deeds, proposal: str) -> Proposal:
    for found in deeds.record.proposals():
        if found.proposal == proposal:
            return found
    raise NotFound("no such proposal", hint="A new proposal appears within a second; look again.")
