"""Space kept back for people: a preallocated file that is given up when the disk is full (architecture decision 12).

A feed never gets it. When space is back it is taken again, so the next full disk finds it in place.
"""

from __future__ import annotations

import os
from pathlib import Path

RESERVE_BYTES = 16 << 20


class Reserve:
    """The file `reserve` in the journal's folder."""

    def __init__(self, folder: Path, size: int = RESERVE_BYTES) -> None:
        self._path, self._size = folder / "reserve", size

    def hold(self) -> bool:
        """Take the space; True when it is held. Never raises: a full disk is what this is for."""
        if self.held():
            return True
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return False
        try:
            os.posix_fallocate(handle, 0, self._size)
            os.fsync(handle)
        except OSError:
            self._path.unlink(missing_ok=True)
            return False
        finally:
            os.close(handle)
        return True

    def held(self) -> bool:
        """True while the space is kept back."""
        try:
            return self._path.stat().st_blocks * 512 >= self._size
        except OSError:
            return False

    def give_up(self) -> bool:
        """Free the space for people's deeds; True when there was some."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True
