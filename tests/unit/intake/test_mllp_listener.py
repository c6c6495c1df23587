"""The listener keeps before it answers, answers in order, and lets in only who is declared."""

import asyncio
import contextlib
import ssl

import pytest
from intake_rig import adt, feed, site

from codedark.entries import payload_of
from codedark.errors import AppendFailed, ConfigError
from codedark.hl7 import frame
from codedark.intake import FeedDeclaration, Listener
from codedark.journal import Draft, Flag, Outcome, Receipt


def test_a_message_is_kept_byte_for_byte_and_then_acknowledged(tmp_path):
    async def story():
        async with site(tmp_path) as s:
            client = await s.connect()
            answer = await client.exchange(adt(1))
            assert (answer["MSA"].text(1), answer["MSA"].text(2)) == ("AA", "1")
            assert answer["MSH"].text(5) == "EHR"
            (entry,) = s.entries("hl7.received")
            assert entry.payload == adt(1)
            assert (entry.source, entry.once) == ("feed:adt", ("adt\x1fEHR\x1fHOSP", "1"))

    asyncio.run(story())


def test_what_cannot_be_parsed_but_has_a_header_is_kept_and_acknowledged(tmp_path):
    async def story():
        async with site(tmp_path) as s:
            client = await s.connect()
            bad = adt(1) + b"\x00\xff\xfe no segment at all\r" + adt(2)
            assert (await client.exchange(bad))["MSA"].text(1) == "AA"
            assert s.entries("hl7.received")[0].payload == bad

    asyncio.run(story())


def test_a_resent_message_gets_the_first_receipt(tmp_path):
    async def story():
        async with site(tmp_path) as s:
            client = await s.connect()
            await client.send(frame(adt(1)))
            first = await client.raw_answer()
            s.clock.advance(3_600_000_000)
            again = await s.connect()
            await again.send(frame(adt(1)))
            assert await again.raw_answer() == first
            assert len(s.entries("hl7.received")) == 1

    asyncio.run(story())


def test_the_same_id_with_other_bytes_is_kept_and_flagged(tmp_path):
    async def story():
        async with site(tmp_path) as s:
            client = await s.connect()
            await client.exchange(adt(1))
            assert (await client.exchange(adt(1, "other")))["MSA"].text(1) == "AA"
            first, second = s.entries("hl7.received")
            assert Flag.OTHER_BYTES in second.header.flags
            assert Flag.OTHER_BYTES not in first.header.flags

    asyncio.run(story())


def test_messages_without_control_id_are_each_kept(tmp_path):
    async def story():
        async with site(tmp_path) as s:
            client = await s.connect()
            for _ in range(2):
                answer = await client.exchange(adt(""))
                assert (answer["MSA"].text(1), answer["MSA"].text(2)) == ("AA", "")
            assert len(s.entries("hl7.received")) == 2

    asyncio.run(story())


def test_pipelined_messages_are_answered_in_order(tmp_path):
    async def story():
        async with site(tmp_path) as s:
            client = await s.connect()
            await client.send(b"".join(frame(adt(n)) for n in range(1000)))
            assert await client.codes(1000) == [("AA", str(n)) for n in range(1000)]
            assert len(s.entries("hl7.received")) == 1000

    asyncio.run(story())


def test_answers_keep_their_order_when_receipts_do_not(tmp_path):
    """The journal's people lane can overtake: answers must not."""
    waiting = []

    def hold(draft, done):
        waiting.append((draft, done))

    async def story():
        async with site(tmp_path, submit=hold) as s:
            client = await s.connect()
            await client.send(b"".join(frame(adt(n)) for n in range(3)))
            while len(waiting) < 3:
                await asyncio.sleep(0.01)
            for n in (2, 1, 0):
                s.journal.submit(*waiting[n])
                while not waiting[n][1].result:
                    await asyncio.sleep(0.01)
            assert [i for _, i in await client.codes(3)] == ["0", "1", "2"]
            waiting.clear()
            await client.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("accept", "app", "code"), [("AL", "NE", "CA"), ("AL", "AL", "CA"), ("SU", "", "CA"), ("NE", "AL", "AA")]
)
def test_enhanced_mode_answers_as_msh_15_and_16_ask(tmp_path, accept, app, code):
    async def story():
        async with site(tmp_path) as s:
            client = await s.connect()
            assert (await client.exchange(adt(1, accept=accept, app=app)))["MSA"].text(1) == code

    asyncio.run(story())


