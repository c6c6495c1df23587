"""An EHR's FHIR server for tests: SMART Backend Services and Bulk Data 3.0.0, over real sockets, with faults on order.

It shares no code with the room `ehr`; an independent client (smart-fetch) takes its exports in tests/peers.
"""

from __future__ import annotations

import base64
import gzip
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

Json = dict[str, Any]
LIFE_S = 300


@dataclass
class Faults:
    """What goes wrong, once each unless it says how often."""

    busy: int = 0
    """429 with Retry-After before the next so many requests for a state or a file."""
    pending: int = 1
    """202 before a manifest is ready."""
    cut_at: list[int] = field(default_factory=list)
    """The connection ends after so many bytes of a file, once for each number."""
    stubborn: bool = False
    """Range is not honoured: the whole comes again."""
    changed: bool = False
    """A file has another ETag after each cut."""
    transient: int = 0
    """An error that says it is transient, so many times, where the state is asked."""
    gives_up: bool = False
    """The export ends in an error."""
    parts: int = 1
    """The manifest comes in so many parts."""
    tokens_die: int = 0
    """So many requests find their token expired."""
    miscounts: bool = False
    """The manifest promises a line more than there is."""
    old: bool = False
    """A parameter of edition 3 is refused."""
    held: threading.Event | None = None
    """Of every file but the patients' half is sent; then nothing until this is set."""
    elsewhere: str = ""
    """Files are answered by a redirect to this address."""
    open_files: bool = False
    """Files take no token, and fail with one."""


