"""Several messages in one piece of bytes: FHS/BHS batches, messages one after another, MLLP captures.

Source: HL7 v2.5.1 chapter 2, 2.10.3 (batch protocol). Nothing is dropped: what is no message comes back as a part with
its reason.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from codedark.hl7.charset import mark_of
from codedark.hl7.mllp import Deframer, Garbage

_EDGE = re.compile(
    rb"(?:^|(?<=[\r\n\x0b\x1c]))[ \t\x00]*(?:\xef\xbb\xbf)?"
    rb"(MSH|FHS|BHS|BTS|FTS)(?=[^\w\s]|[ \t\x00]*(?:[\r\n\x0b\x1c]|\Z))"
)
"""Where `parse` would begin a message: a bare "MSH" alone on its line too, so that no part ever holds two."""
_BREAK = re.compile(rb"\r\n|\r|\n")
_BEFORE = "\ufeff \t\r\n\x0b\x00"
_BLANK = b" \t\r\n\x00\x0b\x1c"


class Part(NamedTuple):
    """`raw`: the bytes as they stood, without envelope lines and MLLP marks; `line`: where they began, from 1, any
    line end counting; `reason`: empty for a message, else why it is none."""

    raw: bytes
    line: int
    reason: str = ""


def begins_batch(raw: bytes) -> bool:
    """Whether these bytes begin with FHS or BHS: a batch, not one message. Never raises."""
    if raw[:3] == b"MSH":
        return False
    mark = mark_of(raw)
    start = raw[mark[1] : mark[1] + 256].decode(mark[0], "replace") if mark else raw[:256].decode("latin-1")
    return start.lstrip(_BEFORE)[:3] in ("FHS", "BHS")


def split_batch(data: bytes) -> list[Part]:
    """Every message in `data`, in order, and every piece that is not one."""
    mark = mark_of(data)
    if mark is not None and mark[0] != "utf-8":
        codec, skip = mark
        try:
            inner = split_batch(data[skip:].decode(codec).encode("utf-8"))
        except UnicodeDecodeError:
            return [Part(data, 1, f"not whole {codec} text")]
        return [Part(part.raw.decode("utf-8").encode(codec), part.line, part.reason) for part in inner]
    if mark is not None:
        data = data[mark[1] :]
    if b"\x0bMSH" in data or b"\x0bFHS" in data or b"\x0bBHS" in data or data[:1] == b"\x0b":
        return _from_capture(data)
    return _from_text(data, 1)


def _from_capture(data: bytes) -> list[Part]:
    """A capture of a connection: frames, and between them whatever a person's editor or a proxy left."""
    out: list[Part] = []
    reader, at, lines = Deframer(len(data) + 1), 0, _Lines(data)
    for piece in _pieces(reader, data):
        raw = piece.prefix if isinstance(piece, Garbage) else piece
        if isinstance(piece, Garbage) and piece.length > len(raw):
            raw = data[data.find(raw, at) :][: piece.length]
        at = max(data.find(raw, at), 0)
        out += _from_text(raw, lines.at(at))
        at += len(raw)
    return out


def _pieces(reader: Deframer, data: bytes) -> list[bytes | Garbage]:
    return reader.feed(data) + reader.finish()


def _from_text(data: bytes, first_line: int) -> list[Part]:
    edges = [(m.start(), m.group(1)) for m in _EDGE.finditer(data)]
    if not edges:
        return [Part(data, first_line, "no MSH segment")] if data.strip(_BLANK) else []
    out: list[Part] = []
    lead = data[: edges[0][0]]
    if lead.strip(_BLANK):
        out.append(Part(lead, first_line, "no MSH segment"))
    messages, batches, lines = 0, 0, _Lines(data)
    for index, (start, name) in enumerate(edges):
        end = edges[index + 1][0] if index + 1 < len(edges) else len(data)
        raw, line = data[start:end].strip(_BLANK), first_line + lines.at(start) - 1
        if name == b"MSH":
            out.append(Part(raw, line))
            messages += 1
            continue
        if name in (b"BHS", b"FHS"):
            batches = batches + 1 if name == b"BHS" else 0
            messages = 0
        # Messages right in a file, without a BHS, are one batch.
        came = messages if name == b"BTS" else batches or min(messages, 1)
        out += _envelope_faults(raw, name, line, came)
    return out


def _envelope_faults(raw: bytes, name: bytes, line: int, came: int) -> list[Part]:
    """An envelope line says little, but a wrong count or text behind it is not passed over in silence."""
    first, _, rest = raw.replace(b"\r\n", b"\r").replace(b"\n", b"\r").partition(b"\r")
    out: list[Part] = []
    fields = first.split(first[3:4]) if len(first) > 3 else []
    count = fields[1].strip() if name in (b"BTS", b"FTS") and len(fields) > 1 else b""
    if count.isdigit() and count.lstrip(b"0") != (b"%d" % came).lstrip(b"0"):
        of = ("batch", "messages") if name == b"BTS" else ("file", "batches")
        said = count.decode("ascii") if len(count) < 10 else "more than a million"
        out.append(Part(first, line, f"the {of[0]} says {said} {of[1]}, {came} came"))
    if rest.strip(_BLANK):
        out.append(Part(rest, line + 1, f"text after {name.decode('ascii')}"))
    return out


class _Lines:
    """Line numbers of ascending places: each byte is looked at once, however many messages a file holds."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at, self._line = data, 0, 1

    def at(self, place: int) -> int:
        """The line of `place`, from 1; not less than the place asked before."""
        if place > self._at:
            self._line += len(_BREAK.findall(self._data, self._at, place))
            self._at = place
        return self._line
