"""Every page in a language nobody speaks: a word of ours that went past the catalogue would stand there in English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from scripts_of_ours import loaded
from web_rig import House, house

from codedark.entries import SourceHeld, draft_of
from codedark.journal import Draft
from codedark.tongue import ENGLISH, FRENCH, PSEUDO, said, tongue
from codedark.web import wording
from codedark.web.drawing import Drawer, assets, environment
from codedark.web.pen import Pen
from codedark_drill.hospital import Hospital

ROOT = Path(__file__).parents[3]
TEMPLATES = ROOT / "src" / "codedark" / "web"
HOUR_US = 3_600_000_000
words = loaded(ROOT / "script" / "words.py")

ATTRIBUTES = ("aria-label", "alt", "data-name", "placeholder", "title")
THEIRS = ("th", "title")
"""How the sender calls a vital sign that stands under our own name."""
SAME_EVERYWHERE = frozenset(["code", "dark", "codedark", "SpO", "NEWS", "RCP", "English", "Français"])
"""Names that no language translates."""
_WORD = re.compile(r"[^\W\d_]{2,}")


class Reader(HTMLParser):
    """What is read on a page. `ours`: text outside of <bdi>; `aloud`: titles and attributes, where no element can mark
    a sender's words; `sent`: what stands in <bdi>."""

    def __init__(self) -> None:
        super().__init__()
        self.ours: list[str] = []
        self.aloud: list[str] = []
        self.sent: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("bdi", "kbd", "script", "option", "title"):
            self._inside.append(tag)
        self.aloud += [value for name, value in attrs if name in ATTRIBUTES and value and (tag, name) != THEIRS]

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        inside = self._inside[-1] if self._inside else ""
        {"": self.ours, "title": self.aloud, "bdi": self.sent}.get(inside, []).append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def untranslated(page: str) -> list[str]:
    """Words of ours on a page that are in no brackets of the pseudo language."""
    reader = read(page)
    sent = set(_WORD.findall(" ".join(reader.sent)))
    return _bare(reader.ours) + [word for word in _bare(reader.aloud) if word not in sent]


def _bare(texts: list[str]) -> list[str]:
    text = "\n".join(texts)
    while (shorter := re.sub(r"⟦[^⟦⟧]*⟧", " ", text, flags=re.DOTALL)) != text:
        text = shorter
    return [word for word in _WORD.findall(text) if word not in SAME_EVERYWHERE]


