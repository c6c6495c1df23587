"""One MLLP connection: frames in, one append each, answers out in the order of the frames.

The answer is a promise (architecture, decision 3): it is written only from a receipt. When an append failed, or no
receipt came in time, the connection is closed unanswered and the sender sends again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, cast

from codedark.clock import US_PER_S, Clock
from codedark.entries import Refused, draft_of
from codedark.errors import AppendFailed
from codedark.hl7 import (
    COMMITS,
    COMMITTED,
    NOT_COMMITTED,
    UNREADABLE,
    XML_REFUSED,
    Deframer,
    Garbage,
    Peek,
    Verdict,
    ack,
    ack_code,
    application_code,
    frame,
    is_xml,
    peek,
    xml_control_id,
)
from codedark.intake.feeds import FeedDeclaration, Tally
from codedark.journal import Draft, Once, Outcome, Receipt

Submit = Callable[[Draft, Callable[[Receipt | AppendFailed], None]], None]

IN_FLIGHT_MAX = 256
"""Messages of one connection that may wait for their receipts; beyond it the connection is not read."""
IN_FLIGHT_BYTES_MAX = 8 * 1024 * 1024
KEY_MAX = 8192
"""Characters of MSH-3, MSH-4 and MSH-10 together that may be a natural key (HL7 v2.5.1 gives them 227, 227 and 20)."""
UNANSWERED_US = 4 * US_PER_S
"""Without a receipt for this long the connection is closed; with the sweep every 0.5 s that is within 5 s."""


@dataclass(slots=True)
class Room:
    """Bytes of unfinished frames that all connections of a listener may hold together."""

    limit: int
    held: int = 0


class Host(Protocol):
    """What a connection needs of its listener."""

    room: Room
    submit: Submit
    mac: Callable[[bytes], bytes]
    clock: Clock
    warn: Callable[[str, str], None]

    def admit(self, connection: Connection, transport: asyncio.Transport) -> tuple[FeedDeclaration, Tally] | None:
        """The feed this peer belongs to, or None: refused."""
        ...

    def leave(self, connection: Connection) -> None:
        """The connection is gone."""
        ...


class Pending:
    """A frame whose receipt has not come yet. Called with the result of its append."""

    __slots__ = ("_connection", "head", "refusal", "result", "since_us", "size")

    def __init__(self, connection: Connection, head: Peek | None, size: int, since_us: int | None, refusal: str = ""):
        self._connection = connection
        self.head = head
        """None: bytes that are no frame; they are kept and nobody waits for an answer."""
        self.refusal = refusal
        self.size = size
        self.since_us = since_us
        """When it was handed to the journal; None while it waits for its feed's quota."""
        self.result: Receipt | None = None

    def __call__(self, result: Receipt | AppendFailed) -> None:
        """What the journal calls: kept, or not."""
        self._connection.settle(self, result)


