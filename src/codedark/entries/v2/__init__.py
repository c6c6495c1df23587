"""HL7 v2: what one received frame says, as FHIR R4 facts."""

from codedark.entries.v2.batches import interpret_received
from codedark.entries.v2.translation import Translation, translate_received

__all__ = ["Translation", "interpret_received", "translate_received"]
