"""Several messages in one file."""

import pytest

from codedark.hl7 import frame, parse, peek, split_batch

ONE = b"MSH|^~\\&|A|B|||20260101||ADT^A01|1|P|2.5.1\rPID|1||7"
TWO = ONE.replace(b"|1|P", b"|2|P")


def ids(parts) -> list[str]:
    assert not [p.reason for p in parts if p.reason]
    return [peek(p.raw).control_id for p in parts]


def test_one_message_is_one_part():
    assert ids(split_batch(ONE + b"\r")) == ["1"]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_envelopes_are_taken_off(end):
    data = b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + ONE + b"\r" + TWO + b"\rBTS|2\rFTS|1\r"
    parts = split_batch(data.replace(b"\r", end))
    assert ids(parts) == ["1", "2"]
    assert [p.line for p in parts] == [3, 5]


def test_blank_lines_and_byte_order_marks_stand_between_messages():
    assert ids(split_batch(b"\xef\xbb\xbf" + ONE + b"\r\n\r\n\xef\xbb\xbf" + TWO + b"\r\n\r\n")) == ["1", "2"]


def test_a_capture_of_a_connection_is_unframed():
    parts = split_batch(frame(ONE) + b"\n" + frame(TWO))
    assert ids(parts) == ["1", "2"]
    assert parts[0].raw == ONE
    assert parts[1].line == 3


def test_a_utf_16_file_gives_parsable_parts():
    parts = split_batch((ONE + b"\r\n" + TWO).decode().encode("utf-16"))
    assert ids(parts) == ["1", "2"]
    assert parse(parts[1].raw)["PID"].text(3) == "7"


def test_what_is_no_message_comes_back_with_its_reason():
    parts = split_batch(b"a note\r" + ONE + b"\rBTS|5\r")
    assert [(p.line, p.reason) for p in parts] == [
        (1, "no MSH segment"),
        (2, ""),
        (4, "the batch says 5 messages, 1 came"),
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"FHS|^~\\&\rBHS|^~\\&\rMSH|^~\\&|A\rBTS|1\rFTS|1\r", []),
        (b"FHS|^~\\&\rMSH|^~\\&|A\rFTS|1\r", []),
        (b"FHS|^~\\&\rBHS|^~\\&\rMSH|^~\\&|A\rBTS|1\rFTS|2\r", ["the file says 2 batches, 1 came"]),
        (b"FHS|^~\\&\rBHS|^~\\&\rMSH|^~\\&|A\rBTS|3\rFTS|1\r", ["the batch says 3 messages, 1 came"]),
    ],
)
def test_counts_of_batch_and_file_are_checked(data, said):
    assert [part.reason for part in split_batch(data) if part.reason] == said


def test_an_empty_file_has_no_parts():
    assert split_batch(b"") == split_batch(b" \r\n\n") == []


def test_a_cut_utf_16_file_is_reported():
    assert split_batch(b"\xff\xfeM\x00S\x00H")[0].reason
