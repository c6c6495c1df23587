"""A disk that fails and comes back: chosen writes and syncs of SQLite raise an I/O error.

A sync that fails takes what it was to keep with it, as Linux does: the pages are read as if they were there, no later
sync keeps them, and only a power cut shows it (the model of `PowerCut`: what was written and not written again since
is never made durable).
"""

from __future__ import annotations

import apsw

from codedark_drill.power_cut import PowerCut, PowerCutFile

NEVER = 1 << 60


class FailingDisk(PowerCut):
    """The VFS `name`. `failing`: numbers of the operations (writes and syncs, counted over all files) that fail."""

    def __init__(self, name: str, seed: int, failing: set[int]) -> None:
        super().__init__(name, seed, NEVER)
        self.failing, self.operations, self.failed = failing, 0, {"write": 0, "sync": 0}

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> FailingFile:
        return FailingFile(self, name, flags)

    def fails(self, what: str) -> bool:
        self.operations += 1
        if self.operations not in self.failing:
            return False
        self.failed[what] += 1
        return True


class FailingFile(PowerCutFile):
    """One open file of a `FailingDisk`."""

    _vfs: FailingDisk

    def xWrite(self, data: bytes, offset: int) -> None:
        if self._vfs.fails("write"):
            raise apsw.IOError("input/output error")
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:
        if self._vfs.fails("sync"):
            self._disk.since.clear()
            raise apsw.IOError("input/output error")
        super().xSync(flags)
