"""The EHR's FHIR server wired to the journal: a bulk export goes from the connection straight into sealed entries."""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import hmac
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from codedark.access import load_node_keys
from codedark.clock import Chance, Clock, SystemChance
from codedark.ehr import (
    Credential,
    EhrServer,
    Export,
    ExportFile,
    ExportRequest,
    HttpWire,
    JobShelf,
    Role,
    Wire,
    key_set,
    new_key,
    public_of,
)
from codedark.entries import ExportTaken, draft_of
from codedark.errors import ConfigError, EhrDenied, EhrRefused, Locked, NotFound, Unparsable
from codedark.fhir import decode, is_read, read_ndjson, release_name
from codedark.intake import ImportReport, Refusal, import_lines
from codedark.node.config import Config, Ehr
from codedark.node.layout import Layout
from codedark.node.machine import Finding
from codedark.node.opening import OpenNode

Say = Callable[[str], None]
Pause = Callable[[float], None]
_COMPLAINT = re.compile(r"[a-z]{1,16}:[a-z-]{1,32}")
_ASK_FOR_A_CLIENT = "Ask the EHR's people for a client of SMART Backend Services (docs/operate/ehr.md)."


@dataclass(slots=True)
class Exported:
    """What one run took. `as_of`: the EHR's own time before which everything is here; `since`: what was asked from;
    `went_on`: an export that an earlier run had begun; `whole`: the next one asks only for what changed after `as_of`;
    `complaints`: what the EHR could not give, by severity:code."""

    ehr: str
    as_of: str = ""
    since: str = ""
    went_on: bool = False
    whole: bool = False
    files: int = 0
    resources: int = 0
    entries: int = 0
    repeated: int = 0
    deletions: int = 0
    short: tuple[str, ...] = ()
    complaints: dict[str, int] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)

    def add(self, report: ImportReport) -> None:
        """What one file gave."""
        self.entries += report.entries
        self.repeated += report.repeated
        self.refusals += report.refusals


def declared(config: Config, name: str) -> Ehr:
    """The `[[ehr]]` of that name. Raises NotFound."""
    for each in config.ehr:
        if each.name == name:
            return each
    raise NotFound(f"codedark.toml declares no [[ehr]] {name!r}", hint="docs/operate/ehr.md says how to declare one.")


def ehr_key(folder: Path, ehr: Ehr) -> dict[str, object]:
    """The public key set to give to the EHR's people; the private key is made (0600) when there is none.

    Raises ConfigError when the file is there and is no key on P-384.
    """
    path = _key_path(folder, ehr)
    if not path.exists():
        private, _ = new_key()
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(private)
            file.flush()
            os.fsync(file.fileno())
    public = public_of(path.read_bytes())
    return key_set(public, _key_id(public))


def ehr_server(
    layout: Layout, ehr: Ehr, clock: Clock, chance: Chance, pause: Pause, wire: Wire | None = None
) -> EhrServer:  # fmt: skip
    """The server, ready to be asked; it was asked which FHIR it speaks.

    Raises EhrRefused for another than R4, EhrSilent, ConfigError.
    """
    credential = None
    if ehr.client_id:
        try:
            private = _key_path(layout.root, ehr).read_bytes()
        except OSError:
            raise ConfigError(f"[[ehr]] {ehr.name!r} has no key", hint=f"codedark ehr key {ehr.name}") from None
        credential = Credential(ehr.client_id, private, _key_id(public_of(private)), ehr.scope, ehr.token_url)
    wire = wire or HttpWire(str(layout.root / ehr.authority) if ehr.authority else None)
    server = EhrServer(ehr.url, wire, clock, chance, pause, credential=credential, hosts=ehr.hosts)
    version = server.version()
    if not is_read(version):
        raise EhrRefused(
            f"the EHR's server speaks FHIR {release_name(version)}, and R4 is read here: nothing was asked for",
            hint="Ask for the base address of its R4 server.",
        )
    return server


@dataclass(frozen=True, slots=True)
class ExportState:
    """Where the exports of one `[[ehr]]` stand. `as_of`: everything before it is here, "" = none was taken whole;
    `under_way`: one was begun and not ended; `left`: its files still to be read, -1 = not known yet; `named`: the
    server is told who we are."""

    ehr: str
    as_of: str
    under_way: bool
    left: int
    named: bool


def export_states(layout: Layout, config: Config) -> list[ExportState]:
    """Every declared server, in the order of codedark.toml. Raises ConfigError when the keys cannot be read."""
    if not config.ehr:
        return []
    keys, found = load_node_keys(layout.root), []
    for ehr in config.ehr:
        shelf = job_shelf(layout, keys.views_key, ehr.name, SystemChance())
        job = shelf.job
        left = -1 if job is None or not job.parts else sum(each.taken < 0 for each in job.files)
        found.append(ExportState(ehr.name, shelf.since, job is not None, left, bool(ehr.client_id)))
    return found


def ehr_findings(layout: Layout, config: Config) -> Iterator[Finding]:
    """The lines of `doctor` about the EHR's servers. Their times are the EHR's own, so no age is told from them."""
    for state in export_states(layout, config):
        what, again = f"ehr {state.ehr}", f"codedark ehr export {state.ehr}"
        if state.under_way:
            left = "" if state.left < 0 else f", {state.left} files to read"
            yield Finding(what, "amber", f"an export was begun and not ended{left}", again)
        elif not state.as_of:
            yield Finding(what, "amber", "never exported: what was there before the feeds is not here", again)
        elif not state.named:
            says = f"here as of {state.as_of}; the server gives patients to anybody who asks"
            yield Finding(what, "amber", says, _ASK_FOR_A_CLIENT)
        else:
            yield Finding(what, "green", f"everything is here as of {state.as_of}")


