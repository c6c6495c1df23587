"""Two people at two screens: what one proposes, another does; nobody does it alone."""

from __future__ import annotations

import html
import re

import pytest
from web_rig import Got, Guest, House

DISTRUST = {
    "deed": "distrust",
    "source": "feed:adt",
    "since": "2026-09-01T00:00-04:00",
    "until": "",
    "reason": "forged <b>merges</b>",
}


def propose(home: House, role: str = "administrator", **fields: str) -> Guest:
    guest = home.in_as(role)
    guest.get("/two-people")
    assert guest.post("/two-people", {**DISTRUST, **fields}).status == 303
    home.fold()
    return guest


def answer(home: House, guest: Guest, answer: str = "yes", **forged: str) -> Got:
    """Answer the first proposal that the page shows, or that another's page shows when this one offers no form."""
    text = guest.get("/two-people").text
    found = re.search(r'name="proposal" value="([0-9a-f]+)"><input type="hidden" name="seen" value="([0-9a-f]+)"', text)
    if found is None:
        shown = home.in_as("commander").get("/two-people").text
        found = re.search(
            r'name="proposal" value="([0-9a-f]+)"><input type="hidden" name="seen" value="([0-9a-f]+)"', shown
        )
    assert found
    got = guest.post("/two-people", {"proposal": found[1], "seen": found[2], "answer": answer, **forged})
    home.fold()
    return got


def test_one_proposes_another_approves_and_it_is_done(home: House) -> None:
    propose(home)
    assert answer(home, home.in_as("engineer")).status == 303
    assert [said.source for said in home.said("source.distrusted")] == ["feed:adt"]
    assert "approved" in home.in_as("engineer").get("/two-people").text


def test_the_author_is_offered_no_answer_and_a_forged_one_does_nothing(home: House) -> None:
    author = propose(home)
    assert 'name="answer"' not in author.get("/two-people").text
    assert answer(home, author).status == 403
    assert home.said("source.distrusted") == []


def test_an_answer_to_something_else_than_was_shown_does_nothing(home: House) -> None:
    propose(home)
    assert answer(home, home.in_as("engineer"), seen="0" * 16).status == 403
    assert home.said("source.distrusted") == []


@pytest.mark.parametrize("word", ["no", "", "YES"])
def test_only_a_yes_is_a_yes(home: House, word: str) -> None:
    propose(home)
    answer(home, home.in_as("engineer"), word)
    assert home.said("source.distrusted") == []


@pytest.mark.parametrize("role", ["nurse", "clerk", "privacy", "custodian"])
def test_who_is_not_one_of_two_sees_and_does_nothing_there(home: House, role: str) -> None:
    propose(home)
    guest = home.in_as(role)
    assert guest.get("/two-people").status == 403
    assert answer(home, guest).status == 403
    assert home.said("source.distrusted") == []


def test_an_opened_envelope_is_not_one_of_two(home: House) -> None:
    guest = home.guest()
    guest.get("/envelope")
    guest.post("/envelope", {"unit": "4W", "code": home.codes["4W"][0], "claimed": "L. Roy", "witness": "M. Okoro"})
    assert guest.get("/units").status == 200
    assert guest.get("/two-people").status == 403


def test_the_page_shows_exactly_what_will_be_done_as_text(home: House) -> None:
    propose(home)
    text = home.in_as("engineer").get("/two-people").text
    assert html.escape("forged <b>merges</b>") in text
    assert "01-Sep-2026 00:00" in text


def test_what_is_out_is_listed_and_its_undo_is_proposed_with_the_same_period(home: House) -> None:
    admin = propose(home)
    answer(home, home.in_as("engineer"))
    text = admin.get("/two-people").text
    since = re.search(r'name="since" value="(\d+)"', text)
    assert since
    undo = {"deed": "trust_again", "source": "feed:adt", "since": since[1], "until": "", "reason": "checked"}
    assert admin.post("/two-people", undo).status == 303
    home.fold()
    answer(home, home.in_as("engineer"))
    assert [said.undo for said in home.said("source.distrusted")] == [False, True]
    assert home.deeds.record.distrusted() == ()


def test_a_moment_without_its_offset_is_refused(home: House) -> None:
    guest = home.in_as("administrator")
    guest.get("/two-people")
    assert guest.post("/two-people", {**DISTRUST, "since": "2026-09-01T00:00"}).status == 403
    assert home.said("deed.proposed") == []


def test_an_administrators_deeds_are_not_shown_to_an_engineer(home: House) -> None:
    admin = home.in_as("administrator")
    admin.get("/two-people")
    admin.post("/two-people", {"deed": "issue_unit_card", "unit": "4W"})
    home.fold()
    assert "Make a new envelope" in admin.get("/two-people").text
    assert "Make a new envelope" not in home.in_as("engineer").get("/two-people").text


def test_a_new_envelope_is_shown_once_to_whoever_approves(home: House) -> None:
    from web_rig import PASSWORD

    from codedark.actions import enrol_person, log_in

    first = log_in(home.deeds, "administrator", PASSWORD)
    enrol_person(home.deeds, first, "second", "Second", PASSWORD, {"administrator": ["*"]})
    home.fold()
    admin = home.in_as("administrator")
    admin.get("/two-people")
    admin.post("/two-people", {"deed": "issue_unit_card", "unit": "4W"})
    home.fold()
    got = answer(home, home.in_as("second"))
    codes = re.findall(r"<code>([0-9A-Z]{4}(?:-[0-9A-Z]{4}){2})</code>", got.text)
    assert len(codes) == 10
    assert 'src="data:image/svg+xml' in got.text
    guest = home.guest()
    guest.get("/envelope")
    opened = guest.post("/envelope", {"unit": "4W", "code": codes[3], "claimed": "L. Roy", "witness": "M. Okoro"})
    assert opened.status == 303
