"""A draft as bytes: at the node's door, and in the file of what is owed to the journal."""

from __future__ import annotations

import msgspec

from codedark.journal.model import Draft, Lane, Once


class DraftRow(msgspec.Struct, array_like=True, frozen=True):
    """A `Draft`, field by field, as a msgpack array. An unknown lane is refused when it is decoded."""

    kind: str
    version: int
    source: str
    payload: bytes
    audience: str
    once: tuple[str, str] | None
    lane: Lane

    @classmethod
    def of(cls, draft: Draft) -> DraftRow:
        """The row of a draft."""
        once = (draft.once.scope, draft.once.key) if draft.once else None
        return cls(draft.kind, draft.version, draft.source, draft.payload, str(draft.audience), once, draft.lane)

    def draft(self) -> Draft:
        """The draft of this row."""
        once = Once(*self.once) if self.once else None
        return Draft(self.kind, self.version, self.source, self.payload, self.audience, once, self.lane)
