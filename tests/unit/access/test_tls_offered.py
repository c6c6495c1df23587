"""What feeds and pages offer: TLS 1.2 and 1.3, forward secrecy only; the control is OpenSSL's default."""

from __future__ import annotations

import http.client
import socket
import ssl
import warnings
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from web_rig import House, house
from web_server import served

from codedark.access import client_context, server_context


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A node with its certificates."""
    with house(tmp_path_factory.mktemp("tls")) as made:
        yield made


def _without_secrecy(context: ssl.SSLContext) -> list[str]:
    return [each["name"] for each in context.get_ciphers() if not each["name"].startswith(("ECDHE-", "TLS_"))]


def test_a_feed_offers_forward_secrecy_only(home: House) -> None:
    assert _without_secrecy(server_context(home.folder / "keys")) == []
    assert _without_secrecy(client_context(home.folder / "keys/root.pem")) == []
    assert _without_secrecy(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)) != [], "the control"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_a_feed_offers_no_old_tls(home: House, version: ssl.TLSVersion) -> None:
    assert _spoken(server_context(home.folder / "keys"), home, version) is None


def test_a_feed_speaks_the_newest_tls_first(home: House) -> None:
    """The control of the test above."""
    assert _spoken(server_context(home.folder / "keys"), home, ssl.TLSVersion.TLSv1_2) == "TLSv1.3"


def _only_old(client: ssl.SSLContext, version: ssl.TLSVersion) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        client.minimum_version = client.maximum_version = version
    client.set_ciphers("ALL:@SECLEVEL=0")


def _spoken(server: ssl.SSLContext, home: House, lowest: ssl.TLSVersion) -> str | None:
    """The version that client and server agree on in memory, the client offering from `lowest` (alone, when old)."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(home.folder / "keys/root.pem")
    if lowest < ssl.TLSVersion.TLSv1_2:
        _only_old(client, lowest)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(down, up, server_hostname="localhost"), server.wrap_bio(up, down, server_side=True)]
    try:
        for _ in range(6):
            for end in ends:
                try:
                    end.do_handshake()
                except ssl.SSLWantReadError:
                    continue
    except ssl.SSLError:
        return None
    return ends[0].version()


def test_the_pages_offer_no_old_tls_and_no_version_of_their_server(home: House) -> None:
    with served(home.app, home.folder / "keys") as address:
        port = urlsplit(address).port
        assert port is not None
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        _only_old(old, ssl.TLSVersion.TLSv1_1)
        with socket.create_connection(("127.0.0.1", port)) as plain, pytest.raises((ssl.SSLError, OSError)):
            old.wrap_socket(plain, server_hostname="localhost").close()
        connection = http.client.HTTPSConnection(
            "localhost", port, context=client_context(home.folder / "keys/root.pem")
        )
        connection.request("GET", "/login")
        headers = connection.getresponse().headers
        connection.close()
    assert not any(character.isdigit() for character in headers.get("server", ""))
