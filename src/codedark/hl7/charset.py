"""Which characters the bytes mean: MSH-18 (HL7 table 0211), byte order marks, and what to do when they are wrong.

A wrong declaration never stops a message: another reading is taken and `Decoded.note` says so.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import NamedTuple

_TABLE_0211 = {
    "ASCII": "ascii",
    "ISOIR6": "ascii",
    "UNICODE": "utf-8",
    "UNICODEUTF8": "utf-8",
    "UNICODEUTF16": "utf-16",
    "UNICODEUTF32": "utf-32",
    "ISOIR14": "shift_jis",
    "ISOIR87": "iso2022_jp_ext",
    "ISOIR159": "iso2022_jp_ext",
    "GB180302000": "gb18030",
    "KSX1001": "euc_kr",
    "CNS116431992": "big5",
    "BIG5": "big5",
    "ISOIR100": "latin-1",
    "ANSI": "cp1252",
    "WE8MSWIN1252": "cp1252",
} | {f"8859{part}": f"iso8859_{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)}
_NAME = re.compile(r"[^A-Z0-9]")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = re.compile(
    rb"[\x00\s]*?(?:(?P<be4>\x00{3}[MFB]\x00{3})|(?P<le4>[MFB]\x00{3})|(?P<be>\x00[MFB]\x00[SH])|(?P<le>[MFB]\x00[SH]\x00))"
)
_WIDE_CODECS = {"be4": "utf-32-be", "le4": "utf-32-le", "be": "utf-16-be", "le": "utf-16-le"}
_HEAD = re.compile(rb"MSH(.)[^\r\n]*", re.DOTALL)
_ASCII = bytes(code for code in range(32, 127) if code != 0x5C) + rb"\x41+AEE- \r\u000D xn--a"
_THREE_BYTES = re.compile(rb"[\xe0-\xf4][\x80-\xbf]{2}")
_WESTERN = ("iso8859_1", "latin-1", "cp1252")
"""Sets in which every byte has a character: bytes of another set cannot be told from theirs."""
_C1 = re.compile(rb"[\x80-\x9f]")


class Decoded(NamedTuple):
    """Text without byte order mark. `codec`: the Python codec that read it; `declared`: MSH-18 as sent; `note`: empty,
    or how the reading departs from the declaration; `doubtful`: characters may not be those that were meant."""

    text: str
    codec: str
    declared: str
    note: str
    doubtful: bool = False


def codec_of(declared: str) -> str | None:
    """The Python codec for an MSH-18 value (first repetition, or the ISO 2022 set named in a later one)."""
    found = None
    for name in declared.split("~"):
        plain = _NAME.sub("", name.upper())
        codec = _TABLE_0211.get(plain) or _TABLE_0211.get(plain.removeprefix("ISO").removeprefix("IEC"))
        if codec is None and plain:
            codec = _known(name.strip())
        if codec and (found is None or codec.startswith("iso2022")):
            found = codec
    return found


@lru_cache(maxsize=256)
def _known(name: str) -> str | None:
    """The Python codec of a name outside table 0211, if it can be HL7 at all: printable ASCII must stand for itself
    in it. That leaves out EBCDIC, UTF-7 and Python's own escapes, in which a value could hold a segment end."""
    try:
        codec = codecs.lookup(name).name
        return codec if _ASCII.decode(codec) == _ASCII.decode("ascii") else None
    except (LookupError, ValueError):
        return None


def mark_of(raw: bytes) -> tuple[str, int] | None:
    """(codec, bytes of the mark) when the bytes begin with a byte order mark or are visibly UTF-16/32."""
    for mark, codec in _MARKS:
        if raw.startswith(mark):
            return codec, len(mark)
    if b"\x00" in raw[:8]:
        wide = _WIDE.match(raw[:64])
        if wide is not None:
            return _WIDE_CODECS[wide.lastgroup or "le"], 0
    return None


