"""The EHR's own print reports, read: which pages are whose, what kind they are, when they were printed. Pure.

The text came out of the cage with the place of each word. Lines are put together again, and the site's patterns look
for what a report says of itself. Nothing is guessed: a page that names two patients, or none, is tied to nobody here.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

from codedark.entries.facts import Fact, Interpretation, Op, Problem, Site, Standing, Understood, rank
from codedark.entries.identity import place_id
from codedark.entries.moments import Moment, moment, put_time
from codedark.entries.payloads import ReportReceived, ReportTied, ReportWord
from codedark.journal import Entry

REPORT_SYSTEM = "urn:codedark:print-report"
PAGES, PRINTED, SAYS, UNIT, KEPT = (
    f"urn:codedark:report-{each}" for each in ("pages", "printed", "says", "unit", "kept")
)
KINDS = ("mar", "kardex", "census")
REPORT_TITLES = {"mar": "MAR", "kardex": "Kardex", "census": "Census", "other": "Report"}

_DATE = (
    r"\d{4}-\d\d-\d\d|\d{1,2}[-/ ][A-Za-z]{3,9}[-/ ,]+\d{4}|[A-Za-z]{3,9} \d{1,2},? \d{4}"
    r"|\d{1,2}[/.-]\d{1,2}[/.-]\d{4}"
)
_TIME = r"\d{1,2}:\d\d(?::\d\d)?(?: ?[AaPp]\.?[Mm]\.?)?"
_NUMBER = r"([A-Za-z0-9][A-Za-z0-9-]{1,24})"
_WORDS = r"([^:]+?)(?=\s{2,}|$)"
PATTERNS = {
    "mrn": rf"\b(?:MRN|MR ?#|Medical Record (?:No\.?|Number|#))\s*[:#]?\s*{_NUMBER}",
    "visit": rf"\b(?:CSN|FIN|Visit|Encounter|Acct|Account)(?: ?(?:No\.?|Number|#))?\s*[:#]\s*{_NUMBER}",
    "birth": rf"\b(?:DOB|D\.O\.B\.|Birth ?date|Date of Birth|Born)\s*:?\s*({_DATE})",
    "name": rf"\b(?:Patient(?: Name)?|Name)\s*:\s*{_WORDS}",
    "unit": rf"\b(?:Unit|Ward|Department)\s*:\s*{_WORDS}",
    "printed": rf"\b(?:Printed|Print (?:date|time)|Run)(?: on| at)?\s*:?\s*((?:{_DATE})[ T,]+(?:at )?{_TIME})",
    "mar": r"\bMedication Administration Record\b|^\s*(?-i:MAR)\b(?!-)|(?<![\d-])\b(?-i:MAR) (?:Report|Summary)\b",
    "kardex": r"\bKardex\b",
    "census": r"\b(?:Census|Bed Board|Patient List)\b",
}
"""What a report's own words look like; a site's setting `reports.patterns` replaces single ones. One group each, but
for the kinds. Matched line by line; two spaces stand for a wide gap."""

_LINE, _TITLE = 2_000, 12
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class Says:
    """What pages say of themselves. `mrns`, `visits`, `names`, `births`: each distinct value; births as ISO dates."""

    mrns: frozenset[str] = frozenset()
    visits: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    births: frozenset[str] = frozenset()
    unit: str = ""
    kind: str = ""
    printed: str = ""

    @property
    def identified(self) -> bool:
        """Whether there is a number, or a name with a birth date."""
        return bool(self.mrns or self.visits or (self.names and self.births))

    @property
    def several(self) -> bool:
        """Whether more than one person is named."""
        return max(map(len, (self.mrns, self.visits, self.names, self.births))) > 1


@dataclass(frozen=True, slots=True)
class Stretch:
    """Pages of one report that belong together. `first`, `last` from 1; `problem`: why they are nobody's."""

    first: int
    last: int
    says: Says
    problem: str = ""

    @property
    def path(self) -> str:
        """Where in the entry."""
        return f"page {self.first}" if self.first == self.last else f"pages {self.first}-{self.last}"


def lines_of(words: Sequence[ReportWord]) -> list[str]:
    """Words of a page as lines from the top; a gap wider than two letters becomes two spaces."""
    rows: list[list[ReportWord]] = []
    for word in sorted(words, key=lambda word: ((word.top + word.bottom) / 2, word.left)):
        middle = (word.top + word.bottom) / 2
        if rows and rows[-1][0].top - 1 <= middle <= rows[-1][0].bottom + 1:
            rows[-1].append(word)
        else:
            rows.append([word])
    return [_joined(sorted(row, key=lambda word: word.left))[:_LINE] for row in rows]


