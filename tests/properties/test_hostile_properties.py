"""What holds for any bytes and any text that somebody may send, show, type or write into a file."""

# ruff: noqa: PT017
from __future__ import annotations

import csv
import io
import json
import re
import string

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from codedark.access import Cookies, password_session
from codedark.cli import visible
from codedark.cli.output import csv_text, json_text
from codedark.clock import SeededChance
from codedark.errors import ConfigError
from codedark.hl7 import Deframer, Frame, Garbage, ack, escape, frame, parse, peek, split_batch
from codedark.ink import is_hidden, marked
from codedark.node import Config
from codedark.node.packing import file_name_of
from codedark.web import ink

HIDING = "\x00\x07\r\n\x1b\x7f\x85\x9b\u00ad\u034f\u061c\u200b\u202e\u2028\u2066\u3164\ufe0f\ufeff\U000e0041\ue000"
TEXT = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from(HIDING + "\u0301\u0316=+-@|^~\\&")), max_size=40)
LONE = st.text(max_size=20) | st.just("a\ud800b")
NOW = 1_790_000_000_000_000


@given(LONE | TEXT)
@settings(max_examples=120, deadline=None)
def test_nothing_that_hides_is_left_and_nothing_that_shows_is_lost(text: str) -> None:
    for shown in (visible(text), ink.visible(text), marked(text, lambda code: "*")):
        assert [char for char in shown if is_hidden(char)] == []
    letters = [char for char in text if char.isascii() and char.isalnum()]
    kept = [char for char in marked(text, lambda code: "") if char.isascii() and char.isalnum()]
    assert kept == letters


@given(TEXT)
@settings(max_examples=80, deadline=None)
def test_marking_twice_is_marking_once(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(st.dictionaries(TEXT, TEXT | st.integers() | st.lists(TEXT, max_size=3), max_size=4))
@settings(max_examples=80, deadline=None)
def test_json_on_a_terminal_reads_back_as_what_it_is(data: dict[str, object]) -> None:
    told = json_text({"data": data})

    assert json.loads(told) == {"data": json.loads(json.dumps(data))}
    assert [char for char in told if is_hidden(char) and char != "\n"] == []


@given(st.lists(st.lists(TEXT, min_size=1, max_size=3), max_size=5))
@settings(max_examples=80, deadline=None)
def test_no_cell_of_a_csv_is_a_formula_and_each_holds_its_text(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(csv_text(["a"], rows))))[1:]

    assert [[cell.removeprefix("'") for cell in row] for row in read] == [
        [visible(cell).removeprefix("'") for cell in row] for row in rows
    ]
    assert [cell for row in read for cell in row if cell.lstrip()[:1] in tuple("=+-@")] == []


@given(
    st.lists(TEXT, min_size=13, max_size=13), st.sampled_from("|^~\\&#?+-."), st.sampled_from(["^~\\&", "", "AB", "?"])
)
@settings(max_examples=120, deadline=None)
def test_no_head_makes_an_answer_of_more_than_two_segments(fields: list[str], separator: str, encoding: str) -> None:
    head = separator.join(["MSH" + separator + encoding, *fields, "2.5.1", "", "", "AL", "NE", "", "UNICODE UTF-8"])
    answer = ack(peek(head.encode()), "CA", fields[0], control_id="1-2", now="20261124031200+0000")

    assert [segment.name for segment in parse(answer).segments] == ["MSH", "MSA"]
    assert Deframer().feed(frame(answer)) == [answer]


@given(st.lists(st.lists(TEXT, max_size=3), max_size=5))
@settings(max_examples=80, deadline=None)
def test_messages_put_into_a_batch_come_out_of_it(values: list[list[str]]) -> None:
    head = "MSH|^~\\&|A||||||ADT^A01|{}|P|2.5.1||||||UNICODE UTF-8"
    messages = [
        "\r".join([head.format(n), *(f"PID|1||{escape(v)}|" for v in each)]).encode() for n, each in enumerate(values)
    ]
    batch = b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + b"".join(m + b"\r" for m in messages) + b"BTS|%d\rFTS|1\r" % len(messages)

    assert [part.raw for part in split_batch(batch)] == messages
    assert [part.reason for part in split_batch(batch)] == [""] * len(messages)


