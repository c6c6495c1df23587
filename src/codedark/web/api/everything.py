"""`Patient/$everything`: all that is held about one patient, streamed while it is read.

The patient, everything of theirs and of records merged into theirs, then the people, places and medicines that these
point at (R4 4.0.1, operation-patient-everything.html). One state of the record throughout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codedark.actions import read_by_program
from codedark.fhir import encode, is_type
from codedark.views import Held, Whose
from codedark.web.api.asking import Call, Reply
from codedark.web.api.matching import in_time, instant, wish
from codedark.web.api.outcome import Declined
from codedark.web.api.parameters import UNOWNED, Kind, Parameter
from codedark.web.api.query import unknown_words
from codedark.web.api.searching import dressed

CHUNK = 256 * 1024
"""Bytes that are sent at once."""
_POINTS = re.compile(rb'"reference":"(?:[^"]*/)?(' + "|".join(sorted(UNOWNED)).encode() + rb')/([A-Za-z0-9\-.]{1,64})"')
_KNOWN = frozenset({"_type", "_since", "_count", "_format", "_pretty"})


def answer(call: Call, patient: str) -> Reply:
    """The Bundle, made while it is sent. Raises `Declined`, NotFound, ActionRefused, AppendFailed."""
    unknown = [name for name, _ in call.asked.pairs if name not in _KNOWN]
    if unknown and call.asked.strict():
        raise Declined(400, "not-supported", unknown_words(unknown))
    types = frozenset(part for name, value in call.asked.pairs if name == "_type" for part in value.split(","))
    if not all(is_type(each) for each in types):
        raise Declined(400, "invalid", "_type names something else than resource types.")
    since = next((value for name, value in call.asked.pairs if name == "_since"), "")
    if since:
        wish("_since", "", since, Parameter(Kind.DATE, ()))
    whose = call.holdings.whose(patient)
    read_by_program(call.deeds, call.session, [whose])
    return Reply(200, pour=lambda: _chunks(call, whose, types or None, since))


def _chunks(call: Call, whose: Whose, types: frozenset[str] | None, since: str) -> Iterator[bytes]:
    """The Bundle in pieces of about `CHUNK` bytes. Runs in the thread that sends, in one moment of its own."""
    with call.record.at_one_moment():
        link = [{"relation": "self", "url": call.link(f"Patient/{whose.patient}/$everything")}]
        head = encode({"resourceType": "Bundle", "type": "searchset", "link": link})[:-1]
        held, size = [head], len(head)
        before = b',"entry":[{"fullUrl":"'
        for each, mode in _all(call, whose, types, since):
            url = f"{call.link(each.type)}/{each.id}".encode()
            body = dressed(call, each)
            held += (before, url, b'","resource":', body, b',"search":{"mode":"', mode, b'"}}')
            before, size = b',{"fullUrl":"', size + len(body) + 128
            if size > CHUNK:
                yield b"".join(held)
                held, size = [], 0
        held.append(b"}" if before.startswith(b',"entry"') else b"]}")
        yield b"".join(held)


def _all(
    call: Call, whose: Whose, types: frozenset[str] | None, since: str
) -> Iterator[tuple[Held, bytes]]:  # fmt: skip
    points: set[tuple[bytes, bytes]] = set()
    for held in call.holdings.read(call.holdings.keys(whose.pids), types):
        if since and not in_time(instant(held.recorded_us), f"ge{since}", call.zone):
            continue
        points.update(_POINTS.findall(held.body))
        yield held, b"match"
    seen: set[tuple[bytes, bytes]] = set()
    while points:
        ahead, points = sorted(points - seen), set()
        seen.update(ahead)
        for found in call.holdings.named((type_.decode(), id_.decode()) for type_, id_ in ahead):
            if found.pid == 0 and (types is None or found.type in types):
                points.update(set(_POINTS.findall(found.body)) - seen)
                yield found, b"include"
