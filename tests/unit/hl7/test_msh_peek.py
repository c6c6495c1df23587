"""peek: the MSH line, whatever surrounds it."""

import pytest

from codedark.hl7 import peek

LINE = "MSH|^~\\&|APP|FAC^1.2.3^ISO|RAPP|RFAC|20260102030405.678+0100||ADT^A01^ADT_A01|MSG-7|P|2.5.1|12||AL|NE|DEU|"


def test_peek_reads_every_named_field():
    head = peek((LINE + "UNICODE UTF-8\rPID|1\r").encode())
    assert (head.readable, head.sending_app, head.sending_facility) == (True, "APP", "FAC^1.2.3^ISO")
    assert (head.receiving_app, head.receiving_facility, head.timestamp) == ("RAPP", "RFAC", "20260102030405.678+0100")
    assert (head.message_type, head.trigger, head.structure) == ("ADT", "A01", "ADT_A01")
    assert (head.control_id, head.processing_id, head.version, head.sequence) == ("MSG-7", "P", "2.5.1", "12")
    assert (head.accept_ack, head.app_ack, head.charset) == ("AL", "NE", "UNICODE UTF-8")


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", ""])
def test_peek_takes_any_line_end(end):
    assert peek((LINE + end).encode()).control_id == "MSG-7"


def test_peek_takes_other_delimiters():
    head = peek(b"MSH$%~\\@$APP$$$$$$ORU%R01$77$P$2.3\r")
    assert (head.field_sep, head.sending_app, head.message_type, head.trigger) == ("$", "APP", "ORU", "R01")
    assert head.control_id == "77"


@pytest.mark.parametrize(
    ("codec", "declared"),
    [
        ("utf-8", "UNICODE UTF-8"),
        ("utf-8-sig", ""),
        ("latin-1", "8859/1"),
        ("utf-16", "UNICODE UTF-16"),
        ("utf-16-le", ""),
        ("utf-16-be", ""),
        ("utf-32", ""),
        ("cp1252", ""),
    ],
)
def test_peek_reads_the_sender_in_any_character_set(codec, declared):
    raw = (LINE.replace("APP", "KÜCHE", 1) + declared + "\rPID|1\r").encode(codec)
    assert peek(raw).sending_app == "KÜCHE"


def test_peek_reads_iso_2022_where_bytes_of_characters_look_like_delimiters():
    raw = (LINE.replace("APP", "東京病院|", 1) + "~ISO IR87\r").encode("iso2022_jp_ext")
    assert peek(raw).sending_app == "東京病院"


def test_peek_passes_over_batch_lines():
    assert peek(b"FHS|^~\\&|x\rBHS|^~\\&|y\r" + LINE.encode()).control_id == "MSG-7"


@pytest.mark.parametrize(
    "raw", [b"", b"MSH", b"MSHX^~", b"MSH MSH", b"PID|1|2\r", b"\x00\xff" * 50, b"\xff\xfe", b"msh|^~\\&|a"]
)
def test_what_has_no_msh_is_not_readable(raw):
    assert not peek(raw).readable


def test_a_short_header_is_readable_with_empty_fields():
    head = peek(b"MSH|^~\\&|APP\r")
    assert (head.readable, head.sending_app, head.control_id, head.charset) == (True, "APP", "", "")
