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
        self._held = False

    def hold(self) -> bool:
        """Take the space; True when it is held. Never raises: a full disk is what this is for."""
        if self._held:
            return True
        if self._size > os.statvfs(self._path.parent).f_bavail * os.statvfs(self._path.parent).f_frsize // 2:
            return False  # taking the last space would stop the feeds to save for people what people do not need yet
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
        self._held = True
        return True

    def held(self) -> bool:
        """True while the space is kept back."""
        return self._held

    def give_up(self) -> bool:
        """Free the space for people's deeds; True when there was some."""
        self._held = False
        try:
            self._path.unlink()
        except OSError:
            return False
        return True
