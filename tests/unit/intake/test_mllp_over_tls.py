"""MLLP over TLS: a feed pinned by client certificate lets in nobody else."""

import asyncio
import datetime as dt
import hashlib
import ipaddress
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from intake_rig import adt, feed, site

SINCE, UNTIL = dt.datetime(2020, 1, 1), dt.datetime(2120, 1, 1)


def certificate(folder, name: str, ca=None):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, signer = (ca[0].subject, ca[1]) if ca else (subject, key)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(SINCE).not_valid_after(UNTIL)
        .add_extension(x509.BasicConstraints(ca is None, None), True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(signer, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / f"{name}.pem").write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return made, key


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    ca = certificate(folder, "ca")
    names = {name: certificate(folder, name, ca)[0] for name in ("server", "ehr", "other")}
    return folder, names


def server(folder) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    context.load_verify_locations(folder / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def client(folder, name: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    if name:
        context.load_cert_chain(folder / f"{name}.pem")
    return context


def pinned(folder, certificates):
    der = certificates["ehr"].public_bytes(serialization.Encoding.DER)
    return feed(tls=server(folder), certificates=(hashlib.sha256(der).hexdigest(),))


async def talk(tmp_path, pki, name):
    folder, names = pki
    async with site(tmp_path, pinned(folder, names)) as s:
        try:
            line = await s.connect(ssl=client(folder, name))
            answer = await line.exchange(adt(1))
        except (ssl.SSLError, ConnectionError):
            answer = None
        return answer and answer["MSA"].text(1), len(s.entries("hl7.received"))


def test_the_pinned_client_is_heard(tmp_path, pki):
    assert asyncio.run(talk(tmp_path, pki, "ehr")) == ("AA", 1)


@pytest.mark.parametrize("name", ["other", None])
def test_another_or_no_certificate_is_not_heard(tmp_path, pki, name):
    assert asyncio.run(talk(tmp_path, pki, name)) == (None, 0)


def test_a_feed_is_authenticated_only_when_it_must_show_a_certificate(pki):
    folder, names = pki
    assert pinned(folder, names).authenticated
    assert not feed().authenticated
