"""`codedark serve`: the whole node, in the foreground."""

from __future__ import annotations

from pathlib import Path

from codedark.cli.options import DEFAULT_FOLDER, Folder
from codedark.cli.output import Output
from codedark.node import Config
from codedark.node import serve as serve_node


def serve(folder: Folder = DEFAULT_FOLDER) -> None:
    """Hear the feeds, keep the journal, fold the views, show the ward's pages and draw packs, until stopped."""
    serve_node(folder, ready=lambda ports: announce(folder, ports))


def announce(folder: Path, ports: dict[str, int]) -> None:
    """Say on stderr what is open and where."""
    output, config = Output(as_json=False), Config.load(folder)
    for name, port in ports.items():
        if name == "web":
            output.say(f"ward's pages: https://{config.web.host}:{port}/")
        else:
            output.say(f"feed {name}: MLLP on port {port}")
    output.say("Ctrl-C stops it; nothing that was acknowledged is lost.")
