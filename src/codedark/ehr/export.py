"""A bulk export: asked for, waited for, read file by file; told to a job that a later run can go on with.

Source: FHIR Bulk Data Access 3.0.0 (STU 3). Bytes go straight from the connection to whoever takes them: no file of
patients is ever written unsealed. A connection that breaks within a file is taken up at the byte where it broke.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlencode, urljoin

import msgspec

from codedark.ehr.manifest import ManifestFile, is_instant, read_manifest
from codedark.ehr.server import EhrServer
from codedark.ehr.wire import Answer, Stream
from codedark.errors import ConfigError, EhrDenied, EhrRefused, EhrSilent, Unparsable
from codedark.fhir import decode, is_id, is_type

NDJSON = "application/fhir+ndjson"
_CODE = re.compile(r"[a-z][a-z-]{1,39}")
_BREAKS, _TRANSIENT = 8, 5
_FIRST_WAIT_S, _WAIT_S = 1.0, 30.0


class Role(StrEnum):
    """What a file of an export holds."""

    OUTPUT = "output"
    DELETED = "deleted"
    ERROR = "error"


class ExportRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is asked for. `group`: a Group id, "*" for all patients, "" for the whole system. `since`, `until`: instants
    or "". `types`: resource types, none: all. `type_filters`: FHIR queries. `post`: kick off by POST, not by GET."""

    group: str = "*"
    since: str = ""
    until: str = ""
    types: tuple[str, ...] = ()
    type_filters: tuple[str, ...] = ()
    post: bool = False

    def check(self) -> None:
        """Raises ConfigError for what no server could read."""
        if self.group not in ("", "*") and not is_id(self.group):
            raise ConfigError("the group of an [[ehr]] is no R4 id")
        if not all(is_type(each) for each in self.types):
            raise ConfigError("a type of an [[ehr]] is no resource type")
        if not all(not each or is_instant(each) for each in (self.since, self.until)):
            raise ConfigError("since or until is no instant", hint="Write it as 2026-11-24T06:00:00Z.")

    @property
    def path(self) -> str:
        """The operation's address below the base."""
        return (
            "$export" if not self.group else "Patient/$export" if self.group == "*" else f"Group/{self.group}/$export"
        )

    def parameters(self, *, parts: bool = True) -> list[tuple[str, str]]:
        """Names and values as in a query. `parts`: the manifest may come in several."""
        told = [("_outputFormat", NDJSON)]
        told += [("_since", self.since)] if self.since else []
        told += [("_until", self.until)] if self.until else []
        told += [("_type", ",".join(self.types))] if self.types else []
        told += [("_typeFilter", each) for each in self.type_filters]
        return [*told, *([("allowPartialManifests", "true")] if parts else [])]

    def body(self, *, parts: bool = True) -> bytes:
        """The same as a Parameters resource."""
        told: list[dict[str, object]] = []
        for name, value in self.parameters(parts=parts):
            if name == "_type":
                told += [{"name": name, "valueString": each} for each in self.types]
            elif name == "allowPartialManifests":
                told.append({"name": name, "valueBoolean": True})
            else:
                kind = "valueInstant" if name in ("_since", "_until") else "valueString"
                told.append({"name": name, kind: value})
        return json.dumps({"resourceType": "Parameters", "parameter": told}).encode()


class ExportFile(msgspec.Struct, omit_defaults=True):
    """One file of the job. `name`: what it is called in entries; `count`: lines it should have, -1: not said;
    `taken`: lines it had, -1 until it was read to its end."""

    url: str
    name: str
    role: Role
    count: int = -1
    taken: int = -1


class ExportJob(msgspec.Struct, omit_defaults=True):
    """An export as far as it got. `status_url`: where its state is asked; `more`: where the next part of the manifest
    is asked, "" when all parts are here; `transaction_time`: "" until a first part is."""

    request: ExportRequest
    status_url: str
    more: str
    transaction_time: str = ""
    with_token: bool = False
    parts: int = 0
    files: list[ExportFile] = []


