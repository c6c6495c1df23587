"""A feed pinned by certificate: heard with it, not heard without, and shown for what it is."""

from __future__ import annotations

import contextlib
import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from node_rig import codedark, message, new_node, running, say

from codedark.journal import DoorClient


def certificate(folder: Path, name: str) -> Path:
    """A self-signed certificate of an interface engine, with its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.fromtimestamp(time.time(), UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 7, start, start + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / f"{name}.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A node whose feed speaks TLS and knows one interface engine."""
    folder = new_node(tmp_path / "n")
    engine = certificate(tmp_path, "engine")
    (folder / "keys" / "engine.pem").write_bytes(engine.read_bytes())
    text = (folder / "codedark.toml").read_text()
    text = text.replace("tls = false", "tls = true").replace('clients = ""', 'clients = "keys/engine.pem"')
    (folder / "codedark.toml").write_text(text)
    return folder


def _trust(folder: Path, proof: Path | None) -> ssl.SSLContext:
    trust = ssl.create_default_context(cafile=str(folder / "keys" / "root.pem"))
    trust.check_hostname = False
    if proof:
        trust.load_cert_chain(proof)
    return trust


def _heard(folder: Path, proof: Path | None) -> list[str]:
    with running(folder) as node:
        answers: list[str] = []
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            answers = say(node.port, message(1), trust=_trust(folder, proof))
        door = DoorClient(node.layout.door)
        kept = door.status()["entries"].get("hl7.received", 0)
        door.close()
        node.stop()
    assert kept == len(answers)
    return answers


def test_a_peer_with_its_certificate_is_heard_and_shown_as_authenticated(folder: Path, tmp_path: Path) -> None:
    assert _heard(folder, tmp_path / "engine.pem") == ["AA"]
    assert codedark("worklist", "-f", folder).code == 0
    assert codedark("status", "--json", "-f", folder).object["feeds"][0]["authenticated"] is True


def test_a_peer_without_a_certificate_is_not_heard(folder: Path) -> None:
    assert _heard(folder, None) == []


def test_a_peer_with_a_certificate_of_its_own_making_is_not_heard(folder: Path, tmp_path: Path) -> None:
    assert _heard(folder, certificate(tmp_path, "stranger")) == []
