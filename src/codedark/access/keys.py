"""The keys of one node: what lies in FOLDER/keys, how it is made, read and restored.

    facility.key        age identity file: the only key here that decrypts; one line for each generation, newest last
    origin.key          the signing key of this incarnation and the statement it signs for; checkpoints only
    root.pem            certificate of the facility's root (its key is in the five cards)
    issuing.pem/.key    name-constrained authority of this node
    server.pem/.key     TLS certificate of this node, at most 825 days
    DEMO-CARDS.txt      only after `init --demo`

All files are 0600 in a folder that is 0700, made in one rename so that there is never half a set. A 0600 file protects
nothing on a stolen machine: `KeysAtRest.FILE` is an amber line of `doctor`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from codedark.access.authority import CertificateAuthority, root_certificate
from codedark.access.seed import RootSeed, age_identity, age_recipient, age_scalar, derive
from codedark.access.shelf import read_private, write_new_folder
from codedark.clock import Chance, Clock
from codedark.errors import ActionRefused, ConfigError, UnknownFormat
from codedark.journal import Audience, OriginStatement, SealingKeys

FACILITY_FILE = "facility.key"
ORIGIN_FILE = "origin.key"
DEMO_FILE = "DEMO-CARDS.txt"
_GENERATIONS = 64
_SIGNING = "CODEDARK-SIGNING-KEY-1 "


class KeysAtRest(StrEnum):
    """Where the facility key was read from."""

    FILE = "file"
    """A 0600 file: a stolen machine counts as disclosed."""
    CREDENTIAL = "credential"
    """A systemd credential, which can be bound to the machine's TPM."""


@dataclass(frozen=True, slots=True)
class NodeKeys:
    """Every key of a running node. `facility_secrets`: age identities by generation, newest last. `signing_key`:
    Ed25519 seed, 32 bytes. The escrow key's secret half is only in the cards."""

    facility: str
    facility_secrets: tuple[str, ...] = field(repr=False)
    escrow_public: str
    adoption_public: bytes
    signing_key: bytes = field(repr=False)
    statement: OriginStatement
    at_rest: KeysAtRest = KeysAtRest.FILE
    demo: bool = False

    @property
    def generation(self) -> int:
        """Of the facility key in use, from 1."""
        return len(self.facility_secrets)

    @property
    def facility_secret(self) -> str:
        """The newest facility key, `AGE-SECRET-KEY-1…`."""
        return self.facility_secrets[-1]

    @property
    def facility_public(self) -> str:
        """Its public half, `age1…`."""
        return age_recipient(self.facility_secret)

    @property
    def mac_key(self) -> bytes:
        """32 bytes: finds duplicates. Of the first generation: a new one would make every resend look changed."""
        return self._derived("duplicates", 1)

    @property
    def views_key(self) -> bytes:
        """32 bytes: encrypts views/*.db, which are disposable."""
        return self._derived("views", self.generation)

    @property
    def earlier_views_keys(self) -> tuple[bytes, ...]:
        """Views keys of the generations before, newest first: for a views file that was left at a rotation."""
        return tuple(self._derived("views", number) for number in range(self.generation - 1, 0, -1))

    @property
    def cookie_key(self) -> bytes:
        """32 bytes: seals sessions."""
        return self._derived("cookies", self.generation)

    @property
    def sheet_key(self) -> bytes:
        """32 bytes: the MAC on every printed sheet, of the newest generation."""
        return self._derived("sheets", self.generation)

    @property
    def sheet_keys(self) -> dict[int, bytes]:
        """Generation → sheet key, so that paper printed before a rotation is still read."""
        return {number: self._derived("sheets", number) for number in range(1, self.generation + 1)}

    @property
    def pack_keys(self) -> tuple[bytes, ...]:
        """Ed25519 seeds that sign the labels of packs, by generation, newest last."""
        return tuple(self._derived("packs", number) for number in range(1, self.generation + 1))

    def sealing(self, more: Mapping[str, Sequence[str]] | None = None) -> SealingKeys:
        """What the journal's writer needs: every audience sealed to facility + escrow + `more[audience]`."""
        more = more or {}
        own = (self.facility_public, self.escrow_public)
        audiences = [*(str(audience) for audience in Audience), *more]
        recipients = {name: (*own, *more.get(name, ())) for name in dict.fromkeys(audiences)}
        return SealingKeys(recipients, self.signing_key, self.mac_key)

    def _derived(self, label: str, generation: int) -> bytes:
        return derive(age_scalar(self.facility_secrets[generation - 1]), label, self.facility, generation)


