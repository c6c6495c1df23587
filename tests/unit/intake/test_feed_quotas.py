"""A feed's quota: what is over it waits unanswered and unkept, nothing is lost, and other feeds do not notice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake_rig import Client, Site, adt, feed, site
from journal_rig import reader

from codedark.clock import US_PER_S
from codedark.entries import payload_of
from codedark.errors import ConfigError
from codedark.hl7 import frame
from codedark.intake.feeds import HOUR_US, Allowance
from codedark.node import Config

KB = 1000
BIG = "x" * (40 * KB)
TOML = '[facility]\nid = "wtb"\nname = "W"\n[[feed]]\nname = "adt"\nport = 1\n'


def small() -> object:
    """A feed of 100,000 bytes an hour: two messages of 40 kB and one that overdraws."""
    return feed(hourly_bytes=100 * KB)


async def flood(s: Site, count: int) -> Client:
    """A connection on which so many big messages were sent at once."""
    client = await s.connect()
    for number in range(count):
        await client.send(frame(adt(number, BIG)))
    return client


async def kept(s: Site, count: int) -> int:
    """Wait until so many messages are kept, or a while; returns how many are."""
    for _ in range(40):
        if len(s.entries("hl7.received")) >= count:
            break
        await asyncio.sleep(0.05)
    return len(s.entries("hl7.received"))


async def silent(client: Client) -> bool:
    """No answer comes within a second, which is two rounds of the listener's sweep."""
    try:
        await asyncio.wait_for(client.raw_answer(), 1.0)
    except TimeoutError:
        return True
    return False


def test_what_is_over_the_quota_waits_unkept_and_unanswered_until_it_is_paid(tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path, small()) as s:
            client = await flood(s, 5)
            assert await client.codes(3) == [("AA", "0"), ("AA", "1"), ("AA", "2")]
            assert await silent(client)
            assert len(s.entries("hl7.received")) == 3
            s.clock.advance(HOUR_US // 2)
            assert await client.codes(1) == [("AA", "3")]
            s.clock.advance(HOUR_US)
            assert await client.codes(1) == [("AA", "4")]
            assert [e.once.key for e in s.entries("hl7.received")] == list("01234")

    asyncio.run(story())


def test_a_feed_over_its_quota_does_not_slow_another(tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path, small(), feed("lab", hourly_bytes=100 * KB)) as s:
            flooding, lab = await flood(s, 6), await s.connect("lab")
            assert len(await flooding.codes(3)) == 3
            assert (await lab.exchange(adt(1)))["MSA"].text(1) == "AA"

    asyncio.run(story())


def test_a_sender_that_gives_up_loses_nothing_and_sends_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path, small()) as s:
            client = await flood(s, 4)
            assert len(await client.codes(3)) == 3
            await client.close()
            s.clock.advance(HOUR_US)
            again = await s.connect()
            assert (await again.exchange(adt(3, BIG)))["MSA"].text(1) == "AA"
            assert await kept(s, 4) == 4
            s.clock.advance(HOUR_US)  # what still waits of the connection that was given up is a resend now
            await asyncio.sleep(1.0)
            assert (len(s.entries("hl7.received")), s.listener.room.held) == (4, 0)

    asyncio.run(story())


def test_waiting_is_no_reason_to_hang_up(tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path, small()) as s:
            client = await flood(s, 4)
            assert len(await client.codes(3)) == 3
            s.clock.advance(10 * US_PER_S)  # longer than a message may be without a receipt
            assert await silent(client)
            s.clock.advance(HOUR_US)
            assert await client.codes(1) == [("AA", "3")]

    asyncio.run(story())


def test_resends_cost_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path, small()) as s:
            client = await s.connect()
            for _ in range(20):
                assert (await client.exchange(adt(1, BIG)))["MSA"].text(1) == "AA"
            assert len(s.entries("hl7.received")) == 1

    asyncio.run(story())


def test_that_a_feed_was_slowed_is_said_and_counted(tmp_path: Path) -> None:
    async def story() -> list[tuple[str, str]]:
        said: list[tuple[str, str]] = []
        async with site(tmp_path, small()) as s:
            s.listener._warn = lambda event, name: said.append((event, name))
            client = await flood(s, 6)
            assert len(await client.codes(3)) == 3
            assert await silent(client)
            await client.close()
        return said

    assert asyncio.run(story()) == [("feed slowed by its quota", "adt")]
    opened = reader(tmp_path)
    slowed = sum(payload_of(e).slowed for e in opened.read(-1) if e.kind == "feed.heard")
    opened.close()
    assert slowed >= 1


@given(st.lists(st.tuples(st.integers(1, 5000), st.integers(0, HOUR_US // 4)), max_size=60), st.integers(1, 20_000))
def test_no_feed_gets_more_than_an_hour_at_once_and_its_rate_after(steps: list[tuple[int, int]], hourly: int) -> None:
    allowance, now, taken = Allowance(hourly, 0), 0, 0
    for size, pause in steps:
        now += pause
        if allowance.take(size, now):
            taken += size
    assert taken <= hourly + hourly * now // HOUR_US + 5000  # the last one may overdraw


def test_a_quota_is_at_least_a_megabyte_an_hour() -> None:
    assert Config.parse(TOML).feed[0].quota_mb_per_hour == 2048
    with pytest.raises(ConfigError, match="less than 1 MiB"):
        Config.parse(TOML + "quota_mb_per_hour = 0\n")
