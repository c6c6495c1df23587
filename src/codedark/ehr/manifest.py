"""The manifest of a bulk export: which files there are, of what, and as of when. Pure.

Source: FHIR Bulk Data Access 3.0.0 (STU 3), "Response - Complete Status"; `outcome` of the 4.0.0 ballot is read as
`error`. `link` with relation "next" leads to the rest of a manifest that comes in parts.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import msgspec

from codedark.errors import EhrRefused

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z")
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One file. `type`: the resource type, "" when files are not organised by type; `count`: lines, -1 if not said."""

    url: str
    type: str = ""
    count: int = -1


@dataclass(frozen=True, slots=True)
class Manifest:
    """`transaction_time`: everything committed before it is in; `next`: address of the rest, or ""."""

    transaction_time: str
    requires_token: bool
    output: tuple[ManifestFile, ...] = ()
    deleted: tuple[ManifestFile, ...] = ()
    error: tuple[ManifestFile, ...] = ()
    next: str = ""


class _File(msgspec.Struct):
    url: str
    type: str | None = None
    count: int | None = None


class _Link(msgspec.Struct):
    relation: str = ""
    url: str = ""


class _Manifest(msgspec.Struct, rename="camel"):
    transaction_time: str
    requires_access_token: bool | str = False
    output: list[_File] | None = None
    deleted: list[_File] | None = None
    error: list[_File] | None = None
    outcome: list[_File] | None = None
    link: list[_Link] | None = None


_DECODER = msgspec.json.Decoder(_Manifest)


def read_manifest(data: bytes) -> Manifest:
    """The manifest in `data`. Raises EhrRefused, naming no content, for what is none."""
    try:
        told = _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise EhrRefused("the export ended with something that is no manifest") from None
    if not is_instant(told.transaction_time):
        # The next export asks for what is newer than this; without it changes could fall between two exports.
        raise EhrRefused("the manifest's transactionTime is no instant")
    link = next((each.url for each in told.link or () if each.relation == "next"), "")
    return Manifest(
        transaction_time=told.transaction_time,
        requires_token=told.requires_access_token in (True, "true"),
        output=_files(told.output),
        deleted=_files(told.deleted),
        error=(*_files(told.error), *_files(told.outcome)),
        next=link,
    )


def is_instant(text: str) -> bool:
    """Whether `text` is an R4 instant: a date and time with seconds and an offset."""
    if not _INSTANT.match(text):
        return False
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _files(listed: list[_File] | None) -> tuple[ManifestFile, ...]:
    files = tuple(
        ManifestFile(each.url, each.type or "", -1 if each.count is None else each.count) for each in listed or ()
    )
    if any(not each.url or len(each.url) > _LONGEST for each in files):
        raise EhrRefused("the manifest names a file without a usable address")
    return files
