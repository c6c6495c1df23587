"""What a message says is told to whoever may see it; a file's to anybody who has the file."""

from __future__ import annotations

import json
from pathlib import Path

from trust_rig import ADA, PASSWORD, codedark, hear, new_house

from codedark.node import enrol, open_node

MESSAGE = b"MSH|^~\\&|A|B|||20261123150000||ADT^A01|1|P|2.5.1\rPID|1||7^^^ANNA^MR||DOE^JO\rPV1|1|I|4W^1^A\rZZZ|1\r"


def test_a_file_is_translated_without_a_node(tmp_path: Path) -> None:
    file = tmp_path / "message.hl7"
    file.write_bytes(MESSAGE)
    told = json.loads(codedark("translate", "--file", file, "--json").out)
    assert (told["message"], told["unread"]) == ("ADT^A01", ["ZZZ"])
    kinds = [entry["resource"]["resourceType"] for entry in told["bundles"][0]["entry"]]
    assert kinds[:3] == ["MessageHeader", "Patient", "Encounter"]


def test_what_is_no_message_is_said_and_nothing_is_made_of_it(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_bytes(b"Dear colleague")
    told = json.loads(codedark("translate", "--file", file, "--json").out)
    assert told["bundles"] == []
    assert told["problems"]


def test_neither_a_position_nor_a_file_is_a_mistake(tmp_path: Path) -> None:
    assert codedark("translate", "-f", tmp_path).code != 0


def test_a_message_of_the_journal_takes_a_nurse_and_her_reason_and_is_in_the_read_log(tmp_path: Path) -> None:
    house, words = new_house(tmp_path / "node", people=True), tmp_path / "words"
    words.write_text(PASSWORD)
    with open_node(house.folder) as node:
        hear(node, 1)
        enrol(node, "nora", "Nora Nurse", PASSWORD, {"nurse": ["*"]}, ADA, None)
        reader = node.reader()
        position = next(each.position for each in reader.read(-1, 1_000) if each.kind == "hl7.received")
        reader.close()
    me = ["--as-password-file", words, "-f", house.folder, "--json"]
    assert codedark("translate", position, *me).code != 0
    assert codedark("translate", position, "--as", ADA[0], *me).code != 0
    assert codedark("translate", 0, "--as", "nora", *me).code != 0
    done = codedark("translate", position, "--as", "nora", "--why", "the sender asks", *me)
    assert (done.code, len(json.loads(done.out)["bundles"])) == (0, 1)
    with open_node(house.folder) as node:
        looks = [row for row in node.record().read_log(10) if row.what == "message"]
    assert [look.reason for look in looks] == ["the sender asks"]
