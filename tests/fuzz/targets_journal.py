"""Targets of the journal's outside: notes, statements, headers, epoch files, exports, copies that an attacker made."""
# ruff: noqa: PT017

from __future__ import annotations

import io
import shutil
import struct
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import apsw
import pyrage
from fuzzing import SCRATCH, Target
from journal_rig import IDENTITY, SEED, deed, hl7, new_journal, statement

from codedark.errors import CannotUnseal, JournalError, UnknownFormat
from codedark.journal import (
    EpochKeys,
    JournalReader,
    NoteSigner,
    OriginStatement,
    cited,
    cosign,
    cosigned_at_us,
    export,
    is_signed_by,
    keep_export,
    pull,
    read_checkpoint,
    verify,
    verify_export,
)
from codedark.journal import header as headers
from codedark.journal.epochs import read_epoch_file

_STATEMENT = statement()
_SIGNER = NoteSigner(_STATEMENT.name, SEED)
_WITNESS = NoteSigner("codedark/witness/x", bytes(32))
_NOTE = _SIGNER.checkpoint(7, bytes(range(32)))
_COSIGNED = cosign(_NOTE, _WITNESS, 1_790_000_000)


@cache
def journal() -> Path:
    """A small real journal: 40 messages, a deed, one volume."""
    folder = Path(tempfile.mkdtemp(prefix="codedark-fuzz-", dir=SCRATCH), "journal")
    writer = new_journal(folder, synchronous="OFF")
    for number in range(40):
        writer.append(hl7(number))
    writer.append(deed(b"d" * 5000))
    writer.close()
    for left in folder.glob("*-*m"):
        left.unlink()
    return folder


def check_note(data: bytes) -> None:
    """A note is refused or read; only the very text that was signed counts as signed."""
    note = data.decode("utf-8", "replace")
    try:
        head = read_checkpoint(note)
    except UnknownFormat:
        head = None
    assert head is None or (head.size >= 0 and len(head.root) == 32)
    text = note.partition("\n\n")[0]
    if is_signed_by(note, _SIGNER.name, _SIGNER.public_key):
        assert text == _NOTE.partition("\n\n")[0], "another text counts as signed"
    if cosigned_at_us(note, _WITNESS.name, _WITNESS.public_key) is not None:
        assert text == _COSIGNED.partition("\n\n")[0], "another text counts as cosigned"
    again = cosign(note, _WITNESS, 1_790_000_001)
    assert head is None or read_checkpoint(again) == head


def check_statement(data: bytes) -> None:
    """A statement is canonical to the last byte or refused; what it cites is a head or refused."""
    text = data.decode("utf-8", "replace")
    try:
        said = OriginStatement.parse(text)
    except UnknownFormat:
        return
    assert said.text == text
    try:
        head = cited(said.cites)
    except JournalError:
        return
    assert head is None or ("/" not in head[0] and "\x00" not in head[0] and head[1] >= 0)


def check_header(data: bytes) -> None:
    """A header is canonical or refused; a plaintext comes apart or is refused."""
    try:
        header = headers.decode(data)
    except UnknownFormat:
        header = None
    assert header is None or headers.encode(header) == data
    try:
        once, payload = headers.unwrap_plaintext(data)
    except (UnknownFormat, CannotUnseal):
        return
    assert headers.wrap_plaintext(once, payload) == data or once is None


def check_epoch_file(data: bytes) -> None:
    """An epoch file is refused or opened; a key of a wrong size, sealed by somebody else, opens nothing."""
    try:
        read_epoch_file(data)
    except UnknownFormat:
        pass
    recipient = pyrage.x25519.Recipient.from_str(str(IDENTITY.to_public()))
    sealed = b"codedark epoch v1\norigin x\naudience facility\nopened 1\nrecipients x\n\n"
    for file in (data, sealed + data, sealed + pyrage.encrypt(data[:64], [recipient])):
        with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
            name = headers.sha256(file).digest()[:16]
            Path(folder, f"{name.hex()}.epoch").write_bytes(file)
            keys = EpochKeys(Path(folder), [str(IDENTITY)])
            try:
                keys.unseal(name, b"header", bytes(12), bytes(32), 1)
            except (CannotUnseal, UnknownFormat):
                continue
            raise AssertionError("something was opened")


def check_export(data: bytes) -> None:
    """An export verifies, or is refused with a reason; what is kept of it verifies."""
    try:
        verify_export(io.BytesIO(data))
    except JournalError as error:
        assert str(error)
        good = False
    else:
        good = True
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        try:
            keep_export(io.BytesIO(data), Path(folder, "kept"))
        except JournalError:
            assert not good, "verified, but could not be kept"
            return
        assert verify(Path(folder, "kept")).ok


def check_copy_bytes(data: bytes) -> None:
    """A source with changed bytes is pulled whole or refused; what was kept of it verifies."""

    def spoil(source: Path) -> None:
        path = source / "volume-000001.db"
        content = bytearray(path.read_bytes())
        for at in range(0, len(data) - 4, 12):
            place, patch = struct.unpack_from(">I", data, at)[0] % len(content), data[at + 4 : at + 12]
            content[place : place + len(patch)] = patch
        path.write_bytes(content)

    _pulled(spoil)


