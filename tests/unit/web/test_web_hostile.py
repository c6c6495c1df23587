"""Outside text is data: one corpus of hostile names through every page that shows names."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from web_rig import House, admit

from codedark.web import ink

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{7*7}}{% raw %}",
    "javascript:alert(1)",
    "</title></style><svg onload=alert(1)>",
    "SMITH\u202eNHOJ\u202c",
    "OK\u200bAFOR",
    "A\u2066B\u2069\u200e\u061c",
    "BELL\x07TAB\x1b[31m",
    "LINE\u2028BREAK\u2029",
    "TAG\U000e0041\U000e007f",
    "FILL\u3164ER\u115f\u034f",
    "\ufeffBOM\u00ad",
    "=HYPERLINK(1)",
    "N" * 3000,
)
HIDDEN = re.compile(
    "[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u200b-\u200f\u2028-\u202e\u2060-\u2069\u3164\ufeff\U000e0000-\U000e007f]"
)


class Outline(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


def pages_with(home: House, name: str) -> list[str]:
    escaped = name
    for plain, escape in (("\\", "\\E\\"), ("|", "\\F\\"), ("^", "\\S\\"), ("&", "\\T\\"), ("~", "\\R\\")):
        escaped = escaped.replace(plain, escape)
    message = admit("990", f"{escaped}^GIVEN", "9N", f"AL1|1|DA|X^{escaped}^L|SV|{escaped}")
    home.hear(message.replace("|P|2.5.1", "|P|2.5.1||||||UNICODE UTF-8"))
    guest = home.in_as("physician")
    patient = home.patient("9N")
    return [
        guest.get("/beds?unit=9N").text,
        guest.get(f"/chart/{patient}").text,
        guest.post("/search", {"text": name}).text,
        guest.post("/search", {"text": "GIVEN"}).text,
    ]


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name)[:24])
def test_a_hostile_name_stays_text_on_every_page(home: House, name: str) -> None:
    for page in pages_with(home, name):
        outline = Outline()
        outline.feed(page)

        assert outline.tags.count("script") == 1
        assert not {"img", "iframe", "style"} & set(outline.tags)
        assert not [attribute for attribute in outline.attributes if attribute.startswith("on") or attribute == "style"]
        assert not HIDDEN.search(page)


def test_a_template_expression_in_a_name_is_not_evaluated(home: House) -> None:
    assert "{{7*7}}" in pages_with(home, "{{7*7}}")[1]


def test_a_name_is_never_shortened(home: House) -> None:
    assert all("N" * 3000 in page for page in pages_with(home, "N" * 3000)[:2])


def test_hidden_characters_are_drawn_where_they_were_sent(home: House) -> None:
    assert "SMITH[U+202E]NHOJ[U+202C]" in pages_with(home, "SMITH\u202eNHOJ\u202c")[1]


def test_the_control_without_ink_the_override_reaches_the_page(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ink, "marked", lambda text, mark: text)

    assert "\u202e" in pages_with(home, "SMITH\u202eNHOJ\u202c")[1]


def test_lone_surrogates_become_marks() -> None:
    assert ink.visible("a\ud800b") == "a[U+D800]b"


def test_plain_letters_of_every_script_stay_as_they_are() -> None:
    for text in ("Müller", "Ngozi Ọkafor", "王小明", "محمد", "Ñandú – 5 µg"):
        assert ink.visible(text) == text
