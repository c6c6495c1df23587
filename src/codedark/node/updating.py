"""Applying an update bundle: check, install beside, fold a copy with the new code, compare, and only then switch.

Everything that can fail comes before the link is replaced; what fails after it puts the link back. What was applied is
an entry of the journal, and the newest version there is a floor that going back by hand does not lower.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from codedark import __version__
from codedark.access import load_node_keys
from codedark.entries import MAPPING_VERSION, ConfigSet, draft_of
from codedark.errors import ConfigError, UpdateRefused
from codedark.journal import Entry, Lineage
from codedark.node.config import Config
from codedark.node.installation import Installation
from codedark.node.layout import Layout
from codedark.node.opening import OpenNode, open_node, open_reader
from codedark.releases import Bundle, Keyring, Place, keep_copy, open_bundle, pinned, refusal
from codedark.views import SCHEMA_VERSION, Difference, Fold, Line, ViewStore, compare, telling

APPLIED = "release.applied"
"""The folded setting that says which release was applied last. Only the node writes it."""
_TITLE = "codedark views 1"
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Checked:
    """A bundle whose signatures hold. `reason`: why this place does not take it, "" = it does."""

    bundle: Bundle
    reason: str


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of applying. `switched`: the link points at the new version; `place`: up to which entry both folded."""

    version: str
    before: str
    switched: bool
    place: int
    differences: list[Difference] = field(default_factory=list)


def about() -> dict[str, Any]:
    """What this codedark is: compared with what the manifest says of it before it is believed."""
    return {
        "version": __version__, "keyring": pinned().text, "mapping": MAPPING_VERSION, "schema": SCHEMA_VERSION,
        "python": f"{sys.version_info[0]}.{sys.version_info[1]}", "platform": machine(), "journal_formats": ["CDJ1"],
    }  # fmt: skip


def machine() -> str:
    """Operating system and processor, such as linux-x86_64."""
    return f"{platform.system().lower()}-{platform.machine()}"


def check_bundle(path: Path, folder: Path | None = None, ring: Keyring | None = None) -> Checked:
    """Check a bundle's signatures, and whether the node in `folder` would take it. Changes nothing.

    Without a folder only the running version is the floor. Raises UpdateRefused when the signatures do not hold.
    """
    bundle = open_bundle(path, ring or pinned())
    applied: dict[str, Any] = {}
    if folder is not None:
        with open_node(folder) as node:
            applied = _applied(node)
    return Checked(bundle, refusal(bundle.manifest, bundle.sha256, place_of(applied)))


def place_of(applied: dict[str, Any]) -> Place:
    """This process's codedark, and what the journal says was applied last."""
    return Place(
        version=__version__,
        newest=str(applied.get("version", __version__)),
        newest_sha256=str(applied.get("bundle", "")),
        journal_format="CDJ1",
        python=str(about()["python"]),
        platform=machine(),
    )


def apply_bundle(
    path: Path, folder: Path, installation: Installation, accept: Collection[str], tell: Told, names: Path | None = None
) -> Applied:
    """Apply a bundle to an installation and its node.

    `accept`: the kinds whose differences a person has read and accepts; `tell` is told each step; `names`: a new file
    for every line that differs. Returns with `switched` False when others differ. Raises UpdateRefused, Locked,
    ConfigError; then everything is as it was.
    """
    with installation.alone() as staging, open_node(folder) as node:
        # The private copy is what is checked and used: a stick can show two contents at two readings.
        bundle = open_bundle(keep_copy(path, staging / "bundle.cdu"), pinned())
        tell(f"{bundle.manifest.version}, signed by {', '.join(bundle.signers)}")
        if reason := refusal(bundle.manifest, bundle.sha256, place_of(_applied(node))):
            raise UpdateRefused(reason)
        _install(bundle, installation, staging, tell)
        tell("folding a copy of the record with the new codedark")
        position, found = _compared(node, installation, bundle.manifest.version, names)
        different = [each for each in found if each.differs]
        if {each.kind for each in different} - set(accept):
            return Applied(bundle.manifest.version, __version__, False, position, different)
        before = _switched(node, installation, bundle, different)
        return Applied(bundle.manifest.version, before, True, position, different)


def tell_views(folder: Path, upto: int, to: Path) -> int:
    """Fold the record anew up to a place, in a folder of its own, and write what the views say; how many lines.

    Run by the codedark that applies an update, in the codedark that is to replace it (docs/formats/update.md).
    """
    layout = Layout(folder)
    Config.load(folder)
    keys = load_node_keys(folder, _credentials())
    with tempfile.TemporaryDirectory(prefix=".told-", dir=layout.lock.parent) as beside:
        reader = open_reader(layout, keys)
        store = ViewStore.open(Path(beside), keys.views_key)
        try:
            Fold(_UpTo(reader, upto), store).catch_up()
            return write_lines(store, to)
        finally:
            store.close()
            reader.close()


