"""Certificates of the machines that send to a feed: made by the node's own authority from their request.

The sender keeps its key; we see only the request (PKCS #10, RFC 2986). Nothing in it is believed but the public key:
the name, the purpose (client authentication only, RFC 5280 4.2.1.12) and the dates are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from codedark.access.authority import LEAF_DAYS, CertificateAuthority, x509_time
from codedark.clock import US_PER_S, Chance
from codedark.errors import ConfigError

WARNED_DAYS = 14
"""So long before the end of a sender's certificate somebody is told."""
REQUEST_BYTES = 65_536
_RSA_BITS = 2048
_CURVES = ("secp256r1", "secp384r1", "secp521r1")
_HINT = "Make one beside the sender: `openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes …`."
SenderKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class SenderCertificate:
    """`chain`: PEM, the certificate and then the issuing authority, as the sender shows it; `fingerprint`: SHA-256 of
    the certificate (hex), by which a feed is pinned; `until_us`: its end, µs UTC."""

    chain: bytes
    fingerprint: str
    until_us: int


def issue_sender_certificate(
    authority: CertificateAuthority, request: bytes, feed: str, now_us: int, chance: Chance
) -> SenderCertificate:
    """A certificate for whoever holds the key of this request (PEM or DER), to send on `feed`, at most 825 days.

    Raises ConfigError: no request, not signed by its own key, or a key too weak.
    """
    key = _key_of(request)
    start = x509_time(now_us) - timedelta(days=1)
    until = min(start + timedelta(days=LEAF_DAYS), authority.certificate.not_valid_after_utc)
    # A common name with spaces is no host name, so that the authority's limits on host names do not forbid it.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"codedark sender of {feed}"[:64])])
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    issuer = authority.certificate
    serial = (int.from_bytes(chance.bytes(16), "big") >> 1) | 1
    made = (
        x509.CertificateBuilder(issuer.subject, name, key, serial, start, until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
        .sign(authority.key, hashes.SHA256(), ecdsa_deterministic=True)
    )
    pem, der = serialization.Encoding.PEM, serialization.Encoding.DER
    end_us = int(made.not_valid_after_utc.timestamp()) * US_PER_S
    chain = made.public_bytes(pem) + issuer.public_bytes(pem)
    return SenderCertificate(chain, sha256(made.public_bytes(der)).hexdigest(), end_us)


def certificate_end_us(der: bytes) -> int | None:
    """The last moment of a peer's certificate, µs UTC; None when it cannot be read."""
    try:
        return int(x509.load_der_x509_certificate(der).not_valid_after_utc.timestamp()) * US_PER_S
    except (ValueError, x509.InvalidVersion):
        return None


def _key_of(request: bytes) -> SenderKey:
    if len(request) > REQUEST_BYTES:
        raise ConfigError("this is no certificate request: it is larger than any", hint=_HINT)
    try:
        load = x509.load_pem_x509_csr if b"-----BEGIN" in request else x509.load_der_x509_csr
        asked = load(request)
        key = asked.public_key()
        signed = asked.is_signature_valid
    except (ValueError, UnsupportedAlgorithm, InvalidSignature, x509.InvalidVersion, TypeError):
        raise ConfigError("this is no certificate request (PKCS #10)", hint=_HINT) from None
    if not signed:
        raise ConfigError("the request is not signed by its own key", hint="Ask the sender's people for a new one.")
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _RSA_BITS:
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return key
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    raise ConfigError("the key of the request is too weak or of an unknown kind", hint=_HINT)
