"""The journal: append, read, seal, chain, checkpoint, verify. Payloads are opaque bytes. Format:
docs/formats/journal.md.

Write with `Journal` (or through a `DoorClient` when a node runs), read with `JournalReader`, check with `verify`.
"""

from codedark.journal.derived import check_duplicates, rebuild_duplicates
from codedark.journal.door import Door, DoorClient
from codedark.journal.drafts import DraftRow
from codedark.journal.earlier import check_closed, fill_closed
from codedark.journal.epochs import EpochKeys, SealingKeys
from codedark.journal.export import export, keep_export, verify_export
from codedark.journal.lineage import SPAN, Lineage, cited, head_cited, place_of, split_place
from codedark.journal.model import (
    Audience,
    Checkpoint,
    Draft,
    Entry,
    Flag,
    Head,
    Header,
    Lane,
    Once,
    Outcome,
    Receipt,
    SealedEntry,
)
from codedark.journal.note import NoteSigner, TreeHead, cosign, cosigned_at_us, is_signed_by, read_checkpoint
from codedark.journal.origin import OriginStatement
from codedark.journal.proofs import consistency, inclusion, is_consistent, is_included
from codedark.journal.pull import PullReport, pull
from codedark.journal.reader import READ_MAX, JournalReader
from codedark.journal.verification import UNWITNESSED, VerifyReport, verify
from codedark.journal.writer import Journal

__all__ = [
    "READ_MAX",
    "SPAN",
    "UNWITNESSED",
    "Audience",
    "Checkpoint",
    "Door",
    "DoorClient",
    "Draft",
    "DraftRow",
    "Entry",
    "EpochKeys",
    "Flag",
    "Head",
    "Header",
    "Journal",
    "JournalReader",
    "Lane",
    "Lineage",
    "NoteSigner",
    "Once",
    "OriginStatement",
    "Outcome",
    "PullReport",
    "Receipt",
    "SealedEntry",
    "SealingKeys",
    "TreeHead",
    "VerifyReport",
    "check_closed",
    "check_duplicates",
    "cited",
    "consistency",
    "cosign",
    "cosigned_at_us",
    "export",
    "fill_closed",
    "head_cited",
    "inclusion",
    "is_consistent",
    "is_included",
    "is_signed_by",
    "keep_export",
    "place_of",
    "pull",
    "read_checkpoint",
    "rebuild_duplicates",
    "split_place",
    "verify",
    "verify_export",
]
