"""A power cut for SQLite: a VFS that forgets, or tears, what was written but not synced.

Every file is modelled as its content at the last sync plus the writes since. At a chosen write the power goes: from
then on every
call fails, and `survivor` lays out what a disk could hold: a seeded choice of the unsynced writes, the last of them
possibly torn at a 512-byte sector. Directory syncs are not modelled. The base VFS is the default one, because SQLite3
Multiple Ciphers puts its own VFS there.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import apsw

SECTOR = 512
KEPT_SHARE = 0.5


@dataclass
class Disk:
    """One file: `synced` is what a power cut cannot take; `since` are writes (offset, data) and truncations (size,
    None).
    """

    synced: bytearray = field(default_factory=bytearray)
    since: list[tuple[int, bytes | None]] = field(default_factory=list)


class PowerCut(apsw.VFS):
    """The VFS `name`. `cut_at`: number of the write, counted over all files, at which the power goes."""

    def __init__(self, name: str, seed: int, cut_at: int) -> None:
        self.name, self.base = name, ""
        self.disks: dict[str, Disk] = {}
        self.cut_at, self.writes, self.dark = cut_at, 0, False
        self._random = random.Random(seed)
        super().__init__(name, self.base)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> PowerCutFile:  # noqa: N802 - SQLite's name
        """Open through the base, keeping a model of the file."""
        return PowerCutFile(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's name
        """Forget the model with the file."""
        self.check()
        self.disks.pop(filename, None)
        super().xDelete(filename, syncdir)

    def check(self) -> None:
        """After the cut nothing answers any more."""
        if self.dark:
            raise apsw.IOError("the power is off")

    def survivor(self, folder: Path) -> None:
        """Write into `folder` what a disk could hold after the cut, by file name."""
        for path, disk in self.disks.items():
            if not path.endswith(("-shm", "-journal")):
                (folder / Path(path).name).write_bytes(self._after_cut(disk))

    def _after_cut(self, disk: Disk) -> bytes:
        content = bytearray(disk.synced)
        kept = [change for change in disk.since if self._random.random() < KEPT_SHARE]
        for index, (offset, data) in enumerate(kept):
            if data is None:
                del content[offset:]
                continue
            if index == len(kept) - 1 and len(data) > SECTOR:
                data = data[: self._random.randrange(0, len(data), SECTOR)]
            content.extend(b"\0" * (offset + len(data) - len(content)))
            content[offset : offset + len(data)] = data
        return bytes(content)


class PowerCutFile(apsw.VFSFile):
    """One open file of a `PowerCut`."""

    def __init__(self, vfs: PowerCut, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._vfs = vfs
        path = name if isinstance(name, str) or name is None else name.filename()
        super().__init__(vfs.base, name, flags)
        self._disk = vfs.disks.setdefault(path or f"temporary-{id(self)}", Disk())

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        """Write through, and remember as unsynced."""
        self._vfs.check()
        self._vfs.writes += 1
        self._disk.since.append((offset, bytes(data)))
        if self._vfs.writes >= self._vfs.cut_at:
            self._vfs.dark = True
            self._vfs.check()
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        """Truncate, and remember as unsynced."""
        self._vfs.check()
        self._disk.since.append((newsize, None))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        """What was written becomes what a cut cannot take."""
        self._vfs.check()
        super().xSync(flags)
        disk = self._disk
        for offset, data in disk.since:
            if data is None:
                del disk.synced[offset:]
                continue
            disk.synced.extend(b"\0" * (offset + len(data) - len(disk.synced)))
            disk.synced[offset : offset + len(data)] = data
        disk.since.clear()
