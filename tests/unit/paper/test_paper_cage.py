"""The child that runs typst: no key, no environment, no file, limits; when it fails the pack fails and names no one."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
import ward_shapes

import codedark.paper
from codedark.clock import SeededChance
from codedark.errors import PackError
from codedark.paper import draw_pack, mint_sheets
from codedark.paper.press import Press

ROOM = Path(codedark.paper.__file__).parent


def test_typst_is_caged_with_the_network_denied() -> None:
    """What each wall denies, and that without it the same is possible, is shown in tests/unit/cage."""
    with Press(0) as press:
        assert press.walls >= {"limits", "seccomp", "closed", "landlock", "capabilities"}


def test_caged_process_imports_nothing_of_the_house_and_has_no_environment() -> None:
    os.environ["CODEDARK_SECRET_OF_THIS_TEST"] = "leak"
    with Press(0) as press:
        environment = Path(f"/proc/{press.pid}/environ").read_bytes()
    del os.environ["CODEDARK_SECRET_OF_THIS_TEST"]
    assert environment == b""
    assert "import codedark" not in (ROOM / "compositor.py").read_text()


def test_pack_that_takes_too_long_is_a_pack_error() -> None:
    with Press(0, time_limit_s=0.0) as press, pytest.raises(PackError, match="longer than it may"):
        press.measure("{}")


def test_template_error_names_a_place_and_no_data() -> None:
    with Press(0) as press, pytest.raises(PackError) as refused:
        press.draw('{"title": "MARLOWE"}', [])
    assert "MARLOWE" not in str(refused.value)


def test_drawing_leaves_nothing_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    request = ward_shapes.ward(1)
    draw_pack(replace(request, sheets=mint_sheets(request, SeededChance(1))))
    assert list(tmp_path.iterdir()) == []


def test_template_takes_no_package_and_evaluates_nothing() -> None:
    for source in (ROOM / "template").glob("*.typ"):
        text = source.read_text()
        assert "@preview" not in text
        assert "eval(" not in text
        assert "plugin(" not in text
