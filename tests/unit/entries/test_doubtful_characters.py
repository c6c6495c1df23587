"""A name read from bytes of a doubtful character set says so, wherever it is shown."""

from __future__ import annotations

from meanings import PV1, SITE, entry, message, only

from codedark.entries import Site, interpret
from codedark.views.codings import human

NAME = "PID|1||4711^^^ANNA^MR||MÜLLER^ZOË"
MARK = "urn:codedark:charset-doubtful"


def meant(raw: bytes, site: Site = SITE):
    return only(interpret(entry(raw), site), "Patient").body["name"]


def test_doubtful_letters_are_marked_beside_the_text_and_on_the_face() -> None:
    sent = message("ADT^A01", NAME, PV1).decode().encode("latin-1")
    names = meant(sent)
    assert MARK in str(names[0]["_family"])
    assert human(names)[2] == "MÜLLER, ZOË (charset doubtful)"


def test_letters_that_are_sure_are_not_marked() -> None:
    names = meant(message("ADT^A01", NAME, PV1))
    assert MARK not in str(names)
    assert human(names)[2] == "MÜLLER, ZOË"


def test_the_site_may_say_what_an_undeclared_message_is_in() -> None:
    said = Site(facility="st-anna", codes={"charset": {"none": ("HL70211", "8859/1", "")}})
    assert MARK not in str(meant(message("ADT^A01", NAME, PV1).decode().encode("latin-1"), said))
