"""Searches: whose resources are looked at, which of them match, what comes with them, and where the next page begins.

A page looks at so many resources at most, however little it finds, so no search takes long: it may come back with few
matches, or none, and a link to go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from codedark.actions import read_by_program, search_by_program, serves
from codedark.errors import NotFound
from codedark.fhir import decode, encode
from codedark.views import Held, Whose
from codedark.web.api.asking import Call, Json, Reply
from codedark.web.api.cursors import Cursors, Place
from codedark.web.api.matching import in_time, instant, matches, targets
from codedark.web.api.outcome import Declined, outcome
from codedark.web.api.parameters import BY_TARGET, OWNERS, UNOWNED, owned, references
from codedark.web.api.query import Query, asked, unknown_words

LOOKED_AT = 5_000
"""Resources that one page looks at."""
COMES_WITH = 1_000
"""Resources that come with a page by `_include` and `_revinclude`."""
NOBODY = Whose("", "", (), (0,))
"""What belongs to no patient that the record knows, and may be about one all the same."""
_NAME_ONE = "Name a patient (patient=ID), one resource (_id) or a visit (encounter=ID)."
_WORDS = {"identifier": True, "name": False, "family": False, "given": False, "birthdate": False}


def search(call: Call, type_: str, cursors: Cursors) -> Reply:
    """GET or POST of a type: a searchset Bundle. Raises `Declined`, ActionRefused, AppendFailed."""
    pairs, after, person = call.asked.pairs, 0, call.session.person
    marker = next((value for name, value in pairs if name == "_cursor"), "")
    if marker:
        place = cursors.open(person, type_, marker, call.holdings.state())
        pairs, after = place.pairs, place.after
    query = asked(type_, pairs)
    if query.unknown and call.asked.strict():
        raise Declined(400, "not-supported", unknown_words(query.unknown))
    found, last = _page(call, query, after)
    extra, cut = _with_them(call, query, found)
    notes = [outcome("warning", "not-supported", unknown_words(query.unknown))] if query.unknown else []
    notes += [outcome("warning", "too-costly", "Not all that comes with these matches is here.")] if cut else []
    links = [("self", _self(call, type_, query))]
    if last:
        sealed = cursors.seal(person, type_, Place(call.holdings.state(), tuple(pairs), last))
        links.append(("next", call.link(f"{type_}?_cursor={sealed}")))
    total = len(found) if not last and not after else None
    return Reply(200, bundle(call, found, extra, links, notes, total))


def bundle(
    call: Call, found: Iterable[Held], extra: Iterable[Held], links: Iterable[tuple[str, str]],
    notes: Iterable[Json] = (), total: int | None = None,
) -> bytes:  # fmt: skip
    """A searchset as R4 JSON."""
    head: Json = {"resourceType": "Bundle", "type": "searchset"}
    if total is not None:
        head["total"] = total
    head["link"] = [{"relation": name, "url": url} for name, url in links]
    entries = [entry(call, held, "match") for held in found] + [entry(call, held, "include") for held in extra]
    entries += [b'{"resource":' + encode(note) + b',"search":{"mode":"outcome"}}' for note in notes]
    if not entries:
        return encode(head)  # R4 forbids an empty list
    return encode(head)[:-1] + b',"entry":[' + b",".join(entries) + b"]}"


def entry(call: Call, held: Held, mode: str) -> bytes:
    """One entry of a Bundle, dressed."""
    url = call.link(f"{held.type}/{held.id}")
    said = f',"search":{{"mode":"{mode}"}}' if mode else ""
    return b'{"fullUrl":' + encode(url) + b',"resource":' + dressed(call, held) + said.encode() + b"}"


def dressed(call: Call, held: Held) -> bytes:
    """The resource as it is handed out; a Patient names the records merged into it, or what it was merged into."""
    links: tuple[tuple[str, str], ...] = ()
    if held.type == "Patient" and held.pid:
        whose = call.holdings.whose_row(held.pid)
        if held.id != whose.patient:
            links = ((whose.patient, "replaced-by"),)
        else:
            links = tuple((each, "replaces") for each in whose.absorbed)
    return call.dresser.dress(held, links)


def owner_of(call: Call, held: Held) -> Whose | None:
    """Whose a resource is; None for what is about no patient."""
    if held.pid:
        return call.holdings.whose_row(held.pid)
    return None if held.type in UNOWNED else NOBODY


def _self(call: Call, type_: str, query: Query) -> str:
    """What was understood, by name alone: a value might be a patient's."""
    names = dict.fromkeys([*(each.name for each in query.wishes), *(["patient"] if query.owner else [])])
    return call.link(f"{type_}?" + "&".join(f"{name}=" for name in names) if names else type_)


def _page(call: Call, query: Query, after: int) -> tuple[list[Held], int]:
    """The matches of one page, and the row to go on after (0: there is no more)."""
    if query.type == "Patient" and query.ids is None:
        search_by_program(call.deeds, call.session)
        return _filled(call, query, _patients(call, query, after))
    if query.ids is not None:
        held = [each for each in _named(call, query) if _fits(call, query, each)]
        return held, 0
    if not owned(query.type):
        return _filled(call, query, _read(call, query, call.holdings.nobodys(query.type, after)))
    whose = _owner(call, query)
    if not whose.pids:
        return [], 0
    read_by_program(call.deeds, call.session, [whose])
    return _filled(call, query, _read(call, query, call.holdings.keys(whose.pids, after)))


