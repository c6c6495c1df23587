"""What many claims on one resource add up to, whatever order they came in.

A resource is the fold of its claims in (rank, digest of the claim) order: PUT replaces all, PATCH sets the body's
fields and clears the `cleared` ones, DELETE removes. Folding in order is the same as keeping, for every field, the
highest claim that named it, above a floor set by the highest PUT or DELETE; that form takes one more claim in any
order without reading the others again. Merging is a pure function of the set of claims.

Fields that R4 makes one choice of (`valueQuantity` | `valueString` …) and a field with its `_field` companion are one
field here: a corrected value never stands beside the value it corrects.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Any, NamedTuple, cast

import msgspec

from codedark.entries import Op, line_body

_encoder = msgspec.json.Encoder(decimal_format="number", order="sorted")
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_pack = msgspec.msgpack.Encoder()
_CHOICE = re.compile(
    r"^(value|effective|onset|abatement|medication|performed|occurrence|deceased|multipleBirth|asNeeded|reported)[A-Z]"
)

Order = tuple[bytes, bytes]
"""(rank, digest of the claim): how claims compare. The digest decides between equal ranks without regard to arrival."""


class Claim(NamedTuple):
    """One claim as it is folded. `body`: canonical JSON (sorted keys, decimals as sent), or with `line` the line of an
    import as it came, which is read only when a second claim meets it; `claim`: its row number."""

    claim: int
    pid: int
    op: Op
    rank: bytes
    body: bytes
    cleared: tuple[str, ...]
    claimed_us: int | None
    position: int
    recorded_us: int
    source: str
    line: bool = False

    def settled(self) -> Claim:
        """This claim with a canonical body."""
        return self._replace(body=whole_body(self.body, self.source), line=False) if self.line else self

    @property
    def order(self) -> Order:
        """How this claim compares with others on the same resource. Its body must be canonical."""
        digest = hashlib.blake2b(self.body, digest_size=16, person=self.op.encode())
        digest.update("\x1f".join(self.cleared).encode())
        return self.rank, digest.digest()


class Saved(msgspec.Struct, array_like=True):
    """A merged state as it is stored. `fields`: field → (order, {name: JSON}), an empty dict means cleared."""

    orders: list[Order]
    floor: int
    deleted: bool
    top: int
    fields: dict[str, tuple[int, dict[str, bytes]]]
    pid: int
    claimed_us: int | None
    position: int
    recorded_us: int
    source: str


def canonical(body: dict[str, Any]) -> bytes:
    """R4 JSON with sorted keys and every decimal digit kept."""
    return _encoder.encode(body)


def whole_body(line: bytes, source: str) -> bytes:
    """The canonical body of a line that `source` ("import:LABEL") brought."""
    return canonical(line_body(line, source.removeprefix("import:")))


def resource_name(type_: str, id_: str) -> bytes:
    """16 bytes by which a resource is found."""
    return hashlib.blake2b(f"{type_}/{id_}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


@lru_cache(maxsize=2048)
def field_of(name: str) -> str:
    """The field a JSON name belongs to: "valueQuantity" and "_valueString" are both "value[x]"."""
    bare = name.removeprefix("_")
    choice = _CHOICE.match(bare)
    return f"{choice.group(1)}[x]" if choice else bare


class Merged:
    """The state of a resource with two or more claims in the chart."""

    __slots__ = ("_named", "changed", "deleted", "fields", "floor", "stamp", "top")

    def __init__(self) -> None:
        self.floor: Order | None = None
        self.deleted = False
        self.changed = True
        """Whether a claim since this was last set to False changed what the resource says."""
        self.top: Order | None = None
        self.fields: dict[str, tuple[Order, dict[str, bytes]]] = {}
        self.stamp: tuple[int, int | None, int, int, str] = (0, None, -1, 0, "")
        # A feed repeats the same body in message after message: it is taken apart once.
        self._named: tuple[bytes, dict[str, dict[str, bytes]]] = (b"", {})

    def take(self, claim: Claim) -> None:
        """Take one more claim, in any order."""
        claim = claim.settled()
        order = claim.order
        if self.top is None or order > self.top:
            self.top = order
            self.stamp = (claim.pid, claim.claimed_us, claim.position, claim.recorded_us, claim.source)
        if self.floor is not None and order < self.floor:
            return
        if claim.op is Op.PATCH:
            self._patch(order, self._grouped(claim.body), claim.cleared)
            return
        self.changed = True
        self.floor, self.deleted = order, claim.op is Op.DELETE
        self.fields = {name: held for name, held in self.fields.items() if held[0] > order}
        if claim.op is not Op.DELETE:
            self._patch(order, self._grouped(claim.body), ())

    def _grouped(self, body: bytes) -> dict[str, dict[str, bytes]]:
        if self._named[0] != body:
            self._named = body, _grouped(body)
        return self._named[1]

    def _patch(self, order: Order, named: dict[str, dict[str, bytes]], cleared: tuple[str, ...]) -> None:
        fields, changed = self.fields, self.changed or self.deleted
        if cleared:
            named = {field_of(name): {} for name in cleared} | named
        for field, values in named.items():
            held = fields.get(field)
            if held is None or order >= held[0]:
                changed = changed or held is None or held[1] != values
                fields[field] = (order, values)
        self.changed = changed

    @property
    def alive(self) -> bool:
        """False after a DELETE that no later claim outranks."""
        return not (self.deleted and self.top == self.floor)

    def body(self) -> bytes:
        """The merged resource as canonical JSON."""
        flat = {name: msgspec.Raw(raw) for _, values in self.fields.values() for name, raw in values.items()}
        return _encoder.encode(flat)

    def saved(self) -> bytes:
        """As stored."""
        index: dict[Order, int] = {}

        def number(order: Order) -> int:
            return index.setdefault(order, len(index))

        fields = {name: (number(order), values) for name, (order, values) in self.fields.items()}
        floor = -1 if self.floor is None else number(self.floor)
        top = -1 if self.top is None else number(self.top)
        return _pack.encode(Saved(list(index), floor, self.deleted, top, fields, *self.stamp))

    @classmethod
    def load(cls, stored: bytes) -> Merged:
        """From `saved`."""
        saved = msgspec.msgpack.decode(stored, type=Saved)
        merged = cls()
        merged.floor = saved.orders[saved.floor] if saved.floor >= 0 else None
        merged.top = saved.orders[saved.top] if saved.top >= 0 else None
        merged.deleted = saved.deleted
        merged.fields = {name: (saved.orders[order], values) for name, (order, values) in saved.fields.items()}
        merged.stamp = (saved.pid, saved.claimed_us, saved.position, saved.recorded_us, saved.source)
        return merged


def _grouped(body: bytes) -> dict[str, dict[str, bytes]]:
    named: dict[str, dict[str, bytes]] = {}
    for name, raw in _fields.decode(body).items():
        named.setdefault(field_of(name), {})[name] = bytes(cast("bytes", raw))
    return named
