"""One proposes, another approves, and exactly what was proposed is done."""

from __future__ import annotations

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from codedark.actions import (
    TWO_PERSON_DEEDS,
    change_person,
    decide,
    distrust,
    enrol_person,
    fingerprint,
    issue_unit_card,
    log_in,
    open_envelope,
    propose,
    trust_again,
)
from codedark.clock import US_PER_S
from codedark.entries import DeedDecided, DeedProposed, DeedRefused, PersonEnrolled, SourceDistrusted
from codedark.errors import ActionRefused, NotFound
from codedark.views import Proposal

if TYPE_CHECKING:
    from conftest import Ward

DISTRUST = {"source": "feed:adt", "since_us": 1, "until_us": None, "reason": "forged merges"}


def asked(ward: Ward, login: str = "admin1", deed: str = "distrust", arguments: dict[str, Any] | None = None) -> str:
    proposal = propose(ward.deeds, ward.log_in(login), deed, arguments or DISTRUST)
    ward.fold()
    return proposal


def found(ward: Ward, proposal: str) -> Proposal:
    return next(one for one in ward.deeds.record.proposals() if one.proposal == proposal)


def done(ward: Ward) -> list[object]:
    """Everything a two-person deed could have done."""
    kinds = ("source.distrusted", "person.changed", "unit.card.issued", "person.enrolled")
    return [payload for kind in kinds for payload in ward.said(kind)]


def test_a_proposal_does_nothing_yet(ward: Ward) -> None:
    before = done(ward)
    asked(ward)
    assert done(ward) == before


def test_two_people_do_it_and_both_are_named(ward: Ward) -> None:
    proposal = asked(ward)
    assert decide(ward.deeds, ward.log_in("engineer"), proposal, True).approved
    assert ward.said("deed.proposed") == [
        DeedProposed(
            proposal=proposal, deed="distrust", arguments=DISTRUST | {"reviewer": ""}, person=ward.person("admin1")
        )
    ]
    assert ward.said("deed.decided") == [DeedDecided(proposal=proposal, person=ward.person("engineer"), approved=True)]
    assert ward.said("source.distrusted") == [SourceDistrusted(**DISTRUST)]


def test_whoever_proposes_does_not_approve(ward: Ward) -> None:
    proposal, before = asked(ward), done(ward)
    with pytest.raises(ActionRefused, match="whoever proposes"):
        decide(ward.deeds, ward.log_in("admin1"), proposal, True)
    assert done(ward) == before
    assert ward.said("deed.decided") == []


def test_the_attempt_to_approve_oneself_is_an_entry(ward: Ward) -> None:
    proposal, session = asked(ward), ward.log_in("admin1")
    with pytest.raises(ActionRefused):
        decide(ward.deeds, session, proposal, True)
    refused = ward.said("deed.refused")[-1]
    assert isinstance(refused, DeedRefused)
    assert (refused.person, refused.deed) == (session.person, "distrust")


def test_the_same_decision_by_somebody_else_is_carried_out(ward: Ward) -> None:
    """The control: it was the author, not the proposal, that was refused above."""
    proposal = asked(ward)
    decide(ward.deeds, ward.log_in("admin2"), proposal, True)
    assert len(ward.said("source.distrusted")) == 1


def test_a_no_does_nothing_and_stands(ward: Ward) -> None:
    proposal = asked(ward)
    assert not decide(ward.deeds, ward.log_in("admin2"), proposal, False, "the feed is sound").approved
    ward.fold()
    with pytest.raises(ActionRefused, match="decided already"):
        decide(ward.deeds, ward.log_in("engineer"), proposal, True)
    assert ward.said("source.distrusted") == []


def test_a_yes_counts_once_also_before_the_record_has_caught_up(ward: Ward) -> None:
    proposal = asked(ward)
    decide(ward.deeds, ward.log_in("admin2"), proposal, True)
    with pytest.raises(ActionRefused, match="same moment"):
        decide(ward.deeds, ward.log_in("engineer"), proposal, True)
    assert len(ward.said("source.distrusted")) == 1


