"""smart-fetch (Apache-2.0): a FHIR bulk client of another code base, in an environment of its own."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

VERSION = "1.0.3"
DID_NOT_RUN = "DID NOT RUN"


def smart_fetch() -> Path:
    """The program, installed once into the user's cache. Without a registry the test says loudly it did not run."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "codedark-tests"
    place = cache / f"smart-fetch-{VERSION}-py{sys.version_info.major}.{sys.version_info.minor}"
    place.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "complete").exists():
            venv.create(place / "env", with_pip=True, clear=True)
            wanted = [place / "env/bin/python", "-m", "pip", "install", "-q", f"smart-fetch=={VERSION}"]
            if subprocess.run(wanted, capture_output=True, timeout=300).returncode:
                pytest.skip(
                    f"{DID_NOT_RUN}: pip could not fetch smart-fetch {VERSION}, so no client of others proved the mock"
                )
            (place / "complete").touch()
    return place / "env/bin/smart-fetch"


def fetch(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    environment = {"PATH": os.environ["PATH"], "NO_COLOR": "1", "LANG": "C.UTF-8", "COLUMNS": "160"}
    return subprocess.run(
        [smart_fetch(), *arguments], capture_output=True, text=True, timeout=60, env=environment
    )  # fmt: skip
