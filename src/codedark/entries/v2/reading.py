"""One message being read: who it is about, when it was said, and the facts and problems found so far."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any, NamedTuple

from codedark.entries.datatypes import Codes, Json, Rep, authority_name, concept, part, split_field
from codedark.entries.facts import Fact, Op, Problem, Site, Standing, rank
from codedark.entries.identity import business_id, words_of
from codedark.entries.moments import Moment, moment, put_time
from codedark.hl7 import NULL, Delimiters, Message, Segment

CHARSET_DOUBTFUL = "urn:codedark:charset-doubtful"
_HEARSAY_US = 1 << 61
"""How far below every first-hand claim a second-hand one ranks: what an ORU says of the bed counts only while no ADT
message has named one, yet the later of two ORUs still wins. Far more than any span of time."""

_SHORT = 200
"""Longer fields are texts: they do not come back, so they are not remembered."""


class Memory:
    """What the PID and PV1 of orders and results meant: they repeat, unchanged, in every message about a patient.

    Holds pure results of one site's settings, so forgetting or keeping them changes nothing but the time it takes.
    """

    LIMIT = 16_384

    def __init__(self) -> None:
        self._site: Site | None = None
        self._meant: dict[tuple[object, ...], tuple[str, Json, tuple[str, ...]]] = {}

    def of(self, site: Site) -> dict[tuple[object, ...], tuple[str, Json, tuple[str, ...]]]:
        """(id, body, cleared) by what was read, for these settings."""
        if (site is not self._site and site != self._site) or len(self._meant) > self.LIMIT:
            self._meant = {}
        self._site = site
        return self._meant


_MEMORY = Memory()


class Specimens(NamedTuple):
    """What a group of segments says of its specimens. `first`: id of the first Specimen, "" when there is none;
    `by_number`: every id by the number (SPM-2) it was named with; `rejected`: why the laboratory could not use one."""

    first: str = ""
    by_number: dict[str, str] | None = None
    rejected: tuple[str, ...] = ()


class Reading:
    """The state of one interpretation. `within`: begins every path, "" for a message that came alone; `patient`,
    `encounter`: ids of the group being read; `said_us`: MSH-7, µs UTC; `first_hand`: the message is the authority on
    who and where (ADT); `orders`: id of each order claimed so far, and what it is for; `specimens`: those claimed so
    far, by the path of their first SPM; `results`: how often each id of a result or report was claimed; `named`: (id,
    body) of results by OBX-3 and OBX-4, for the panels made of them; `whole`: make also what no view reads (the order
    behind a report that nobody placed here): for exports and comparisons, never for the fold, which would pay for it.
    """

    def __init__(self, message: Message, site: Site, origin: bytes, position: int, within: str = "") -> None:
        self.message = message
        self.site = site
        self.origin = origin
        self.position = position
        self.within = within
        self.facts: list[Fact] = []
        self.problems: list[Problem] = []
        self.topics: set[str] = set()
        self.patient: str | None = None
        self.encounter: str | None = None
        self.first_hand = self.whole = False
        self.orders: dict[str, str] = {}
        self.specimens: dict[str, Specimens] = {}
        self.results: dict[str, int] = {}
        self.named: dict[tuple[str, str], tuple[str, Json]] = {}
        self.memory = _MEMORY.of(site)
        self._words = ""
        header = message.header
        self.trigger = header.text(9, 1, 2) or message_trigger(message)
        self.family = header.text(9)
        self.sender = "/".join(name for name in (header.text(3), header.text(4)) if name)
        self.said_us = self._said()
        # Two claims of one time: the later message wins, then MSH-13, then the control id. Never the order of arrival.
        self._tie = f"{self.said_us or 0:020d} {_whole(header.text(13)):020d} {header.text(10)}"

    def _said(self) -> int | None:
        for name, number in (("MSH", 7), ("EVN", 2)):
            segment = self.message.get(name)
            text = segment.text(number) if segment is not None else ""
            if text and text != NULL:
                when = moment(text, self.site.zone)
                if not when.problem:
                    return when.at_us
        return None

    def codes(self, table: str) -> Codes | None:
        """The site's translations of local codes in one table, or None."""
        return self.site.codes.get(table)

    def rank(self, standing: Standing = Standing.PLAIN, at_us: int | None = None, *, hearsay: bool = False) -> bytes:
        """The rank of a claim of this message; `at_us`: the event's own time, else MSH-7."""
        at = self.said_us if at_us is None else at_us
        if hearsay:
            at = None if at is None else at - _HEARSAY_US
        return rank(standing, at, 0, self._tie)

    def claim(
        self,
        path: str,
        kind: str,
        identity: str,
        body: Json,
        *,
        ranked: bytes | None = None,
        at_us: int | None = None,
        op: Op = Op.PATCH,
        patient: str | None = None,
        cleared: tuple[str, ...] = (),
    ) -> None:
        """Add one fact; it belongs to the patient being read unless `patient` says otherwise."""
        self.facts.append(
            Fact(
                path=self.within + path,
                op=op,
                type=kind,
                id=identity,
                patient=self.patient if patient is None else patient,
                body=doubted(body, self.message.doubt) if self.message.doubt else body,
                rank=self.rank() if ranked is None else ranked,
                claimed_at_us=self.said_us if at_us is None else at_us,
                cleared=cleared,
            )
        )

    def problem(self, path: str, reason: str, *, hint: str = "", kind: str = "") -> None:
        """Put one thing that was not understood on the worklist. No content of the message in `reason`."""
        self.problems.append(Problem(self.within + path, reason, hint, self.patient, kind))

    def authority(self, rep: Rep, component: int) -> str:
        """The assigning authority of an identifier, under the name the site gives it; the site's own when absent."""
        return self.site_authority(authority_name(rep, component)) or self.site.authority

    def site_authority(self, name: str) -> str:
        """`name`, or what `site.codes["authority"]` calls it: so that two spellings are one authority."""
        known = self.site.codes.get("authority")
        return known[name][0] if known and name in known else name

    def id_of(self, kind: str, authority: str, value: str) -> str:
        """The id of what `authority` calls `value`."""
        return business_id(self.site.facility, kind, authority, value)

    def id_of_place(self, kind: str, path: str) -> str:
        """The id of what nobody named: its place in these very words. The same message from a second feed, in a batch
        or at another position names the same thing: a duplicate is never a second patient, dose or result."""
        if not self._words:
            self._words = words_of(segment.raw for segment in self.message.segments)
        return business_id(self.site.facility, kind, f"message {self._words}", path)

    def pointer(self, path: str) -> str:
        """The address of a field of this message in the journal. Nothing follows it but codedark itself."""
        return f"urn:codedark:entry:{self.origin.hex()}/{self.position}#{self.within}{path}"

    def moment(self, segment: Segment, number: int, rep: int = 1, comp: int = 1) -> Moment | None:
        """The time in a field, None when absent. An impossible one goes to the worklist and is not used."""
        if not segment.field(number):
            return None
        text = segment.text(number, rep, comp).strip()
        if not text or text == NULL:
            return None
        when = moment(text, self.site.zone)
        if when.problem:
            self.problem(f"{segment.path}.{number}", f"{when.problem} in {segment.name}-{number}", hint=_TIME_HINT)
            return None
        return when

    def put(self, body: Json, name: str, segment: Segment, number: int, *, instant: bool = False) -> Moment | None:
        """Set `name` in `body` to the time in a field, when there is one."""
        when = self.moment(segment, number)
        put_time(body, name, when, instant=instant)
        return when

    def subject(self, body: Json, field: str = "subject", encounter: str = "encounter") -> Json:
        """Name the patient and the visit in `body`, where they are known."""
        if self.patient:
            body[field] = {"reference": f"Patient/{self.patient}"}
        if encounter and self.encounter:
            body[encounter] = {"reference": f"Encounter/{self.encounter}"}
        return body


