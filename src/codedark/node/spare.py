"""Room on the disk that whatever can be made again leaves alone: packs by the timer, snapshots of the views.

The journal needs it, and what is left of it at the end belongs to people (security.md, decision 9).
"""

from __future__ import annotations

import shutil
from pathlib import Path

SPARE_BYTES = 64 << 20
"""Twice what the reserve of the journal needs to be made again."""


def leaves_spare(folder: Path, wanted: int = 0) -> bool:
    """Whether `wanted` bytes more would still leave enough free where the node lives."""
    return shutil.disk_usage(folder).free >= wanted + SPARE_BYTES
