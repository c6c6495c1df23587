"""The sender waits for each answer, believes only answers that name its message, and sends again without one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from codedark.clock import SeededClock
from codedark_drill import Hospital, Line, Sender, Spoken, Tally, at_real_rates
from codedark_drill.sender import answer_of, control_id, lane_of

START_US = 1_795_300_000_000_000
Reply = Callable[[bytes, int], bytes | None]


def messages(count: int) -> list[Spoken]:
    found = list(Hospital(3, 40).messages(START_US, START_US + 3_600_000_000))
    return [one for one in dict.fromkeys(found) if one.data.startswith(b"MSH")][:count]


def ack(data: bytes, code: str = "AA", control: str | None = None) -> bytes:
    named = control_id(data) if control is None else control
    return f"\x0bMSH|^~\\&|R|R|S|S|||ACK|1|P|2.5.1\rMSA|{code}|{named}\r\x1c\r".encode()


async def against(reply: Reply, said: list[Spoken], **options: float | int) -> tuple[Tally, list[bytes]]:
    """Send `said` to a listener that answers each frame with `reply(frame, how many so far)`; None hangs up."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while frame := await reader.readuntil(b"\x1c\r"):
                heard.append(frame[1:-2])
                back = reply(heard[-1], len(heard))
                if back is None:
                    break
                writer.write(back)
        except EOFError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    line = Line("127.0.0.1", server.sockets[0].getsockname()[1])
    async with server:
        sender = Sender({one.feed: line for one in said}, **options)  # type: ignore[arg-type]
        return await sender.send(said), heard


def run(work: Awaitable[tuple[Tally, list[bytes]]]) -> tuple[Tally, list[bytes]]:
    async def whole() -> tuple[Tally, list[bytes]]:
        return await work

    return asyncio.run(whole())


def test_every_accepted_message_is_counted_as_acknowledged() -> None:
    said = messages(60)
    tally, heard = run(against(lambda data, n: ack(data), said))
    assert (tally.acknowledged, tally.refused, tally.resent, len(heard)) == (60, 0, 0, 60)


def test_a_refusal_is_no_acknowledgment() -> None:
    tally, _ = run(against(lambda data, n: ack(data, "AR" if n == 1 else "CA"), messages(5)))
    assert (tally.acknowledged, tally.refused) == (4, 1)


def test_a_message_whose_connection_closed_is_sent_again() -> None:
    tally, heard = run(against(lambda data, n: None if n == 2 else ack(data), messages(5), connections=1))
    assert (tally.acknowledged, tally.resent) == (5, 1)
    assert len(heard) == 6


def test_an_answer_that_names_another_message_is_not_believed() -> None:
    def reply(data: bytes, n: int) -> bytes:
        return ack(data, control="SOMEBODY-ELSE") + ack(data) if n == 1 else ack(data)

    tally, _ = run(against(reply, messages(3)))
    assert (tally.acknowledged, tally.strays) == (3, 1)


def test_a_message_that_is_never_answered_is_given_up_as_unanswered() -> None:
    said = messages(1)
    tally, _ = run(against(lambda data, n: None, said, patience_s=0.2))
    assert (tally.acknowledged, tally.unanswered) == (0, said)


def test_messages_of_one_patient_arrive_in_their_order() -> None:
    said = messages(150)
    _, heard = run(against(lambda data, n: ack(data), said, connections=4))
    for lane in {lane_of(one.data, 4) for one in said}:
        for feed in {one.feed for one in said}:
            sent = [one.data for one in said if one.feed == feed and lane_of(one.data, 4) == lane]
            assert [data for data in heard if data in set(sent)] == sent


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (b"\x0bMSH|^~\\&|\rMSA|CA|77|ok\r\x1c\r", ("CA", "77")),
        (b"\x0bMSH|^~\\&|\r\x1c\r", ("", "")),
        (b"\x0bMSH|^~\\&|\rMSA|AR\r\x1c\r", ("AR", "")),
    ],
)
def test_an_answer_is_read_from_its_msa(reply: bytes, expected: tuple[str, str]) -> None:
    assert tuple(answer_of(reply)) == expected


def test_at_real_rates_nothing_is_said_before_its_time() -> None:
    clock, said = SeededClock(), messages(40)

    async def paced() -> list[Spoken]:
        async def turn() -> None:
            while True:
                clock.advance(1_000_000)
                await asyncio.sleep(0)

        ticking = asyncio.ensure_future(turn())
        out = []
        async for one in at_real_rates(said, clock, speed=3600):
            assert clock.steady_us() * 3600 >= one.at_us - said[0].at_us
            out.append(one)
        ticking.cancel()
        return out

    assert asyncio.run(paced()) == said


def test_nobody_waits_for_a_message_that_asks_for_no_answer() -> None:
    quiet = Spoken("adt", 0, b"MSH|^~\\&|A|B|C|D|20261124||ADT^A01|Q1|P|2.5.1|||NE|NE\r")
    tally, heard = run(against(lambda data, n: b"" if b"|Q1|" in data else ack(data), [quiet, *messages(2)]))
    assert (tally.acknowledged, tally.unasked, len(heard)) == (2, 1, 3)