class Gathered(NamedTuple):
    """What an export gave. `short`: files with fewer or more lines than the manifest said."""

    transaction_time: str
    files: int
    deletions: int
    errors: int
    short: tuple[str, ...]


Take = Callable[[ExportFile, str, Iterator[bytes]], int]
"""Takes one file: (file, transaction time, its bytes). Gives the lines it read; it has kept them when it returns."""
Save = Callable[[ExportJob], None]
Say = Callable[[str], None]


class Export:
    """Runs one job to its end. `save` is told after everything that a later run should not ask for again."""

    def __init__(self, server: EhrServer, take: Take, save: Save, say: Say = lambda _: None) -> None:
        self._server = server
        self._take = take
        self._save = save
        self._say = say

    def begin(self, request: ExportRequest) -> ExportJob:
        """Kick off. Raises EhrRefused when the server will not, EhrSilent when it does not answer."""
        request.check()
        answer = self._kick_off(request, parts=True)
        if answer.status in (400, 422):
            # A server of an earlier edition may refuse the one parameter that edition 3 added.
            answer = self._kick_off(request, parts=False)
        where = answer.headers.get("content-location", "")
        if answer.status != 202 or not where:
            raise refusal("the EHR does not begin an export", answer)
        status = self._server.address(urljoin(self._server.address(request.path), where))
        job = ExportJob(request, status, status)
        self._save(job)
        return job

    def _kick_off(self, request: ExportRequest, *, parts: bool) -> Answer:
        headers = {"Prefer": "respond-async", "Accept": "application/fhir+json"}
        if request.post:
            headers["Content-Type"] = "application/fhir+json"
            return self._server.ask("POST", request.path, body=request.body(parts=parts), headers=headers)
        asked = urlencode(request.parameters(parts=parts))
        return self._server.ask("GET", f"{request.path}?{asked}", headers=headers)

    def finish(self, job: ExportJob) -> Gathered:
        """Take every file as soon as its part of the manifest is there; then let the server forget the export.

        Raises EhrRefused, EhrSilent, and what `take` raises; the job as saved goes on from there.
        """
        self._take_files(job)
        while job.more:
            self._next_part(job)
            self._take_files(job)
        try:
            self._server.ask("DELETE", job.status_url)
        except (EhrSilent, EhrRefused):
            self._say("the EHR does not let us delete the export; it will by itself")
        by_role = {role: [each for each in job.files if each.role is role] for role in Role}
        short = tuple(each.name for each in job.files if each.count >= 0 and each.count != each.taken)
        lines = {role: sum(each.taken for each in files) for role, files in by_role.items()}
        return Gathered(job.transaction_time, len(job.files), lines[Role.DELETED], lines[Role.ERROR], short)

    def _next_part(self, job: ExportJob) -> None:
        manifest = read_manifest(self._when_ready(job.more).body)
        if job.transaction_time and manifest.transaction_time != job.transaction_time:
            raise EhrRefused("the parts of the manifest are not of one export")
        job.transaction_time, job.with_token = manifest.transaction_time, manifest.requires_token
        job.parts += 1
        known = {each.url for each in job.files}
        for role in Role:
            for number, each in enumerate(getattr(manifest, role.value), 1):
                url = urljoin(job.more, each.url)
                if url not in known:
                    job.files.append(ExportFile(url, _name(job, role, number, each), role, each.count))
        job.more = self._server.address(urljoin(job.more, manifest.next)) if manifest.next else ""
        self._save(job)

    def _when_ready(self, url: str) -> Answer:
        """Poll until 200. A server that is busy, or says its error is transient, is asked again; one that gave up is
        not."""
        wait, failed = _FIRST_WAIT_S, 0
        while True:
            answer = self._server.ask("GET", url, headers={"Accept": "application/json"})
            if answer.status == 200:
                return answer
            if answer.status != 202:
                failed += 1
                if "transient" not in _codes(answer) or failed > _TRANSIENT:
                    raise refusal("the EHR gave the export up", answer)
            self._say("the EHR is preparing the export")
            self._server.pause(self._server.wait_of(answer.headers, wait))
            wait = min(wait * 2, _WAIT_S)

    def _take_files(self, job: ExportJob) -> None:
        for each in job.files:
            if each.taken < 0:
                self._say(f"reading {each.name}")
                each.taken = self._take(each, job.transaction_time, _bytes(self._server, each.url, job.with_token))
                self._save(job)