@given(TEXT, TEXT)
@settings(max_examples=80, deadline=None)
def test_two_units_never_share_the_names_of_their_files(one: str, other: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9-]{1,47}", file_name_of(one))
    assert one == other or file_name_of(one).casefold() != file_name_of(other).casefold() or one.isascii()


VALUE = st.recursive(
    st.integers() | st.booleans() | TEXT | st.floats(), lambda inner: st.lists(inner, max_size=3), max_leaves=4
)
KEYS = ("id", "name", "zone", "code", "demo", "host", "port", "every_min", "paper", "peers", "carries", "tls", "x")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["[facility]", "[node]", "[web]", "[packs]", "[[feed]]", "[x]"]),
            st.dictionaries(st.sampled_from(KEYS), VALUE, max_size=5),
        ),
        max_size=4,
    )
)
@settings(max_examples=80, deadline=None)
def test_a_file_of_settings_is_taken_or_refused_with_its_place(tables: list[tuple[str, dict[str, object]]]) -> None:
    lines = [f"{header}\n" + "".join(f"{k} = {_toml(v)}\n" for k, v in table.items()) for header, table in tables]
    try:
        config = Config.parse("".join(lines))
    except ConfigError as error:
        assert re.search(r"line \d|\$|missing", str(error))
        return
    assert config.facility_id_fits


def _toml(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    return str(value).lower()


@given(st.integers(0, 10_000), st.sampled_from(string.printable), st.integers(0, 3))
@settings(max_examples=80, deadline=None)
def test_a_cookie_with_any_change_is_no_session(at: int, char: str, how: int) -> None:
    cookies = Cookies(bytes(range(32)))
    session = password_session("p1", "Ada", "ada", {"nurse": ("4W",)}, NOW, SeededChance("x"))
    token = cookies.seal(session)
    at %= len(token)
    changed = (token[:at] + char + token[at + how % 2 :], token[:at] + token[at + 1 :], token + char, char + token)[how]

    assert cookies.open(token, NOW) == session
    assert changed == token or cookies.open(changed, NOW) in (None, session)
    if changed.rstrip("=") != token and len(changed) != len(token):
        assert cookies.open(changed, NOW) is None


class Wire(RuleBasedStateMachine):
    """A peer that sends good frames, broken ones and noise, cut anywhere, against what must come out."""

    LIMIT = 200

    def __init__(self) -> None:
        super().__init__()
        self.reader = Deframer(self.LIMIT)
        self.waiting = b""
        self.good: list[bytes] = []
        self.heard: list[Frame | Garbage] = []
        self.sent = 0

    @rule(number=st.integers(0, 999), tail=st.sampled_from([b"", b"\rPID|1", b"\rOBX|1|ST|x\x1cy", b"\x0bx"]))
    def a_good_frame(self, number: int, tail: bytes) -> None:
        content = b"MSH|^~\\&|GOOD|%d" % number + tail
        self.good.append(content)
        self.waiting += frame(content)

    @rule(noise=st.binary(max_size=30).filter(lambda data: b"\x0b" not in data))
    def noise_between_frames(self, noise: bytes) -> None:
        self.waiting += noise

    @rule(content=st.binary(max_size=60))
    def a_frame_that_never_ends(self, content: bytes) -> None:
        self.waiting += b"\x0b" + content.replace(b"\x1c", b"").replace(b"\x0b", b"")

    @rule()
    def a_frame_that_is_too_long(self) -> None:
        self.waiting += frame(b"MSH|" + b"x" * (self.LIMIT + 50))

    @precondition(lambda self: self.waiting)
    @rule(count=st.integers(1, 300))
    def some_bytes_arrive(self, count: int) -> None:
        chunk, self.waiting = self.waiting[:count], self.waiting[count:]
        self.sent += len(chunk)
        self.heard += self.reader.feed(chunk)

    @invariant()
    def memory_is_bounded(self) -> None:
        assert self.reader.pending <= self.LIMIT + 400

    def teardown(self) -> None:
        self.heard += self.reader.feed(self.waiting) + self.reader.finish()
        self.sent += len(self.waiting)
        frames = iter(piece for piece in self.heard if isinstance(piece, bytes))
        assert all(any(piece == wanted for piece in frames) for wanted in self.good), "a good frame was lost or moved"
        counted = sum(p.length if isinstance(p, Garbage) else len(p) for p in self.heard)
        assert counted <= self.sent


Wire.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
test_no_good_frame_is_lost_whatever_stands_around_it = Wire.TestCase