def _joined(row: Sequence[ReportWord]) -> str:
    text = row[0].text
    for before, word in pairwise(row):
        wide = word.left - before.right > 0.9 * max(word.bottom - word.top, 4)
        text += ("  " if wide else " ") + word.text
    return text


def stretches(pages: Sequence[Sequence[ReportWord]], patterns: Mapping[str, str], order: str = "") -> list[Stretch]:
    """The pages of a file cut where the patient changes. `order`: "mdy" or "dmy" for dates of numbers only."""
    said = [_says(lines_of(words), patterns, order) for words in pages]
    kind = next((each.kind for each in said if each.kind), "")
    whole = [replace(each, kind=each.kind or kind) for each in said]
    if whole and whole[0].kind == "census":
        return [Stretch(1, len(whole), _together(whole))]
    return list(_cut(whole))


def _cut(said: Sequence[Says]) -> Iterator[Stretch]:
    """One stretch for each run of one person. A page that names nobody belongs to the person of the file only when the
    first page names one and no page names another."""
    people = {_who(each) for each in said if each.identified and not each.several}
    one = bool(said) and said[0].identified and len(people) == 1 and not any(each.several for each in said)
    start = 0
    for index in range(1, len(said) + 1):
        if index < len(said) and (one or (said[index].identified and _who(said[index]) == _who(said[start]))):
            continue
        yield _stretch(start, index, said)
        start = index


def _stretch(start: int, end: int, said: Sequence[Says]) -> Stretch:
    says = _together(said[start:end])
    if any(each.several for each in said[start:end]):
        return Stretch(start + 1, end, says, "names more than one patient")
    if not says.identified:
        return Stretch(start + 1, end, says, "names no patient by number, or by name and birth date")
    return Stretch(start + 1, end, says)


def _who(says: Says) -> tuple[frozenset[str], ...]:
    return (says.mrns,) if says.mrns else (says.visits,) if says.visits else (says.names, says.births)


def _together(said: Sequence[Says]) -> Says:
    def every(name: str) -> frozenset[str]:
        return frozenset().union(*(getattr(each, name) for each in said))

    def first(name: str) -> str:
        return next((getattr(each, name) for each in said if getattr(each, name)), "")

    sets = {name: every(name) for name in ("mrns", "visits", "names", "births")}
    return Says(**sets, unit=first("unit"), kind=first("kind"), printed=first("printed"))


def _says(lines: Sequence[str], patterns: Mapping[str, str], order: str) -> Says:
    found = {name: _found(name, patterns, lines) for name in ("mrn", "visit", "name", "birth", "unit", "printed")}
    kinds = [kind for line in lines[:_TITLE] for kind in KINDS if _compiled(patterns[kind]).search(line)]
    births = {date for text in found["birth"] if (date := date_of(text, order))}
    return Says(
        mrns=frozenset(found["mrn"]),
        visits=frozenset(found["visit"]),
        names=frozenset(" ".join(name.split()) for name in found["name"]),
        births=frozenset(births),
        unit=next(iter(found["unit"]), "").strip(),
        kind=kinds[0] if kinds else "",
        printed=next(iter(found["printed"]), ""),
    )


def _found(name: str, patterns: Mapping[str, str], lines: Sequence[str]) -> list[str]:
    pattern = _compiled(patterns[name])
    return list(
        dict.fromkeys(match[1].strip() for line in lines for match in pattern.finditer(line) if match[1].strip())
    )


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def patterns_complaint(value: object) -> str:
    """Why this is no setting `reports.patterns` ("" = it is one)."""
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        return "maps the name of a pattern to a regular expression"
    for name, pattern in value.items():
        if name not in PATTERNS:
            return f"has no pattern named {name!r}; there are {', '.join(PATTERNS)}"
        try:
            groups = re.compile(pattern).groups
        except re.error as error:
            return f"{name} is no regular expression: {error}"
        if name not in KINDS and groups != 1:
            return f"{name} needs exactly one group in parentheses"
    return ""


def date_of(text: str, order: str = "") -> str:
    """An ISO date, or "" when it is none or could be two: 03/04/1970 is one only where the site's `order` says."""
    parts = re.findall(r"\d+|[A-Za-z]+", text)
    if len(parts) < 3:
        return ""
    a, b, c = parts[:3]
    if len(a) == 4:
        return _date(a, b, c)
    if b.isalpha():
        return _date(c, _month(b), a)
    if a.isalpha():
        return _date(c, _month(a), b)
    if order == "mdy" or (not order and int(b) > 12):
        return _date(c, a, b)
    if order == "dmy" or int(a) > 12:
        return _date(c, b, a)
    return _date(c, a, b) if a == b else ""


