"""A bulk export against a server over real sockets: asked for, waited for, read whole, taken up where it broke."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from mock_ehr import Faults, MockEhr
from tls_rig import certificate

from codedark.clock import SeededChance, SeededClock, SystemChance, SystemClock
from codedark.ehr import (
    Credential,
    EhrServer,
    Export,
    ExportFile,
    ExportJob,
    ExportRequest,
    HttpWire,
    JobShelf,
    check_address,
    key_set,
    new_key,
)
from codedark.errors import EhrRefused, EhrSilent

OLD, NEW = "2026-11-20T06:00:00Z", "2026-11-23T06:00:00Z"
PRIVATE, PUBLIC = new_key()
SET = key_set(PUBLIC, "k1")["keys"]


def resources(count: int = 40) -> list[dict[str, Any]]:
    patients = [{"resourceType": "Patient", "id": f"p{n}", "meta": {"lastUpdated": OLD}} for n in range(count)]
    about = [
        {"resourceType": "Observation", "id": f"o{n}", "meta": {"lastUpdated": NEW}, "note": [{"text": "é" * 50}]}
        for n in range(count)
    ]
    return [*patients, *about]


@dataclass
class Taker:
    """Takes files as the node does, and remembers the job as it was kept."""

    files: dict[str, bytes] = field(default_factory=dict)
    pauses: list[float] = field(default_factory=list)
    jobs: list[ExportJob] = field(default_factory=list)
    stop_after: int = 1 << 30

    def take(self, file: ExportFile, as_of: str, chunks: Iterator[bytes]) -> int:
        if len(self.files) >= self.stop_after:
            raise KeyboardInterrupt
        assert as_of
        self.files[file.name] = b"".join(chunks)
        return self.files[file.name].count(b"\n")

    def export(self, ehr: MockEhr, request: ExportRequest | None = None, **more: Any) -> Any:
        run = Export(self.server(ehr, **more), self.take, self.jobs.append)
        return run.finish(run.begin(request or ExportRequest()))

    def server(self, ehr: MockEhr, **more: Any) -> EhrServer:
        if ehr.keys:
            more.setdefault("credential", Credential("codedark", PRIVATE, "k1"))
        return EhrServer(ehr.base, HttpWire(), SystemClock(), SystemChance(), self.pauses.append, **more)

    @property
    def lines(self) -> list[bytes]:
        return [line for _, data in sorted(self.files.items()) for line in data.splitlines()]


@pytest.fixture
def taker() -> Taker:
    return Taker()


@pytest.fixture
def ehr() -> Iterator[MockEhr]:
    with MockEhr(resources()).serving() as serving:
        yield serving


def whole(ehr: MockEhr) -> list[bytes]:
    by_type = sorted(ehr.resources, key=lambda each: each["resourceType"])
    return [json.dumps(each).encode() for each in by_type]


@pytest.mark.parametrize("post", [False, True])
@pytest.mark.parametrize("group", ["", "*", "g1"])
def test_everything_is_read_however_it_is_asked_for(taker: Taker, ehr: MockEhr, group: str, post: bool) -> None:
    gathered = taker.export(ehr, ExportRequest(group, post=post))
    assert taker.lines == whole(ehr)
    assert (gathered.transaction_time, gathered.files, gathered.short) == (ehr.now, 2, ())


@pytest.mark.parametrize("post", [False, True])
def test_since_and_type_leave_out_the_rest(taker: Taker, ehr: MockEhr, post: bool) -> None:
    taker.export(ehr, ExportRequest(since=OLD, types=("Observation", "Condition"), post=post))
    assert len(taker.lines) == 40


def test_deletions_come_as_a_file_of_their_own(taker: Taker, ehr: MockEhr) -> None:
    ehr.deleted = [(NEW, "Observation/o1"), (OLD, "Observation/o2")]
    taker.export(ehr, ExportRequest(since=OLD))
    [gone] = [data for name, data in taker.files.items() if "deleted" in name]
    assert b"Observation/o1" in gone
    assert b"Observation/o2" not in gone


@pytest.mark.parametrize("post", [False, True])
def test_a_server_of_an_earlier_edition_is_asked_without_what_it_does_not_know(
    taker: Taker, ehr: MockEhr, post: bool
) -> None:
    ehr.faults.old = True
    taker.export(ehr, ExportRequest(post=post))
    assert taker.lines == whole(ehr)


def test_a_redirect_is_not_followed(taker: Taker, guarded: MockEhr, ehr: MockEhr) -> None:
    guarded.faults.elsewhere = f"{ehr.base}/Patient"
    with pytest.raises(EhrRefused, match="302"):
        taker.export(guarded)
    assert ehr.asked == []


def test_the_server_may_forget_the_export_when_all_is_here(taker: Taker, ehr: MockEhr) -> None:
    taker.export(ehr)
    assert ehr.jobs[0]["gone"]


def test_a_manifest_in_parts_is_followed(taker: Taker, ehr: MockEhr) -> None:
    ehr.faults.parts = 2
    assert taker.export(ehr).files == 2
    assert taker.lines == whole(ehr)


@pytest.mark.parametrize(
    "faults",
    [
        Faults(cut_at=[0, 100, 1000]),
        Faults(cut_at=[700, 10, 3000], stubborn=True),
        Faults(cut_at=[1, 2, 3, 4, 5, 6]),
        Faults(busy=4, pending=3),
    ],
)
def test_a_connection_that_breaks_costs_no_byte_and_doubles_none(taker: Taker, ehr: MockEhr, faults: Faults) -> None:
    ehr.faults = faults
    taker.export(ehr)
    assert taker.lines == whole(ehr)


def test_after_a_break_only_the_rest_is_asked_for(taker: Taker) -> None:
    big = [
        {"resourceType": "Patient", "id": sha256(b"%d" % n).hexdigest(), "meta": {"lastUpdated": OLD}}
        for n in range(20_000)
    ]
    with MockEhr(big, faults=Faults(cut_at=[500_000])).serving() as ehr:
        taker.export(ehr)
    assert taker.lines == whole(ehr)
    [asked] = [each for each in ehr.ranges if each]
    assert int(asked.removeprefix("bytes=").removesuffix("-")) > 100_000


def test_a_file_that_changed_meanwhile_is_not_pieced_together(taker: Taker, ehr: MockEhr) -> None:
    ehr.faults = Faults(cut_at=[150], changed=True)
    with pytest.raises(EhrRefused, match="changed while"):
        taker.export(ehr)


def test_a_server_that_is_busy_is_waited_for_as_it_says(taker: Taker, ehr: MockEhr) -> None:
    ehr.faults.busy = 3
    taker.export(ehr)
    assert taker.pauses.count(2.0) == 3


def test_a_server_that_stays_busy_is_left(taker: Taker, ehr: MockEhr) -> None:
    ehr.faults.busy = 100
    with pytest.raises(EhrSilent, match="stays busy"):
        taker.export(ehr)


def test_a_server_that_is_not_there_is_said(taker: Taker) -> None:
    with MockEhr([]).serving() as gone:
        pass
    with pytest.raises(EhrSilent):
        taker.export(gone)


def test_an_error_that_is_said_to_be_transient_is_waited_for(taker: Taker, ehr: MockEhr) -> None:
    ehr.faults.transient = 3
    taker.export(ehr)
    assert taker.lines == whole(ehr)


def test_a_server_that_is_transient_for_ever_is_left(taker: Taker, ehr: MockEhr) -> None:
    ehr.faults.transient = 100
    with pytest.raises(EhrRefused, match="transient"):
        taker.export(ehr)


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[MockEhr, str]]:
    """A server over TLS, and the file of its authority."""
    ca = certificate(tmp_path, "ca")
    certificate(tmp_path, "server", ca)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    with MockEhr(resources()).serving(context) as serving:
        yield serving, str(tmp_path / "ca.pem")


def test_over_tls_the_server_is_checked_against_its_authority(taker: Taker, tls: tuple[MockEhr, str]) -> None:
    ehr, authority = tls
    server = EhrServer(ehr.base, HttpWire(authority), SystemClock(), SystemChance(), taker.pauses.append)
    run = Export(server, taker.take, taker.jobs.append)
    run.finish(run.begin(ExportRequest()))
    assert taker.lines == whole(ehr)
    with pytest.raises(EhrSilent, match="SSL"):
        taker.server(ehr).ask("GET", "metadata")


def test_an_export_that_the_server_gave_up_is_said_without_its_words(taker: Taker, ehr: MockEhr) -> None:
    ehr.faults.gives_up = True
    with pytest.raises(EhrRefused) as said:
        taker.export(ehr)
    assert "exception" in str(said.value)
    assert "Okafor" not in str(said.value)


def test_a_later_run_reads_only_the_files_that_are_missing(ehr: MockEhr, tmp_path: Path) -> None:
    first, second = Taker(stop_after=1), Taker()
    shelf = JobShelf(tmp_path / "ehr.job", b"k" * 32, SeededChance(1))
    run = Export(first.server(ehr), first.take, shelf.keep)
    with pytest.raises(KeyboardInterrupt):
        run.finish(run.begin(ExportRequest()))
    job = JobShelf(tmp_path / "ehr.job", b"k" * 32, SeededChance(2)).job
    assert job is not None
    Export(second.server(ehr), second.take, shelf.keep).finish(job)
    assert sorted([*first.files, *second.files]) == sorted({*first.files, *second.files})
    assert sorted([*first.lines, *second.lines]) == sorted(whole(ehr))
    assert sum("$export" in each for each in ehr.asked) == 1


def test_a_job_on_disk_says_nothing_without_its_key(ehr: MockEhr, tmp_path: Path) -> None:
    taker, path = Taker(), tmp_path / "ehr.job"
    Export(taker.server(ehr), taker.take, JobShelf(path, b"k" * 32, SeededChance(1)).keep).begin(ExportRequest())
    assert b"jobs" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert JobShelf(path, b"x" * 32, SeededChance(1)).job is None


def test_a_file_that_is_shorter_than_promised_is_named(taker: Taker, ehr: MockEhr) -> None:
    ehr.faults.miscounts = True
    assert len(taker.export(ehr).short) == 2


@pytest.fixture
def guarded() -> Iterator[MockEhr]:
    with MockEhr(resources(), keys=list(SET)).serving() as serving:
        yield serving


def test_a_signed_assertion_buys_the_token(taker: Taker, guarded: MockEhr) -> None:
    taker.export(guarded)
    assert taker.lines == whole(guarded)
    assert len(guarded.tokens) == 1


def test_without_a_key_nothing_is_given(taker: Taker, guarded: MockEhr) -> None:
    with pytest.raises(EhrRefused, match="401"):
        taker.export(guarded, credential=None)


def test_another_key_than_the_registered_one_buys_nothing(taker: Taker, guarded: MockEhr) -> None:
    with pytest.raises(EhrRefused, match="no token"):
        taker.export(guarded, credential=Credential("codedark", new_key()[0], "k1"))


def test_a_token_that_died_early_is_renewed(taker: Taker, guarded: MockEhr) -> None:
    server = taker.server(guarded)
    server.ask("GET", "Patient")
    guarded.faults.tokens_die = 1
    assert server.ask("GET", "Patient").status == 200
    assert len(guarded.tokens) == 1


def test_a_token_that_dies_between_files_is_renewed(taker: Taker, guarded: MockEhr) -> None:
    server = taker.server(guarded)
    run = Export(server, taker.take, taker.jobs.append)
    job = run.begin(ExportRequest())
    real = taker.take

    def take(file: ExportFile, as_of: str, chunks: Iterator[bytes]) -> int:
        guarded.faults.tokens_die = 1
        return real(file, as_of, chunks)

    Export(server, take, taker.jobs.append).finish(job)
    assert taker.lines == whole(guarded)


def test_files_that_need_no_token_get_none(taker: Taker, guarded: MockEhr) -> None:
    guarded.faults.open_files = True
    taker.export(guarded)
    assert taker.lines == whole(guarded)


def test_a_host_that_is_not_named_is_not_asked(taker: Taker, guarded: MockEhr, ehr: MockEhr) -> None:
    """A manifest that points elsewhere cannot send us, or our token, through the hospital's network."""
    with pytest.raises(EhrRefused, match="does not name"):
        taker.server(guarded).stream(f"{ehr.base}/Patient", headers={}, with_token=True)
    assert ehr.asked == []


