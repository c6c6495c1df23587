"""Coming in and going out: log-in, envelope, log-out, and the session that founds a node.

It opens at minute 0: a full disk, a flood of bad log-ins or a lost administrator never shuts a nurse out.
"""

from __future__ import annotations

from collections.abc import Sequence

from codedark.access import (
    FOUNDING,
    AttemptLane,
    Refusals,
    Role,
    RootSeed,
    Session,
    envelope_session,
    matching_code,
    password_mark,
    password_session,
    well_typed,
)
from codedark.actions.deeds import Deeds, keep, source_of
from codedark.clock import US_PER_S
from codedark.entries import LoginRefused, SessionClosed, SessionOpened, UnitCodeUsed, draft_of
from codedark.errors import ActionRefused, JournalError
from codedark.journal import Once, Outcome

_FOUNDING_US = 3600 * US_PER_S
_ENVELOPE = "The envelope kept with the controlled drugs opens this unit without an account."


def log_in(deeds: Deeds, login: str, password: str, device: str = "") -> Session:
    """A session of 12 h for an account. `device`: the address of the other end, never what it claims to be.

    Raises ActionRefused, in the same words and after the same work whether the account exists or not.
    """
    account = deeds.record.account(login.strip().lower())
    about = account.login if account is not None else ""
    _pace(deeds, AttemptLane.PASSWORD, device, about)
    usable = account if account is not None and account.active else None
    try:
        fits = deeds.passwords.check(usable.password if usable else None, password)
    except ActionRefused:
        _count(deeds, device, about)
        raise
    if usable is None or not fits:
        deeds.throttle.wrong(AttemptLane.PASSWORD, device, deeds.clock.steady_us())
        _count(deeds, device, about)
        raise ActionRefused("log-in or password is wrong", hint=_ENVELOPE)
    deeds.throttle.right(AttemptLane.PASSWORD, device)
    session = password_session(
        usable.person, usable.name, usable.login, usable.roles, deeds.clock.now_us(), deeds.chance, device,
        password_mark(usable.password),
    )  # fmt: skip
    _opened(deeds, session)
    note_refusals(deeds)
    return session


def open_envelope(deeds: Deeds, unit: str, code: str, claimed_name: str, witness: str, device: str = "") -> Session:
    """A break-glass session of 12 h for one unit, from one of the ten codes in its envelope.

    Who opens it and who stands beside are asked and kept. Raises ActionRefused. A code opens once, also when two people
    type it at one moment: the journal takes its entry once.
    """
    name, beside = " ".join(claimed_name.split()), " ".join(witness.split())
    if not name or not beside or name.casefold() == beside.casefold():
        raise ActionRefused(
            "an envelope is opened by one person beside another", hint="Type your own name and the name of a witness."
        )
    _pace(deeds, AttemptLane.ENVELOPE, device)
    card = deeds.record.card(unit)
    index = matching_code(card, code) if card is not None else None
    if card is None or index is None:
        deeds.throttle.wrong(AttemptLane.ENVELOPE, device, deeds.clock.steady_us())
        _count(deeds, device, "")
        raise ActionRefused("this code does not open this unit", hint=_why(code))
    session = envelope_session(unit, card.card, index, name, beside, deeds.clock.now_us(), deeds.chance, device)
    _spend(deeds, session, UnitCodeUsed(unit=unit, card=card.card, index=index))
    deeds.throttle.right(AttemptLane.ENVELOPE, device)
    _opened(deeds, session)
    note_refusals(deeds)
    return session


def log_out(deeds: Deeds, session: Session, reason: str = "log-out") -> None:
    """End the session. It is refused from now on even when the entry cannot be written."""
    deeds.closed.close(session, deeds.clock.now_us())
    payload = SessionClosed(session=session.session, reason=reason)
    once = Once("session.closed", session.session)
    try:
        keep(deeds, session, payload, once)
    except JournalError:
        deeds.gap.owe(draft_of(payload, source=source_of(session), once=once))


