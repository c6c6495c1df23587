"""A unit's pack as one HTML file: drawn from the same moment as its PDF, whose cover bears the file's code."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from codedark.access import wrapped_for
from codedark.errors import ConfigError
from codedark.node.packing import HTML
from codedark.paper import PackLabel, PackRequest, pack_signer, replace_by_us
from codedark.views import Record
from codedark.web import FileRequest, UnitFile, draw_file


@dataclass(frozen=True, slots=True)
class Hallmark:
    """Who makes the file: the facility, the node's public key (it may open what it made) and the key that signs."""

    facility: str
    public: str
    pack_key: bytes


def unit_file(asked: PackRequest, pack: str, record: Record, mark: Hallmark) -> UnitFile:
    """The file of what `asked` is drawn from. Raises ConfigError for a unit without an envelope: no key would open
    it."""
    card = record.card(asked.unit)
    if card is None:
        raise ConfigError(
            "this unit has no envelope, so nothing could open its file", hint="Run `codedark unit card UNIT` first."
        )
    wanted = FileRequest(
        unit=asked.unit, facility=asked.facility, pack=pack, as_of=asked.as_of, census=asked.census,
        charts=asked.charts, feeds=asked.feeds, made_us=asked.printed_at_us, until_us=replace_by_us(asked),
        zone=asked.zone, checkpoint_note=asked.checkpoint_note, coverage=asked.coverage, demo=asked.demo,
    )  # fmt: skip
    recipients = (card.recipient, mark.public)
    return draw_file(wanted, lambda data: wrapped_for(recipients, data), lambda index: _label(asked, pack, index, mark))


def _label(asked: PackRequest, pack: str, index: bytes, mark: Hallmark) -> str:
    """Who made the file, signed: the sealed index names the hash of every part."""
    if not mark.pack_key:
        return ""
    digest = sha256(index).digest()
    label = PackLabel(
        facility=mark.facility, unit=asked.unit, pack=pack, kind=HTML, made_us=asked.printed_at_us,
        as_of_us=asked.as_of.recorded_at_us, replace_by_us=replace_by_us(asked),
        clock_trusted=asked.as_of.clock_trusted, pages=len(asked.charts) + 1, patients=len(asked.charts),
        size=len(index), sealed=digest, plain=digest,
    )  # fmt: skip
    return label.signed(pack_signer(mark.facility, mark.pack_key))
