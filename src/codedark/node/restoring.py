"""Restoring a node on an empty folder: what was kept elsewhere, and three of the five cards.

A restore never continues a chain. The old one is verified, kept closed under origins/, and a new origin that cites its
head begins to capture at once; it speaks for the facility only when two people have adopted it. Nothing is written that
the seed could be read from.
"""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from codedark.access import NodeKeys, generation_of, restore_node_keys
from codedark.clock import Chance, Clock
from codedark.entries import ConfigSet, draft_of
from codedark.errors import ConfigError, ForkFound, JournalError, NotFound
from codedark.journal import (
    EpochKeys,
    Journal,
    JournalReader,
    Lineage,
    OriginStatement,
    cited,
    fill_closed,
    head_cited,
    is_signed_by,
    keep_export,
    pull,
    read_checkpoint,
)
from codedark.node.config import Config, Facility, written
from codedark.node.folding import usable_views
from codedark.node.layout import Layout
from codedark.node.log import start_log
from codedark.node.opening import closed_chains, open_reader
from codedark.views import ADOPTION_KEY, Fold, Record

Progress = Callable[[int, int], None]
_TOML = "codedark.toml"


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore brought. `origin`: the new chain's name; `cites`: the head it follows; `entries`: kept from
    before; `folded`: how many were folded here (the rest came in the snapshot); `witnessed`: what the old chain was
    compared with; `feeds`: how many codedark.toml declares."""

    origin: str
    cites: str
    entries: int
    folded: int
    witnessed: str
    generation: int
    feeds: int


@dataclass(frozen=True, slots=True)
class RestoreRequest:
    """What a restore starts from. `sources`: node folders, pulled copies or exports (.cdj) that hold the chains;
    `cards`: any three; `checkpoint`: a note from a pack cover or a witness, to compare with; `config`: a
    codedark.toml."""

    sources: tuple[Path, ...]
    cards: tuple[str, ...]
    checkpoint: str = ""
    config: Path | None = None


def restore(
    folder: Path, asked: RestoreRequest, clock: Clock, chance: Chance, *, progress: Progress | None = None
) -> Restored:
    """Make a node in the empty `folder`. Raises ConfigError, ActionRefused (cards), ChainBroken, ForkFound.

    A restore that was cut off leaves a folder without codedark.toml: empty it and begin again.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ConfigError(f"{folder} is not empty", hint="A node is never restored over another: name an empty folder.")
    layout = Layout(folder)
    tip = _bring(layout, asked.sources, progress)
    witnessed = _compared(layout, tip, asked.checkpoint)
    closed = JournalReader.open(layout.origins / tip.id.hex())
    cites = head_cited(closed)
    closed.close()
    recipients = _recipients(layout.origins / tip.id.hex() / "epochs")
    generation = generation_of(asked.cards, tip.facility, recipients)
    keys, statement = restore_node_keys(
        folder, asked.cards, tip.facility, clock, chance, cites=cites, node=tip.node, generation=generation
    )
    layout.make()
    for chain in closed_chains(layout):
        # A copy comes without its table of resends: made again, a sender's resend gets the receipt it had before.
        fill_closed(chain, EpochKeys(chain / "epochs", keys.facility_secrets), keys.mac_key)
    Journal.create(layout.journal, statement, keys.sealing(), clock, chance).close()
    entries, folded = _views(layout, keys, asked.sources, clock, chance)
    config = _config(layout, keys, asked)
    # Last: a folder without this file is no node.
    layout.config.write_text(written(config), encoding="utf-8")
    layout.config.chmod(0o600)
    return Restored(statement.name, cites, entries, folded, witnessed, generation, len(config.feed))


def _bring(layout: Layout, sources: Sequence[Path], progress: Progress | None) -> OriginStatement:
    """Copy and verify every chain into origins/; the statement of the newest one."""
    found: dict[str, OriginStatement] = {}
    for place in [chain for source in sources for chain in chains_in(source)]:
        statement = _bring_one(layout, place, progress)
        found[statement.id.hex()] = statement
    followed = {before[0] for each in found.values() if (before := cited(each.cites)) is not None}
    tips = [statement for origin, statement in found.items() if origin not in followed]
    if len(tips) != 1:
        raise ConfigError(
            f"these sources hold {len(tips)} chains that none of the others follows",
            hint="Name the copies of one record: the newest chain, and those it cites.",
        )
    # Also says which chain is missing, and whether each is the one that is cited.
    Lineage.open(layout.origins / tips[0].id.hex(), layout.origins).close()
    return tips[0]


def chains_in(source: Path) -> list[Path]:
    """The chains that a source holds: an export is one; a node's folder or a copy may hold closed ones too.

    Raises NotFound, JournalError when there is none.
    """
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise NotFound(f"there is nothing at {source}")
    own = source / "journal" if (source / "journal").is_dir() else source
    chains = [*sorted(p for p in (source / "origins").glob("*") if p.is_dir()), own]
    if not any(own.glob("volume-*.db")):
        raise JournalError(f"there is no journal in {source}", hint="Name a node's folder, a pulled copy or an export.")
    return chains