def test_a_sender_that_asks_for_no_answer_gets_one_because_mllp_senders_wait(tmp_path):
    async def story():
        async with site(tmp_path) as s:
            client = await s.connect()
            assert (await client.exchange(adt(1, accept="NE", app="NE")))["MSA"].text(1) == "CA"
            assert (await client.exchange(adt(2, accept="ER", app="NE")))["MSA"].text(1) == "CA"

    asyncio.run(story())


def test_a_feed_declared_to_the_letter_answers_only_when_asked_and_still_keeps(tmp_path):
    async def story():
        async with site(tmp_path, feed(always_answer=False)) as s:
            client = await s.connect()
            await client.send(frame(adt(1, accept="NE", app="NE")))
            answer = await client.exchange(adt(2))
            assert answer["MSA"].text(2) == "2"
            assert len(s.entries("hl7.received")) == 2

    asyncio.run(story())


def test_a_frame_without_header_is_refused_and_its_prefix_kept(tmp_path):
    async def story():
        async with site(tmp_path) as s:
            client = await s.connect()
            answer = await client.exchange(b"hello there")
            assert (answer["MSA"].text(1), answer["MSA"].text(2)) == ("AR", "")
            (entry,) = s.entries("hl7.refused")
            refused = payload_of(entry)
            assert (refused.prefix, refused.length, refused.reason) == (b"hello there", 11, "no MSH")
            assert len(refused.mac) == 16

    asyncio.run(story())


def test_an_oversize_message_is_refused_by_its_own_id_and_the_next_one_is_taken(tmp_path):
    async def story():
        async with site(tmp_path, feed(frame_limit=10_000)) as s:
            client = await s.connect()
            big = adt(1, "x" * 20_000)
            await client.send(frame(big) + frame(adt(2)))
            assert await client.codes(2) == [("AR", "1"), ("AA", "2")]
            refused = payload_of(s.entries("hl7.refused")[0])
            assert (refused.prefix, refused.length, refused.reason) == (big[:4096], len(big), "oversize")

    asyncio.run(story())


def test_an_oversize_message_in_enhanced_mode_gets_cr(tmp_path):
    async def story():
        async with site(tmp_path, feed(frame_limit=1_000)) as s:
            client = await s.connect()
            assert (await client.exchange(adt(1, "x" * 2_000, accept="AL")))["MSA"].text(1) == "CR"

    asyncio.run(story())


def test_bytes_outside_frames_are_kept_and_not_answered(tmp_path):
    async def story():
        async with site(tmp_path) as s:
            client = await s.connect()
            await client.send(b"GET / HTTP/1.1\r\n\r\n" + frame(adt(1)))
            assert await client.codes(1) == [("AA", "1")]
            assert payload_of(s.entries("hl7.refused")[0]).reason == "not a frame"

    asyncio.run(story())


def test_a_cut_message_is_kept_as_refused(tmp_path):
    async def story():
        async with site(tmp_path) as s:
            client = await s.connect()
            await client.send(b"\x0b" + adt(1)[:50])
            await client.close()
            while not s.entries("hl7.refused"):
                await asyncio.sleep(0.01)
            assert payload_of(s.entries("hl7.refused")[0]).prefix == adt(1)[:50]

    asyncio.run(story())


async def _unanswered_when_not_kept(tmp_path, submit=None, *, close_journal=False) -> tuple[bool, int]:
    async with site(tmp_path, submit=submit) as s:
        client = await s.connect()
        if close_journal:
            s.journal.close()
        answer = await client.exchange(adt(1))
        return answer is None, len(s.entries("hl7.received"))


def test_a_failed_append_closes_the_connection_unanswered(tmp_path):
    assert asyncio.run(_unanswered_when_not_kept(tmp_path, close_journal=True)) == (True, 0)


