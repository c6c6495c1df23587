"""The node's own certificates: no AD, no public authority, no internet needed (RFC 5280; `cryptography.x509`).

The root is a pure function of the seed: three cards give the same root certificate to the last byte, so a restored
node is trusted by every ward PC that trusted the old one. Its key is never stored. The issuing authority on the node
may sign only for the names it was given and for private addresses: a node whose address changes at minute 0 renews
without any card, and a stolen authority can still not speak for a name in the world outside.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from codedark.access.seed import p256_key
from codedark.access.shelf import write_private
from codedark.clock import US_PER_S, Chance
from codedark.errors import ConfigError

LEAF_DAYS = 825
"""The longest life of a server certificate, the day before its start included."""
ISSUING_DAYS = 3653
_ROOT_FROM, _ROOT_UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)
_SLACK = timedelta(days=1)
"""A certificate begins a day early: ward PCs with a clock that runs behind still connect."""
_PRIVATE = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "::1/128", "fc00::/7")
_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL's x509_vfy.h; `ssl` has no name for it."""
ROOT_FILE, ISSUING_FILE, ISSUING_KEY_FILE = "root.pem", "issuing.pem", "issuing.key"
SERVER_FILE, SERVER_KEY_FILE = "server.pem", "server.key"


def root_certificate(key: ec.EllipticCurvePrivateKey, facility: str) -> x509.Certificate:
    """The facility's root: same key, same bytes (deterministic ECDSA, RFC 6979; fixed dates; serial from the key)."""
    public = key.public_key()
    serial = int.from_bytes(sha256(_spki(public)).digest()[:16], "big") >> 1
    name = _name(f"codedark root of {facility}")
    builder = _begin(name, name, public, serial, _ROOT_FROM, _ROOT_UNTIL, public)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
    return _sign(builder.add_extension(_usage(authority=True), critical=True), key)


