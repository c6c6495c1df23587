"""Simulated hospitals, faults, exercises, and the commands `codedark demo` and `codedark bench`.

Uses only the public doors of codedark: its command line, its rooms' public names, and MLLP sockets.
"""

from __future__ import annotations

from .hospital import Hospital
from .sender import Answer, Line, Sender, Tally, at_real_rates
from .speech import FEEDS, Spoken

__all__ = ["FEEDS", "Answer", "Hospital", "Line", "Sender", "Spoken", "Tally", "at_real_rates"]