def test_a_host_that_is_named_is_asked_over_tls(taker: Taker, guarded: MockEhr, tls: tuple[MockEhr, str]) -> None:
    elsewhere, authority = tls
    server = EhrServer(
        guarded.base, HttpWire(authority), SystemClock(), SystemChance(), taker.pauses.append,
        credential=Credential("codedark", PRIVATE, "k1"), hosts=(elsewhere.url.removeprefix("https://"),),
    )  # fmt: skip
    stream = server.stream(f"{elsewhere.base}/Patient", headers={}, with_token=True)
    stream.close()
    assert stream.status == 200
    assert elsewhere.bearers[-1][1].startswith("Bearer token-")


@pytest.mark.parametrize(
    "address", ["http://ehr.example/r4", "ftp://e", "https://", "https://a:b@e/", "file:///etc/passwd", "https://e:x/"]
)
def test_an_address_that_is_not_safe_is_not_asked(address: str) -> None:
    with pytest.raises(EhrRefused):
        check_address(address)


@pytest.mark.parametrize(
    ("said", "waited"),
    [("5", 5.0), ("0", 1.0), ("99999", 300.0), ("soon", 7.0), ("Mon, 21 Sep 2026 15:07:00 GMT", 20.0)],
)
def test_retry_after_is_read_in_both_forms(said: str, waited: float) -> None:
    clock = SeededClock(1_790_003_200 * 1_000_000)
    server = EhrServer("https://e/r4", HttpWire(), clock, SeededChance(1), _never)
    assert server.wait_of({"retry-after": said}, 7.0) == waited


_never: Callable[[float], None] = lambda _: None  # noqa: E731
