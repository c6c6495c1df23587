"""HTTP to the EHR. A protocol, so that the network is an argument; and its one real form, by urllib3.

No redirect is followed (a token must not travel to where an answer points), no proxy is taken from the environment, TLS
is 1.2 or later and checked. An answer held in memory is limited; a stream is not.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import urllib3
from urllib3.exceptions import HTTPError

from codedark.errors import ConfigError, EhrRefused, EhrSilent

ANSWER_BYTES = 32 * 1024 * 1024
"""A manifest, a page of a history, an error: longer ones are refused."""
_READ = 1 << 17
_CONNECT_S, _SILENT_S = 10.0, 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `headers`: names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@runtime_checkable
class Stream(Protocol):
    """An answer being read."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in lower case."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """The body, unpacked. Raises EhrSilent where the connection ends before the body does."""
        ...

    def close(self) -> None:
        """Let the connection go."""
        ...


class Wire(Protocol):
    """Sends one request. Raises EhrSilent when there is no answer."""

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """The whole answer. Raises EhrRefused when it is longer than `ANSWER_BYTES`."""
        ...

    def stream(self, url: str, headers: Mapping[str, str]) -> Stream:
        """GET, the body to be read piece by piece."""
        ...


class HttpWire:
    """HTTP/1.1 by urllib3."""

    def __init__(self, authority: str | None = None) -> None:
        """`authority`: a PEM file of certificates to trust instead of the machine's. Raises ConfigError."""
        try:
            context = ssl.create_default_context(cafile=authority)
        except (OSError, ssl.SSLError):
            raise ConfigError("the authority of an [[ehr]] is no readable PEM file") from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._pool = urllib3.PoolManager(
            ssl_context=context, retries=False, timeout=urllib3.Timeout(connect=_CONNECT_S, read=_SILENT_S)
        )

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """See `Wire`."""
        got = _Stream(self._send(method, url, headers, body))
        try:
            pieces, size = [], 0
            for piece in got.chunks():
                size += len(piece)
                if size > ANSWER_BYTES:
                    raise EhrRefused(f"an answer is longer than {ANSWER_BYTES >> 20} MiB")
                pieces.append(piece)
        finally:
            got.close()
        return Answer(got.status, got.headers, b"".join(pieces))

    def stream(self, url: str, headers: Mapping[str, str]) -> Stream:
        """See `Wire`."""
        return _Stream(self._send("GET", url, headers, None))

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> urllib3.BaseHTTPResponse:  # fmt: skip
        try:
            return self._pool.request(
                method, url, headers=dict(headers), body=body, redirect=False, preload_content=False
            )
        except HTTPError as error:
            # The error's own text holds the address, and an address can hold a secret.
            raise EhrSilent(f"the EHR's server does not answer: {type(error).__name__}") from None


class _Stream:
    """A urllib3 answer."""

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}

    def chunks(self) -> Iterator[bytes]:
        try:
            yield from self._response.stream(_READ, decode_content=True)
        except HTTPError as error:
            raise EhrSilent(f"the connection ended within an answer: {type(error).__name__}") from None

    def close(self) -> None:
        # A body that was not read to its end leaves a connection nobody can use again.
        self._response.close()
