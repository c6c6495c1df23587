"""References: what `Patient/7`, `https://ehr.example/r4/Patient/7/_history/2` and `urn:uuid:…` point at.

Source: R4 4.0.1, references.html#literal. Nothing here follows an address: a reference is data.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from codedark.fhir.document import is_id, is_type


class Target(NamedTuple):
    """What a reference names. `type`: the resource type, "" for `urn:uuid:` and `urn:oid:`; `id`: the id, uuid (lower
    case) or oid; `contained`: True for `#id`, which lives inside the referring resource."""

    type: str
    id: str
    contained: bool = False


@lru_cache(maxsize=65_536)
def parse_reference(reference: str) -> Target | None:
    """The target of a literal reference, or None for a conditional one (`Practitioner?identifier=…`) and for text that
    is no reference."""
    if reference.startswith("#"):
        return Target("", reference[1:], contained=True)
    if reference.startswith("urn:uuid:"):
        return Target("", reference[9:].lower()) if is_id(reference[9:]) else None
    if reference.startswith("urn:oid:"):
        return Target("", reference[8:]) if is_id(reference[8:]) else None
    if "?" in reference:
        return None
    parts = reference.split("/")
    if len(parts) >= 4 and parts[-2] == "_history":
        parts = parts[:-2]
    if len(parts) < 2 or not is_type(parts[-2]) or not is_id(parts[-1]):
        return None
    return Target(parts[-2], parts[-1])
