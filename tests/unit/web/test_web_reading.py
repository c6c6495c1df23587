"""Reading the record: what is shown, what is kept about it, and what is never said."""

from __future__ import annotations

import re

import pytest
from web_rig import Guest, House, admit

from codedark.clock import US_PER_S
from codedark.entries import ChartViewed, draft_of

HOUR_US = 3600 * US_PER_S


def order(number: str, medicine: str, text: str = "RXE|^^^20260921^^R|{med}|1||g") -> str:
    return "\r".join(
        [
            f"MSH|^~\\&|EHR|WTB|CODEDARK|WTB|20260921141000||RDE^O11^RDE_O11|O{number}|P|2.5.1",
            "PID|1||482193^^^WTB^MR||MARLOWE^ADA||19550304|F",
            "PV1|1|I|4W^01^A^WTB",
            f"ORC|NW|{number}|{number}|||||||||1234^HALE^JOHN",
            text.format(med=medicine),
            "RXR|IV^Intravenous^HL70162",
        ]
    )


def chart_of(home: House, role: str = "physician", unit: str = "4W") -> str:
    got = home.in_as(role).get(f"/chart/{home.patient(unit)}")
    assert got.status == 200
    return got.text


def test_a_chart_opened_is_an_entry(home: House) -> None:
    guest, patient = home.in_as("nurse"), home.patient("4W")

    guest.get(f"/chart/{patient}")

    viewed = home.said("chart.viewed")[-1]
    assert (viewed.what, viewed.patient, viewed.unit, viewed.reason) == ("chart", patient, "4W", "")


def test_outside_ones_unit_a_reason_is_asked_and_nothing_is_shown(home: House) -> None:
    guest, patient = home.in_as("nurse"), home.patient("5E")

    got = guest.get(f"/chart/{patient}")

    assert got.status == 403
    assert "Outside your unit" in got.text
    assert "OKAFOR" not in got.text


def test_the_reason_opens_the_chart_and_reaches_the_privacy_officer(home: House) -> None:
    guest, patient = home.in_as("nurse"), home.patient("5E")
    guest.get(f"/chart/{patient}")

    got = guest.post(f"/chart/{patient}", {"reason": "covers for the night"})
    home.fold()

    assert "OKAFOR" in got.text
    listed = home.in_as("privacy").get("/reads").text
    assert "covers for the night" in listed
    assert "outside" in listed
    assert "Nurse" in listed


def test_an_empty_reason_is_asked_again(home: House) -> None:
    guest, patient = home.in_as("nurse"), home.patient("5E")
    guest.get(f"/chart/{patient}")

    assert "A reason is needed" in guest.post(f"/chart/{patient}", {"reason": "  "}).text


def test_nothing_writable_still_opens_the_chart_and_says_so(home: House) -> None:
    guest, patient = home.in_as("nurse"), home.patient("4W")
    assert "UNLOGGED READING" not in guest.get(f"/chart/{patient}").text
    home.full = True

    got = guest.get(f"/chart/{patient}")

    assert got.status == 200
    assert "UNLOGGED READING" in got.text
    assert "MARLOWE" in got.text


def test_an_envelope_opens_its_unit_only(home: House) -> None:
    guest = home.guest()
    guest.get("/envelope")
    fields = {"unit": "4W", "code": home.codes["4W"][0], "claimed": "A. Agency, nurse", "witness": "B. Porter"}

    entered = guest.post("/envelope", fields)

    assert entered.place == "/units"
    assert "unit envelope until" in guest.get("/units").text
    assert guest.get(f"/chart/{home.patient('4W')}").status == 200
    assert guest.get(f"/chart/{home.patient('5E')}").status == 403


def test_a_wrong_code_keeps_what_was_typed_but_not_the_code(home: House) -> None:
    guest = home.guest()
    guest.get("/envelope")

    got = guest.post(
        "/envelope", {"unit": "4W", "code": "9ZZZ-ZZZZ-ZZZZ", "claimed": "A. Agency", "witness": "B. Porter"}
    )

    assert got.status == 403
    assert 'value="A. Agency"' in got.text
    assert "ZZZZ" not in got.text


def test_a_wrong_password_is_refused_without_saying_why(home: House) -> None:
    wrong, nobody = home.guest().log_in("nurse", "not the password"), home.guest().log_in("nobody", "not the password")

    strip = re.compile(r'name="token" value="\w+"')
    assert wrong.status == nobody.status == 403
    assert strip.sub("", wrong.text) == strip.sub("", nobody.text)


