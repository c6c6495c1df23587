"""What changed in the EHR since we last asked: its history, and the numbered events of a subscription.

Events are proved whole by their numbers: the server says how many there were, and each number must be here. A number
that is missing, a subscription that began anew, or an event that does not bring its resource is a gap; a gap is closed
by the history, which says everything since an instant. Until it is closed, the next run asks for the same again.

Sources: R4 4.0.1, http.html#history; Subscriptions R5 Backport 1.1.0, operations `$status` and `$events` (status as
Parameters in R4, as SubscriptionStatus in R4B).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode, urljoin

import msgspec

from codedark.ehr.export import complaint
from codedark.ehr.manifest import is_instant
from codedark.ehr.server import EhrServer
from codedark.errors import EhrRefused, Unparsable
from codedark.fhir import bundle_lines, decode, encode, parse_reference

OVERLAP = dt.timedelta(seconds=120)
"""Asked for again each time: a server may show a change later than the instant it wrote on it."""
_PAGES = 10_000
_COUNT = 500
_LONGEST = 4096
"""Of an address: a relative one that leads to itself grows."""
_MOST_EVENTS = 20_000
_STATUS_TYPES = ("Parameters", "SubscriptionStatus")
_EPOCH = "1970-01-01T00:00:00Z"


class Place(msgspec.Struct, omit_defaults=True):
    """How far we are. `since`: everything before this instant of the server is here; `seen`: marks of the versions
    within the overlap; `event`: the last event number that is here, -1 = none is known."""

    since: str = ""
    seen: tuple[str, ...] = ()
    event: int = -1


class Page(NamedTuple):
    """One page to keep. `name`: of its content, so that the same page again is the same; `resources`: NDJSON;
    `deletions`: one Bundle of deletions in a line, or b""; `as_of`: for those that say no time; `dateless`: some of the
    resources say none."""

    name: str
    resources: bytes
    deletions: bytes
    as_of: str
    dateless: bool = False


class Changes(NamedTuple):
    """What a round found. `missing`: event numbers that did not come as events; `by_history`: the history was asked."""

    place: Place
    events: int
    missing: tuple[int, ...]
    by_history: bool


Take = Callable[[Page], None]
"""Keeps one page; durable when it returns."""


class Follower:
    """Asks one server. `types`: whose history is asked, none = the whole system's; `subscription`: its id, or ""."""

    def __init__(self, server: EhrServer, take: Take, types: tuple[str, ...] = (), subscription: str = "") -> None:
        self._server = server
        self._take = take
        self._types = types
        self._subscription = subscription

    def round(self, place: Place) -> Changes:
        """Everything since `place`, and the place after it. Raises EhrRefused, EhrSilent, and what `take` raises:
        then nothing is lost when the same place is asked from again."""
        if not self._subscription:
            return Changes(self._history(place, place.event), 0, (), True)
        total = self._total()
        if place.event < 0 or not 0 <= total - place.event <= _MOST_EVENTS:
            # Nothing can be said of numbers before ours began, of a subscription that began anew, or of so many.
            return Changes(self._history(place, total), 0, (), True)
        missing = tuple(sorted(set(range(place.event + 1, total + 1)) - self._events(place.event + 1, total)))
        came = total - place.event - len(missing)
        if missing:
            return Changes(self._history(place, total), came, missing, True)
        return Changes(msgspec.structs.replace(place, event=total), came, (), False)

    def _total(self) -> int:
        """How many events there were since the subscription began."""
        told = self._bundle(f"Subscription/{self._subscription}/$status")
        for each in _resources(told):
            found = _status(each)
            if found is not None:
                return found[0]
        raise EhrRefused("the EHR does not say how many events its subscription had")

    def _events(self, first: int, last: int) -> set[int]:
        """The numbers from `first` to `last` that came, each with the resource it is about; those are kept."""
        here: set[int] = set()
        wanted = set(range(first, last + 1))
        for _ in range(2):  # what did not come is asked for once more
            if not wanted - here:
                break
            low, high = min(wanted - here), max(wanted - here)
            query = urlencode({"eventsSinceNumber": low, "eventsUntilNumber": high, "content": "full-resource"})
            told = self._bundle(f"Subscription/{self._subscription}/$events?{query}")
            self._keep(told, lambda entry: _kind(entry) not in _STATUS_TYPES)
            there = _subjects(told)
            for status in filter(None, map(_status, _resources(told))):
                here |= {number for number, focus in status[1].items() if focus in there} & wanted
        return here

    def _history(self, place: Place, event: int) -> Place:
        since = _earlier(place.since) if place.since else _EPOCH
        known, marks, answered = set(place.seen), dict[str, str](), list[str]()
        for start in [f"{kind}/_history" for kind in self._types] or ["_history"]:
            for number, page in enumerate(self._pages(f"{start}?{urlencode({'_since': since, '_count': _COUNT})}")):
                self._keep(page, lambda entry: _mark(entry) not in known)
                marks |= {_mark(each): _instant(each) for each in _entries(page)}
                if number == 0:
                    answered.append(_lasted(page))
        # Of several histories the one answered first counts. A server that dates no answer is believed up to the
        # newest change it showed.
        after = min(answered, key=_moment) or max(marks.values(), key=_moment, default="")
        after = max(after, place.since, key=_moment)
        edge = _moment(after) - OVERLAP.total_seconds()
        # What says no time comes whenever it is asked for: its mark stays.
        seen = sorted(mark for mark, at in marks.items() if not at or _moment(at) >= edge)
        return Place(after, tuple(seen), event)

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        url, asked = self._server.address(path), set[str]()
        while url:
            if url in asked or len(asked) >= _PAGES or len(url) > _LONGEST:
                raise EhrRefused("the pages of the EHR's history have no end")
            asked.add(url)
            page = self._bundle(url)
            yield page
            links = page.get("link")
            following = [each.get("url") for each in links if each.get("relation") == "next"] if links else []
            url = self._server.address(urljoin(url, str(following[0]))) if following else ""

    def _bundle(self, path: str) -> dict[str, Any]:
        answer = self._server.ask("GET", path)
        if answer.status != 200:
            hint = "Name types in the [[ehr]], or ask the EHR's people for history and subscriptions."
            raise EhrRefused(f"the EHR does not tell what changed: {complaint(answer)}", hint=hint)
        try:
            told = decode(answer.body)
        except Unparsable:
            told = None
        if not isinstance(told, dict) or told.get("resourceType") != "Bundle":
            raise EhrRefused("the EHR tells what changed in no Bundle")
        return {**told, "entry": _objects(told.get("entry")), "link": _objects(told.get("link"))}

    def _keep(self, bundle: dict[str, Any], wanted: Callable[[dict[str, Any]], bool]) -> None:
        entries = [each for each in _entries(bundle) if wanted(each)]
        there = [each for each in entries if isinstance(each.get("resource"), dict)]
        present = [_presented(each) for each in there]
        gone = [each for each in entries if "resource" not in each and _method(each) == "DELETE"]
        lines = [line for _, line in bundle_lines(encode({"resourceType": "Bundle", "entry": present}))]
        deletions = encode({"resourceType": "Bundle", "type": "history", "entry": gone}) if gone else b""
        if lines or deletions:
            body = b"\n".join(lines)
            name = hashlib.sha256(body + b"\n" + deletions).hexdigest()[:24]
            dateless = not all(map(_instant, there))
            self._take(Page(f"changes/{name}.ndjson", body, deletions, _lasted(bundle) or self._now(), dateless))

    def _now(self) -> str:
        seconds = self._server.clock.believed_us() // 1_000_000
        return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _presented(entry: dict[str, Any]) -> dict[str, Any]:
    """What is kept of an entry. The time of a version that says none itself is the one its entry says: without it an
    older claim would outrank the change."""
    resource, at = entry["resource"], _instant(entry)
    meta = resource.get("meta") or {}
    if at and isinstance(meta, dict) and not isinstance(meta.get("lastUpdated"), str):
        resource = resource | {"meta": meta | {"lastUpdated": at}}
    named = {"fullUrl": entry["fullUrl"]} if isinstance(entry.get("fullUrl"), str) else {}
    return named | {"resource": resource}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _entries(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = bundle["entry"]
    return found


def _resources(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    return [each["resource"] for each in _entries(bundle) if isinstance(each.get("resource"), dict)]


def _kind(entry: dict[str, Any]) -> str:
    resource = entry.get("resource")
    return str(resource.get("resourceType", "")) if isinstance(resource, dict) else ""


def _method(entry: dict[str, Any]) -> str:
    request = entry.get("request")
    return str(request.get("method", "")) if isinstance(request, dict) else ""


def _subjects(bundle: dict[str, Any]) -> set[str]:
    """ "Type/id" of everything the Bundle brings or says is deleted; "" stands for an event about nothing."""
    found = {""} | {f"{each.get('resourceType')}/{each.get('id')}" for each in _resources(bundle)}
    for each in _entries(bundle):
        if _method(each) == "DELETE" and isinstance(each["request"].get("url"), str):
            found.add(_named(each["request"]["url"]))
    return found


def _named(reference: str) -> str:
    target = parse_reference(reference)
    return f"{target.type}/{target.id}" if target else reference


def _status(resource: dict[str, Any]) -> tuple[int, dict[int, str]] | None:
    """(events since the subscription began, number → "Type/id") of a status; None for another resource."""
    try:
        if resource.get("resourceType") == "SubscriptionStatus":
            events = {
                int(each["eventNumber"]): _named((each.get("focus") or {}).get("reference", ""))
                for each in resource.get("notificationEvent") or ()
            }
            return max(0, int(resource["eventsSinceSubscriptionStart"])), events
        if resource.get("resourceType") == "Parameters":
            parts = resource["parameter"]
            total = next(each["valueString"] for each in parts if each["name"] == "events-since-subscription-start")
            told = [_parts(each["part"]) for each in parts if each["name"] == "notification-event"]
            return max(0, int(total)), {int(each["event-number"]): _named(each.get("focus", "")) for each in told}
    except (KeyError, TypeError, ValueError, StopIteration, AttributeError):
        raise EhrRefused("the EHR's status of its subscription cannot be read") from None
    return None


def _parts(parts: list[dict[str, Any]]) -> dict[str, str]:
    return {
        each["name"]: each["valueReference"]["reference"] if "valueReference" in each else str(each.get("valueString"))
        for each in parts
    }


def _instant(entry: dict[str, Any]) -> str:
    """When this version came to be, as the server says, or ""."""
    resource, response = entry.get("resource"), entry.get("response")
    meta = resource.get("meta") if isinstance(resource, dict) else None
    at = meta.get("lastUpdated") if isinstance(meta, dict) else None
    at = at or (response.get("lastModified") if isinstance(response, dict) else None)
    return at if isinstance(at, str) and is_instant(at) else ""


def _lasted(bundle: dict[str, Any]) -> str:
    """The instant of the answer itself, or ""."""
    meta = bundle.get("meta")
    at = meta.get("lastUpdated") if isinstance(meta, dict) else None
    return at if isinstance(at, str) and is_instant(at) else ""


def _mark(entry: dict[str, Any]) -> str:
    return hashlib.sha256(encode({name: entry.get(name) for name in ("resource", "request")})).hexdigest()[:24]


def _moment(at: str) -> float:
    return dt.datetime.fromisoformat(at).timestamp() if at else 0.0


def _earlier(at: str) -> str:
    return (dt.datetime.fromisoformat(at).astimezone(dt.UTC) - OVERLAP).strftime("%Y-%m-%dT%H:%M:%SZ")
