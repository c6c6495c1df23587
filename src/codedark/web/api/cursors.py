"""Where the next page of a search begins: sealed, so that no name that was searched for stands in an address, and
bound to the person and type, so that nobody goes on with somebody else's search."""

from __future__ import annotations

import base64

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from codedark.access import derive
from codedark.web.api.outcome import Declined
from codedark.web.api.query import Pair


class Place(msgspec.Struct, frozen=True, array_like=True):
    """`state`: the views file in which `after` means something; `pairs`: the search; `after`: the last row shown."""

    state: str
    pairs: tuple[Pair, ...]
    after: int


class Cursors:
    """Seals places and opens them again. `key`: ≥ 16 secret bytes of this node's forms."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(derive(key, "fhir-cursors", "", length=64))

    def seal(self, person: str, type_: str, place: Place) -> str:
        """URL-safe text."""
        sealed = self._cipher.encrypt(msgspec.msgpack.encode(place), _bound(person, type_))
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, person: str, type_: str, text: str, state: str) -> Place:
        """Raises `Declined`: not ours, of another person or type, or of views that were built anew since."""
        try:
            sealed = base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
            place = msgspec.msgpack.decode(self._cipher.decrypt(sealed, _bound(person, type_)), type=Place)
        except (InvalidTag, ValueError, msgspec.MsgspecError):
            raise Declined(400, "invalid", "This page marker is not one of this node's, or not yours.") from None
        if place.state != state:
            raise Declined(410, "expired", "The record was built anew since: begin this search again.")
        return place


def _bound(person: str, type_: str) -> list[bytes]:
    return [b"codedark fhir cursor v1", person.encode(), type_.encode()]
