"""TLS from the node's own authority: trusted by its root alone, for its own names alone, renewed offline."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from codedark.access import (
    CertificateAuthority,
    RootSeed,
    client_context,
    create_node_keys,
    renew_server_certificate,
    renewal_due,
    restore_node_keys,
    server_context,
)
from codedark.clock import US_PER_S, SeededChance, SeededClock
from codedark.errors import ConfigError

DAY_US = 86_400 * US_PER_S
SECRET = bytes(range(32))


@pytest.fixture
def keys(tmp_path: Path, clock: SeededClock) -> Path:
    create_node_keys(tmp_path, RootSeed(SECRET), "waterbury", clock, SeededChance("node"), addresses=["10.4.0.9"])
    return tmp_path / "keys"


def handshake(keys: Path, name: str, root: Path | None = None) -> str:
    """TLS over memory, client and server in one thread; returns the protocol. Raises ssl.SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client_tls = client_context(root or keys / "root.pem")
    client_tls.verify_flags |= 0x200000  # X509_V_FLAG_NO_CHECK_TIME: the seeded clock is not the machine's
    client = client_tls.wrap_bio(to_client, to_server, server_hostname=name)
    server = server_context(keys).wrap_bio(to_server, to_client, server_side=True)
    done: set[ssl.SSLObject] = set()
    while len(done) < 2:
        for side in (client, server):
            try:
                side.do_handshake()
                done.add(side)
            except ssl.SSLWantReadError:
                continue
    return str(client.version())


def leaf(keys: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificates((keys / "server.pem").read_bytes())[0]


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "downtime.waterbury", "10.4.0.9"])
def test_a_client_that_knows_the_root_connects(keys: Path, name: str) -> None:
    assert handshake(keys, name) == "TLSv1.3"


@pytest.mark.parametrize("name", ["downtime.rockville", "10.4.0.10", "example.org"])
def test_a_name_that_is_not_in_the_certificate_is_refused(keys: Path, name: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(keys, name)


def test_another_facilitys_root_does_not_trust_this_node(keys: Path, tmp_path: Path, clock: SeededClock) -> None:
    create_node_keys(tmp_path / "other", RootSeed(bytes(32)), "waterbury", clock, SeededChance("other"))
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(keys, "localhost", tmp_path / "other/keys/root.pem")


def forge(keys: Path, clock: SeededClock, **changed: tuple[str, ...]) -> None:
    """What a thief of the issuing key does: sign for something else."""
    authority = replace(CertificateAuthority.load(keys), **changed)
    for name, data in authority.server_files(clock.now_us(), SeededChance("thief")).items():
        (keys / name).write_bytes(data)


@pytest.mark.parametrize(
    ("changed", "name"),
    [({"names": ("www.example.org",)}, "www.example.org"), ({"addresses": ("203.0.113.7",)}, "203.0.113.7")],
)
def test_a_stolen_issuing_authority_cannot_speak_for_the_world(
    keys: Path, clock: SeededClock, changed: dict[str, tuple[str, ...]], name: str
) -> None:
    forge(keys, clock, **changed)
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        handshake(keys, name)


def test_the_same_forgery_for_a_private_address_connects(keys: Path, clock: SeededClock) -> None:
    """The control: it is the name constraint that refuses, not the forging."""
    forge(keys, clock, addresses=("192.168.7.7",))
    assert handshake(keys, "192.168.7.7") == "TLSv1.3"


def test_the_certificate_lives_825_days_at_most(keys: Path) -> None:
    assert leaf(keys).not_valid_after_utc - leaf(keys).not_valid_before_utc == timedelta(days=825)


def test_a_new_certificate_is_not_due(keys: Path, clock: SeededClock) -> None:
    assert not renewal_due(keys, clock.now_us())


@pytest.mark.parametrize("days", [551, 900, -2, 5 * 365, -5 * 365])
def test_renewal_is_due_in_the_last_third_and_outside_the_certificates_life(
    keys: Path, clock: SeededClock, days: int
) -> None:
    assert renewal_due(keys, clock.now_us() + days * DAY_US)


def test_a_year_offline_the_node_renews_and_its_clients_still_connect(keys: Path, clock: SeededClock) -> None:
    clock.advance(2 * 365 * DAY_US)
    assert renewal_due(keys, clock.now_us())
    renew_server_certificate(keys, clock.now_us(), SeededChance("renewal"))
    now = datetime.fromtimestamp(clock.now_us() / US_PER_S, UTC)
    assert leaf(keys).not_valid_before_utc < now < leaf(keys).not_valid_after_utc
    assert not renewal_due(keys, clock.now_us())
    assert handshake(keys, "downtime.waterbury") == "TLSv1.3"


def test_a_node_whose_address_changed_renews_for_it_without_any_card(keys: Path, clock: SeededClock) -> None:
    renew_server_certificate(keys, clock.now_us(), SeededChance("renewal"), addresses=["172.16.3.3"])
    assert handshake(keys, "172.16.3.3") == "TLSv1.3"


def test_a_pair_that_does_not_fit_is_renewed(keys: Path, clock: SeededClock) -> None:
    old = (keys / "server.key").read_bytes()
    renew_server_certificate(keys, clock.now_us(), SeededChance("renewal"))
    (keys / "server.key").write_bytes(old)
    assert renewal_due(keys, clock.now_us())


def test_renewed_key_is_closed_to_others(keys: Path, clock: SeededClock) -> None:
    renew_server_certificate(keys, clock.now_us(), SeededChance("renewal"))
    assert {path.stat().st_mode & 0o777 for path in keys.iterdir()} == {0o600}


def test_a_restored_node_has_the_same_root_certificate_to_the_last_byte(
    keys: Path, tmp_path: Path, clock: SeededClock
) -> None:
    clock.advance(400 * DAY_US)
    cards = RootSeed(SECRET).shares(SeededChance("cards"))
    restore_node_keys(tmp_path / "new", cards, "waterbury", clock, SeededChance("new"), cites="ab/7/cd")
    assert (tmp_path / "new/keys/root.pem").read_bytes() == (keys / "root.pem").read_bytes()


def test_the_roots_key_is_not_on_the_node(keys: Path) -> None:
    root = x509.load_pem_x509_certificate((keys / "root.pem").read_bytes())
    held = [CertificateAuthority.load(keys).key.public_key()]
    assert root.public_key() not in held


def test_the_issuing_authority_may_make_no_further_authority(keys: Path) -> None:
    basic = CertificateAuthority.load(keys).certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)


def test_the_certificate_names_the_addresses_it_was_made_for(keys: Path) -> None:
    names = leaf(keys).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert ipaddress.ip_address("10.4.0.9") in names.get_values_for_type(x509.IPAddress)


def test_unreadable_certificates_are_a_config_error(keys: Path) -> None:
    (keys / "issuing.pem").write_text("nothing")
    with pytest.raises(ConfigError):
        CertificateAuthority.load(keys)