@dataclass(frozen=True, slots=True)
class CertificateAuthority:
    """The issuing authority on the node. `names`, `addresses`: what its server certificate is for."""

    facility: str
    root: x509.Certificate
    certificate: x509.Certificate
    names: tuple[str, ...]
    addresses: tuple[str, ...]
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def issue_from_root(
        cls, root_key: ec.EllipticCurvePrivateKey, root: x509.Certificate, facility: str, names: Sequence[str],
        addresses: Sequence[str], now_us: int, chance: Chance,
    ) -> CertificateAuthority:  # fmt: skip
        """A new authority, limited to localhost, downtime.FACILITY, `names` and private addresses."""
        names = tuple(dict.fromkeys(["localhost", f"downtime.{facility}", *names]))
        addresses = tuple(dict.fromkeys(["127.0.0.1", "::1", *addresses]))
        key, now = _new_key(chance), x509_time(now_us)
        until = min(now + timedelta(days=ISSUING_DAYS), _ROOT_UNTIL)
        subject = _name(f"codedark issuing authority of {facility}")
        builder = _begin(
            subject, root.subject, key.public_key(), _serial(chance), now - _SLACK, until, root_key.public_key()
        )
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(authority=True), critical=True)
        builder = builder.add_extension(_constraints(names, addresses), critical=True)
        return cls(facility, root, _sign(builder, root_key), names, addresses, key)

    @classmethod
    def load(cls, keys_folder: Path) -> CertificateAuthority:
        """The authority in FOLDER/keys. Raises ConfigError."""
        try:
            root = x509.load_pem_x509_certificate((keys_folder / ROOT_FILE).read_bytes())
            certificate = x509.load_pem_x509_certificate((keys_folder / ISSUING_FILE).read_bytes())
            server = x509.load_pem_x509_certificates((keys_folder / SERVER_FILE).read_bytes())[0]
            key = serialization.load_pem_private_key((keys_folder / ISSUING_KEY_FILE).read_bytes(), None)
        except (OSError, ValueError, IndexError) as error:
            raise ConfigError(f"the certificates in {keys_folder} cannot be read: {type(error).__name__}") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ConfigError(f"{keys_folder / ISSUING_KEY_FILE} is not an elliptic-curve key")
        there = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = tuple(there.get_values_for_type(x509.DNSName))
        addresses = tuple(str(address) for address in there.get_values_for_type(x509.IPAddress))
        return cls(_facility_of(root), root, certificate, names, addresses, key)

    def server_files(self, now_us: int, chance: Chance) -> dict[str, bytes]:
        """server.pem (leaf, then issuing) and server.key for `names` and `addresses`, at most 825 days."""
        key, start = _new_key(chance), x509_time(now_us) - _SLACK
        until = min(start + timedelta(days=LEAF_DAYS), self.certificate.not_valid_after_utc)
        subject = _name(self.names[0])
        builder = _begin(
            subject, self.certificate.subject, key.public_key(), _serial(chance), start, until, self.key.public_key()
        )
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(authority=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        builder = builder.add_extension(_alternative(self.names, self.addresses), critical=False)
        leaf = _sign(builder, self.key)
        return {SERVER_FILE: _pem(leaf) + _pem(self.certificate), SERVER_KEY_FILE: _key_pem(key)}

    def files(self) -> dict[str, bytes]:
        """root.pem, issuing.pem, issuing.key."""
        return {
            ROOT_FILE: _pem(self.root),
            ISSUING_FILE: _pem(self.certificate),
            ISSUING_KEY_FILE: _key_pem(self.key),
        }


def renewal_due(keys_folder: Path, now_us: int) -> bool:
    """True in the last third of the server certificate's life, outside it, or when its key is not the one beside it."""
    if (leaf := _usable_leaf(keys_folder)) is None:
        return True
    life = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    return not leaf.not_valid_before_utc <= x509_time(now_us) < leaf.not_valid_after_utc - life / 3


def server_pair_fits(keys_folder: Path) -> bool:
    """Whether there is a server certificate with its key beside it, whatever its dates say."""
    return _usable_leaf(keys_folder) is not None


def _usable_leaf(keys_folder: Path) -> x509.Certificate | None:
    try:
        leaf = x509.load_pem_x509_certificates((keys_folder / SERVER_FILE).read_bytes())[0]
        key = serialization.load_pem_private_key((keys_folder / SERVER_KEY_FILE).read_bytes(), None)
    except (OSError, ValueError, IndexError):
        return None
    return leaf if key.public_key() == leaf.public_key() else None


def renew_server_certificate(
    keys_folder: Path, now_us: int, chance: Chance, names: Sequence[str] = (), addresses: Sequence[str] = ()
) -> None:
    """A new server certificate from the node's own authority, offline. `names`, `addresses`: instead of those it had.

    A kill between the two renames leaves a pair that does not fit; `renewal_due` sees it and the next start renews.
    """
    authority = CertificateAuthority.load(keys_folder)
    authority = replace(
        authority, names=tuple(names) or authority.names, addresses=tuple(addresses) or authority.addresses
    )
    for name, data in authority.server_files(now_us, chance).items():
        part = keys_folder / f".{name}-{chance.bytes(8).hex()}"
        write_private(part, data)
        os.replace(part, keys_folder / name)


_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""OpenSSL's words for what TLS 1.2 may use; TLS 1.3 has nothing else anyway."""


def server_context(keys_folder: Path, clients: Path | None = None) -> ssl.SSLContext:
    """TLS 1.2+ for a server of this node. `clients`: PEM of the authority whose client certificates are required.

    Who they are is checked, not whether they are out of date: a peer's certificate that ran out, or a clock of ours
    that is wrong, must not silence a feed at the worst hour (security.md, decision 10).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_SUITES)
    context.load_cert_chain(keys_folder / SERVER_FILE, keys_folder / SERVER_KEY_FILE)
    if clients:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= _NO_CHECK_TIME
    return context


def client_context(root: Path) -> ssl.SSLContext:
    """TLS 1.2+ for a client that trusts this facility's root and nobody else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_SUITES)
    context.load_verify_locations(root)
    return context


def device_context(root: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    """The same for a device that shows its own certificate. Who the node is is checked, not whether its certificate is
    out of date: a wrong clock must not part a station from its packs (security.md, decision 10)."""
    context = client_context(root)
    context.load_cert_chain(certificate, key)
    context.verify_flags |= _NO_CHECK_TIME
    return context


def devices_context(keys_folder: Path, certificates: Sequence[bytes]) -> ssl.SSLContext:
    """TLS 1.2+ for a server of this node that only these devices (PEM, each signed by itself) get into. Raises
    ConfigError for what is no such certificate."""
    context = server_context(keys_folder)
    context.verify_mode = ssl.CERT_REQUIRED
    for pem in certificates:
        device_fingerprint(pem)
        context.load_verify_locations(cadata=pem.decode("ascii"))
    context.verify_flags |= _NO_CHECK_TIME
    return context


def new_device(name: str, now_us: int, chance: Chance) -> tuple[bytes, bytes]:
    """A device's credential: certificate (PEM) and key (PEM). It is signed by itself and known by its fingerprint
    alone, so that it opens nothing that asks for a certificate of this facility, such as a feed."""
    key, start = _new_key(chance), x509_time(now_us) - _SLACK
    subject, public = _name(f"codedark station {name}"), key.public_key()
    builder = _begin(subject, subject, public, _serial(chance), start, start + timedelta(days=ISSUING_DAYS), public)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(authority=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    return _pem(_sign(builder, key)), _key_pem(key)


def device_fingerprint(certificate: bytes) -> str:
    """SHA-256 of a device's certificate (PEM), hex. Raises ConfigError for anything that is not one certificate."""
    try:
        found = x509.load_pem_x509_certificates(certificate)
    except ValueError as error:
        raise ConfigError("this is no certificate (PEM)") from error
    if len(found) != 1 or found[0].issuer != found[0].subject:
        raise ConfigError("this is not the certificate of one device, signed by itself")
    return sha256(found[0].public_bytes(serialization.Encoding.DER)).hexdigest()


def _begin(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, serial: int, start: datetime,
    until: datetime, issuer_key: ec.EllipticCurvePublicKey,
) -> x509.CertificateBuilder:  # fmt: skip
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=public, serial_number=serial)
        .not_valid_before(start)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _sign(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=authority, crl_sign=authority, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _constraints(names: Sequence[str], addresses: Sequence[str]) -> x509.NameConstraints:
    networks = dict.fromkeys([*_PRIVATE, *(str(ipaddress.ip_network(address)) for address in addresses)])
    permitted: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    permitted += [x509.IPAddress(ipaddress.ip_network(network)) for network in networks]
    return x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None)


def _alternative(names: Sequence[str], addresses: Sequence[str]) -> x509.SubjectAlternativeName:
    entries: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    return x509.SubjectAlternativeName([*entries, *(x509.IPAddress(ipaddress.ip_address(ip)) for ip in addresses)])


def _new_key(chance: Chance) -> ec.EllipticCurvePrivateKey:
    return p256_key(chance.bytes(48))


def _serial(chance: Chance) -> int:
    return (int.from_bytes(chance.bytes(16), "big") >> 1) | 1


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _facility_of(root: x509.Certificate) -> str:
    common = root.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    return str(common).removeprefix("codedark root of ")


def _spki(public: ec.EllipticCurvePublicKey) -> bytes:
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def x509_time(us: int) -> datetime:
    """A moment as certificates write it: whole seconds, UTC."""
    return datetime.fromtimestamp(us // US_PER_S, UTC)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