def create_node_keys(
    folder: Path, seed: RootSeed, facility: str, clock: Clock, chance: Chance, *,
    node: str = "node-1", names: Sequence[str] = (), addresses: Sequence[str] = (), demo_cards: Sequence[str] = (),
) -> tuple[NodeKeys, OriginStatement]:  # fmt: skip
    """Make FOLDER/keys for a new node, its statement endorsed by the adoption key.

    `names`, `addresses`: further DNS names and IPs of its web server. `demo_cards`: kept in a file, for `init --demo`.
    Raises ConfigError when keys are there already: nothing is ever overwritten.
    """
    statement, signing_key = _new_statement(seed, facility, node, clock, chance, cites="none")
    statement = statement.endorsed(seed.derive("adoption", facility))
    files = _key_files(seed, facility, 1, statement, signing_key)
    files |= _certificate_files(seed, facility, clock, chance, names, addresses)
    if demo_cards:
        files[DEMO_FILE] = _demo_page(demo_cards)
    write_new_folder(folder / "keys", files, chance)
    keys = load_node_keys(folder)
    return keys, keys.statement


def restore_node_keys(
    folder: Path, cards: Sequence[str], facility: str, clock: Clock, chance: Chance, *, cites: str,
    node: str = "node-1", generation: int = 1, names: Sequence[str] = (), addresses: Sequence[str] = (),
) -> tuple[NodeKeys, OriginStatement]:  # fmt: skip
    """Make FOLDER/keys again from any three cards, as a *new* incarnation that cites the old head.

    A restore never continues a chain: the signing key is new and the statement is not endorsed, so the node captures at
    once but is not adopted until two people decide it. `cites`: "origin/size/root"; `generation`: newest facility key.
    """
    seed = RootSeed.from_shares(cards)
    try:
        statement, signing_key = _new_statement(seed, facility, node, clock, chance, cites=cites)
        files = _key_files(seed, facility, generation, statement, signing_key)
        files |= _certificate_files(seed, facility, clock, chance, names, addresses)
        write_new_folder(folder / "keys", files, chance)
    finally:
        seed.forget()
    keys = load_node_keys(folder)
    return keys, keys.statement


def generation_of(cards: Sequence[str], facility: str, recipients: Collection[str]) -> int:
    """The newest facility key, by number, among `recipients` (age public keys that a chain was sealed to).

    Raises ActionRefused when the cards are of another facility, or fewer than three.
    """
    seed = RootSeed.from_shares(cards)
    try:
        numbers = [n for n in range(1, _GENERATIONS + 1) if _public(seed, "facility", facility, n) in recipients]
    finally:
        seed.forget()
    if not numbers:
        raise ActionRefused(
            "these cards restore a root, but not the one this record was sealed to",
            hint="Bring three cards of this facility's set.",
        )
    return max(numbers)


def endorsement_by(cards: Sequence[str], statement: OriginStatement) -> bytes:
    """The adoption key's signature of a statement, from three cards. Raises ActionRefused."""
    seed = RootSeed.from_shares(cards)
    try:
        return statement.endorsed(seed.derive("adoption", statement.facility)).endorsement
    finally:
        seed.forget()


def _public(seed: RootSeed, label: str, facility: str, generation: int) -> str:
    return age_recipient(seed.age_identity(label, facility, generation))