def test_after_a_lock_the_old_cookie_opens_nothing(home: House) -> None:
    guest = home.in_as("nurse")
    thief = Guest(home.app)
    thief.jar = dict(guest.jar)

    got = guest.post("/lock", {"next": "/beds?unit=4W"})

    assert got.place == "/login?next=/beds%3Funit%3D4W"
    assert thief.get("/units").status == 303


def test_the_next_log_in_goes_on_where_the_screen_was(home: House) -> None:
    guest = home.guest()
    guest.get("/login?next=/beds%3Funit%3D4W")

    got = guest.post("/login", {"login": "nurse", "password": "four unrelated words", "next": "/beds?unit=4W"})

    assert got.place == "/beds?unit=4W"


@pytest.mark.parametrize(
    "place", ["https://evil.example/", "//evil.example", "/\\evil.example", "/units\r\nSet-Cookie: a=b"]
)
def test_a_log_in_never_leads_out_of_the_house(home: House, place: str) -> None:
    guest = home.guest()
    guest.get("/login")

    assert guest.post("/login", {"login": "nurse", "password": "four unrelated words", "next": place}).place == "/units"


def test_a_role_taken_away_is_gone_at_the_next_click(home: House) -> None:
    from codedark.entries import PersonChanged

    guest = home.in_as("nurse")
    account = home.deeds.record.account("nurse")
    assert account
    home.append(draft_of(PersonChanged(person=account.person, active=False), source="node"))
    home.fold()

    assert guest.get("/units").place.startswith("/login")


def test_words_searched_for_stay_out_of_addresses(home: House) -> None:
    guest = home.in_as("nurse")

    got = guest.post("/search", {"text": "marlowe"})

    assert "MARLOWE" in got.text
    assert 'method="post" action="/search"' in got.text
    assert "MARLOWE" not in guest.get("/search?text=marlowe").text


def test_no_address_on_any_page_names_a_patient(home: House) -> None:
    guest = home.in_as("physician")
    pages = [guest.get("/units"), guest.get("/beds?unit=4W"), guest.get(f"/chart/{home.patient('4W')}"),
             guest.post("/search", {"text": "marlowe"})]  # fmt: skip

    addresses = " ".join(address for got in pages for address in re.findall(r'(?:href|action)="([^"]*)"', got.text))

    assert "/chart/" in addresses
    assert not re.search("MARLOWE|482193|V482193", addresses, re.I)


def test_nothing_on_a_chart_says_late_due_or_remaining(home: House) -> None:
    home.hear(order("11", "VANC^Vancomycin^L"))

    text = re.sub(r"<[^>]+>", " ", chart_of(home))

    assert "no dose was ever heard" in text
    assert "Not covered" in text
    assert not re.search(r"\b(late|overdue|due|remaining|allowed now)\b", text, re.I)


def test_allergies_that_were_heard_are_named_with_reaction_age_and_mark(home: House) -> None:
    strip = re.search(r'<div class="allergy .*?</div>', chart_of(home), re.S)

    assert strip
    assert "allergy-has" in strip[0]
    assert "Penicillin" in strip[0]
    assert "Anaphylaxis" in strip[0]
    assert "▪" in strip[0]


def test_no_allergy_heard_is_not_recorded_and_never_none(home: House) -> None:
    strip = re.search(r'<div class="allergy .*?</div>', chart_of(home, unit="5E"), re.S)

    assert strip
    assert "allergy-not-recorded" in strip[0]
    assert "Not recorded" in strip[0]
    assert not re.search(r"\bno known\b|\bNKA\b", strip[0], re.I)


def test_an_allergy_that_could_not_be_read_is_never_none(home: House) -> None:
    home.hear(admit("7711", "UNREAD^ANN", "6N", "AL1|1|DA||SV|Rash"))

    strip = re.search(r'<div class="allergy .*?</div>', chart_of(home, unit="6N"), re.S)

    assert strip
    assert "allergy-could-not-be-read" in strip[0]
    assert not re.search(r"\bno known\b", strip[0], re.I)


def test_no_known_allergies_is_said_only_when_it_was_heard(home: House) -> None:
    home.hear(admit("7712", "CLEAR^CLEO", "6S", "AL1|1|DA|716186003^No known allergy^SCT"))

    strip = re.search(r'<div class="allergy .*?</div>', chart_of(home, unit="6S"), re.S)

    assert strip
    assert "No known allergies" in strip[0]


def test_a_critical_result_stands_first_with_word_and_shape(home: House) -> None:
    text = chart_of(home)

    first = text.index("Critical when last heard")
    assert first < text.index("<h3><bdi>Basic metabolic panel</bdi></h3>")
    assert "▲▲ critical high" in text