@pytest.mark.parametrize("login", ["nurse4", "doctor", "clerk", "privacy"])
def test_a_role_that_may_not_do_it_neither_proposes_nor_approves(ward: Ward, login: str) -> None:
    proposal = asked(ward)
    session = ward.log_in(login)
    with pytest.raises(ActionRefused):
        propose(ward.deeds, session, "distrust", DISTRUST)
    with pytest.raises(ActionRefused):
        decide(ward.deeds, session, proposal, True)
    assert ward.said("source.distrusted") == []


def test_a_break_glass_session_neither_proposes_nor_approves(ward: Ward) -> None:
    proposal = asked(ward)
    session = open_envelope(ward.deeds, "4W", ward.codes["4W"][0], "L. Roy", "M. Okoro", "pc")
    with pytest.raises(ActionRefused):
        propose(ward.deeds, session, "distrust", DISTRUST)
    with pytest.raises(ActionRefused):
        decide(ward.deeds, session, proposal, True)
    assert ward.said("deed.decided") == []


def test_a_break_glass_session_cannot_approve_even_with_an_administrators_roles(ward: Ward) -> None:
    import msgspec

    session = open_envelope(ward.deeds, "4W", ward.codes["4W"][0], "L. Roy", "M. Okoro", "pc")
    forged = msgspec.structs.replace(session, roles={"administrator": ("*",)})
    with pytest.raises(ActionRefused, match="account"):
        decide(ward.deeds, forged, asked(ward), True)


def test_exactly_the_proposed_arguments_are_done_to_the_byte(ward: Ward) -> None:
    odd = {"source": "feed:ädt ", "since_us": 2**62, "until_us": 2**62 + 1, "reason": "x\u202e'; DROP\r\n\x00 ☠" * 9}
    proposal = asked(ward, arguments=odd)
    decide(ward.deeds, ward.log_in("admin2"), proposal, True)
    assert ward.said("source.distrusted") == [SourceDistrusted(**odd)]


def test_what_was_shown_and_what_is_approved_are_the_same(ward: Ward) -> None:
    proposal = asked(ward)
    shown = fingerprint(found(ward, asked(ward, arguments={**DISTRUST, "source": "feed:lab"})))
    with pytest.raises(ActionRefused, match="not what was shown"):
        decide(ward.deeds, ward.log_in("admin2"), proposal, True, seen=shown)
    assert ward.said("source.distrusted") == []
    assert decide(ward.deeds, ward.log_in("admin2"), proposal, True, seen=fingerprint(found(ward, proposal))).approved


