"""Targets of the person's door: configuration, cookies, cards, codes on sheets, words of the seed's cards."""

# ruff: noqa: PT017, PT018
from __future__ import annotations

import base64
import tempfile
from functools import cache
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from fuzzing import SCRATCH, Target

from codedark.access import (
    CertificateAuthority,
    Cookies,
    RootSeed,
    issue_sender_certificate,
    matching_code,
    new_unit_card,
    password_session,
    read_back,
    well_typed,
)
from codedark.access.authority import root_certificate
from codedark.access.seed import age_identity, age_scalar
from codedark.clock import SeededChance
from codedark.errors import ActionRefused, ConfigError
from codedark.node import Config
from codedark.paper.identity import SheetId, SheetRef, read_code, write_code

NOW_US = 1_790_000_000_000_000
COOKIES = Cookies(bytes(32))
SHEET_KEY = b"sheet key of the fuzz"
_SEED = RootSeed(bytes(range(32)))
_CARDS = _SEED.shares(SeededChance("fuzz"))
_UNIT = new_unit_card("4W", SeededChance("fuzz"))
_CONFIG = b"""[facility]
id = "waterbury"
name = "Waterbury"
zone = "America/New_York"
code = "WTB"
[node]
demo = false
[web]
host = "127.0.0.1"
port = 8443
[packs]
every_min = 15
paper = "a4"
[[feed]]
name = "ehr"
port = 2575
host = "127.0.0.1"
peers = ["127.0.0.1/32", "::1/128"]
carries = ["adt", "orders"]
expected_s = 60
frame_limit = 16777216
tls = true
clients = "clients.pem"
certificates = []
"""
_CONFIG_WORDS = (
    b"[[feed]]\n", b"[facility]\n", b"[web]\n", b"id = ", b'zone = "America"', b'zone = "../../x"', b"port = 99999",
    b"port = -1",
    b"port = 2575", b'host = "', b"= [" + b"[" * 3000, b"a.b.c = 1\n", b"9" * 5000, b"nan", b"inf",
    b"1979-05-27T07:32:00Z", b'"""',
    b"'''", b"\\u0000", b"\\ud800", b"\x00", b"\x1b[31m", b"\xe2\x80\xae", b"expected_s = -1\n", b"frame_limit = 0\n",
    b'carries = ["x"]\n', b'peers = ["0.0.0.0/99"]\n', b'paper = "a3"\n', b"every_min = 99999999999999999999\n",
    b"tls = 1\n",
)  # fmt: skip


