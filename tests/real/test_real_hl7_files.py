"""Every HL7 file that others wrote: split, peeked, parsed field by field; none crashes, none is lost."""

import asyncio
import base64
from collections import Counter
from pathlib import Path

import pytest
from intake_rig import adt, site
from journal_rig import new_journal

from codedark.entries import payload_of
from codedark.errors import Unparsable
from codedark.hl7 import ack, decode, parse, peek, split_batch
from codedark.intake import import_files

NAMES = (".hl7", ".hl7v2", ".txt", ".out", ".dat")
NO_MESSAGES = {
    "SOURCE.txt", "configs__hl7_messages__third_party__nouns.txt", "configs__hl7_messages__third_party__surnames.txt",
    "configs__hl7_messages__third_party__note_types.txt", "uuencoded.txt",
}  # fmt: skip
"""Word lists and an encoded picture that lie among the messages."""
KNOWN_PARTS = {
    ("clitests__compare-test-files__test-0001-input-covid-19.hl7", "the batch says 25 messages, 20 came"),
    ("simplesender__samples__hl7.txt", "no MSH segment"),  # every message begins with the five characters [SOM]
    ("server__tests__test-hl7-single-segment-output.txt", "no MSH segment"),  # one PID
    ("messages.txt", "no MSH segment"),  # a comment above the first message
}
KNOWN_REFUSALS = {
    ("samples-005.hl7", "no message in it"),
    ("samples-007.hl7", "no message in it"),
    ("simplesender__samples__hl7.txt", "neither HL7 nor FHIR JSON"),
    ("server__tests__test-hl7-single-segment-output.txt", "neither HL7 nor FHIR JSON"),
}
KNOWN_UNPARSABLE: set[tuple[str, str]] = set()


@pytest.fixture(scope="module")
def files(shared_data) -> list[Path]:
    found = [p for folder in sorted(shared_data.glob("hl7v2-*")) for p in sorted(folder.rglob("*")) if p.is_file()]
    return [p for p in found if p.suffix in NAMES and p.name not in NO_MESSAGES]


def test_every_message_is_found_and_every_other_part_is_known(files):
    messages, odd = 0, set()
    for path in files:
        parts = split_batch(path.read_bytes())
        messages += sum(not p.reason for p in parts)
        odd |= {(path.name, p.reason) for p in parts if p.reason}
    print(f"\n{len(files)} files, {messages} messages")
    assert messages > 450
    assert odd - KNOWN_PARTS == set()


def test_no_byte_of_a_file_is_lost_by_splitting(files):
    """What is not white space, an MLLP mark or an envelope line is in some part."""
    for path in files:
        data = path.read_bytes()
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            continue
        kept = sum(len(b"".join(p.raw.split())) for p in split_batch(data))
        lines = data.replace(b"\xef\xbb\xbf", b"").replace(b"\r", b"\n").split(b"\n")
        envelope = sum(len(b"".join(x.split())) for x in lines if x[:3] in (b"FHS", b"BHS", b"BTS", b"FTS"))
        there = len(b"".join(data.replace(b"\xef\xbb\xbf", b"").strip(b"\x0b\x1c").split()))
        assert kept >= there - envelope, path.name


def test_every_message_is_peeked_acknowledged_and_parsed(files):
    notes, unparsable, count = Counter(), set(), 0
    for path in files:
        for part in split_batch(path.read_bytes()):
            if part.reason:
                continue
            head = peek(part.raw)
            assert head.readable, path.name
            assert parse(ack(head, "AA", control_id="1", now="20260101"))["MSA"].field(2) == head.control_id.rstrip()
            try:
                message = parse(part.raw)
            except Unparsable as error:
                unparsable.add((path.name, str(error)))
                continue
            notes.update(n.split(":")[0] for n in message.notes)
            for segment in message:
                for number in range(1, len(segment.fields)):
                    segment.text(number)
                    segment.repetitions(number)
                    count += 1
    print(f"\n{count} fields read; notes: {dict(notes)}; unparsable: {sorted(unparsable)}")
    assert unparsable == KNOWN_UNPARSABLE


def test_every_message_goes_through_import_once(files, tmp_path):
    journal = new_journal(tmp_path / "journal")
    report = import_files(files, journal.append_all, label="real")
    print(f"\n{report.files} files: {report.messages} messages, {report.entries} entries, refused {report.refusals}")
    assert report.entries + report.repeated == report.messages
    assert journal.counts()["hl7.received"] == report.entries
    assert {(r.file, r.reason) for r in report.refusals} <= KNOWN_PARTS | KNOWN_REFUSALS
    journal.close()


def test_every_file_sent_as_one_frame_is_kept_and_answered(files, tmp_path):
    """The roughest sender: a whole file, whatever is in it, as one message."""

    async def story():
        async with site(tmp_path) as s:
            client = await s.connect()
            codes = Counter()
            for path in files:
                content = path.read_bytes().replace(b"\x0b", b"").replace(b"\x1c", b"")
                answer = await client.exchange(content)
                codes[answer["MSA"].text(1)] += 1
            await s.listener.stop()
            kept = len(s.entries("hl7.received", "hl7.refused"))
            print(f"\n{len(files)} frames: {dict(codes)}, {kept} entries")
            assert sum(codes.values()) == len(files)
            resent = sum(payload_of(e).duplicates for e in s.entries("feed.heard"))
            assert kept == len(files) - resent

    asyncio.run(story())


def transcoded(raw: bytes, codec: str, declared: str) -> bytes:
    """The same message in another character set, which its MSH-18 names."""
    lines = decode(raw).text.replace("\r\n", "\r").replace("\n", "\r").split("\r")
    fields = lines[0].split(lines[0][3])
    fields += [""] * (18 - len(fields))
    fields[17] = declared
    return "\r".join([lines[0][3].join(fields), *lines[1:]]).encode(codec)


@pytest.mark.parametrize(
    ("codec", "declared"),
    [("utf-16", "UNICODE UTF-16"), ("utf-16-be", ""), ("utf-8-sig", ""), ("latin-1", "8859/1"), ("cp1252", "8859/1")],
)
def test_every_message_reads_the_same_in_another_character_set(files, codec, declared):
    read = 0
    for path in files:
        for part in split_batch(path.read_bytes()):
            plain = None if part.reason else transcoded(part.raw, "utf-8", declared)
            try:
                other = plain and transcoded(part.raw, codec, declared)
            except UnicodeEncodeError:
                continue
            if not plain or not other:
                continue
            assert peek(other).control_id == peek(plain).control_id, path.name
            assert [s.raw for s in parse(other)] == [s.raw for s in parse(plain)], path.name
            read += 1
    print(f"\n{codec}: {read} messages")
    assert read > 450


def test_a_whole_pdf_inside_a_message_is_kept_byte_for_byte(shared_data, tmp_path):
    """A report as base64 in OBX-5, as document feeds send it."""
    pdf = max((p for p in shared_data.rglob("*.pdf")), key=lambda p: p.stat().st_size)
    body = base64.b64encode(pdf.read_bytes())
    content = adt(1) + b"OBX|1|ED|PDF^Report^L||^AP^^Base64^" + body + b"||||||F\r"

    async def story():
        async with site(tmp_path) as s:
            answer = await (await s.connect()).exchange(content)
            assert answer["MSA"].text(1) == "AA"
            (entry,) = s.entries("hl7.received")
            assert base64.b64decode(parse(entry.payload)["OBX"].text(5, comp=5)) == pdf.read_bytes()

    asyncio.run(story())
