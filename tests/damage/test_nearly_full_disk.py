"""What can be made again is not made on a disk that is nearly full, and half a file is never what fills it."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from node_rig import codedark, message, new_node, running
from web_rig import house

from codedark.access import load_node_keys
from codedark.errors import CodedarkError
from codedark.node import Layout, open_node
from codedark.node.folding import take_snapshot
from codedark.node.keeper import orders
from codedark.node.log import start_log
from codedark.node.packing import draw_drafts
from codedark.views import snapshot

Disk = Callable[[int], Path]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """File systems of so many MiB."""
    mounted: list[Path] = []

    def made(mib: int) -> Path:
        place = tmp_path / f"disk{len(mounted)}"
        place.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(place)], capture_output=True)
        if done.returncode:
            pytest.skip("DID NOT RUN: mounting a small file system needs root")
        mounted.append(place)
        return place

    yield made
    for place in mounted:
        subprocess.run(["umount", "-l", str(place)], check=True)


def with_patients(folder: Path, tmp_path: Path) -> Path:
    """A node that knows two patients."""
    new_node(folder)
    heard = tmp_path / "heard.hl7"
    heard.write_bytes(message(1) + message(2))
    assert codedark("import", heard, "-f", folder).code == 0
    return folder


@pytest.mark.parametrize(("mib", "drawn"), [(70, 0), (200, 1)])
def test_packs_by_the_timer_wait_for_room(disk: Disk, tmp_path: Path, mib: int, drawn: int) -> None:
    folder = with_patients(disk(mib) / "node", tmp_path)
    layout = Layout(folder)
    with open_node(folder) as node:
        node.record()
    with running(folder):
        draw_drafts(layout, orders(layout, load_node_keys(folder))["packs"], threading.Event(), start_log("packs"))
    assert len(list(layout.packs.iterdir())) == drawn


@pytest.mark.parametrize(("mib", "taken"), [(70, False), (200, True)])
def test_snapshots_wait_for_room(disk: Disk, mib: int, taken: bool) -> None:
    layout = Layout(disk(mib) / "node")
    layout.make()
    with house(layout.root) as home:
        assert take_snapshot(layout, home.store) is taken
    assert layout.snapshot.exists() is taken


def test_a_snapshot_that_did_not_fit_leaves_nothing_behind(disk: Disk, tmp_path: Path) -> None:
    place = disk(1)
    with house(tmp_path / "house") as home:
        snapshot(home.store, tmp_path / "whole")
        with suppress(OSError), (place / "ballast").open("wb", buffering=0) as file:
            while file.write(os.urandom(4096)):
                pass
        with pytest.raises(CodedarkError, match="snapshot could not be written"):
            snapshot(home.store, place / "views.snapshot")
    assert (tmp_path / "whole").stat().st_size > 0
    assert [path.name for path in place.iterdir()] == ["ballast"]
