"""The delimiters of one message (MSH-1, MSH-2) and the escape sequences that stand for them.

Source: HL7 v2.5.1 chapter 2, 2.5.4 (delimiters) and 2.7 (escape sequences); v2.7 for the truncation character.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_COMMAND = re.compile(r"\.(br|sp|ce|sk|in|ti|fi|nf)\s*([+-]?[0-9]{0,9})", re.IGNORECASE)
_LOCAL = re.compile(r"[ZCM][0-9A-Za-z.+-]*")
_SWITCH = re.compile("[CM](?:[0-9A-Fa-f]{2}){2,3}")
_SETS = ("iso2022_jp_ext", "iso2022_jp_2", "iso2022_kr")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Delimiters(NamedTuple):
    """One character each; an empty one is not used by the sender, so it never splits anything."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""

    @staticmethod
    def usable(character: str) -> bool:
        """True for a character that can delimit: printable, no letter, digit or white space."""
        return bool(character) and character.isprintable() and not character.isalnum() and not character.isspace()

    @classmethod
    def of(cls, separator: str, encoding: str) -> Delimiters:
        """From MSH-1 and MSH-2. An empty MSH-2 means the recommended characters."""
        if not encoding.strip():
            return cls(separator)
        chars = [c if cls.usable(c) and c != separator else "" for c in encoding[:5]]
        return cls(separator, *(chars + [""] * 5)[:5])


STANDARD = Delimiters()
NULL = '""'
"""The field value that deletes; an empty one leaves alone."""


@lru_cache(maxsize=64)
def _table(d: Delimiters) -> dict[int, str]:
    table = {code: f"{d.escape}X{code:02X}{d.escape}" for code in (*range(32), 127)}
    table[10] = f"{d.escape}.br{d.escape}"
    chars = (d.truncation, d.subcomponent, d.repetition, d.component, d.field, d.escape)
    names = zip(chars, "PTRSFE", strict=True)
    return table | {ord(char): f"{d.escape}{name}{d.escape}" for char, name in names if char}


def escape(text: str, delimiters: Delimiters = STANDARD) -> str:
    """Text that can stand in a field: delimiters and control characters become escape sequences."""
    if not delimiters.escape:
        # This sender has no way to write a delimiter inside a value; a question mark says that one stood there.
        banned = set(delimiters) - {""}
        return "".join("?" if c in banned or _CONTROL.match(c) else c for c in text)
    return text.translate(_table(delimiters))


def unescape(text: str, delimiters: Delimiters = STANDARD, codec: str = "utf-8") -> str:
    r"""Escape sequences become what they stand for; local (`\Z..\`) and unknown ones stay as they were sent.

    `\.br\` and its kin become line breaks or spaces; the highlight marks `\H\` and `\N\` disappear. `codec`: how the
    bytes of `\X..\` are read. `\Cxxyy\` and `\Mxxyyzz\` are the ISO 2022 escapes they name (2.7.2): what stands between
    them is read in that set, or left as it was sent when it is no text in it.
    """
    mark = delimiters.escape
    if not mark or mark not in text:
        return text
    if mark + "M" in text or mark + "C" in text:
        text = _switched(text, delimiters, codec)
    parts = text.split(mark)
    out, at, last = [parts[0]], 1, len(parts) - 1
    while at < last:
        value = _meaning(parts[at], delimiters, codec) if parts[at] else None
        if value is None:
            out.append(mark + parts[at])
            at += 1
        else:
            out.append(value + parts[at + 1])
            at += 2
    if at == last:
        out.append(mark + parts[at])
    return "".join(out)


def _switched(text: str, delimiters: Delimiters, codec: str) -> str:
    """The text with its ISO 2022 switches obeyed; as it was when there is none, or when they cannot be."""
    mark = delimiters.escape
    parts = text.split(mark)
    pieces, at, last, switches = [parts[0]], 1, len(parts) - 1, 0
    while at < last:
        name = parts[at]
        if _SWITCH.fullmatch(name):
            pieces += ["\x1b" + bytes.fromhex(name[1:]).decode("latin-1"), parts[at + 1]]
            at, switches = at + 2, switches + 1
        elif name and _meaning(name, delimiters, codec) is not None:
            pieces.append(mark + name + mark + parts[at + 1])
            at += 2
        else:
            pieces.append(mark + name)
            at += 1
    raw = "".join(pieces + ([mark + parts[at]] if at == last else []))
    if not switches or not raw.isascii():
        return text
    for name in _SETS:
        try:
            found = raw.encode("ascii").decode(name)
        except UnicodeDecodeError:
            continue
        if "\x1b" not in found:
            return found
    return text


def _meaning(name: str, d: Delimiters, codec: str) -> str | None:
    """What stands between two escape characters means; None when it is no escape sequence at all."""
    simple = {"F": d.field, "S": d.component, "T": d.subcomponent, "R": d.repetition, "E": d.escape, "H": "", "N": ""}
    if name in simple:
        return simple[name]
    if name == "P" and d.truncation:
        return d.truncation
    if name[:1] == "X" and len(name) > 1:
        return _from_hex(name[1:], codec)
    command = _COMMAND.fullmatch(name)
    if command is not None:
        return _layout(command.group(1).lower(), int(command.group(2).lstrip("+-") or 1))
    return d.escape + name + d.escape if _LOCAL.fullmatch(name) else None


def _layout(verb: str, count: int) -> str:
    if verb in ("br", "ce"):
        return "\n"
    if verb == "sp":
        return "\n" * min(count, 100)
    return " " * min(count, 200) if verb == "sk" else ""


def _from_hex(digits: str, codec: str) -> str | None:
    try:
        raw = bytes.fromhex(digits)
    except ValueError:
        return None
    for candidate in (codec, "utf-8"):
        try:
            return raw.decode(candidate)
        except (UnicodeDecodeError, LookupError):
            continue
    return raw.decode("latin-1")
