"""The payload of every structured kind: one msgspec struct each, MessagePack on the wire, unknown fields ignored.

Two kinds are raw bytes instead: `hl7.received` (the frame as it came) and `fhir.imported` (see `FhirChunk`).
The catalogue in `kinds.py` binds names and versions to these. Ids of people are random; names live in the payload,
which is sealed.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Payload(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The base of all payloads."""


class Refused(Payload, frozen=True):
    """`hl7.refused`: no readable MSH, or oversize. `prefix`: at most 4096 bytes, of HL7 in XML all; `length`: whole
    length in bytes; `mac`: keyed MAC of what was read, empty for a file that is all there; `reason`: "no MSH" |
    "oversize" | "not a frame" | that it is HL7 in XML."""

    prefix: bytes
    length: int
    mac: bytes
    reason: str


class FhirChunk(Payload, frozen=True):
    """`fhir.imported`: ~200 resources of one file. `file`: its name as given; `first_line`: 1-based; `format`:
    "ndjson" | "bundle" | "deleted"; `lines`: the original bytes, one resource a line; of "deleted": the entries of its
    transactions, `{"request": {"method": "DELETE", "url": "Type/id"}}`. `as_of`: the instant up to which the EHR's
    server told everything, for what carries no time of its own; "" for files of unknown age."""

    file: str
    first_line: int
    format: str
    lines: bytes
    as_of: str = ""


class ExportTaken(Payload, frozen=True):
    """`export.taken`: a bulk export of the EHR was read to its end into `fhir.imported` entries of `import:EHR`.
    `as_of`: the instant before which everything is in it; `since`: only what changed after it, "" = everything;
    `types`: none = all. `short`: files that did not have as many lines as the EHR said. `complaints`: what the EHR said
    it could not export, counted by "severity:code"."""

    ehr: str
    as_of: str
    since: str = ""
    group: str = ""
    types: tuple[str, ...] = ()
    files: int = 0
    resources: int = 0
    deletions: int = 0
    refused: int = 0
    short: tuple[str, ...] = ()
    complaints: dict[str, int] = {}


class FeedHeard(Payload, frozen=True):
    """`feed.heard`, at most one a minute and feed. Counts since the last one; times µs UTC. `slowed`: messages that
    waited, and their answers with them, because the feed was over its quota."""

    feed: str
    since_us: int
    until_us: int
    received: int = 0
    duplicates: int = 0
    differing: int = 0
    connects: int = 0
    refusals: int = 0
    slowed: int = 0


class ConfigSet(Payload, frozen=True):
    """`config.set`: a setting that changes rules or folding. `value`: JSON-like. Known keys:
    docs/reference/settings.md."""

    key: str
    value: Any


class EpochOpened(Payload, frozen=True):
    """`epoch.opened`: a sealing key began. `epoch`: 16 bytes = start of SHA-256 of the epoch file; `recipients`: their
    public key ids; `file_hash`: SHA-256 of the epoch file that lies beside the chain; `signer`: id of the signing
    key."""

    epoch: bytes
    audience: str
    recipients: list[str]
    file_hash: bytes
    signer: bytes


class OriginOpened(Payload, frozen=True):
    """`origin.opened`: the first entry of a chain. `statement`: its text; `cites`: "origin/size/root" of the chain it
    follows after a restore, or empty."""

    statement: str
    cites: str = ""


class ClockRighted(Payload, frozen=True):
    """`clock.righted`: a person at the node compared its clock with another and says that it is right. Times µs UTC:
    `wall_us` by that clock, `believed_us` what the node took for the time until then; `reason`: why it did not trust
    it."""

    wall_us: int
    believed_us: int
    reason: str = ""


class OriginAdopted(Payload, frozen=True):
    """`origin.adopted`: two people took a restored node's record for the facility's. `origin`: 16 bytes;
    `endorsement`: the adoption key's signature of its statement (64 bytes); `proposal`: the deed both decided."""

    origin: bytes
    endorsement: bytes
    proposal: str
    person: str


class ForkSeen(Payload, frozen=True):
    """`fork.found`: somebody holds a checkpoint signed by this origin's own key that this chain does not contain: it
    was cloned or rolled back. `note`: that checkpoint, the proof; `size`: what it covers; `witness`: who held it."""

    origin: bytes
    size: int
    note: str
    witness: str = ""


