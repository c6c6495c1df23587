"""Version numbers of releases: three whole numbers, nothing else, so that *older* can never be argued about."""

from __future__ import annotations

import re

from codedark.errors import UpdateRefused

_VERSION = re.compile(r"(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})")

Version = tuple[int, int, int]


def version_of(text: str) -> Version:
    """`1.2.3` as numbers. Raises UpdateRefused for anything else: suffixes and leading zeros have no order here."""
    found = _VERSION.fullmatch(text)
    if found is None:
        raise UpdateRefused("a version is three whole numbers, such as 1.2.3")
    return int(found[1]), int(found[2]), int(found[3])


def written_version(version: Version) -> str:
    """The numbers as text."""
    return ".".join(str(part) for part in version)
