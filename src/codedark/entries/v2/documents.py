"""TXA with its OBX as DocumentReference facts (V2-to-FHIR: TXA[DocumentReference], OBX[DocumentReference])."""

from __future__ import annotations

import base64

from codedark.entries import tables
from codedark.entries.datatypes import V2, Json, concept, identifier_ei, part, person
from codedark.entries.v2.orders import note_text
from codedark.entries.v2.reading import Reading, first_rep, is_valued, text_of
from codedark.hl7 import Segment

_DOC_STATUS = {
    "AU": "final",
    "LA": "final",
    "DI": "preliminary",
    "IP": "preliminary",
    "IN": "preliminary",
    "PA": "preliminary",
}
"""Table 0271: authenticated, legally authenticated; dictated, in progress, incomplete, pre-authenticated. DO
("documented") says nothing of either."""


def read_document(reading: Reading, txa: Segment, segments: list[Segment]) -> None:
    """One TXA with the OBX and NTE that follow it."""
    reading.topics.add("notes")
    body: Json = reading.subject({"status": "current"}, encounter="")
    if reading.encounter:
        body["context"] = {"encounter": [{"reference": f"Encounter/{reading.encounter}"}]}
    if kind := _kind(reading, txa):
        body["type"] = kind
    when = reading.moment(txa, 6) or reading.moment(txa, 4)
    if when is not None and when.exact:
        body["date"] = when.iso
    for name, field in (("author", 9), ("authenticator", 10)):
        if is_valued(txa, field) and (who := person(first_rep(txa, field))):
            body[name] = [who] if name == "author" else who
    if is_valued(txa, 25):
        body["description"] = txa.whole(25)
    _status(reading, body, txa)
    body["content"] = _content(reading, segments)
    named = first_rep(txa, 12)
    if part(named, 1):
        body["masterIdentifier"] = identifier_ei(named)
        identity = reading.id_of("DocumentReference", reading.authority(named, 2), part(named, 1))
    else:
        identity = reading.id_of_place("DocumentReference", txa.path)
    reading.claim(txa.path, "DocumentReference", identity, body)


def _kind(reading: Reading, txa: Segment) -> Json:
    rep = first_rep(txa, 2)
    code = part(rep, 1)
    kind = concept(rep, reading.codes("document"))
    if code in tables.DOCUMENT_TYPE and kind.get("text") == code:
        display = tables.DOCUMENT_TYPE[code]
        return {"coding": [{"system": V2 + "0270", "code": code, "display": display}], "text": display}
    return kind


def _status(reading: Reading, body: Json, txa: Segment) -> None:
    said = text_of(txa, 17)
    if said in _DOC_STATUS:
        body["docStatus"] = _DOC_STATUS[said]
    if reading.trigger == "T11" or text_of(txa, 19) == "CA":
        body["status"] = "entered-in-error"
    elif text_of(txa, 19) == "OB":
        body["status"] = "superseded"


def _content(reading: Reading, segments: list[Segment]) -> list[Json]:
    """Text rows become one text/plain attachment; a file's bytes stay in the entry and are pointed at."""
    lines: list[str] = []
    files: list[Json] = []
    for segment in segments:
        if segment.name == "NTE":
            lines.append(note_text(segment))
        elif segment.name == "OBX" and text_of(segment, 2) in ("ED", "RP"):
            place = reading.pointer(f"{segment.path}.5")
            files.append({"attachment": {"url": place}})
        elif segment.name == "OBX" and is_valued(segment, 5):
            repetition = segment.delimiters.repetition
            text = segment.whole(5)
            lines.append(text.replace(repetition, "\n") if repetition else text)
    out: list[Json] = []
    if text := "\n".join(lines).strip("\n"):
        data = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
        out.append({"attachment": {"contentType": "text/plain; charset=utf-8", "data": data}})
    return out + files or [{"attachment": {"title": "no text was sent"}}]
