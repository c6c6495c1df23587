"""A really full disk: what is owed still finds its place, because the place was there before."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from codedark.actions import OwedFile
from codedark.journal import Draft, Once

KEY = bytes(32)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of eight MiB with the file already on it, and then not one byte of room."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("DID NOT RUN: mounting a small file system needs root")
    OwedFile(place / "owed", KEY).close()
    with pytest.raises(OSError, match="No space"):
        fill(place / "ballast")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as ballast:
        while ballast.write(bytes(4096)):
            pass


def code(number: int) -> Draft:
    return Draft("unit.code.used", 1, "node", b"", once=Once("unit.code.used", f"card/{number}"))


def test_a_spent_code_is_kept_with_not_one_byte_free(full_disk: Path) -> None:
    file = OwedFile(full_disk / "owed", KEY)
    assert all(file.add(code(number)) for number in range(400))
    assert file.keep([code(7), code(8)])
    file.close()

    assert OwedFile(full_disk / "owed", KEY).found == [code(7), code(8)]


def test_the_control_a_file_that_was_not_there_before_finds_no_room(full_disk: Path) -> None:
    with pytest.raises(OSError, match="No space"):
        OwedFile(full_disk / "another", KEY)
