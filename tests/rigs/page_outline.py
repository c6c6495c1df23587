"""A page as a browser takes it apart: elements, attributes, addresses, and the text a person reads."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hostile_text import HIDDEN, SECRET, STACKED

_PICTURE = ("data:image/svg+xml", "data:image/png;base64,")
_OWN = re.compile(r"(/[a-z]|/$|#|\?)|data:image/(svg\+xml|png;base64)")
_ADDRESSES = frozenset(
    {"href", "src", "action", "formaction", "srcset", "poster", "data", "background", "cite", "ping"}
)
_FORBIDDEN = frozenset({"iframe", "style", "object", "embed", "base", "svg", "math", "video", "audio", "link", "meta"})
_TREND = {"class": "spark", "viewbox": "0 0 96 20", "aria-hidden": "true"}
"""Our own small line of a trend; its points are numbers that we computed."""
_LINES = frozenset({"p", "td", "th", "tr", "li", "h1", "h2", "h3", "br", "div", "dd", "dt", "article", "section"})


class Outline(HTMLParser):
    """`scripts`: sources of script elements; `complaints`: what must not be there; `text`: what is read."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.complaints: list[str] = []
        self._text: list[str] = []
        self._head = True
        self.feed(page)
        self.text = "".join(self._text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._head = self._head and tag != "body"
        if tag == "script":
            self.scripts.append(dict(attrs).get("src") or "inline")
        trend = tag == "svg" and dict(attrs) == _TREND
        if tag in _FORBIDDEN and not self._head and not trend:
            self.complaints.append(f"<{tag}>")
        if tag == "img" and not (dict(attrs).get("src") or "").startswith(_PICTURE):
            self.complaints.append("<img>")
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.complaints.append(f"{tag} {name}=")
            if name in _ADDRESSES and not _OWN.match(value or "/"):
                self.complaints.append(f"{tag} {name}={value}")
        if tag in _LINES:
            self._text.append("\n")

    def handle_data(self, data: str) -> None:
        self._text.append(data)


def complaints(page: str) -> list[str]:
    """Everything about a page that must not be so; empty when outside text is data on it."""
    outline = Outline(page)
    found = list(outline.complaints)
    if len(outline.scripts) > 1 or not all(source.startswith("/static/") for source in outline.scripts):
        found.append(f"scripts {outline.scripts}")
    found += [f"hidden U+{ord(char[0]):04X}" for char in HIDDEN.finditer(page)]
    found += ["a pile of accents"] if STACKED.search(page) else []
    found += ["a file was read"] if SECRET in page else []
    return found
