"""kill -9 under load: what was acknowledged is kept, and kept once. The control forgets, and is found out."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from forgetful_receiver import Forgetful
from soak_sizes import KILLS, recorded

from codedark.hl7 import peek
from codedark.node import open_node
from codedark_drill import Hospital, Line, Spoken
from codedark_drill.drill_node import RunningNode, found_drill_node, free_ports, lines_of
from codedark_drill.faults import distinct, judge, kill_under_load

START_US = 1_795_300_000_000_000
MESSAGES = max(3000, 60 * KILLS)


def load(count: int) -> list[Spoken]:
    beds = 120 if count <= 3000 else 400
    return distinct(Hospital(11, beds).messages(START_US, START_US + 24 * 3_600_000_000), count)


def kept_in(folder: Path) -> list[str]:
    with open_node(folder) as node:
        reader, found, after = node.reader(), [], -1
        while entries := reader.read(after):
            found += [peek(entry.payload).control_id for entry in entries if entry.kind == "hl7.received"]
            after = entries[-1].position
        reader.close()
        return found


@pytest.mark.alone
def test_kills_under_load_lose_nothing_acknowledged_and_double_nothing(tmp_path: Path) -> None:
    config = found_drill_node(tmp_path / "node")
    receiver = RunningNode(tmp_path / "node", "listen", tmp_path / "node.log")
    with recorded("kill -9 of a node under load") as said:
        try:
            ordeal = kill_under_load(
                receiver, lines_of(config), load(MESSAGES), KILLS, Random(20), patience_s=60.0 + 10 * KILLS
            )
        finally:
            receiver.stop()
        verdict = judge(ordeal.acknowledged, kept_in(tmp_path / "node"))
        said |= {"done": ordeal.kills, "acknowledged": len(ordeal.acknowledged), "kept": verdict.kept,
                 "lost": len(verdict.lost), "doubled": len(verdict.doubled)}  # fmt: skip
    assert ordeal.kills == KILLS
    assert len(ordeal.acknowledged) == MESSAGES
    assert (verdict.lost, verdict.doubled) == (frozenset(), frozenset())


@pytest.mark.alone
def test_a_receiver_that_answers_before_it_keeps_is_found_out(tmp_path: Path) -> None:
    port = free_ports(1)[0]
    receiver = Forgetful(port, tmp_path / "kept")
    feeds = ("adt", "orders", "mar", "lab", "vitals")
    with recorded("control: a receiver that answers before it keeps, killed") as said:
        try:
            ordeal = kill_under_load(receiver, dict.fromkeys(feeds, Line("127.0.0.1", port)), load(600), 4, Random(4))
        finally:
            receiver.kill()
        lost = judge(ordeal.acknowledged, receiver.kept()).lost
        said |= {"done": ordeal.kills, "acknowledged": len(ordeal.acknowledged), "lost": len(lost)}
    assert lost
