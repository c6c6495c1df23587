"""A unit's HTML file as bytes: its size, its policy, its languages, and that no text of others becomes markup in it."""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

from unit_files import CARD, file_request, sealed, unit_file

from codedark.access import unwrapped
from codedark.web import draw_file, read_file

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\u202e"


class Tags(HTMLParser):
    """Every start tag, with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def opened(piece: bytes) -> dict[str, object]:
    loaded: dict[str, object] = json.loads(gzip.decompress(unwrapped([CARD], piece)))
    return loaded


def test_forty_patients_are_far_below_eight_megabytes() -> None:
    made = unit_file(40)
    assert len(read_file(made.html).parts) == 40
    assert len(made.html) < 2_000_000


def test_the_policy_names_exactly_the_scripts_and_the_style_that_are_there() -> None:
    html = unit_file(1).html.decode()
    policy = unescape(re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)[0])
    inline = re.findall(r"<script>(.*?)</script>", html, re.DOTALL) + re.findall(
        r"<style>(.*?)</style>", html, re.DOTALL
    )
    pins = {f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in inline}
    assert len(pins) == 3
    assert set(re.findall(r"'sha256-[^']+'", policy)) == pins
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")


def test_nothing_in_a_file_points_outside_of_it() -> None:
    html = unit_file(2).html
    pages = [page for piece in read_file(html).parts for page in opened(piece).values()]
    beds = opened(read_file(html).index)["beds"]
    assert isinstance(beds, dict)
    for text in (html.decode(), *pages, *beds.values()):
        for tag, attributes in Tags(str(text)).found:
            assert not {"src", "srcset", "action", "style", "onclick", "onerror"} & set(attributes), tag
            assert (attributes.get("href") or "#").startswith(("#", "/")), tag


def test_hostile_names_become_no_markup_in_shell_or_pages() -> None:
    asked = file_request(1)
    banner = replace(asked.charts[0].banner, name=HOSTILE, mrn=HOSTILE)
    hostile = replace(
        asked, unit=HOSTILE, facility=HOSTILE, charts=(replace(asked.charts[0], banner=banner),),
        census=(replace(asked.census[0], name=HOSTILE, unit=HOSTILE),),
    )  # fmt: skip
    html = draw_file(hostile, sealed).html
    plain = draw_file(asked, sealed).html
    tags = [[tag for tag, _ in Tags(each.decode()).found] for each in (html, plain)]
    assert tags[0] == tags[1]
    read = read_file(html)
    index = opened(read.index)
    assert "\u202e" not in json.dumps(index, ensure_ascii=False)
    beds = index["beds"]
    assert isinstance(beds, dict)
    for text in (*opened(read.parts[0]).values(), *beds.values()):
        assert not {"script", "img"} & {tag for tag, _ in Tags(str(text)).found}


def test_a_chart_lies_in_the_file_in_both_languages() -> None:
    pages = opened(read_file(unit_file(1).html).parts[0])
    assert set(pages) == {"en", "fr"}
    assert "No dose was ever heard" in str(pages["en"])
    assert "FADM" in str(pages["fr"])


def test_without_the_node_believing_its_clock_no_age_stands_in_a_file() -> None:
    asked = file_request(1)
    index = opened(
        read_file(draw_file(replace(asked, as_of=replace(asked.as_of, clock_trusted=False)), sealed).html).index
    )
    assert index["trusted"] is False
    trusted = opened(read_file(draw_file(asked, sealed).html).index)
    assert trusted["trusted"] is True, "the control"


def test_the_vendored_bundle_is_the_one_that_is_told(root: Path) -> None:
    """`script/age/build --check` makes it anew where npm is; here its hash stands beside its recipe."""
    bundle = (root / "src/codedark/web/unitfile/age/age.js").read_bytes()
    assert sha256(bundle).hexdigest() in (root / "docs/formats/pack-html.md").read_text("utf-8")