def _name(job: ExportJob, role: Role, number: int, file: ManifestFile) -> str:
    kind = file.type if is_type(file.type) else "all"
    stem = kind if role is Role.OUTPUT else role.value
    return f"{job.transaction_time}/{stem}.{job.parts:03d}.{number:04d}.ndjson"


def _bytes(server: EhrServer, url: str, with_token: bool) -> Iterator[bytes]:
    """The plain bytes of a file, each once, however often the connection breaks on the way.

    After a break the rest is asked for by `Range`; a server that sends the whole again is read past what is here.
    Another `ETag` than before is another file: then the parts would not fit, and EhrRefused is raised.
    """
    here, tag, breaks = 0, "", 0
    while True:
        headers = {"Accept": NDJSON, "Accept-Encoding": "identity" if here else "gzip"}
        if here:
            headers["Range"] = f"bytes={here}-"
        stream = server.stream(url, headers=headers, with_token=with_token)
        try:
            skip, tag = _place(stream, here, tag)
            for chunk in stream.chunks():
                part = chunk[skip:]
                skip = max(0, skip - len(chunk))
                here += len(part)
                if part:
                    yield part
            if skip:
                raise EhrRefused("a file of the export became shorter while it was read")
            return
        except EhrSilent:
            breaks += 1
            if breaks > _BREAKS:
                raise
            server.pause(min(2.0**breaks, _WAIT_S))
        finally:
            stream.close()


def _place(stream: Stream, here: int, tag: str) -> tuple[int, str]:
    """How many bytes of this answer are here already, and its ETag. Raises EhrRefused for another file or an error."""
    if stream.status not in (200, 206) or (stream.status == 206 and not here):
        raise refusal("the EHR does not give a file of the export", stream)
    now = stream.headers.get("etag", "").removeprefix("W/").removesuffix('-gzip"').rstrip('"')
    if tag and now and now != tag:
        raise EhrRefused("a file of the export changed while it was read", hint="Ask for the export again.")
    if stream.status == 200:
        return here, now or tag
    if not stream.headers.get("content-range", "").startswith(f"bytes {here}-"):
        raise EhrRefused("the EHR gave another part of a file than was asked for")
    return 0, now or tag


def refusal(what: str, answer: Answer | Stream) -> EhrRefused:
    """The error for an answer that was not wanted: EhrDenied when the EHR's people can mend it, else EhrRefused."""
    said = complaint(answer) if isinstance(answer, Answer) else f"HTTP {answer.status}"
    if answer.status in (401, 403):
        return EhrDenied(f"{what}: {said}")
    return EhrRefused(f"{what}: {said}", hint="Ask for it again; docs/operate/ehr.md says what the EHR has to allow.")


def complaint(answer: Answer) -> str:
    """What may be said of an answer that was not wanted: its status and the codes of its OperationOutcome, no text."""
    codes = _codes(answer)
    return f"HTTP {answer.status}" + (f" ({', '.join(codes[:5])})" if codes else "")


def _codes(answer: Answer) -> list[str]:
    """The codes of an OperationOutcome's issues, sorted; none for any other answer."""
    try:
        said = [str(issue["code"]) for issue in decode(answer.body)["issue"]]
    except (Unparsable, TypeError, KeyError):
        return []
    return sorted({code for code in said if _CODE.fullmatch(code)})
