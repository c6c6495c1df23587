"""Files become entries: every readable resource and message once, every other piece reported by file and line."""

import gzip
import json

import pytest
import zstandard
from journal_rig import new_journal, reader

from codedark.entries import payload_of
from codedark.errors import AppendFailed
from codedark.fhir import read_ndjson
from codedark.intake import import_files

MESSAGE = b"MSH|^~\\&|A|B|||20260101||ADT^A01|%d|P|2.5.1\rPID|1||7\r"


def patient(number: int) -> bytes:
    return json.dumps({"resourceType": "Patient", "id": f"p{number}"}).encode()


def bundle(count: int) -> dict:
    entries = [{"fullUrl": f"urn:x:{n}", "resource": {"resourceType": "Patient", "id": f"p{n}"}} for n in range(count)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


class Desk:
    """A journal and what was put into it."""

    def __init__(self, folder):
        self.folder = folder / "journal"
        self.journal = new_journal(self.folder)

    def take(self, *paths, **more):
        return import_files(paths, self.journal.append_all, label="tests", **more)

    def entries(self, kind="fhir.imported"):
        opened = reader(self.folder)
        try:
            return [e for e in opened.read(-1) if e.kind == kind]
        finally:
            opened.close()

    def lines(self):
        """(number in its file, bytes) of every kept line, as interpretation counts them."""
        chunks = [payload_of(e) for e in self.entries()]
        return [(c.first_line + n - 1, line) for c in chunks for n, line in read_ndjson(c.lines)]


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def write(folder, name: str, data: bytes):
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("suffix", "pack"), [("", bytes), (".gz", gzip.compress), (".zst", zstandard.ZstdCompressor().compress)]
)
def test_every_line_of_ndjson_is_kept_as_it_came(desk, tmp_path, suffix, pack):
    lines = [patient(n) for n in range(450)]
    report = desk.take(write(tmp_path, "Patient.ndjson" + suffix, pack(b"\n".join(lines) + b"\n")))
    assert (report.files, report.resources, report.entries, report.refusals) == (1, 450, 3, [])
    assert desk.lines() == list(enumerate(lines, 1))
    assert {e.source for e in desk.entries()} == {"import:tests"}


def test_a_second_run_keeps_nothing_twice(desk, tmp_path):
    path = write(tmp_path, "Patient.ndjson", b"\n".join(patient(n) for n in range(450)))
    desk.take(path)
    again = desk.take(path)
    assert (again.entries, again.repeated, len(desk.entries())) == (0, 3, 3)


def test_an_import_that_was_cut_short_is_finished_by_the_next_run(desk, tmp_path):
    path = write(tmp_path, "Patient.ndjson", b"\n".join(patient(n) for n in range(200 * 1200)))
    calls = [0]

    def fail_later(drafts):
        calls[0] += 1
        if calls[0] > 1:
            raise AppendFailed("the journal's disk is full")
        return desk.journal.append_all(drafts)

    with pytest.raises(AppendFailed):
        import_files([path], fail_later, label="tests")
    kept = len(desk.entries())
    report = desk.take(path)
    assert 0 < kept < 1200
    assert (report.repeated, report.entries) == (kept, 1200 - kept)


def test_resume_leaves_out_what_is_known_to_be_kept(desk, tmp_path):
    path = write(tmp_path, "Patient.ndjson", b"\n".join(patient(n) for n in range(450)))
    report = desk.take(path, resume=lambda file: {"Patient.ndjson": 400}[file])
    assert (report.resources, next(n for n, _ in desk.lines())) == (50, 401)


def test_other_content_in_the_same_place_is_kept_and_flagged(desk, tmp_path):
    desk.take(write(tmp_path, "a.ndjson", patient(1) + b"\n" + patient(2)))
    report = desk.take(write(tmp_path, "a.ndjson", patient(1) + b"\n" + patient(3)))
    assert (report.entries, report.differing) == (1, 1)


def test_a_bad_line_is_reported_and_moves_no_other_line(desk, tmp_path):
    data = b"\xef\xbb\xbf" + patient(1) + b"\r\n\r\n{broken\r\n[1]\r\n" + patient(5) + b"\r\n{}"
    report = desk.take(write(tmp_path, "a.ndjson", data))
    assert [(r.file, r.line) for r in report.refusals] == [("a.ndjson", 3), ("a.ndjson", 4), ("a.ndjson", 6)]
    assert desk.lines() == [(1, patient(1)), (5, patient(5))]


