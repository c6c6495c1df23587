"""Where things lie in a node's folder. Nothing else in the house spells these paths."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    """The folder of one node.

    codedark.toml · journal/ · origins/ (after a restore) · keys/ (0600) · views/, snapshots/ (encrypted,
    disposable) · packs/ · prints/ (sealed, disposable) · run/ (door.sock, node.lock, clock)
    """

    root: Path

    @property
    def config(self) -> Path:
        """Ports, paths, peers."""
        return self.root / "codedark.toml"

    @property
    def journal(self) -> Path:
        """Numbered volumes and epochs: the record."""
        return self.root / "journal"

    @property
    def origins(self) -> Path:
        """Closed chains that this node's record follows after a restore, each in a folder named by its origin."""
        return self.root / "origins"

    @property
    def epochs(self) -> Path:
        """The wrapped epoch keys that travel with the chain."""
        return self.journal / "epochs"

    @property
    def keys(self) -> Path:
        """Facility key, signing key, certificates; readable by the owner alone."""
        return self.root / "keys"

    @property
    def views(self) -> Path:
        """Encrypted, disposable: `codedark rebuild` makes them again."""
        return self.root / "views"

    @property
    def snapshot(self) -> Path:
        """The hourly copy of the views, encrypted like them: a start is snapshot and tail."""
        return self.root / "snapshots" / "views.snapshot"

    @property
    def packs(self) -> Path:
        """PDF files for paper."""
        return self.root / "packs"

    @property
    def prints(self) -> Path:
        """Pages of print reports drawn by ourselves, sealed and disposable."""
        return self.root / "prints"

    @property
    def reports_taken(self) -> Path:
        """Keyed marks of the report files that were taken from watched folders; disposable."""
        return self.root / "run" / "reports-taken"

    @property
    def exports(self) -> Path:
        """Where bulk exports of the EHR stand, sealed; without it the next one is a full one."""
        return self.root / "exports"

    @property
    def door(self) -> Path:
        """The running node's socket, 0600."""
        return self.root / "run" / "door.sock"

    @property
    def gap(self) -> Path:
        """How many records were opened while nothing could be kept: a few bytes, made before they are needed."""
        return self.root / "run" / "reading-gap"

    @property
    def owed(self) -> Path:
        """Log-ins and spent codes that the journal could not take, sealed; of its full size before it is needed."""
        return self.root / "run" / "owed"

    @property
    def clock(self) -> Path:
        """What the node believes of the time: written by the keeper, read by every process of it."""
        return self.root / "run" / "clock"

    @property
    def sender_ends(self) -> Path:
        """Until when the certificates last that senders showed; disposable."""
        return self.root / "run" / "sender-ends.json"

    @property
    def stations(self) -> Path:
        """When each ward station was last here and what it holds; disposable."""
        return self.root / "run" / "stations.json"

    @property
    def lock(self) -> Path:
        """Held by the one node of this folder."""
        return self.root / "run" / "node.lock"

    def made(self) -> bool:
        """Whether `codedark init` has been here."""
        return self.config.is_file() and self.journal.is_dir()

    def make(self) -> None:
        """Create the folders, closed to others."""
        for place in (self.root, self.keys, self.views, self.packs, self.lock.parent):
            place.mkdir(parents=True, exist_ok=True)
            place.chmod(0o700)
