"""Holding back what a feed or device says, and letting it go: one person each, at once, and reversible.

While the hospital is dark nobody knows who speaks on a feed. Its messages are acknowledged and kept; none of them is
shown until a person releases the feed (security decision 3). A quarantined device is held the same way.
"""

from __future__ import annotations

from codedark.access import Permission, Session
from codedark.actions.deeds import Deeds, keep, permit
from codedark.entries import SourceHeld, SourceReleased
from codedark.errors import ActionRefused
from codedark.journal import Receipt

_KINDS = ("feed", "device")


def hold_source(
    deeds: Deeds, session: Session, source: str, reason: str, *, since_us: int | None = None
) -> Receipt:  # fmt: skip
    """Keep what `source` ("feed:NAME" or "device:ID") says and show none of it, from now or from `since_us` (µs UTC).

    Raises ActionRefused: no reason, no such kind of source, or held already from that moment on.
    """
    permit(deeds, session, Permission.HOLD_SOURCE)
    _checked(source, reason)
    if since_us is not None and since_us > deeds.clock.now_us():
        raise ActionRefused("a hold begins now or earlier, not later")
    held = {row.source: row.since_us for row in deeds.record.holds()}.get(source)
    if held is not None and (since_us is None or held <= since_us):
        raise ActionRefused("it is held already", hint="`codedark trust list` says since when.")
    return keep(deeds, session, SourceHeld(source=source, since_us=since_us, person=session.person, reason=reason))


def release_source(deeds: Deeds, session: Session, source: str, reason: str) -> Receipt:
    """Let what `source` said be shown, each item with its own age. Raises ActionRefused when it is not held."""
    permit(deeds, session, Permission.HOLD_SOURCE)
    _checked(source, reason)
    if source not in {row.source for row in deeds.record.holds()}:
        raise ActionRefused("it is not held")
    return keep(deeds, session, SourceReleased(source=source, person=session.person, reason=reason))


def hold_feed(deeds: Deeds, session: Session, feed: str, reason: str, *, since_us: int | None = None) -> Receipt:
    """`hold_source` of a feed, by its name."""
    return hold_source(deeds, session, f"feed:{feed}", reason, since_us=since_us)


def release_feed(deeds: Deeds, session: Session, feed: str, reason: str) -> Receipt:
    """`release_source` of a feed, by its name."""
    return release_source(deeds, session, f"feed:{feed}", reason)


def quarantine_device(
    deeds: Deeds, session: Session, device: str, reason: str, *, since_us: int | None = None
) -> Receipt:  # fmt: skip
    """`hold_source` of a device: what people say through it is kept and held."""
    return hold_source(deeds, session, f"device:{device}", reason, since_us=since_us)


def release_device(deeds: Deeds, session: Session, device: str, reason: str) -> Receipt:
    """`release_source` of a device."""
    return release_source(deeds, session, f"device:{device}", reason)


def _checked(source: str, reason: str) -> None:
    kind, _, name = source.partition(":")
    if kind not in _KINDS or not name.strip():
        raise ActionRefused("a hold names feed:NAME or device:ID", hint="A person is distrusted, by two people.")
    if not reason.strip():
        raise ActionRefused("a hold or release says why", hint="Nothing about a patient; it is kept and shown.")
