"""What two other teams say a v2 message means in FHIR R4, against what we say: leaf by leaf.

A leaf is (path without indices, value). Counted are the leaves of the other team's resources whose path the published
maps give (`published_maps`); a resource of theirs is compared with the one of ours of its type that shares most leaves,
each of ours once. Normalised, and nothing else: an instant with an offset is the same instant in UTC; a number is the
same number with other zeros; white space around a text; the letter case of urn:uuid; a URI that a team coined for a
local name is that name; a resource that theirs says twice in the same words is said once.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from meanings import ORIGIN
from published_maps import is_given

from codedark.entries import Site
from codedark.entries.v2.translation import translate_received
from codedark.hl7 import split_batch

Leaf = tuple[str, str]
Bag = Counter[Leaf]
Json = dict[str, Any]

CDC, MICROSOFT = "CDC ReportStream", "Microsoft FHIR Converter"
ZONES = {CDC: "UTC", MICROSOFT: "Asia/Kolkata"}
"""The zone each team's machine stood in when it read times without an offset: it shows in their bundles."""
_MAPPED = (
    "AIG AIL AIP AIS AL1 DG1 EVN IAM IN1 IN3 MRG MSA MSH NK1 NTE OBR OBX ORC PD1 PID PR1 PRT PV1 PV2 ROL RXA RXO"
    " RXR SCH SFT SPM TQ1 TXA"
)
MAPPED = frozenset(re.split(" ", _MAPPED))
"""The segments that have a published map."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*(Z|[+-]\d\d:\d\d)")
_COINED = re.compile(
    r"http://example\.com/v2-to-fhir-converter/\w+/|urn:codedark:(codesystem|authority):([A-Z]+:(?=.))?"
)


class Pair(NamedTuple):
    """One message of a corpus and what the other team says it means."""

    oracle: str
    name: str
    payload: bytes
    bundle: Json


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One leaf of theirs that ours does not have. `ours`: what stands at that path in the resource compared with it;
    `whole`: we have no resource to compare with at all; `said_in`: names of the segments that hold the value;
    `source`: the segment that holds most of their resource; `family`: MSH-9.1 of the message. `said_at`: the fields
    that hold the value ("PID-3"); `times`: how often each segment does; `held`: how often ours says this very leaf;
    `beside`: every leaf of their resource, "path=value"; `lacking`: the paths at which the nearest of ours, be it
    compared with another of theirs, says less than theirs."""

    oracle: str
    name: str
    path: str
    theirs: str
    ours: tuple[str, ...]
    whole: bool
    said_in: tuple[str, ...]
    source: str
    family: str
    said_at: tuple[str, ...] = ()
    times: Mapping[str, int] = field(default_factory=dict)
    held: int = 0
    beside: frozenset[str] = frozenset()
    lacking: frozenset[str] = frozenset()


@dataclass(slots=True)
class Agreement:
    """The count of one oracle. `leaves`, `agreed`: by resource type; `beyond`: leaves of ours that theirs has not, in
    the resources compared."""

    oracle: str
    pairs: int = 0
    leaves: Counter[str] = field(default_factory=Counter)
    agreed: Counter[str] = field(default_factory=Counter)
    beyond: Counter[str] = field(default_factory=Counter)
    disagreements: list[Disagreement] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Agreed leaves of all of theirs, percent."""
        return 100 * self.agreed.total() / max(1, self.leaves.total())


def cdc_pairs(shared_data: Path) -> Iterator[Pair]:
    """The pairs of CDC ReportStream: NAME.hl7 and NAME.fhir."""
    for bundle in sorted((shared_data / "fhir-cdc-reportstream-pairs").glob("*.fhir")):
        message = bundle.with_suffix(".hl7")
        if message.exists():
            yield Pair(CDC, bundle.stem, message.read_bytes(), _loads(bundle.read_bytes()))


def microsoft_pairs(shared_data: Path) -> Iterator[Pair]:
    """The pairs of the Microsoft FHIR Converter: NAME.hl7 and TYPE__NAME-expected.json.gz."""
    messages = shared_data / "hl7v2-microsoft-fhir-converter"
    for bundle in sorted((shared_data / "fhir-microsoft-expected").glob("*-expected.json.gz")):
        name = bundle.name.partition("__")[2].removesuffix("-expected.json.gz")
        message = messages / f"{name}.hl7"
        if message.exists():
            yield Pair(MICROSOFT, name, message.read_bytes(), _loads(gzip.decompress(bundle.read_bytes())))


ORACLES: dict[str, Callable[[Path], Iterator[Pair]]] = {CDC: cdc_pairs, MICROSOFT: microsoft_pairs}


def _loads(raw: bytes) -> Json:
    out: Json = json.loads(raw.decode("utf-8-sig"), parse_float=Decimal, parse_int=Decimal)
    return out


def said(value: object) -> str:
    """A leaf's value as it is compared."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return f"{Decimal(value).normalize():f}"
    text = str(value).strip()
    if _INSTANT.fullmatch(text):
        return _instant(text)
    if coined := _COINED.match(text):
        return f"local {unquote(text[coined.end() :])}"
    return text.lower() if text.lower().startswith("urn:uuid:") else text