_COLUMNS = (
    "UPDATE entry SET header = ? WHERE position = 3", "UPDATE entry SET nonce = ? WHERE position = 3",
    "UPDATE entry SET hash = ? WHERE position = 3", "UPDATE payload SET ciphertext = ? WHERE id = 3 * 4096",
    "UPDATE checkpoint SET root = ?", "UPDATE checkpoint SET frontier = ?",
    "UPDATE checkpoint SET note = CAST(? AS TEXT)",
    "UPDATE meta SET value = ? WHERE name = 'statement'", "UPDATE meta SET value = ? WHERE name = 'previous'",
    "UPDATE meta SET value = ? WHERE name = 'first'", "UPDATE meta SET value = ? WHERE name = 'format'",
    "UPDATE meta SET value = CAST(? AS TEXT) WHERE name = 'statement'",
    "UPDATE meta SET value = ? WHERE name = 'endorsement'",
    "UPDATE meta SET value = CAST(? AS TEXT) WHERE name = 'first'", "DELETE FROM meta WHERE name = ?",
    "INSERT INTO payload VALUES (3 * 4096 + 1, ?)", "UPDATE entry SET position = length(?) WHERE position = 3",
    "UPDATE checkpoint SET size = length(?)", "UPDATE tile SET hashes = ?", "DROP TABLE IF EXISTS entry -- ?",
    "UPDATE counter SET kind = CAST(? AS TEXT)", "UPDATE duplicate SET key = CAST(? AS TEXT)",
)  # fmt: skip


def check_copy_values(data: bytes) -> None:
    """The same with a source that is good SQLite and holds hostile values."""

    def spoil(source: Path) -> None:
        sql = _COLUMNS[data[0] % len(_COLUMNS)] if data else _COLUMNS[0]
        connection = apsw.Connection(str(source / "volume-000001.db"))
        try:
            connection.execute(sql, (data[1:],) if "?" in sql.partition("--")[0] else ())
        except apsw.Error:
            pass  # STRICT tables refuse some of it
        connection.close()

    _pulled(spoil)


def _pulled(spoil: Callable[[Path], None]) -> None:
    with tempfile.TemporaryDirectory(dir=SCRATCH) as scratch:
        source, copy = Path(scratch, "source"), Path(scratch, "copy")
        shutil.copytree(journal(), source)
        spoil(source)
        try:
            pull(source, copy, _WITNESS)
        except JournalError as error:
            assert str(error)
        else:
            assert verify(copy).ok, "a copy was cosigned that does not verify"
        try:
            report = verify(source)
            assert report.ok or report.reason
        except JournalError as error:
            assert str(error)
        try:
            reader = JournalReader.open(source, EpochKeys(source / "epochs", [str(IDENTITY)]))
            try:
                reader.read(-1)
            finally:
                reader.close()
        except JournalError as error:
            assert str(error)


def _exports() -> list[bytes]:
    out = io.BytesIO()
    export(journal(), out)
    return [out.getvalue(), out.getvalue()[:3000]]


def _headers() -> list[bytes]:
    reader = JournalReader.open(journal())
    rows = [entry.header for entry in reader.rows(-1, 3)]
    reader.close()
    return [*rows, headers.wrap_plaintext(hl7(1).once, b"payload"), headers.wrap_plaintext(None, b"payload")]


def _epoch_files() -> list[bytes]:
    return [path.read_bytes() for path in sorted((journal() / "epochs").iterdir())] + [bytes(32), b"x" * 5]


def _patches() -> list[bytes]:
    return [struct.pack(">I", place) + b"\x00\x01\x02\x03\x04\x05\x06\xff" for place in (16, 100, 4096, 9000, 20_000)]


def _values() -> list[bytes]:
    return [bytes([number]) + b"x" * 40 for number in range(len(_COLUMNS))] + [b"\x07" + _STATEMENT.text.encode()]


_WORDS = (
    "— ".encode(), b"\n\n", b"\n", b"7\n", b"-7\n", b"\xc2\xb2", b"0007", b"codedark/", b"AAAA", b"==", b" ",
    b"codedark origin v1\n", b"facility ", b"cites ", b"none", b"/7/", b"CDJ1", b"\xff" * 8, b"\x00" * 16,
    b"audience facility\n", b"recipients ", b"age-encryption.org/v1\n-> X25519 ", b"---", b"O\x00\x00\x00",
    b"E\x00\x00",
)  # fmt: skip
_ROOM = ("codedark.journal",)
TARGETS = (
    Target("checkpoint-note", check_note, lambda: [_NOTE.encode(), _COSIGNED.encode()], _WORDS, _ROOM),
    Target("origin-statement", check_statement, lambda: [_STATEMENT.text.encode()], _WORDS, _ROOM),
    Target("entry-header", check_header, _headers, _WORDS, _ROOM),
    Target("epoch-file", check_epoch_file, _epoch_files, _WORDS, _ROOM),
    Target("export", check_export, _exports, _WORDS, _ROOM, weight=2),
    Target("copy-of-hostile-bytes", check_copy_bytes, _patches, _WORDS, _ROOM, weight=6),
    Target("copy-of-hostile-values", check_copy_values, _values, _WORDS, _ROOM, weight=6),
)
