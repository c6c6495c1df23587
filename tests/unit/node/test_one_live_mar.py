"""One live MAR for each patient: issuing makes exactly one and names the one to collect; drafts make none."""

from __future__ import annotations

import re
from collections import Counter

import pypdfium2 as pdfium
import pytest
from node_rig import message, new_node

from codedark.journal import Draft
from codedark.node import draw, open_node
from codedark.node.opening import OpenNode

UNIT = "4W"


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The text of what was printed, in order: a draft, a first issue, another draft, a second issue; and the ledger."""
    node_folder = new_node(tmp_path_factory.mktemp("mar") / "node")
    text: dict[str, str] = {}
    with open_node(node_folder) as node:
        for number in (1, 2):
            node.append(Draft("hl7.received", 1, "feed:ehr", message(number)))
        for name, as_draft in (("draft", True), ("first", False), ("between", True), ("second", False)):
            text[name] = _pages(node, as_draft)
        node.fold()
        rows = [row for row in node.record().sheets(UNIT) if row.form == "mar" and row.page == 1]
        text["ledger"] = " ".join(f"{row.patient}={row.sheet}" for row in rows)
    return text


def _pages(node: OpenNode, as_draft: bool) -> str:
    node.fold()
    with pdfium.PdfDocument(draw(node, UNIT, as_draft=as_draft).pdf) as pdf:
        return "\n".join(page.get_textpage().get_text_range() for page in pdf)


def test_each_issue_makes_exactly_one_mar_of_each_patient(printed: dict[str, str]) -> None:
    made = Counter(row.split("=")[0] for row in printed["ledger"].split())
    assert sorted(made.values()) == [2, 2]  # two patients, two issues, no draft


def test_the_second_issue_names_the_sheets_to_collect(printed: dict[str, str]) -> None:
    assert {name: "COLLECT THE EARLIER MAR" in _plain(printed[name]) for name in ("first", "second")} == {
        "first": False, "second": True,
    }  # fmt: skip
    first = set(_sheets(printed["first"]))
    assert len(first & set(_sheets(_collected(printed["second"])))) == 2


def test_a_draft_says_that_it_is_one_on_every_page(printed: dict[str, str]) -> None:
    assert "DRAFT: not in" in printed["between"]
    assert "DRAFT: not in" not in printed["second"]


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _collected(text: str) -> str:
    """The sheets that the MAR says to collect."""
    return " ".join(re.findall(r"COLLECT THE EARLIER MAR(.*?)read them before", _plain(text)))


def _sheets(text: str) -> list[str]:
    return re.findall(r"WTB-[0-9A-Z]{5}-[0-9A-Z]{5}", text)
