"""Any shuffle of the same claims folds to one digest, and to what folding them in rank order says."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from views_tape import START_US, Views, fact

from codedark.entries import Fact, Op, SourceDistrusted, Standing
from codedark.views import digest
from codedark.views.claims import Claim, Merged, canonical

FIELDS = ("status", "gender", "valueQuantity", "valueString", "_valueString", "birthDate")
PATIENTS = ("p1", "p2", "p3")


@st.composite
def claims(draw: st.DrawFn) -> Fact:
    """A claim on one of few resources, so that they meet; ranks collide often."""
    op = draw(st.sampled_from([Op.PATCH, Op.PATCH, Op.PATCH, Op.PUT, Op.DELETE, Op.LINK, Op.UNLINK]))
    at, standing = draw(st.integers(0, 3)), draw(st.sampled_from([Standing.PLAIN, Standing.FINAL, Standing.CORRECTED]))
    owner = draw(st.sampled_from(PATIENTS))
    if op in (Op.LINK, Op.UNLINK):
        into = draw(st.sampled_from(PATIENTS))
        return fact("Patient", owner, owner, {"into": into}, at, op=op, control=draw(st.sampled_from("ab")))
    kind = draw(st.sampled_from(["Patient", "Encounter", "Observation", "AllergyIntolerance"]))
    names = draw(st.lists(st.sampled_from(FIELDS), unique=True, max_size=4))
    body: dict[str, Any] = {name: draw(st.sampled_from(["a", "b", {"x": 1}])) for name in names}
    if kind == "Encounter":
        body |= {"status": "in-progress", "location": [{"location": {"identifier": {"value": draw(_places)}}}]}
    id_ = owner if kind == "Patient" else draw(st.sampled_from(["r1", "r2"]))
    cleared = tuple(draw(st.lists(st.sampled_from(FIELDS), max_size=2))) if op is Op.PATCH else ()
    return fact(
        kind,
        id_,
        owner,
        {} if op is Op.DELETE else body,
        at,
        op=op,
        standing=standing,
        cleared=cleared,
        control=draw(st.sampled_from("ab")),
    )


_places = st.sampled_from(["4W^1^A", "4W^2^A", "5E^1^B"])
entries = st.lists(st.lists(claims(), min_size=1, max_size=4), min_size=1, max_size=12)


def fold(
    said: list[list[Fact]], folder: Path, *, cut: int | None = None, forged: list[list[Fact]] | None = None
) -> str:
    views = Views(folder)
    for facts in said:
        views.tape.facts(*facts)
    for facts in forged or []:
        views.tape.facts(*facts, source="feed:EVIL")
    if forged:
        views.tape.say(SourceDistrusted(source="feed:EVIL", since_us=START_US))
    while views.fold.catch_up(max_entries=cut):
        pass
    try:
        return digest(views.store)
    finally:
        views.store.close()


@settings(max_examples=25, deadline=None)
@given(entries, st.randoms(use_true_random=False), st.integers(1, 4))
def test_any_order_and_any_cut_gives_one_digest(said: list[list[Fact]], chance: random.Random, cut: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shuffled = list(said)
        chance.shuffle(shuffled)
        assert fold(said, Path(folder, "a")) == fold(shuffled, Path(folder, "b"), cut=cut)


@settings(max_examples=20, deadline=None)
@given(entries, entries)
def test_distrust_leaves_what_was_there_without_the_forgeries(said: list[list[Fact]], forged: list[list[Fact]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert fold(said, Path(folder, "a")) == fold(said, Path(folder, "b"), forged=forged)


def _claim(number: int, each: Fact) -> Claim:
    return Claim(number, 1, each.op, each.rank, canonical(each.body), each.cleared, None, number, 0, "feed:EPIC")


def _by_hand(ordered: list[Claim]) -> dict[str, Any] | None:
    """The definition: claims applied one after the other in rank order."""
    from codedark.views.claims import field_of

    state: dict[str, Any] | None = None
    for claim in ordered:
        body = msgspec.json.decode(claim.body)
        if claim.op is Op.DELETE:
            state = None
        elif claim.op is Op.PUT:
            state = body
        else:
            touched = {field_of(name) for name in (*body, *claim.cleared)}
            state = {name: value for name, value in (state or {}).items() if field_of(name) not in touched} | body
    return state


@settings(max_examples=300, deadline=None)
@given(st.lists(claims().filter(lambda each: each.op not in (Op.LINK, Op.UNLINK)), min_size=2, max_size=10))
def test_a_merge_is_the_fold_of_its_claims_in_rank_order(said: list[Fact]) -> None:
    listed = [_claim(number, each) for number, each in enumerate(said)]
    merged = Merged()
    for claim in listed:
        merged.take(claim)
    again = Merged.load(merged.saved())
    expected = _by_hand(sorted(listed, key=lambda claim: claim.order))
    assert (msgspec.json.decode(merged.body()) if merged.alive else None) == expected
    assert (again.alive, again.body(), again.stamp) == (merged.alive, merged.body(), merged.stamp)
