"""What a resource says of itself when it is handed out: version, when and from whom it was heard, and its age.

A reader must never take the last-known record for a live one, so every resource carries the tag `last-known`, and in
`meta` when the node heard it (urn:codedark:heard) and how old that is now (urn:codedark:age, seconds). Where the clock
cannot be trusted the age is absent and says so. docs/formats/fhir-api.md.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec

from codedark.views import Held

TAG = {"system": "urn:codedark:record", "code": "last-known", "display": "last-known record, not live"}
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_meta = msgspec.json.Decoder(dict[str, Any])
_encode = msgspec.json.Encoder(decimal_format="number").encode
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def instant(us: int) -> str:
    """µs UTC as an R4 instant."""
    return datetime.fromtimestamp(us / 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def version(held: Held) -> str:
    """The versionId: what the resource says and by which claim, so that a rebuilt record has the same one."""
    told = hashlib.blake2b(held.body, digest_size=10)
    told.update(f"{held.type}/{held.id}/{held.position}".encode())
    return told.hexdigest()


@dataclass(slots=True)
class Dresser:
    """`now_us`: the node's clock; `trusted`: whether ages may be told by it."""

    now_us: int
    trusted: bool
    _marks: dict[tuple[str, int, int], str] = field(default_factory=dict)

    def dress(self, held: Held, links: tuple[tuple[str, str], ...] = ()) -> bytes:
        """The whole resource as R4 JSON. `links`: (Patient id, link type) of merges, for a Patient."""
        head = f'{{"resourceType":"{held.type}","id":"{held.id}","meta":'
        if not links and b'"meta":' not in held.body:
            own = held.body[1:] if held.body == b"{}" else b"," + held.body[1:]
            return f"{head}{{{self._mark(held)}}}".encode() + own
        fields = _fields.decode(held.body)
        meta = _meta.decode(fields.pop("meta")) if "meta" in fields else {}
        if links:
            said = _links(fields.get("link"))
            told = [{"other": {"reference": f"Patient/{other}"}, "type": kind} for other, kind in links]
            fields["link"] = msgspec.Raw(_encode(said + told))
        body = _encode({name: value for name, value in fields.items() if name not in ("resourceType", "id")})
        own = body[1:] if body == b"{}" else b"," + body[1:]
        return head.encode() + self._merged(meta, held) + own

    def _merged(self, meta: dict[str, Any], held: Held) -> bytes:
        ours: dict[str, Any] = _meta.decode(f"{{{self._mark(held)}}}")
        if isinstance(meta.get("source"), str):
            ours["extension"].append({"url": "urn:codedark:sent-source", "valueUri": meta["source"]})
        for name in ("extension", "tag"):
            sent = meta.get(name)
            ours[name] += [each for each in sent if isinstance(each, dict)] if isinstance(sent, list) else []
        return _encode({**meta, **ours})

    def _mark(self, held: Held) -> str:
        """The members of `meta` that are ours."""
        key = held.source, held.position, held.recorded_us
        mark = self._marks.get(key)
        if mark is None:
            mark = self._marks[key] = self._drawn(held)
            if len(self._marks) > 10_000:
                self._marks.clear()
        return f'"versionId":"{version(held)}",{mark}'

    def _drawn(self, held: Held) -> str:
        heard = instant(held.recorded_us)
        source = f"urn:codedark:source:{quote(held.source, safe=':.-_')}#{held.position}"
        told = {
            "lastUpdated": heard,
            "source": source,
            "extension": [{"url": "urn:codedark:heard", "valueInstant": heard}, self._age(held.recorded_us)],
            "tag": [TAG],
        }
        return _encode(told).decode()[1:-1]

    def _age(self, us: int) -> dict[str, Any]:
        if not self.trusted or us > self.now_us:
            return {"url": "urn:codedark:age", "extension": [{"url": _ABSENT, "valueCode": "unknown"}]}
        seconds = (self.now_us - us) // 1_000_000
        told = {"value": seconds, "unit": "s", "system": "http://unitsofmeasure.org", "code": "s"}
        return {"url": "urn:codedark:age", "valueDuration": told}


def _links(raw: Any) -> list[Any]:
    sent = msgspec.json.decode(raw) if raw is not None else []
    return [each for each in sent if isinstance(each, dict)] if isinstance(sent, list) else []
