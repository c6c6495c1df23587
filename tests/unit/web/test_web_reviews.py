"""Deeds of somebody distrusted on the screen: listed for everybody who may distrust, decided by the one named."""

from __future__ import annotations

import re

from web_rig import House


def distrusted(home: House) -> None:
    """The engineer held a feed and was then distrusted; the commander approved and so is the reviewer."""
    bad = home.in_as("engineer")
    bad.get("/feeds")
    assert bad.post("/feeds", {"deed": "hold", "source": "feed:adt", "reason": "<b>why not</b>"}).status == 303
    home.fold()
    person = home.said("source.held")[0].person
    author = home.in_as("administrator")
    author.get("/two-people")
    form = {"deed": "distrust", "source": f"person:{person}", "since": "2020-01-01T00:00Z", "until": "", "reason": "x"}
    assert author.post("/two-people", form).status == 303
    home.fold()
    second = home.in_as("commander")
    found = re.search(
        r'name="proposal" value="([0-9a-f]+)"><input type="hidden" name="seen" value="([0-9a-f]+)"',
        second.get("/two-people").text,
    )
    assert found
    second.post("/two-people", {"proposal": found[1], "seen": found[2], "answer": "yes"})
    home.fold()


def test_the_reviewer_undoes_a_deed_on_the_page_and_others_are_offered_nothing(home: House) -> None:
    distrusted(home)
    other = home.in_as("administrator").get("/reviews").text
    assert "held a source back" in other
    assert 'name="answer"' not in other
    assert "&lt;b&gt;why not" in other
    me = home.in_as("commander")
    entry = re.search(r'name="entry" value="(\d+)"', me.get("/reviews").text)
    assert entry
    assert me.post("/reviews", {"entry": entry[1], "answer": "undo", "note": "not his to say"}).status == 303
    home.fold()
    page = me.get("/reviews").text
    assert "released" in page
    assert "Nothing waits to be looked at" in page
    assert "feed held back" not in page


def test_a_forged_review_does_nothing(home: House) -> None:
    distrusted(home)
    entry = re.search(r'name="entry" value="(\d+)"', home.in_as("commander").get("/reviews").text)
    assert entry
    for role in ("administrator", "nurse"):
        guest = home.in_as(role)
        guest.get("/help")
        assert guest.post("/reviews", {"entry": entry[1], "answer": "keep"}).status == 403
    assert home.said("deed.reviewed") == []
