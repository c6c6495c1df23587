"""MLLP over TLS: a feed pinned by client certificate lets in nobody else."""

import asyncio
import hashlib
import ssl

import pytest
from cryptography.hazmat.primitives import serialization
from intake_rig import adt, feed, site
from tls_rig import certificate, server_context


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    ca = certificate(folder, "ca")
    names = {name: certificate(folder, name, ca)[0] for name in ("server", "ehr", "other")}
    return folder, names


def client(folder, name: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    if name:
        context.load_cert_chain(folder / f"{name}.pem")
    return context


def pinned(folder, certificates):
    der = certificates["ehr"].public_bytes(serialization.Encoding.DER)
    return feed(tls=server_context(folder), certificates=(hashlib.sha256(der).hexdigest(),))


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
