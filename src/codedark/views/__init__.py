"""The views: what the journal adds up to. Disposable and rebuildable. Format: docs/formats/views.md.

Write with `ViewStore` and `Fold` (one process), read with `Record` (any), compare with `digest`.
"""

from codedark.views.comparison import Difference, Line, compare, telling
from codedark.views.digest import digest
from codedark.views.fold import EntrySource, Fold
from codedark.views.ledger import REOPENED
from codedark.views.origins import ADOPTION_KEY
from codedark.views.pins import WITNESS, WITNESS_HOURS, pin_of, pinned, witness_hours
from codedark.views.record import SECTIONS, Record
from codedark.views.rows import (
    Account,
    Adopted,
    Adoption,
    DistrustRow,
    FlagRow,
    HoldRow,
    LastingDeed,
    PackRow,
    Proposal,
    ReadRow,
    SessionRow,
    SheetRow,
    UnitCard,
)
from codedark.views.schema import SCHEMA_VERSION
from codedark.views.settings import OF_THE_NODE, fold_version
from codedark.views.shapes import (
    Administration,
    Allergy,
    AllergyState,
    AsOf,
    Banner,
    BedRow,
    Chart,
    Condition,
    FeedRow,
    FoldStatus,
    Mark,
    Medication,
    Note,
    Order,
    Result,
    SectionAge,
    Sender,
    Stamp,
    UnitRow,
    Vital,
    When,
    WorklistItem,
)
from codedark.views.store import ViewStore, restore, snapshot

__all__ = [
    "ADOPTION_KEY",
    "OF_THE_NODE",
    "REOPENED",
    "SCHEMA_VERSION",
    "SECTIONS",
    "WITNESS",
    "WITNESS_HOURS",
    "Account",
    "Administration",
    "Adopted",
    "Adoption",
    "Allergy",
    "AllergyState",
    "AsOf",
    "Banner",
    "BedRow",
    "Chart",
    "Condition",
    "Difference",
    "DistrustRow",
    "EntrySource",
    "FeedRow",
    "FlagRow",
    "Fold",
    "FoldStatus",
    "HoldRow",
    "LastingDeed",
    "Line",
    "Mark",
    "Medication",
    "Note",
    "Order",
    "PackRow",
    "Proposal",
    "ReadRow",
    "Record",
    "Result",
    "SectionAge",
    "Sender",
    "SessionRow",
    "SheetRow",
    "Stamp",
    "UnitCard",
    "UnitRow",
    "ViewStore",
    "Vital",
    "When",
    "WorklistItem",
    "compare",
    "digest",
    "fold_version",
    "pin_of",
    "pinned",
    "restore",
    "snapshot",
    "telling",
    "witness_hours",
]
