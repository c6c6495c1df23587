"""What must hold of the meaning of any messages: no order, no crash, no loss."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from meanings import PID, PV1, SITE, entry, folded, message

from codedark.entries import Op, Understood, interpret
from codedark.entries.v2 import messages
from codedark.fhir import decode, encode

NOW = "202611231{:02d}000"


def _registered(number: int, trigger: str, bed: int) -> bytes:
    pv1 = PV1.replace("412^B", f"{400 + bed}^A")
    return message(f"ADT^{trigger}", f"EVN|{trigger}", PID, pv1, at=_at(number), control=f"A{number}")


def _order(number: int, control: str, dose: int) -> bytes:
    rows = (f"ORC|{control}|P1^ANNA", f"RXE||1^Drug^L|{dose}||mg")
    return message("RDE^O11", PID, PV1, *rows, at=_at(number), control=f"O{number}")


def _result(number: int, status: str, value: int) -> bytes:
    rows = ("OBR|1||L1^LAB|24323-8^Panel^LN", f"OBX|1|NM|2823-3^K^LN||{value}|mmol/L|||||{status}")
    return message("ORU^R01", PID, PV1, *rows, at=_at(number), control=f"R{number}")


def _merge(number: int) -> bytes:
    return message("ADT^A40", PID, f"MRG|{4600 + number}^^^ANNA^MR", at=_at(number), control=f"G{number}")


def _at(number: int) -> str:
    return f"20261123{10 + number // 60:02d}{number % 60:02d}00"


FEED = st.lists(
    st.one_of(
        st.builds(
            _registered,
            st.integers(0, 99),
            st.sampled_from(["A01", "A02", "A03", "A08", "A11", "A13"]),
            st.integers(0, 9),
        ),
        st.builds(_order, st.integers(0, 99), st.sampled_from(["NW", "XO", "DC", "HD", "RL", "CA"]), st.integers(1, 9)),
        st.builds(_result, st.integers(0, 99), st.sampled_from("PFCWX"), st.integers(1, 9)),
        st.builds(_merge, st.integers(0, 9)),
    ),
    max_size=12,
    unique_by=lambda raw: raw.split(b"|")[9],
)


@settings(max_examples=150, deadline=None)
@given(FEED, st.randoms(use_true_random=False))
def test_messages_in_any_order_add_up_to_the_same(feed: list[bytes], chance: random.Random) -> None:
    shuffled = feed.copy()
    chance.shuffle(shuffled)

    def state(order: list[bytes]) -> object:
        meanings = [interpret(entry(raw, position=position), SITE) for position, raw in enumerate(order)]
        links = {(f.id, f.body["into"]) for m in meanings for f in m.facts if f.op is Op.LINK}
        return folded(meanings), links

    assert state(feed) == state(shuffled)


@settings(max_examples=100, deadline=None)
@given(FEED)
def test_two_claims_on_one_resource_never_rank_the_same(feed: list[bytes]) -> None:
    ranks: dict[tuple[str, str], list[tuple[bytes, bytes]]] = {}
    for raw in feed:
        for fact in interpret(entry(raw), SITE).facts:
            ranks.setdefault((fact.type, fact.id), []).append((fact.rank, encode([fact.body, list(fact.cleared)])))
    for claims in ranks.values():
        by_rank = dict(claims)
        assert all(by_rank[rank] == body for rank, body in claims)


CORRUPT = st.binary(max_size=4)


@settings(max_examples=300, deadline=None)
@given(FEED.filter(bool), st.integers(0, 10_000), st.integers(0, 20), CORRUPT)
def test_damaged_message_is_facts_or_problems_and_never_a_crash(
    feed: list[bytes], where: int, cut: int, put: bytes
) -> None:
    raw = feed[0]
    at = where % len(raw)
    meaning = interpret(entry(raw[:at] + put + raw[at + cut :]), SITE)
    assert meaning.facts or meaning.problems or meaning.understood is Understood.KEPT
    assert [problem for problem in meaning.problems if problem.reason.startswith("could not be read (")] == []


SEGMENT = st.builds(
    lambda name, fields: "|".join((name, *fields)),
    st.sampled_from(sorted(messages._MEANT)),
    st.lists(st.text(alphabet='^~\\&"2026-.<:AaMR1 ', max_size=12), max_size=26),
).filter(lambda segment: not segment.startswith("MSH"))
KIND = st.sampled_from(
    ["ADT^A01", "ADT^A40", "ADT^A45", "RAS^O17", "RDE^O11", "ORM^O01", "ORU^R01", "OUL^R22", "VXU^V04", "MDM^T02"]
)


@settings(max_examples=400, deadline=None)
@given(KIND, st.lists(SEGMENT, max_size=8))
def test_any_segments_are_read_without_a_defect_and_give_json(kind: str, segments: list[str]) -> None:
    meaning = interpret(entry(message(kind, *segments)), SITE)
    assert [problem for problem in meaning.problems if problem.reason.startswith("could not be read (")] == []
    for fact in meaning.facts:
        assert decode(encode(fact.body)) == fact.body


@settings(max_examples=100, deadline=None)
@given(st.lists(SEGMENT, max_size=8), st.integers(0, 3))
def test_same_entry_gives_the_same_meaning(segments: list[str], position: int) -> None:
    raw = entry(message("ORU^R01", PID, *segments), position=position)
    assert interpret(raw, SITE) == interpret(raw, SITE)
