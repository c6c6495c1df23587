"""HL7 v2 in XML (v2.xml): known by its look alone, so that its sender can be told. It is never parsed: no entity is
expanded, nothing is fetched.

Source: HL7 Version 2 XML Encoding Rules, Release 2: the elements are named as the segments and fields (`<MSH.10>`).
"""

from __future__ import annotations

import re

from codedark.hl7.charset import mark_of

XML_REFUSED = "HL7 in XML is not read here; send ER7, the encoding with | and ^"
"""MSA-3 of the answer, and the reason in the journal."""
_LOOK = 65_536
_BLANK = "\ufeff \t\r\n\x00"
_ROOT = re.compile(r"<[?!A-Za-z]")
_CONTROL_ID = re.compile(r"<(?:\w{1,32}:)?MSH\.10>\s{0,64}([!-;=?-~]{1,199})\s{0,64}</")


def is_xml(raw: bytes) -> bool:
    """Whether these bytes begin as an XML document does. Never raises."""
    return _ROOT.match(_start(raw, 512).lstrip(_BLANK)) is not None


def xml_control_id(raw: bytes) -> str:
    """What stands in the first `<MSH.10>`, as it stands there; empty when there is none. Never raises."""
    found = _CONTROL_ID.search(_start(raw, _LOOK))
    return found.group(1) if found and "&" not in found.group(1) else ""


def _start(raw: bytes, size: int) -> str:
    mark = mark_of(raw)
    if mark is None and raw[:4] in (b"<\x00?\x00", b"<\x00M\x00", b"<\x00A\x00"):
        mark = "utf-16-le", 0
    if mark is None and raw[:2] == b"\x00<":
        mark = "utf-16-be", 0
    codec, skip = mark or ("latin-1", 0)
    return raw[skip : skip + size].decode(codec, "replace")