class FactsRecorded(Payload, frozen=True):
    """`facts.recorded`: what a person entered about a patient. `resources`: FHIR R4 resources as JSON text, with
    references to the record's own ids; an `id` names a resource of the record, none makes a new one. `device`: through
    which it was said (distrusted and held like a source); `basis`: how the person knows ("done by me" | "seen by me" |
    "told to me" | "read off paper or a device"); `time_basis`: the claimed time is "stated" by the person, or the
    node's "clock" at the moment of recording; `reason`: asked for outside one's unit."""

    resources: list[str]
    person: str = ""
    device: str = ""
    basis: str = ""
    time_basis: str = ""
    reason: str = ""


class VolumeClosed(Payload, frozen=True):
    """`volume.closed`: the journal went on in a new file. `volume`: number of the closed one; `first`: its first
    position; `size`: the journal's size at its end; `sha256`: of the closed file."""

    volume: int
    first: int
    size: int
    sha256: bytes


class SourceDistrusted(Payload, frozen=True):
    """`source.distrusted`: facts of a feed, device or person in a period are taken out, visibly and reversibly.
    `source` as in headers; times µs UTC of `recorded_at`; `until_us` None = still; `undo`: takes an earlier mark
    back; `reviewer`: id of the second person who looks at what a distrusted person *did*."""

    source: str
    since_us: int
    until_us: int | None = None
    reason: str = ""
    undo: bool = False
    reviewer: str = ""


class DeedReviewed(Payload, frozen=True):
    """`deed.reviewed`: the person named with a distrust looked at a deed of the distrusted person. `position`: of that
    deed's entry; `undone`: it was undone, or its undoing proposed (`how`: what was done); else it stays in force."""

    position: int
    person: str
    undone: bool
    how: str = ""
    note: str = ""


class SourceHeld(Payload, frozen=True):
    """`source.held`: what a feed or device says is kept and not shown until a person releases it. `source`: "feed:NAME"
    or "device:ID". Every later entry of it is held; with `since_us` also the earlier ones kept at or after that moment
    (µs UTC of `recorded_at`)."""

    source: str
    person: str
    since_us: int | None = None
    reason: str = ""


class SourceReleased(Payload, frozen=True):
    """`source.released`: a hold ends; what was kept under it is shown, each item with its own age."""

    source: str
    person: str
    reason: str = ""


class GuardFlagged(Payload, frozen=True):
    """`guard.flagged`: this entry's content looks encrypted or damaged. Another entry, never a change of the first."""

    position: int
    reason: str
    score: float = 0.0


class PersonEnrolled(Payload, frozen=True):
    """`person.enrolled`: an account of this node. `password`: argon2id PHC string; `roles`: role → units ("*" =
    all)."""

    person: str
    login: str
    name: str
    password: str
    roles: dict[str, list[str]]


class PersonChanged(Payload, frozen=True):
    """`person.changed`: new password, roles or state. Fields that are None stay."""

    person: str
    password: str | None = None
    roles: dict[str, list[str]] | None = None
    active: bool | None = None


class SessionOpened(Payload, frozen=True):
    """`session.opened`: a log-in. `basis`: "password" | "envelope"; `unit`, `claimed_name`, `witness`, `until_us` only
    for an envelope (break-glass, 12 h)."""

    session: str
    person: str
    basis: str
    device: str = ""
    unit: str = ""
    claimed_name: str = ""
    witness: str = ""
    until_us: int | None = None


class SessionClosed(Payload, frozen=True):
    """`session.closed`."""

    session: str
    reason: str = "log-out"


class LoginRefused(Payload, frozen=True):
    """`login.refused`, counted per device and minute: `login` only when it names an account."""

    count: int
    device: str = ""
    login: str = ""


class UnitCardIssued(Payload, frozen=True):
    """`unit.card.issued`: the envelope of a unit. `recipient`: age X25519 public key; `codes`: hashes of ten one-time
    codes; `card`: its id; an issue replaces the unit's earlier cards; `reason`: why (lost, opened, six months)."""

    unit: str
    card: str
    recipient: str
    codes: list[str]
    reason: str = ""


class FeedCertificateIssued(Payload, frozen=True):
    """`feed.certificate.issued`: the node's authority made a certificate for the sender of a feed. `fingerprint`:
    SHA-256 of it (hex); `until_us`: its end. It counts only where codedark.toml pins or admits it."""

    feed: str
    fingerprint: str
    until_us: int
    person: str