def load_node_keys(folder: Path, credentials: Path | None = None) -> NodeKeys:
    """Read FOLDER/keys. `credentials`: systemd's $CREDENTIALS_DIRECTORY; its facility.key is preferred to the file.

    Raises ConfigError when they are missing, damaged or readable by others.
    """
    bound = credentials / FACILITY_FILE if credentials else None
    at_rest = KeysAtRest.CREDENTIAL if bound and bound.exists() else KeysAtRest.FILE
    path = bound if bound and at_rest is KeysAtRest.CREDENTIAL else folder / "keys" / FACILITY_FILE
    notes, secrets = _read_facility(path, private=at_rest is KeysAtRest.FILE)
    signing_key, statement = _read_origin(folder / "keys" / ORIGIN_FILE)
    if statement.facility != notes["facility"]:
        raise ConfigError("facility.key and origin.key belong to two facilities")
    return NodeKeys(
        facility=notes["facility"],
        facility_secrets=secrets,
        escrow_public=notes["escrow"],
        adoption_public=base64.b64decode(notes["adoption"]),
        signing_key=signing_key,
        statement=statement,
        at_rest=at_rest,
        demo=(folder / "keys" / DEMO_FILE).exists(),
    )


def _new_statement(
    seed: RootSeed, facility: str, node: str, clock: Clock, chance: Chance, *, cites: str
) -> tuple[OriginStatement, bytes]:
    signing_key = chance.bytes(32)
    public = Ed25519PrivateKey.from_private_bytes(signing_key).public_key().public_bytes_raw()
    return OriginStatement(facility, node, public, clock.now_us(), chance.bytes(16), cites), signing_key


def _key_files(
    seed: RootSeed, facility: str, generation: int, statement: OriginStatement, signing_key: bytes
) -> dict[str, bytes]:
    secrets = [seed.age_identity("facility", facility, number) for number in range(1, generation + 1)]
    adoption = seed.adoption_key(facility).public_key().public_bytes_raw()
    facility_lines = [
        "# codedark facility key. Whoever has this file reads everything on this node.",
        f"# facility: {facility}",
        f"# escrow: {age_recipient(seed.age_identity('escrow', facility))}",
        f"# adoption: {base64.b64encode(adoption).decode()}",
        *secrets,
    ]
    origin_lines = [
        "# codedark signing key of this incarnation: it signs checkpoints and nothing else.",
        f"# endorsement: {base64.b64encode(statement.endorsement).decode()}",
        _SIGNING + base64.b64encode(signing_key).decode(),
        statement.text,
    ]
    return {FACILITY_FILE: _lines(facility_lines), ORIGIN_FILE: "\n".join(origin_lines).encode()}


def _certificate_files(
    seed: RootSeed, facility: str, clock: Clock, chance: Chance, names: Sequence[str], addresses: Sequence[str]
) -> dict[str, bytes]:
    root_key = seed.certificate_root_key(facility)
    root = root_certificate(root_key, facility)
    authority = CertificateAuthority.issue_from_root(root_key, root, facility, names, addresses, clock.now_us(), chance)
    return authority.files() | authority.server_files(clock.now_us(), chance)


def _demo_page(cards: Sequence[str]) -> bytes:
    head = "DEMO. These five cards open this demo node. A real node's cards are never in a file."
    return _lines([head, *(f"{number}. {card}" for number, card in enumerate(cards, start=1))])


def _lines(lines: Sequence[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def _read_facility(path: Path, *, private: bool) -> tuple[dict[str, str], tuple[str, ...]]:
    notes: dict[str, str] = {}
    secrets = []
    for line in read_private(path, private=private).splitlines():
        if line.startswith("# "):
            name, _, value = line[2:].partition(": ")
            notes[name] = value
        elif line:
            secrets.append(age_identity(age_scalar(line)))
    if not secrets or not {"facility", "escrow", "adoption"} <= notes.keys():
        raise ConfigError(f"{path} is not a codedark facility key")
    return notes, tuple(secrets)


def _read_origin(path: Path) -> tuple[bytes, OriginStatement]:
    head, found, rest = read_private(path).partition(_SIGNING)
    try:
        endorsement = base64.b64decode(head.partition("# endorsement: ")[2].strip(), validate=True)
        key, _, text = rest.partition("\n")
        signing_key = base64.b64decode(key, validate=True)
        statement = OriginStatement.parse(text, endorsement)
    except (binascii.Error, UnknownFormat) as error:
        raise ConfigError(f"{path} is damaged") from error
    if not found or len(signing_key) != 32:
        raise ConfigError(f"{path} is not a codedark signing key")
    return signing_key, statement
