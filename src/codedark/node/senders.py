"""The certificates of senders: made here, and the end of each one that was seen, so that nobody finds out too late."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import orjson

from codedark.access import CertificateAuthority, SenderCertificate, issue_sender_certificate
from codedark.actions import feed_certificate_issued, may_issue_feed_certificate
from codedark.errors import ConfigError
from codedark.node.console import Credentials, deeds_of, session_of
from codedark.node.layout import Layout
from codedark.node.opening import OpenNode


def issue_feed_certificate(
    node: OpenNode, feed: str, request: bytes, author: Credentials | None
) -> SenderCertificate:  # fmt: skip
    """A certificate for the sender of a declared feed, from its request. `author`: an administrator; None only while
    there is nobody. The entry is kept before the certificate is handed out.

    Raises ConfigError (no such feed, no usable request), ActionRefused, AppendFailed.
    """
    if feed not in [each.name for each in node.config.feed]:
        raise ConfigError(f"no feed is named {feed!r}", hint="`codedark feed list` shows those of codedark.toml.")
    deeds = deeds_of(node)
    session = session_of(deeds, author)
    may_issue_feed_certificate(deeds, session)
    authority = CertificateAuthority.load(node.layout.keys)
    made = issue_sender_certificate(authority, request, feed, node.clock.now_us(), node.chance)
    feed_certificate_issued(deeds, session, feed, made)
    return made


def remember_ends(layout: Layout, ends: Mapping[str, int]) -> None:
    """Write down until when the certificate lasts that each feed's sender showed last. A full disk stops nothing."""
    known = sender_ends(layout)
    if all(known.get(feed) == end for feed, end in ends.items()):
        return
    part = layout.sender_ends.with_suffix(".part")
    try:
        part.write_bytes(orjson.dumps({**known, **ends}, option=orjson.OPT_SORT_KEYS))
        part.chmod(0o600)
        os.replace(part, layout.sender_ends)
    except OSError:
        part.unlink(missing_ok=True)


def sender_ends(layout: Layout) -> dict[str, int]:
    """Feed → end of the certificate its sender showed last, µs UTC. Empty when none was seen or it cannot be read."""
    return _read(layout.sender_ends)


def _read(path: Path) -> dict[str, int]:
    try:
        found = orjson.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {feed: end for feed, end in found.items() if isinstance(end, int) and not isinstance(end, bool)}
