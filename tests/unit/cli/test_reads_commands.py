"""`codedark reads export`: the read log as a file of AuditEvents, asked for by somebody who may, and a row itself."""

from __future__ import annotations

import json
from pathlib import Path

from trust_rig import ADA, PASSWORD, codedark, hear, new_house, said

from codedark.node import enrol, open_node


def test_the_privacy_officer_exports_it_once_and_nobody_else(tmp_path: Path) -> None:
    house, words, file = new_house(tmp_path / "node", people=True), tmp_path / "words", tmp_path / "reads.ndjson"
    words.write_text(PASSWORD)
    with open_node(house.folder) as node:
        hear(node, 1)
        for login, role in (("nora", "nurse"), ("paul", "privacy")):
            enrol(node, login, login.title(), PASSWORD, {role: ["*"]}, ADA, None)
    end = ["--as-password-file", words, "-f", house.folder, "--json"]
    assert codedark("reads", "export", file, "--as", "nora", *end).code != 0
    assert not file.exists()
    first = codedark("reads", "export", file, "--as", "paul", "--why", "asked by the board", *end)
    assert (first.code, json.loads(first.out)["events"]) == (0, 0), first.err
    assert file.stat().st_mode & 0o777 == 0o600
    assert codedark("reads", "export", file, "--as", "paul", *end).code != 0, "a file that exists is not written over"
    again = tmp_path / "again.ndjson"
    assert codedark("reads", "export", again, "--as", "paul", "--person", "paul", *end).code == 0
    told = [json.loads(line) for line in again.read_text().splitlines()]
    assert {one["type"]["code"] for one in told} == {"110106"}
    assert told[0]["agent"][-1]["name"] == "Paul"
    with open_node(house.folder) as node:
        assert said(node, "chart.viewed")[0].reason == "asked by the board"
    assert codedark("reads", "export", again, "--as", "paul", "--person", "nobody", *end).code != 0
    assert codedark("reads", "export", again, "--as", "paul", "--since", "yesterday", *end).code != 0
