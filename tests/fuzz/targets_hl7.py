"""Targets of the HL7 door: frames, MSH, acknowledgments, ER7, character sets, batches, meaning."""

# ruff: noqa: PT017, PT018
from __future__ import annotations

from functools import cache
from itertools import pairwise
from random import Random

from fuzzing import Target
from views_tape import START_US, entry

from codedark.entries import Fact, Interpretation, Problem, Site, interpret
from codedark.errors import Unparsable
from codedark.hl7 import (
    Deframer,
    Delimiters,
    Garbage,
    Verdict,
    ack,
    ack_code,
    codec_of,
    decode,
    escape,
    frame,
    is_xml,
    parse,
    peek,
    split_batch,
    unescape,
    xml_control_id,
)
from codedark_drill.hospital import Hospital

SITE = Site("waterbury", "America/New_York", "WTB")
BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
_BLANK = b"\r\n\t \x00"
_WORDS = (
    b"\x0b", b"\x1c\r", b"\x1c", b"\r", b"\n", b"\r\n", b"\x00", b"MSH|^~\\&|", b"FHS|^~\\&", b"BHS|^~\\&|", b"BTS|1",
    b"\rPID|1||7^^^A^MR", b"\rPV1|1|I|4W^1^1", b"\rOBX|1|NM|", b"\rZXX|", b"\rMSH|", b"\\X0D\\", b"\\.br\\",
    b"\\.sp9999\\",
    b"\\F\\", b"\\E\\", b"\\C2842\\", b'""', b"^~\\&#", b"UNICODE UTF-8", b"8859/1", b"UNICODE UTF-16", b"ISO IR87",
    b"~ISO IR159", b"GB 18030-2000", b"utf-7", b"unicode_escape", b"cp037", b"hex", b"\xef\xbb\xbf", b"\xff\xfe",
    b"\xfe\xff",
    b"\x1b$B", b"\x1b(B", b"9" * 20, b"9" * 5000, b"-1", b"1e999", b"NaN", b"20260230", b"20261124031200-0500",
    b"|AL|NE", b"<?xml ", b"<MSH.10>7</MSH.10>", b"|2.7|", b"|2.3|", b"\\M2442\\",
    b"ADT^A40^ADT_A39", b"ORU^R01", b"RAS^O17", b"RDE^O11", b"MDM^T02", b"SIU^S12", b"VXU^V04", b"\xe2\x80\xae",
    b"\xed\xa0\x80",
)  # fmt: skip


@cache
def drill_messages() -> tuple[bytes, ...]:
    """One of each kind that a small simulated hospital says in six hours, and its oddities."""
    kept: dict[tuple[str, str, int], bytes] = {}
    for spoken in Hospital(7, 24).messages(START_US, START_US + 6 * 3_600_000_000):
        head = peek(spoken.data)
        names = {line[:3] for line in spoken.data.split(b"\r")}
        kept.setdefault((head.message_type, head.trigger, len(names)), spoken.data)
    return tuple(kept.values())


def check_frames(data: bytes) -> None:
    """Cut anywhere gives the same frames; every byte is in one, is garbage that is counted, a mark, or blank."""
    limit = (16, 64, 1000, 1_000_000)[len(data) % 4]
    whole = _deframed([data], limit)
    chance = Random(data[:64])
    cuts = sorted({0, len(data), *(chance.randint(0, len(data)) for _ in range(6))})
    assert _deframed([data[a:b] for a, b in pairwise(cuts)], limit) == whole, "the chunks decide"
    if len(data) < 600:
        assert _deframed([data[at : at + 1] for at in range(len(data))], limit) == whole, "single bytes decide"
    counted = sum(piece.length if isinstance(piece, Garbage) else len(piece) for piece in whole)
    marks = data.count(b"\x0b") + 2 * data.count(b"\x1c") + sum(data.count(b) for b in _BLANK)
    assert len(data) - marks <= counted <= len(data), "bytes were lost or made"
    at = 0
    for piece in whole:
        content = piece.prefix if isinstance(piece, Garbage) else piece
        found = data.find(content, at)
        assert found >= 0, "a piece that was not in the stream"
        at = found + len(content)
        assert isinstance(piece, Garbage) or len(piece) <= limit
    good = b"MSH|^~\\&|GOOD|||||ADT^A01|1|P|2.5\r"
    assert good in _deframed([data + b"\x1c\r", frame(good)], 1_000_000), "a good frame was lost after a bad one"


def _deframed(chunks: list[bytes], limit: int) -> list[bytes | Garbage]:
    reader = Deframer(limit)
    return [piece for chunk in chunks for piece in reader.feed(chunk)] + reader.finish()