def declared_in(raw: bytes) -> str:
    """MSH-18 as sent, from the first MSH line; empty when there is none."""
    head = _HEAD.search(raw[:65536])
    if head is None:
        return ""
    fields = head.group().split(head.group(1))
    value = fields[17] if len(fields) > 17 else b""
    if not head.group().isascii() or b"\x1b" in head.group():
        # A double-byte set may hold the separator inside a character, which moves MSH-18 to the right: take the first
        # field from there on that names a character set.
        named = [f for f in fields[17:] if f.isascii() and codec_of(f.decode("ascii"))]
        value = value if value in named else next(iter(named), b"")
    return value.decode("latin-1").strip()


def decode(raw: bytes, declared: str | None = None) -> Decoded:
    """The text of a message. `declared`: MSH-18 when the caller knows it, else read from the bytes. Never raises."""
    if raw[:3] == b"MSH" and raw.isascii() and b"\x1b" not in raw:
        return Decoded(raw.decode("ascii"), "ascii", declared or "", "")
    mark = mark_of(raw)
    if mark is not None:
        codec, skip = mark
        try:
            text = raw[skip:].decode(codec)
        except UnicodeDecodeError:
            if codec != "utf-8":
                text = raw[skip:].decode(codec, "replace")
                return Decoded(text, codec, declared or "", f"some bytes are not {codec}", True)
            raw = raw[skip:]
        else:
            return Decoded(text, codec, declared or "", "")
    said = declared_in(raw) if declared is None else declared
    return _read_as_declared(raw, said)


def _read_as_declared(raw: bytes, said: str) -> Decoded:
    codec = codec_of(said)
    wanted = codec if codec not in (None, "ascii", "utf-16", "utf-32") else None
    if raw.isascii() and b"\x1b" not in raw:
        return Decoded(raw.decode("ascii"), "ascii", said, "")
    if wanted is not None and not wanted.startswith(("iso8859", "latin", "cp")):
        try:
            return _read_many_bytes(raw, said, wanted)
        except (UnicodeDecodeError, LookupError):
            pass
    try:
        text = raw.decode("utf-8")
        note = "" if codec in (None, "utf-8") else f"declared {said}, read as UTF-8"
        return Decoded(text, "utf-8", said, note)
    except UnicodeDecodeError:
        pass
    return _read_single_bytes(raw, said, wanted)


def _read_many_bytes(raw: bytes, said: str, wanted: str) -> Decoded:
    """As declared (UTF-8, ISO 2022, GB 18030 …), unless it is plainly UTF-8: a character of three bytes hardly ever
    comes about by chance in another set; one of two does (the name 陆 in GB), and then nobody can tell."""
    if wanted == "euc_kr" and b"\x1b$)C" in raw:
        wanted = "iso2022_kr"  # the same characters, seven bits wide (RFC 1557)
    text = raw.decode(wanted)
    if wanted == "utf-8" or wanted.startswith("iso2022"):
        return Decoded(text, wanted, said, "")
    try:
        other = raw.decode("utf-8")
    except UnicodeDecodeError:
        return Decoded(text, wanted, said, "")
    if _THREE_BYTES.search(raw):
        return Decoded(other, "utf-8", said, f"declared {said}, read as UTF-8")
    return Decoded(text, wanted, said, f"declared {said}, but it could be UTF-8", True)


def _read_single_bytes(raw: bytes, said: str, wanted: str | None) -> Decoded:
    west = wanted in (None, "iso8859_1", "latin-1", "cp1252", "utf-8") or not (wanted or "").startswith(("iso", "cp"))
    if not west and wanted is not None and not wanted.startswith("iso2022"):
        try:
            return Decoded(raw.decode(wanted), wanted, said, "")
        except UnicodeDecodeError:
            pass
    if _C1.search(raw):
        try:
            text, note = raw.decode("cp1252"), f"declared {said or 'nothing'}, read as Windows-1252"
            return Decoded(text, "cp1252", said, note, wanted not in _WESTERN)
        except UnicodeDecodeError:
            pass
    doubtful = wanted not in _WESTERN
    note = f"declared {said or 'nothing'}, read as Latin-1" if doubtful else ""
    return Decoded(raw.decode("latin-1"), "latin-1", said, note, doubtful)
