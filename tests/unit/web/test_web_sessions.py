"""Sessions end when they should, on the node and not only in the browser; nobody plants one."""

from __future__ import annotations

import pytest
from web_rig import Guest, House

from codedark.access import Cookies
from codedark.actions import ReadingGap
from codedark.clock import US_PER_S

MINUTE, HOUR = 60 * US_PER_S, 3600 * US_PER_S
SESSION, FORM = "__Host-codedark", "__Host-codedark-form"


def let_in(guest: Guest) -> bool:
    return guest.get("/units").status == 200


def with_envelope(home: House, number: int = 0) -> Guest:
    guest = home.guest()
    guest.get("/envelope")
    guest.post(
        "/envelope", {"unit": "4W", "code": home.codes["4W"][number], "claimed": "L. Roy", "witness": "M. Okoro"}
    )
    return guest


def test_a_session_nobody_uses_ends_after_half_an_hour(home: House) -> None:
    guest = home.in_as("nurse")
    home.clock.advance(30 * MINUTE)
    assert let_in(guest)
    home.clock.advance(30 * MINUTE + US_PER_S)
    assert not let_in(guest)


def test_a_session_in_use_ends_after_twelve_hours(home: House) -> None:
    guest = home.in_as("nurse")
    for _ in range(12 * 3 - 1):
        home.clock.advance(20 * MINUTE)
        assert let_in(guest)
    home.clock.advance(20 * MINUTE)
    assert not let_in(guest)


def test_an_envelope_waits_two_hours_and_ends_after_twelve(home: House) -> None:
    idle, used = with_envelope(home), with_envelope(home, 1)
    for _ in range(7):
        home.clock.advance(100 * MINUTE)
        assert let_in(used)
    assert not let_in(idle)
    home.clock.advance(20 * MINUTE)
    assert not let_in(used)


@pytest.mark.parametrize("restart", [False, True], ids=["at once", "after a restart"])
def test_after_a_log_out_the_old_cookie_opens_nothing(home: House, restart: bool) -> None:
    guest = home.in_as("nurse")
    kept = dict(guest.jar)
    guest.post("/lock")
    home.fold()
    if restart:
        home.deeds.closed._until.clear()  # another process remembers nothing
    guest.jar = kept

    assert not let_in(guest)


def test_the_control_without_the_log_out_it_opens(home: House) -> None:
    guest = home.in_as("nurse")
    guest.jar = dict(guest.jar)

    assert let_in(guest)


def test_a_log_out_with_nothing_writable_holds_at_once(home: House) -> None:
    guest = home.in_as("nurse")
    kept = dict(guest.jar)
    home.deeds.gap = ReadingGap()
    home.full = True
    guest.post("/lock")
    guest.jar = kept

    assert not let_in(guest)


def test_a_planted_cookie_is_not_taken_over_by_a_log_in(home: House) -> None:
    attacker = home.in_as("physician")
    planted = attacker.jar[SESSION]
    victim = home.guest()
    victim.jar[SESSION] = planted
    victim.get("/login")
    victim.log_in("nurse")

    assert victim.jar[SESSION] != planted
    assert "Nurse" in victim.get("/units").text
    assert "Nurse" not in attacker.get("/units").text


def test_every_log_in_is_a_session_of_its_own(home: House) -> None:
    first, second = home.in_as("nurse"), home.in_as("nurse")
    opened = {one.session for one in home.said("session.opened")}

    assert len(opened) == 2
    second.post("/lock")
    assert let_in(first)


def test_a_planted_form_cookie_gives_no_token_to_who_planted_it(home: House) -> None:
    """Before the log-in a form is bound to a random cookie, after it to the session."""
    attacker = home.guest()
    attacker.get("/login")
    victim = home.guest()
    victim.jar[FORM] = attacker.jar[FORM]
    victim.log_in("physician")

    assert victim.post("/search", {"text": "MARLOWE"}, token=attacker.token).status == 403


@pytest.mark.parametrize("change", ["first", "middle", "last", "cut", "grown", "empty"])
def test_a_changed_cookie_opens_nothing(home: House, change: str) -> None:
    guest = home.in_as("nurse")
    whole = guest.jar[SESSION]
    at = {"first": 0, "middle": len(whole) // 2, "last": len(whole) - 2}.get(change)
    if at is not None:
        changed = whole[:at] + ("A" if whole[at] != "A" else "B") + whole[at + 1 :]
    else:
        changed = {"cut": whole[:-4], "grown": whole + "AAAA", "empty": ""}[change]
    guest.jar[SESSION] = changed

    assert not let_in(guest)


def test_a_cookie_of_another_node_opens_nothing(home: House) -> None:
    guest = home.in_as("nurse")
    session = Cookies(home.keys.cookie_key).open(guest.jar[SESSION], home.clock.now_us())
    assert session
    guest.jar[SESSION] = Cookies(bytes(32)).seal(session)

    assert not let_in(guest)


def test_a_clock_that_steps_back_before_its_opening_ends_a_session(home: House) -> None:
    guest = home.in_as("nurse")
    home.clock.jump(-HOUR)

    assert not let_in(guest)


def test_a_closed_account_is_out_at_its_next_click(home: House) -> None:
    guest = home.in_as("nurse")
    account = home.deeds.record.account("nurse")
    assert account
    home.store.writer().execute("UPDATE account SET active=0 WHERE person=?", (account.person,))

    assert not let_in(guest)
