"""What a distrusted person did stays in force, is listed, and is kept or undone by the person who was named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from codedark.actions import (
    change_person,
    decide,
    decide_worklist,
    distrust,
    enrol_person,
    hold_feed,
    propose,
    release_feed,
    review_deed,
    set_config,
    trust_again,
)
from codedark.entries import DeedReviewed, draft_of
from codedark.errors import ActionRefused, NotFound
from codedark.views import LastingDeed

if TYPE_CHECKING:
    from conftest import Ward

GARBLED = "MSH|^~\\&|EHR|WTB|CD|WTB|20260924140500||ADT^A99|G1|P|2.5.1\nPID|1\n"


def act(ward: Ward) -> None:
    """What admin2 does on a bad day."""
    bad = ward.log_in("admin2")
    enrol_person(ward.deeds, bad, "ghost", "G. Host", "four more unrelated words", {"nurse": ["*"]})
    set_config(ward.deeds, bad, "record.old_after_s", 60)
    set_config(ward.deeds, bad, "record.old_after_s", 9_999_999)
    proposal = propose(ward.deeds, ward.log_in("admin1"), "issue_unit_card", {"unit": "4W"})
    ward.fold()
    decide(ward.deeds, bad, proposal, True)
    hold_feed(ward.deeds, bad, "adt", "why not")
    ward.fold()


def distrusted(ward: Ward, login: str = "admin2", **more: Any) -> str:
    """`login` is distrusted by admin1 and the engineer, from the beginning; the reviewer is the engineer."""
    source = f"person:{ward.person(login)}"
    proposal = propose(
        ward.deeds, ward.log_in("admin1"), "distrust", {"source": source, "since_us": 0, "reason": "stolen", **more}
    )
    ward.fold()
    decide(ward.deeds, ward.log_in("engineer"), proposal, True)
    ward.fold()
    return source


def deeds(ward: Ward) -> tuple[LastingDeed, ...]:
    return ward.deeds.record.lasting_deeds()


def one(ward: Ward, kind: str) -> LastingDeed:
    return next(each for each in deeds(ward) if each.kind == kind)


def test_every_deed_of_a_distrusted_person_is_listed_and_stays_in_force(ward: Ward) -> None:
    act(ward)
    assert deeds(ward) == ()  # the control: nobody is distrusted
    distrusted(ward)
    assert sorted(each.kind for each in deeds(ward)) == [
        "config.set", "config.set", "deed.decided", "person.enrolled", "source.held", "unit.card.issued",
    ]  # fmt: skip
    assert {each.reviewer for each in deeds(ward)} == {ward.person("engineer")}
    assert not any(each.reviewed_by for each in deeds(ward))
    ghost = ward.deeds.record.account("ghost")
    assert ghost is not None
    assert ghost.active
    assert [each.in_force for each in deeds(ward) if each.kind == "config.set"] == [True, False]
    assert b"four more unrelated words" not in repr(deeds(ward)).encode()


def test_only_the_person_named_keeps_or_undoes(ward: Ward) -> None:
    act(ward)
    distrusted(ward)
    position = one(ward, "person.enrolled").position
    for login in ("admin1", "admin2", "nurse4"):
        with pytest.raises(ActionRefused):
            review_deed(ward.deeds, ward.log_in(login), position, undo=True)
    assert ward.entries("deed.reviewed") == []


def test_an_account_is_closed_a_setting_set_back_and_a_hold_released_by_an_able_reviewer(ward: Ward) -> None:
    act(ward)
    distrusted(ward, reviewer=ward.person("admin1"))
    me = ward.log_in("admin1")
    for kind in ("person.enrolled", "source.held"):
        review_deed(ward.deeds, me, one(ward, kind).position, undo=True, note="looked at")
    newest = next(each for each in deeds(ward) if each.kind == "config.set" and each.in_force)
    review_deed(ward.deeds, me, newest.position, undo=True)
    ward.fold()
    ghost = ward.deeds.record.account("ghost")
    assert ghost is not None
    assert not ghost.active
    assert ward.deeds.record.settings()["record.old_after_s"] == 60
    assert ward.deeds.record.holds() == ()
    assert one(ward, "person.enrolled").how == "account closed"
    assert (one(ward, "person.enrolled").undone, one(ward, "person.enrolled").in_force) == (True, False)


def test_what_took_two_people_takes_two_to_undo(ward: Ward) -> None:
    act(ward)
    distrusted(ward, reviewer=ward.person("admin1"))
    card = ward.deeds.record.card("4W")
    assert card is not None
    deed = one(ward, "unit.card.issued")
    said = review_deed(ward.deeds, ward.log_in("admin1"), deed.position, undo=True)
    ward.fold()
    assert "a second person decides" in said
    assert one(ward, "unit.card.issued").in_force
    (waiting,) = [each for each in ward.deeds.record.proposals() if not each.decided]
    with pytest.raises(ActionRefused):
        decide(ward.deeds, ward.log_in("admin1"), waiting.proposal, True)
    decide(ward.deeds, ward.log_in("admin2"), waiting.proposal, True)
    ward.fold()
    assert one_of(ward, deed.position).in_force is False


def one_of(ward: Ward, position: int) -> LastingDeed:
    return next(each for each in deeds(ward) if each.position == position)


def test_a_kept_deed_stays_in_force_and_is_no_longer_asked_about(ward: Ward) -> None:
    act(ward)
    distrusted(ward)
    position = one(ward, "person.enrolled").position
    review_deed(ward.deeds, ward.log_in("engineer"), position, undo=False, note="a real nurse")
    ward.fold()
    deed = one_of(ward, position)
    assert (deed.undone, deed.how, deed.note, deed.in_force) == (False, "kept in force", "a real nurse", True)
    assert len([each for each in deeds(ward) if not each.reviewed_by]) == 5


def test_roles_given_are_taken_back_by_two_people_and_a_decided_item_is_open_again(ward: Ward) -> None:
    ward.hear(GARBLED)
    item = ward.deeds.record.worklist()[0].item
    decide_worklist(ward.deeds, ward.log_in("engineer"), item, "looked at")
    proposal = propose(
        ward.deeds, ward.log_in("admin1"), "change_person",
        {"person": ward.person("nurse4"), "roles": {"engineer": ["*"]}},
    )  # fmt: skip
    ward.fold()
    decide(ward.deeds, ward.log_in("admin2"), proposal, True)
    ward.fold()
    source = f"person:{ward.person('engineer')}"
    first = distrust(ward.deeds, ward.log_in("admin1"), source, 0, None, "stolen")
    ward.fold()
    decide(ward.deeds, ward.log_in("admin2"), first, True)
    ward.fold()
    with pytest.raises(ActionRefused):  # an administrator does not decide about the worklist: the deed stays listed
        review_deed(ward.deeds, ward.log_in("admin2"), one(ward, "worklist.decided").position, undo=True)
    assert one(ward, "worklist.decided").in_force
    distrusted(ward, "admin2")
    changed = one(ward, "person.changed")
    assert changed.before["roles"] == {"nurse": ["4W"]}


def test_a_password_that_was_changed_is_made_good_by_people(ward: Ward) -> None:
    change_person(ward.deeds, ward.log_in("admin2"), ward.person("nurse4"), password="five other unrelated words")
    ward.fold()
    distrusted(ward)
    with pytest.raises(ActionRefused, match="not known"):
        review_deed(ward.deeds, ward.log_in("engineer"), one(ward, "person.changed").position, undo=True)
    assert not one(ward, "person.changed").reviewed_by


def test_a_release_is_undone_from_where_the_hold_began(ward: Ward) -> None:
    hold_feed(ward.deeds, ward.log_in("engineer"), "adt", "dark", since_us=0)
    ward.fold()
    release_feed(ward.deeds, ward.log_in("admin2"), "adt", "it is fine, believe me")
    ward.fold()
    distrusted(ward)
    review_deed(ward.deeds, ward.log_in("engineer"), one(ward, "source.released").position, undo=True)
    ward.fold()
    assert ward.deeds.record.status().patients == 0


def test_an_entry_of_somebody_else_reviews_nothing(ward: Ward) -> None:
    """The fold believes no door."""
    act(ward)
    distrusted(ward)
    position = one(ward, "person.enrolled").position
    for said, source in (("admin2", "admin2"), ("engineer", "admin2")):
        forged = DeedReviewed(position=position, person=ward.person(said), undone=False, how="kept in force")
        ward.append(draft_of(forged, source=f"person:{ward.person(source)}"))
    ward.fold()
    assert not one_of(ward, position).reviewed_by


def test_a_deed_outside_the_period_is_not_listed_and_undoing_the_distrust_ends_the_list(ward: Ward) -> None:
    act(ward)
    source = distrusted(ward)
    assert deeds(ward)
    proposal = trust_again(ward.deeds, ward.log_in("admin1"), source, 0, None, "it was her")
    ward.fold()
    decide(ward.deeds, ward.log_in("engineer"), proposal, True)
    ward.fold()
    assert deeds(ward) == ()
    with pytest.raises(NotFound):
        review_deed(ward.deeds, ward.log_in("engineer"), 3, undo=False)


def test_a_reviewer_is_somebody_else_who_may_undo(ward: Ward) -> None:
    for login in ("admin2", "nurse4"):
        with pytest.raises(ActionRefused):
            distrusted(ward, reviewer=ward.person(login))


def test_a_rebuild_lists_the_same_deeds(ward: Ward) -> None:
    act(ward)
    distrusted(ward)
    review_deed(ward.deeds, ward.log_in("engineer"), one(ward, "person.enrolled").position, undo=False)
    ward.fold()
    listed = deeds(ward)
    ward.fold_.rebuild()
    assert deeds(ward) == listed
