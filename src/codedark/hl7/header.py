"""The MSH line alone, read fast and without ever raising: enough to keep, deduplicate and acknowledge a message."""

from __future__ import annotations

import re
from typing import NamedTuple

from codedark.hl7.charset import codec_of, declared_in, decode, mark_of
from codedark.hl7.delimiters import Delimiters

HEADER_LIMIT = 65_536
"""Bytes in which the MSH line is looked for."""
_WANTED = 18
_PADDING = [""] * (_WANTED + 1)
_START = re.compile(rb"(?:^|[\r\n\x0b])[ \t\x00]*(?:\xef\xbb\xbf)?(MSH[^\r\n]*)")


class Peek(NamedTuple):
    """MSH as sent: raw field text, not unescaped. `readable` False: there is no MSH line, all else is empty.

    `message_type`/`trigger`/`structure`: MSH-9.1/9.2/9.3; `timestamp`: MSH-7; `sequence`: MSH-13; `accept_ack`,
    `app_ack`: MSH-15, MSH-16; `charset`: MSH-18; `codec`: the Python codec that read this line; `encoding`: MSH-2.
    """

    readable: bool
    field_sep: str
    encoding: str
    sending_app: str
    sending_facility: str
    receiving_app: str
    receiving_facility: str
    timestamp: str
    message_type: str
    trigger: str
    structure: str
    control_id: str
    processing_id: str
    version: str
    sequence: str
    accept_ack: str
    app_ack: str
    charset: str
    codec: str

    @property
    def enhanced(self) -> bool:
        """Enhanced acknowledgment mode: MSH-15 or MSH-16 is set (HL7 v2.5.1, 2.9.2)."""
        return bool(self.accept_ack or self.app_ack)

    @property
    def delimiters(self) -> Delimiters:
        """Those of the message, or the recommended ones when it is not readable."""
        return Delimiters.of(self.field_sep, self.encoding) if self.readable else Delimiters()


UNREADABLE = Peek._make((False, "|", "^~\\&", *[""] * 15, "ascii"))


def peek(raw: bytes) -> Peek:
    """The MSH line of a message. Skips a byte order mark, white space and FHS/BHS lines before it. Never raises."""
    if raw[:3] == b"MSH":
        end = raw.find(b"\r", 3, HEADER_LIMIT)
        line = raw[:end] if end > 0 else raw[:HEADER_LIMIT]
        if b"\n" in line:
            line = line[: line.index(b"\n")]
        if line.isascii() and b"\x1b" not in line:
            return _read(line.decode("ascii"), "ascii")
    return _peek_slowly(raw[:HEADER_LIMIT])


def _read(line: str, codec: str) -> Peek:
    separator = line[3:4]
    if separator != "|" and not Delimiters.usable(separator):
        return UNREADABLE
    f = line.split(separator, _WANTED)
    if len(f) < _WANTED:
        f += _PADDING[len(f) :]
    kind, encoding = f[8], f[1]
    trigger = structure = ""
    component = encoding[:1] or "^"
    if component != "^" and not Delimiters.usable(component):
        component = ""
    if component and component in kind:
        kind, trigger, *rest = kind.split(component, 3)
        structure = rest[0] if rest else ""
    start = (True, separator, encoding, f[2], f[3], f[4], f[5], f[6], kind, trigger, structure, f[9], f[10], f[11])
    return Peek._make((*start, f[12], f[14].strip(), f[15].strip(), f[17], codec))


def _peek_slowly(raw: bytes) -> Peek:
    mark = mark_of(raw)
    if mark is not None and mark[0] != "utf-8":
        codec, skip = mark
        text = raw[skip:].decode(codec, "replace")
        start = re.search(r"(?:^|[\r\n\x0b])[ \t]*(MSH[^\r\n]*)", text)
        return _read(start.group(1), codec) if start else UNREADABLE
    found = _START.search(raw)
    if found is None:
        return UNREADABLE
    line = found.group(1)
    declared = declared_in(line)
    decoded = decode(line, declared)
    codec = decoded.codec
    if codec == "ascii" and (codec_of(declared) or "").startswith("iso2022"):
        codec = codec_of(declared) or "ascii"
    return _read(decoded.text, codec)