def _month(name: str) -> str:
    short = name[:3].lower()
    return str(_MONTHS.index(short) + 1) if short in _MONTHS else "0"


def _date(year: str, month: str, day: str) -> str:
    try:
        return dt.date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return ""


def printed_moment(text: str, zone: str, order: str = "") -> Moment | None:
    """When a report says it was printed; None when it says nothing that is one time."""
    date = date_of(text, order)
    time = re.search(r"(\d{1,2}):(\d\d)(?::(\d\d))?(?: ?([AaPp])\.?[Mm])?\.?\s*$", text.strip())
    if not date or time is None:
        return None
    hour = int(time[1]) % 12 + (12 if time[4].lower() == "p" else 0) if time[4] else int(time[1])
    found = moment(f"{date.replace('-', '')}{hour:02d}{time[2]}{time[3] or ''}", zone)
    return None if found.problem else found._replace(text=text)


def interpret_report(report: ReportReceived, entry: Entry, site: Site, origin: bytes, position: int) -> Interpretation:
    """One DocumentReference for each stretch of pages: of nobody yet, since whose it is takes the record to say.

    `entry`: what the report came in; it stays named in the document whoever speaks about it later."""
    if report.unread:
        hint = "The original is kept; print it again, or open it on a machine that is not the node."
        problem = Problem("", f"a print report could not be opened: {report.unread}", hint)
        return Interpretation(problems=(problem,), understood=Understood.KEPT, message_type="print report")
    patterns = {**PATTERNS, **site.reports.patterns}
    found = stretches([page.words for page in report.pages], patterns, site.reports.order)
    kept = f"{entry.position} {entry.recorded_at_us} {entry.source}"
    facts = tuple(_fact(stretch, report, kept, site, origin, position) for stretch in found)
    return Interpretation(facts, message_type="print report")


def _fact(stretch: Stretch, report: ReportReceived, kept: str, site: Site, origin: bytes, position: int) -> Fact:
    own = place_id(site.facility, "DocumentReference", origin, position, stretch.path)
    kind = stretch.says.kind or "other"
    printed = printed_moment(stretch.says.printed, site.zone, site.reports.order) if stretch.says.printed else None
    body: dict[str, Any] = {
        "status": "current",
        "category": [{"coding": [{"system": REPORT_SYSTEM, "code": kind}]}],
        "description": REPORT_TITLES[kind],
        "content": [{"attachment": {"contentType": "application/pdf"}}],
        "extension": [{"url": KEPT, "valueString": kept}, *_extensions(stretch, printed is not None)],
    }
    if printed is not None:
        put_time(body, "date", printed)
    else:
        body["date"] = _iso(report.file_us)
    return Fact(
        stretch.path, Op.PUT, "DocumentReference", own, None, body, rank(Standing.PLAIN, None, 0, stretch.path),
        printed.at_us if printed else report.file_us,
    )  # fmt: skip


def _extensions(stretch: Stretch, stated: bool) -> Iterator[dict[str, Any]]:
    says = stretch.says
    yield {"url": PAGES, "valueString": f"{stretch.first}-{stretch.last}"}
    yield {"url": PRINTED, "valueString": "stated" if stated else "file"}
    if says.unit:
        yield {"url": UNIT, "valueString": says.unit}
    if stretch.problem:
        yield {"url": f"{SAYS}-problem", "valueString": stretch.problem}
        return
    for name in ("mrns", "visits", "names", "births"):
        for value in sorted(getattr(says, name)) if says.kind != "census" else ():
            yield {"url": f"{SAYS}-{name}", "valueString": value}


def _iso(at_us: int) -> str:
    return dt.datetime.fromtimestamp(at_us // 1_000_000, dt.UTC).isoformat(timespec="seconds")


def interpret_tie(tie: ReportTied, recorded_at_us: int) -> Interpretation:
    """Whose a report is: the newest word holds, and a person's holds against the node's."""
    standing = Standing.CORRECTED if tie.person else Standing.PLAIN
    body: dict[str, Any] = {"subject": {"reference": f"Patient/{tie.patient}"}} if tie.patient else {}
    cleared = () if tie.patient else ("subject",)
    fact = Fact(
        "tie", Op.PATCH, "DocumentReference", tie.report, tie.patient or None, body,
        rank(standing, recorded_at_us, 0, "tie"), recorded_at_us, cleared,
    )  # fmt: skip
    return Interpretation((fact,), message_type="report tied", topics=frozenset(), via=tie.source)