def check_config(data: bytes) -> None:
    """A file that says nothing impossible, or ConfigError that names the file and the place and quotes no control."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as scratch:
        folder = Path(scratch, "node")
        folder.mkdir()
        (folder / "codedark.toml").write_bytes(data)
        try:
            config = Config.load(folder)
        except ConfigError as error:
            said = str(error)
            assert "codedark.toml" in said and error.hint
            assert "line " in said or "$" in said or "missing" in said or "UTF-8" in said, f"no place in: {said[:200]}"
            return
    assert 0 <= config.web.port < 65536 and config.packs.every_min >= 0
    for feed in config.feed:
        assert 0 <= feed.port < 65536 and feed.frame_limit > 0 and feed.expected_s >= 0


def check_cookie(data: bytes) -> None:
    """No bytes are a session: neither as the value of a cookie nor (with the key) as what was sealed in it."""
    assert COOKIES.open(data.decode("latin-1"), NOW_US) is None
    assert COOKIES.open(data.decode("utf-8", "surrogateescape"), NOW_US) is None
    sealed = COOKIES._cipher.encrypt(data or b"\x00", [b"codedark session v1"])
    found = COOKIES.open(base64.urlsafe_b64encode(sealed).rstrip(b"=").decode(), NOW_US)
    assert found is None or found.alive(NOW_US)


def check_card(data: bytes) -> None:
    """A typed code opens only what it was made for; a scanned key is an age key or is refused."""
    text = data.decode("utf-8", "replace")
    index = matching_code(_UNIT_CARD, text)
    if index is not None:
        typed = "".join(text.upper().translate(_ALIKE).split())
        assert typed == _UNIT.codes[index].replace("-", ""), "something else opened it"
    well_typed(text)
    try:
        scalar = age_scalar(text)
    except ConfigError:
        return
    assert age_identity(scalar) == text.upper()


class _Issued:
    unit, card, codes, used = _UNIT.unit, _UNIT.card, _UNIT.hashes, ()


_UNIT_CARD = _Issued()
_ALIKE = str.maketrans("OIL", "011", "- \t\r\n.")


def check_sheet_code(data: bytes) -> None:
    """A scanned text is one that was written with the key, or nothing."""
    text = data.decode("utf-8", "replace")
    ref = read_code(text, SHEET_KEY)
    assert ref is None or write_code(ref, SHEET_KEY) == text
    sheet = SheetId.parse(text)
    assert sheet is None or SheetId.parse(str(sheet)) == sheet


def check_seed_words(data: bytes) -> None:
    """Three true cards give the seed; anything else is refused in words."""
    cards = data.decode("utf-8", "replace").split("\n")
    try:
        seed = RootSeed.from_shares(cards)
    except ActionRefused:
        pass
    else:
        assert seed.derive("x", "y") == _SEED.derive("x", "y") or len(set(cards) - set(_CARDS)) >= 3
    try:
        read_back(_CARDS[0], cards[0])
    except ActionRefused as error:
        said = set(str(error).split()) - {"word", "of", "the", "has", "card", "were", "read"}
        assert not said & set(_CARDS[0].split()), "a refusal repeats a word of the card"


def check_sender_request(data: bytes) -> None:
    """Whatever is asked, the authority signs a client's certificate with the request's own key, or refuses."""
    try:
        made = issue_sender_certificate(_authority(), data, "ehr", NOW_US, SeededChance("fuzz"))
    except ConfigError as error:
        assert error.hint
        return
    leaf = x509.load_pem_x509_certificates(made.chain)[0]
    load = x509.load_pem_x509_csr if b"-----BEGIN" in data else x509.load_der_x509_csr
    assert leaf.public_key() == load(data).public_key()
    assert leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    uses = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.CLIENT_AUTH]


@cache
def _authority() -> CertificateAuthority:
    key, chance = ec.derive_private_key(7, ec.SECP256R1()), SeededChance("authority")
    root = root_certificate(key, "waterbury")
    return CertificateAuthority.issue_from_root(key, root, "waterbury", ["node"], [], NOW_US, chance)


def _requests() -> list[bytes]:
    asked = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    signed = asked.sign(ec.derive_private_key(9, ec.SECP256R1()), hashes.SHA256(), ecdsa_deterministic=True)
    return [signed.public_bytes(serialization.Encoding.PEM), signed.public_bytes(serialization.Encoding.DER)]


def _sheet_codes() -> list[bytes]:
    sheet = SheetId.mint("WTB", SeededChance("fuzz"))
    refs = (SheetRef(sheet, 1, 2, "1", False), SheetRef(sheet, 99, 99, "abcd1234", True))
    return [str(sheet).encode(), *(write_code(ref, SHEET_KEY).encode() for ref in refs)]


def _seed_cards() -> list[bytes]:
    return ["\n".join(_CARDS[:3]).encode(), "\n".join(_CARDS).encode(), "\n".join(_CARDS[1:3]).encode()]


def _sessions() -> list[bytes]:
    session = password_session("p1", "Ada", "ada", {"nurse": ("4W",)}, NOW_US, SeededChance("fuzz"))
    return [b"gAAAAABn", b"=" * 7, b"A" * 64, msgspec.msgpack.encode(session)]


_WORDS = (
    b"academic",
    b"zero",
    b"\n",
    b" ",
    b"AGE-SECRET-KEY-1",
    b"age1",
    b"v1|",
    b"d1|",
    b"|99/99|",
    b"1/1",
    b"O",
    b"I",
    b"\xc3\x9f",
)
TARGETS = (
    Target(
        "sender-request",
        check_sender_request,
        _requests,
        (b"-----BEGIN", b"\x30\x82", b"\x06"),
        ("codedark.access",),
        4,
    ),
    Target(
        "configuration", check_config, lambda: [_CONFIG, _CONFIG.split(b"[[")[0]], _CONFIG_WORDS, ("codedark.node",)
    ),
    Target("cookie", check_cookie, _sessions, (b"-_", b"=", b"\xff"), ("codedark.access",)),
    Target(
        "unit-card",
        check_card,
        lambda: [c.encode() for c in (*_UNIT.codes[:2], _UNIT.secret)],
        _WORDS,
        ("codedark.access",),
    ),
    Target("sheet-code", check_sheet_code, _sheet_codes, _WORDS, ("codedark.paper",)),
    Target(
        "seed-words",
        check_seed_words,
        _seed_cards,
        (*_WORDS, *(w.encode() for w in _CARDS[0].split()[:8])),
        ("codedark.access",),
    ),
)
