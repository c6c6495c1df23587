"""The label of a kept pack: what a file holds, how old it is, and that this node made it, told without any key.

age hides a pack and signs nothing: whoever knows the public half of a unit's card can make a file that it opens. The
label stands beside the file, is signed by the node's pack key (Ed25519, a signed note: c2sp.org/signed-note), and binds
the sealed bytes and the PDF within. It holds no name of anybody. docs/formats/station.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256
from zoneinfo import ZoneInfo

from codedark.errors import UnknownFormat
from codedark.journal import NoteSigner, is_signed_by
from codedark.paper.identity import comparison_code
from codedark.paper.request import PackRequest
from codedark.paper.wording import mar_day, moment

LABEL = ".label"
"""What is added to a pack's file name."""
LABEL_BYTES = 16_384
_HEAD = "codedark pack v1"


@dataclass(frozen=True, slots=True)
class PackLabel:
    """`made_us`, `replace_by_us`: when it was drawn, and until when its MAR reaches; `as_of_us`: the newest that was
    heard then, None = nothing ever; µs UTC. `clock_trusted`: whether the node believed its clock. `sealed`, `plain`:
    SHA-256 of the file as kept and of the PDF in it; `size`: bytes of the file."""

    facility: str
    unit: str
    pack: str
    kind: str
    made_us: int
    as_of_us: int | None
    replace_by_us: int
    clock_trusted: bool
    pages: int
    patients: int
    size: int
    sealed: bytes
    plain: bytes

    @property
    def code(self) -> str:
        """The code of the PDF, to compare with what was told when it was drawn."""
        return comparison_code(self.plain.hex())

    def fits(self, data: bytes) -> bool:
        """Whether these are the sealed bytes that were signed."""
        return len(data) == self.size and sha256(data).digest() == self.sealed

    @property
    def text(self) -> str:
        """What is signed: a head and one line for each fact."""
        return f"{_HEAD}\n" + "".join(f"{name} {value}\n" for name, value in self._lines().items())

    def signed(self, signer: NoteSigner) -> str:
        """The label as it is written."""
        return f"{self.text}\n{signer.signature_line(self.text)}"

    def _lines(self) -> Mapping[str, str]:
        return {
            "facility": self.facility,
            "unit": json.dumps(self.unit),
            "pack": self.pack,
            "kind": self.kind,
            "made-us": str(self.made_us),
            "as-of-us": "-" if self.as_of_us is None else str(self.as_of_us),
            "replace-by-us": str(self.replace_by_us),
            "clock": "trusted" if self.clock_trusted else "not-trusted",
            "pages": str(self.pages),
            "people": str(self.patients),
            "size": str(self.size),
            "sealed": self.sealed.hex(),
            "plain": self.plain.hex(),
        }


def pack_signer(facility: str, seed: bytes) -> NoteSigner:
    """Who signs the labels of a facility's packs. `seed`: 32 bytes."""
    return NoteSigner(_name(facility), seed)


def read_label(note: str) -> PackLabel:
    """What a label claims; says nothing about its signature. Raises UnknownFormat."""
    head, _, rest = note.partition("\n\n")[0].partition("\n")
    said = dict(line.partition(" ")[::2] for line in rest.split("\n"))
    try:
        if head != _HEAD or len(note) > LABEL_BYTES or said["clock"] not in ("trusted", "not-trusted"):
            raise ValueError
        label = PackLabel(
            facility=said["facility"],
            unit=str(json.loads(said["unit"])),
            pack=said["pack"],
            kind=said["kind"],
            made_us=int(said["made-us"]),
            as_of_us=None if said["as-of-us"] == "-" else int(said["as-of-us"]),
            replace_by_us=int(said["replace-by-us"]),
            clock_trusted=said["clock"] == "trusted",
            pages=int(said["pages"]),
            patients=int(said["people"]),
            size=int(said["size"]),
            sealed=bytes.fromhex(said["sealed"]),
            plain=bytes.fromhex(said["plain"]),
        )
    except (ValueError, KeyError, RecursionError) as error:
        raise UnknownFormat("this is no label of a pack") from error
    return label


def is_labelled_by(note: str, facility: str, public_key: bytes) -> bool:
    """Whether this label was signed by the facility's pack key."""
    return is_signed_by(note, _name(facility), public_key)


def replace_by_us(request: PackRequest) -> int:
    """The moment that stands under *replace by* on its sheets, µs UTC."""
    until = mar_day(request.printed_at_us, ZoneInfo(request.zone), request.mar_day_start)[1]
    return int(until.replace(tzinfo=ZoneInfo(request.zone)).astimezone(UTC).timestamp()) * 1_000_000


def wall_of(us: int, zone: ZoneInfo) -> str:
    """A moment on the facility's wall clock: `24-Nov-2026 03:12`."""
    return moment(us, zone)


def _name(facility: str) -> str:
    return f"{facility}/packs"
