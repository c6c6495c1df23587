"""MLLP framing: what is a frame, what is garbage, and that neither loses the other."""

import hashlib

from codedark.hl7 import PREFIX_LIMIT, Deframer, Garbage, frame

GOOD = b"MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5.1\rPID|1\r"
OTHER = GOOD.replace(b"|1|P", b"|2|P")


def read(data: bytes, limit: int = 10_000) -> list:
    reader = Deframer(limit)
    return reader.feed(data) + reader.finish()


def test_one_frame_is_its_content():
    assert read(frame(GOOD)) == [GOOD]


def test_pipelined_frames_come_out_in_order():
    assert read(frame(GOOD) + frame(OTHER) + frame(GOOD)) == [GOOD, OTHER, GOOD]


def test_white_space_between_frames_is_not_garbage():
    assert read(b"\r\n" + frame(GOOD) + b"\r\n  " + frame(OTHER) + b"\n") == [GOOD, OTHER]


def test_bytes_before_a_frame_are_reported_and_the_frame_is_kept():
    stray, good = read(b"GET / HTTP/1.1\r\n" + frame(GOOD))
    assert (stray.prefix, stray.reason, stray.complete) == (b"GET / HTTP/1.1\r\n", "not a frame", False)
    assert good == GOOD


def test_a_frame_that_never_ends_does_not_swallow_the_next_one():
    broken, good = read(b"\x0bMSH|half of a mess" + frame(GOOD))
    assert (broken.prefix, broken.reason, broken.complete) == (b"MSH|half of a mess", "not a frame", False)
    assert good == GOOD


def test_a_vertical_tab_inside_text_is_content():
    content = GOOD + b"OBX|1|TX|||a\x0bb\x1cc\r"
    assert read(frame(content)) == [content]


def test_a_frame_without_its_last_byte_ends_where_the_next_begins():
    assert read(b"\x0b" + GOOD + b"\x1c" + frame(OTHER)) == [GOOD, OTHER]


def test_a_frame_without_its_last_byte_ends_after_a_silence():
    reader = Deframer(10_000)
    assert reader.feed(b"\x0b" + GOOD + b"\x1c") == []
    assert reader.settle() == [GOOD]
    assert reader.feed(b"\r" + frame(OTHER)) == [OTHER]


def test_an_oversize_frame_is_reported_whole_and_the_next_one_is_kept():
    big = b"MSH|" + b"x" * 20_000
    refused, good = read(frame(big) + frame(GOOD))
    assert (refused.reason, refused.length, refused.complete) == ("oversize", len(big), True)
    assert refused.prefix == big[:PREFIX_LIMIT]
    assert refused.digest == hashlib.sha256(big).digest()
    assert good == GOOD


def test_an_oversize_frame_that_never_ends_gives_way_to_a_good_one():
    refused, good = read(b"\x0bMSH|" + b"x" * 20_000 + frame(GOOD))
    assert (refused.reason, refused.complete, good) == ("oversize", False, GOOD)


def test_an_oversize_frame_is_not_held_in_memory():
    reader = Deframer(1_000)
    reader.feed(b"\x0bMSH|")
    for _ in range(100):
        reader.feed(b"x" * 1_000)
    assert reader.pending <= 2_000


def test_garbage_without_end_is_reported_every_limit_bytes():
    reader = Deframer(10_000)
    reports = [g for _ in range(50) for g in reader.feed(b"y" * 1_000)]
    assert [g.length for g in reports] == [10_000] * 4
    assert reader.pending <= 1_000


def test_an_empty_frame_is_a_frame():
    assert read(b"\x0b\x1c\r") == [b""]


def test_the_rest_of_a_cut_connection_is_reported():
    (rest,) = read(b"\x0bMSH|cut off")
    assert isinstance(rest, Garbage)
    assert rest.prefix == b"MSH|cut off"
