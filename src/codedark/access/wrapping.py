"""Files wrapped for whoever holds a key: age v1 (https://age-encryption.org/v1) to X25519 recipients.

Any other age opens them too, with the key that the unit's card shows as a QR. age says who may read, not who wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyrage

from codedark.errors import CannotUnseal, ConfigError


def wrapped_for(recipients: Sequence[str], data: bytes) -> bytes:
    """`data` for every one of these public keys (age1…), each of which opens it alone."""
    wrapped: bytes = pyrage.encrypt(data, [pyrage.x25519.Recipient.from_str(one) for one in recipients])
    return wrapped


def unwrapped(secrets: Iterable[str], data: bytes) -> bytes:
    """What was wrapped, by any of these secrets (AGE-SECRET-KEY-1…). Raises ConfigError for what is no secret, and
    CannotUnseal when none fits or a byte was changed."""
    try:
        identities = [pyrage.x25519.Identity.from_str(secret.strip().upper()) for secret in secrets]
    except (pyrage.IdentityError, ValueError) as error:
        raise ConfigError("this is no key of a unit's card", hint="It begins with AGE-SECRET-KEY-1.") from error
    try:
        plain: bytes = pyrage.decrypt(data, identities)
    except pyrage.DecryptError as error:
        raise CannotUnseal(
            "this key does not open the file, or the file was changed",
            hint="Take the card of this unit's newest envelope, or the file of another round.",
        ) from error
    return plain
