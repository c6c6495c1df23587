"""People, envelopes, proposals, sessions, reads, packs, sheets and feeds, as folded from entries."""

from __future__ import annotations

from views_tape import MINUTE, START_US, Views, patient

from codedark.entries import (
    ChartViewed,
    ConfigSet,
    DeedDecided,
    DeedProposed,
    FeedHeard,
    PackMade,
    PersonChanged,
    PersonEnrolled,
    ReadingUnlogged,
    SessionClosed,
    SessionOpened,
    SheetsPrinted,
    UnitCardIssued,
    UnitCodeUsed,
)


def enrol(views: Views, person: str = "n1", login: str = "hale") -> None:
    views.tape.say(
        PersonEnrolled(person=person, login=login, name="Dr Hale", password="$argon2id$x", roles={"nurse": ["4W"]})
    )


def test_an_enrolled_person_is_found_by_login_and_by_id(views: Views) -> None:
    enrol(views)
    record = views.caught_up()
    account = record.account("hale")
    assert account is not None
    assert account == record.person("n1")
    assert account.roles == {"nurse": ("4W",)}
    assert record.account("nobody") is None


def test_a_change_leaves_what_it_does_not_name(views: Views) -> None:
    enrol(views)
    views.tape.say(PersonChanged(person="n1", active=False))
    account = views.caught_up().person("n1")
    assert account is not None
    assert (account.active, account.password, account.roles) == (False, "$argon2id$x", {"nurse": ("4W",)})


def test_a_change_of_nobody_stands_on_the_worklist(views: Views) -> None:
    views.tape.say(PersonChanged(person="ghost", active=True))
    assert len(views.caught_up().worklist()) == 1


def test_a_new_envelope_replaces_the_units_earlier_one(views: Views) -> None:
    views.tape.say(UnitCardIssued(unit="4W", card="c1", recipient="age1a", codes=["h1", "h2"]))
    views.tape.say(UnitCodeUsed(unit="4W", card="c1", index=1))
    first = views.caught_up().card("4W")
    assert first is not None
    assert (first.codes, first.used) == (("h1", "h2"), (1,))
    views.tape.say(UnitCardIssued(unit="4W", card="c2", recipient="age1b", codes=["h3"]))
    second = views.caught_up().card("4W")
    assert second is not None
    assert (second.card, second.used) == ("c2", ())


def test_the_first_decision_stands(views: Views) -> None:
    views.tape.say(DeedProposed(proposal="x", deed="distrust", arguments={"source": "feed:EVIL"}, person="a"))
    views.tape.say(DeedDecided(proposal="x", person="b", approved=True))
    views.tape.say(DeedDecided(proposal="x", person="c", approved=False))
    record = views.caught_up()
    (proposal,) = record.proposals()
    assert (proposal.approved, proposal.by, proposal.arguments) == (True, "b", {"source": "feed:EVIL"})
    assert len(record.worklist()) == 1


def test_nobody_decides_their_own_proposal(views: Views) -> None:
    views.tape.say(DeedProposed(proposal="x", deed="distrust", arguments={}, person="a"))
    views.tape.say(DeedDecided(proposal="x", person="a", approved=True))
    assert not views.caught_up().proposals()[0].decided


def test_a_session_is_open_until_it_is_closed(views: Views) -> None:
    views.tape.say(
        SessionOpened(session="s1", person="n1", basis="envelope", unit="4W", claimed_name="R. Diaz", until_us=9)
    )
    session = views.caught_up().session("s1")
    assert session is not None
    assert (session.basis, session.claimed_name, session.until_us, session.closed) == ("envelope", "R. Diaz", 9, False)
    views.tape.say(SessionClosed(session="s1"))
    session = views.caught_up().session("s1")
    assert session is not None
    assert session.closed


def test_every_look_at_a_chart_is_in_the_read_log(views: Views) -> None:
    views.tape.say(
        ChartViewed(person="n1", session="s1", what="chart", fold="1-x", position=5, patient="p1", reason="consult")
    )
    views.tape.say(ReadingUnlogged(count=3, since_us=1, until_us=2))
    newest, first = views.caught_up().read_log(10)
    assert (first.person, first.patient, first.fold, first.shown_position) == ("n1", "p1", "1-x", 5)
    assert newest.what == "unlogged"
    assert [row.what for row in views.record.read_log(patient="p1")] == ["chart"]


def test_packs_and_sheets_are_in_the_ledger(views: Views) -> None:
    made = PackMade(
        unit="4W", pack="k1", kind="issued", fold="1-x", position=1, pages=8, sha256=b"h", checkpoint="note"
    )
    views.tape.say(made)
    views.tape.say(
        SheetsPrinted(
            unit="4W",
            pack="k1",
            copy=1,
            fold="1-x",
            position=1,
            person="n1",
            sheets=[["WTB-7F3K-2", "p1", "mar", 1, 2], ["WTB-7F3K-3", "p1", "mar", 2, 2]],
        )
    )
    record = views.caught_up()
    assert [(pack.pack, pack.kind, pack.pages) for pack in record.packs("4W")] == [("k1", "issued", 8)]
    assert [(sheet.sheet, sheet.page) for sheet in record.sheets("4W")] == [("WTB-7F3K-2", 1), ("WTB-7F3K-3", 2)]
    assert record.packs("5E") == ()


def test_a_declared_feed_that_was_never_heard_is_listed(views: Views) -> None:
    views.tape.say(ConfigSet(key="feed.lab.expected_s", value=300))
    views.tape.say(ConfigSet(key="feed.lab.carries", value=["results"]))
    (feed,) = views.caught_up().feeds()
    assert (feed.feed, feed.expected_s, feed.carries, feed.last_heard_us) == ("lab", 300, ("results",), None)


def test_a_feed_is_heard_by_its_messages_and_by_its_resends(views: Views) -> None:
    views.tape.facts(patient("p1", "Marlowe"), source="feed:adt")
    (feed,) = views.caught_up().feeds()
    assert (feed.received, feed.last_heard_us) == (1, START_US)
    until = START_US + 9 * MINUTE
    views.tape.say(FeedHeard(feed="adt", since_us=START_US, until_us=until, received=1, duplicates=4, refusals=2))
    (feed,) = views.caught_up().feeds()
    assert (feed.received, feed.duplicates, feed.refusals, feed.last_heard_us) == (1, 4, 2, until)


def test_a_feed_that_only_connects_is_silent(views: Views) -> None:
    views.tape.say(FeedHeard(feed="adt", since_us=1, until_us=2, connects=7))
    assert views.caught_up().feeds()[0].last_heard_us is None


def test_a_sheet_of_two_pages_is_two_rows_of_the_ledger(views: Views) -> None:
    sheets = [["WTB-7F3K-2", "p1", "mar", 1, 2], ["WTB-7F3K-2", "p1", "mar", 2, 2]]
    views.tape.say(SheetsPrinted(unit="4W", pack="k1", copy=1, fold="1-x", position=1, person="n1", sheets=sheets))
    assert [(sheet.sheet, sheet.page) for sheet in views.caught_up().sheets("4W")] == [
        ("WTB-7F3K-2", 1),
        ("WTB-7F3K-2", 2),
    ]