def _bring_one(layout: Layout, place: Path, progress: Progress | None) -> OriginStatement:
    part = layout.origins / "part"
    part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.rmtree(part, ignore_errors=True)
    if place.is_file():
        with place.open("rb") as source:
            statement = keep_export(_whole(source), part)
    else:
        pull(place, part, progress=progress)
        reader = JournalReader.open(part)
        statement = reader.statement
        reader.close()
    target = layout.origins / statement.id.hex()
    if target.exists():
        _longer(part, target)
    else:
        part.rename(target)
    return statement


def _whole(source: BinaryIO) -> BinaryIO:
    if not source.read(1):
        raise ConfigError("an export is empty")
    source.seek(0)
    return source


def _longer(part: Path, target: Path) -> None:
    """Two copies of one chain: keep the longer, when the other is its beginning. Raises ForkFound."""
    one, two = JournalReader.open(part), JournalReader.open(target)
    try:
        first, second = one.checkpoint(), two.checkpoint()
        if first is None or second is None:
            raise ConfigError("a copy without a checkpoint cannot be compared")
        size = min(first.size, second.size)
        if one.hashes().range(0, size) != two.hashes().range(0, size):
            raise ForkFound(size, "two of the copies given are of one origin, with two histories")
    finally:
        one.close()
        two.close()
    if first.size > second.size:
        shutil.rmtree(target)
        part.rename(target)
    else:
        shutil.rmtree(part)


def _compared(layout: Layout, tip: OriginStatement, note: str) -> str:
    """What the chain that the note names was compared with. Raises ForkFound, UnknownFormat."""
    if not note:
        return "self-consistent, unwitnessed"
    head = read_checkpoint(note)
    for folder in sorted(layout.origins.iterdir()):
        reader = JournalReader.open(folder)
        try:
            if reader.statement.name == head.name:
                newest = reader.checkpoint()
                if newest is None or newest.size < head.size:
                    raise ForkFound(
                        newest.size if newest else 0, f"the checkpoint covers {head.size} entries; here are fewer"
                    )
                if reader.hashes().range(0, head.size) != head.root:
                    raise ForkFound(head.size, "the journal's root is not the one on the checkpoint given")
                if not is_signed_by(note, head.name, reader.statement.public_key):
                    raise ForkFound(head.size, "the checkpoint given is not signed by this origin")
                return f"matches checkpoint at {head.size}"
        finally:
            reader.close()
    raise ForkFound(0, "the checkpoint is of another origin")


def _recipients(epochs: Path) -> set[str]:
    """Every age public key that a chain was sealed to."""
    found: set[str] = set()
    for path in epochs.glob("*.epoch"):
        for line in path.read_bytes()[:4096].split(b"\n\n", 1)[0].splitlines():
            if line.startswith(b"recipients "):
                found |= set(line.decode("ascii", "replace").split()[1:])
    return found


def _views(
    layout: Layout, keys: NodeKeys, sources: Sequence[Path], clock: Clock, chance: Chance
) -> tuple[int, int]:  # fmt: skip
    """Snapshot and tail. (entries from before, entries folded here)."""
    for snapshot in (source / "snapshots" / layout.snapshot.name for source in sources if source.is_dir()):
        if snapshot.is_file():
            layout.snapshot.parent.mkdir(mode=0o700, exist_ok=True)
            shutil.copyfile(snapshot, layout.snapshot)
            layout.snapshot.chmod(0o600)
    record = open_reader(layout, keys)
    entries = record.total() - record.current.head().size
    store = usable_views(layout, keys.views_key, record, start_log("restore"))
    try:
        fold = Fold(record, store, alone=True)
        folded = fold.catch_up()
        if ADOPTION_KEY not in Record(store).settings():
            # A record from before this setting existed: these cards say what its adoption key is.
            key = base64.b64encode(keys.adoption_public).decode()
            journal = Journal.open(layout.journal, keys.sealing(), clock, chance, origins=layout.origins)
            journal.append(draft_of(ConfigSet(key=ADOPTION_KEY, value=key), source="node"))
            journal.close()
            fold.catch_up()
        return entries, folded
    finally:
        store.close()
        record.close()


def _config(layout: Layout, keys: NodeKeys, asked: RestoreRequest) -> Config:
    """The given codedark.toml, else the one beside a source, else what the record says of the facility."""
    places = [asked.config] if asked.config else [source / _TOML for source in asked.sources if source.is_dir()]
    for place in places:
        if place.is_file():
            config = Config.parse(place.read_text(encoding="utf-8"), str(place))
            if config.facility.id != keys.facility:
                raise ConfigError(f"{place} is of {config.facility.id!r}, the record of {keys.facility!r}")
            return config
    if asked.config:
        raise NotFound(f"there is no file {asked.config}")
    record = open_reader(layout, keys)
    store = usable_views(layout, keys.views_key, record, start_log("restore"))
    try:
        settings = Record(store).settings()
    finally:
        store.close()
        record.close()
    name, zone = str(settings.get("facility.name", keys.facility)), str(settings.get("facility.zone", "UTC"))
    letters = "".join(char for char in name.upper() if "A" <= char <= "Z")[:3].ljust(3, "X")
    return Config.checked(Config(facility=Facility(keys.facility, name, zone, letters)))
