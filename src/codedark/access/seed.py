"""The root seed: 256 bits, born in `init`, shown as five SLIP-39 cards (any three restore it), then forgotten.

Everything a restore must find again is derived from it by HKDF-SHA256 (RFC 5869) with a label, the facility's id and a
generation, so three cards and the papers are enough to read a burnt hospital's old sheets. It is never written to disk
by this module. SLIP-39: github.com/satoshilabs/slips/blob/master/slip-0039.md.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import combinations

import shamir_mnemonic
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from shamir_mnemonic import shamir
from shamir_mnemonic.share import Share

from codedark.access.bech32 import bech32_decode, bech32_encode
from codedark.clock import Chance
from codedark.errors import ActionRefused, ConfigError

THRESHOLD = 3
MOST_CARDS = 15
"""More are not tried: every three of them would be."""
_EXPONENT_MAX = 5
"""SLIP-39 lets a card ask for 2^15 times the least work, which is hours; ours ask for twice that."""
CARDS = 5
SEED_BYTES = 32
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_dice = threading.Lock()


class RootSeed:
    """256 bits from which a node's lasting keys are derived. Call `forget()` as soon as they are."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SEED_BYTES:
            raise ConfigError(f"a root seed has {SEED_BYTES} bytes, not {len(secret)}")
        self._secret = bytearray(secret)

    @classmethod
    def generate(cls, chance: Chance) -> RootSeed:
        """A new seed from `chance`."""
        return cls(chance.bytes(SEED_BYTES))

    @classmethod
    def from_shares(cls, cards: Sequence[str]) -> RootSeed:
        """The seed of any three of the five cards. Raises ActionRefused for fewer, a mistyped card or a foreign one."""
        typed = sorted({" ".join(card.lower().split()) for card in cards} - {""})
        if len(typed) > MOST_CARDS:
            raise ActionRefused(f"{len(typed)} cards were given", hint=f"Bring any {THRESHOLD} cards of one set.")
        for three in combinations(filter(_is_quick, typed), THRESHOLD):
            try:
                return cls(shamir_mnemonic.combine_mnemonics(three))
            except shamir_mnemonic.MnemonicError:
                continue  # a mistyped card or one of an older set among more than three
        raise ActionRefused(
            f"these {len(typed)} different cards do not restore the root seed",
            hint=f"Bring any {THRESHOLD} cards of one set and compare each word; each card checks itself.",
        )

    def shares(self, chance: Chance) -> list[str]:
        """Five SLIP-39 cards of 33 words each; any three restore. Each call makes another set; sets do not mix."""
        with _dice:
            # The library's one hook for its random source: named there for exactly this use.
            before, shamir.RANDOM_BYTES = shamir.RANDOM_BYTES, chance.bytes
            try:
                groups = shamir_mnemonic.generate_mnemonics(1, [(THRESHOLD, CARDS)], self._alive())
            finally:
                shamir.RANDOM_BYTES = before
        return list(groups[0])

    def derive(self, label: str, facility: str, generation: int = 1, length: int = 32) -> bytes:
        """HKDF-SHA256 output for one purpose. Same arguments, same bytes, on any machine."""
        return derive(self._alive(), label, facility, generation, length)

    def age_identity(self, label: str, facility: str, generation: int = 1) -> str:
        """An age X25519 identity, `AGE-SECRET-KEY-1…`."""
        return age_identity(self.derive(label, facility, generation))

    def adoption_key(self, facility: str) -> ed25519.Ed25519PrivateKey:
        """The Ed25519 key that endorses a node's signing key at `init` and at adoption, and nothing else."""
        return ed25519.Ed25519PrivateKey.from_private_bytes(self.derive("adoption", facility))

    def certificate_root_key(self, facility: str) -> ec.EllipticCurvePrivateKey:
        """The P-256 key of the facility's certificate root (see `p256_key`)."""
        return p256_key(self.derive("certificate-root", facility, length=48))

    def forget(self) -> None:
        """Overwrite the seed in memory (as far as Python allows) and refuse every later use."""
        self._secret[:] = bytes(len(self._secret))
        self._secret.clear()

    def _alive(self) -> bytes:
        if not self._secret:
            raise ActionRefused("the root seed was forgotten", hint="Restore it from three of the five cards.")
        return bytes(self._secret)


def _is_quick(card: str) -> bool:
    """Whether a card is one, and asks for no more work than a person waits for."""
    try:
        return int(Share.from_mnemonic(card).iteration_exponent) <= _EXPONENT_MAX
    except (shamir_mnemonic.MnemonicError, ValueError):
        return False


def read_back(card: str, typed: str) -> None:
    """Refuse a card that was written down wrongly. The error names the first wrong word by number, never the word."""
    want, got = card.lower().split(), typed.lower().split()
    for number, word in enumerate(want, start=1):
        if number > len(got) or got[number - 1] != word:
            raise ActionRefused(f"word {number} of {len(want)} differs from the card", hint="Write this card again.")
    if len(got) > len(want):
        raise ActionRefused(f"the card has {len(want)} words, {len(got)} were read", hint="Write this card again.")


def derive(secret: bytes, label: str, facility: str, generation: int = 1, length: int = 32) -> bytes:
    """HKDF-SHA256: no salt (the secret is uniform), info = "codedark/1" NUL label NUL facility NUL generation."""
    info = b"\x00".join([b"codedark/1", label.encode(), facility.encode(), str(generation).encode()])
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(secret)


def age_identity(scalar: bytes) -> str:
    """32 bytes as an age X25519 identity (age writes identities in upper case)."""
    return bech32_encode("age-secret-key-", scalar).upper()


def age_scalar(identity: str) -> bytes:
    """The 32 bytes of `AGE-SECRET-KEY-1…`. Raises ConfigError for anything else."""
    try:
        prefix, scalar = bech32_decode(identity)
    except ValueError as error:
        raise ConfigError("this is not an age identity") from error
    if prefix != "age-secret-key-" or len(scalar) != 32:
        raise ConfigError("this is not an age X25519 identity")
    return scalar


def age_recipient(identity: str) -> str:
    """The public half, `age1…`, of an identity."""
    private = x25519.X25519PrivateKey.from_private_bytes(age_scalar(identity))
    return bech32_encode("age", private.public_key().public_bytes_raw())


def p256_key(wide: bytes) -> ec.EllipticCurvePrivateKey:
    """A P-256 key from 48 uniform bytes: reduced as FIPS 186-5 A.2.1 says, so the scalar has no bias that matters."""
    return ec.derive_private_key(int.from_bytes(wide, "big") % (_P256_ORDER - 1) + 1, ec.SECP256R1())
