"""Makes the journal vectors: `python tests/rigs/journal_vectors.py FOLDER`. Seeded, so the same vectors each time.

Epoch files are left out of the vectors: age files are never the same twice, and no verifier needs them.
"""

from __future__ import annotations

import io
import struct
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from codedark.clock import SeededClock
from codedark.journal import NoteSigner, OriginStatement
from codedark.journal.header import encode, entry_hash
from codedark.journal.merkle import Frontier
from codedark.journal.model import Flag, Header

SEED = bytes(range(32))


def entries(statement: OriginStatement, count: int) -> Iterator[bytes]:
    """`E` sections of a small chain; ciphertexts are arbitrary bytes, which no verifier can tell from sealed ones."""
    previous, clock = statement.first_previous, SeededClock()
    for n in range(count):
        ciphertext, nonce = sha256(b"c%d" % n).digest(), sha256(b"n%d" % n).digest()[:12]
        header = encode(
            Header(
                n,
                statement.id,
                previous,
                clock.now_us(),
                clock.boot,
                n,
                True,
                Flag.NONE,
                b"e" * 16,
                "hl7.received",
                1,
                "facility",
                "feed:adt",
                len(ciphertext),
            )
        )
        previous = entry_hash(header, nonce, ciphertext)
        yield struct.pack(">I", len(header)) + header + nonce + ciphertext
        clock.advance(1_000_000)


def build(sections: list[tuple[bytes, bytes]]) -> bytes:
    out = io.BytesIO()
    for kind, data in sections:
        out.write(struct.pack(">cQ", kind, len(data)) + data)
    return out.getvalue()


def good(count: int = 10, seed: bytes = SEED) -> list[tuple[bytes, bytes]]:
    signer = NoteSigner("", seed)
    statement = OriginStatement("waterbury", "node-1", signer.public_key, 1_790_000_000_000_000, b"n" * 16)
    tree, out = Frontier(), [(b"O", statement.text.encode())]
    for data in entries(statement, count):
        (size,) = struct.unpack_from(">I", data)
        tree.append(entry_hash(data[4 : 4 + size], data[4 + size : 16 + size], data[16 + size :]))
        out.append((b"E", data))
    out.append((b"C", NoteSigner(statement.name, seed).checkpoint(tree.size, tree.root()).encode()))
    return out


def flipped(sections: list[tuple[bytes, bytes]], index: int, at: int) -> list[tuple[bytes, bytes]]:
    kind, data = sections[index]
    at %= len(data)
    data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    return [*sections[:index], (kind, data), *sections[index + 1 :]]


def vectors() -> dict[str, tuple[str, bytes]]:
    base = good()
    other = good(seed=bytes(32))
    return {
        "ten_entries": ("ok", build(base)),
        "one_entry": ("ok", build(good(1))),
        "ciphertext_changed": ("chain broken at 8: the header does not follow", build(flipped(base, 8, -1))),
        "last_ciphertext_changed": ("chain broken at 10: a checkpoint's root", build(flipped(base, 10, -1))),
        "nonce_changed": ("chain broken at 8: the header does not follow", build(flipped(base, 8, -40))),
        "recorded_at_back": ("chain broken at 7: the entry is dated before", build(flipped_time(base))),
        "entry_removed": ("chain broken at 6: entry 7 stands where 6 belongs", build(base[:7] + base[8:])),
        "entries_swapped": (
            "chain broken at 6: entry 7 stands where 6 belongs",
            build([*base[:7], base[8], base[7], *base[9:]]),
        ),
        "tail_cut": ("chain broken at 8: a checkpoint is of another origin or size", build(base[:9] + base[-1:])),
        "no_checkpoint": ("chain broken at 10: the export does not end with a checkpoint", build(base[:-1])),
        "signed_by_another": ("chain broken at 10: a checkpoint is of another", build([*base[:-1], other[-1]])),
        "statement_of_another": ("chain broken at 0: the header names another origin", build([other[0], *base[1:]])),
        "signature_changed": ("chain broken at 10: a checkpoint's signature", build(flipped(base, 11, -12))),
        "header_of_a_later_format": ("chain broken at 7: the header is not canonical", build(flipped(base, 8, 7))),
        "cut_inside_a_section": ("unknown format", build(base)[:-5]),
        "statement_not_canonical": ("unknown format", build([(b"O", base[0][1] + b"\n"), *base[1:]])),
    }


def flipped_time(sections: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Entry 7 dated a second before entry 6 and re-hashed: only the time is wrong."""
    kind, data = sections[8]
    (size,) = struct.unpack_from(">I", data)
    header = bytearray(data[4 : 4 + size])
    header[60:68] = (int.from_bytes(header[60:68], "big") - 2_000_000).to_bytes(8, "big")
    return [*sections[:8], (kind, data[:4] + bytes(header) + data[4 + size :]), *sections[9:]]


def text(expected: str, data: bytes) -> str:
    lines = data.hex()
    return f"expect: {expected}\n" + "\n".join(lines[i : i + 120] for i in range(0, len(lines), 120)) + "\n"


def main(folder: Path) -> None:
    for name, (expected, data) in vectors().items():
        (folder / f"{name}.vector").write_text(text(expected, data))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