def _read(call: Call, query: Query, keys: list[int]) -> Iterator[tuple[int, Held | None]]:
    yield from ((held.key, held) for held in call.holdings.read(keys, frozenset({query.type})))


def _patients(call: Call, query: Query, after: int) -> Iterator[tuple[int, Held | None]]:
    """(row number, Patient of a unit that this account serves) in order of the rows."""
    words = " ".join(
        each.values[0].rpartition("|")[2].removeprefix("eq")
        for each in query.wishes
        if each.name in _WORDS and len(each.values) == 1 and each.modifier in ("", "exact") and _exact(each.name, each)
    )
    for pid in call.holdings.people(words, after, LOOKED_AT + 1):
        key = call.holdings.patient_key(pid)
        mine = serves(call.deeds, call.session, call.holdings.whose_row(pid).unit)
        held = next(call.holdings.read([key]), None) if key and mine else None
        yield pid, held


def _exact(name: str, each: Any) -> bool:
    value = each.values[0].removeprefix("eq")
    return name != "birthdate" or (len(value) == 10 and value[:2].isdigit())


def _filled(call: Call, query: Query, candidates: Iterator[tuple[int, Held | None]]) -> tuple[list[Held], int]:
    found: list[Held] = []
    last = 0
    for number, (place, held) in enumerate(candidates):
        if len(found) == query.size or number == LOOKED_AT:
            return found, last
        last = place
        if held is not None and _fits(call, query, held):
            found.append(held)
    return found, 0


def _named(call: Call, query: Query) -> Iterator[Held]:
    """The resources of `_id`, of whoever they are about; each of these patients gets a row in the read log."""
    found, owners = [], {}
    for id_ in (query.ids or ())[: query.size]:
        try:
            held = call.holdings.one(query.type, id_)
        except NotFound:
            continue
        whose = owner_of(call, held)
        if query.owner and (whose is None or not whose.known_as(query.owner)):
            continue
        if whose is not None:
            owners[whose.patient] = whose
        found.append(held)
    read_by_program(call.deeds, call.session, list(owners.values()))
    yield from found


def _owner(call: Call, query: Query) -> Whose:
    try:
        if query.owner:
            return call.holdings.whose(query.owner)
        for each in query.wishes:
            if each.name in ("encounter", "context") and len(each.values) == 1 and not each.modifier:
                visit = call.holdings.one("Encounter", each.values[0].rpartition("/")[2])
                return call.holdings.whose_row(visit.pid) if visit.pid else NOBODY
    except NotFound:
        return Whose("", "", (), ())  # of nobody at all: nothing is found, as for a patient without such resources
    raise Declined(400, "business-rule", _NAME_ONE)


def _fits(call: Call, query: Query, held: Held) -> bool:
    heard = instant(held.recorded_us)
    if not all(any(in_time(heard, each, call.zone) for each in one.split(",")) for one in query.updated):
        return False
    if not query.wishes:
        return True
    body = decode(held.body)
    return all(matches(body, each, call.zone) for each in query.wishes)


def _with_them(call: Call, query: Query, found: list[Held]) -> tuple[list[Held], bool]:
    """What comes with a page, and whether that is not all."""
    if not found or not (query.includes or query.reverse):
        return [], False
    have = {(held.type, held.id) for held in found}
    owners = {whose.patient: whose for held in found if (whose := owner_of(call, held)) is not None}
    if query.type == "Patient" and query.reverse:
        read_by_program(call.deeds, call.session, list(owners.values()))
    pids = {pid for whose in owners.values() for pid in whose.pids}
    extra: list[Held] = []
    for held in (*_included(call, query, found), *_reverse(call, query, found, pids)):
        if (held.type, held.id) in have or not (held.pid in pids or held.type in (*UNOWNED, BY_TARGET)):
            continue
        if len(extra) == COMES_WITH:
            return extra, True
        have.add((held.type, held.id))
        extra.append(held)
    return extra, False


def _included(call: Call, query: Query, found: list[Held]) -> Iterator[Held]:
    for held in found:
        body = decode(held.body)
        for each in query.includes:
            wanted: Iterable[tuple[str, str]] = ()
            if each.name in OWNERS:
                wanted = [("Patient", call.holdings.whose_row(held.pid).patient)] if held.pid else []
            else:
                wanted = targets(body, references(query.type)[each.name])
            for type_, id_ in wanted:
                if each.target in ("", type_):
                    try:
                        yield call.holdings.one(type_, id_)
                    except NotFound:
                        continue


def _reverse(call: Call, query: Query, found: list[Held], pids: set[int]) -> Iterator[Held]:
    have = {(held.type, held.id) for held in found}
    types = frozenset(each.source for each in query.reverse)
    keys = call.holdings.keys(sorted(pids)) if types else []
    if BY_TARGET in types:
        keys = [*call.holdings.nobodys(BY_TARGET)[-LOOKED_AT:], *keys]
    for held in call.holdings.read(keys, types):
        body = decode(held.body)
        for each in query.reverse:
            if each.source != held.type:
                continue
            if each.name in OWNERS:
                owner = query.type == "Patient"
            else:
                owner = bool(have & set(targets(body, references(held.type)[each.name])))
            if owner:
                yield held
