"""The figures of docs/formats/hl7v2-figures.md hold on the data beside the checkout; the count can tell a difference.

The page is drawn by `script/figures.py`; here it may say less than is true (somebody mapped more), never more.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from agreement import CDC, MICROSOFT, ORACLES, Agreement, Disagreement, Pair, bag, count, matched, said
from published_maps import parsed, published_paths
from rulings import VERDICTS, read_rulings
from understanding import Corpus, corpora


@pytest.fixture(scope="module")
def given(shared_data: Path) -> dict[str, str]:
    return published_paths(shared_data / "v2-to-fhir-maps" / "mappings")


@pytest.fixture(scope="module")
def agreements(shared_data: Path, given: dict[str, str]) -> dict[str, Agreement]:
    return {oracle: count(oracle, pairs(shared_data), frozenset(given)) for oracle, pairs in ORACLES.items()}


@pytest.fixture(scope="module")
def understood(shared_data: Path) -> list[Corpus]:
    return corpora(shared_data)


def row_of(page: str, first: str) -> list[str]:
    """The cells of the row of a table that begins with `first`, without thousands and percent marks."""
    (line,) = [line for line in page.splitlines() if line.startswith(f"| {first} |")]
    return [re.sub(r"[,%\s]", "", cell) for cell in line.strip("|").split("|")][1:]


def test_no_message_of_any_corpus_is_lost_or_crashes(understood: list[Corpus]) -> None:
    assert sum(each.messages for each in understood) > 900
    assert {(each.name, each.defects, each.crashes, each.lost) for each in understood} == {
        (each.name, 0, 0, 0) for each in understood
    }


def test_page_promises_no_more_full_messages_than_there_are(understood: list[Corpus], root: Path) -> None:
    page = (root / "docs/formats/hl7v2-figures.md").read_text(encoding="utf-8")
    for each in understood:
        assert int(row_of(page, each.name)[1]) <= each.totals[0], each.name


@pytest.mark.parametrize("oracle", [CDC, MICROSOFT])
def test_page_promises_no_more_agreement_than_there_is(
    oracle: str, agreements: dict[str, Agreement], root: Path
) -> None:
    pairs, leaves, agreed, *_ = row_of((root / "docs/formats/hl7v2-figures.md").read_text(encoding="utf-8"), oracle)
    found = agreements[oracle]
    assert (int(pairs), int(leaves)) == (found.pairs, found.leaves.total())
    assert int(agreed) <= found.agreed.total()


def test_committed_list_of_paths_is_what_the_maps_give(given: dict[str, str], root: Path) -> None:
    lines = (root / "tests/figures/paths.txt").read_text(encoding="utf-8").splitlines()[1:]
    assert [line.partition("  # ")[0] for line in lines] == sorted(given)


def test_every_ruling_has_a_verdict_a_reason_and_decides_something(agreements: dict[str, Agreement]) -> None:
    everything = [each for found in agreements.values() for each in found.disagreements]
    idle = [ruling.name for ruling in read_rulings() if not any(ruling.fits(each) for each in everything)]
    assert {ruling.verdict for ruling in read_rulings()} <= set(VERDICTS)
    assert idle == []


PATHS = frozenset({"Patient.gender", "Patient.name.family", "Patient.birthDate", "Patient.deceasedDateTime"})
MESSAGE = b"MSH|^~\\&|A|B|C|D|20260101||ADT^A08|1|P|2.5\rPID|1||1^^^B^MR||OKAFOR||19720304|F\r"


def pair(**patient: object) -> Pair:
    bundle = {"entry": [{"resource": {"resourceType": "Patient", **patient}}]}
    return Pair(CDC, "own", MESSAGE, json.loads(json.dumps(bundle), parse_float=Decimal, parse_int=Decimal))


def test_a_bundle_that_says_the_same_agrees_in_full() -> None:
    found = count(CDC, [pair(gender="female", birthDate="1972-03-04", name=[{"family": "OKAFOR"}])], PATHS)
    assert (found.agreed.total(), found.leaves.total(), found.disagreements) == (3, 3, [])


def test_a_bundle_with_one_other_value_disagrees_by_that_leaf() -> None:
    found = count(CDC, [pair(gender="male", birthDate="1972-03-04")], PATHS)
    assert [(each.path, each.theirs, each.ours) for each in found.disagreements] == [
        ("Patient.gender", "male", ("female",))
    ]


def test_two_of_theirs_are_not_both_found_in_one_of_ours() -> None:
    one = Counter({("Patient.gender", "female"): 1})
    assert [have for _, _, have in matched([("Patient", one), ("Patient", one)], [("Patient", one)])] == [one, None]


def test_what_is_no_published_path_does_not_count() -> None:
    assert not bag({"resourceType": "Patient", "id": "x", "active": True, "text": {"div": "F"}}, PATHS)


def test_same_instant_and_same_number_are_the_same_value() -> None:
    assert said("2026-01-01T02:00:00+02:00") == said("2026-01-01T00:00:00Z")
    assert said(Decimal("1.50")) == said(Decimal("1.5"))
    assert said("2026-01-01") != said("2026-01-01T00:00:00Z")


def test_parentheses_of_a_map_lead_into_the_resource_they_name() -> None:
    assert parsed("performer[1](PractitionerRole.practitioner(Practitioner))", "Observation") == ("Practitioner", "")
    assert parsed('identifier[1].type.coding.code="PLAC"', "Patient") == ("Patient", "identifier.type.coding.code")


ONE = Disagreement(
    *(CDC, "own", "Patient.name.given", "ADAM", ("EVE",), False, ("NK1", "PID"), "PID", "ADT"),
    said_at=("NK1-2", "PID-5"),
    times={"PID": 2, "NK1": 1},
    held=1,
    beside=frozenset({"Patient.name.given=ADAM", "Patient.gender=male"}),
    lacking=frozenset({"Patient.name.given"}),
)


@pytest.mark.parametrize(
    ("how", "fits"),
    [
        ("", True),
        ("said_at = '(NK1|PID)-.*'", True),
        ("said_at = 'NK1-.*'", False),
        ("beside = 'Patient.gender=male'", True),
        ("beside = 'Patient.gender=female'", False),
        ("lacking = 'Patient.name.*'", True),
        ("lacking = 'Patient.gender'", False),
        ("held_as_in = 'NK1'", True),
        ("held_as_in = 'PID'", False),
        ("already = true", True),
        ("whole = false", True),
        ("whole = true", False),
        ("ours = 'E.E'", True),
        ("ours = 'urn:{theirs}'", False),
    ],
)
def test_a_ruling_decides_nothing_that_its_reason_does_not_fit(how: str, fits: bool, tmp_path: Path) -> None:
    rulings = tmp_path / "rulings.toml"
    rulings.write_text(f'[[ruling]]\nname = "x"\nverdict = "beyond"\nwhy = "y"\npath = "Patient.*"\n{how}\n')
    (ruling,) = read_rulings(rulings)
    assert ruling.fits(ONE) is fits
