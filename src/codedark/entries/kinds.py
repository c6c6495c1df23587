"""The catalogue: every kind of entry with its version, audience, lane and payload.

A kind is a fixed wire name and a version, never a Python path (architecture, section 1). docs/formats/entries.md is
`catalogue_page()`; a test says when it is stale.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from codedark.entries import payloads
from codedark.entries.payloads import Payload
from codedark.errors import Uninterpretable
from codedark.journal import Audience, Draft, Entry, Lane, Once


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. `payload`: the struct on the wire (MessagePack), or None for raw bytes; `sentence`: what it means."""

    name: str
    version: int
    audience: Audience
    payload: type[Payload] | None
    lane: Lane
    sentence: str


def _person(name: str, payload: type[Payload], sentence: str, audience: Audience = Audience.FACILITY) -> Kind:
    return Kind(name, 1, audience, payload, Lane.PERSON, sentence)


def _feed(name: str, payload: type[Payload] | None, sentence: str) -> Kind:
    return Kind(name, 1, Audience.FACILITY, payload, Lane.FEED, sentence)


_ALL = (
    _feed("hl7.received", None, "An HL7 v2 message as it came; the payload is the frame's bytes."),
    _feed("hl7.refused", payloads.Refused, "Bytes that were no message: no readable MSH, or over the frame limit."),
    _feed("fhir.imported", payloads.FhirChunk, "Some hundred lines of a FHIR file, each one resource as it came."),
    _feed("export.taken", payloads.ExportTaken, "A bulk export of the EHR was read to its end: as of when, how much."),
    _feed("report.received", payloads.ReportReceived, "A print report of the EHR, with what was read in it."),
    _person("report.tied", payloads.ReportTied, "Whose a print report is, said by the node or by a person."),
    _feed("feed.heard", payloads.FeedHeard, "What a feed did since the last such entry, at most once a minute."),
    _feed("guard.flagged", payloads.GuardFlagged, "The content of an earlier entry looks encrypted or damaged."),
    _person("origin.opened", payloads.OriginOpened, "The first entry of a chain: whose it is and what it follows."),
    _person("origin.adopted", payloads.OriginAdopted, "Two people took a restored record for the facility's."),
    _person("fork.found", payloads.ForkSeen, "This chain was cloned or rolled back; the proof is in it."),
    _person("clock.righted", payloads.ClockRighted, "A person says that the node's clock is right."),
    _person("facts.recorded", payloads.FactsRecorded, "What a person entered about a patient, as FHIR R4."),
    _person("volume.closed", payloads.VolumeClosed, "The journal's file was closed with its hash; the chain goes on."),
    _person("epoch.opened", payloads.EpochOpened, "A sealing key began; commits to who can open what follows."),
    _person("config.set", payloads.ConfigSet, "A setting that changes rules or folding."),
    _person("source.distrusted", payloads.SourceDistrusted, "The facts of a source in a period are out, or in again."),
    _person("source.held", payloads.SourceHeld, "What a feed or device says is kept, and not shown until released."),
    _person("source.released", payloads.SourceReleased, "A person lets what a feed or device said be shown."),
    _person("person.enrolled", payloads.PersonEnrolled, "An account of this node began."),
    _person("person.changed", payloads.PersonChanged, "An account's password, roles or state changed."),
    _person("session.opened", payloads.SessionOpened, "A person logged in, or opened a unit envelope.", Audience.AUDIT),
    _person("session.closed", payloads.SessionClosed, "A session ended.", Audience.AUDIT),
    _person("login.refused", payloads.LoginRefused, "Failed log-ins of one device in one minute.", Audience.AUDIT),
    _person("chart.viewed", payloads.ChartViewed, "A person saw a record: which, and as of where.", Audience.AUDIT),
    _person("reading.unlogged", payloads.ReadingUnlogged, "Charts opened while nothing could be kept.", Audience.AUDIT),
    _person("unit.card.issued", payloads.UnitCardIssued, "A unit's envelope was made; earlier ones are void."),
    _person("feed.certificate.issued", payloads.FeedCertificateIssued, "A sender's certificate was made."),
    _person("key.rotated", payloads.KeyRotated, "Two people made the next facility key, from three cards."),
    _person("cards.split", payloads.CardsSplit, "Five new cards of the same root were handed out."),
    _person("drill.done", payloads.DrillDone, "Three cards opened a sample of the record; nothing was written."),
    _person("unit.code.used", payloads.UnitCodeUsed, "A one-time code of an envelope is spent."),
    _person("deed.proposed", payloads.DeedProposed, "The first of two people asks for a deed."),
    _person("deed.decided", payloads.DeedDecided, "The second person's yes or no."),
    _person("deed.reviewed", payloads.DeedReviewed, "A deed of a distrusted person was kept in force, or undone."),
    _person("deed.refused", payloads.DeedRefused, "Somebody tried what they may not do.", Audience.AUDIT),
    _person("pack.made", payloads.PackMade, "A pack was drawn, as a draft or as issued."),
    _person("sheets.printed", payloads.SheetsPrinted, "Sheets went to paper, each with its own identity."),
    _person("worklist.decided", payloads.WorklistDecided, "A person looked at what was not understood."),
)

KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}
"""Every kind by its wire name."""

_BY_PAYLOAD = {kind.payload: kind for kind in _ALL if kind.payload is not None}
_DECODERS = {kind.name: msgspec.msgpack.Decoder(kind.payload) for kind in _ALL if kind.payload is not None}
_ENCODER = msgspec.msgpack.Encoder()


def draft_of(payload: Payload, *, source: str, once: Once | None = None) -> Draft:
    """The draft of a structured payload: kind, version, audience and lane come from the catalogue.

    `source`: `feed:NAME`, `person:ID`, `device:ID`, `import:LABEL` or `node`.
    """
    kind = _BY_PAYLOAD[type(payload)]
    return Draft(
        kind=kind.name,
        version=kind.version,
        source=source,
        payload=_ENCODER.encode(payload),
        audience=kind.audience,
        once=once,
        lane=kind.lane,
    )


def payload_of(entry: Entry) -> Payload | bytes:
    """The payload of an entry: its struct, or the bytes of a raw kind.

    Unknown fields of a later version are ignored. Raises `Uninterpretable` for an unknown kind or damaged payload.
    """
    decoder = _DECODERS.get(entry.kind)
    if decoder is None:
        if entry.kind in KINDS:
            return entry.payload
        raise Uninterpretable("unknown kind of entry", place=str(entry.position))
    try:
        return decoder.decode(entry.payload)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Uninterpretable(f"payload is no {entry.kind}", place=str(entry.position)) from None


def catalogue_page() -> str:
    """docs/formats/entries.md, drawn from the catalogue and the docstrings of the payloads."""
    lines = [
        "# Entries: the catalogue of kinds",
        "",
        "Drawn from `codedark.entries.KINDS` by `codedark.entries.catalogue_page()`; do not edit by hand.",
        "",
        "A kind is a fixed wire name and a version. Structured payloads are MessagePack maps of the fields below;",
        "fields that hold their default may be absent, unknown fields are ignored. Times are µs UTC.",
        "",
        "| kind | version | audience | lane | meaning |",
        "|---|--:|---|---|---|",
    ]
    lines += [f"| `{k.name}` | {k.version} | {k.audience.value} | {k.lane.name.lower()} | {k.sentence} |" for k in _ALL]
    for kind in _ALL:
        lines += ["", f"## {kind.name}", "", kind.sentence]
        if kind.payload is not None:
            lines += ["", " ".join((kind.payload.__doc__ or "").split()), "", *_field_rows(kind.payload)]
    return "\n".join(lines) + "\n"


def _field_rows(payload: type[Payload]) -> list[str]:
    rows = ["| field | type | default |", "|---|---|---|"]
    for field in msgspec.structs.fields(payload):
        kind = payload.__annotations__.get(field.name, "")
        default = "" if field.required else repr(field.default)
        rows.append(
            f"| `{field.name}` | `{kind}` | {f'`{default}`' if default else 'required'} |".replace(
                " | None", " or None"
            )
        )
    return rows
