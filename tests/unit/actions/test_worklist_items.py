"""Every item of the worklist can be looked at, also one that names no place in its message."""

from __future__ import annotations

from pathlib import Path

from web_rig import admit, house


def test_a_message_that_could_not_be_read_at_all_can_be_looked_at(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.hear("MSH|^~\\&|A||||||ADT^A01|1|P|2.5\rMSH|^~\\&|A||||||ADT^A01|2|P|2.5")
        home.hear("FHS|^~\\&\rMSH\rBTS|1")
        home.hear(admit("991", "X^Y", "9N", "AL1|1|DA||SV"))
        engineer = home.in_as("engineer")
        items = home.deeds.record.worklist(50, 0)

        answers = [engineer.post("/worklist", {"item": item.item, "page": "1"}).status for item in items]
        home.fold()

        assert len(items) >= 3
        assert "" in {item.path for item in items}
        assert answers == [303] * len(items)
        assert home.deeds.record.status().worklist_open == 0