def job_shelf(layout: Layout, views_key: bytes, name: str, chance: Chance) -> JobShelf:
    """Where the exports and changes of this server stand."""
    key = hmac.digest(views_key, b"codedark state of bulk exports v1", hashlib.sha256)
    return JobShelf(layout.exports / f"{name}.job", key, chance)


def take_export(
    node: OpenNode, ehr: Ehr, request: ExportRequest, pause: Pause, say: Say, *,
    full: bool = False, wire: Wire | None = None,
) -> Exported:  # fmt: skip
    """Ask for what changed since the last whole export and keep it; go on with one that an earlier run had begun.

    `request`: without `since`, the last one's transaction time is put there, unless `full`. Raises EhrRefused,
    EhrSilent (run it again: what is kept is kept), AppendFailed, Locked when another run is at it.
    """
    server = ehr_server(node.layout, ehr, node.clock, node.chance, pause, wire)
    with alone(node.layout.exports, ehr.name):
        shelf = job_shelf(node.layout, node.keys.views_key, ehr.name, node.chance)
        run = _Run(node, ehr, Exported(ehr.name))
        export = Export(server, run.take, shelf.keep, say)
        job = shelf.job
        run.told.went_on = job is not None
        if job is None:
            since = request.since or ("" if full else shelf.since)
            job = export.begin(_since(request, since))
        run.told.since = job.request.since
        try:
            gathered = export.finish(job)
        except EhrDenied:
            raise  # the EHR's people can mend it, and then the next run goes on
        except EhrRefused:
            # It would say the same again: the next run begins a new export, and what is kept is not kept twice.
            shelf.end()
            raise
        run.told.as_of, run.told.files, run.told.short = gathered.transaction_time, gathered.files, gathered.short
        _tell(node, job.request, run.told)
        run.told.whole = not gathered.short and _all_since(job.request, ehr, shelf.since)
        shelf.end(gathered.transaction_time if run.told.whole else None)
        return run.told


def _all_since(asked: ExportRequest, ehr: Ehr, here: str) -> bool:
    """Whether an export brings everything that is declared since `here`. A part of it (some types, a filter, another
    group, until a time, since a later time) moves nothing on: what it left out would never be asked for again."""
    if asked.until or asked.type_filters or asked.group != ehr.group:
        return False
    if asked.types and (not ehr.types or not set(ehr.types) <= set(asked.types)):
        return False
    if not asked.since:
        return True
    return bool(here) and dt.datetime.fromisoformat(asked.since) <= dt.datetime.fromisoformat(here)


def _since(request: ExportRequest, since: str) -> ExportRequest:
    return ExportRequest(
        request.group, since, request.until, request.types, request.type_filters, request.post
    )  # fmt: skip


def _tell(node: OpenNode, request: ExportRequest, told: Exported) -> None:
    taken = ExportTaken(
        ehr=told.ehr, as_of=told.as_of, since=told.since, group=request.group, types=request.types, files=told.files,
        resources=told.resources, deletions=told.deletions, refused=len(told.refusals), short=told.short,
        complaints=told.complaints,
    )  # fmt: skip
    node.append(draft_of(taken, source="node"))


@dataclass(slots=True)
class _Run:
    """Takes the files of one run."""

    node: OpenNode
    ehr: Ehr
    told: Exported

    def take(self, file: ExportFile, as_of: str, chunks: Iterator[bytes]) -> int:
        """Keep one file; lines it had."""
        if file.role is Role.ERROR:
            return self._count_complaints(chunks)
        deletions = file.role is Role.DELETED
        report = import_lines(
            chunks, file.name, self.node.pen.append_all, label=self.ehr.name, as_of=as_of, deletions=deletions
        )
        self.told.add(report)
        if deletions:
            self.told.deletions += report.resources
        else:
            self.told.resources += report.resources
        return report.resources + len(report.refusals)

    def _count_complaints(self, chunks: Iterator[bytes]) -> int:
        """OperationOutcomes, counted by their codes; their texts may speak of patients and go nowhere."""
        found, lines = Counter(self.told.complaints), 0
        for _, line in read_ndjson(chunks):
            lines += 1
            try:
                said = [f"{each['severity']}:{each['code']}" for each in decode(line).get("issue", ())]
            except (Unparsable, AttributeError, TypeError, KeyError):
                said = [""]
            # What is no code of FHIR could be a text about somebody: it is counted, and not repeated.
            found.update(each if _COMPLAINT.fullmatch(each) else "unreadable" for each in said)
        self.told.complaints = dict(found)
        return lines


@contextmanager
def alone(folder: Path, name: str) -> Iterator[None]:
    """Nobody else exports from, or follows, this server meanwhile. Raises Locked."""
    folder.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Locked(f"another run is at the export of {name}", hint="Wait for it, or stop it.") from None
        yield
    finally:
        os.close(handle)


def _key_path(folder: Path, ehr: Ehr) -> Path:
    return folder / (ehr.key_file or f"keys/ehr-{ehr.name}.pem")


def _key_id(public: bytes) -> str:
    """A key's name in the set: of the key itself, so that a new key is another one."""
    return hashlib.sha256(public).hexdigest()[:16]
