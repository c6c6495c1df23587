"""What the feeds do not carry is red before the day it is needed, on the command line and in `doctor`."""

from __future__ import annotations

import shutil
from pathlib import Path

import orjson
import pytest
from node_rig import message, new_node

from codedark.cli import main
from codedark.cli.exits import RED
from codedark.node import coverage_findings
from codedark.views import COVERAGE_PARTS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node that heard one admission, and of the rest nothing."""
    place = tmp_path_factory.mktemp("coverage")
    folder = new_node(place / "node")
    (place / "1.hl7").write_bytes(message(1))
    assert ended("import", str(place / "1.hl7"), "-f", str(folder)) == 0
    return folder


def ended(*arguments: str) -> object:
    """The code with which a command ended, run in this process."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    return end.value.code or 0


def test_parts_that_no_feed_carries_are_red_and_name_the_unit(folder: Path) -> None:
    found = [each for each in coverage_findings(folder) if each.state == "red"]
    assert len(found) == len(COVERAGE_PARTS)
    assert all("4W 0 %" in each.says for each in found)


def test_the_table_of_coverage_ends_with_the_code_of_something_red(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended("coverage", "-f", str(folder), "--json") == RED
    found = orjson.loads(capsys.readouterr().out)
    assert (found["below"], found["units"][0]["unit"]) == (1, "4W")
    assert found["units"][0]["parts"]["administrations"] == {
        "heard": 0, "percent": 0, "asked": 75, "below": True, "newest_us": None, "oldest_us": None,
    }  # fmt: skip


def test_a_site_that_asks_for_nothing_is_green_and_its_wish_is_kept(folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(folder, tmp_path / "node"))
    asked = [word for part in COVERAGE_PARTS for word in ("--ask", f"{part}=0")]
    assert ended("coverage", *asked, "-f", str(folder)) == 0
    assert [each.state for each in coverage_findings(folder)] == ["green"]
    assert ended("coverage", "--ask", "allergies=1", "-f", str(folder)) == RED


def test_what_is_no_part_of_the_record_cannot_be_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended("coverage", "--ask", "mood=50", "-f", str(folder), "--json")
    assert orjson.loads(capsys.readouterr().out)["error"] == "config-error"