def doubted(body: Json, why: str) -> Json:
    """The same, and beside each text with other characters than ASCII why they may be wrong (R4, extensions of
    primitives: `_family`, `_given`)."""
    out: Json = {}
    mark = {"extension": [{"url": CHARSET_DOUBTFUL, "valueString": why}]}
    for key, value in body.items():
        out[key] = value
        if isinstance(value, dict):
            out[key] = doubted(value, why)
        elif isinstance(value, str) and not (_written(value) if key == "data" else value).isascii():
            out["_" + key] = mark
        elif isinstance(value, list):
            out[key] = [doubted(each, why) if isinstance(each, dict) else each for each in value]
            marks = [mark if isinstance(each, str) and not each.isascii() else None for each in value]
            if any(marks):
                out["_" + key] = marks
    return out


def _written(data: str) -> str:
    """The text of an attachment that we encoded ourselves (base64 of UTF-8); of any other nothing."""
    try:
        return base64.b64decode(data).decode("utf-8")
    except ValueError:
        return ""


_TIME_HINT = "The time was left out; ask the sender's interface engineer what it means."


def message_trigger(message: Message) -> str:
    """The trigger where MSH-9.2 does not say it: EVN-1, or the second half of an MSH-9.1 like "ADT_A01"."""
    event = message.get("EVN")
    first = message.header.text(9)
    return (event.text(1) if event is not None else "") or first.partition("_")[2] or first.partition("-")[2]


def null(segment: Segment, number: int) -> bool:
    """True when the sender deletes the field: it is `""`."""
    return segment.field(number) == NULL


def reps(segment: Segment, number: int) -> tuple[Rep, ...]:
    """The repetitions of a field; none when it is empty or null. The same text gives the same tuples: never change
    what is made of them."""
    value = segment.field(number)
    if not value or value == NULL:
        return ()
    if len(value) > _SHORT:
        return split_field(value, segment.delimiters, segment.codec)
    return _remembered(value, segment.delimiters, segment.codec)


@lru_cache(maxsize=32_768)
def _remembered(value: str, delimiters: Delimiters, codec: str) -> tuple[Rep, ...]:
    return split_field(value, delimiters, codec)


def first_rep(segment: Segment, number: int) -> Rep:
    """The first repetition of a field, or an empty one."""
    found = reps(segment, number)
    return found[0] if found else ()


def concepts(segment: Segment, number: int) -> list[Json]:
    """Every repetition of a coded field that says something, as CodeableConcept."""
    return [each for each in (concept(rep) for rep in reps(segment, number)) if each]


def is_valued(segment: Segment, number: int) -> bool:
    """True when the field says something: neither empty nor `""`."""
    value = segment.field(number)
    return bool(value) and value != NULL


def put_all(body: Json, cleared: list[str], name: str, segment: Segment, number: int, values: list[Any]) -> None:
    """Set a list field when it has values; a null field is cleared, an empty one left alone."""
    if values:
        body[name] = values
    elif null(segment, number):
        cleared.append(name)


def text_of(segment: Segment, number: int) -> str:
    """A field as one text, null as empty."""
    value = segment.text(number)
    if not value:
        return ""
    value = value.strip()
    return "" if value == NULL else value


def order_number(reading: Reading, segment: Segment, number: int) -> tuple[str, str]:
    """(authority, value) of an order number (EI), ("", "") when absent."""
    rep = first_rep(segment, number)
    value = part(rep, 1) if rep else ""
    if not value:
        return "", ""
    return reading.site_authority(part(rep, 2) or part(rep, 3)), value


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
