"""Who we are to an EHR: our key, and what it signs.

SMART Backend Services: a client assertion (JWT, RFC 7515 and 7523) under ES384 or RS384; the public key goes to the
EHR's people as a JSON Web Key Set (RFC 7517).
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from codedark.errors import ConfigError

_ASSERTION_S = 240


@dataclass(frozen=True, slots=True)
class Credential:
    """Who we are: `client_id` as the EHR registered it, our private key as PEM, and its `key_id` in our key set."""

    client_id: str
    private_key: bytes = field(repr=False)
    key_id: str
    scope: str = "system/*.rs"
    token_url: str = ""
    """"": asked from `.well-known/smart-configuration`."""


def assertion(who: Credential, audience: str, now_s: int, unique: str) -> str:
    """The signed client assertion, a JWT (RFC 7515, RFC 7523) of four minutes. Raises ConfigError for a wrong key."""
    try:
        key = serialization.load_pem_private_key(who.private_key, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigError("the key of an [[ehr]] is no private key in PEM without a password") from None
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP384R1):
        algorithm = "ES384"
    elif isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        algorithm = "RS384"
    else:
        raise ConfigError("the key of an [[ehr]] is neither P-384 nor RSA of 2048 bits or more")
    head = {"alg": algorithm, "kid": who.key_id, "typ": "JWT"}
    claims = {"iss": who.client_id, "sub": who.client_id, "aud": audience, "exp": now_s + _ASSERTION_S, "jti": unique}
    text = f"{_part(head)}.{_part(claims)}".encode()
    if isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(text, padding.PKCS1v15(), hashes.SHA384())
    else:
        r, s = decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA384())))
        signature = r.to_bytes(48, "big") + s.to_bytes(48, "big")
    return f"{text.decode()}.{_plain64(signature)}"


def key_set(public_key: bytes, key_id: str) -> dict[str, object]:
    """The JSON Web Key Set of a P-384 public key in PEM, for the EHR's people (RFC 7517, RFC 7518 6.2)."""
    key = serialization.load_pem_public_key(public_key)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ConfigError("the key of an [[ehr]] is not on a curve")
    numbers = key.public_numbers()
    x, y = (_plain64(number.to_bytes(48, "big")) for number in (numbers.x, numbers.y))
    key_of = {"kty": "EC", "crv": "P-384", "alg": "ES384", "use": "sig", "key_ops": ["verify"]}
    return {"keys": [{**key_of, "kid": key_id, "x": x, "y": y}]}


def new_key() -> tuple[bytes, bytes]:
    """A private key on P-384 and its public key, both PEM."""
    key = ec.generate_private_key(ec.SECP384R1())
    return (
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
    )  # fmt: skip


def public_of(private_key: bytes) -> bytes:
    """The public key of a private one, both PEM. Raises ConfigError."""
    try:
        key = serialization.load_pem_private_key(private_key, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigError("the key of an [[ehr]] is no private key in PEM without a password") from None
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip


def _part(value: object) -> str:
    return _plain64(json.dumps(value, separators=(",", ":")).encode())


def _plain64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
