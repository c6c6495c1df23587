"""Bundles taken apart without touching what is in them (R4 4.0.1, bundle.html)."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from codedark.errors import Unparsable
from codedark.fhir.document import encode, one_line
from codedark.fhir.references import parse_reference


class BundleEntry(NamedTuple):
    """One entry with a resource. `number`: from 0 in Bundle.entry; `resource`: its own bytes; `full_url`: or ""."""

    number: int
    resource: bytes
    full_url: str


class _Entry(msgspec.Struct, rename={"full_url": "fullUrl"}):
    resource: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    full_url: str | None = None


class _Bundle(msgspec.Struct, rename={"resource_type": "resourceType"}):
    resource_type: str = ""
    entry: list[_Entry] | None = None


class _Identity(msgspec.Struct, rename={"resource_type": "resourceType"}):
    resource_type: str = ""
    id: str = ""


class _RawBundle(msgspec.Struct, rename={"resource_type": "resourceType"}):
    resource_type: str = ""
    entry: list[msgspec.Raw] | None = None


class _Request(msgspec.Struct):
    method: str = ""


class _Deletion(msgspec.Struct):
    request: _Request | None = None
    resource: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_RAW_BUNDLE = msgspec.json.Decoder(_RawBundle)
_DELETION = msgspec.json.Decoder(_Deletion)
_BUNDLE = msgspec.json.Decoder(_Bundle)
_IDENTITY = msgspec.json.Decoder(_Identity)


def split_bundle(data: bytes) -> list[BundleEntry]:
    """The resources of a Bundle, each as the very bytes it came in. Entries without a resource are left out.

    Raises `Unparsable` when `data` is not a JSON object with resourceType "Bundle".
    """
    if data.startswith(codecs.BOM_UTF8):
        data = data[3:]
    try:
        bundle = _BUNDLE.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Unparsable("not a JSON Bundle") from None
    if bundle.resource_type != "Bundle":
        raise Unparsable("not a Bundle")
    return [
        BundleEntry(number, bytes(entry.resource), entry.full_url or "")
        for number, entry in enumerate(bundle.entry or [])
        if isinstance(entry.resource, msgspec.Raw) and bytes(entry.resource) != b"null"
    ]


def bundle_lines(data: bytes) -> list[tuple[int, bytes]]:
    """(index, one line) for every resource of a Bundle, ready for a chunk of lines.

    A line is the resource's own bytes without line breaks. Where references use a fullUrl that the resource's type and
    id do not tell, the line is `{"fullUrl": …, "resource": …}` instead: without it they could not be resolved. An entry
    that deletes (of a history, of a transaction) is a line of its own, as it came.
    """
    lines = {entry.number: _line(entry) for entry in split_bundle(data)}
    if b"DELETE" in data:
        lines |= dict(_deletions(data))
    return sorted(lines.items())


def deletion_lines(data: bytes) -> list[bytes]:
    """The entries of a Bundle that delete something, each as one line; entries with a resource are left out.

    Source: Bulk Data 3.0.0, "deleted": Bundles of type transaction, their entries holding `request` alone.
    Raises `Unparsable` when `data` is no Bundle or an entry neither deletes nor holds a resource.
    """
    bundle, read = _raw(data)
    if bundle.resource_type != "Bundle" or any(
        each.request is None and each.resource is msgspec.UNSET for each, _ in read
    ):
        raise Unparsable("not a Bundle of deletions")
    return [line for _, line in _deletions(data)]


def _raw(data: bytes) -> tuple[_RawBundle, list[tuple[_Deletion, bytes]]]:
    try:
        bundle = _RAW_BUNDLE.decode(data.removeprefix(codecs.BOM_UTF8))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Unparsable("not a Bundle of deletions") from None
    return bundle, [(_asked(raw), bytes(raw)) for raw in bundle.entry or ()]


def _asked(raw: msgspec.Raw) -> _Deletion:
    """What an entry asks for; nothing when it has another form, which is no reason to lose its neighbours."""
    try:
        return _DELETION.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _Deletion()


def _deletions(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(number from 0, one line) of every entry that deletes."""
    for number, (each, raw) in enumerate(_raw(data)[1]):
        if each.request is not None and each.request.method == "DELETE" and each.resource is msgspec.UNSET:
            yield number, one_line(raw)


def _line(entry: BundleEntry) -> bytes:
    body = one_line(entry.resource)
    target = parse_reference(entry.full_url)
    if target is None:
        return body
    try:
        identity = _IDENTITY.decode(entry.resource)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return body
    if target.id == identity.id and target.type in ("", identity.resource_type):
        return body
    return b'{"fullUrl":' + encode(entry.full_url) + b',"resource":' + body + b"}"