def test_an_unknown_patient_and_unit_are_not_found(home: House) -> None:
    guest = home.in_as("physician")

    assert guest.get("/chart/00000000-0000-0000-0000-000000000000").status == 404
    assert guest.get("/beds?unit=nowhere").status == 404
    assert guest.get("/nowhere").status == 404


def test_the_line_of_state_grows_old_and_very_old(home: House) -> None:
    guest = home.guest()
    seen = []
    for us in (0, 1000 * US_PER_S, 1000 * US_PER_S):
        home.clock.advance(us)
        seen.append(re.search(r'class="state state-([\w-]+)"', guest.get("/login").text)[1])  # type: ignore[index]

    assert seen == ["heard", "old", "very-old"]


def test_log_ins_and_read_logs_do_not_make_an_old_record_look_fresh(home: House) -> None:
    home.clock.advance(7 * HOUR_US + 48 * 60 * US_PER_S)
    guest = home.in_as("physician")
    guest.get(f"/chart/{home.patient('4W')}")
    home.fold()

    text = guest.get("/units").text

    assert "(7 h 48 min ago)" in text
    assert "VERY OLD" in text


def test_an_import_without_feeds_is_not_made_fresh_by_log_ins(home: House) -> None:
    home.store.writer().execute("DELETE FROM feed")
    home.clock.advance(2 * HOUR_US)
    guest = home.in_as("nurse")
    home.fold()

    assert "(2 h ago)" in guest.get("/units").text


def test_a_silent_feed_is_named_with_its_last_word(home: House) -> None:
    home.configure(feed__adt__expected_s=60, feed__pharmacy__expected_s=60)
    home.clock.advance(120 * US_PER_S)

    text = home.guest().get("/login").text

    assert "adt</bdi> feed silent since" in text
    assert "pharmacy</bdi> feed never heard" in text


def test_a_clock_that_jumped_shows_no_age(home: House) -> None:
    home.clock.jump(-5 * 365 * 24 * HOUR_US)

    text = home.guest().get("/login").text

    assert "CLOCK NOT TRUSTED" in text
    assert " ago)" not in text


def test_the_site_chooses_its_own_threshold(home: House) -> None:
    home.configure(record__old_after_s=7200)
    home.clock.advance(1000 * US_PER_S)

    assert "state-heard" in home.guest().get("/login").text


def test_what_was_not_understood_is_listed_and_can_be_marked(home: House) -> None:
    home.hear("MSH|^~\\&|EHR|WTB|CODEDARK|WTB|20260921||ZZZ^Z99|Z1|P|2.5.1")
    guest = home.in_as("engineer")
    shown = guest.get("/worklist").text
    item = re.search(r'name="item" value="([^"]+)"', shown)
    assert item

    guest.post("/worklist", {"item": item[1]})

    assert home.said("worklist.decided")[-1].item == item[1]


def test_an_empty_worklist_explains_itself(home: House) -> None:
    assert "Everything that arrived was understood" in home.in_as("engineer").get("/worklist").text


def test_the_privacy_officer_is_told_of_more_whole_units_than_care_explains(home: House) -> None:
    officer, account = home.in_as("privacy"), home.deeds.record.account("nurse")
    assert account
    assert "UNUSUAL" not in officer.get("/reads").text
    printed = ChartViewed(person=account.person, session="s", what="pack", fold="f", position=1, unit="4W")
    for _ in range(4):
        home.journal.append(draft_of(printed, source=f"person:{account.person}"))
    home.fold()

    text = officer.get("/reads").text

    assert "UNUSUAL" in text
    assert "4 whole units printed" in text
    assert "Nurse" in text


def test_looking_at_the_read_log_is_in_the_read_log(home: House) -> None:
    officer = home.in_as("privacy")
    officer.get("/reads")
    home.fold()

    assert [row.what for row in home.deeds.record.read_log(10)] == ["reads"]


@pytest.mark.parametrize(("denied", "conflict"), [(True, True), (False, False)])
def test_an_allergy_beside_no_known_allergies_is_called_a_conflict(home: House, denied: bool, conflict: bool) -> None:
    also = "\rAL1|2|DA|716186003^No known allergy^SCT" if denied else ""
    home.hear(admit("7713", "CLEAR^CLEO", "6S", "AL1|1|DA|PEN^Penicillin^L|SV" + also))

    strip = re.findall(r'<div class="strip">.*?</dl>', chart_of(home, unit="6S"), re.S)[0]

    assert ("CONFLICT" in strip) is conflict
    assert "Penicillin" in strip
