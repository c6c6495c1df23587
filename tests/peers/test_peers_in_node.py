"""Senders from other code bases over real sockets: @medplum/hl7, and node-hl7-client over mutual TLS."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from intake_rig import feed, site
from node_programs import node_peers, run_peer
from tls_rig import certificate, server_context


def message(number: int, accept: str = "", app: str = "", version: str = "2.5.1") -> str:
    head = f"MSH|^~\\&|EHR|HOSP|CD|HOSP|20260101120000||ADT^A01^ADT_A01|M{number}|P|{version}|||{accept}|{app}"
    return f"{head}\rEVN|A01|20260101120000\rPID|1||7^^^HOSP^MR||ÇELİK^Ayşe\rPV1|1|I\r"


def exchange(folder: Path, declared, program: str, messages: list[str], *arguments: str):
    """What the peer read, and how many messages the journal holds."""

    async def run():
        async with site(folder, declared) as s:
            port = str(s.port())
            code, answers = await asyncio.to_thread(run_peer, program, messages, port, *arguments)
            return code, answers, len(s.entries("hl7.received")), s.listener.tallies["adt"].refusals

    node_peers()
    return asyncio.run(run())


@pytest.mark.parametrize(
    ("accept", "app", "code"), [("", "", "AA"), ("AL", "NE", "CA"), ("AL", "AL", "CA"), ("NE", "AL", "AA")]
)
def test_medplum_reads_our_answers_in_each_mode(tmp_path: Path, accept: str, app: str, code: str) -> None:
    sent = [message(n, accept, app) for n in range(5)]
    _, answers, kept, _ = exchange(tmp_path, feed(), "medplum.mjs", sent)
    assert ([(a["code"], a["id"]) for a in answers], kept) == ([(code, f"M{n}") for n in range(5)], 5)


def test_medplum_gets_the_second_answer_that_it_waits_for(tmp_path: Path) -> None:
    sent = [message(n, "AL", "AL") for n in range(4)]
    both = feed(application_answer=True)
    _, answers, kept, _ = exchange(tmp_path, both, "medplum.mjs", sent, "application")
    assert ([(a["code"], a["id"]) for a in answers], kept) == ([("AA", f"M{n}") for n in range(4)], 4)


@pytest.mark.parametrize("version", ["2.3", "2.5.1", "2.8"])
def test_node_hl7_client_reads_our_answers(tmp_path: Path, version: str) -> None:
    sent = [message(n, version=version) for n in range(3)]
    code, answers, kept, _ = exchange(tmp_path, feed(), "node_hl7.mjs", sent, version)
    assert (code, {a["code"] for a in answers}, kept) == (0, {"AA"}, 3)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder of certificates, and the fingerprint of the one that is pinned."""
    folder = tmp_path_factory.mktemp("peers")
    ca = certificate(folder, "ca")
    made = {name: certificate(folder, name, ca)[0] for name in ("server", "ehr", "other")}
    return folder, hashlib.sha256(made["ehr"].public_bytes(serialization.Encoding.DER)).hexdigest()


@pytest.mark.parametrize(("name", "heard"), [("ehr", 2), ("other", 0), ("", 0)])
def test_over_mutual_tls_only_the_pinned_peer_is_heard(
    tmp_path: Path, authority: tuple[Path, str], name: str, heard: int
) -> None:
    folder, fingerprint = authority
    declared = feed(tls=server_context(folder), certificates=(fingerprint,))
    sent = [message(n) for n in range(2)]
    arguments = ("2.5.1", str(folder), *([name] if name else []))
    _, answers, kept, refused = exchange(tmp_path, declared, "node_hl7.mjs", sent, *arguments)
    assert (len(answers), kept) == (heard, heard)
    assert name != "other" or refused  # without any certificate the handshake itself ends before a peer is counted
