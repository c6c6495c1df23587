"""HL7 v2 messages as facts."""

from codedark.entries.v2.messages import interpret_message

__all__ = ["interpret_message"]
