"""How the node knows who sends on a feed is shown as it is, on every face, and no person can say otherwise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import paper_scan
import pytest
from trust_rig import ADA, House, codedark, hear, new_house

from codedark.actions import set_config
from codedark.clock import SeededChance
from codedark.entries import ConfigSet, draft_of
from codedark.errors import ActionRefused
from codedark.node import Config, Feed, by_one, examine, open_node
from codedark.node.config import written
from codedark.node.founding import feed_changes
from codedark.node.packing import Plate, request_for
from codedark.paper import draw_pack, mint_sheets
from codedark.views import FeedRow, Sender

PIN = "ab" * 32
KNOWN = {
    Sender.ADDRESS: Feed("ehr", 0),
    Sender.CERTIFICATE: Feed("ehr", 0, tls=True, clients="clients.pem"),
    Sender.PINNED: Feed("ehr", 0, tls=True, clients="clients.pem", certificates=(PIN,)),
}
WORDS = {
    Sender.ADDRESS: "NOT AUTHENTICATED",
    Sender.CERTIFICATE: "any certificate of its authority",
    Sender.PINNED: "pinned certificate",
}


def declared(house: House, *feeds: Feed) -> None:
    """As a node does that starts with these feeds in codedark.toml."""
    config = msgspec.structs.replace(Config.load(house.folder), feed=feeds)
    (house.folder / "codedark.toml").write_text(written(config))
    with open_node(house.folder) as node:
        node.pen.append_all(feed_changes(config, node.record().settings()))
        node.fold()


def rows(house: House) -> dict[str, FeedRow]:
    with open_node(house.folder) as node:
        return {row.feed: row for row in node.record().feeds()}


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = new_house(tmp_path / "node", people=True)
    made.hear(1)
    return made


def cover(house: House) -> str:
    with open_node(house.folder) as node:
        plate = Plate(node.config, bytes(32), 1, node.layout.journal)
        asked = request_for(node.record(), "4W", plate, "", node.clock, draft=True, printed_by="test")
    pack = draw_pack(replace(asked, sheets=mint_sheets(asked, SeededChance("cover"))))
    return paper_scan.text(paper_scan.pages(pack.pdf)[0])


@pytest.mark.parametrize("sender", list(Sender))
def test_a_sender_is_shown_as_the_node_knows_it(house: House, sender: Sender) -> None:
    declared(house, KNOWN[sender])
    row = rows(house)["ehr"]
    assert (row.sender, row.authenticated) == (sender, sender is not Sender.ADDRESS)
    assert WORDS[sender] in codedark("status", "-f", house.folder).out
    assert WORDS[sender] in codedark("feed", "list", "-f", house.folder).out
    if sender is Sender.CERTIFICATE:
        assert [each.state for each in examine(house.folder) if each.what == "feed ehr"] == ["amber"]
    printed = " ".join(cover(house).split())
    assert ("not authenticated" in printed) is (sender is Sender.ADDRESS)
    assert ("any certificate of its authority" in printed) is (sender is Sender.CERTIFICATE)


def test_since_when_a_sender_is_authenticated_is_known(house: House) -> None:
    declared(house, KNOWN[Sender.ADDRESS])
    before = rows(house)["ehr"].sender_since_us
    declared(house, KNOWN[Sender.PINNED])
    after = rows(house)["ehr"].sender_since_us
    assert before is not None
    assert after is not None
    assert after > before


def test_no_person_makes_a_feed_authenticated(house: House) -> None:
    declared(house, KNOWN[Sender.ADDRESS])
    for ending, value in (("authenticated", True), ("certificates", 1)):
        key = f"feed.ehr.{ending}"
        with open_node(house.folder) as node:
            with pytest.raises(ActionRefused):
                by_one(node, ADA, lambda deeds, session, key=key, value=value: set_config(deeds, session, key, value))
            node.append(draft_of(ConfigSet(key=key, value=value), source="person:somebody"))
            node.fold()
    assert rows(house)["ehr"].sender is Sender.ADDRESS


def test_the_control_the_node_itself_says_so_and_is_believed(house: House) -> None:
    with open_node(house.folder) as node:
        node.append(draft_of(ConfigSet(key="feed.ehr.authenticated", value=True), source="node"))
        node.fold()
    assert rows(house)["ehr"].authenticated


def test_a_feed_that_is_declared_no_more_is_authenticated_no_more(house: House) -> None:
    declared(house, KNOWN[Sender.PINNED])
    declared(house, Feed("lab", 0))
    found = rows(house)
    assert (found["ehr"].declared, found["ehr"].authenticated) == (False, False)
    assert (found["lab"].declared, found["lab"].sender) == (True, Sender.ADDRESS)
    declared(house, KNOWN[Sender.PINNED])
    assert rows(house)["ehr"].sender is Sender.PINNED


def test_a_feed_nobody_declared_is_not_authenticated(house: House) -> None:
    with open_node(house.folder) as node:
        hear(node, 2, feed="portal")
        node.fold()
    assert (rows(house)["portal"].sender, rows(house)["portal"].declared) == (Sender.ADDRESS, False)
