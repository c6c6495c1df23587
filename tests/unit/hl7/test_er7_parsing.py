"""ER7: segments, fields, repetitions, components, escapes."""

import pytest

from codedark.errors import Unparsable
from codedark.hl7 import NULL, Delimiters, escape, parse, unescape

MSH = "MSH|^~\\&|APP|FAC|||20260101||ORU^R01|1|P|2.5.1"


def message(*lines: str, end: str = "\r", codec: str = "utf-8"):
    return parse(end.join((MSH, *lines, "")).encode(codec))


def test_msh_fields_are_numbered_as_in_the_standard():
    msh = message()["MSH"]
    assert (msh.field(1), msh.field(2), msh.text(1), msh.text(2)) == ("|", "^~\\&", "|", "^~\\&")
    assert (msh.text(3), msh.text(9, comp=2), msh.text(12)) == ("APP", "R01", "2.5.1")


def test_repetitions_components_and_subcomponents():
    pid = message("PID|1||1^^^A&1.2&ISO^MR~2^^^B^SS")["PID"]
    assert pid.text(3) == "1"
    assert pid.text(3, rep=2, comp=5) == "SS"
    assert pid.text(3, comp=4, sub=2) == "1.2"
    assert pid.text(3, rep=3) == pid.text(3, comp=9) == pid.text(99) == ""
    assert pid.repetitions(3) == [[["1"], [""], [""], ["A", "1.2", "ISO"], ["MR"]], [["2"], [""], [""], ["B"], ["SS"]]]
    assert pid.repetitions(2) == pid.repetitions(99) == []


def test_null_is_visible_to_the_caller():
    pid = message('PID|1||""|')["PID"]
    assert pid.text(3) == NULL
    assert pid.is_null(3)
    assert not pid.is_null(4)


def test_paths_count_segments_of_one_name():
    m = message("OBX|1", "NTE|1", "OBX|2")
    assert [s.path for s in m.segments] == ["MSH[1]", "OBX[1]", "NTE[1]", "OBX[2]"]
    assert [s.text(1) for s in m.all("OBX")] == ["1", "2"]
    assert m.get("PV1") is None
    assert "NTE" in m


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\r", "\n\n", " \r", "\r "])
def test_any_line_end_gives_the_same_segments(end):
    m = message("PID|1||7", "PV1|1|I", end=end)
    assert [s.name for s in m] == ["MSH", "PID", "PV1"]
    assert (m["PID"].text(3), m["PV1"].text(2)) == ("7", "I")


def test_lines_inside_a_segment_belong_to_it():
    m = parse((MSH + "\rOBX|1|TX|||first\nsecond\n\nlast|||\rPV1|1\r").encode())
    assert m["OBX"].text(5) == "first\nsecond\n\nlast"
    assert m["PV1"].text(1) == "1"
    assert "2 lines" in m.notes[0]


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", "a|b^c&d~e\\f"),
        (r"\X0D\\X414243\x", "\rABCx"),
        (r"\XC3BC\ \XFC\ ", "ü ü "),
        (r"one\.br\two\.sp\three\.sp2\four", "one\ntwo\nthree\n\nfour"),
        (r"\.in+4\\.ti-2\a\.ce\b\.sk3\c\.fi\\.nf\d", "a\nb   cd"),
        (r"\H\bold\N\ plain", "bold plain"),
        (r"\Zab1\ kept", r"\Zab1\ kept"),
        (r"\C2842\ \M244B\ ", r"\C2842\ \M244B\ "),
        (r"\M2442\;3ED\C2842\ Taro\F\ ", "山田 Taro| "),
        (r"a\C2842\b\T\c", "ab&c"),
        ("\\E\\M2442\\E\\", "\\M2442\\"),
        (r"\M2442\Z\C2842\ ", r"\M2442\Z\C2842\ "),
        (r"\M99FF\x", r"\M99FF\x"),
        (r"C:\temp\new", r"C:\temp\new"),
        (r"C:\dir\F\x", r"C:\dir|x"),
        ("open\\", "open\\"),
        (r"\X0G\ \X1\ \X\ ", r"\X0G\ \X1\ \X\ "),
        ("\\\\", "\\\\"),
    ],
)
def test_escape_sequences(sent, meant):
    assert unescape(sent) == meant


def test_hex_escapes_are_read_in_the_character_set_of_the_message():
    m = parse((MSH + "||||||8859/1\rNTE|1||M\xfcller \\XFC\\\r").encode("latin-1"))
    assert m["NTE"].text(3) == "Müller ü"


def test_other_delimiters_are_used_throughout():
    m = parse(b"MSH$%*!@$APP\rPID$1$$1%2@3*4$a!F!b|^~\\&\r")
    assert m["PID"].repetitions(3) == [[["1"], ["2", "3"]], [["4"]]]
    assert m["PID"].text(4) == "a$b|^~\\&"


def test_delimiters_the_sender_does_not_use_split_nothing():
    m = parse(b"MSH|^~|APP\rPID|1|a&b\\F\\|c^d\r")
    assert m["PID"].text(2) == "a&b\\F\\"
    assert m["PID"].text(3, comp=2) == "d"


def test_an_empty_msh_2_means_the_recommended_characters():
    assert parse(b"MSH||APP\rPID|1|a^b\r")["PID"].text(2, comp=2) == "b"


def test_the_truncation_character_is_seen():
    m = parse(b"MSH|^~\\&#|APP\rPID|1|long na#|short\\P\\\r")
    assert m["PID"].is_truncated(2)
    assert not m["PID"].is_truncated(3)
    assert m["PID"].text(3) == "short#"


def test_whole_reads_text_whose_delimiters_were_not_escaped():
    obx = message("OBX|1|TX|||Smith & Jones ^ Co")["OBX"]
    assert obx.whole(5) == "Smith & Jones ^ Co"


def test_escape_leaves_no_delimiter_even_when_the_sender_has_no_escape_character():
    assert escape("a|b\rc", Delimiters(escape="")) == "a?b?c"


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b"", "offset 0"),
        (b"PID|1\r", "offset 0"),
        (b"FHS|^~\\&\rMSH|^~\\&|\r", "offset 0"),
        (b"MSHa^~\\&|", "MSH[1].1"),
        (MSH.encode() + b"\rPID|1\r" + MSH.encode(), "segment 3"),
    ],
)
def test_what_cannot_be_parsed_says_where(raw, place):
    with pytest.raises(Unparsable) as raised:
        parse(raw)
    assert raised.value.place == place
