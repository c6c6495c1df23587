"""How fast programs get the record by the FHIR interface: `$everything` over HTTPS, reads, searches, summaries.

A seeded bulk export is imported into a node that serves its pages; a program with an account of its own asks on one
kept connection. A record of two thousand resources is streamed again and again; reads and searches go to random
patients. Each answer has its row of the read log, durable before. The program's own TLS (in Python) is part of the
time, and it shares the machine with the node.
"""

from __future__ import annotations

import json
import random
import ssl
import tempfile
import time
from collections.abc import Callable
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from codedark.errors import ConfigError
from codedark.node import enrol, open_node, turn_interface

from . import chart_export
from .demo_people import PASSWORD, enrol_demo_people
from .drill_node import RunningNode, found_drill_node, lines_of
from .stage import run as run_command

RESOURCES, LARGE, ASKED = 20_000, 2_000, 400
"""Resources of the export, resources of the one large record, requests of each kind."""
_LOGIN = "blood-bank"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Program:
    """A program on one kept connection, with a bearer token of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        context = ssl.create_default_context(cafile=str(folder / "keys" / "root.pem"))
        self._wire = HTTPSConnection("127.0.0.1", port, timeout=60, context=context)
        self._bearer: dict[str, str] = {}

    def log_in(self) -> None:
        """Client credentials; asked again while the node is not ready. Raises ConfigError."""
        fields = {"grant_type": "client_credentials", "client_id": _LOGIN, "client_secret": PASSWORD}
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                self._wire.request("POST", "/fhir/token", urlencode(fields), _FORM)
                answer = self._wire.getresponse()
                told = json.loads(answer.read())
                if answer.status == 200:
                    self._bearer = {"Authorization": f"Bearer {told['access_token']}"}
                    return
            except (OSError, HTTPException, ValueError):
                self._wire.close()
            time.sleep(0.2)
        raise ConfigError("no program could log in to the bench's node")

    def get(self, path: str) -> bytes:
        """The answer's body. Raises ConfigError for any other than 200."""
        self._wire.request("GET", f"/fhir/{path}", headers=self._bearer)
        answer = self._wire.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise ConfigError(f"the FHIR interface answered with {answer.status}")
        return body


def run(short: bool = False) -> dict[str, Any]:
    """`everything` (mb_per_s, mb, resources), `read`, `search`, `summary` (p50_ms, p95_ms). `short`: a tenth of it."""
    part = 10 if short else 1
    with tempfile.TemporaryDirectory(prefix="codedark-bench-") as place:
        folder, export = Path(place) / "node", Path(place) / "export"
        config = found_drill_node(folder)
        enrol_demo_people(folder)
        with open_node(folder) as node:
            author = ("administrator", PASSWORD)
            enrol(node, _LOGIN, "Blood bank", PASSWORD, {"interface": ["*"]}, author, None)
            turn_interface(node, True, author)
        chart_export.write(export, RESOURCES // part)
        _enlarge(export, LARGE // part)
        run_command("import", *(str(path) for path in sorted(export.iterdir())), "--folder", str(folder))
        node_ = RunningNode(folder, "serve", folder / "run" / "serve.log")
        node_.start()
        try:
            node_.wait_ready(lines_of(config))
            return _measure(folder, config.web.port, ASKED // part)
        finally:
            node_.stop()


def _enlarge(export: Path, resources: int) -> None:
    """Give the first patient of the export so many observations more."""
    path = export / "Observation.ndjson"
    with path.open("rb") as file:
        first = json.loads(file.readline())
    with path.open("ab") as file:
        for number in range(resources):
            file.write(json.dumps(first | {"id": f"large-{number}"}).encode() + b"\n")


def _measure(folder: Path, port: int, asked: int) -> dict[str, Any]:
    with open_node(folder) as node:
        patients = [each.patient for each in node.record().patients()]
    program = Program(folder, port)
    program.log_in()
    large = max(patients, key=lambda each: len(program.get(f"Patient/{each}/$everything")))
    return {
        "patients": len(patients),
        "everything": _streamed(program, large, asked // 10),
        "read": _latencies(program, asked, patients, lambda each: f"Patient/{each}"),
        "search": _latencies(program, asked, patients, lambda each: f"Observation?patient={each}&category=vital-signs"),
        "summary": _latencies(program, asked, patients, lambda each: f"Patient/{each}/$summary"),
    }


def _streamed(program: Program, patient: str, times: int) -> dict[str, Any]:
    path, size = f"Patient/{patient}/$everything", 0
    entries = len(json.loads(program.get(path))["entry"])
    begun = time.perf_counter()
    for _ in range(times):
        size += len(program.get(path))
    took = time.perf_counter() - begun
    return {"mb_per_s": round(size / took / 1e6, 1), "mb": round(size / times / 1e6, 2), "resources": entries}


def _latencies(program: Program, asked: int, patients: list[str], path: Callable[[str], str]) -> dict[str, Any]:
    chance, took = random.Random(7), []
    for _ in range(asked):
        begun = time.perf_counter()
        program.get(path(chance.choice(patients)))
        took.append((time.perf_counter() - begun) * 1000)
    took.sort()
    return {"p50_ms": round(took[len(took) // 2], 2), "p95_ms": round(took[int(len(took) * 0.95)], 2)}
