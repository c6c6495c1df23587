"""Where secrets lie: files only their owner reads, written once, synced, never overwritten."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from codedark.clock import Chance
from codedark.errors import ConfigError


def write_new_folder(place: Path, files: Mapping[str, bytes], chance: Chance) -> None:
    """Write all files beside `place`, sync, and move them there in one rename; an existing set is never touched."""
    if place.exists() and any(place.iterdir()):
        raise ConfigError(f"{place} already holds keys", hint="Choose an empty folder; keys are never overwritten.")
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = place.parent / f".keys-{chance.bytes(8).hex()}"
    part.mkdir(mode=0o700)
    try:
        for name, data in files.items():
            write_private(part / name, data)
        os.rename(part, place)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise ConfigError(f"{place} could not be written: {error.strerror}") from error
    _sync_folder(place)
    _sync_folder(place.parent)


def write_private(path: Path, data: bytes) -> None:
    """A new file only its owner reads, synced. Raises FileExistsError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_whole(path: Path, data: bytes) -> None:
    """A file only its owner reads, synced, whole or not at all, in place of what was there. It has one writer at a
    time. Raises OSError: what was there stays, and half a file is not what fills the disk."""
    part = path.with_name(f".{path.name}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def replace_private(path: Path, data: bytes, tag: int) -> None:
    """Put new content in place of a file only its owner reads: written beside, synced, renamed. Either the old or the
    new one is there at every moment. `tag`: makes the name of the draft one's own."""
    part = path.with_name(f".{path.name}.{tag}")
    part.unlink(missing_ok=True)
    try:
        write_private(part, data)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ConfigError(f"{path} could not be written: {error.strerror}") from error
    _sync_folder(path.parent)


def read_private(path: Path, *, private: bool = True) -> str:
    """The text of a key file. Raises ConfigError when it is missing, unreadable, or (`private`) readable by others."""
    try:
        if private and path.stat().st_mode & 0o077:
            raise ConfigError(f"{path} can be read by others", hint=f"Run `chmod 600 {path}`; count it as disclosed.")
        return path.read_text("utf-8")
    except FileNotFoundError as error:
        raise ConfigError(f"{path} is missing", hint="Restore the keys from any three of the five cards.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {type(error).__name__}") from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
