"""BIP-173 bech32, as age writes its keys (github.com/FiloSottile/age, `AGE-SECRET-KEY-1…` and `age1…`).

age does not keep BIP-173's limit of 90 characters, so neither does this. pyrage only makes random identities; ours are
derived from the root seed, hence this encoder. Tests hold it against pyrage and `cryptography`.
"""

from __future__ import annotations

from collections.abc import Iterable

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def bech32_encode(prefix: str, data: bytes) -> str:
    """`prefix` ‖ "1" ‖ data ‖ checksum in lower case. `prefix`: lower-case ASCII."""
    values = _regroup(data, 8, 5, pad=True)
    polymod = _polymod([*_expand(prefix), *values, 0, 0, 0, 0, 0, 0]) ^ 1
    checksum = [(polymod >> 5 * (5 - place)) & 31 for place in range(6)]
    return f"{prefix}1" + "".join(_ALPHABET[value] for value in (*values, *checksum))


def bech32_decode(text: str) -> tuple[str, bytes]:
    """(prefix in lower case, data). Raises ValueError for mixed case, a foreign character or a wrong checksum."""
    if text not in (text.lower(), text.upper()):
        raise ValueError("bech32 text mixes upper and lower case")
    prefix, _, tail = text.lower().rpartition("1")
    if not prefix or len(tail) < 6 or any(character not in _ALPHABET for character in tail):
        raise ValueError("not bech32 text")
    values = [_ALPHABET.index(character) for character in tail]
    if _polymod([*_expand(prefix), *values]) != 1:
        raise ValueError("bech32 checksum does not match")
    return prefix, bytes(_regroup(values[:-6], 5, 8, pad=False))


def _polymod(values: Iterable[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            check ^= generator if (top >> bit) & 1 else 0
    return check


def _expand(prefix: str) -> list[int]:
    return [ord(letter) >> 5 for letter in prefix] + [0] + [ord(letter) & 31 for letter in prefix]


def _regroup(data: Iterable[int], have: int, want: int, *, pad: bool) -> list[int]:
    held, bits, out = 0, 0, []
    for value in data:
        held = (held << have) | value
        bits += have
        while bits >= want:
            bits -= want
            out.append((held >> bits) & ((1 << want) - 1))
    rest = (held << (want - bits)) & ((1 << want) - 1)
    if pad and bits:
        out.append(rest)
    elif not pad and (bits >= have or rest):
        raise ValueError("bech32 padding is not zero")
    return out