def write_lines(store: ViewStore, to: Path) -> int:
    """Write what the views say, one JSON array a line, readable by the owner alone; how many lines."""
    count = 0
    with _private(to) as out, telling(store) as (place, lines):
        out.write(f"{_TITLE} {place}\n".encode())
        for line in lines:
            out.write(msgspec.json.encode(line) + b"\n")
            count += 1
    return count


def _private(path: Path) -> BinaryIO:
    """A new file for its owner alone. Raises ConfigError when it is there already, or cannot be made."""
    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", hint="Name a new file.") from error


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of such a file. Raises UpdateRefused when it is none."""
    with path.open("rb") as file:
        if not file.readline().startswith(_TITLE.encode()):
            raise UpdateRefused("what the new codedark says of the views cannot be read")
        for raw in file:
            try:
                yield msgspec.json.decode(raw, type=Line)
            except msgspec.MsgspecError as error:
                raise UpdateRefused("what the new codedark says of the views cannot be read") from error


class _UpTo:
    """The record as it was at a place: what comes later is not read."""

    def __init__(self, reader: Lineage, upto: int) -> None:
        self._reader, self._upto = reader, upto

    def read(self, after: int, limit: int = 10_000) -> list[Entry]:
        """Entries after a place, none beyond the last."""
        if after >= self._upto:
            return []
        return [entry for entry in self._reader.read(after, limit) if entry.position <= self._upto]


def _applied(node: OpenNode) -> dict[str, Any]:
    """What the journal says was applied last. A node whose views are not there yet cannot say, so it is not updated."""
    found = node.record().settings().get(APPLIED, {})
    return found if isinstance(found, dict) and isinstance(found.get("version"), str) else {}


def _install(bundle: Bundle, installation: Installation, staging: Path, tell: Told) -> None:
    version = bundle.manifest.version
    if installation.is_whole(version, bundle.sha256):
        tell("it is in place already")
    else:
        installation.room_for(bundle.path.stat().st_size)
        tell("installing beside the version that runs")
        bundle.extract(staging / "files")
        installation.install(version, bundle.sha256, staging / "files")
    says, told = installation.ask(installation.version(version), ["update", "self"]), bundle.manifest
    wanted = {
        "version": version, "keyring": bundle.keyring.text, "mapping": told.mapping, "schema": told.schema,
        "journal_formats": list(told.journal_formats),
    }  # fmt: skip
    if wrong := sorted(name for name, value in wanted.items() if says.get(name) != value):
        shutil.rmtree(installation.version(version), ignore_errors=True)
        raise UpdateRefused(f"what was installed is not what the manifest says: {', '.join(wrong)}")


def _compared(
    node: OpenNode, installation: Installation, version: str, names: Path | None
) -> tuple[int, list[Difference]]:
    """Both codedarks' views at one place of the record."""
    store = node.record().store
    with tempfile.TemporaryDirectory(prefix=".compared-", dir=node.layout.lock.parent) as beside:
        ours, theirs = Path(beside) / "before", Path(beside) / "after"
        write_lines(store, ours)
        position = int(ours.open("rb").readline().split()[-1])
        arguments = ["update", "tell", "--folder", str(node.layout.root.resolve())]
        installation.ask(installation.version(version), [*arguments, "--upto", str(position), "--to", str(theirs)])
        if int(theirs.open("rb").readline().split()[-1]) != position:
            raise UpdateRefused("the new codedark did not fold as far as this one")
        if names is None:
            return position, compare(read_lines(ours), read_lines(theirs))
        with _private(names) as out:

            def name(*line: str) -> None:
                out.write(msgspec.json.encode(line) + b"\n")

            return position, compare(read_lines(ours), read_lines(theirs), name)


def _switched(node: OpenNode, installation: Installation, bundle: Bundle, different: list[Difference]) -> str:
    """Enter it, replace the link, ask through the link; on failure the link is put back and that is entered too."""
    _enter(node, bundle, different, "switching")
    before = installation.switch(bundle.manifest.version)
    try:
        installation.ask(installation.current, ["update", "self"])
        _enter(node, bundle, different, "in use")
    except BaseException:
        installation.switch(before)
        _enter(node, bundle, different, "went back")
        raise
    return before


def _enter(node: OpenNode, bundle: Bundle, different: list[Difference], state: str) -> None:
    value = {
        "version": bundle.manifest.version, "from": __version__, "bundle": bundle.sha256, "state": state,
        "signers": list(bundle.signers), "keyring": bundle.keyring.generation, "mapping": bundle.manifest.mapping,
        "differences": {each.kind: [each.added, each.removed, each.changed] for each in different},
    }  # fmt: skip
    node.append(draft_of(ConfigSet(key=APPLIED, value=value), source="node"))


def _credentials() -> Path | None:
    place = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(place) if place else None
