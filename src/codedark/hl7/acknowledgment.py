"""Acknowledgments: which code a message gets and the ACK message that carries it.

Source: HL7 v2.5.1 chapter 2, 2.9.2 (original and enhanced mode), 2.14.9 (ACK), tables 0008 and 0155.
"""

from __future__ import annotations

import re
from enum import Enum

from codedark.hl7.charset import codec_of, decode
from codedark.hl7.delimiters import STANDARD, Delimiters, escape
from codedark.hl7.header import Peek

_CONTROL = re.compile("[\x00-\x1f\x7f]")
_SINGLE = ("ascii", "latin", "iso8859", "cp125")
_SEVERAL_BYTES = ("gb18030", "shift_jis", "euc_kr", "big5")
_WIDE = ("utf-1", "utf-3")
_EARLY = ("2.1", "2.2", "2.3")
"""Versions whose MSH-9 has no third component; an ACK needs no second one in them either."""
_WITHOUT_TEXT = re.compile(r"2\.(?:[7-9]|1[0-9])")
"""Versions in which MSA-3 is withdrawn: what there is to say is said in ERR-8 (v2.7, 2.15.5)."""
_FRAMING = frozenset(b"\x0b\x1c\r\n")


class Verdict(Enum):
    """What became of a message, as its sender needs to know it."""

    KEPT = ("AA", "CA")
    FAILED = ("AE", "CE")
    REFUSED = ("AR", "CR")


def ack_code(header: Peek, verdict: Verdict) -> str | None:
    """The MSA-1 code the sender asked for by MSH-15/16, or None when it asked for no answer.

    Original mode: AA, AE, AR. Enhanced mode: CA, CE, CR by MSH-15 (AL, NE, ER, SU); when MSH-15 wants none and MSH-16
    does, AA, AE or AR. A value outside table 0155 counts as AL: better one answer too many than a sender that waits.
    """
    original, enhanced = verdict.value
    if not header.accept_ack and not header.app_ack:
        return original
    if _wanted(header.accept_ack or "NE", verdict):
        return enhanced
    return original if _wanted(header.app_ack or "NE", verdict) else None


def application_code(header: Peek, verdict: Verdict) -> str | None:
    """The MSA-1 code of the second answer, that of the application, where MSH-15 asks for the first and MSH-16 for this
    one too (2.9.3); None when it is not asked for."""
    if not header.accept_ack or not _wanted(header.accept_ack, verdict) or not _wanted(header.app_ack or "NE", verdict):
        return None
    return verdict.value[0]


def ack(header: Peek, code: str, text: str = "", *, control_id: str, now: str) -> bytes:
    """One ACK message, unframed. MSA-2 echoes MSH-10 as it was sent; delimiters and encoding are the message's own,
    unless a delimiter is no ASCII character: then the recommended ones, and what is echoed is written in them.

    `control_id`: MSH-10 of the ACK itself; `now`: MSH-7, e.g. "20261124131500+0000"; `text`: MSA-3 (from v2.7 ERR-8),
    no patient data.
    """
    if not (header.field_sep + header.encoding).isascii():
        header = _in_recommended(header)
    s, encoding = header.field_sep, _encoding(header)
    c = encoding[0]
    if s in "+-.":
        # What we say ourselves must not be split either: "+0000", "3df1-12", "2.5.1".
        now, control_id = now.split(s)[0], control_id.replace(s, "")
    version = header.version or "2.5.1".replace(s, "")
    kind = f"ACK{c}{header.trigger}{c}ACK" if header.trigger and version not in _EARLY else "ACK"
    codec, named = _character_set(header)
    charset = f"{s}{s}{s}{s}{s}{s}{named}" if named else ""
    head = (
        f"MSH{s}{encoding}{s}{header.receiving_app}{s}{header.receiving_facility}{s}"
        f"{header.sending_app}{s}{header.sending_facility}{s}{now}{s}{s}{kind}{s}{control_id}{s}"
        f"{header.processing_id or 'P'}{s}{version}{charset}"
    )
    answer = f"MSA{s}{code}{s}{header.control_id}"
    lines = [head, answer]
    said = escape(text, Delimiters.of(s, encoding))
    if text and _WITHOUT_TEXT.match(version):
        lines.append(f"ERR{s}{s}{s}207{c}Application internal error{c}HL70357{s}E{s}{s}{s}{s}{said}")
    elif text:
        lines[1] += s + said
    # Where a question mark delimits it may stand for nothing: what cannot be echoed is left out.
    mark, otherwise = ("", "ignore") if "?" in s + encoding else ("?", "replace")
    whole = "".join(f"{_plain(line, mark, codec)}\r" for line in lines)
    sent = whole.encode(codec, otherwise)
    if codec not in _SEVERAL_BYTES or _reads_as(sent, codec):
        return sent
    # A double-byte answer that could be read in another set says less instead, and the same to everybody.
    return whole.encode("ascii", otherwise)


def _in_recommended(header: Peek) -> Peek:
    """The header with the recommended delimiters in the place of its own. A delimiter outside ASCII is one character in
    the sender's set and another in its peer's, so an answer split by it may not be read back."""
    own = header.delimiters
    signs = {ord(sign): escape(sign, STANDARD) for sign in STANDARD if sign}
    signs |= {ord(mine): theirs for mine, theirs in zip(own[:5], STANDARD[:5], strict=True) if mine}
    values = (value.translate(signs) for value in header[3:-1])
    return Peek._make((True, STANDARD.field, "".join(STANDARD[1:5]), *values, header.codec))


def _reads_as(answer: bytes, codec: str) -> bool:
    """Whether these bytes, and their first line alone, are taken for the set they are in."""
    return {decode(part).codec for part in (answer, answer.partition(b"\r")[0])} <= {codec, "ascii"}


def _character_set(header: Peek) -> tuple[str, str]:
    """(codec, MSH-18) of the answer: the message's own while the two agree. Where the sender named another set than its
    bytes are in, the answer must not be read in that one; and a double-byte set that is not named may hold a delimiter
    inside a character, so then plain ASCII is safe."""
    codec, said = header.codec, header.charset
    if codec == "ascii" or codec[:5] in _WIDE:
        return codec, said
    declared = codec_of(said)
    single = codec.startswith(_SINGLE)
    if declared == codec or (single and (declared or "ascii").startswith(_SINGLE)):
        return codec, said
    if codec == "utf-8":
        return codec, "UNICODE UTF-8" if said else ""
    return (codec, "") if single else ("ascii", said)


def _encoding(header: Peek) -> str:
    """MSH-2 of the answer: the message's own. One that delimits nothing ("AR") is not echoed, or the answer would be as
    unreadable as the message."""
    first = header.encoding[:1]
    if first == "^" != header.field_sep or (first != header.field_sep and Delimiters.usable(first)):
        return header.encoding
    return "^~\\&".replace(header.field_sep, "#")


def _plain(line: str, mark: str, codec: str) -> str:
    """An echoed field must not end a segment or a frame: `mark` stands for each control character, and in UTF-16 and 32
    for each character that has a byte of a frame's end in it (U+1C0D). Everything else is echoed as it came."""
    if codec[:5] in _WIDE:
        return "".join(mark if _FRAMING & set(char.encode(codec, "replace")) else char for char in line)
    return line if line.isprintable() else _CONTROL.sub(mark, line)


def _wanted(condition: str, verdict: Verdict) -> bool:
    value = condition.strip().upper()
    if value == "NE":
        return False
    if value == "SU":
        return verdict is Verdict.KEPT
    return verdict is not Verdict.KEPT if value == "ER" else True
