"""The child that runs typst: no key, no environment, no file, limits; when it fails the pack fails and names no one."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
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
PROBE = """
import os, resource, runpy, sys
child = runpy.run_path(sys.argv[1])
child["cage"](2, 2 << 30)
try:
    with open(sys.argv[2], "wb", buffering=0) as file:
        file.write(b"x")
    print("wrote")
except OSError:
    print("write denied")
try:
    bytearray(4 << 30)
    print("took 4 GB")
except MemoryError:
    print("memory denied")
"""


def frame(message: object) -> bytes:
    body = json.dumps(message).encode()
    return struct.pack(">I", len(body)) + body


def test_caged_process_may_not_write_nor_take_four_gigabytes(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n" + PROBE]
        + [str(ROOM / "compositor.py"), str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split("\n")[:2] == ["write denied", "memory denied"]


def test_uncaged_process_may(tmp_path: Path) -> None:
    """The control: without the cage the same probe writes."""
    probe = PROBE.replace('child["cage"](2, 2 << 30)', "")
    probe = probe[: probe.index("try:\n    bytearray")]
    done = subprocess.run(
        [sys.executable, "-c", probe, str(ROOM / "compositor.py"), str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "wrote\n"


def test_caged_process_imports_nothing_of_the_house_and_has_no_environment() -> None:
    os.environ["CODEDARK_SECRET_OF_THIS_TEST"] = "leak"
    with Press(0) as press:
        environment = Path(f"/proc/{press._child.pid}/environ").read_bytes()
    del os.environ["CODEDARK_SECRET_OF_THIS_TEST"]
    assert environment == b""
    assert "import codedark" not in (ROOM / "compositor.py").read_text()


def test_pack_that_takes_too_long_is_a_pack_error() -> None:
    with Press(0, time_limit_s=0.01) as press, pytest.raises(PackError, match="longer than it may"):
        press.measure("{}")


def test_template_error_names_a_place_and_no_data() -> None:
    with Press(0) as press, pytest.raises(PackError) as refused:
        press.draw('{"title": "MARLOWE"}', [])
    assert "MARLOWE" not in str(refused.value)


def test_child_that_is_asked_nothing_ends_by_itself() -> None:
    done = subprocess.run(
        [sys.executable, "-I", str(ROOM / "compositor.py")], input=b"", check=True, capture_output=True
    )
    assert done.stdout == b""


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
