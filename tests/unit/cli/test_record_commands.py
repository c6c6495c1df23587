"""What is recorded at the console stands in the chart; the words of a note never stand in an argument."""

from __future__ import annotations

import re
from pathlib import Path

from trust_rig import ADA, PASSWORD, codedark, hear, new_house

from codedark.node import enrol, open_node
from codedark.views import Mark


def test_a_nurse_records_at_the_console_and_a_bad_number_is_said(tmp_path: Path) -> None:
    house, words, note = new_house(tmp_path / "node", people=True), tmp_path / "words", tmp_path / "note"
    words.write_text(PASSWORD)
    note.write_text("Sleeps.")
    with open_node(house.folder) as node:
        hear(node, 1)
        enrol(node, "nora", "Nora Nurse", PASSWORD, {"nurse": ["*"]}, ADA, None)
        (patient,) = [banner.patient for banner in node.record().patients()]
    me = ["--as", "nora", "--as-password-file", words, "-f", house.folder]
    done = codedark("record", "vitals", patient, "pulse=88", "temperature=38.2", "--at", "2026-11-24T03:12-05:00", *me)
    assert (done.code, bool(re.search(r"kept as entry \d+", done.out))) == (0, True)
    dose = ["--medication", "Morphine", "--amount", "2", "--unit", "mg", "--basis", "seen by me"]
    assert codedark("record", "dose", patient, *dose, *me).code == 0
    assert codedark("record", "note", patient, "--text-file", note, *me).code == 0
    assert codedark("record", "vitals", patient, "pulse=fast", *me).code != 0
    with open_node(house.folder) as node:
        chart = node.record().chart(patient)
    assert {(vital.name, vital.value) for vital in chart.vitals} == {("Heart rate", "88"), ("Body temperature", "38.2")}
    assert [each.text for each in chart.notes] == ["Sleeps."]
    assert {vital.stamp.mark for vital in chart.vitals} == {Mark.SCREEN}
