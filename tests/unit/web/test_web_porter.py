"""The door under attack: the nurse gets in, every bad log-in is refused and counted, the journal is not filled."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Awaitable
from urllib.parse import urlencode

import pytest
from web_rig import Got, Guest, House

from codedark.access import AttemptLane, Cookies
from codedark.actions import note_refusals
from codedark.clock import SeededChance
from codedark.entries import LoginRefused
from codedark.web import WebSettings, create_app
from codedark.web.app import LANES, Lane
from codedark.web.lanes import FairLane, Width

ATTACKERS, EACH = 40, 5
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Flooded:
    """The pages while every hash that is begun never ends, and hundreds of bad log-ins stand at the door."""

    def __init__(self, home: House, lanes: dict[Lane, FairLane] | None = None) -> None:
        self.home = home
        settings = WebSettings(form_key=b"form key of tests", facility="Waterbury", zone="America/New_York")
        record = home.deeds.record
        home.app = create_app(
            lambda: record, lambda: home.deeds, Cookies(home.keys.cookie_key), settings, home.clock,
            SeededChance("flood"), lanes=lanes,
        )  # fmt: skip
        self.hashes = home.deeds.passwords._slots
        self.refused: list[Got] = []

    def nurse_reads(self, patience_s: float = 10.0) -> Got | None:
        """The nurse's chart; None when she has not got it while nothing moves any more."""
        guests = [Guest(self.home.app, f"10.1.0.{number}") for number in range(ATTACKERS)]
        nurse = Guest(self.home.app, "10.2.0.1")
        for guest in (*guests, nurse):
            guest.get("/envelope" if guest is nurse else "/login")
        return asyncio.run(self._play(guests, nurse, patience_s))

    async def _play(self, guests: list[Guest], nurse: Guest, patience_s: float) -> Got | None:
        taken = 0
        while self.hashes.acquire(blocking=False):
            taken += 1
        flood = [asyncio.create_task(self._bad(guest)) for guest in guests for _ in range(EACH)]
        await asyncio.sleep(0)
        got: Got | None = None
        try:
            got = await asyncio.wait_for(
                asyncio.shield(reading := asyncio.ensure_future(self._chart(nurse))), patience_s
            )
        except TimeoutError:
            got = None
        finally:
            for _ in range(taken):
                self.hashes.release()
            self.refused += await asyncio.gather(*flood)
            await reading
        return got

    def _bad(self, guest: Guest) -> Awaitable[Got]:
        form = {"token": guest.token, "login": "nurse", "password": "a wrong password"}
        return guest._exchange("POST", "/login", urlencode(form).encode(), FORM)

    async def _chart(self, nurse: Guest) -> Got:
        form = {
            "token": nurse.token,
            "unit": "4W",
            "code": self.home.codes["4W"][0],
            "claimed": "L. Roy",
            "witness": "M. O",
        }
        got = await nurse._exchange("POST", "/envelope", urlencode(form).encode(), FORM)
        for line in got.cookies:
            name, _, value = line.partition("=")
            nurse.jar[name] = value.partition(";")[0]
        return await nurse._exchange("GET", f"/chart/{self.home.patient('4W')}", b"", {})


def test_a_nurse_with_the_envelope_reads_a_chart_while_bad_log_ins_stand_in_every_place(home: House) -> None:
    flooded = Flooded(home)

    got = flooded.nurse_reads()

    assert got is not None
    assert got.status == 200
    assert "MARLOWE" in got.text


def test_the_control_one_lane_for_all_keeps_her_out_as_long_as_it_lasts(home: House) -> None:
    one = FairLane("one", LANES[Lane.PASSWORDS])
    flooded = Flooded(home, dict.fromkeys(Lane, one))

    assert flooded.nurse_reads(patience_s=1.0) is None


def test_every_bad_log_in_is_refused_and_counted_in_few_entries(home: House) -> None:
    flooded = Flooded(home)

    flooded.nurse_reads()
    note_refusals(home.deeds, ending=True)

    assert {got.status for got in flooded.refused} <= {403, 429, 503}
    assert not any("__Host-codedark=" in line for got in flooded.refused for line in got.cookies)
    said = [one for one in home.said("login.refused") if isinstance(one, LoginRefused)]
    assert sum(one.count for one in said) == ATTACKERS * EACH == len(flooded.refused)
    assert len(said) <= 2 * ATTACKERS


def slowed(home: House, times: int = 6) -> Guest:
    """A device that got it wrong more often than is free."""
    guest = home.guest()
    guest.get("/login")
    for _ in range(times):
        guest.post("/login", {"login": "nurse", "password": "a wrong password"})
    return guest


def test_a_device_that_must_wait_is_answered_without_the_record(home: House) -> None:
    guest = slowed(home)
    home.store.writer().execute("DROP TABLE account")

    got = guest.post("/login", {"login": "nurse", "password": "a wrong password"})

    assert got.status == 429
    assert got.headers["retry-after"] == "1"
    assert "wait 1 s" in got.text
    assert "envelope" in got.text


def test_the_control_a_device_that_need_not_wait_is_looked_at(home: House) -> None:
    guest = home.guest()
    guest.get("/login")
    home.store.writer().execute("DROP TABLE account")

    assert guest.post("/login", {"login": "nurse", "password": "a wrong password"}).status == 500


