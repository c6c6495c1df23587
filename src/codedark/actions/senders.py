"""A sender's certificate: one administrator gives it out; that it was made is an entry before anybody holds it."""

from __future__ import annotations

from codedark.access import Permission, SenderCertificate, Session
from codedark.actions.deeds import Deeds, keep, permit
from codedark.entries import FeedCertificateIssued
from codedark.journal import Receipt


def may_issue_feed_certificate(deeds: Deeds, session: Session) -> None:
    """Raise ActionRefused for whoever may not change the house's settings; asked before a key is touched."""
    permit(deeds, session, Permission.SET_CONFIG)


def feed_certificate_issued(deeds: Deeds, session: Session, feed: str, made: SenderCertificate) -> Receipt:
    """Keep that a certificate was made for the sender of `feed`. Raises ActionRefused, AppendFailed."""
    may_issue_feed_certificate(deeds, session)
    return keep(deeds, session, FeedCertificateIssued(
        feed=feed, fingerprint=made.fingerprint, until_us=made.until_us, person=session.person,
    ))  # fmt: skip
