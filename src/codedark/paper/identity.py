"""The identity of a printed sheet: what its code says, and how a code is told from a forged one.

A sheet is one printed page. Its id is random: the ledger (`sheets.printed`) says whose it is and which form, the
paper itself says so only to a reader's eye, never to a scanner (security.md, decision 7). The layout of the code is
in docs/formats/pack.md.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

from codedark.clock import Chance
from codedark.errors import PackError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, so that a sheet read aloud or by hand is not mistaken."""

RANDOM_CHARS = 9
"""45 random bits in an id; the tenth character checks the other nine."""

MAC_BYTES = 10
"""80 bits of HMAC-SHA256, 16 characters: above the 64 bits that security.md asks for."""

MAX_PAGES = 99
_MAC_CONTEXT = b"codedark/sheet/v1\n"
_SIGHT = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_CODE = re.compile(
    r"(?P<kind>v1|d1)\|(?P<site>[A-Z]{3})-(?P<body>[0-9A-Z]{10})\|(?P<page>[1-9][0-9]?)/(?P<pages>[1-9][0-9]?)"
    r"\|(?P<key>[A-Za-z0-9]{1,8})\|(?P<mac>[0-9A-Z]{16})"
)


@dataclass(frozen=True, slots=True, order=True)
class SheetId:
    """One id for the pages of one form of one patient. `site`: three capital letters of the facility; `body`: nine
    random characters and a check character. Page 2 of it is the sheet `WTB-7F3K9-Q2H5M-2`."""

    site: str
    body: str

    def __str__(self) -> str:
        return f"{self.site}-{self.body[:5]}-{self.body[5:]}"

    def page(self, number: int) -> str:
        """The text of one sheet, as printed and spoken: the id and the page."""
        return f"{self}-{number}"

    @classmethod
    def mint(cls, site: str, chance: Chance) -> SheetId:
        """A new id. `site` as `site_letters` gives it."""
        if not re.fullmatch("[A-Z]{3}", site):
            raise PackError("the facility's letters for sheet ids are not three capitals A-Z")
        number = int.from_bytes(chance.bytes(6), "big")
        drawn = "".join(ALPHABET[(number >> (5 * place)) & 31] for place in range(RANDOM_CHARS))
        return cls(site, drawn + _check_char(drawn))

    @classmethod
    def parse(cls, text: str) -> SheetId | None:
        """An id typed by a person, with or without dashes, O for 0, I or L for 1; None when the check character says
        it was mistyped. Without the page number."""
        upper = text.strip().upper()
        site, body = upper[:3], upper[3:].translate(_SIGHT)
        shaped = re.fullmatch("[A-Z]{3}", site) and len(body) == RANDOM_CHARS + 1 and all(c in ALPHABET for c in body)
        return cls(site, body) if shaped and body[-1] == _check_char(body[:-1]) else None


@dataclass(frozen=True, slots=True)
class SheetRef:
    """What a genuine code says. `draft`: it came from a draft, so it is in no ledger and a person decides."""

    sheet: SheetId
    page: int
    pages: int
    key_id: str
    draft: bool


def site_letters(facility: str) -> str:
    """Three letters for a facility that has declared none: the first letter, then consonants, then whatever is left
    ("Waterbury" → "WTR"); "ZZZ" fills up."""
    letters = [c for c in facility.upper() if "A" <= c <= "Z"]
    first, rest = letters[:1], letters[1:]
    consonants = [c for c in rest if c not in "AEIOU"]
    vowels = [c for c in rest if c in "AEIOU"]
    return "".join([*first, *consonants, *vowels, *"ZZZ"])[:3]


def write_code(ref: SheetRef, sheet_key: bytes) -> str:
    """The text of a sheet's code: `v1|id|page/pages|key id|MAC`, `d1` for a draft. No patient, no form, no time."""
    if not 1 <= ref.page <= ref.pages <= MAX_PAGES:
        raise PackError(f"page {ref.page} of {ref.pages} does not fit a sheet code")
    if not re.fullmatch("[A-Za-z0-9]{1,8}", ref.key_id):
        raise PackError("the key id of the sheet key is not 1 to 8 letters and digits")
    kind = "d1" if ref.draft else "v1"
    said = f"{kind}|{ref.sheet.site}-{ref.sheet.body}|{ref.page}/{ref.pages}|{ref.key_id}"
    return f"{said}|{_mac(said, sheet_key)}"


def read_code(text: str, sheet_key: bytes) -> SheetRef | None:
    """What a scanned code says, or None when it is not one of ours or its MAC was not made with `sheet_key`."""
    match = _CODE.fullmatch(text)
    if match is None:
        return None
    said, _, mac = text.rpartition("|")
    if not hmac.compare_digest(mac, _mac(said, sheet_key)):
        return None
    page, pages = int(match["page"]), int(match["pages"])
    sheet = SheetId(match["site"], match["body"])
    return SheetRef(sheet, page, pages, match["key"], match["kind"] == "d1") if page <= pages else None


def _mac(said: str, sheet_key: bytes) -> str:
    if len(sheet_key) < 16:
        raise PackError("the sheet key is shorter than 16 bytes")
    return _base32(hmac.new(sheet_key, _MAC_CONTEXT + said.encode(), hashlib.sha256).digest()[:MAC_BYTES])


def _base32(data: bytes) -> str:
    number, chars = int.from_bytes(data, "big"), len(data) * 8 // 5
    return "".join(ALPHABET[(number >> (5 * place)) & 31] for place in reversed(range(chars)))


def comparison_code(note: str) -> str:
    """Four groups of four characters (80 bits) of the SHA-256 of a checkpoint note, to compare by eye or voice."""
    code = _base32(hashlib.sha256(note.encode()).digest()[:MAC_BYTES])
    return " ".join(code[at : at + 4] for at in range(0, 16, 4))


def _check_char(body: str) -> str:
    """Luhn mod N with N = 32: finds every single wrong character and nearly every swap of neighbours."""
    total = 0
    for place, char in enumerate(reversed(body)):
        addend = ALPHABET.index(char) * (2 if place % 2 == 0 else 1)
        total += addend // 32 + addend % 32
    return ALPHABET[-total % 32]
