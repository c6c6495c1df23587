"""ER7, the `|^~\\&` encoding: bytes in, segments out. Fields are split only when they are read.

Source: HL7 v2.5.1 chapter 2. Tolerated: CR, LF or CRLF line ends, blank lines, white space around segments, a byte
order mark, lines inside a segment (a line that does not look like a segment continues the one before it).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from codedark.errors import Unparsable
from codedark.hl7.charset import declared_in, decode
from codedark.hl7.delimiters import NULL, Delimiters, unescape

_BEFORE = "\ufeff \t\r\n\x0b\x00"
_AFTER = " \t\r\n\x0b\x1c\x00"
_ENVELOPE = ("FHS", "BHS", "BTS", "FTS")


class Segment:
    """One segment. `name`: "PID"; `occurrence`: 1 for the first of its name; field numbers as in the standard
    (MSH-1 is the separator itself)."""

    __slots__ = ("_fields", "codec", "delimiters", "name", "occurrence", "raw")

    def __init__(self, raw: str, occurrence: int, delimiters: Delimiters, codec: str = "utf-8") -> None:
        self.raw = raw
        self.name = raw[:3]
        self.occurrence = occurrence
        self.delimiters = delimiters
        self.codec = codec
        self._fields: list[str] | None = None

    def __repr__(self) -> str:
        return f"<Segment {self.path}>"

    @property
    def path(self) -> str:
        """Where it stands in its message: "OBX[3]"."""
        return f"{self.name}[{self.occurrence}]"

    @property
    def fields(self) -> list[str]:
        """Raw fields; index = HL7 field number, index 0 = segment name."""
        fields = self._fields
        if fields is None:
            fields = self.raw.split(self.delimiters.field)
            if self.name == "MSH":
                fields.insert(1, self.delimiters.field)
            self._fields = fields
        return fields

    def field(self, number: int) -> str:
        """The field as sent, with repetitions, components and escapes; empty when absent."""
        fields = self._fields or self.fields
        return fields[number] if number < len(fields) else ""

    def text(self, number: int, rep: int = 1, comp: int = 1, sub: int = 1) -> str:
        """One sub-component, unescaped, counted from 1; empty when absent, `""` (NULL) when the sender deletes."""
        fields = self._fields or self.fields
        if number >= len(fields):
            return ""
        value = fields[number]
        if not value or value.isalnum():
            return value if rep == comp == sub == 1 else ""
        d = self.delimiters
        if number <= 2 and self.name == "MSH":
            return value if rep == comp == sub == 1 else ""
        _, component, repetition, escape, subcomponent, _ = d
        for mark, index in ((repetition, rep), (component, comp), (subcomponent, sub)):
            if mark and mark in value:
                parts = value.split(mark, index)
                value = parts[index - 1] if index <= len(parts) else ""
            elif index > 1:
                return ""
        return unescape(value, d, self.codec) if escape and escape in value else value

    def whole(self, number: int, rep: int | None = None) -> str:
        """The field (or one repetition) as running text: unescaped but not split, for text senders forgot to escape."""
        value = self.field(number)
        if rep is not None and self.delimiters.repetition:
            parts = value.split(self.delimiters.repetition)
            value = parts[rep - 1] if rep <= len(parts) else ""
        return unescape(value, self.delimiters, self.codec)

    def repetitions(self, number: int) -> list[list[list[str]]]:
        """Repetitions → components → sub-components, unescaped; an empty field has no repetitions."""
        fields = self._fields or self.fields
        value = fields[number] if number < len(fields) else ""
        if not value:
            return []
        if value.isalnum() or (number <= 2 and self.name == "MSH"):
            return [[[value]]]
        _, component, repetition, escape, subcomponent, _ = d = self.delimiters
        repeated = value.split(repetition) if repetition and repetition in value else (value,)
        if not (escape and escape in value) and not (subcomponent and subcomponent in value):
            return [[[c] for c in r.split(component)] if component else [[r]] for r in repeated]
        return [
            [[unescape(s, d, self.codec) for s in _split(c, subcomponent)] for c in _split(r, component)]
            for r in repeated
        ]

    def is_null(self, number: int) -> bool:
        """True when the sender deletes the field: it is `""`."""
        return self.field(number) == NULL

    def is_truncated(self, number: int) -> bool:
        """True when the field ends with the truncation character (v2.7, MSH-2.5): more was there."""
        mark = self.delimiters.truncation
        return bool(mark) and self.field(number).endswith(mark)


class Message:
    """One parsed message. `codec`: how the bytes were read; `notes`: what departed from the standard, without patient
    data; `doubt`: empty, or why its characters may not be those that were meant."""

    __slots__ = ("_by_name", "codec", "delimiters", "doubt", "notes", "segments")

    def __init__(
        self, segments: list[Segment], delimiters: Delimiters, codec: str, notes: tuple[str, ...] = (), doubt: str = ""
    ) -> None:
        self.segments = segments
        self.delimiters = delimiters
        self.codec = codec
        self.notes = notes
        self.doubt = doubt
        self._by_name: dict[str, list[Segment]] = {}
        for segment in segments:
            self._by_name.setdefault(segment.name, []).append(segment)

    def __getitem__(self, name: str) -> Segment:
        """The first segment of that name; KeyError when there is none."""
        return self._by_name[name][0]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Segment]:
        return iter(self.segments)

    def get(self, name: str) -> Segment | None:
        """The first segment of that name, or None."""
        found = self._by_name.get(name)
        return found[0] if found else None

    def all(self, name: str) -> list[Segment]:
        """Every segment of that name, in order."""
        return list(self._by_name.get(name, ()))

    @property
    def header(self) -> Segment:
        """MSH."""
        return self.segments[0]


def parse(raw: bytes, sets: Mapping[str, str] | None = None) -> Message:
    """The segments of one message. Raises Unparsable when there is no MSH, or when there are several messages in it
    (use `split_batch` first: two patients must never be read as one). `sets`: what the senders mean by an MSH-18
    ("none": by an empty one), where it is not what the standard says."""
    decoded = decode(raw, sets.get(declared_in(raw) or "none") if sets else None)
    text = decoded.text.lstrip(_BEFORE).rstrip(_AFTER)
    if text[:3] != "MSH":
        batch = text[:3] in _ENVELOPE
        raise Unparsable("a batch, not one message" if batch else "no MSH segment", place="offset 0")
    if not Delimiters.usable(text[3:4]):
        raise Unparsable("no field separator after MSH", place="MSH[1].1")
    encoding = text[4:16].split(text[3])[0].split("\r")[0].split("\n")[0]
    delimiters = Delimiters.of(text[3], encoding)
    notes = [f"character set: {decoded.note}"] if decoded.note else []
    lines, joined = _lines(text, delimiters.field)
    if joined:
        notes.append(f"{joined} lines that begin no segment were read as more of the segment before them")
    segments = list(_segments(lines, delimiters, decoded.codec))
    return Message(segments, delimiters, decoded.codec, tuple(notes), decoded.note if decoded.doubtful else "")


def _lines(text: str, separator: str) -> tuple[list[str], int]:
    """One string per segment, continuation lines joined to theirs by a line feed, and how many of those there were."""
    lines = text.split("\r") if "\n" not in text else text.replace("\r\n", "\r").replace("\n", "\r\n").split("\r")
    out: list[str] = []
    blank = continued = 0
    for line in lines:
        name = line[:3]
        if line[3:4] == separator and name.isupper() and name.isalnum():
            out.append(line)
            blank = 0
            continue
        bare = line.strip(" \t\n\x00")
        if not bare:
            blank += line[:1] == "\n"
            continue
        name = bare[:3]
        if (bare[3:4] == separator or (len(bare) == 3 and line[0] != "\n")) and name.isupper() and name.isalnum():
            out.append(bare)
        elif out:
            more = line[1:] if line[0] == "\n" else line
            out[-1] += "\n" * (blank + 1) + more.rstrip("\x00")
            continued += 1
        blank = 0
    return out, continued


def _segments(lines: list[str], delimiters: Delimiters, codec: str) -> Iterator[Segment]:
    count: dict[str, int] = {}
    escapes = "utf-8" if codec == "ascii" else codec
    for number, line in enumerate(lines, 1):
        name = line[:3]
        if number > 1 and (name == "MSH" or name in _ENVELOPE):
            raise Unparsable(f"a second message begins ({name})", place=f"segment {number}")
        occurrence = count[name] = count.get(name, 0) + 1
        yield Segment(line.rstrip(" \t"), occurrence, delimiters, escapes)


def _split(value: str, mark: str) -> list[str]:
    return value.split(mark) if mark else [value]
