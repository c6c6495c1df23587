"""The file put together: pages sealed one patient at a time, and a shell that opens them. docs/formats/pack-html.md."""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from markupsafe import Markup

from codedark.errors import CannotUnseal
from codedark.paper import comparison_code
from codedark.views import BedRow
from codedark.web import wording
from codedark.web.ink import visible
from codedark.web.unitfile.pages import Pages, inside
from codedark.web.unitfile.request import FileRequest
from codedark.web.unitfile.words import worded

FORMAT = 1
_HERE = Path(__file__).parent
_PART = re.compile(rb'<script type="application/age" id="(index|part-\d{1,4})">([A-Za-z0-9+/=]+)</script>')
_LABEL = re.compile(rb'<script type="text/plain" id="label">([A-Za-z0-9+/=]*)</script>')
_TEST_CARD = "AGE-SECRET-KEY-17THVAMKG5SHRGFUC4N2FK0FJ9DE2U5EUSDHPFD4S3V6UK9E3TL6QXJVKZE"
"""Published: it opens the sentence of the self-test and nothing else."""

Seal = Callable[[bytes], bytes]
"""Seals bytes for the unit's card and the node: age v1, binary."""
Label = Callable[[bytes], str]
"""Who made the file, signed over its sealed index; "" when nobody signs."""


def unsigned(index: bytes) -> str:
    """No label: nobody signs."""
    return ""


@dataclass(frozen=True, slots=True)
class UnitFile:
    """One unit's file. `html`: its bytes; `code`: what the file shows and the printed cover repeats."""

    html: bytes = field(repr=False)
    code: str


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What lies in a file, still sealed: `label` says who made it ("" when nobody signed), `parts` one a patient."""

    index: bytes = field(repr=False)
    parts: tuple[bytes, ...] = field(repr=False)
    label: str


def draw_file(request: FileRequest, seal: Seal, label: Label = unsigned) -> UnitFile:
    """The unit's file, all of it sealed but unit, facility and the two times of its name plate."""
    drawn = [Pages(request, language) for language in request.languages]
    parts = [seal(_packed({pages.pen.language: pages.chart(chart) for pages in drawn})) for chart in request.charts]
    index = seal(_packed(_index(request, drawn, parts)))
    return UnitFile(_shell(request, drawn, index, parts, label(index)), file_code(index))


def file_code(index: bytes) -> str:
    """The code of a file: 80 bits of the SHA-256 of its sealed index, which names the hash of every other part."""
    return comparison_code(sha256(index).hexdigest())


def read_file(html: bytes) -> ReadFile:
    """What is sealed in a file, without any browser. Raises CannotUnseal for what is no such file."""
    label = _LABEL.search(html)
    try:
        found = {name.decode(): b64decode(text, validate=True) for name, text in _PART.findall(html)}
        note = b64decode(label[1], validate=True).decode() if label else ""
    except ValueError:  # base64 or UTF-8 that is none
        found, note = {}, ""
    index = found.pop("index", None)
    if index is None or set(found) != {f"part-{at}" for at in range(len(found))}:
        raise CannotUnseal("this is no single-file pack, or it was changed", hint="Take the file of another round.")
    return ReadFile(index, tuple(found[f"part-{at}"] for at in range(len(found))), note)


def _packed(value: object) -> bytes:
    return gzip.compress(json.dumps(value, ensure_ascii=False, sort_keys=True).encode(), 9, mtime=0)


def _index(request: FileRequest, drawn: Sequence[Pages], parts: Iterable[bytes]) -> dict[str, object]:
    """What the card opens first: the bed list, whom to find where, and the hash of each patient's part."""
    places: dict[str, list[BedRow]] = {}
    for row in request.census:
        places.setdefault(row.patient, []).append(row)
    return {
        "v": FORMAT,
        "plate": _plate(request),
        "asof": None if request.as_of.recorded_at_us is None else request.as_of.recorded_at_us // 1000,
        "trusted": request.as_of.clock_trusted,
        "checkpoint": request.checkpoint_note,
        "state": {pages.pen.language: pages.state() for pages in drawn},
        "running": {pages.pen.language: pages.running() for pages in drawn},
        "beds": {pages.pen.language: pages.beds() for pages in drawn},
        "patients": [
            {
                "id": chart.banner.patient,
                "name": visible(chart.banner.name),
                "head": {pages.pen.language: pages.head(chart.banner) for pages in drawn},
                "find": _found_by(chart.banner.patient, places, request),
                "sha256": sha256(part).hexdigest(),
            }
            for chart, part in zip(request.charts, parts, strict=True)
        ],
    }


def _found_by(patient: str, places: dict[str, list[BedRow]], request: FileRequest) -> str:
    """The words a patient is found by: name, MRN, birth date in both forms, bed."""
    zone = ZoneInfo(request.zone)
    words = [
        word
        for row in places.get(patient, [])
        for word in (
            row.name, row.mrn, row.mrn.replace(" ", ""), row.birth_date,
            wording.birth(row.birth_date, request.made_us, zone), row.room, row.bed,
        )
    ]  # fmt: skip
    return visible(" ".join(dict.fromkeys(words)))


def _plate(request: FileRequest) -> dict[str, object]:
    """What also stands in plain on the shell, and must be the same there."""
    return {
        "unit": visible(request.unit),
        "facility": visible(request.facility),
        "pack": request.pack,
        "made": request.made_us // 1000,
        "until": request.until_us // 1000,
        "demo": request.demo,
    }


def _shell(request: FileRequest, drawn: Sequence[Pages], index: bytes, parts: Sequence[bytes], label: str) -> bytes:
    age = (_HERE / "age" / "age.js").read_text("ascii")
    ours = (_HERE / "unitfile.js").read_text("utf-8")
    style = (_HERE.parent / "static" / "style.css").read_text("utf-8") + (_HERE / "unitfile.css").read_text("utf-8")
    times = {
        pages.pen.language: [pages.pen.moment(request.made_us), pages.pen.moment(request.until_us)] for pages in drawn
    }
    setting = {
        "plate": _plate(request), "times": times, "words": worded(request.languages),
        "languages": list(request.languages), "test": b64encode(_test_sentence()).decode(), "card": _TEST_CARD,
    }  # fmt: skip
    template = inside(request.languages[0]).get_template("file_shell.html")
    return template.render(
        request=request, language=request.languages[0], words=worded(request.languages)[request.languages[0]],
        policy=policy((age, ours), style), style=_ours(style), age=_ours(age), ours=_ours(ours),
        setting=_ours(_data(setting)), index=b64encode(index).decode(), label=b64encode(label.encode()).decode(),
        parts=[b64encode(part).decode() for part in parts],
    ).encode()  # fmt: skip


def policy(scripts: Iterable[str], style: str) -> str:
    """The Content-Security-Policy of a file: these scripts and this style by their hashes, and nothing else at all."""
    allowed = " ".join(_pin(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_pin(style)}; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types codedark-file"
    )


def _pin(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _ours(text: str) -> Markup:
    """A file of our own, or data that `_data` made harmless, as it stands."""
    return Markup(text)  # nosec B704


def _data(value: object) -> str:
    """JSON that cannot end the element it stands in."""
    return json.dumps(value, ensure_ascii=True, sort_keys=True).replace("<", "\\u003c")


def _test_sentence() -> bytes:
    return (_HERE / "test.age").read_bytes()
