"""TXA with its OBX as DocumentReference facts (V2-to-FHIR: TXA[DocumentReference], OBX[DocumentReference])."""

from __future__ import annotations

import base64

from codedark.entries import tables
from codedark.entries.datatypes import V2, Json, concept, identifier_ei, part, person, table_concept
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

_CHAIN = {"T05": "appends", "T06": "appends", "T09": "replaces", "T10": "replaces"}


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
    _labels(body, txa)
    content = _content(reading, segments)
    if content:
        body["content"] = content
    if is_valued(txa, 12):
        body["masterIdentifier"] = identifier_ei(first_rep(txa, 12))
    identity = _identity(reading, txa, 12) or reading.id_of_place("DocumentReference", txa.path)
    _chained(reading, body, txa)
    reading.claim(txa.path, "DocumentReference", identity, body)
    if not content:
        # R4 wants a content. A notice without text (T01, T03, T11 …) never takes away the text that was sent before.
        nothing = {"content": [{"attachment": {"title": "no text was sent"}}]}
        ranked = reading.rank(hearsay=True)
        reading.claim(f"{txa.path}.content", "DocumentReference", identity, nothing, ranked=ranked)


def _identity(reading: Reading, txa: Segment, number: int) -> str | None:
    """The id of the document that a number (TXA-12, TXA-13) names."""
    named = first_rep(txa, number)
    if not part(named, 1):
        return None
    return reading.id_of("DocumentReference", reading.authority(named, 2), part(named, 1))


def _chained(reading: Reading, body: Json, txa: Segment) -> None:
    """TXA-13: what this document adds to (T05, T06) or replaces (T09, T10). What is replaced is superseded."""
    parent = _identity(reading, txa, 13)
    code = _CHAIN.get(reading.trigger)
    if parent is None or code is None:
        return
    body["relatesTo"] = [{"code": code, "target": {"reference": f"DocumentReference/{parent}"}}]
    if code == "replaces":
        reading.claim(f"{txa.path}.13", "DocumentReference", parent, {"status": "superseded"})


def _labels(body: Json, txa: Segment) -> None:
    """File name, confidentiality, the time of what was documented, and the orders it belongs to."""
    if is_valued(txa, 16):
        body["identifier"] = [{"value": txa.whole(16)}]
    if secret := text_of(txa, 18):
        body["securityLabel"] = [table_concept(secret, "0272", {})]
    orders = [identifier_ei(first_rep(txa, number)) for number in (14, 15) if is_valued(txa, number)]
    if orders := [order for order in orders if order]:
        body.setdefault("context", {})["related"] = [{"identifier": order} for order in orders]
    if "authenticator" not in body and is_valued(txa, 22) and (who := person(first_rep(txa, 22))):
        body["authenticator"] = who


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
    return out + files
