"""Views that cannot be used are replaced: by snapshot and tail, or from nothing, never by belief."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from node_rig import codedark, message, new_node

from codedark.access import load_node_keys
from codedark.journal import Lineage
from codedark.node import Layout, open_reader
from codedark.node.folding import take_snapshot, usable_views
from codedark.node.log import start_log
from codedark.views import Fold, Record, ViewStore, digest


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A node with twenty patients and a snapshot of them."""
    folder = new_node(tmp_path / "n")
    (tmp_path / "twenty.hl7").write_bytes(b"".join(message(number) for number in range(1, 21)))
    assert codedark("import", tmp_path / "twenty.hl7", "-f", folder).code == 0
    layout = Layout(folder)
    store = ViewStore.open(layout.views, load_node_keys(folder).views_key)
    take_snapshot(layout, store)
    store.close()
    return layout


def _digest_of(layout: Layout) -> str:
    keys = load_node_keys(layout.root)
    reader = open_reader(layout, keys)
    store = usable_views(layout, keys.views_key, reader, start_log("test"))
    try:
        Fold(reader, store).catch_up()
        return digest(store)
    finally:
        store.close()
        reader.close()


def _damage(layout: Layout) -> None:
    for path in layout.views.glob("*.db"):
        path.write_bytes(b"not a database" * 1000)


def test_lost_views_come_back_from_snapshot_and_tail_the_same(layout: Layout, tmp_path: Path) -> None:
    (tmp_path / "later.hl7").write_bytes(message(99))
    assert codedark("import", tmp_path / "later.hl7", "-f", layout.root).code == 0
    before = _digest_of(layout)
    shutil.rmtree(layout.views)
    assert _digest_of(layout) == before


def test_damaged_views_come_back_the_same(layout: Layout) -> None:
    before = _digest_of(layout)
    _damage(layout)
    assert _digest_of(layout) == before


def test_damaged_views_without_a_snapshot_are_folded_from_nothing(layout: Layout) -> None:
    before = _digest_of(layout)
    _damage(layout)
    layout.snapshot.unlink()
    assert _digest_of(layout) == before


def test_a_snapshot_is_closed_to_others_and_tells_no_name(layout: Layout) -> None:
    assert layout.snapshot.stat().st_mode & 0o077 == 0
    assert b"MARLOWE" not in layout.snapshot.read_bytes()


def test_views_that_know_more_than_the_journal_are_not_believed(layout: Layout, tmp_path: Path) -> None:
    keys, before = load_node_keys(layout.root), tmp_path / "before"
    shutil.copytree(layout.journal, before)
    (tmp_path / "later.hl7").write_bytes(message(99))
    assert codedark("import", tmp_path / "later.hl7", "-f", layout.root).code == 0
    _digest_of(layout)
    layout.snapshot.unlink()
    rolled_back = Lineage.open(before, layout.origins, keys.facility_secrets)
    store = usable_views(layout, keys.views_key, rolled_back, start_log("test"))
    assert Record(store).as_of().position == -1
    store.close()
