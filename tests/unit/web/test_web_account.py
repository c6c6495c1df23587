"""One's own password at the screen, and what a screen does when nobody uses it any more."""

from __future__ import annotations

from pathlib import Path

import pytest
from web_rig import PASSWORD, House

NEW = "lantern quay seven otters"


def _fields(old: str = PASSWORD, new: str = NEW, again: str = "") -> dict[str, str]:
    return {"old": old, "new": new, "again": again or new}


def test_a_new_password_needs_the_old_one(home: House) -> None:
    guest = home.in_as("nurse")
    guest.get("/password")
    refused = guest.post("/password", _fields(old="not the old one"))
    assert (refused.status, "old password is wrong" in refused.text) == (403, True)
    assert home.said("deed.refused")[-1].deed == "change_person"
    guest.get("/password")
    assert guest.post("/password", _fields()).place == "/login"
    home.fold()
    assert home.guest().log_in("nurse").status == 403
    assert home.guest().log_in("nurse", NEW).status == 303


def test_a_new_password_ends_every_screen_of_the_old_one(home: House) -> None:
    other, still = home.in_as("nurse"), home.in_as("physician")
    guest = home.in_as("nurse")
    guest.get("/password")
    assert other.get("/units").status == 200, "the control: until then it is open"
    guest.post("/password", _fields())
    home.fold()
    assert [other.get("/units").status, guest.get("/units").status, still.get("/units").status] == [303, 303, 200]


@pytest.mark.parametrize("new", ["password123", "waterbury2026", "nurse nurse nurse", "aaaaaaaaaaaa", "qwertyuiop"])
def test_a_password_that_others_would_guess_is_refused(home: House, new: str) -> None:
    guest = home.in_as("nurse")
    guest.get("/password")
    refused = guest.post("/password", _fields(new=new))
    assert (refused.status, "too easy to guess" in refused.text) == (403, True)


def test_two_new_passwords_that_differ_change_nothing(home: House) -> None:
    guest = home.in_as("nurse")
    guest.get("/password")
    assert guest.post("/password", _fields(again="something else here")).status == 403
    assert home.said("person.changed") == []


def test_guessing_the_old_password_at_an_open_screen_is_slowed(home: House) -> None:
    guest = home.in_as("nurse")
    guest.get("/password")
    texts = [guest.post("/password", _fields(old=f"wrong guess {n}")).text for n in range(8)]
    assert "wait" not in texts[0]
    assert "wait" in texts[-1]


def test_an_envelope_has_no_password_to_change(home: House) -> None:
    guest = home.guest()
    guest.get("/envelope")
    guest.post("/envelope", {"unit": "4W", "code": home.codes["4W"][0], "claimed": "Ann Lee", "witness": "Bo Ray"})
    assert guest.get("/password").status == 403


def test_a_screen_that_nobody_uses_leaves_by_itself(home: House) -> None:
    """Thirty minutes after the last click no patient stands there, without a script; the log-in page stays."""
    nurse = home.in_as("nurse")
    for path in ("/units", f"/chart/{home.patient('4W')}"):
        assert nurse.get(path).headers["refresh"] == "1805; url=/login"
    assert "refresh" not in home.guest().get("/login").headers
    home.clock.advance(31 * 60 * 1_000_000)
    assert nurse.get("/units").status == 303


def test_strict_transport_covers_what_lies_under_the_name(home: House, tmp_path: Path) -> None:
    assert home.guest().get("/login").headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
