"""`codedark listen`: the node without the ward's pages."""

from __future__ import annotations

from codedark.cli.options import DEFAULT_FOLDER, Folder
from codedark.cli.serve import announce
from codedark.node import listen as listen_node


def listen(folder: Folder = DEFAULT_FOLDER) -> None:
    """Hear the feeds, keep the journal, fold the views and draw packs, without the ward's pages, until stopped."""
    listen_node(folder, ready=lambda ports: announce(folder, ports))
