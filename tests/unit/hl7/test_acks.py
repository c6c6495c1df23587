"""Acknowledgments in both modes."""

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.core import Message
from hl7apy.exceptions import HL7apyException

from codedark.hl7 import UNREADABLE, Verdict, ack, ack_code, application_code, parse, peek, unescape


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


def read_by_hl7apy(answer: str, version: str) -> Message:
    """Its own parser cannot find the structure of an ACK whose MSH-9 has one component, as in v2.3: it is told."""
    read = Message("ACK", version=version, validation_level=VALIDATION_LEVEL.STRICT)
    for line in answer.rstrip("\r").split("\r"):
        setattr(read, line[:3].lower(), line)
    return read


@pytest.mark.parametrize("version", ["2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8"])
@pytest.mark.parametrize("verdict", [Verdict.KEPT, Verdict.REFUSED])
@pytest.mark.parametrize(("accept", "app"), [("", ""), ("AL", "AL"), ("NE", "ER")])
def test_another_code_base_finds_each_answer_valid_in_its_own_version(version, verdict, accept, app):
    line = f"MSH|^~\\&|EHR|HOSP|CD|HOSP|20260101120000||ADT^A01^ADT_A01|M1|P|{version}|||{accept}|{app}\r"
    head = peek(line.encode())
    for code in filter(None, (ack_code(head, verdict), application_code(head, verdict))):
        text = "" if verdict is Verdict.KEPT else "larger than 32 MiB | split it"
        answer = ack(head, code, text, control_id="6f72348e-5", now="20260921141320+0000").decode()
        read = read_by_hl7apy(answer, version)
        assert read.validate()
        assert read.msa.msa_1.value == code
        assert text in unescape(answer)


def test_an_answer_of_the_wrong_shape_is_found_out():
    line = b"MSH|^~\\&|EHR|HOSP|CD|HOSP|20260101120000||ADT^A01|M1|P|2.8\r"
    answer = ack(peek(line), "AA", control_id="1", now="20260921141320+0000").decode()
    with pytest.raises(HL7apyException):
        read_by_hl7apy(answer.replace("MSA|AA|M1", "MSA|AA|M1|text"), "2.8")


@pytest.mark.parametrize(
    ("accept", "app", "second"),
    [("", "", None), ("AL", "NE", None), ("AL", "", None), ("NE", "AL", None), ("AL", "AL", "AA"), ("SU", "SU", "AA")],
)
def test_a_second_answer_is_owed_only_where_both_are_asked_for(accept, app, second):
    assert application_code(header(accept, app), Verdict.KEPT) == second


def test_a_refusal_answers_twice_too():
    assert application_code(header("AL", "ER"), Verdict.REFUSED) == "AR"
    assert application_code(header("AL", "SU"), Verdict.REFUSED) is None


OUTSIDE_ASCII = (
    "MSH{s}^~\\&{s}AP|P^1.2{s}FAC{s}R&APP{s}RFAC{s}2026{s}{s}ADT^A01{s}I|D\\F\\9{s}P{s}2.4{s}{s}{s}{s}{s}{s}8859/13\r"
)


def test_a_separator_outside_ascii_is_answered_in_the_recommended_ones():
    raw = ack(peek(OUTSIDE_ASCII.encode().replace(b"{s}", b"\xff")), "AA", control_id="5", now="20260101")
    assert raw.startswith(b"MSH|^~\\&|R&APP|RFAC|AP\\F\\P^1.2|FAC|20260101||ACK^A01^ACK|5|")
    assert raw.isascii()
    answer = parse(raw)
    assert (answer["MSH"].text(5, 1, 1), answer["MSH"].text(5, 1, 2)) == ("AP|P", "1.2")
    assert answer["MSA"].text(2) == "I|D|9"


def test_an_encoding_character_outside_ascii_is_not_echoed_either():
    sent = OUTSIDE_ASCII.replace("{s}", "|").replace("AP|P", "APP").replace("I|D", "ID").encode().replace(b"^", b"\xa6")
    answer = parse(ack(peek(sent), "AA", control_id="5", now="20260101"))
    assert answer["MSH"].repetitions(9) == [[["ACK"], ["A01"], ["ACK"]]]
    assert answer["MSH"].text(5, 1, 2) == "1.2"
