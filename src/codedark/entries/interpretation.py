"""interpret(entry): what an entry says, as facts. Pure: the same entry and site give the same answer anywhere."""

from __future__ import annotations

from codedark.entries.facts import Interpretation, Problem, Site, Understood
from codedark.entries.imports import interpret_chunk
from codedark.entries.kinds import payload_of
from codedark.entries.payloads import FactsRecorded, FhirChunk, Refused, ReportReceived, ReportTied
from codedark.entries.recorded import interpret_recorded
from codedark.entries.reports import interpret_report, interpret_tie
from codedark.entries.v2 import interpret_received
from codedark.errors import Uninterpretable
from codedark.journal import Entry, split_place

MAPPING_VERSION = "2026-11-25.2"
"""Raised when the meaning of any entry changes: views built with another version are rebuilt beside the old ones."""


def interpret(entry: Entry, site: Site) -> Interpretation:
    """The facts, problems and topics of one entry. Never raises for what a sender did.

    Kinds that say nothing clinical (log-ins, settings, packs) give an empty interpretation.
    """
    # An id may be made of origin and position: the position in that origin, however many came before it.
    origin, position = entry.header.origin, split_place(entry.position)[1]
    if entry.kind == "hl7.received":
        return interpret_received(entry.payload, site, origin, position)
    if entry.kind not in ("fhir.imported", "facts.recorded", "hl7.refused", "report.received", "report.tied"):
        return Interpretation()
    try:
        payload = payload_of(entry)
    except Uninterpretable as error:
        return Interpretation(problems=(Problem("", str(error), error.hint),), understood=Understood.KEPT)
    if isinstance(payload, FhirChunk):
        return interpret_chunk(payload, entry.source.removeprefix("import:"), site, origin, position)
    if isinstance(payload, FactsRecorded):
        return interpret_recorded(payload, site, origin, position, entry.recorded_at_us)
    if isinstance(payload, ReportReceived):
        return interpret_report(payload, entry, site, origin, position)
    if isinstance(payload, ReportTied):
        return interpret_tie(payload, entry.recorded_at_us)
    reason = payload.reason if isinstance(payload, Refused) else "refused"
    hint = "The first bytes are kept; ask the sender's interface engineer."
    return Interpretation(problems=(Problem("", f"refused: {reason}", hint),), understood=Understood.KEPT)
