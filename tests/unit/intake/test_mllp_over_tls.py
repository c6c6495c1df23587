"""MLLP over TLS: a feed pinned by client certificate lets in nobody else."""

import asyncio
import hashlib
import ssl

import pytest
import uvloop
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


RUNS = pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
"""Both event loops make TLS in their own way; the node runs uvloop."""


def handshakes(tmp_path, pki, context, run) -> tuple[int, list[str]]:
    """(refusals counted, what was said) after one sender with this context."""

    async def once() -> tuple[int, list[str]]:
        folder, names = pki
        said: list[str] = []
        async with site(tmp_path, pinned(folder, names)) as s:
            s.listener._warn = lambda event, feed: said.append(event)
            try:
                line = await s.connect(ssl=context)
                await line.exchange(adt(1))
            except (ssl.SSLError, ConnectionError):
                pass
            return s.listener.tallies["adt"].refusals, said

    return run(once())


@RUNS
def test_a_sender_without_a_certificate_is_counted_and_said(tmp_path, pki, run):
    assert handshakes(tmp_path, pki, client(pki[0], None), run) == (1, ["a sender showed no certificate"])


@RUNS
def test_a_certificate_of_another_authority_is_counted_and_said(tmp_path, pki, tmp_path_factory, run):
    foreign = tmp_path_factory.mktemp("foreign")
    certificate(foreign, "ehr", certificate(foreign, "ca"))
    context = client(pki[0], None)
    context.load_cert_chain(foreign / "ehr.pem")
    assert handshakes(tmp_path, pki, context, run) == (1, ["a sender showed a certificate of another authority"])


@RUNS
def test_control_the_pinned_sender_counts_as_no_refusal(tmp_path, pki, run):
    assert handshakes(tmp_path, pki, client(pki[0], "ehr"), run) == (0, [])


def test_a_feed_is_authenticated_only_when_it_must_show_a_certificate(pki):
    folder, names = pki
    assert pinned(folder, names).authenticated
    assert not feed().authenticated
