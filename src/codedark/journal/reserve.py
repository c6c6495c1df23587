"""Space kept back for people: a preallocated file that is given up when the disk is full (architecture decision 12).

A feed never gets it: from the moment it is given up until it is taken again, the feeds wait. When space is back it is
taken again, so the next full disk finds it in place.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

RESERVE_BYTES = 16 << 20
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


class Reserve:
    """The file `reserve` in the journal's folder."""

    def __init__(self, folder: Path, size: int = RESERVE_BYTES) -> None:
        self._path, self._size = folder / "reserve", size
        self._held = self._lacking = False

    def hold(self) -> bool:
        """Take the space; True when it is held. Never raises: a full disk is what this is for."""
        if self._held:
            return True
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            self._lacking = error.errno in _NO_SPACE
            return False
        try:
            self._fill(handle)
        except OSError as error:
            self._path.unlink(missing_ok=True)
            self._lacking = error.errno in _NO_SPACE
            return False
        finally:
            os.close(handle)
        self._held, self._lacking = True, False
        return True

    def _fill(self, handle: int) -> None:
        """Give the file its space, unless an earlier run left it whole."""
        if os.fstat(handle).st_blocks * 512 >= self._size:
            return
        disk = os.fstatvfs(handle)
        if self._size > disk.f_bavail * disk.f_frsize // 2:
            raise OSError(errno.ENOSPC, "what is left is for people as it is")
        os.posix_fallocate(handle, 0, self._size)
        os.fsync(handle)

    def lacking(self) -> bool:
        """True while there is no space for it: what is left belongs to people. False where it cannot be made at all."""
        return self._lacking

    def held(self) -> bool:
        """True while the space is kept back."""
        return self._held

    def give_up(self) -> bool:
        """Free the space for people's deeds; True when there was some."""
        self._held, self._lacking = False, True
        try:
            self._path.unlink()
        except OSError:
            self._lacking = False
            return False
        return True
