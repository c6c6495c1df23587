"""The read log as FHIR AuditEvents (`actions.audit`, in the shapes of IHE BALP), for who may see it. Looking at it is
in it too, as on the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from codedark.actions import Auditor, audit_events, view_read_log
from codedark.errors import NotFound
from codedark.fhir import encode
from codedark.views import Asked, ReadRow
from codedark.web.api.asking import Call, Reply
from codedark.web.api.matching import in_time, instant, wish
from codedark.web.api.outcome import Declined, lost, outcome
from codedark.web.api.parameters import Kind, Parameter
from codedark.web.api.query import DEFAULT_COUNT, MOST, unknown_words

Json = dict[str, Any]

NEWEST = 20_000
"""So many rows of the log, the newest, one answer looks through; a search goes on behind them with its next page."""
_KNOWN = frozenset({"patient", "agent", "date", "_count", "_format", "_pretty", "_until"})


def answer(call: Call) -> Reply:
    """GET /AuditEvent and /AuditEvent/ID. Raises `Declined`, ActionRefused."""
    if call.asked.method != "GET" or len(call.asked.path) > 2:
        raise Declined(405, "not-supported", "The read log is only read.", (("Allow", "GET, HEAD"),))
    if len(call.asked.path) == 1:
        return _searched(call)
    log, wanted = view_read_log(call.deeds, call.session, NEWEST, Asked(sheets=True)), call.asked.path[1]
    # An event's id holds the place of its row: no other row is told.
    rows = [row for row in log.rows if f"-{row.position}" in wanted or f"-{row.session}" in wanted]
    event = next((each for each in audit_events(rows, Auditor.of(call.record)) if each["id"] == wanted), None)
    if event is None:
        raise lost()
    return Reply(200, encode(event))


def _searched(call: Call) -> Reply:
    unknown = [name for name, _ in call.asked.pairs if name not in _KNOWN]
    if unknown and call.asked.strict():
        raise Declined(400, "not-supported", unknown_words(unknown))
    said = dict(call.asked.pairs)
    dates = [value for name, value in call.asked.pairs if name == "date"]
    for value in dates:
        wish("date", "", value, Parameter(Kind.DATE, ()))
    count, asked = min(_number(said.get("_count", ""), DEFAULT_COUNT) or 1, MOST), _asked(call, said)
    looked, further = reached(view_read_log(call.deeds, call.session, NEWEST, asked).rows, NEWEST)
    rows = [
        row
        for row in looked
        if all(any(in_time(instant(row.recorded_at_us), each, call.zone) for each in one.split(",")) for one in dates)
    ]
    shown = _page(rows, count)
    links = [{"relation": "self", "url": call.link("AuditEvent")}]
    until = shown[-1].recorded_at_us - 1 if len(shown) < len(rows) else further
    if until is not None:
        links.append({"relation": "next", "url": call.link(_following(asked, dates, count, until))})
    entries: list[Json] = [
        {"fullUrl": call.link(f"AuditEvent/{each['id']}"), "resource": each, "search": {"mode": "match"}}
        for each in audit_events(shown, Auditor.of(call.record))
    ]
    if unknown:
        told = outcome("warning", "not-supported", unknown_words(unknown))
        entries.append({"resource": told, "search": {"mode": "outcome"}})
    head = {"resourceType": "Bundle", "type": "searchset", "link": links}
    return Reply(200, encode(head | ({"entry": entries} if entries else {})))


def _asked(call: Call, said: dict[str, str]) -> Asked:
    patient = said.get("patient", "").rpartition("/")[2]
    until = _number(said.get("_until", ""), 0) or None
    try:
        patient = call.holdings.whose(patient).patient if patient else ""
    except NotFound:
        raise lost() from None
    return Asked(person=said.get("agent", "").rpartition("|")[2], patient=patient, until_us=until)


def _page(rows: Sequence[ReadRow], count: int) -> Sequence[ReadRow]:
    """The first `count`, and those of the same moment as the last of them: the next page begins before it."""
    end = count
    while 0 < end < len(rows) and rows[end].recorded_at_us == rows[end - 1].recorded_at_us:
        end += 1
    return rows[:end]


def reached(rows: Sequence[ReadRow], most: int) -> tuple[Sequence[ReadRow], int | None]:
    """What was looked through, newest first, and from which moment (µs UTC, included) a further page looks; None where
    the log ends. The moment at which the look stopped may go on, so all of it is the further page's."""
    if len(rows) < most:
        return rows, None
    last = rows[-1].recorded_at_us
    whole = [row for row in rows if row.recorded_at_us > last]
    return (whole, last) if whole else (rows, last - 1)


def _following(asked: Asked, dates: Sequence[str], count: int, until: int) -> str:
    """The next page by the same wishes: random ids and times, nothing about anybody."""
    named = {"patient": asked.patient, "agent": asked.person}
    kept = [(name, value) for name, value in named.items() if value] + [("date", each) for each in dates]
    return "AuditEvent?" + urlencode([("_count", count), ("_until", until), *kept])


def _number(text: str, plain: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 19 else plain
