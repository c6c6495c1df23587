"""Journals, keys and requests that somebody else made: refused in words, and nothing of this machine goes along."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from hashlib import sha256
from pathlib import Path

import apsw
import msgspec
import pyrage
import pytest
from journal_rig import IDENTITY, hl7, new_journal

from codedark.errors import CannotUnseal, ChainBroken, UnknownFormat
from codedark.journal import Door, Draft, EpochKeys, JournalReader, Once, Outcome, chain, cited, pull, read_checkpoint
from codedark.journal.header import unwrap_plaintext


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A good journal of three messages."""
    folder = tmp_path / "source"
    journal = new_journal(folder)
    for number in range(3):
        journal.append(hl7(number))
    journal.close()
    return folder


def test_a_link_among_the_epoch_files_takes_no_file_of_this_machine_along(source: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"a key of the machine that pulls")
    name = f"{sha256(secret.read_bytes()).digest()[:16].hex()}.epoch"
    (source / "epochs" / name).symlink_to(secret)
    (source / "epochs" / f"{'0' * 32}.epoch").write_bytes(b"not what its name says")

    pull(source, tmp_path / "copy")

    kept = {path.name for path in (tmp_path / "copy" / "epochs").iterdir()}
    assert kept == {path.name for path in (source / "epochs").iterdir() if path.stat().st_size > 100}
    assert name not in kept


def test_the_control_a_regular_epoch_file_comes_along(source: Path, tmp_path: Path) -> None:
    pull(source, tmp_path / "copy")

    names = sorted(path.name for path in (source / "epochs").iterdir())
    assert names
    assert sorted(path.name for path in (tmp_path / "copy" / "epochs").iterdir()) == names


def test_a_pipe_in_place_of_a_volume_keeps_nobody_waiting(source: Path, tmp_path: Path) -> None:
    (source / "volume-000001.db").unlink()
    os.mkfifo(source / "volume-000001.db")

    with pytest.raises(UnknownFormat, match="is no file"):
        pull(source, tmp_path / "copy")


def test_a_root_that_was_never_signed_is_not_kept(source: Path, tmp_path: Path) -> None:
    connection = apsw.Connection(str(source / "volume-000001.db"))
    connection.execute("UPDATE checkpoint SET root = ?", (bytes(32),))
    connection.close()

    pull(source, tmp_path / "copy")
    reader = JournalReader.open(tmp_path / "copy")
    newest = reader.checkpoint()
    reader.close()

    assert newest is not None
    assert newest.root == read_checkpoint(newest.note).root != bytes(32)


def test_a_sealed_key_of_a_wrong_size_opens_nothing(tmp_path: Path) -> None:
    head = b"codedark epoch v1\norigin x\naudience facility\nopened 1\nrecipients x\n\n"
    file = head + pyrage.encrypt(b"five!", [pyrage.x25519.Recipient.from_str(str(IDENTITY.to_public()))])
    name = sha256(file).digest()[:16]
    (tmp_path / f"{name.hex()}.epoch").write_bytes(file)

    with pytest.raises(CannotUnseal, match="is no key"):
        EpochKeys(tmp_path, [str(IDENTITY)]).unseal(name, b"", bytes(12), bytes(32), 7)


@pytest.mark.parametrize("plain", [b"", b"\x00", b"\x00\x05ab", b"\x00\x01a\x00\x09b", b"\x00\x01\xff\x00\x01a"])
def test_a_sealed_entry_without_a_natural_key_is_refused(plain: bytes) -> None:
    with pytest.raises(UnknownFormat):
        unwrap_plaintext(plain)


@pytest.mark.parametrize("size", ["-5", "07", "²", "1" * 5000, "+1", " 1", ""])
def test_a_size_is_a_plain_number_or_nothing(size: str) -> None:
    with pytest.raises(UnknownFormat):
        read_checkpoint(f"codedark/x\n{size}\n{'A' * 43}=\n\n— x AAAA\n")
    with pytest.raises(ChainBroken):
        cited(f"{'a' * 32}/{size if size != '07' else 'x'}/{'b' * 64}")


def test_a_request_with_one_bad_draft_keeps_none_of_its_drafts(tmp_path: Path) -> None:
    journal = new_journal(tmp_path / "journal", threaded=True)
    before = journal.head().size
    draft = ["hl7.received", 1, "feed:adt", b"payload", "facility", None, 1]
    said = msgspec.msgpack.encode({"op": "append", "drafts": [draft, [*draft[:6], 9]]})

    async def ask() -> bytes:
        await Door(journal, tmp_path / "door.sock").serve()
        return await asyncio.to_thread(_told, tmp_path / "door.sock", said)

    assert asyncio.run(ask()) == b""
    assert journal.head().size == before
    journal.close()


def _told(path: Path, said: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(path))
        peer.sendall(struct.pack(">I", len(said)) + said)
        return peer.recv(65536)


def test_a_sender_that_changes_its_own_name_fills_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "SCOPES_MAX", 20)
    journal = new_journal(tmp_path / "journal", synchronous="OFF")
    said = [Draft("hl7.received", 1, "feed:adt", b"%d" % n, once=Once(f"adt\x1fAPP{n}\x1fB", "1")) for n in range(100)]

    first = [journal.append(draft).position for draft in said]
    again = [journal.append(draft) for draft in said]

    assert [receipt.position for receipt in again] == first
    assert {receipt.outcome for receipt in again} == {Outcome.SAME}
    assert len(journal._chain._scopes) <= 21
    journal.close()