PAGES = (
    "/units", "/beds?unit=4W", "/feeds", "/reads", "/reads?page=9", "/worklist", "/worklist?page=9", "/two-people",
    "/reviews", "/help", "/password", "/reports", "/print?unit=4W", "/printing", "/search", "/nothing", "/refused",
    "/login", "/envelope",
)  # fmt: skip


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A node that speaks the pseudo language where nobody asks for another: full charts, a held feed, a report tied to
    nobody, a message that is not understood."""
    with house(tmp_path_factory.mktemp("ward"), demo=True, languages=(PSEUDO, FRENCH, ENGLISH)) as made:
        now = made.clock.now_us()
        spoken = Hospital(7, beds=8).messages(now - 6 * HOUR_US, now)
        made.journal.append_all([Draft("hl7.received", 1, f"feed:{said.feed}", said.data) for said in spoken])
        made.append(Draft("hl7.received", 1, "feed:odd", b"MSH|^~\\&|nothing that anybody knows"))
        made.append(draft_of(SourceHeld(source="feed:odd", since_us=now, reason="odd", person="nobody"), source="node"))
        made.fold()
        made.print_out("MAR", "MRN: 482193", tied_to=made.patient("4W"))
        made.print_out("Kardex", "MRN: 999999")
        yield made


def opened(ward: House, login: str) -> list[tuple[str, str]]:
    """Every page as this person gets it, allowed or refused: (address, page)."""
    guest, record = ward.in_as(login), ward.deeds.record
    units = [row.unit for row in record.units() if row.unit]
    patients = [row.patient for unit in units for row in record.census(unit) if row.patient]
    charts = [f"/chart/{patient}" for patient in patients[:6]]
    tied, loose = ward.pictures
    beds = [f"/beds?unit={unit.replace(' ', '%20')}" for unit in units[:2]]
    prints = [f"/chart/{ward.patient('4W')}/report/{tied}", f"/reports/{loose}"]
    return [(path, guest.get(path).text) for path in (*PAGES, *beds, *charts, *prints)]


@pytest.mark.parametrize("login", ["physician", "nurse", "privacy", "engineer", "administrator", "clerk"])
def test_no_word_of_ours_goes_past_the_catalogue(ward: House, login: str) -> None:
    pages = opened(ward, login)
    found = {word: path for path, page in pages for word in untranslated(page)}
    assert found == {}
    assert all("⟦" in page for _, page in pages)


def test_the_control_a_word_that_goes_past_the_catalogue_is_found() -> None:
    drawn = environment({}, PSEUDO).from_string('<p aria-label="one">{{ _("two") }} three <bdi>four</bdi></p>').render()
    assert untranslated(drawn) == ["three", "one"]


@pytest.mark.parametrize("login", ["physician", "engineer", "privacy"])
def test_a_french_page_says_no_sentence_in_english(ward: House, login: str) -> None:
    """Every English sentence of the catalogue whose French is another stands on no French page, outside of what a
    sender wrote."""
    guest = ward.in_as(login)
    guest.post("/language", {"language": FRENCH, "next": "/units"})
    english = [text for text in sentences() if len(text.split()) > 1 and tongue(FRENCH).gettext(text) != text]
    assert len(english) > 300
    for path in (*PAGES, f"/chart/{ward.patient('4W')}"):
        page = read(guest.get(path).text)
        shown = "\n".join(page.ours + page.aloud)
        assert [text for text in english if text in shown] == [], path


def sentences() -> list[str]:
    return [message.id for message in words.book() if isinstance(message.id, str) and "%(" not in message.id]


def test_templates_say_only_literal_words_as_markup() -> None:
    """What `_` says counts as markup of ours: a text from elsewhere goes through the pen, which gives text."""
    for path in sorted(TEMPLATES.rglob("*.html")):
        assert re.findall(r"(?<![\w.])_\((?![\"'])", path.read_text("utf-8")) == [], path.name


@pytest.mark.parametrize("language", [ENGLISH, FRENCH, PSEUDO])
def test_a_text_of_somebody_else_is_never_markup_in_any_language(language: str) -> None:
    pen = Pen(0, ZoneInfo("UTC"), language=language)
    drawn = environment({}, language).from_string("{{ pen.word(text) }}|{{ pen.status(text) }}|{{ pen.roles([text]) }}")
    page = drawn.render(pen=pen, text="<b>100 %(x)s\u202e")
    assert "<b>" not in page
    assert "\u202e" not in page
    assert page.count("[U+202E]") == 3


def test_a_refusal_with_gaps_is_told_in_french_with_its_deed() -> None:
    assert said("Your role does not let you print a whole unit.", FRENCH) == (
        "Votre rôle ne vous permet pas ceci : imprimer toute une unité."
    )
    assert said("too many wrong attempts from this device: wait 30 s", FRENCH).endswith("attendez 30 s")
    assert said("<b>nobody said this</b>", FRENCH) == "<b>nobody said this</b>"


def test_whom_nobody_listened_to_is_told_in_every_language_of_the_node() -> None:
    page = Drawer(assets()).slowed((FRENCH, ENGLISH), facility="W", seconds=30, password=True, demo=False).decode()
    assert '<html lang="fr">' in page
    assert "Attendez 30 s" in page
    assert "Wait 30 s" in page


def test_months_ages_and_dates_of_a_french_page() -> None:
    us = int(datetime(2026, 8, 4, 15, 12, tzinfo=UTC).timestamp()) * 1_000_000
    assert wording.moment(us, ZoneInfo("UTC"), FRENCH) == "04-Aoû-2026 15:12"
    assert wording.age(us, us + 76 * HOUR_US, FRENCH) == "3 j 4 h"
    assert wording.birth("1955-02-04", us, ZoneInfo("UTC"), FRENCH) == "04-Fév-1955 (71 ans)"
