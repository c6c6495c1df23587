"""The writing end of one origin's chain: seals drafts, links them, grows the tree, signs. One thread, one owner.

`commit` is the only way anything gets into a journal: all of its drafts, or none. Time and chance are handed in.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import zstandard

from codedark.clock import JUMP_US, Chance, Clock
from codedark.errors import ChainBroken, JournalError
from codedark.journal import header as h
from codedark.journal.epochs import Epoch, SealingKeys, make_epoch
from codedark.journal.merkle import Frontier, leaf
from codedark.journal.model import Audience, Draft, Flag, Head, Lane, Once, Outcome, Receipt
from codedark.journal.note import NoteSigner
from codedark.journal.origin import OriginStatement
from codedark.journal.tiles import WIDTH, TileBuilder
from codedark.journal.volume import Volume

if TYPE_CHECKING:
    from codedark.journal.earlier import Earlier

COMPRESS_FROM = 4096
KEEP_EVERY = 4096
MAC_SIZE = 16
SCOPES_MAX = 16_384
# Looked up once an entry, an enum's members and operators cost as much as sealing does.
_ZSTD, _OTHER_BYTES, _NEW, _DIFFERS = int(Flag.ZSTD), int(Flag.OTHER_BYTES), Outcome.NEW, Outcome.DIFFERS
_DAY_US = 86_400_000_000
_EPOCH_ENTRIES = 1 << 28  # random 96-bit nonces: far below the 2^32 bound of NIST SP 800-38D, 8.3


class Chain:
    """The state that the next entry builds on, and the code that builds it."""

    def __init__(
        self, folder: Path, volume: Volume, statement: OriginStatement, keys: SealingKeys, clock: Clock, chance: Chance,
        earlier: Earlier | None = None,
    ) -> None:  # fmt: skip
        self.earlier = earlier
        self._folder, self._volume, self._keys = folder, volume, keys
        self._clock, self._chance = clock, chance
        self.statement = statement
        self._origin = statement.id
        self._signer = NoteSigner(statement.name, keys.signing_key)
        self._epochs: dict[str, Epoch] = {}
        self._tails: dict[tuple[str, str, str], bytes] = {}
        self._scopes: dict[str, int] = {}
        self._sealed_count: dict[bytes, int] = {}
        self._sequence = 0
        self._droppable: int | None = None
        self._mac = hmac.new(keys.mac_key, digestmod=sha256)
        self.reload()

    def reload(self) -> None:
        """Take the state from the file: at the start, and after a commit whose outcome is not known."""
        meta = self._volume.meta()
        newest, last = self._volume.newest_checkpoint(), self._volume.last()
        first, start = int(meta["first"]), meta["previous"]
        size = newest[0] if newest else first
        if (last[0] + 1 if last else first) != size:
            raise ChainBroken(min(size, last[0] if last else first), "entries and newest checkpoint do not agree")
        frontier = newest[3] if newest else meta["frontier"]
        self._frontier = Frontier.load(size, bytes(frontier))  # type: ignore[arg-type]
        at = h.decode(last[1]).recorded_at_us if last else int(meta.get("recorded_at", 0))
        self.head = Head(size, last[3] if last else bytes(start), at)  # type: ignore[arg-type]
        if newest and newest[1] != self._frontier.root():
            raise ChainBroken(size, "the newest checkpoint is not the root of its own frontier")
        self.note = newest[2] if newest else ""
        try:
            start = size - size % WIDTH
            kept = self._volume.carried_leaves(start)
            added = self._volume.entry_hashes(start + len(kept), size - start - len(kept))
            self._tiles = TileBuilder.resume(size, kept + [leaf(e) for e in added], self._volume.tile)
        except LookupError as error:
            raise ChainBroken(size, "a tile of the tree is missing") from error
        self._droppable = None
        self._scopes.clear()

    def mac(self, data: bytes) -> bytes:
        """Keyed MAC of bytes, 16 bytes: tells equal payloads without telling their content."""
        keyed = self._mac.copy()
        keyed.update(data)
        return keyed.digest()[:MAC_SIZE]

    def reseal(self, keys: SealingKeys) -> None:
        """Begin new epochs, sealed to other recipients, with the next commit. Raises JournalError for another signing
        or duplicate key: those belong to the origin."""
        if (keys.signing_key, keys.mac_key) != (self._keys.signing_key, self._keys.mac_key):
            raise JournalError("these keys are of another origin")
        self._keys = keys
        self._epochs.clear()

    def clock_trusted(self) -> bool:
        """Whether the clock says so of itself, and is not behind the last entry."""
        return self._clock.trusted() and self._clock.now_us() >= self.head.recorded_at_us - JUMP_US

    def commit(self, drafts: Sequence[Draft]) -> list[Receipt]:
        """Append all drafts in one transaction, with a signed checkpoint. Raises apsw.Error with nothing changed in
        memory.
        """
        batch = _Batch(self, self._frontier.copy())
        connection = self._volume.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            receipts = batch.take(drafts)
            if batch.entries:
                batch.write()
            connection.execute("COMMIT")
        except BaseException:
            batch.forget()
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        if batch.entries:
            crossed = self.head.size // KEEP_EVERY != batch.position // KEEP_EVERY
            self._droppable = None if crossed else batch.position
            self._frontier, self.head, self.note = batch.frontier, batch.head, batch.note
            self._tiles = batch.tiles
            self._tiles.full.clear()
            self._sequence = batch.sequence
        return receipts


class _Batch:
    """One commit in the making: rows are gathered first and written as few statements."""

    def __init__(self, chain: Chain, frontier: Frontier) -> None:
        self.chain, self.frontier, self.tiles = chain, frontier, chain._tiles.copy()
        self.position, self.previous, self.at = chain.head
        wall = chain._clock.now_us()
        self.now = max(chain._clock.believed_us(), self.at)
        # a clock behind the last entry is wrong now, or was when that was dated, even if this run saw no jump
        self.trusted = chain._clock.trusted() and wall >= self.at - JUMP_US
        self.boot, self.sequence = chain._clock.boot, chain._sequence
        self.entries: list[tuple[int, bytes, bytes, bytes]] = []
        self.payloads: list[tuple[int, bytes]] = []
        self.duplicates: list[tuple[int, str, bytes, int, int]] = []
        self.counts: dict[str, int] = {}
        self.opened: list[str] = []
        self.older: dict[tuple[str, str], list[tuple[bytes, bytes, int, int]]] = {}
        self.note = chain.note

    @property
    def head(self) -> Head:
        return Head(self.position, self.previous, self.now)

    def take(self, drafts: Sequence[Draft]) -> list[Receipt]:
        """Seal each draft that is new; answer a resend with the receipt it had."""
        if len(self.chain._scopes) > SCOPES_MAX:
            self.chain._scopes.clear()  # the names are in the file; a sender that changes its own fills no memory
        known = self._known(drafts)
        if self.chain.earlier is not None:
            self.older = self.chain.earlier.known([d.once for d in drafts if d.once is not None])
        return [self._append(d) if d.once is None else self._append_once(d, d.once, known) for d in drafts]

    def _known(self, drafts: Sequence[Draft]) -> dict[tuple[int, str], list[tuple[bytes, int, int]]]:
        keys = [(self._scope(d.once.scope), d.once.key) for d in drafts if d.once is not None]
        return self.chain._volume.duplicates(keys) if keys else {}

    def _scope(self, name: str) -> int:
        found = self.chain._scopes.get(name)
        if found is None:
            found = self.chain._scopes[name] = self.chain._volume.scope_id(name)
        return found

    def _append_once(
        self, draft: Draft, once: Once, known: dict[tuple[int, str], list[tuple[bytes, int, int]]]
    ) -> Receipt:
        mac, place = self.chain.mac(draft.payload), (self.chain._scopes[once.scope], once.key)
        earlier = known.get(place)
        for seen, position, at in earlier or ():
            if hmac.compare_digest(seen, mac):
                return Receipt(self.chain._origin, position, at, Outcome.SAME)
        older = self.older.get((once.scope, once.key), ())
        for seen, origin, position, at in older:
            if hmac.compare_digest(seen, mac):
                return Receipt(origin, position, at, Outcome.SAME)
        receipt = self._append(draft, _OTHER_BYTES if earlier or older else 0)
        row = (mac, receipt.position, receipt.recorded_at_us)
        if earlier is None:
            known[place] = [row]
        else:
            earlier.append(row)
        self.duplicates.append((*place, *row))
        return receipt

    def _append(self, draft: Draft, flags: int = 0) -> Receipt:
        epoch = self._epoch(draft.audience)
        plaintext = h.wrap_plaintext(draft.once, draft.payload)
        if len(plaintext) >= COMPRESS_FROM:
            plaintext, flags = zstandard.compress(plaintext, 3), flags | _ZSTD
        return self._seal(draft, epoch, plaintext, flags)

    def _seal(self, draft: Draft, epoch: Epoch, plaintext: bytes, flags: int) -> Receipt:
        chain, position = self.chain, self.position
        end = chain._tails.get((draft.kind, draft.audience, draft.source))
        if end is None:
            end = chain._tails[draft.kind, draft.audience, draft.source] = h.tail(
                draft.kind, draft.audience, draft.source
            )
        head = h.pack(
            position, chain._origin, self.previous, self.now, self.boot, self.sequence, self.trusted, flags,
            epoch.id, draft.version, len(plaintext) + h.TAG_SIZE, end,
        )  # fmt: skip
        nonce = chain._chance.bytes(h.NONCE_SIZE)
        ciphertext = epoch.cipher.encrypt(nonce, plaintext, head)
        digest = h.entry_hash(head, nonce, ciphertext)
        self.tiles.add(self.frontier.append(digest))
        self.entries.append((position, head, nonce, digest))
        self.payloads.append((position, ciphertext))
        self.counts[draft.kind] = self.counts.get(draft.kind, 0) + 1
        self.sequence += 1
        chain._sealed_count[epoch.id] = chain._sealed_count.get(epoch.id, 0) + 1
        self.position, self.previous = position + 1, digest
        outcome = _DIFFERS if flags & _OTHER_BYTES else _NEW
        return Receipt(chain._origin, position, self.now, outcome)

    def _epoch(self, audience: str) -> Epoch:
        chain = self.chain
        epoch = chain._epochs.get(audience)
        if epoch and epoch.day == self.now // _DAY_US and chain._sealed_count.get(epoch.id, 0) < _EPOCH_ENTRIES:
            return epoch
        epoch = make_epoch(
            chain._folder / "epochs", chain._origin, audience, self.now, chain._keys.recipients.get(audience, ()),
            chain._chance.bytes(32),
        )  # fmt: skip
        chain._epochs[audience] = epoch
        self.opened.append(audience)
        sealed_by = epoch if audience == Audience.FACILITY else self._epoch(Audience.FACILITY)
        payload = msgspec.msgpack.encode(
            {
                "epoch": epoch.id,
                "audience": audience,
                "recipients": list(epoch.recipients),
                "file_hash": epoch.file_hash,
                "signer": chain._signer.public_key,
            }
        )
        draft = Draft("epoch.opened", 1, "node", payload, Audience.FACILITY, lane=Lane.PERSON)
        self._seal(draft, sealed_by, h.wrap_plaintext(None, payload), 0)
        return epoch

    def write(self) -> None:
        """All rows of the batch and its checkpoint, inside the caller's transaction."""
        chain, volume = self.chain, self.chain._volume
        volume.insert_entries(self.entries)
        volume.insert_payloads(self.payloads)
        if self.duplicates:
            volume.insert_duplicates(self.duplicates)
        if self.tiles.full:
            volume.insert_tiles(self.tiles.full)
        volume.add_counts(self.counts)
        root = self.frontier.root()
        self.note = chain._signer.checkpoint(self.position, root)
        volume.put_checkpoint(self.position, root, self.note, self.frontier.dump(), chain._droppable)

    def forget(self) -> None:
        """After a failed commit: epochs announced in it were never opened, scopes made in it do not exist."""
        for audience in self.opened:
            self.chain._epochs.pop(audience, None)
        self.chain._scopes.clear()
