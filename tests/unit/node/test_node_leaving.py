"""The one door out: only an origin that may speak for the facility gives out numbers, ships or loads back."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from trust_rig import ADA, BEN, House, new_house, said

from codedark.actions import Errand, Passage
from codedark.entries import DeedRefused
from codedark.errors import ActionRefused, ForkFound
from codedark.node import adopt, leave, open_node, pull_copy
from codedark.views import Adoption


def sent(house: House, errand: Errand = Errand.BACKLOAD) -> list[str]:
    """What went out: the origin that spoke, or nothing."""
    out: list[str] = []
    with open_node(house.folder) as node:
        leave(node, errand, lambda passage: out.append(passage.origin))
    return out


def founded(tmp_path: Path) -> House:
    return new_house(tmp_path / "node")


def restored(tmp_path: Path) -> House:
    return new_house(tmp_path / "node").restored(tmp_path / "copy", tmp_path / "new")


def forked(tmp_path: Path) -> House:
    """Its proof lies in the inbox and was not read yet."""
    house, clone, copy = founded(tmp_path), House(tmp_path / "clone", ()), tmp_path / "copy"
    shutil.copytree(house.folder, clone.folder)
    house.hear(1)
    clone.hear(2)
    pull_copy(house.folder, copy)
    with pytest.raises(ForkFound):
        pull_copy(clone.folder, copy)
    return clone


@pytest.mark.parametrize("errand", list(Errand))
def test_a_founded_origin_goes_out(errand: Errand, tmp_path: Path) -> None:
    assert len(sent(founded(tmp_path), errand)) == 1


@pytest.mark.parametrize("made", [restored, forked])
def test_an_unadopted_or_forked_origin_sends_nothing_and_the_attempt_is_an_entry(
    made: Callable[[Path], House], tmp_path: Path
) -> None:
    house = made(tmp_path)
    for errand in Errand:
        with pytest.raises(ActionRefused, match="this record may not"):
            sent(house, errand)
    with open_node(house.folder) as node:
        tries = [each for each in said(node, "deed.refused") if isinstance(each, DeedRefused)]
    assert {each.person for each in tries} == {"node"}
    assert tries[0].deed == "leave:numbers"


@pytest.mark.parametrize("made", [restored, forked])
def test_without_the_check_it_would_go(
    made: Callable[[Path], House], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: the same record with the rule off."""
    house = made(tmp_path)
    monkeypatch.setattr(Adoption, "may_ship", property(lambda _: True))
    assert len(sent(house)) == 1


def test_a_restored_origin_goes_out_once_two_people_have_adopted_it(tmp_path: Path) -> None:
    house = new_house(tmp_path / "node", people=True).restored(tmp_path / "copy", tmp_path / "new")
    with pytest.raises(ActionRefused):
        sent(house)
    with open_node(house.folder) as node:
        adopt(node, house.cards[:3], ADA, BEN)
    assert len(sent(house)) == 1


def test_a_fork_found_later_shuts_the_door_again(tmp_path: Path) -> None:
    house, clone, copy = founded(tmp_path), House(tmp_path / "clone", ()), tmp_path / "copy"
    shutil.copytree(house.folder, clone.folder)
    house.hear(1)
    clone.hear(2)
    assert len(sent(house)) == 1
    pull_copy(house.folder, copy)
    with pytest.raises(ForkFound):
        pull_copy(clone.folder, copy)
    pull_copy(house.folder, copy)
    with pytest.raises(ActionRefused, match="another copy"):
        sent(house)


def test_nobody_makes_a_passage_for_himself() -> None:
    with pytest.raises(ActionRefused):
        Passage(Errand.BACKLOAD, "ab" * 16, 7)


def test_nothing_but_the_door_decides_by_may_ship(root: Path) -> None:
    """Others show it; only the door acts on it."""
    shows = {"node/reporting.py", "node/examination.py", "node/adopting.py", "cli/status.py", "actions/two_people.py"}
    house = root / "src" / "codedark"
    users = {
        str(path.relative_to(house))
        for path in house.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "may_ship"
    }
    assert users - shows == {"actions/leaving.py"}