class KeyRotated(Payload, frozen=True):
    """`key.rotated`: two people made a new facility key from three cards. `generation`: from 2; `recipient`: its public
    half (age1…); new epochs are sealed to it, old generations open what they sealed; `proposal`: the deed both
    decided."""

    generation: int
    recipient: str
    proposal: str
    person: str


class CardsSplit(Payload, frozen=True):
    """`cards.split`: five new cards of the same root were handed out. `set`: number of the new set, which stands in
    each card's first words and says nothing about the seed; cards of older sets are to be destroyed."""

    set: int
    proposal: str
    person: str


class DrillDone(Payload, frozen=True):
    """`drill.done`: three cards were brought and entries opened with the escrow key they yield; nothing was written to
    disk. `set`: of the cards; `epochs`: sealing keys tried; `entries`: tried; `failed`: of both, 0 = all opened."""

    set: int
    epochs: int
    entries: int
    failed: int
    person: str


class UnitCodeUsed(Payload, frozen=True):
    """`unit.code.used`: one one-time code of a card is spent."""

    unit: str
    card: str
    index: int


class DeedProposed(Payload, frozen=True):
    """`deed.proposed`: the first of two people. `deed`: its name; `arguments`: exactly what will be done."""

    proposal: str
    deed: str
    arguments: dict[str, Any]
    person: str


class DeedDecided(Payload, frozen=True):
    """`deed.decided`: the second person's yes or no. Never the person who proposed."""

    proposal: str
    person: str
    approved: bool
    reason: str = ""


class DeedRefused(Payload, frozen=True):
    """`deed.refused`: somebody tried what they may not do (approve their own proposal, a deed of another role). Counted
    per session and minute; `deed` is "" when there were several, `reason` is of the last."""

    person: str
    session: str
    deed: str
    reason: str
    count: int = 1


class ChartViewed(Payload, frozen=True):
    """`chart.viewed`: a person saw a patient's record. `fold`: fold version; `position`: as of; `what`: "chart" |
    "census" | "search" | "pack" | "reads" | "export" | "report" | "message" |
    "locator" | "agenda"; `reason`: asked for outside one's unit."""

    person: str
    session: str
    what: str
    fold: str
    position: int
    patient: str = ""
    unit: str = ""
    reason: str = ""


class ReadingUnlogged(Payload, frozen=True):
    """`reading.unlogged`: charts opened while nothing could be written; the gap becomes this entry."""

    count: int
    since_us: int
    until_us: int


class PackMade(Payload, frozen=True):
    """`pack.made`: a pack was drawn. `kind`: "draft" | "issued" | "html"; `sha256`: of the PDF or HTML file;
    `checkpoint`: the note on its cover."""

    unit: str
    pack: str
    kind: str
    fold: str
    position: int
    pages: int
    sha256: bytes
    checkpoint: str


class SheetsPrinted(Payload, frozen=True):
    """`sheets.printed`: appended before drawing, so every sheet on paper is in the ledger. `sheets`: [id, patient,
    form, page, pages]; `copy`: 1 for the first print."""

    unit: str
    pack: str
    copy: int
    fold: str
    position: int
    person: str
    sheets: list[list[Any]]


class ReportWord(msgspec.Struct, frozen=True, array_like=True):
    """A word of a report and its box in points from the page's top left."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


class ReportPage(msgspec.Struct, frozen=True, array_like=True):
    """A page of a report: its size in points and its words in the order of the file."""

    width: float
    height: float
    words: tuple[ReportWord, ...]


class ReportReceived(Payload, frozen=True):
    """`report.received`: a print report of the EHR (PDF) as it came, and what the cage read in it. `file`: its name as
    given; `content`: the original bytes, never served; `file_us`: the file's own time; `decoder`: what read it, with
    version; `unread`: why it could not be opened, "" when it could; `pages`: the words with their places."""

    file: str
    content: bytes
    file_us: int
    decoder: str
    unread: str = ""
    pages: tuple[ReportPage, ...] = ()


class ReportTied(Payload, frozen=True):
    """`report.tied`: whose a report is. `report`: id of its DocumentReference; `patient`: Patient id, "" = nobody's;
    `basis`: what agreed ("MRN and birth date"), or a person's reason; `person`: who said so, "" = the node, which ties
    only by two identifiers that agree; `source`: of the report, so that both are distrusted together."""

    report: str
    patient: str
    basis: str
    person: str = ""
    source: str = ""


class WorklistDecided(Payload, frozen=True):
    """`worklist.decided`: a person looked at what was not understood. `item`: "position/path"."""

    item: str
    person: str
    decision: str
    note: str = ""
