"""The packs a station keeps: the last eight of each unit, each checked against the node's signature before it opens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from codedark.access import unwrapped, write_whole
from codedark.errors import CannotUnseal, PackError, UnknownFormat
from codedark.paper import LABEL, LABEL_BYTES, PackLabel, is_labelled_by, read_label
from codedark.tongue import noted

KEPT = 8
"""Packs of each unit."""
PACK_BYTES = 256 << 20
_FILE = re.compile(r"[A-Za-z0-9-]{1,60}\.\d{8}-\d{6}\.draft\.[0-9a-f]{6}\.pdf\.age")
UNSIGNED = noted("its label is not signed by this facility's node")
CHANGED = noted("its bytes are not the ones that the node signed")
GONE = noted("it cannot be read from the disk")
ELSEWHERE = noted("packs/ on the node's disk or a stick, the unit's printed book")
NO_LABEL = noted("it has no label that can be read")


@dataclass(frozen=True, slots=True)
class Kept:
    """One pack on the shelf. `label`: None when it has none that can be read; `problem`: why it does not open, "" when
    it is whole."""

    file: str
    label: PackLabel | None
    problem: str = ""


class Shelf:
    """A station's packs. `keys`: public keys of the node's labels; a pack that none of them signed does not open."""

    def __init__(self, folder: Path, facility: str, keys: Sequence[bytes], also: Sequence[str] = ()) -> None:
        self.folder, self.facility, self.keys, self.also = folder, facility, tuple(keys), tuple(also)

    def checked(self, file: str, note: str, units: Sequence[str]) -> PackLabel:
        """The label of a pack that the node offers. Raises PackError for one that does not belong here."""
        label = self._label(note)
        if label is None or not _FILE.fullmatch(file) or label.unit not in units or label.size > PACK_BYTES:
            raise PackError("the node offers a pack that does not belong here")
        return label

    def put(self, file: str, note: str, label: PackLabel, data: bytes) -> None:
        """Keep a pack that was fetched; the ninth of its unit goes. Raises PackError when it is not what was signed."""
        if not label.fits(data):
            raise PackError("what came is not the pack that the node signed")
        try:
            write_whole(self.folder / f"{file}{LABEL}", note.encode("utf-8"))
            write_whole(self.folder / file, data)
        except OSError as error:
            raise PackError(f"a pack could not be kept: {error.strerror}", hint="Free space on this disk.") from error
        mine = [each for each in self.packs() if each.label is not None and each.label.unit == label.unit]
        whole = [each for each in mine if not each.problem]
        for old in whole[KEPT:]:
            (self.folder / old.file).unlink(missing_ok=True)
            (self.folder / f"{old.file}{LABEL}").unlink(missing_ok=True)

    def packs(self) -> list[Kept]:
        """Every pack on the shelf, newest first; those that do not open come last and say why."""
        names = sorted({path.name for path in self.folder.glob("*.age")} | {
            path.name.removesuffix(LABEL) for path in self.folder.glob(f"*.age{LABEL}")
        })  # fmt: skip
        found = [self.look(name) for name in names if _FILE.fullmatch(name)]
        return sorted(found, key=lambda each: (bool(each.problem), -(each.label.made_us if each.label else 0)))

    def look(self, file: str) -> Kept:
        """One pack, checked: its label by signature, its bytes by the hash that was signed."""
        if not _FILE.fullmatch(file):
            return Kept(file, None, NO_LABEL)
        try:
            note = (self.folder / f"{file}{LABEL}").read_bytes()[:LABEL_BYTES].decode("utf-8")
            label = read_label(note)
        except (OSError, UnicodeDecodeError, UnknownFormat):
            return Kept(file, None, NO_LABEL)
        if self._label(note) is None:
            return Kept(file, label, UNSIGNED)
        try:
            data = (self.folder / file).read_bytes()
        except OSError:
            return Kept(file, label, GONE)
        return Kept(file, label, "" if label.fits(data) else CHANGED)

    def open(self, file: str, secret: str) -> tuple[PackLabel, bytes]:
        """The PDF of a pack, with the key on the unit's card. Raises PackError when its integrity fails, CannotUnseal
        for another key; both say where the next copy is. Its age never keeps it closed."""
        if not _FILE.fullmatch(file):
            raise PackError("there is no such pack here", hint=self.next_copy(file))
        kept = self.look(file)
        if kept.problem or kept.label is None:
            raise PackError(f"this pack is not shown: {kept.problem}", hint=self.next_copy(file))
        try:
            pdf = unwrapped([secret], (self.folder / file).read_bytes())
        except CannotUnseal as error:
            raise CannotUnseal("this key does not open the pack", hint=self.next_copy(file)) from error
        except OSError as error:
            raise PackError(f"this pack is not shown: {GONE}", hint=self.next_copy(file)) from error
        if sha256(pdf).digest() != kept.label.plain or not pdf.startswith(b"%PDF-"):
            raise PackError(f"this pack is not shown: {CHANGED}", hint=self.next_copy(file))
        return kept.label, pdf

    def copies(self, file: str) -> list[str]:
        """Where else the unit's pack is: the newest whole round here, then the other stations of its units."""
        here = self.look(file) if _FILE.fullmatch(file) else Kept(file, None)
        unit = here.label.unit if here.label else None
        same = [each.file for each in self.packs() if _whole_of(each, unit) and each.file != file]
        return [*same[:1], *self.also]

    def next_copy(self, file: str) -> str:
        """Where to look next, as a hint in words."""
        places = "; ".join([*self.copies(file), ELSEWHERE])
        return f"Next copy: {places}. A key that does not fit may be of an older envelope."

    def _label(self, note: str) -> PackLabel | None:
        """The label, if one of the node's keys signed it for this facility."""
        if not any(is_labelled_by(note, self.facility, key) for key in self.keys):
            return None
        try:
            label = read_label(note)
        except UnknownFormat:
            return None
        return label if label.facility == self.facility else None


def _whole_of(kept: Kept, unit: str | None) -> bool:
    return not kept.problem and kept.label is not None and kept.label.unit == unit
