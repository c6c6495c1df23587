"""Versions of codedark side by side, and the link that says which one runs.

    PREFIX/versions/VERSION/   one virtual environment each, never changed once it is whole
    PREFIX/current             a link to one of them; systemd starts PREFIX/current/bin/codedark

A version is put in place beside the others and changes nothing until the link is replaced, which is one rename.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from codedark.errors import ConfigError, Locked, UpdateRefused

_WHOLE = "codedark-bundle"
"""File in a version's folder with its bundle's hash: it is there when the version is whole."""
_MATERIALS = "sbom.cdx.json"
"""The bill of materials stays beside the version, so that an audit years later knows what was in it."""
_PIN = re.compile(r"[a-z0-9][a-z0-9._-]*==[A-Za-z0-9.+!_-]+ --hash=sha256:[0-9a-f]{64}")
_PATIENCE_S = 6 * 3600
_SETUP = "See docs/operate/update.md: PREFIX/versions/VERSION is a virtual environment, PREFIX/current a link to it."


@dataclass(frozen=True, slots=True)
class Installation:
    """One PREFIX."""

    root: Path

    @classmethod
    def here(cls, given: Path | None = None) -> Installation:
        """The installation that this process runs from. Raises ConfigError when it runs from somewhere else."""
        environment = Path(sys.prefix).resolve()
        root = given.resolve() if given else environment.parent.parent
        found = cls(root)
        if environment.parent != found.versions or not found.current.is_symlink():
            raise ConfigError(f"this codedark runs from {environment}, not from an installation", hint=_SETUP)
        if found.current.resolve() != environment:
            raise ConfigError(
                f"{found.current} is another version than the one that was started",
                hint=f"Run {found.current}/bin/codedark.",
            )
        return found

    @property
    def versions(self) -> Path:
        """One folder a version."""
        return self.root / "versions"

    @property
    def current(self) -> Path:
        """The link."""
        return self.root / "current"

    def version(self, version: str) -> Path:
        """The folder of a version."""
        return self.versions / version

    @contextmanager
    def alone(self) -> Iterator[Path]:
        """Nobody else updates here meanwhile; a private folder for the bundle, removed at the end. Raises Locked."""
        with (self.root / ".updating").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise Locked("another update is under way here", hint="Wait until it has ended.") from error
            staging = self.root / ".bundle"
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir(mode=0o700)
            try:
                yield staging
            finally:
                shutil.rmtree(staging, ignore_errors=True)

    def room_for(self, size: int) -> None:
        """Raise ConfigError unless there is room for a bundle of `size` bytes, what is in it and its installation."""
        wanted, free = 5 * size, shutil.disk_usage(self.root).free
        if free < wanted:
            raise ConfigError(f"{self.root} has {free >> 20} MB free, the update wants {wanted >> 20} MB")

    def is_whole(self, version: str, sha256: str) -> bool:
        """Whether this very bundle was put in place here before."""
        try:
            return (self.version(version) / _WHOLE).read_text("ascii") == sha256
        except (OSError, UnicodeDecodeError):
            return False

    def install(self, version: str, sha256: str, files: Path) -> None:
        """Make the version's environment from extracted files alone: no index, every wheel by its hash.

        Raises UpdateRefused with pip's exit code; what was begun is removed.
        """
        place = self.version(version)
        shutil.rmtree(place, ignore_errors=True)
        _only_pins(files / "requirements.txt")
        try:
            _ran([sys.executable, "-I", "-m", "venv", str(place)], "making the environment")
            _ran(
                [str(place / "bin" / "python"), "-I", "-m", "pip", "install", "--quiet", "--no-index", "--no-cache-dir",
                 "--require-hashes", "--only-binary=:all:", "--find-links", str(files / "wheels"),
                 "-r", str(files / "requirements.txt")],
                "installing the wheels",
            )  # fmt: skip
            _ran([str(place / "bin" / "python"), "-I", "-m", "pip", "check"], "checking what was installed")
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        shutil.copyfile(files / _MATERIALS, place / _MATERIALS)
        (place / _WHOLE).write_text(sha256, "ascii")

    def ask(self, where: Path, arguments: Sequence[str]) -> dict[str, object]:
        """Run the codedark in an environment; the JSON object it prints. Raises UpdateRefused."""
        out = _ran(
            [str(where / "bin" / "codedark"), *arguments, "--json"], f"asking it for `{' '.join(arguments[:2])}`"
        )
        try:
            found: dict[str, object] = orjson.loads(out)
        except orjson.JSONDecodeError as error:
            raise UpdateRefused("the new codedark does not answer as it must") from error
        return found

    def switch(self, version: str) -> str:
        """Point the link at a version, in one rename; the version it pointed at before."""
        before, beside = self.current.resolve().name, self.root / ".current"
        beside.unlink(missing_ok=True)
        beside.symlink_to(Path("versions") / version)
        os.replace(beside, self.current)
        handle = os.open(self.root, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        return before


def _only_pins(requirements: Path) -> None:
    """Raise UpdateRefused unless each line is a version with one hash: pip would also obey options, such as indexes."""
    for number, line in enumerate(requirements.read_text("utf-8").splitlines(), 1):
        if _PIN.fullmatch(line) is None:
            raise UpdateRefused(f"line {number} of its requirements is not a version with its hash")


def _ran(command: Sequence[str], doing: str) -> str:
    """Run one command with nothing of this process's environment but a path; its stdout. Raises UpdateRefused."""
    kept = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "NO_COLOR": "1"}
    quiet = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    passed = {name: os.environ[name] for name in ("CREDENTIALS_DIRECTORY",) if name in os.environ}
    done = subprocess.run(  # nosec B603: a list, no shell
        command, env=kept | quiet | passed, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=_PATIENCE_S,
    )  # fmt: skip
    if done.returncode:
        last = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "")
        raise UpdateRefused(f"{doing} failed with code {done.returncode}: {last[:200]}")
    return done.stdout
