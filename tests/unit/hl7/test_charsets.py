"""Character sets: declared, marked, wrong and absent."""

import pytest

from codedark.hl7 import codec_of, decode, parse

TEXT = "MSH|^~\\&|A||||||ADT^A01|1|P|2.5|||||{}|{}\rPID|1||7||Müller^Zoë\r"


def raw(declared: str, codec: str, *, text: str = TEXT) -> bytes:
    return text.format("", declared).encode(codec)


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        ("UNICODE UTF-8", "utf-8"),
        ("8859/1", "latin-1"),
        ("8859/15", "iso8859_15"),
        ("UNICODE UTF-16", "utf-16"),
        ("", "utf-8-sig"),
        ("", "utf-16-be"),
        ("utf8", "utf-8"),
        ("ISO-8859-1", "latin-1"),
    ],
)
def test_a_right_declaration_is_followed_without_a_note(declared, codec):
    m = parse(raw(declared, codec))
    assert (m["PID"].text(5), m.notes) == ("Müller", ())


@pytest.mark.parametrize(
    ("declared", "codec", "said"),
    [
        ("UNICODE UTF-8", "latin-1", "read as Latin-1"),
        ("8859/1", "utf-8", "read as UTF-8"),
        ("ASCII", "latin-1", "read as Latin-1"),
        ("ASCII", "utf-8", "read as UTF-8"),
        ("NO SUCH SET", "latin-1", "read as Latin-1"),
    ],
)
def test_a_wrong_declaration_is_read_another_way_and_says_so(declared, codec, said):
    m = parse(raw(declared, codec))
    assert m["PID"].text(5) == "Müller"
    assert said in m.notes[0]


def test_nothing_declared_is_utf8_else_latin1():
    assert decode(raw("", "utf-8")).codec == "utf-8"
    assert decode(raw("", "latin-1")).text.endswith("Müller^Zoë\r")


def test_windows_punctuation_is_read_as_windows_1252():
    read = decode(b"MSH|^~\\&|A\rNTE|1||\x93quoted\x94 \x80 5\r", "8859/1")
    assert "“quoted” € 5" in read.text
    assert "Windows-1252" in read.note


@pytest.mark.parametrize(
    ("declared", "codec", "name"),
    [
        ("~ISO IR87", "iso2022_jp", "山田太郎"),
        ("ISO IR87", "iso2022_jp", "東京"),
        ("GB 18030-2000", "gb18030", "张伟"),
        ("KS X 1001", "euc_kr", "김철수"),
        ("BIG-5", "big5", "陳大文"),
        ("8859/5", "iso8859_5", "Иванов"),
        ("8859/7", "iso8859_7", "Παπάς"),
    ],
)
def test_other_alphabets_of_table_0211(declared, codec, name):
    m = parse(raw(declared, codec, text=TEXT.replace("Müller^Zoë", name)))
    assert m["PID"].text(5) == name


def test_bytes_that_no_set_explains_are_still_read():
    assert parse(b"MSH|^~\\&|A||||||ADT|1|P|2.5||||||UNICODE UTF-8\rPID|1||\xff\xfe\x81\r")["PID"].text(3)


def test_a_codec_that_is_no_character_set_is_not_taken():
    assert codec_of("base64") is None
    assert codec_of("") is None


DECLARED = (
    ("UNICODE UTF-8", "utf-8"), ("UNICODE UTF-16", "utf-16"), ("UNICODE UTF-16", "utf-16-le"), ("8859/1", "latin-1"),
    ("ANSI", "cp1252"), ("~ISO IR87", "iso2022_jp"), ("KS X 1001", "iso2022_kr"), ("GB 18030-2000", "gb18030"),
)  # fmt: skip
NAMES = {"iso2022_jp": "山田", "iso2022_kr": "김철수", "gb18030": "张伟明"}


@pytest.mark.parametrize(("said", "codec"), DECLARED)
def test_the_declared_set_that_is_the_true_one_leaves_no_doubt(said, codec):
    m = parse(raw(said, codec, text=TEXT.replace("Müller^Zoë", NAMES.get(codec, "Müller"))))
    assert (m["PID"].text(5), m.doubt) == (NAMES.get(codec, "Müller"), "")


@pytest.mark.parametrize(
    ("said", "true", "name", "doubtful"),
    [
        ("", "latin-1", "Müller", True),
        ("ASCII", "latin-1", "Müller", True),
        ("UNICODE UTF-8", "latin-1", "Müller", True),
        ("UNICODE UTF-16", "latin-1", "Müller", True),
        ("UNICODE UTF-8", "cp1252", "Müller–Weiß", True),
        ("8859/1", "cp1252", "Müller–Weiß", False),
        ("8859/1", "utf-8", "Müller", False),
        ("ASCII", "utf-8", "Müller", False),
        ("GB 18030-2000", "utf-8", "张伟明", False),
        ("KS X 1001", "utf-8", "김철수", False),
        ("ISO IR87", "utf-8", "山田", False),
        ("8859/1", "utf-16", "Müller", False),
        ("UNICODE UTF-8", "utf-16-be", "Müller", False),
        ("GB 18030-2000", "gb18030", "陆", True),
    ],
)
def test_a_wrong_declaration_is_seen_and_doubt_is_said_only_where_there_is_some(said, true, name, doubtful):
    m = parse(raw(said, true, text=TEXT.replace("Müller^Zoë", name)))
    assert (m["PID"].text(5), bool(m.doubt)) == (name, doubtful)


def test_pure_ascii_is_never_in_doubt():
    assert parse(raw("NO SUCH SET", "ascii", text=TEXT.replace("Müller^Zoë", "MILLER^ZOE"))).doubt == ""


def test_what_the_site_says_of_its_senders_ends_the_doubt():
    sent = raw("", "iso8859_5", text=TEXT.replace("Müller^Zoë", "Иванов^Пётр"))
    assert parse(sent)["PID"].text(5) != "Иванов"
    read = parse(sent, {"none": "8859/5"})
    assert (read["PID"].text(5), read.doubt) == ("Иванов", "")
