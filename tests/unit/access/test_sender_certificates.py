"""What the node's authority signs for a sender: only the key of its request, only to speak as a client."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from codedark.access import (
    CertificateAuthority,
    RootSeed,
    client_context,
    create_node_keys,
    issue_sender_certificate,
    server_context,
)
from codedark.clock import SeededChance, SeededClock
from codedark.errors import ConfigError

PEM = serialization.Encoding.PEM


def request(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, name: str = "evil.example") -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    asked = x509.CertificateSigningRequestBuilder().subject_name(subject)
    asked = asked.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return asked.sign(key, hashes.SHA256()).public_bytes(PEM)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("node")
    chance = SeededChance("senders")
    create_node_keys(folder, RootSeed.generate(chance), "waterbury", SeededClock(), chance)
    return folder / "keys"


@pytest.fixture(scope="module")
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def issued(keys: Path, asked: bytes) -> x509.Certificate:
    made = issue_sender_certificate(
        CertificateAuthority.load(keys), asked, "ehr", SeededClock().now_us(), SeededChance(1)
    )
    return x509.load_pem_x509_certificates(made.chain)[0]


def test_nothing_of_the_request_is_believed_but_its_key(keys: Path, key: ec.EllipticCurvePrivateKey) -> None:
    made = issued(keys, request(key))
    assert made.public_key() == key.public_key()
    assert made.subject.rfc4514_string() == "CN=codedark sender of ehr"
    assert made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False


def test_a_request_that_another_key_signed_is_refused(keys: Path, key: ec.EllipticCurvePrivateKey) -> None:
    der = bytearray(x509.load_pem_x509_csr(request(key)).public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    with pytest.raises(ConfigError, match=r"not signed|no certificate request"):
        issued(keys, bytes(der))


@pytest.mark.parametrize(
    "asked", [b"", b"-----BEGIN", b"\x30\x03\x02\x01\x00", b"-----BEGIN CERTIFICATE REQUEST-----\nAA==\n"]
)
def test_what_is_no_request_is_refused(keys: Path, asked: bytes) -> None:
    with pytest.raises(ConfigError, match="no certificate request"):
        issued(keys, asked)


def test_a_weak_key_is_refused(keys: Path) -> None:
    with pytest.raises(ConfigError, match="too weak"):
        issued(keys, request(rsa.generate_private_key(65537, 1024)))


def shakes_hands(keys: Path, proof: Path, key_file: Path) -> bool:
    """TLS in memory between the node as a server and a client with this certificate."""
    server, client = server_context(keys, keys / "root.pem"), client_context(keys / "root.pem")
    client.load_cert_chain(proof, key_file)
    a, b, c, d = (ssl.MemoryBIO() for _ in range(4))
    ours = server.wrap_bio(a, b, server_side=True)
    theirs = client.wrap_bio(c, d, server_hostname="localhost")
    try:
        for _ in range(6):
            for side in (theirs, ours):
                try:
                    side.do_handshake()
                except ssl.SSLWantReadError:
                    pass
                a.write(d.read())
                c.write(b.read())
    except ssl.SSLError:
        return False
    return ours.getpeercert(True) is not None


def test_the_sender_is_let_in_by_it_and_the_nodes_own_certificate_is_none(
    keys: Path, key: ec.EllipticCurvePrivateKey, tmp_path: Path
) -> None:
    clock = SeededClock().now_us()
    made = issue_sender_certificate(CertificateAuthority.load(keys), request(key), "ehr", clock, SeededChance(1))
    proof, secret = tmp_path / "ehr.pem", tmp_path / "ehr.key"
    proof.write_bytes(made.chain)
    secret.write_bytes(
        key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )  # fmt: skip
    assert shakes_hands(keys, proof, secret)
    assert not shakes_hands(keys, keys / "server.pem", keys / "server.key")