def check_acknowledgment(data: bytes) -> None:
    """`peek` never raises; its answer is one frame with MSH and MSA and nothing else, whatever was echoed."""
    head = peek(data)
    if is_xml(data):
        assert not head.readable or data.lstrip(_BLANK + b"\xef\xbb\xbf\xff\xfe")[:1] == b"<"
    assert len(xml_control_id(data)) < 200
    for verdict in Verdict:
        code = ack_code(head, verdict) or "AR"
        answer = ack(head, code, "not read: | ^ & \r\n \x0b é", control_id="1", now="20261124031200+0000")
        assert _deframed([frame(answer)], 1_000_000) == [answer], "the answer is not one frame"
        said = parse(answer)
        assert [segment.name for segment in said.segments][:2] == ["MSH", "MSA"], "a segment was echoed"
        assert all(segment.name == "ERR" for segment in said.segments[2:]), "a segment was echoed"
        assert len(said.segments) <= 3
        assert said["MSA"].field(1) == code
        again = peek(answer)
        assert again.readable and again.message_type == "ACK" and again.control_id == "1"


def check_text(data: bytes) -> None:
    """Any bytes have a text under any declared set; what is escaped reads back as itself."""
    declared, _, raw = data.partition(b"\n")
    name = declared[:40].decode("latin-1")
    codec = codec_of(name)
    assert codec is None or isinstance(b"MSH|^~&".decode(codec, "replace"), str)
    read = decode(raw, name)
    assert isinstance(read.text, str)
    assert raw.isascii() or read.text or raw in BYTE_ORDER_MARKS
    marks = Delimiters.of("|", name[:5])
    assert unescape(escape(read.text, marks), marks) == read.text or marks.escape in ("", ".")
    unescape(read.text, marks, read.codec)


def check_er7(data: bytes) -> None:
    """`parse` raises Unparsable or gives segments of which every field can be read."""
    try:
        message = parse(data)
    except Unparsable:
        return
    assert message.segments and message.header.name == "MSH"
    for segment in message:
        assert segment.name.isupper() and segment.path.startswith(segment.name)
        for number in range(1, len(segment.fields) + 1):
            segment.text(number)
            segment.whole(number, 1)
            segment.is_truncated(number)
            for repetition in segment.repetitions(number):
                assert all(isinstance(part, str) for component in repetition for part in component)


def check_batch(data: bytes) -> None:
    """Splitting never raises, loses no message, and no part holds two."""
    parts = split_batch(data)
    size = sum(len(part.raw) for part in parts)
    assert size <= len(data) + 4 * len(parts), "bytes were made"
    assert all(part.line >= 1 for part in parts)
    assert [part.line for part in parts] == sorted(part.line for part in parts), "lines go back"
    text = decode(data).text.strip(" \t\r\n\x00\x0b\x1c\ufeff")
    if text and not any(name in text for name in ("FHS", "BHS", "BTS", "FTS")):
        assert parts, "something came and nothing is said of it"
    for part in parts:
        if not part.reason:
            try:
                parse(part.raw)
            except Unparsable as error:
                assert "second message" not in str(error), "two messages in one part"


def check_meaning(data: bytes) -> None:
    """Interpreting never raises, is the same each time, and its problems quote nothing."""
    kept = entry(7, "hl7.received", data)
    said = interpret(kept, SITE)
    assert isinstance(said, Interpretation)
    assert repr(said) == repr(interpret(kept, SITE)), "twice is not the same"
    assert all(isinstance(fact, Fact) and fact.id and fact.type for fact in said.facts)
    for problem in said.problems:
        assert isinstance(problem, Problem) and problem.reason
        assert "(" not in problem.reason or "Error)" not in problem.reason, f"a defect of ours: {problem.reason}"


def _framed_seeds() -> list[bytes]:
    some = drill_messages()[:12]
    stream = b"".join(map(frame, some[:3]))
    return [stream, stream + b"junk" + frame(some[3]), frame(some[4])[:-1] + frame(some[5]), *map(frame, some[6:9])]


def _text_seeds() -> list[bytes]:
    names = (
        b"UNICODE UTF-8",
        b"8859/1",
        b"ISO IR87",
        b"GB 18030-2000",
        b"UNICODE UTF-16",
        b"utf-7",
        b"cp037",
        b"\\^~&|",
    )
    return [name + b"\n" + message for name, message in zip(names, drill_messages(), strict=False)]


def _batch_seeds() -> list[bytes]:
    some = drill_messages()
    batch = b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + b"".join(some[:3]) + b"BTS|3\rFTS|1\r"
    return [batch, b"\n".join(some[3:6]), b"".join(map(frame, some[6:8])), batch.decode().encode("utf-16"), *some[8:12]]


_ROOM = ("codedark.hl7",)
TARGETS = (
    Target("mllp-frames", check_frames, _framed_seeds, _WORDS, _ROOM),
    Target(
        "acknowledgment", check_acknowledgment, lambda: [m.split(b"\r")[0] for m in drill_messages()], _WORDS, _ROOM
    ),
    Target("character-sets", check_text, _text_seeds, _WORDS, _ROOM),
    Target("er7", check_er7, lambda: list(drill_messages()), _WORDS, _ROOM),
    Target("batch", check_batch, _batch_seeds, _WORDS, _ROOM),
    Target("meaning-of-hl7", check_meaning, lambda: list(drill_messages()), _WORDS, (*_ROOM, "codedark.entries")),
)