def test_control_a_listener_that_answers_before_keeping_would_be_seen(tmp_path):
    def promise_only(draft: Draft, done) -> None:
        done(Receipt(b"o" * 16, 1, 0, Outcome.NEW))

    unanswered, kept = asyncio.run(_unanswered_when_not_kept(tmp_path, promise_only))
    assert (unanswered, kept) == (False, 0)


def test_after_a_failed_append_the_sender_reconnects_and_resends(tmp_path):
    async def story():
        full = [True]
        async with site(tmp_path) as s:
            keep = s.journal.submit

            def submit(draft, done):
                if full[0]:
                    done(AppendFailed("the journal's disk is full"))
                else:
                    keep(draft, done)

            listener = Listener([feed()], submit, s.journal.mac, s.clock)
            await listener.start()
            s.listener.ports.update(listener.ports)
            client = await s.connect()
            await client.send(frame(adt(1)) + frame(adt(2)))
            assert await client.answer() is None
            full[0] = False
            again = await s.connect()
            await again.send(frame(adt(1)) + frame(adt(2)))
            assert await again.codes(2) == [("AA", "1"), ("AA", "2")]
            await listener.stop()

    asyncio.run(story())


def test_a_journal_that_never_answers_closes_the_connection(tmp_path):
    def hang(draft, done) -> None:
        pass

    async def story():
        async with site(tmp_path, submit=hang) as s:
            client = await s.connect()
            await client.send(frame(adt(1)))
            while not any(not c.idle for e in s.listener._endpoints for c in e.connections):
                await asyncio.sleep(0.01)
            s.clock.advance(4_500_000)
            assert await client.answer() is None

    asyncio.run(story())


def test_an_undeclared_peer_is_dropped_and_counted(tmp_path):
    async def story():
        async with site(tmp_path, feed(peers=("10.9.8.0/24",))) as s:
            client = await s.connect()
            assert await client.exchange(adt(1)) is None
            assert s.entries("hl7.received") == []
            assert s.listener.tallies["adt"].refusals == 1

    asyncio.run(story())


def test_two_feeds_on_one_port_are_told_apart_by_their_peers(tmp_path):
    async def story():
        lab = FeedDeclaration("lab", "127.0.0.1", 0, ("127.0.0.2/32",))
        async with site(tmp_path, lab) as s:
            port = s.port("lab")
            await s.listener.stop()
            feeds = [
                FeedDeclaration("lab", "127.0.0.1", port, ("127.0.0.2/32",)),
                FeedDeclaration("adt", "127.0.0.1", port, ("127.0.0.1/32",)),
            ]
            listener = Listener(feeds, s.journal.submit, s.journal.mac, s.clock)
            await listener.start()
            s.listener.ports.update(listener.ports)
            await (await s.connect("adt")).exchange(adt(1))
            await (await s.connect("lab", local_addr=("127.0.0.2", 0))).exchange(adt(2))
            assert [e.source for e in s.entries("hl7.received")] == ["feed:adt", "feed:lab"]
            await listener.stop()

    asyncio.run(story())


def test_a_feed_has_a_bounded_number_of_connections(tmp_path):
    async def story():
        async with site(tmp_path, feed(connections_max=2)) as s:
            first, second = await s.connect(), await s.connect()
            assert await first.exchange(adt(1))
            assert await second.exchange(adt(2))
            third = await s.connect()
            assert await third.exchange(adt(3)) is None
            assert s.listener.tallies["adt"].refusals == 1
            await first.close()
            while len(s.listener._endpoints[0].connections) > 1:
                await asyncio.sleep(0.01)
            assert await (await s.connect()).exchange(adt(3))

    asyncio.run(story())


def test_counts_become_one_entry_a_minute_at_most(tmp_path):
    async def story():
        async with site(tmp_path) as s:
            client = await s.connect()
            for number in (1, 1, 2):
                await client.exchange(adt(number))
            await client.exchange(adt(2, "other"))
            await client.exchange(b"no header")
            s.clock.advance(59_000_000)
            await asyncio.sleep(0.7)
            assert s.entries("feed.heard") == []
            s.clock.advance(2_000_000)
            while not s.entries("feed.heard"):
                await asyncio.sleep(0.05)
            heard = payload_of(s.entries("feed.heard")[0])
            assert (heard.feed, heard.received, heard.duplicates, heard.differing) == ("adt", 2, 1, 1)
            assert (heard.connects, heard.refusals) == (1, 1)
            assert heard.until_us - heard.since_us == 61_000_000

    asyncio.run(story())