@dataclass
class MockEhr:
    """`resources`: what there is, each with meta.lastUpdated; `deleted`: (instant, "Type/id"). `now`: its own time."""

    resources: list[Json]
    deleted: list[tuple[str, str]] = field(default_factory=list)
    complaints: list[Json] = field(default_factory=list)
    now: str = "2026-11-24T06:00:00Z"
    version: str = "4.0.1"
    keys: list[Json] = field(default_factory=list)
    """Registered JWKs; none: nobody is asked for a token."""
    faults: Faults = field(default_factory=Faults)
    asked: list[str] = field(default_factory=list)
    """Every request as "METHOD path?query"."""
    bearers: list[tuple[str, str]] = field(default_factory=list)
    """(path, Authorization) of every request."""
    ranges: list[str] = field(default_factory=list)
    """The Range of every request for a file, "" for none."""
    bodies: list[bytes] = field(default_factory=list)
    history: list[Json] = field(default_factory=list)
    """Entries of the history, each with its own instant."""
    events: list[Json] = field(default_factory=list)
    """Entries of the events of Subscription/ours, by number from 1."""
    lost: set[int] = field(default_factory=set)
    """Numbers of events that are never told."""
    id_only: bool = False
    """Events name what they are about and do not bring it."""
    per_page: int = 2
    dateless: bool = False
    """Answers carry no instant of their own."""
    url: str = ""
    jobs: list[dict[str, Any]] = field(default_factory=list)
    tokens: dict[str, float] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    @property
    def base(self) -> str:
        """The FHIR base address."""
        return f"{self.url}/r4"

    @contextmanager
    def serving(self, context: ssl.SSLContext | None = None) -> Iterator[MockEhr]:
        """Serve on a free port of this machine; with `context` over TLS."""
        ehr = self

        class Requests(_Requests):
            mock = ehr

        server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
        server.daemon_threads = True
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        self.url = f"http{'s' if context else ''}://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def begin(self, path: str, asked: dict[str, list[str]]) -> str:
        """A new job with its files; the address of its state."""
        since, types = asked.get("_since", [""])[0], [t for each in asked.get("_type", []) for t in each.split(",")]
        by_type: dict[str, list[bytes]] = {}
        for each in self.resources:
            if (not types or each["resourceType"] in types) and each["meta"]["lastUpdated"] > since:
                by_type.setdefault(each["resourceType"], []).append(json.dumps(each).encode())
        files = {f"{kind}.ndjson": b"\n".join(lines) + b"\n" for kind, lines in by_type.items()}
        gone = [url for at, url in self.deleted if since and at > since]
        if gone:
            entries = [{"request": {"method": "DELETE", "url": url}} for url in gone]
            bundles = [{"resourceType": "Bundle", "type": "transaction", "entry": [each]} for each in entries]
            files["deleted.ndjson"] = b"\n".join(json.dumps(each).encode() for each in bundles)
        if self.complaints:
            files["error.ndjson"] = b"\n".join(json.dumps(each).encode() for each in self.complaints)
        self.jobs.append({
            "path": path, "files": files, "pending": self.faults.pending, "gone": False, "time": self.now,
            "version": dict.fromkeys(files, 1), "base": self.base,
        })  # fmt: skip
        return f"{self.url}/jobs/{len(self.jobs) - 1}"

    def manifest(self, number: int, part: int) -> Json:
        """The manifest's part, from 0."""
        job, where = self.jobs[number], f"{self.url}/files/{number}/"
        names = [name for name in job["files"] if name not in ("deleted.ndjson", "error.ndjson")]
        extra = 1 if self.faults.miscounts else 0
        output = [
            {
                "type": name.removesuffix(".ndjson"),
                "url": where + name,
                "count": job["files"][name].count(b"\n") + extra,
            }
            for name in names[part :: self.faults.parts]
        ]
        told: Json = {
            "transactionTime": job["time"],
            "request": f"{job['base']}{job['path']}",
            "requiresAccessToken": bool(self.keys) and not self.faults.open_files,
            "output": output,
            "error": [],
        }
        if part == 0 and "deleted.ndjson" in job["files"]:
            told["deleted"] = [{"type": "Bundle", "url": where + "deleted.ndjson"}]
        if part == 0 and "error.ndjson" in job["files"]:
            told["error"] = [{"type": "OperationOutcome", "url": where + "error.ndjson"}]
        if part + 1 < self.faults.parts:
            told["link"] = [{"relation": "next", "url": f"{self.url}/jobs/{number}?part={part + 1}"}]
        return told

    def token_for(self, form: dict[str, list[str]], audience: str) -> Json:
        """What the token endpoint answers. Every rule of SMART Backend Services that a client can break is checked."""
        head_, claims_, signature = form["client_assertion"][0].split(".")
        head, claims = json.loads(_plain(head_)), json.loads(_plain(claims_))
        key = next(each for each in self.keys if each["kid"] == head["kid"])
        _check(key, head["alg"], f"{head_}.{claims_}".encode(), _plain(signature))
        assert form["grant_type"] == ["client_credentials"]
        assert form["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
        assert form["scope"][0]
        assert head["typ"] == "JWT"
        assert claims["iss"] == claims["sub"] == "codedark"
        assert claims["aud"] == audience
        assert time.time() < claims["exp"] <= time.time() + LIFE_S
        assert claims["jti"] not in self.seen
        self.seen.add(claims["jti"])
        token = f"token-{len(self.tokens)}"
        self.tokens[token] = time.time() + LIFE_S
        return {"access_token": token, "token_type": "bearer", "expires_in": LIFE_S, "scope": form["scope"][0]}


class _Requests(BaseHTTPRequestHandler):
    mock: MockEhr
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._answer(b"")

    def do_DELETE(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _answer(self, body: bytes) -> None:
        mock, parts = self.mock, urlsplit(self.path)
        mock.asked.append(f"{self.command} {self.path}")
        mock.bodies.append(body)
        mock.bearers.append((parts.path, self.headers.get("Authorization", "")))
        if parts.path == "/token":
            self._token(body)
        elif parts.path.endswith("/.well-known/smart-configuration"):
            self._json(200, {"token_endpoint": f"{mock.url}/token", "capabilities": ["client-confidential-asymmetric"]})
        elif parts.path == "/r4/metadata":
            self._json(200, {"resourceType": "CapabilityStatement", "fhirVersion": mock.version, "kind": "instance"})
        elif not self._admitted(parts.path):
            self._outcome(401, "login")
        elif parts.path.endswith("/$export"):
            self._kick_off(parts.path, parts.query, body)
        elif parts.path.startswith("/jobs/"):
            self._state(int(parts.path.split("/")[2]), int(parse_qs(parts.query).get("part", ["0"])[0]))
        elif parts.path.endswith("/_history"):
            self._history(parts.path, parse_qs(parts.query))
        elif parts.path.startswith("/r4/Subscription/ours/$"):
            self._events(parts.path.rpartition("$")[2], parse_qs(parts.query))
        elif parts.path.startswith("/files/"):
            self._file(*parts.path.split("/")[2:4])
        else:
            self._read(parts.path, parse_qs(parts.query))

    def _admitted(self, path: str) -> bool:
        mock, bearer = self.mock, self.headers.get("Authorization", "").removeprefix("Bearer ")
        if path.startswith("/files/") and mock.faults.open_files:
            return not bearer
        if mock.keys and mock.faults.tokens_die:
            mock.faults.tokens_die -= 1
            mock.tokens.pop(bearer, None)
        return not mock.keys or mock.tokens.get(bearer, 0) > time.time()

    def _token(self, body: bytes) -> None:
        try:
            self._json(200, self.mock.token_for(parse_qs(body.decode()), f"{self.mock.url}/token"))
        except (AssertionError, InvalidSignature, KeyError, ValueError, StopIteration):
            self._json(400, {"error": "invalid_client"})

    def _kick_off(self, path: str, query: str, body: bytes) -> None:
        asked = parse_qs(query)
        if body:
            for each in json.loads(body)["parameter"]:
                value = next(value for name, value in each.items() if name.startswith("value"))
                asked.setdefault(each["name"], []).append(str(value))
        if "respond-async" not in self.headers.get("Prefer", ""):
            self._outcome(400, "invalid")
            return
        if self.mock.faults.old and "allowPartialManifests" in asked:
            self._outcome(400, "not-supported")
            return
        self._send(202, b"", {"Content-Location": self.mock.begin(path.removeprefix("/r4"), asked)})

    def _state(self, number: int, part: int) -> None:
        job, faults = self.mock.jobs[number], self.mock.faults
        if self.command == "DELETE":
            job["gone"] = True
            self._send(202, b"")
        elif job["gone"]:
            self._outcome(404, "not-found")
        elif faults.transient:
            faults.transient -= 1
            self._outcome(500, "transient")
        elif faults.gives_up:
            self._outcome(500, "exception")
        elif self._busy():
            pass
        elif job["pending"]:
            job["pending"] -= 1
            self._send(202, b"", {"X-Progress": "a while", "Retry-After": "1"})
        else:
            job["pending"] = self.mock.faults.pending
            self._json(200, self.mock.manifest(number, part), "application/json")

    def _file(self, number: str, name: str) -> None:
        faults, job = self.mock.faults, self.mock.jobs[int(number)]
        data = job["files"].get(name)
        if data is None or job["gone"]:
            self._outcome(404, "not-found")
            return
        if self._busy():
            return
        if faults.elsewhere:
            self._send(302, b"", {"Location": faults.elsewhere})
            return
        headers = {"Content-Type": "application/fhir+ndjson", "ETag": f'"{job["version"][name]}"'}
        begin, asked = 0, self.headers.get("Range", "")
        self.mock.ranges.append(asked)
        if asked and not faults.stubborn:
            begin = int(asked.removeprefix("bytes=").removesuffix("-"))
            headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
        body = data[begin:]
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body)
            headers["Content-Encoding"] = "gzip"
        cut = faults.cut_at.pop(0) if faults.cut_at else None
        if cut is not None:
            job["version"][name] += faults.changed
        self._send(206 if "Content-Range" in headers else 200, body, headers, cut)

    def _busy(self) -> bool:
        if not self.mock.faults.busy:
            return False
        self.mock.faults.busy -= 1
        self._send(429, b"", {"Retry-After": "2"})
        return True

    def _history(self, path: str, asked: dict[str, list[str]]) -> None:
        mock, kind = self.mock, path.removeprefix("/r4/").removesuffix("_history").strip("/")
        since, at = asked["_since"][0], int(asked.get("page", ["0"])[0])
        found = [each for each in mock.history if instant_of(each) > since and type_of(each).startswith(kind)]
        told: Json = {"resourceType": "Bundle", "type": "history", "entry": found[at : at + mock.per_page]}
        if not mock.dateless:
            told["meta"] = {"lastUpdated": mock.now}
        if at + mock.per_page < len(found):
            told["link"] = [{"relation": "next", "url": f"{mock.url}{path}?_since={since}&page={at + mock.per_page}"}]
        self._json(200, told)

    def _events(self, operation: str, asked: dict[str, list[str]]) -> None:
        """The status as Parameters, as the backport has it in R4."""
        mock = self.mock
        first, last = int(asked.get("eventsSinceNumber", ["1"])[0]), int(asked.get("eventsUntilNumber", ["0"])[0])
        numbers = [n for n in range(first, last + 1) if n not in mock.lost and n <= len(mock.events)]
        parts: list[Json] = [
            {"name": "events-since-subscription-start", "valueString": str(len(mock.events))},
            *(
                {"name": "notification-event", "part": [
                    {"name": "event-number", "valueString": str(n)},
                    {"name": "focus", "valueReference": {"reference": focus_of(mock.events[n - 1])}},
                ]}
                for n in numbers
            ),
        ]  # fmt: skip
        entries: list[Json] = [{"resource": {"resourceType": "Parameters", "parameter": parts}}]
        if operation == "events" and not mock.id_only:
            entries += [mock.events[n - 1] for n in numbers]
        self._json(200, {"resourceType": "Bundle", "type": "history", "entry": entries})

    def _read(self, path: str, asked: dict[str, list[str]]) -> None:
        """Read one resource, or all of a type: what a client looks at beside the export."""
        kind, _, name = path.removeprefix("/r4/").partition("/")
        found = [each for each in self.mock.resources if each["resourceType"] == kind]
        if name:
            one = next((each for each in found if each["id"] == name), None)
            if one is None:
                self._outcome(404, "not-found")
            else:
                self._json(200, one)
            return
        entries = [{"resource": each, "search": {"mode": "match"}} for each in found]
        self._json(200, {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries})

    def _outcome(self, status: int, code: str) -> None:
        issue = [{"severity": "error", "code": code, "diagnostics": "of the patient Okafor"}]
        self._json(status, {"resourceType": "OperationOutcome", "issue": issue})

    def _json(self, status: int, value: Json, kind: str = "application/fhir+json") -> None:
        self._send(status, json.dumps(value).encode(), {"Content-Type": kind})

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None, cut: int | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        held = self.mock.faults.held
        if held and self.path.startswith("/files/") and "Patient" not in self.path and not held.is_set():
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            held.wait(20)
            cut = 0
        self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.wfile.flush()
            self.close_connection = True


def instant_of(entry: Json) -> str:
    """When an entry of a history came to be."""
    said = entry.get("resource", {}).get("meta", {}).get("lastUpdated") or entry["response"].get("lastModified")
    return str(said or "9999")  # what says no time is shown whenever it is asked


def focus_of(entry: Json) -> str:
    """What an entry is about, "Type/id"."""
    each = entry.get("resource")
    return f"{each['resourceType']}/{each['id']}" if each else str(entry["request"]["url"])


def type_of(entry: Json) -> str:
    """The resource type an entry is about."""
    return focus_of(entry).partition("/")[0]


def _plain(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _check(key: Json, algorithm: str, text: bytes, signature: bytes) -> None:
    """Raises InvalidSignature, AssertionError."""
    numbers = {name: int.from_bytes(_plain(value)) for name, value in key.items() if name in ("x", "y", "n", "e")}
    if key["kty"] == "EC":
        assert algorithm == "ES384"
        assert len(signature) == 96
        public = ec.EllipticCurvePublicNumbers(numbers["x"], numbers["y"], ec.SECP384R1()).public_key()
        plain = encode_dss_signature(int.from_bytes(signature[:48]), int.from_bytes(signature[48:]))
        public.verify(plain, text, ec.ECDSA(hashes.SHA384()))
    else:
        assert algorithm in ("RS384", "RS256")
        digest = hashes.SHA384() if algorithm == "RS384" else hashes.SHA256()
        rsa.RSAPublicNumbers(numbers["e"], numbers["n"]).public_key().verify(
            signature, text, padding.PKCS1v15(), digest
        )
