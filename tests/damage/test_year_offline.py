"""A node that runs a year without any network or restart: wards and peers connect, by clocks that are right.

Its certificate is dated a year and a half before it would end, and is renewed on the way.
"""

from __future__ import annotations

import socket
import ssl
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import later_node
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from node_rig import PATIENCE_S, Running, message, new_node, running, say

from codedark.access import client_context, renew_server_certificate, renewal_due, server_context
from codedark.clock import SeededChance, SeededClock
from codedark.node import Config, Layout
from codedark.node.renewing import renew_when_due

DAY_S, YEAR_S = 86_400, 366 * 86_400
NO_CHECK_TIME = 0x200000
"""For our client alone: the machine's clock is not the simulated one. Dates are verified below, at simulated times."""


def engine(folder: Path, until: datetime) -> Path:
    """An interface engine's own certificate with its key, valid until a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "engine")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 7, until - timedelta(days=30), until)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "engine.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


def now_us() -> int:
    return time.time_ns() // 1000


def shown(port: int, context: ssl.SSLContext) -> list[x509.Certificate]:
    """The chain that a server shows."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as plain, context.wrap_socket(plain) as tls:
        return [x509.load_der_x509_certificate(bytes(der)) for der in chain_of(tls)]


def chain_of(tls: ssl.SSLSocket) -> list[bytes]:
    found = tls._sslobj.get_unverified_chain()
    return [ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in found]


def trusted_at(folder: Path, chain: list[x509.Certificate], at: datetime) -> bool:
    """What a ward PC with a right clock says: an X.509 verifier that is not ours."""
    root = x509.load_pem_x509_certificate((folder / "keys/root.pem").read_bytes())
    verifier = PolicyBuilder().store(Store([root])).time(at).build_server_verifier(x509.DNSName("localhost"))
    try:
        verifier.verify(chain[0], chain[1:])
    except VerificationError:
        return False
    return True


def trust(folder: Path, proof: Path | None = None) -> ssl.SSLContext:
    context = client_context(folder / "keys" / "root.pem")
    context.check_hostname = False
    context.verify_flags |= NO_CHECK_TIME
    if proof:
        context.load_cert_chain(proof)
    return context


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A node with a TLS feed whose peer's certificate ended yesterday, and a server certificate 400 days old."""
    folder = new_node(tmp_path / "n")
    proof = engine(tmp_path, datetime.fromtimestamp(time.time() - DAY_S, UTC))
    (folder / "keys" / "engine.pem").write_bytes(proof.read_bytes())
    text = (folder / "codedark.toml").read_text()
    text = text.replace("tls = false", "tls = true").replace('clients = ""', 'clients = "keys/engine.pem"')
    (folder / "codedark.toml").write_text(text.replace("every_min = 15", "every_min = 0"))
    renew_server_certificate(folder / "keys", now_us() - 400 * DAY_S * 1_000_000, SeededChance("old"))
    return folder


@pytest.fixture
def later(folder: Path, tmp_path: Path) -> Iterator[Running]:
    shift = tmp_path / "shift"
    shift.write_text("0")
    node = Running(folder, "later", [sys.executable, later_node.__file__, str(folder), str(shift)])
    yield node
    if node.process.poll() is None:
        node.kill()


def test_a_year_offline_wards_and_peers_connect(folder: Path, later: Running, tmp_path: Path) -> None:
    proof, web = tmp_path / "engine.pem", Config.load(folder).web.port
    later.wait_for("pages open")
    assert say(later.port, message(1), trust=trust(folder, proof)) == ["AA"]
    later.wait_for("the certificate of a peer has ended", feed="ehr")
    year = datetime.fromtimestamp(time.time() + YEAR_S, UTC)
    assert not trusted_at(folder, shown(web, trust(folder)), year + timedelta(days=90))  # the control: unrenewed

    (tmp_path / "shift").write_text(str(YEAR_S))  # a year passes
    later.wait_for("certificate renewed")
    later.wait_for("pages open with a renewed certificate")

    for chain in (shown(web, trust(folder)), shown(later.port, trust(folder, proof))):
        assert trusted_at(folder, chain, year)
        assert trusted_at(folder, chain, year + timedelta(days=500))
    assert say(later.port, message(2), trust=trust(folder, proof)) == ["AA"]
    assert later.events("clock not trusted") == []


def refused_without_the_flag(folder: Path, proof: Path) -> bool:
    """Whether OpenSSL, asked to look at dates, refuses this peer."""
    context = server_context(folder / "keys", folder / "keys" / "engine.pem")
    context.verify_flags &= ~NO_CHECK_TIME
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trust(folder, proof).wrap_bio(to_client, to_server)
    server = context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(8):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError as error:
                return "expired" in str(error)
    return False


def test_a_peer_whose_certificate_ended_would_be_refused_by_its_date(folder: Path, tmp_path: Path) -> None:
    """The control of the peer's half."""
    assert refused_without_the_flag(folder, tmp_path / "engine.pem")


@pytest.mark.parametrize("wrong_s", [-5 * YEAR_S, 5 * YEAR_S])
def test_a_wrong_clock_renews_nothing_that_still_works(folder: Path, wrong_s: int) -> None:
    clock, layout = SeededClock(now_us()), Layout(folder)
    before = (folder / "keys/server.pem").read_bytes()
    clock.jump(wrong_s * 1_000_000)
    assert renewal_due(folder / "keys", clock.now_us())  # the control: by that clock alone it is due
    assert not renew_when_due(layout, clock, SeededChance("wrong"))
    assert (folder / "keys/server.pem").read_bytes() == before


def test_a_pair_that_does_not_fit_is_renewed_by_the_time_that_is_believed(folder: Path) -> None:
    clock, layout = SeededClock(now_us()), Layout(folder)
    (folder / "keys/server.key").write_bytes(b"torn")
    clock.jump(-5 * YEAR_S * 1_000_000)
    assert renew_when_due(layout, clock, SeededChance("torn"))
    leaf = x509.load_pem_x509_certificates((folder / "keys/server.pem").read_bytes())[0]
    assert leaf.not_valid_before_utc < datetime.fromtimestamp(time.time(), UTC) < leaf.not_valid_after_utc


def test_a_node_that_cannot_renew_hears_all_the_same(tmp_path: Path) -> None:
    folder = new_node(tmp_path / "n")
    (folder / "keys/server.key").write_bytes(b"torn")
    (folder / "keys/issuing.key").unlink()
    with running(folder) as node:
        node.wait_for("certificate not renewed")
        assert say(node.port, message(1)) == ["AA"]