def test_no_refusal_repeats_what_stood_in_the_file(desk, tmp_path):
    report = desk.take(write(tmp_path, "a.ndjson", b'{"name":"SECRET-NAME",}'))
    assert "SECRET" not in str(report.refusals)


def test_a_bundle_is_kept_resource_by_resource(desk, tmp_path):
    report = desk.take(write(tmp_path, "b.json", json.dumps(bundle(450), indent=2).encode()))
    chunks = [payload_of(e) for e in desk.entries()]
    assert (report.resources, report.entries) == (450, 3)
    assert [(c.format, c.first_line) for c in chunks] == [("bundle", 1), ("bundle", 201), ("bundle", 401)]
    assert len(desk.lines()) == 450


def test_a_single_resource_is_one_line(desk, tmp_path):
    report = desk.take(write(tmp_path, "p.json", b'{\n "resourceType": "Patient",\n "id": "x"\n}\n'))
    assert (report.resources, len(desk.lines())) == (1, 1)


def test_bundles_in_lines_are_kept_apart(desk, tmp_path):
    data = b"\n".join(json.dumps(bundle(n)).encode() for n in (2, 3))
    report = desk.take(write(tmp_path, "many.ndjson", data))
    assert report.resources == 5
    assert [payload_of(e).file for e in desk.entries()] == ["many.ndjson:1", "many.ndjson:2"]


def test_messages_of_a_batch_file_are_kept_one_by_one(desk, tmp_path):
    data = b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + MESSAGE % 1 + MESSAGE % 2 + b"BTS|2\rFTS|1\r"
    path = write(tmp_path, "batch.hl7", data)
    report = desk.take(path)
    assert (report.messages, report.refusals) == (2, [])
    assert [e.payload for e in desk.entries("hl7.received")] == [(MESSAGE % n).rstrip(b"\r") for n in (1, 2)]
    assert desk.take(path).repeated == 2


def test_text_that_is_no_message_is_reported_with_its_line(desk, tmp_path):
    report = desk.take(write(tmp_path, "odd.hl7", b"a note\n" + MESSAGE % 1))
    assert (report.messages, report.refusals) == (1, [("odd.hl7", 1, "no MSH segment")])


def test_a_folder_is_walked_and_other_files_are_reported(desk, tmp_path):
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    write(folder, "a.ndjson", patient(1))
    write(folder / "sub", "m.hl7", MESSAGE % 1)
    write(folder, "picture.jpg", b"\xff\xd8\xff")
    report = desk.take(folder)
    assert (report.files, report.resources, report.messages) == (3, 1, 1)
    assert report.refusals == [("picture.jpg", 1, "neither HL7 nor FHIR JSON")]


@pytest.mark.parametrize("name", ["cut.ndjson.gz", "cut.ndjson.zst"])
def test_a_damaged_archive_is_reported_and_what_came_before_is_kept(desk, tmp_path, name):
    data = b"\n".join(patient(n) for n in range(60_000))
    packed = gzip.compress(data) if name.endswith("gz") else zstandard.ZstdCompressor().compress(data)
    damaged = packed[: len(packed) // 2] + b"\x00" * 64
    report = desk.take(write(tmp_path, name, damaged), write(tmp_path, "z.ndjson", patient(1)))
    assert [r.line for r in report.refusals if r.reason.startswith("cannot be read")] == [0]
    assert "z.ndjson" in {payload_of(e).file for e in desk.entries()}


def test_an_empty_file_is_reported(desk, tmp_path):
    assert desk.take(write(tmp_path, "e.hl7", b"")).refusals == [("e.hl7", 1, "no message in it")]


def test_progress_says_how_far_each_file_is(desk, tmp_path):
    told = []
    path = write(tmp_path, "Patient.ndjson", b"\n".join(patient(n) for n in range(450)))
    desk.take(path, progress=lambda *step: told.append(step))
    assert told[-1] == ("Patient.ndjson", path.stat().st_size, path.stat().st_size)
