"""Targets are modules of their own, because `script/fuzz` runs them without pytest."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent))
