"""Acknowledgments in both modes."""

import pytest

from codedark.hl7 import UNREADABLE, Verdict, ack, ack_code, parse, peek


def header(accept: str = "", app: str = "", start: str = "MSH|^~\\&"):
    s = start[3]
    line = f"{start}|APP|FAC|RAPP|RFAC|20260101||ADT^A01^ADT_A01|ID-9|T|2.4|||{accept}|{app}||8859/1\r"
    return peek(line.replace("|", s).replace("^", start[4]).encode() if s != "|" else line.encode())


@pytest.mark.parametrize(
    ("accept", "app", "kept", "failed", "refused"),
    [
        ("", "", "AA", "AE", "AR"),
        ("AL", "", "CA", "CE", "CR"),
        ("AL", "NE", "CA", "CE", "CR"),
        ("AL", "AL", "CA", "CE", "CR"),
        ("NE", "NE", None, None, None),
        ("NE", "AL", "AA", "AE", "AR"),
        ("", "AL", "AA", "AE", "AR"),
        ("ER", "NE", None, "CE", "CR"),
        ("SU", "NE", "CA", None, None),
        ("NE", "ER", None, "AE", "AR"),
        ("what", "", "CA", "CE", "CR"),
    ],
)
def test_the_code_is_what_msh_15_and_16_ask_for(accept, app, kept, failed, refused):
    head = header(accept, app)
    assert [ack_code(head, v) for v in (Verdict.KEPT, Verdict.FAILED, Verdict.REFUSED)] == [kept, failed, refused]


def test_the_ack_goes_back_to_its_sender_and_echoes_the_control_id():
    m = parse(ack(header(), "AA", control_id="cd-1", now="20260101120000+0000"))
    assert [m["MSH"].text(n) for n in (3, 4, 5, 6, 7, 10, 11, 12)] == [
        "RAPP", "RFAC", "APP", "FAC", "20260101120000+0000", "cd-1", "T", "2.4",
    ]  # fmt: skip
    assert m["MSH"].repetitions(9) == [[["ACK"], ["A01"], ["ACK"]]]
    assert m["MSH"].text(18) == "8859/1"
    assert (m["MSA"].text(1), m["MSA"].text(2)) == ("AA", "ID-9")


def test_the_ack_speaks_the_delimiters_of_the_message():
    raw = ack(header(start="MSH#%*!@"), "AR", "over#limit", control_id="1", now="2026")
    assert raw.startswith(b"MSH#%*!@#RAPP#RFAC#APP#FAC#2026##ACK%A01%ACK#")
    assert parse(raw)["MSA"].text(3) == "over#limit"


def test_an_ack_without_any_header_is_still_valid():
    m = parse(ack(UNREADABLE, "AR", "no MSH", control_id="5", now="20260101"))
    assert (m["MSH"].text(9), m["MSH"].text(10), m["MSH"].text(12)) == ("ACK", "5", "2.5.1")
    assert (m["MSA"].text(1), m["MSA"].text(2), m["MSA"].text(3)) == ("AR", "", "no MSH")


def test_the_ack_is_written_in_the_encoding_of_the_message():
    head = peek("MSH|^~\\&|KÜCHE|||||||1|P|2.5\r".encode("utf-16-le"))
    assert parse(ack(head, "AA", control_id="1", now="2026"))["MSH"].text(5) == "KÜCHE"


def test_an_echoed_field_cannot_end_the_frame():
    head = peek(b"MSH|^~\\&|A\x1c|B||||||x\x0by\x1c|P|2.5\r")
    raw = ack(head, "AA", control_id="1", now="2026")
    assert b"\x1c" not in raw
    assert b"\x0b" not in raw
