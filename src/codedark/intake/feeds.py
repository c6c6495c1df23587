"""Feeds: what is declared of a source of messages, and what is counted of it between two `feed.heard` entries."""

from __future__ import annotations

import hashlib
import ipaddress
import ssl
from dataclasses import dataclass, field

from codedark.clock import US_PER_S
from codedark.entries import FeedHeard
from codedark.hl7 import DEFAULT_LIMIT

HOUR_US = 3600 * US_PER_S
HOURLY_BYTES = 2048 << 20
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class FeedDeclaration:
    """A declared source of messages; what is not declared is refused and counted.

    `host`, `port`: where it is heard (port 0: any free one). `peers`: addresses or networks it may come from (CIDR).
    `frame_limit`: bytes of one message. `expected_s`: seconds after which its silence is shown. `carries`: "adt",
    "orders", … `tls`: the server's context; with CERT_REQUIRED the feed is authenticated. `certificates`: SHA-256
    fingerprints (hex) of the client certificates it is pinned to; empty = any that the context accepts.
    `always_answer`: answer also a message whose MSH-15/16 ask for none, because MLLP senders wait whatever they say;
    False: to the letter of table 0155. `hourly_bytes`: its quota of the journal, see `Allowance`. `commit_blocks`: MLLP
    Release 2; each frame is answered with a commit block, and with an HL7 message only when MSH asks for one.
    `application_answer`: a message whose MSH-15 and MSH-16 both ask gets both answers, CA and then AA; False: CA alone.
    """

    name: str
    host: str
    port: int
    peers: tuple[str, ...]
    frame_limit: int = DEFAULT_LIMIT
    expected_s: int = 3600
    carries: tuple[str, ...] = ()
    tls: ssl.SSLContext | None = None
    certificates: tuple[str, ...] = ()
    connections_max: int = 256
    always_answer: bool = True
    hourly_bytes: int = HOURLY_BYTES
    commit_blocks: bool = False
    application_answer: bool = False
    networks: tuple[Network, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        networks = tuple(ipaddress.ip_network(peer, strict=False) for peer in self.peers)
        object.__setattr__(self, "networks", networks)

    @property
    def authenticated(self) -> bool:
        """False when the feed is pinned by address only, which anybody on that network can take."""
        return self.tls is not None and self.tls.verify_mode is ssl.CERT_REQUIRED

    def admits(self, address: str, certificate: bytes | None) -> bool:
        """Whether a peer with this address (and DER certificate, under TLS) is this feed."""
        try:
            peer = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = peer.ipv4_mapped if isinstance(peer, ipaddress.IPv6Address) else None
        known = any((mapped or peer) in network for network in self.networks)
        if not known or not self.certificates:
            return known
        fingerprint = hashlib.sha256(certificate or b"").hexdigest()
        return fingerprint in {c.replace(":", "").lower() for c in self.certificates}


class Allowance:
    """What a feed may still add to the journal: a quota an hour, paid in as the steady clock goes; an hour's worth may
    come at once (a token bucket). One feed that floods must not take the disk from the others and from people
    (security.md, decision 9).
    """

    def __init__(self, hourly_bytes: int, steady_us: int) -> None:
        self._hourly = self._left = hourly_bytes
        self._at_us = steady_us

    def take(self, size: int, steady_us: int) -> bool:
        """Whether `size` bytes may be appended now. A message larger than what is left passes and is paid afterwards:
        else one larger than the quota never would.
        """
        paid = self._hourly * (steady_us - self._at_us) // HOUR_US
        if paid:
            self._left, self._at_us = min(self._hourly, self._left + paid), steady_us
        if self._left <= 0:
            return False
        self._left -= size
        return True

    def give_back(self, size: int) -> None:
        """It took no place after all: it was a resend, or was not kept."""
        self._left = min(self._hourly, self._left + size)


@dataclass(slots=True)
class Tally:
    """What a feed did since its last `feed.heard`; times µs. `allowance`: what it may still add to the journal."""

    feed: str
    since_us: int
    steady_us: int
    allowance: Allowance
    received: int = 0
    duplicates: int = 0
    differing: int = 0
    connects: int = 0
    refusals: int = 0
    slowed: int = 0

    def __bool__(self) -> bool:
        return bool(self.received or self.duplicates or self.differing or self.connects or self.refusals or self.slowed)

    def close(self, now_us: int, steady_us: int) -> FeedHeard:
        """The payload for this span; counting begins anew."""
        payload = FeedHeard(
            feed=self.feed, since_us=self.since_us, until_us=now_us, received=self.received,
            duplicates=self.duplicates, differing=self.differing, connects=self.connects, refusals=self.refusals,
            slowed=self.slowed,
        )  # fmt: skip
        self.received = self.duplicates = self.differing = self.connects = self.refusals = self.slowed = 0
        self.since_us, self.steady_us = now_us, steady_us
        return payload

    def give_back(self, payload: FeedHeard) -> None:
        """The entry was not kept: count its span with the next one."""
        self.since_us = min(self.since_us, payload.since_us)
        self.received += payload.received
        self.duplicates += payload.duplicates
        self.differing += payload.differing
        self.connects += payload.connects
        self.refusals += payload.refusals
        self.slowed += payload.slowed
