"""A message of the journal as a FHIR Bundle, for somebody who may see the charts of everybody it is about."""

from __future__ import annotations

from codedark.access import Session
from codedark.actions import Deeds, view_message
from codedark.entries import Translation, translate_received
from codedark.errors import NotFound
from codedark.journal import Entry, split_place
from codedark.node.console import Credentials, by_one
from codedark.node.opening import OpenNode


def translated_entry(node: OpenNode, author: Credentials, position: int, reason: str) -> Translation:
    """What the message at this position says, with the settings the record is read with; the look is kept first.

    Raises NotFound (no such entry, or it is no message), ActionRefused.
    """
    found: list[Translation] = []

    def deed(deeds: Deeds, session: Session) -> None:
        """Translate, then ask whether this person may see it; nothing is handed out before."""
        entry = _message(node, position)
        origin, place = entry.header.origin, split_place(entry.position)[1]
        translation = translate_received(entry.payload, deeds.record.site(), origin, place)
        view_message(deeds, session, _patients(translation), reason)
        found.append(translation)

    by_one(node, author, deed)
    return found[0]


def _message(node: OpenNode, position: int) -> Entry:
    reader = node.reader()
    try:
        entries = reader.read(position - 1, 1) if position >= 0 else []
    finally:
        reader.close()
    if not entries or entries[0].position != position or entries[0].kind != "hl7.received":
        raise NotFound("no message was kept at this position", hint="`codedark worklist` shows positions.")
    return entries[0]


def _patients(translation: Translation) -> list[str]:
    """Everybody a message is about, by id."""
    resources = (entry["resource"] for bundle in translation.bundles for entry in bundle["entry"])
    return list(dict.fromkeys(each["id"] for each in resources if each["resourceType"] == "Patient"))
