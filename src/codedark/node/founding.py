"""Founding a node: seed, keys, journal, first settings. The seed exists only inside this call."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from codedark.access import NodeKeys, RootSeed, create_node_keys
from codedark.clock import Chance, Clock
from codedark.entries import ConfigSet, draft_of
from codedark.errors import ConfigError
from codedark.journal import Draft, Journal
from codedark.node.config import Config, Feed, written
from codedark.node.layout import Layout
from codedark.node.opening import open_reader
from codedark.views import ADOPTION_KEY, Fold, ViewStore


@dataclass(frozen=True, slots=True)
class Founded:
    """A new node. `cards`: the five SLIP-39 cards, to be shown once; `origin`: the chain's name; `settings`: how many
    settings its journal began with."""

    origin: str
    settings: int
    cards: tuple[str, ...] = field(repr=False)


def found(
    folder: Path,
    config: Config,
    clock: Clock,
    chance: Chance,
    *,
    shown: Callable[[tuple[str, ...]], None] | None = None,
) -> Founded:
    """Make a node in `folder`. Raises `ConfigError` when something is there already; nothing is ever overwritten.

    `shown` gets the five cards before anything is written, and may raise to stop: a node whose cards nobody has must
    not come to be.
    """
    layout = Layout(folder)
    if folder.exists() and any(folder.iterdir()):
        raise ConfigError(
            f"{folder} is not empty", hint="Choose an empty folder; a node is never founded over another."
        )
    seed = RootSeed.generate(chance)
    try:
        cards = tuple(seed.shares(chance))
        if shown:
            shown(cards)
        keys, statement = create_node_keys(
            folder, seed, config.facility.id, clock, chance, demo_cards=cards if config.node.demo else ()
        )
    finally:
        seed.forget()
    layout.make()
    journal = Journal.create(layout.journal, statement, keys.sealing(), clock, chance)
    try:
        settings = founding_settings(config, keys)
        journal.append_all(settings)
    finally:
        journal.close()
    _first_views(layout, keys)
    # Last: a folder without this file is no node, so a founding that was cut off is never taken for one.
    layout.config.write_text(written(config), encoding="utf-8")
    layout.config.chmod(0o600)
    return Founded(statement.name, len(settings), cards)


def _first_views(layout: Layout, keys: NodeKeys) -> None:
    """Empty views, so that the first page and the first `status` say *nothing heard yet* and not *unknown*."""
    reader = open_reader(layout, keys)
    store = ViewStore.open(layout.views, keys.views_key)
    try:
        Fold(reader, store).catch_up()
    finally:
        store.close()
        reader.close()


def founding_settings(config: Config, keys: NodeKeys) -> list[Draft]:
    """The `config.set` entries that a journal begins with: what rules and folding depend on."""
    facility = config.facility
    values: dict[str, object] = {
        "facility.id": facility.id,
        "facility.name": facility.name,
        "facility.zone": facility.zone,
        "facility.authority": facility.id,
        ADOPTION_KEY: base64.b64encode(keys.adoption_public).decode(),
    }
    for feed in config.feed:
        values |= feed_settings(feed)
    return [draft_of(ConfigSet(key=key, value=value), source="node") for key, value in values.items()]


def feed_changes(config: Config, settings: Mapping[str, object]) -> list[Draft]:
    """What codedark.toml says of its feeds and the folded settings do not: appended when a node starts, so that the
    record knows when a feed was declared to carry or expect something else, or is declared no more."""
    wanted = {key: value for feed in config.feed for key, value in feed_settings(feed).items()}
    named = {key.removesuffix(".declared") for key in wanted if key.endswith(".declared")}
    known = {key.rpartition(".")[0] for key in settings if key.startswith("feed.") and key.count(".") > 1}
    wanted |= {f"{name}.declared": False for name in known - named}
    changed = {key: value for key, value in wanted.items() if settings.get(key) != value}
    return [draft_of(ConfigSet(key=key, value=value), source="node") for key, value in changed.items()]


def feed_settings(feed: Feed) -> dict[str, object]:
    """What the views must know of a declared feed. Known by address only, its sender is not authenticated."""
    return {
        f"feed.{feed.name}.expected_s": feed.expected_s,
        f"feed.{feed.name}.carries": list(feed.carries),
        f"feed.{feed.name}.authenticated": feed.tls and bool(feed.clients),
        f"feed.{feed.name}.certificates": len(feed.certificates) if feed.tls and feed.clients else 0,
        f"feed.{feed.name}.declared": True,
    }