class Connection(asyncio.Protocol):
    """The receiving end of one peer. All calls on one event loop's thread."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._transport: asyncio.Transport | None = None
        self._queue: deque[Pending] = deque()
        self._bytes = 0
        self._paused = self._clogged = self._closing = False
        self._scopes: dict[tuple[str, str], str] = {}
        self._quiet = True
        self._held = 0
        self._waiting: deque[tuple[Draft, Pending]] = deque()
        """What is over the feed's quota: not appended, so not answered. Always the end of the queue."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit the peer or drop it at once."""
        self._transport = cast(asyncio.Transport, transport)
        admitted = self._host.admit(self, self._transport)
        if admitted is None:
            self._closing = True
            self._transport.abort()
            return
        self._feed, self._tally = admitted
        self._source = f"feed:{self._feed.name}"
        self._deframer = Deframer(self._feed.frame_limit)

    def data_received(self, data: bytes) -> None:
        """Each whole frame becomes one append."""
        if self._closing:
            return
        self._quiet = False
        self._take(self._deframer.feed(data))
        if self._deframer.pending != self._held:
            self._hold(self._deframer.pending)
        if len(self._queue) > IN_FLIGHT_MAX or self._bytes > IN_FLIGHT_BYTES_MAX:
            self._pause()

    def eof_received(self) -> bool:
        """The peer sends no more: what is not a whole frame is kept as refused; answers under way still go out."""
        if not self._closing:
            self._take(self._deframer.finish())
            self.close()
        tls = self._transport is not None and self._transport.get_extra_info("ssl_object") is not None
        return not tls  # TLS cannot stay half open: what is under way is answered when the sender sends again

    def connection_lost(self, exc: Exception | None) -> None:
        """Receipts that still come have nobody to go to; their senders will send again."""
        if not self._closing:
            self._take(self._deframer.finish())
        self._closing = True
        self._transport = None
        self._forget_waiting()
        self._hold(0)
        self._host.leave(self)

    def pause_writing(self) -> None:
        """The peer does not read its answers: stop reading from it."""
        self._clogged = True
        self._pause()

    def resume_writing(self) -> None:
        """It reads again."""
        self._clogged = False
        self._resume()

    def sweep(self, steady_us: int) -> None:
        """Called twice a second: close what has waited too long; end a frame that lacks only its last byte."""
        if self._waiting:
            self._let_in(steady_us)
        first = self._queue[0].since_us if self._queue else None
        if first is not None and steady_us - first > UNANSWERED_US:
            self.drop()
        elif self._quiet and not self._closing and self._deframer.pending:
            self._take(self._deframer.settle())
        self._quiet = True

    def close(self) -> None:
        """Read no more; close when every answer under way has gone out."""
        self._closing = True
        if self._transport is not None:
            if self._transport.is_reading():
                self._transport.pause_reading()
            if not self._queue:
                self._transport.close()

    def end(self) -> None:
        """The listener stops: what waits for the quota is not taken any more."""
        self._forget_waiting()
        self.close()

    def drop(self) -> None:
        """Close now, unanswered."""
        self._closing = True
        self._forget_waiting()
        self._queue.clear()
        if self._transport is not None:
            self._transport.abort()

    @property
    def idle(self) -> bool:
        """True when nobody waits for an answer."""
        return not self._queue

    def settle(self, pending: Pending, result: Receipt | AppendFailed) -> None:
        """A result came: count it and write every answer whose turn it is."""
        if isinstance(result, AppendFailed):
            self._tally.allowance.give_back(pending.size)
            self._give_up(pending)
            return
        pending.result = result
        self._count(pending, result)
        queue = self._queue
        while queue and queue[0].result is not None:
            first = queue.popleft()
            self._bytes -= first.size
            self._answer(first, first.result)
        if self._paused:
            self._resume()
        if self._closing and not queue and self._transport is not None:
            self._transport.close()

    def _give_up(self, pending: Pending) -> None:
        """It could not be kept: close unanswered. Under Release 2 the first in line is told so before."""
        if self._feed.commit_blocks and self._transport is not None and self._queue and self._queue[0] is pending:
            self._queue.clear()
            self._forget_waiting()
            self._transport.write(NOT_COMMITTED)
            self.close()
            return
        self.drop()

    def _hold(self, size: int) -> None:
        """Account for an unfinished frame; the one that fills the room is dropped, its sender comes again."""
        room = self._host.room
        room.held += size - self._held
        grown, self._held = size > self._held, size
        if grown and room.held > room.limit:
            self._tally.refusals += 1
            self.drop()

    def _take(self, pieces: list[bytes | Garbage]) -> None:
        if not pieces:
            return
        since = self._host.clock.steady_us()
        for piece in pieces:
            if isinstance(piece, Garbage):
                self._refuse(piece, since)
                continue
            if self._feed.commit_blocks and piece in COMMITS:
                continue  # the sender's word on our answer: lost or not, a resend gets it again
            head = peek(piece)
            if head.readable:
                draft = Draft("hl7.received", 1, self._source, piece, once=self._once(head))
                self._send(draft, Pending(self, head, len(piece), since))
            elif is_xml(piece):
                # Somebody's message all the same: every byte of it is kept, though nothing reads it.
                self._refuse(Garbage.of(piece, XML_REFUSED, whole=True), since)
            else:
                self._refuse(Garbage.of(piece, "no MSH"), since)

    def _once(self, head: Peek) -> Once | None:
        """The natural key. A message without control id has none: each arrival is kept. Nor has one whose head is
        longer than any key: refusing to keep it would make its sender repeat it for ever."""
        size = len(head.control_id) + len(head.sending_app) + len(head.sending_facility)
        if not head.control_id or size > KEY_MAX:
            return None
        sender = (head.sending_app, head.sending_facility)
        scope = self._scopes.get(sender)
        if scope is None:
            if len(self._scopes) >= 1024:
                self._scopes.clear()
            scope = self._scopes[sender] = f"{self._feed.name}\x1f{sender[0]}\x1f{sender[1]}"
        return Once(scope, head.control_id)

    def _refuse(self, garbage: Garbage, since: int) -> None:
        payload = Refused(
            prefix=garbage.prefix, length=garbage.length, mac=self._host.mac(garbage.digest), reason=garbage.reason
        )
        head = peek(garbage.prefix) if garbage.complete else None
        if garbage.reason == XML_REFUSED:
            head = UNREADABLE._replace(control_id=xml_control_id(garbage.prefix))
        self._send(
            draft_of(payload, source=self._source), Pending(self, head, len(garbage.prefix), since, garbage.reason)
        )

    def _send(self, draft: Draft, pending: Pending) -> None:
        self._queue.append(pending)
        self._bytes += pending.size
        if not self._waiting and self._tally.allowance.take(pending.size, self._host.clock.steady_us()):
            self._host.submit(draft, pending)
            return
        pending.since_us = None
        self._waiting.append((draft, pending))
        self._tally.slowed += 1
        self._host.warn("feed slowed by its quota", self._feed.name)
        self._pause()
        self._park(pending.size)

    def _let_in(self, steady_us: int) -> None:
        """The quota has grown: what waits is appended in its order, as far as it goes."""
        while self._waiting and self._tally.allowance.take(self._waiting[0][1].size, steady_us):
            draft, pending = self._waiting.popleft()
            pending.since_us = steady_us
            self._host.room.held -= pending.size
            self._host.submit(draft, pending)
        if not self._waiting and self._paused:
            self._resume()

    def _park(self, size: int) -> None:
        """Account for a frame that waits; the one that fills the room is dropped with its connection."""
        self._host.room.held += size
        if self._host.room.held > self._host.room.limit:
            self._tally.refusals += 1
            self.drop()

    def _forget_waiting(self) -> None:
        """What waits is not appended: its sender gets no answer and sends it again."""
        while self._waiting:
            self._host.room.held -= self._waiting.pop()[1].size
            self._queue.pop()

    def _count(self, pending: Pending, result: Receipt) -> None:
        tally = self._tally
        if pending.refusal:
            tally.refusals += 1
        elif result.outcome is Outcome.NEW:
            tally.received += 1
        elif result.outcome is Outcome.SAME:
            tally.duplicates += 1
            tally.allowance.give_back(pending.size)
        else:
            tally.differing += 1

    def _answer(self, pending: Pending, receipt: Receipt | None) -> None:
        head, transport = pending.head, self._transport
        if head is None or transport is None or receipt is None:
            return
        verdict = Verdict.REFUSED if pending.refusal else Verdict.KEPT
        code = ack_code(head, verdict)
        if self._feed.commit_blocks:
            transport.write(NOT_COMMITTED if pending.refusal else COMMITTED)
        elif code is None and self._feed.always_answer:
            code = verdict.value[1]
        if code is None:
            return
        number = f"{receipt.origin[:4].hex()}-{receipt.position}"
        now = _stamp(receipt.recorded_at_us // US_PER_S)
        transport.write(frame(ack(head, code, pending.refusal, control_id=number, now=now)))
        if self._feed.application_answer and (second := application_code(head, verdict)) is not None:
            transport.write(frame(ack(head, second, pending.refusal, control_id=f"{number}a", now=now)))

    def _pause(self) -> None:
        if not self._paused and self._transport is not None and self._transport.is_reading():
            self._transport.pause_reading()
        self._paused = True

    def _resume(self) -> None:
        ready = len(self._queue) <= IN_FLIGHT_MAX // 2 and self._bytes <= IN_FLIGHT_BYTES_MAX // 2
        ready = ready and not self._waiting
        if ready and self._paused and not self._clogged:
            self._paused = False
            if not self._closing and self._transport is not None:
                self._transport.resume_reading()


_stamps: dict[int, str] = {}


def _stamp(second: int) -> str:
    """MSH-7 of an answer: the second in which the message was kept, UTC."""
    text = _stamps.get(second)
    if text is None:
        if len(_stamps) > 64:
            _stamps.clear()
        text = _stamps[second] = datetime.fromtimestamp(second, UTC).strftime("%Y%m%d%H%M%S+0000")
    return text