def founding_session(deeds: Deeds) -> Session:
    """The session in which `init` enrols the first people and makes the first envelopes, before anybody has an account.

    It never leaves its process (cookies refuse it). Raises ActionRefused once there is an account.
    """
    if deeds.record.accounts():
        raise ActionRefused("this node has people already", hint="Log in as an administrator.")
    return _console_session(deeds, FOUNDING)


def custodian_session(deeds: Deeds, cards: Sequence[str], adoption_public: bytes) -> Session:
    """The way back when no two administrators are left: three custodians bring their cards to the node.

    Like a founding session it enrols people and makes envelopes, shows no patient, and never leaves its process; that
    it was opened is an entry. `adoption_public`: of the node's keys. Raises ActionRefused for cards of another node.
    """
    seed = RootSeed.from_shares(cards)
    try:
        ours = seed.adoption_key(deeds.record.site().facility).public_key().public_bytes_raw() == adoption_public
    finally:
        seed.forget()
    if not ours:
        raise ActionRefused("these cards are of another node")
    session = _console_session(deeds, "custodians")
    keep(deeds, session, SessionOpened(session=session.session, person=session.person, basis="cards"))
    return session


def _console_session(deeds: Deeds, person: str) -> Session:
    now_us = deeds.clock.now_us()
    return Session(
        session=deeds.chance.bytes(16).hex(), person=person, name=person, login="",
        roles={Role.ADMINISTRATOR.value: ("*",)}, basis=FOUNDING, opened_us=now_us, until_us=now_us + _FOUNDING_US,
        seen_us=now_us,
    )  # fmt: skip


def note_refusals(deeds: Deeds, *, ending: bool = False) -> None:
    """Append the counts of refused log-ins whose minute is over, or all when the process is `ending`. Called at every
    entrance; safe to call by a timer."""
    for refusals in deeds.refused_logins.due(deeds.clock.now_us(), ending=ending):
        count_refusal(deeds, refusals)


def _pace(deeds: Deeds, lane: AttemptLane, device: str, about: str = "") -> None:
    wait_us = deeds.throttle.wait_us(lane, device, deeds.clock.steady_us())
    if wait_us:
        _count(deeds, device, about)
        seconds = -(-wait_us // US_PER_S)
        other = _ENVELOPE if lane is AttemptLane.PASSWORD else "Another device opens it now."
        raise ActionRefused(f"too many wrong attempts from this device: wait {seconds} s", hint=other)


def _count(deeds: Deeds, device: str, login: str) -> None:
    said = deeds.refused_logins.note(device, login, deeds.clock.now_us())
    if said:
        count_refusal(deeds, said)


def count_refusal(deeds: Deeds, refusals: Refusals) -> None:
    """Append what a tally gave out; it goes back into the tally when nothing can be written."""
    payload = LoginRefused(count=refusals.times, device=refusals.key, login=refusals.about)
    try:
        deeds.append(draft_of(payload, source="node"))
    except JournalError:
        deeds.refused_logins.put_back(refusals)


def _why(code: str) -> str:
    if well_typed(code):
        return "Each code opens once. Use the next one, and check that the envelope is of this unit."
    return "It was mistyped: three groups of four. Type it again."


def _spend(deeds: Deeds, session: Session, used: UnitCodeUsed) -> None:
    once = Once("unit.code.used", f"{used.card}/{used.index}")
    fresh = deeds.spent.first(once.key)
    try:
        fresh = fresh and keep(deeds, session, used, once).outcome is Outcome.NEW
    except JournalError:
        deeds.gap.owe(draft_of(used, source=source_of(session), once=once))
    if not fresh:
        raise ActionRefused("this code was used", hint="Each code opens once. Use the next one.")


def _opened(deeds: Deeds, session: Session) -> None:
    envelope = session.basis == "envelope"
    payload = SessionOpened(
        session=session.session,
        person=session.person,
        basis=session.basis,
        device=session.device,
        unit=session.unit,
        claimed_name=session.name if envelope else "",
        witness=session.witness,
        until_us=session.until_us if envelope else None,
    )
    try:
        keep(deeds, session, payload)
    except JournalError:
        deeds.gap.owe(draft_of(payload, source=source_of(session)))