def test_a_clean_stop_answers_what_is_under_way_and_writes_the_last_counts(tmp_path):
    async def story():
        async with site(tmp_path) as s:
            client = await s.connect()
            await client.send(b"".join(frame(adt(n)) for n in range(200)))
            await client.codes(1)
            await s.listener.stop()
            kept = len(s.entries("hl7.received"))
            assert len(await client.codes(kept - 1)) == kept - 1
            assert await client.answer() is None
            heard = [payload_of(e) for e in s.entries("feed.heard")]
            assert [h.received for h in heard] == [kept]

    asyncio.run(story())


def test_counts_that_could_not_be_written_are_counted_again(tmp_path):
    async def story():
        async with site(tmp_path) as s:
            tally = s.listener.tallies["adt"]
            await (await s.connect()).exchange(adt(1))
            payload = tally.close(s.clock.now_us(), 0)
            tally.give_back(payload)
            assert (tally.received, tally.connects) == (1, 1)

    asyncio.run(story())


def test_a_frame_that_lacks_its_last_byte_is_taken_after_a_silence(tmp_path):
    async def story():
        async with site(tmp_path) as s:
            client = await s.connect()
            await client.send(b"\x0b" + adt(1) + b"\x1c")
            assert await client.codes(1) == [("AA", "1")]

    asyncio.run(story())


def test_a_port_that_is_taken_is_a_config_error(tmp_path):
    async def story():
        async with site(tmp_path) as s:
            again = FeedDeclaration("lab", "127.0.0.1", s.port(), ("127.0.0.1/32",))
            with pytest.raises(ConfigError):
                await Listener([again], s.journal.submit, s.journal.mac, s.clock).start()

    asyncio.run(story())


def test_feeds_of_one_port_must_agree_on_tls(tmp_path):
    async def story():
        async with site(tmp_path) as s:
            plain = FeedDeclaration("a", "127.0.0.1", 29_999, ("127.0.0.1/32",))
            secret = FeedDeclaration("b", "127.0.0.1", 29_999, ("127.0.0.2/32",), tls=ssl.create_default_context())
            with pytest.raises(ConfigError):
                await Listener([plain, secret], s.journal.submit, s.journal.mac, s.clock).start()

    asyncio.run(story())


def test_unfinished_frames_of_all_connections_have_one_bound(tmp_path):
    async def story():
        async with site(tmp_path) as s:
            s.listener.room.limit = 3_000_000
            steady = await s.connect()
            hogs = [await s.connect() for _ in range(4)]
            for hog in hogs:
                with contextlib.suppress(ConnectionError):
                    await hog.send(b"\x0b" + adt(1, "x" * 1_000_000))
            answers = [asyncio.create_task(hog.answer()) for hog in hogs]
            done, _ = await asyncio.wait(answers, return_when=asyncio.FIRST_COMPLETED)
            assert [t.result() for t in done] == [None] * len(done)
            assert s.listener.room.held <= 3_000_000
            assert (await steady.exchange(adt(2)))["MSA"].text(1) == "AA"
            for task in answers:
                task.cancel()

    asyncio.run(story())


def test_a_peer_that_reads_no_answers_is_not_read_either(tmp_path):
    async def story():
        async with site(tmp_path) as s:
            _, writer = await asyncio.open_connection("127.0.0.1", s.port())
            long_ids = (frame(adt(f"{n:010000d}")) for n in range(4_000))

            async def send():
                for message in long_ids:
                    writer.write(message)
                    await writer.drain()

            sending = asyncio.create_task(send())
            while not s.listener._endpoints[0].connections:
                await asyncio.sleep(0.01)
            (connection,) = s.listener._endpoints[0].connections
            while not connection._clogged:
                await asyncio.sleep(0.01)
            assert not connection._transport.is_reading()
            assert not sending.done()
            sending.cancel()
            writer.transport.abort()

    asyncio.run(story())
