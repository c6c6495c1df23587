"""`codedark feed …`: the declared sources of messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from codedark.cli.moments import ago, untrusted
from codedark.cli.options import DEFAULT_FOLDER, Folder, Json
from codedark.cli.output import Output, table
from codedark.node import Config, standing

app = typer.Typer(help="The declared sources of messages.", no_args_is_help=True)


def sender_words(feed: Mapping[str, Any]) -> str:
    """How the node knows who sends: a feed known by its address only is *not authenticated*; a held one says so too."""
    known = {"pinned": "pinned certificate", "certificate": "any certificate of its authority"}
    said = [known.get(str(feed.get("sender")), "NOT AUTHENTICATED: by address only")]
    said += ["HELD BACK"] if feed.get("held_since_us") is not None else []
    said += ["DISTRUSTED"] if feed.get("distrusted") else []
    return ", ".join(said)


@app.command("list")
def list_feeds(folder: Folder = DEFAULT_FOLDER, as_json: Json = False) -> None:
    """List every feed declared or heard of: where it is heard, who may send, and when it was last heard."""
    found = standing(folder)
    heard = {feed["name"]: feed for feed in found["feeds"]}
    rows = []
    for feed in Config.load(folder).feed:
        known = heard.pop(feed.name, {})
        address = {"host": feed.host, "port": feed.port, "peers": list(feed.peers), "declared": True}
        rows.append({"name": feed.name, "carries": list(feed.carries), "last_heard_us": None, **known, **address})
    rows += [{**known, "host": None, "port": None, "peers": [], "declared": False} for known in heard.values()]
    shown = table(
        ("feed", "heard on", "peers", "carries", "last heard", "sender"),
        (
            (
                row["name"],
                f"{row['host']}:{row['port']}" if row["declared"] else "not declared",
                ", ".join(row["peers"]),
                ", ".join(row["carries"]) or "not declared",
                ago(row["last_heard_us"], found["clock"]),
                sender_words(row),
            )
            for row in rows
        ),
    )
    Output(as_json).result({"feeds": rows, "clock": found["clock"]}, [*untrusted(found["clock"]), shown])
