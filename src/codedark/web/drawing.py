"""Templates to bytes: one compiled environment per process, every expression escaped and made visible ink."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from codedark.access import Permission, Session, approves, may
from codedark.tongue import ENGLISH, LANGUAGES, PSEUDO, tongue
from codedark.web import ink, tables
from codedark.web.folding import folding
from codedark.web.pen import Pen
from codedark.web.state import StateLine

_HERE = Path(__file__).parent
_MEDIA = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_CAN = {
    "search": Permission.SEARCH,
    "locate": Permission.LOCATE,
    "chart": Permission.SEE_CHART,
    "print": Permission.PRINT_UNIT,
    "worklist": Permission.SEE_WORKLIST,
    "decide": Permission.DECIDE_WORKLIST,
    "reads": Permission.SEE_READ_LOG,
    "reports": Permission.RECORD_FACTS,
}
"""What a page offers depends on these; the page functions check again."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One of our own files, held in memory. `tag`: of its bytes, part of its address, so it may be kept forever."""

    body: bytes
    media_type: str
    tag: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every page."""

    facility: str
    demo: bool
    state: StateLine | None
    session: Session | None
    token: str
    path: str
    until: str = ""
    can: frozenset[str] = frozenset()
    """What to offer this session, by the short names the templates use."""
    language: str = ENGLISH
    languages: tuple[str, ...] = ()
    """The language of the page (BCP 47) and those that this node offers."""
    news: str = ""
    """Where this page asks what came since it was drawn; "" where it does not."""


def offers(session: Session | None) -> frozenset[str]:
    """The short names of what this session may do."""
    if session is None:
        return frozenset()
    two = {"two-people"} if session.basis == "password" and approves(session.roles) else set()
    return frozenset(name for name, permission in _CAN.items() if may(session, permission)) | two


def assets() -> dict[str, Asset]:
    """Every file of `static/` by name."""
    found = {}
    for path in sorted((_HERE / "static").iterdir()):
        if path.suffix in _MEDIA:
            body = path.read_bytes()
            found[path.name] = Asset(body, _MEDIA[path.suffix], sha256(body).hexdigest()[:12])
    return found


def beds_path(unit: str) -> str:
    """The address of a unit's bed list. A unit's name is not about a patient."""
    return f"/beds?unit={quote(unit, safe='')}"


def environment(tags: Mapping[str, str], language: str = ENGLISH) -> Environment:
    """The compiled templates of one language. Undefined names are errors; `|safe` appears in no template (a test
    looks)."""
    env = Environment(
        extensions=["jinja2.ext.i18n"],
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        finalize=ink.finalize,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["lines"] = ink.lines
    env.globals.update(
        asset=lambda name: f"/static/{tags[name]}/{name}",
        beds_path=beds_path,
        blocks=tables.blocks,
        has_numbers=tables.has_numbers,
        is_text=tables.is_text,
        trend=tables.trend,
        here="",
        text="",
        unlogged=False,
        languages=LANGUAGES,
    )
    _speak(env, language)
    return env


def _speak(env: Environment, language: str) -> None:
    """Words of our own in the language; what is set into them is escaped and made visible as on the rest of a page."""
    said = tongue(language)
    env.code_generator_class = folding(said)
    env.policies["ext.i18n.trimmed"] = True
    env.newstyle_gettext = True  # type: ignore[attr-defined]  # the extension reads it: parameters come to us whole
    env.globals.update(
        gettext=_filled(said.gettext),
        ngettext=_filled(said.ngettext),
        pgettext=_filled(said.pgettext),
        npgettext=_filled(said.npgettext),
        _=_filled(said.gettext),
    )


def _filled(say: Callable[..., str]) -> Callable[..., Markup]:
    def filled(*words: Any, **held: Any) -> Markup:
        return Markup(say(*words) % {name: _inked(value) for name, value in held.items()})  # nosec B704 - our own words

    return filled


def _inked(value: Any) -> Any:
    return escape(ink.finalize(value)) if not isinstance(value, int | float) else value


@cache
def _compiled(tags: tuple[tuple[str, str], ...], language: str) -> Environment:
    """Once for each process and language, before the first page: compiling takes longer than a page may."""
    env = environment(dict(tags), language)
    for name in env.list_templates():
        env.get_template(name)
    return env


class Drawer:
    """Draws pages. Safe to share between threads: rendering keeps no state."""

    def __init__(self, files: Mapping[str, Asset]) -> None:
        tags = tuple((name, asset.tag) for name, asset in files.items())
        self._envs = {language: _compiled(tags, language) for language in (*LANGUAGES, PSEUDO)}

    def page(self, template: str, context: Mapping[str, Any], frame: Frame, pen: Pen) -> bytes:
        """The page as UTF-8. Lone surrogates were made visible before; nothing here can fail on text."""
        return self._envs[frame.language].get_template(template).render(context, frame=frame, pen=pen).encode()

    def alone(self, template: str, language: str = ENGLISH, **context: object) -> bytes:
        """A page that stands for itself: no record, no session, no patient."""
        return self._envs[language].get_template(template).render(context, language=language).encode()

    def slowed(self, languages: Sequence[str], **context: object) -> bytes:
        """What is said to whom nobody has listened to, so in every language of the node, one below the other."""
        said = [
            (code, Markup(self._envs[code].get_template("slowed_words.html").render(context)))  # nosec B704 - a template
            for code in languages
        ]
        return self.alone("slowed.html", languages[0], said=said, **context)

    def broken(self, number: str, facility: str, language: str = ENGLISH) -> bytes:
        """The page for a failure of our own."""
        return self.alone("broken.html", language, number=number, facility=facility)
