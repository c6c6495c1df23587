"""What a bundle says of itself, and every reason for which a node refuses it. Read only after its signatures held."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

import msgspec

from codedark.errors import UpdateRefused
from codedark.releases.version import version_of

FORMAT = 1
FILES_MAX = 500
_NAME = re.compile(r"(wheels/)?[A-Za-z0-9][A-Za-z0-9._+-]{0,199}")
_DOWNGRADE = "A codedark is never replaced by an older one: what was mended would be open again. Get the newest bundle."
_OTHER = "Do not use it. Ask the maintainers for the bundle of this machine; see docs/operate/update.md."

Natural = Annotated[int, msgspec.Meta(ge=0)]


class FileLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of the bundle. `size` in bytes; `sha256` in hex."""

    name: str
    size: Natural
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a bundle brings and for whom.

    `version`: what it installs; `previous`: the versions it may replace; `mapping`, `schema`: what its fold does, so a
    change of meaning is announced; `journal_formats`: those it reads; `python`, `platform`: of the machine; `keyring`:
    generation of the release keys that the new package pins; `made`: date, for people.
    """

    format: int
    version: str
    previous: tuple[str, ...]
    mapping: str
    schema: int
    journal_formats: tuple[str, ...]
    python: str
    platform: str
    keyring: Natural
    made: str
    files: tuple[FileLine, ...]

    def encoded(self) -> bytes:
        """The bytes that are signed, as part of the body."""
        return msgspec.json.encode(self, order="sorted")

    @classmethod
    def decoded(cls, data: bytes) -> Manifest:
        """From the bytes of a body whose signatures held. Raises UpdateRefused."""
        try:
            found = msgspec.json.decode(data, type=cls)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise UpdateRefused("the manifest cannot be read", hint=_OTHER) from error
        found.check()
        return found

    def check(self) -> None:
        """Raise UpdateRefused for a manifest that no codedark of this format would write."""
        if self.format != FORMAT:
            raise UpdateRefused(f"the bundle's format is {self.format}, this codedark knows {FORMAT}", hint=_OTHER)
        for version in (self.version, *self.previous):
            version_of(version)
        names = [line.name for line in self.files]
        if len(names) > FILES_MAX or len(set(names)) < len(names):
            raise UpdateRefused("the manifest lists a file twice, or too many files", hint=_OTHER)
        for line in self.files:
            if _NAME.fullmatch(line.name) is None or re.fullmatch(r"[0-9a-f]{64}", line.sha256) is None:
                raise UpdateRefused("the manifest lists a file under a name that it may not have", hint=_OTHER)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bundle would be installed. `version`: what runs here; `newest`: the newest version that was ever applied
    here, by the journal; `newest_sha256`: its bundle in hex ("" = not known); `journal_format`: of this node."""

    version: str
    newest: str
    newest_sha256: str
    journal_format: str
    python: str
    platform: str


def refusal(manifest: Manifest, sha256: str, place: Place) -> str:
    """Why this place does not take this bundle ("" = it does). `sha256`: of the bundle's signed body, in hex.

    The floor is the newer of what runs and what was ever applied, so going back by hand opens no way for an old bundle.
    """
    wanted, floor = version_of(manifest.version), max(version_of(place.version), version_of(place.newest))
    if wanted < floor:
        return f"it is a downgrade: it brings {manifest.version}, here was {_text(floor)} already. {_DOWNGRADE}"
    if wanted == floor:
        if place.newest != manifest.version or place.newest_sha256 != sha256:
            return f"it says {manifest.version} like what is here, but its bytes are others. {_OTHER}"
        if version_of(place.version) == wanted:
            return f"this very bundle of {manifest.version} was applied already"
        # Somebody went back by hand: the same bytes may lead forward again.
    if place.version not in manifest.previous:
        return f"it does not replace {place.version}, only {', '.join(manifest.previous) or 'nothing'}. {_OTHER}"
    if place.journal_format not in manifest.journal_formats:
        return f"it does not read this node's journal ({place.journal_format}). {_OTHER}"
    if (manifest.python, manifest.platform) != (place.python, place.platform):
        ours = f"{place.python} on {place.platform}"
        return f"it is for Python {manifest.python} on {manifest.platform}, this is {ours}. {_OTHER}"
    return ""


def _text(version: tuple[int, int, int]) -> str:
    return ".".join(map(str, version))
