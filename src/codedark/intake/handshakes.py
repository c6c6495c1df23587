"""TLS handshakes that came to nothing: counted for their feed, and said with the reason.

asyncio and uvloop tell nobody: the connection ends before its protocol hears of it. Both make the server's half with
`SSLContext.wrap_bio`, whose class Python lets us choose (`SSLContext.sslobject_class`), so it is counted there.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable

NO_CERTIFICATE = "a sender showed no certificate"
FOREIGN_CERTIFICATE = "a sender showed a certificate of another authority"
NO_HANDSHAKE = "a sender's TLS handshake failed"
_SHOWN_NONE = "PEER_DID_NOT_RETURN_A_CERTIFICATE"
_MORE = (ssl.SSLWantReadError, ssl.SSLWantWriteError)


def count_failures(context: ssl.SSLContext, told: Callable[[str], None]) -> None:
    """From now on `told` is called, with what happened, for every handshake of this server context that fails. A
    connection that is opened and closed without a word, as a port check does, is none."""

    class Counted(ssl.SSLObject):
        """The server's half of one connection."""

        def do_handshake(self) -> None:
            """See `ssl.SSLObject`; what fails is told before it is raised."""
            try:
                super().do_handshake()
            except _MORE:
                raise
            except ssl.SSLError as error:
                told(reason_of(error))
                raise

    context.sslobject_class = Counted


def reason_of(error: ssl.SSLError) -> str:
    """What went wrong, in words without anything the peer said."""
    if error.reason == _SHOWN_NONE:
        return NO_CERTIFICATE
    return FOREIGN_CERTIFICATE if isinstance(error, ssl.SSLCertVerificationError) else NO_HANDSHAKE
