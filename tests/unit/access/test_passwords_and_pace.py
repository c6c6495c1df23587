"""Passwords cost the same for everybody; a device that gets it wrong is slowed, an account never locked."""

from __future__ import annotations

import threading

import pytest

from codedark.access import (
    CHEAP_COST,
    AttemptLane,
    PasswordGate,
    Refusals,
    RefusalTally,
    Throttle,
    check_password,
    hash_password,
)
from codedark.access.throttle import DEVICES, TALLIES
from codedark.clock import US_PER_S, SeededChance
from codedark.errors import ActionRefused

PASSWORD = "correct horse battery"
SECOND = US_PER_S
MINUTE = 60 * US_PER_S


def test_a_password_fits_its_own_hash_only(chance: SeededChance) -> None:
    phc = hash_password(PASSWORD, chance, CHEAP_COST)
    assert check_password(phc, PASSWORD)
    assert not check_password(phc, PASSWORD + " ")


def test_two_people_with_one_password_have_two_hashes(chance: SeededChance) -> None:
    assert hash_password(PASSWORD, chance, CHEAP_COST) != hash_password(PASSWORD, chance, CHEAP_COST)


def test_hashes_are_argon2id_with_64_mib_unless_told_otherwise(chance: SeededChance) -> None:
    assert hash_password(PASSWORD, chance).startswith("$argon2id$v=19$m=65536,t=3,p=1$")


@pytest.mark.parametrize("password", ["", "short", "x" * 257])
def test_a_password_too_short_or_too_long_is_refused(chance: SeededChance, password: str) -> None:
    with pytest.raises(ActionRefused):
        hash_password(password, chance, CHEAP_COST)


@pytest.mark.parametrize("phc", ["", "plain", "$argon2id$", "$argon2id$v=19$m=64,t=1,p=1$c2FsdA$xx"])
def test_a_damaged_hash_lets_nobody_in(phc: str) -> None:
    assert not check_password(phc, PASSWORD)


def test_the_decoy_password_opens_nothing() -> None:
    assert not PasswordGate(cost=CHEAP_COST).check(None, "nobody has this password")


def test_an_unknown_login_is_checked_against_a_hash_of_the_same_cost(chance: SeededChance) -> None:
    decoy = PasswordGate(cost=CHEAP_COST).decoy()
    assert decoy.split("$")[1:4] == hash_password(PASSWORD, chance, CHEAP_COST).split("$")[1:4]


def test_when_the_waiting_room_is_full_the_next_is_told_of_the_envelope(chance: SeededChance) -> None:
    gate = PasswordGate(limit=1, waiting=1, cost=CHEAP_COST)
    phc = hash_password(PASSWORD, chance, CHEAP_COST)
    with gate._slots:  # one hash is being computed, and one more waits
        waiting = threading.Thread(target=gate.check, args=(phc, PASSWORD))
        gate._room.acquire()
        waiting.start()
        while gate._room._value:
            pass
        with pytest.raises(ActionRefused) as refused:
            gate.check(phc, PASSWORD)
    gate._room.release()
    waiting.join()
    assert "envelope" in refused.value.hint
    assert gate.check(phc, PASSWORD)


def wrong(throttle: Throttle, lane: AttemptLane, device: str, times: int, now: int = 0) -> None:
    for _ in range(times):
        throttle.wrong(lane, device, now)


def test_five_mistakes_cost_nothing_the_sixth_costs_a_second() -> None:
    throttle = Throttle()
    wrong(throttle, AttemptLane.PASSWORD, "pc", 5)
    assert throttle.wait_us(AttemptLane.PASSWORD, "pc", 0) == 0
    wrong(throttle, AttemptLane.PASSWORD, "pc", 1)
    assert throttle.wait_us(AttemptLane.PASSWORD, "pc", 0) == SECOND


def test_the_wait_doubles_up_to_a_minute_and_no_further() -> None:
    throttle, waits = Throttle(), []
    for _ in range(14):
        wrong(throttle, AttemptLane.PASSWORD, "pc", 1)
        waits.append(throttle.wait_us(AttemptLane.PASSWORD, "pc", 0) // SECOND)
    assert waits == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_another_device_is_not_slowed() -> None:
    throttle = Throttle()
    wrong(throttle, AttemptLane.PASSWORD, "pc", 100)
    assert throttle.wait_us(AttemptLane.PASSWORD, "other", 0) == 0


def test_the_envelope_is_not_slowed_by_bad_passwords_on_the_same_device() -> None:
    throttle = Throttle()
    wrong(throttle, AttemptLane.PASSWORD, "pc", 10_000)
    assert throttle.wait_us(AttemptLane.ENVELOPE, "pc", 0) == 0


def test_bad_codes_never_hold_the_envelope_longer_than_ten_seconds() -> None:
    throttle = Throttle()
    wrong(throttle, AttemptLane.ENVELOPE, "pc", 10_000)
    assert throttle.wait_us(AttemptLane.ENVELOPE, "pc", 0) == 10 * SECOND


def test_a_quarter_of_an_hour_of_quiet_is_forgiven() -> None:
    throttle = Throttle()
    wrong(throttle, AttemptLane.PASSWORD, "pc", 50)
    wrong(throttle, AttemptLane.PASSWORD, "pc", 1, now=16 * MINUTE)
    assert throttle.wait_us(AttemptLane.PASSWORD, "pc", 16 * MINUTE) == 0


def test_a_right_password_clears_the_device() -> None:
    throttle = Throttle()
    wrong(throttle, AttemptLane.PASSWORD, "pc", 50)
    throttle.right(AttemptLane.PASSWORD, "pc")
    assert throttle.wait_us(AttemptLane.PASSWORD, "pc", 0) == 0


def test_a_hundred_thousand_devices_do_not_fill_the_memory() -> None:
    throttle = Throttle()
    for number in range(3 * DEVICES):
        throttle.wrong(AttemptLane.PASSWORD, f"pc-{number}", 0)
    assert len(throttle._seen) == DEVICES


def test_refusals_are_said_at_once_and_then_once_a_minute() -> None:
    tally = RefusalTally()
    said = [tally.note("pc", "rdiaz", second * SECOND) for second in range(121)]
    assert [refusals for refusals in said if refusals] == [
        Refusals("pc", 1, "rdiaz"),
        Refusals("pc", 60, "rdiaz"),
        Refusals("pc", 60, "rdiaz"),
    ]


def test_refusals_about_several_accounts_name_none() -> None:
    tally = RefusalTally()
    tally.note("pc", "rdiaz", 0)
    tally.note("pc", "rdiaz", 1)
    tally.note("pc", "mokoro", 2)
    assert tally.due(MINUTE) == [Refusals("pc", 2, "")]


def test_the_last_refusals_of_a_minute_are_not_lost() -> None:
    tally = RefusalTally()
    tally.note("pc", "", 0)
    tally.note("pc", "", 1)
    assert tally.due(30 * SECOND) == []
    assert tally.due(MINUTE) == [Refusals("pc", 1, "")]
    assert tally.due(3 * MINUTE) == []


def test_refusals_that_could_not_be_written_are_counted_again() -> None:
    tally = RefusalTally()
    refusals = tally.note("pc", "", 0)
    assert refusals
    tally.put_back(refusals)
    assert tally.due(MINUTE) == [Refusals("pc", 1, "")]


def test_devices_beyond_the_limit_are_counted_together() -> None:
    tally = RefusalTally()
    for number in range(TALLIES + 5):
        tally.note(f"pc-{number}", "", 0)
    assert tally.due(MINUTE) == [Refusals("others", 4, "")]