def test_what_is_answered_at_the_door_carries_the_headers_of_every_page(home: House) -> None:
    usual, got = home.guest().get("/login").headers, slowed(home, 7).post("/login", {"login": "a"}).headers

    for name in ("content-security-policy", "cache-control", "strict-transport-security", "x-content-type-options"):
        assert got[name] == usual[name]


def test_after_the_wait_the_right_password_opens(home: House) -> None:
    guest = slowed(home)
    home.clock.advance(1_000_000)

    assert guest.log_in("nurse").status == 303


def test_another_device_is_not_slowed(home: House) -> None:
    slowed(home, 30)
    other = Guest(home.app, "10.0.0.8")

    assert other.log_in("nurse").status == 303


def test_the_envelope_opens_on_the_device_whose_log_ins_are_slowed(home: House) -> None:
    guest = slowed(home, 30)
    guest.get("/envelope")

    got = guest.post("/envelope", {"unit": "4W", "code": home.codes["4W"][0], "claimed": "L. Roy", "witness": "M. O"})

    assert got.place == "/units"


def test_refusals_at_the_door_are_at_most_one_entry_a_minute_and_device(home: House) -> None:
    guest = slowed(home)
    for _ in range(500):
        guest.post("/login", {"login": "nurse", "password": "a wrong password"})
    note_refusals(home.deeds, ending=True)

    said = [one.count for one in home.said("login.refused")]
    assert sum(said) == 506
    assert len(said) <= 3


def test_neighbours_in_one_ipv6_network_count_as_one_device(home: House) -> None:
    for number in range(6):
        guest = Guest(home.app, f"2001:db8::{number + 1:x}")
        guest.get("/login")
        guest.post("/login", {"login": "nurse", "password": "a wrong password"})

    assert home.deeds.throttle.wait_us(AttemptLane.PASSWORD, "2001:db8::ffff", home.clock.steady_us())
    assert not home.deeds.throttle.wait_us(AttemptLane.PASSWORD, "2001:db8:0:1::1", home.clock.steady_us())


def test_a_form_that_says_it_is_large_is_refused_before_it_comes(home: House) -> None:
    guest = home.guest()
    guest.get("/login")

    got = guest.post("/login", {"login": "a"}, content_length="99999999")

    assert got.status == 413
    assert got.headers["connection"] == "close"


def test_a_form_that_never_comes_whole_is_let_go(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codedark.web.app.BODY_S", 0.05)
    guest = home.guest()
    guest.get("/login")
    asked: list[int] = []

    async def never() -> dict[str, object]:
        asked.append(1)
        await asyncio.Event().wait()
        return {}

    events: list[dict[str, object]] = []

    async def send(event: dict[str, object]) -> None:
        events.append(event)

    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "scheme": "https", "path": "/login",
        "raw_path": b"/login", "query_string": b"", "root_path": "", "headers": [], "client": ("10.0.0.9", 5),
        "server": ("localhost", 443),
    }  # fmt: skip
    asyncio.run(home.app(scope, never, send))

    assert asked
    assert events[0]["status"] == 408


def test_strangers_pages_have_a_lane_of_their_own(home: House) -> None:
    lanes = {lane: FairLane(lane, width) for lane, width in LANES.items()}
    Flooded(home, lanes)
    guest = home.in_as("physician")
    lanes[Lane.STRANGERS].close()  # as if nobody there ever came to an end

    assert guest.get("/units").status == 200
    with pytest.raises(RuntimeError):
        home.guest().get("/units")


def test_a_stranger_who_finds_no_room_is_answered_at_the_door_and_a_reader_reads_on(home: House) -> None:
    lanes = {lane: FairLane(lane, width) for lane, width in LANES.items()}
    lanes[Lane.STRANGERS] = FairLane("strangers", Width(threads=1, waiting=1, each=1))
    Flooded(home, lanes)
    reader, gate, begun = home.in_as("physician"), threading.Event(), threading.Event()

    def busy() -> None:
        begun.set()
        gate.wait()

    async def play() -> tuple[Got, Got, Got, Got]:
        held = asyncio.create_task(lanes[Lane.STRANGERS].run("somebody", busy))
        await asyncio.to_thread(begun.wait)
        waits = asyncio.create_task(home.guest()._exchange("GET", "/login", b"", {}))
        await asyncio.sleep(0)
        while not lanes[Lane.STRANGERS].waiting:
            await asyncio.sleep(0)
        refused = await home.guest()._exchange("GET", "/units", b"", {})
        read = await reader._exchange("GET", f"/chart/{home.patient('4W')}", b"", {})
        envelope = await home.guest()._exchange("GET", "/envelope", b"", {})
        gate.set()
        await held
        return refused, read, envelope, await waits

    refused, read, envelope, waited = asyncio.run(play())

    assert (refused.status, refused.headers["retry-after"]) == (503, "2")
    assert "LAST KNOWN RECORD" in refused.text
    assert (read.status, envelope.status, waited.status) == (200, 200, 200)


def test_no_account_is_ever_locked(home: House) -> None:
    for number in range(30):
        slowed_one = Guest(home.app, f"10.3.0.{number}")
        slowed_one.get("/login")
        for _ in range(7):
            slowed_one.post("/login", {"login": "nurse", "password": "a wrong password"})

    assert home.in_as("nurse").get("/units").status == 200


def test_the_waiting_page_reaches_nothing_outside(home: House) -> None:
    text = slowed(home, 7).post("/login", {"login": "a"}).text

    assert all(address.startswith("/") for address in re.findall(r'(?:src|href|action)="([^"]*)"', text))
