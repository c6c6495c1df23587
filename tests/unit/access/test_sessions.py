"""Sessions and their cookies."""

from __future__ import annotations

import base64

import pytest

from codedark.access import FOUNDING, ClosedSessions, Cookies, Session, envelope_session, password_session
from codedark.access.sessions import IDLE_US, LONGEST_US
from codedark.clock import US_PER_S, SeededChance
from codedark.errors import ActionRefused

NOW = 1_790_000_000 * US_PER_S
HOUR = 3600 * US_PER_S
COOKIES = Cookies(b"k" * 32)


@pytest.fixture
def session(chance: SeededChance) -> Session:
    return password_session("p1", "R. Diaz", "rdiaz", {"nurse": ("4W",)}, NOW, chance, "10.0.0.7")


def test_a_sealed_session_opens_as_it_was(session: Session) -> None:
    assert COOKIES.open(COOKIES.seal(session), NOW) == session


def test_the_cookie_shows_nothing_of_the_person(session: Session) -> None:
    token = COOKIES.seal(session)
    raw = base64.urlsafe_b64decode(token + "==")
    assert not any(word in raw for word in (b"rdiaz", b"Diaz", b"nurse", b"4W"))


@pytest.mark.parametrize("at", [0, 7, 40, -1])
def test_a_changed_cookie_opens_nothing(session: Session, at: int) -> None:
    token = COOKIES.seal(session)
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    raw[at] ^= 1
    assert COOKIES.open(base64.urlsafe_b64encode(bytes(raw)).decode(), NOW) is None


@pytest.mark.parametrize("token", ["", "x", "AAAA", "é", "a b", "A" * 5000])
def test_what_is_no_cookie_opens_nothing(token: str) -> None:
    assert COOKIES.open(token, NOW) is None


def test_a_cookie_of_another_key_opens_nothing(session: Session) -> None:
    assert Cookies(b"x" * 32).open(COOKIES.seal(session), NOW) is None


def test_an_idle_session_ends(session: Session) -> None:
    token = COOKIES.seal(session)
    assert COOKIES.open(token, NOW + IDLE_US["password"]) is not None
    assert COOKIES.open(token, NOW + IDLE_US["password"] + 1) is None


def test_a_used_session_does_not_idle_out(session: Session) -> None:
    token = COOKIES.seal(session.touched(NOW + 20 * 60 * US_PER_S))
    assert COOKIES.open(token, NOW + 40 * 60 * US_PER_S) is not None


def test_no_session_outlives_twelve_hours_however_much_it_is_used(session: Session) -> None:
    late = session.touched(NOW + LONGEST_US - 1)
    assert COOKIES.open(COOKIES.seal(late), NOW + LONGEST_US - 1) is not None
    assert COOKIES.open(COOKIES.seal(late), NOW + LONGEST_US) is None


def test_a_session_from_the_future_opens_nothing(session: Session) -> None:
    assert COOKIES.open(COOKIES.seal(session), NOW - HOUR) is None


def test_an_envelope_is_for_one_unit_and_twelve_hours(chance: SeededChance) -> None:
    opened = envelope_session("4W", "c1", 3, "L. Roy", "M. Okoro", NOW, chance)
    assert opened.roles == {"envelope": ("4W",)}
    assert opened.until_us - NOW == 12 * HOUR
    assert (opened.name, opened.witness, opened.person) == ("L. Roy", "M. Okoro", "envelope-c1-3")


def test_an_envelope_left_alone_two_hours_ends(chance: SeededChance) -> None:
    token = COOKIES.seal(envelope_session("4W", "c1", 3, "L. Roy", "M. Okoro", NOW, chance))
    assert COOKIES.open(token, NOW + 2 * HOUR) is not None
    assert COOKIES.open(token, NOW + 2 * HOUR + 1) is None


def test_a_founding_session_never_becomes_a_cookie(session: Session) -> None:
    founding = Session(**{field: getattr(session, field) for field in session.__struct_fields__} | {"basis": FOUNDING})
    with pytest.raises(ActionRefused):
        COOKIES.seal(founding)


def test_a_closed_session_is_known_until_it_had_ended_anyway(session: Session, chance: SeededChance) -> None:
    closed = ClosedSessions()
    closed.close(session, NOW)
    assert session in closed
    other = password_session("p2", "M. Okoro", "mokoro", {}, NOW + 13 * HOUR, chance)
    closed.close(other, NOW + 13 * HOUR)
    assert session not in closed
    assert other in closed
