"""`codedark feed …`: the declared sources of messages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from codedark.access import WARNED_DAYS
from codedark.cli.moments import ago, untrusted, when
from codedark.cli.options import DEFAULT_FOLDER, As, AsFile, Folder, Json
from codedark.cli.output import Output, table, visible
from codedark.cli.people import credentials
from codedark.errors import ConfigError
from codedark.node import Config, issue_feed_certificate, open_node, standing

app = typer.Typer(help="The declared sources of messages.", no_args_is_help=True)


def sender_words(feed: Mapping[str, Any], clock: Mapping[str, Any]) -> str:
    """How the node knows who sends: a feed known by its address only is *not authenticated*; a held one says so too."""
    known = {"pinned": "pinned certificate", "certificate": "any certificate of its authority"}
    said = [known.get(str(feed.get("sender")), "NOT AUTHENTICATED: by address only")]
    said += ending_words(feed, clock)
    said += [f"{count} refused"] if (count := feed.get("refusals")) else []
    said += ["HELD BACK"] if feed.get("held_since_us") is not None else []
    said += ["DISTRUSTED"] if feed.get("distrusted") else []
    return ", ".join(said)


def ending_words(feed: Mapping[str, Any], clock: Mapping[str, Any]) -> list[str]:
    """That the certificate which the sender showed last ends within two weeks, or has ended."""
    end = feed.get("certificate_until_us")
    if end is None or not clock["trusted"] or not feed.get("authenticated"):
        return []
    left_us = end - clock["now_us"]
    if left_us >= WARNED_DAYS * 86_400 * 1_000_000:
        return []
    return [f"certificate {'ENDED' if left_us < 0 else 'ends'} {when(end)}"]


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
                sender_words(row, found["clock"]),
            )
            for row in rows
        ),
    )
    Output(as_json).result({"feeds": rows, "clock": found["clock"]}, [*untrusted(found["clock"]), shown])


@app.command("certificate")
def certificate(
    name: Annotated[str, typer.Argument(help="The feed, as codedark.toml names it.")],
    request: Annotated[Path, typer.Option(help="The sender's certificate request (PKCS #10, PEM or DER).")],
    to: Annotated[Path | None, typer.Option(help="Write the certificate to this new file instead of stdout.")] = None,
    folder: Folder = DEFAULT_FOLDER,
    author: As = "",
    author_file: AsFile = None,
    as_json: Json = False,
) -> None:
    """Make a certificate for the machine that sends on a feed, from its request. It is good for 825 days.

    The sender's key never leaves the sender. The certificate counts when codedark.toml pins it: the lines are said.
    `doctor`, `status` and the log tell two weeks before it ends; a sender whose certificate has ended is heard all the
    same.
    """
    output = Output(as_json)
    if to is not None and to.exists():
        raise ConfigError(f"{to} is there already", hint="Name a new file.")
    try:
        asked = request.read_bytes()
    except OSError as error:
        raise ConfigError(f"the request {request} cannot be read: {type(error).__name__}") from error
    with open_node(folder) as node:
        made = issue_feed_certificate(node, name, asked, credentials(output, author, author_file))
    chain = made.chain.decode("ascii")
    if to is not None:
        to.write_text(chain, encoding="ascii")
    shown = [f"certificate of {visible(name)} until {when(made.until_us)}"]
    data = {"feed": name, "fingerprint": made.fingerprint, "until_us": made.until_us, "certificate": chain}
    output.result(data, [*shown, f"it is in {to}"] if to is not None else [*shown, *chain.splitlines()])
    output.say(f"next: under [[feed]] {visible(name)} in codedark.toml, then restart the node:")
    output.say('  tls = true, clients = "keys/root.pem"')
    output.say(f'  certificates = ["{made.fingerprint}"]   # beside the old one until the sender has changed over')