def _instant(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()
    except ValueError:
        return text


def bag(resource: Json, paths: frozenset[str]) -> Bag:
    """The counted leaves of one resource."""
    kind = resource["resourceType"]
    skip = ("resourceType", "entry", "contained", "type") if kind == "Bundle" else ("resourceType", "contained")
    own = {key: value for key, value in resource.items() if key not in skip}
    return Counter((path, value) for path, value in _walk(own, kind) if is_given(path, paths))


def _walk(value: object, path: str) -> Iterator[Leaf]:
    if isinstance(value, dict):
        for key, below in value.items():
            if not key.startswith("_"):
                yield from _walk(below, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for below in value:
            yield from _walk(below, path)
    elif value is not None:
        yield path, said(value)


def resources(payload: bytes, zone: str) -> list[Json]:
    """What we say a file of messages means, translated whole: the resources of every bundle, and the bundles."""
    site = Site(facility="figures", zone=zone, authority="FIGURES")
    parts = [part.raw for part in split_batch(payload) if not part.reason]
    found: list[Json] = []
    for position, raw in enumerate(parts):
        for bundle in translate_received(raw, site, ORIGIN, position).bundles:
            found += theirs(bundle)
    return found


def theirs(bundle: Json) -> Iterator[Json]:
    """The other team's resources, and the bundle itself, which the maps map too."""
    yield bundle | {"resourceType": "Bundle"}
    for each in bundle.get("entry", ()):
        if (resource := each.get("resource")) and "resourceType" in resource:
            yield resource


def count(oracle: str, pairs: Iterable[Pair], paths: frozenset[str]) -> Agreement:
    """The agreement with one oracle."""
    out = Agreement(oracle)
    for pair in pairs:
        out.pairs += 1
        mine = [(each["resourceType"], bag(each, paths)) for each in resources(pair.payload, ZONES[oracle])]
        wanted = [(each["resourceType"], bag(each, paths)) for each in theirs(pair.bundle)]
        spoken = Spoken(pair.payload)
        for _, want, have in matched(once(wanted), mine):
            _compare(out, pair, spoken, want, have, mine)
    return out


def once(found: Iterable[tuple[str, Bag]]) -> list[tuple[str, Bag]]:
    """Every resource with a counted leaf; of two that say the same, one."""
    return list({(kind, frozenset(leaves.items())): (kind, leaves) for kind, leaves in found if leaves}.values())


def matched(wanted: list[tuple[str, Bag]], mine: list[tuple[str, Bag]]) -> Iterator[tuple[str, Bag, Bag | None]]:
    """Each of theirs with the one of ours of that type that shares most leaves, the best pairs first."""
    scores = sorted(
        (
            (-(want & have).total(), (have - want).total(), w, m)
            for w, (kind, want) in enumerate(wanted)
            for m, (ours, have) in enumerate(mine)
            if ours == kind
        ),
    )
    chosen: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, w, m in scores:
        if w not in chosen and m not in taken:
            chosen[w] = m
            taken.add(m)
    for w, (kind, want) in enumerate(wanted):
        yield kind, want, mine[chosen[w]][1] if w in chosen else None


class Spoken:
    """What stands where in a message: the components of each field."""

    def __init__(self, payload: bytes) -> None:
        self._parts: dict[str, Counter[str]] = {}
        self._at: dict[str, Counter[str]] = {}
        found = re.search(rb"\|([A-Z]{3})[\^_]", payload[:400])
        self.family = found[1].decode() if found else ""
        for line in payload.decode("utf-8-sig", "replace").replace("\n", "\r").split("\r"):
            for number, text in enumerate(line.split("|")[1:], 2 if line.startswith("MSH") else 1):
                parts = Counter(part.strip() for part in re.split(r"[\^&~]", text) if part.strip())
                self._parts.setdefault(line[:3], Counter()).update(parts)
                self._at.setdefault(f"{line[:3]}-{number}", Counter()).update(parts)

    def said_in(self, value: str) -> Counter[str]:
        """How often each segment holds a value as one component or, of a time, its day."""
        return _held(self._parts, value)

    def said_at(self, value: str) -> tuple[str, ...]:
        """The fields that hold it."""
        return tuple(sorted(_held(self._at, value)))

    def source(self, leaves: Iterable[Leaf]) -> str:
        """The segment that holds most values of a resource, of two the one that has a published map; "" for none."""
        held = Counter(name for _, value in leaves for name in self.said_in(value))
        return max(held, key=lambda name: (held[name], name in MAPPED, name), default="")


def _held(parts: Mapping[str, Counter[str]], value: str) -> Counter[str]:
    text = value.removeprefix("local ").removeprefix("urn:oid:").removeprefix("urn:uuid:")
    day = text[:10].replace("-", "") if re.match(r"\d{4}-\d\d", text) else ""
    out: Counter[str] = Counter()
    for name, found in parts.items():
        times = found[text]
        if len(day) == 8:
            times += sum(n for part, n in found.items() if part.startswith(day))
        if times:
            out[name] = times
    return out


def _compare(
    out: Agreement, pair: Pair, spoken: Spoken, want: Bag, have: Bag | None, mine: list[tuple[str, Bag]]
) -> None:
    kind = next(iter(want))[0].partition(".")[0]
    other = have if have is not None else Counter()
    out.leaves[kind] += want.total()
    out.agreed[kind] += (want & other).total()
    surplus = other - want
    out.beyond[kind] += surplus.total()
    if not (missing := want - other):
        return
    source = spoken.source(want)
    beside = frozenset(f"{path}={value}" for path, value in want)
    lacking = _lacking(want, [leaves for ours, leaves in mine if ours == kind])
    for (path, value), times in sorted(missing.items()):
        one = Disagreement(
            out.oracle,
            pair.name,
            path,
            value,
            tuple(sorted(v for p, v in surplus if p == path)),
            have is None,
            tuple(sorted(where := spoken.said_in(value))),
            source,
            spoken.family,
            spoken.said_at(value),
            where,
            other[path, value],
            beside,
            lacking,
        )
        out.disagreements += [one] * times


def _lacking(want: Bag, ours: list[Bag]) -> frozenset[str]:
    """The paths at which the nearest of ours says less than theirs."""
    rests = [want - leaves for leaves in ours] or [want]
    return frozenset(path for path, _ in min(rests, key=lambda rest: rest.total()))
