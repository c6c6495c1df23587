"""HL7: what holds for any bytes."""

from itertools import pairwise

import hl7
import hl7apy.parser
from hypothesis import example, given, settings
from hypothesis import strategies as st

from codedark.errors import Unparsable
from codedark.hl7 import Deframer, Delimiters, ack, escape, frame, parse, peek, split_batch, unescape

PIECES = [b"MSH|^~\\&|A", b"\x0b", b"\x1c", b"\r", b"\n", b"x", b"M\x00S\x00H\x00", b"\xff", b"MS", b"PID|1"]
CONTENT = st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join)
STREAM = st.lists(st.one_of(CONTENT.map(frame), CONTENT, st.just(frame(b"MSH|good"))), max_size=8).map(b"".join)
# PID-5 text an HL7 library can carry: no control characters, which only ours escapes.
WORDS = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=30)


def deframed(chunks: list[bytes], limit: int) -> list:
    reader = Deframer(limit)
    return [piece for chunk in chunks for piece in reader.feed(chunk)] + reader.finish()


@given(STREAM, st.lists(st.integers(0, 200), max_size=20), st.sampled_from([5, 20, 10_000]))
@settings(max_examples=400, deadline=None)
def test_any_chunking_gives_the_same_frames(data, cuts, limit):
    edges = sorted({0, len(data), *(c for c in cuts if c < len(data))})
    chunks = [data[a:b] for a, b in pairwise(edges)]
    assert deframed(chunks, limit) == deframed([data], limit) == deframed([bytes([b]) for b in data], limit)


@given(st.lists(CONTENT, max_size=3), st.lists(CONTENT, max_size=3))
@settings(max_examples=300, deadline=None)
def test_a_good_frame_is_never_lost_among_bad_ones(before, after):
    good = b"MSH|^~\\&|GOOD||||||ADT|42|P|2.5\rPID|1\r"
    assert good in deframed([b"".join(before) + frame(good) + b"".join(after)], 10_000)


@given(STREAM, st.sampled_from([5, 50, 10_000]))
@settings(deadline=None)
def test_every_byte_is_in_a_frame_or_reported_or_a_mark(data, limit):
    counted = sum(p.length if hasattr(p, "length") else len(p) for p in deframed([data], limit))
    marks = data.count(b"\x0b") + 2 * data.count(b"\x1c") + sum(data.count(b) for b in (b"\r", b"\n"))
    assert len(data) - marks <= counted <= len(data)


@given(st.one_of(st.binary(max_size=300), CONTENT, st.binary(max_size=60).map(lambda b: b"MSH|^~\\&|" + b)))
@settings(max_examples=500, deadline=None)
def test_peek_never_raises_and_its_ack_is_always_one_frame(raw):
    head = peek(raw)
    content = ack(head, "AR", "not readable", control_id="1", now="20260101")
    assert Deframer(1_000_000).feed(frame(content)) == [content]


@given(st.one_of(st.binary(max_size=300), CONTENT))
@settings(max_examples=300, deadline=None)
def test_splitting_and_parsing_raise_nothing_but_unparsable(raw):
    refusals = []
    for part in split_batch(raw):
        try:
            for segment in parse(part.raw):
                for number in range(1, len(segment.fields)):
                    segment.repetitions(number)
        except Unparsable as error:
            refusals.append(str(error))
    assert all(refusals)


@given(st.text(max_size=60), st.sampled_from(["|^~\\&", "#%*!@", "$^~\\&", "|^~\\&#"]))
@settings(max_examples=300, deadline=None)
def test_escaped_text_reads_back_as_itself(text, marks):
    delimiters = Delimiters.of(marks[0], marks[1:])
    assert unescape(escape(text, delimiters), delimiters) == text


@given(st.text(st.characters(blacklist_categories=("Cs",)), max_size=60))
@settings(max_examples=200, deadline=None)
def test_parsing_escaped_text_gives_the_text(text):
    line = f"MSH|^~\\&|A||||||ADT|1|P|2.5||||||UNICODE UTF-8\rPID|1||{escape(text)}|x\r"
    assert parse(line.encode())["PID"].text(3) == text


@given(st.lists(st.lists(WORDS, min_size=1, max_size=4), min_size=1, max_size=3))
@example([[" "]])
@settings(max_examples=60, deadline=None)
def test_two_other_libraries_read_the_same_components(repetitions):
    value = "~".join("^".join(escape(w) for w in components) for components in repetitions)
    text = f"MSH|^~\\&|A||||||ADT^A01|1|P|2.5\rEVN|A01|2026\rPID|1||7||{value}|x\r"
    ours = parse(text.encode())["PID"].repetitions(5)
    assert [[c[0] for c in r] for r in ours] == repetitions
    theirs = hl7.parse(text)
    # hl7apy has no repetition where nothing but blanks was sent; it has a say where something was.
    spoken = all("".join(components).strip() for components in repetitions)
    third = hl7apy.parser.parse_segment(text.split("\r")[2], version="2.5") if spoken else None
    field = theirs.segment("PID")[5]
    for r, components in enumerate(repetitions):
        for c, word in enumerate(components):
            other = str(field[r][c]) if len(components) > 1 else str(field[r])
            assert theirs.unescape(other) == word
        if third is not None:
            assert [unescape(part) for part in third.pid_5[r].to_er7().split("^")] == components
