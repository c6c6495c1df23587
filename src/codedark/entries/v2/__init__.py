"""HL7 v2 messages as facts."""

from codedark.entries.v2.batches import interpret_received

__all__ = ["interpret_received"]
