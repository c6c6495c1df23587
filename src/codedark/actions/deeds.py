"""What every deed stands on: append, record, clock and chance; who may; what is still owed to the journal."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from codedark.access import (
    FOUNDING,
    ClosedSessions,
    PasswordGate,
    Permission,
    Refusals,
    RefusalTally,
    Session,
    Throttle,
    may,
)
from codedark.actions.gap import ReadingGap
from codedark.clock import Chance, Clock
from codedark.entries import DeedRefused, Payload, draft_of
from codedark.errors import ActionRefused, JournalError
from codedark.journal import Draft, Once, Receipt
from codedark.views import Record

_LOG_IN_AGAIN = "Log in again, or open the unit's envelope."


class SpentCodes:
    """Codes spent that the journal may not know of: with a full disk it cannot be told, and a code opens only once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent: set[str] = set()

    def first(self, code: str) -> bool:
        """True the first time this code is asked for."""
        with self._lock:
            fresh = code not in self._spent
            self._spent.add(code)
            return fresh


@dataclass
class Deeds:
    """The hands of one process. Share one instance between all requests: it also holds the counters that must not
    start afresh. `append`: the journal's own, or a door's; blocks until durable, raises AppendFailed. `gap` may be
    given a file, so that its count outlives the process."""

    append: Callable[[Draft], Receipt]
    record: Record
    clock: Clock
    chance: Chance
    gap: ReadingGap = field(default_factory=ReadingGap)
    throttle: Throttle = field(default_factory=Throttle)
    passwords: PasswordGate = field(default_factory=PasswordGate)
    refused_logins: RefusalTally = field(default_factory=RefusalTally)
    refused_deeds: RefusalTally = field(default_factory=RefusalTally)
    closed: ClosedSessions = field(default_factory=ClosedSessions)
    spent: SpentCodes = field(default_factory=SpentCodes)

    def __post_init__(self) -> None:
        """What an earlier process still owes holds in this one: a spent code stays spent, who left stays out."""
        for draft in self.gap.owed("unit.code.used"):
            if draft.once:
                self.spent.first(draft.once.key)
        for draft in self.gap.owed("session.closed"):
            if draft.once:
                self.closed.refuse(draft.once.key, self.clock.now_us())


def source_of(session: Session | None) -> str:
    """The source of an entry: a person, or the node itself."""
    return f"person:{session.person}" if session and session.person != FOUNDING else "node"


def keep(deeds: Deeds, session: Session | None, payload: Payload, once: Once | None = None) -> Receipt:
    """Append one payload in the person's name. Raises AppendFailed."""
    return deeds.append(draft_of(payload, source=source_of(session), once=once))


def holds(deeds: Deeds, session: Session, permission: Permission, unit: str | None = None) -> bool:
    """Whether the session may, by the roles its account has *now*: a role taken away is gone at once."""
    if session.basis != "password":
        return may(session, permission, unit)
    account = deeds.record.person(session.person)
    return account is not None and account.active and may(account, permission, unit)


def permit(deeds: Deeds, session: Session, permission: Permission, unit: str | None = None) -> None:
    """Raise ActionRefused, and make the attempt an entry, unless the session is alive and may."""
    still_open(deeds, session)
    if session.basis == FOUNDING or holds(deeds, session, permission, unit):
        return
    what = permission.value
    sentence = f"your role does not let you {what} in {unit}" if unit else f"your role does not let you {what}"
    raise refused(deeds, session, permission.name.lower(), sentence)


def still_open(deeds: Deeds, session: Session) -> None:
    """Raise ActionRefused when the session is over: time, log-out, a closed account, a replaced envelope."""
    folded = deeds.record.session(session.session)
    over = not session.alive(deeds.clock.now_us()) or session in deeds.closed or (folded is not None and folded.closed)
    if session.basis == "password" and not over:
        account = deeds.record.person(session.person)
        over = account is None or not account.active or not session.opened_by(account.password)
    elif session.basis == "envelope" and not over:
        card = deeds.record.card(session.unit)
        over = card is None or not session.person.startswith(f"envelope-{card.card}-")
    if over:
        raise ActionRefused("this session is over", hint=_LOG_IN_AGAIN)


def refused(deeds: Deeds, session: Session | None, deed: str, reason: str, hint: str | None = None) -> ActionRefused:
    """The error to raise; the attempt becomes an entry, at most one a minute and session. `session` None: the node."""
    now_us = deeds.clock.now_us()
    key = f"{session.person}\x1f{session.session}" if session else "node\x1f"
    said = deeds.refused_deeds.note(key, deed, now_us)
    for refusals in [*([said] if said else []), *deeds.refused_deeds.due(now_us)]:
        _keep_refusal(deeds, refusals, reason)
    return ActionRefused(reason, hint=hint)


def _keep_refusal(deeds: Deeds, refusals: Refusals, reason: str) -> None:
    person, _, session = refusals.key.partition("\x1f")
    payload = DeedRefused(
        person=person, session=session, deed=refusals.about, reason=reason, count=refusals.times
    )  # fmt: skip
    try:
        deeds.append(draft_of(payload, source=f"person:{person}" if session else "node"))
    except JournalError:
        deeds.refused_deeds.put_back(refusals)
