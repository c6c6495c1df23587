"""Simulated hospitals, faults, exercises, and the commands `codedark demo` and `codedark bench`.

Uses only the public doors of codedark: its command line, its rooms' public names, and MLLP sockets.
"""

from __future__ import annotations

from .hospital import Hospital
from .speech import FEEDS, Spoken

__all__ = ["FEEDS", "Hospital", "Spoken"]
