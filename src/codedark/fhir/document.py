"""R4 JSON in and out. A decimal keeps its digits: 1.10 comes in as `Decimal("1.10")` and goes out as 1.10.

Source: FHIR R4 (4.0.1), "JSON representation" (json.html) and "Datatypes" (datatypes.html#decimal: precision is kept).
A member name that is given twice keeps its last value, as everywhere in JSON; the journal holds the original bytes.
"""

from __future__ import annotations

import codecs
import re
from decimal import Decimal
from typing import Any

import msgspec

from codedark.errors import Unparsable

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}\Z")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")


def decode(data: bytes) -> Any:
    """The JSON value in `data` (UTF-8, a byte order mark is allowed); numbers with a point or exponent are `Decimal`.

    Raises `Unparsable`, whose message holds no content of the document.
    """
    if data.startswith(codecs.BOM_UTF8):
        data = data[3:]
    try:
        return _DECODER.decode(data)
    except UnicodeDecodeError:
        raise Unparsable("not UTF-8") from None
    except RecursionError:
        raise Unparsable("nested too deep") from None
    except msgspec.DecodeError as error:
        raise Unparsable(f"not JSON: {_reason(error)}") from None


def encode(value: Any) -> bytes:
    """JSON bytes of plain dicts, lists, strings, numbers; `Decimal` digits as they came."""
    return _ENCODER.encode(value)


def resource(data: bytes) -> dict[str, Any]:
    """The one resource in `data`, checked for sanity: an object with a resourceType and, when given, a legal id.

    Raises `Unparsable`. This is no validation: an unknown field or extension is kept as it is.
    """
    value = decode(data)
    if not isinstance(value, dict):
        raise Unparsable("not a JSON object")
    kind = value.get("resourceType")
    if not isinstance(kind, str) or not _TYPE.match(kind):
        raise Unparsable("no resourceType")
    if "id" in value and not is_id(value["id"]):
        raise Unparsable("id is not an R4 id")
    return value


def is_id(value: object) -> bool:
    """Whether `value` is an R4 id: 1–64 of letters, digits, `-` and `.` (datatypes.html#id)."""
    return isinstance(value, str) and _ID.match(value) is not None


def is_type(value: object) -> bool:
    """Whether `value` has the form of a resource type name."""
    return isinstance(value, str) and _TYPE.match(value) is not None


def one_line(data: bytes) -> bytes:
    """The same JSON without line breaks, so that it fits a line of NDJSON. Only white space between tokens changes:
    a raw line break cannot stand inside a JSON string."""
    if b"\n" not in data and b"\r" not in data:
        return data.strip()
    return b" ".join(part.strip() for part in data.replace(b"\r", b"\n").split(b"\n")).strip()


def _reason(error: msgspec.DecodeError) -> str:
    # msgspec names a character position and a class of error, never the content.
    return str(error).removeprefix("JSON is malformed: ").lower()