@pytest.mark.parametrize(
    ("deed", "arguments"),
    [
        ("format_disk", {}),
        ("distrust", {"source": "feed:adt", "since_us": 1}),
        ("distrust", {**DISTRUST, "until_us": "now"}),
        ("distrust", {**DISTRUST, "undo": True}),
        ("distrust", {**DISTRUST, "source": "adt"}),
        ("distrust", {**DISTRUST, "reason": " "}),
        ("distrust", {**DISTRUST, "until_us": 0}),
        ("enrol_person", {"login": "x", "name": "X", "password": "four unrelated words", "roles": {"wizard": ["*"]}}),
        ("enrol_person", {"login": "admin1", "name": "X", "password": "long enough", "roles": {"engineer": ["*"]}}),
        ("enrol_person", {"login": "weak", "name": "X", "password": "short", "roles": {"engineer": ["*"]}}),
    ],
)
def test_what_could_not_be_done_is_not_proposed(ward: Ward, deed: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(ActionRefused):
        propose(ward.deeds, ward.log_in("admin1"), deed, arguments)
    assert ward.said("deed.proposed") == []


def test_an_author_who_lost_the_role_has_no_proposals(ward: Ward) -> None:
    proposal = asked(ward, "engineer")
    change = {"person": ward.person("engineer"), "roles": {"clerk": ["4W"]}}
    other = asked(ward, "admin1", "change_person", change)
    decide(ward.deeds, ward.log_in("admin2"), other, True)
    ward.fold()
    with pytest.raises(ActionRefused, match="author"):
        decide(ward.deeds, ward.log_in("admin1"), proposal, True)
    assert ward.said("source.distrusted") == []


def test_an_unknown_proposal_is_not_found(ward: Ward) -> None:
    with pytest.raises(NotFound):
        decide(ward.deeds, ward.log_in("admin1"), "nothing", True)


def test_distrust_and_its_undo_are_proposals(ward: Ward) -> None:
    admin = ward.log_in("admin1")
    first = distrust(ward.deeds, admin, "feed:adt", 1, reason="forged")
    ward.fold()
    decide(ward.deeds, ward.log_in("admin2"), first, True)
    ward.fold()
    second = trust_again(ward.deeds, admin, "feed:adt", 1, reason="checked by hand")
    ward.fold()
    decide(ward.deeds, ward.log_in("admin2"), second, True)
    assert [said.undo for said in ward.said("source.distrusted")] == [False, True]  # type: ignore[union-attr]


def test_distrust_takes_the_facts_out_and_trust_brings_them_back(ward: Ward) -> None:
    admin, second = ward.log_in("admin1"), ward.log_in("admin2")
    decided = []
    for deed in (distrust, trust_again):
        proposal = deed(ward.deeds, admin, "feed:adt", 1, reason="drill")
        ward.fold()
        decide(ward.deeds, second, proposal, True)
        ward.fold()
        decided.append(len(ward.deeds.record.patients()))
    assert decided == [0, 2]


def test_an_envelope_takes_two_people_and_the_second_prints_it(ward: Ward) -> None:
    old = ward.codes["4W"][0]
    with pytest.raises(ActionRefused, match="two people"):
        issue_unit_card(ward.deeds, ward.log_in("admin1"), "4W")
    proposal = asked(ward, "admin1", "issue_unit_card", {"unit": "4W"})
    card = decide(ward.deeds, ward.log_in("admin2"), proposal, True).card
    ward.fold()
    assert card
    with pytest.raises(ActionRefused):
        open_envelope(ward.deeds, "4W", old, "L. Roy", "M. Okoro", "pc")
    assert open_envelope(ward.deeds, "4W", card.codes[0], "L. Roy", "M. Okoro", "pc").unit == "4W"


def test_neither_secret_nor_codes_of_an_envelope_are_in_the_journal(ward: Ward) -> None:
    proposal = asked(ward, "admin1", "issue_unit_card", {"unit": "4W"})
    card = decide(ward.deeds, ward.log_in("admin2"), proposal, True).card
    assert card
    secrets = [card.secret, *card.codes, *(code.replace("-", "") for code in card.codes)]
    payloads = b"".join(entry.payload for entry in ward.entries())
    assert not any(secret.encode() in payloads for secret in secrets)


def test_one_administrator_cannot_make_the_second_person(ward: Ward) -> None:
    with pytest.raises(ActionRefused, match="two people"):
        enrol_person(ward.deeds, ward.log_in("admin1"), "me2", "Me Too", "long enough", {"administrator": ["*"]})
    with pytest.raises(ActionRefused, match="two people"):
        change_person(ward.deeds, ward.log_in("admin1"), ward.person("admin2"), password="long enough")


def test_two_people_enrol_a_third_whose_password_is_nowhere_in_clear(ward: Ward) -> None:
    new = {"login": "admin3", "name": "A. Three", "password": "a quite long password", "roles": {"engineer": ["*"]}}
    proposal = asked(ward, "admin1", "enrol_person", new)
    decide(ward.deeds, ward.log_in("admin2"), proposal, True)
    ward.fold()
    assert log_in(ward.deeds, "admin3", "a quite long password").login == "admin3"
    assert not any(b"a quite long password" in entry.payload for entry in ward.entries())


def test_every_two_person_deed_is_refused_to_one_person(ward: Ward) -> None:
    arguments: dict[str, dict[str, Any]] = {
        "distrust": DISTRUST,
        "trust_again": DISTRUST,
        "enrol_person": {"login": "x1", "name": "X", "password": "long enough", "roles": {"engineer": ["*"]}},
        "change_person": {"person": ward.person("nurse4"), "roles": {"administrator": ["*"]}},
        "issue_unit_card": {"unit": "4W"},
        "rotate_key": {"generation": 2, "recipient": "age1x", "reason": "yearly"},
        "resplit_cards": {"reason": "a custodian left"},
        "pin_witness": {"name": "w", "key": base64.b64encode(bytes(32)).decode(), "reason": "second machine"},
    }
    # `adopt_origin` needs a restored node: tests/unit/node/test_node_restored.py.
    assert arguments.keys() | {"adopt_origin"} == TWO_PERSON_DEEDS.keys()
    before = done(ward)
    for deed, given in arguments.items():
        proposal = asked(ward, "admin1", deed, given)
        with pytest.raises(ActionRefused):
            decide(ward.deeds, ward.log_in("admin1"), proposal, True)
    assert done(ward) == before


def test_a_stolen_clerks_session_does_nothing_and_each_minute_of_trying_is_an_entry(ward: Ward) -> None:
    clerk, proposal, before = ward.log_in("clerk"), asked(ward), done(ward)
    for _ in range(200):
        for deed in TWO_PERSON_DEEDS:
            with pytest.raises(ActionRefused):
                propose(ward.deeds, clerk, deed, DISTRUST)
        with pytest.raises(ActionRefused):
            decide(ward.deeds, clerk, proposal, True)
        ward.clock.advance(US_PER_S)
    refused = [said for said in ward.said("deed.refused") if isinstance(said, DeedRefused)]
    assert done(ward) == before
    assert 3 <= len(refused) <= 4
    assert {said.session for said in refused} == {clerk.session}


def test_nobody_buries_a_bad_proposal_among_thousands(ward: Ward) -> None:
    admin = ward.log_in("admin1")
    for number in range(20):
        propose(ward.deeds, admin, "distrust", {**DISTRUST, "source": f"feed:{number}"})
    ward.fold()
    with pytest.raises(ActionRefused, match="wait already"):
        propose(ward.deeds, admin, "distrust", DISTRUST)
    assert propose(ward.deeds, ward.log_in("admin2"), "distrust", DISTRUST)


def at_once(*hands: Callable[[], object]) -> list[object]:
    """All at one moment, each in its thread; what each got, a refusal as None."""
    start = Barrier(len(hands))

    def one(hand: Callable[[], object]) -> object:
        start.wait()
        try:
            return hand()
        except ActionRefused:
            return None

    with ThreadPoolExecutor(len(hands)) as pool:
        return list(pool.map(one, hands))


def test_two_approvers_at_one_moment_do_it_once(ward: Ward) -> None:
    proposal = asked(ward)
    sessions = [ward.log_in("admin2"), ward.log_in("engineer")]
    got = at_once(*(partial(decide, ward.deeds, session, proposal, True) for session in sessions))
    assert len([one for one in got if one]) == 1
    assert len(ward.said("source.distrusted")) == 1


def test_one_code_typed_by_two_at_one_moment_opens_one_screen(ward: Ward) -> None:
    code = ward.codes["4W"][0]
    names = [("L. Roy", "M. Okoro"), ("X. Thief", "Y. Thief")]
    got = at_once(*(partial(open_envelope, ward.deeds, "4W", code, *pair, "pc") for pair in names))
    assert len([one for one in got if one]) == 1
    assert len(ward.said("unit.code.used")) == 1


def test_an_ordinary_account_takes_one_administrator(ward: Ward) -> None:
    enrol_person(ward.deeds, ward.log_in("admin1"), "agency7", "P. Silva", "long enough", {"nurse": ["4W"]})
    enrolled = ward.said("person.enrolled")[-1]
    assert isinstance(enrolled, PersonEnrolled)
    assert enrolled.roles == {"nurse": ["4W"]}


def test_a_founded_record_waits_for_nobodys_adoption(ward: Ward) -> None:
    with pytest.raises(ActionRefused, match="waits for its adoption"):
        propose(ward.deeds, ward.log_in("admin1"), "adopt_origin", {"origin": "00" * 16, "endorsement": "00" * 64})
