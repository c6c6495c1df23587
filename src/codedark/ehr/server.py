"""One FHIR server of the EHR: who we are to it, and how often we ask again.

SMART Backend Services (SMART App Launch 2.x, "Client Authentication: Asymmetric"): a signed assertion (ES384 or RS384)
buys a bearer token of minutes. Nobody is asked but the server's own origin and the hosts that codedark.toml names, so
the token goes nowhere else; the assertion goes to the token endpoint that codedark.toml or the server's own
configuration names, and is made out to it. 429 and 503 are waited for as `Retry-After` says.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

import msgspec

from codedark.clock import Chance, Clock
from codedark.ehr.credential import Credential, assertion
from codedark.ehr.wire import Answer, Stream, Wire
from codedark.errors import EhrDenied, EhrRefused, EhrSilent

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_EARLY_S = 30
_TRIES = 6
_LONGEST_WAIT_S = 300.0
_AGAIN = (429, 502, 503, 504)
_US = 1_000_000
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,253}")
_HEADER = re.compile(r"[\x21-\x7e]{1,16384}")
Got = TypeVar("Got", Answer, Stream)


def check_address(url: str) -> str:
    """`url`, when it may be asked: https, or http on this machine alone. Raises EhrRefused, not saying the address."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise EhrRefused("an address cannot be read") from None
    if parts.scheme not in ("https", "http") or not host or parts.username is not None or not url.isprintable():
        raise EhrRefused("an address is neither https nor http")
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise EhrRefused("an address is plain http: patients would travel readable", hint="Ask for https.")
    return url


class EhrServer:
    """`base`: the FHIR base address. `hosts`: "name" or "name:port" besides its own that may be asked, by https.

    `pause(seconds)` waits; it may raise to end the waiting.
    """

    def __init__(
        self, base: str, wire: Wire, clock: Clock, chance: Chance, pause: Callable[[float], None], *,
        credential: Credential | None = None, hosts: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.base = check_address(base).rstrip("/") + "/"
        self.clock = clock
        self.pause = pause
        self._wire = wire
        self._chance = chance
        self._credential = credential
        self._trusted = {_origin(self.base)} | {f"https://{host}" for host in hosts}
        self._token = ""  # nosec B105: none yet
        self._token_until_us = 0
        self._token_url = credential.token_url if credential else ""

    def address(self, path: str) -> str:
        """The absolute address of what lies below the base; an absolute one is checked and stays.

        Raises EhrRefused for a host that is neither the server's own nor named: else a server could send us anywhere in
        the hospital's network.
        """
        url = check_address(urljoin(self.base, path))
        if _origin(url) not in self._trusted:
            host = urlsplit(url).netloc
            named = host if _HOST.fullmatch(host) else "another host"
            raise EhrRefused(
                f"the EHR points to {named}, which codedark.toml does not name",
                hint="If files of its exports lie there, add it to hosts of the [[ehr]].",
            )
        return url

    def ask(
        self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:  # fmt: skip
        """One request, asked again while the server is busy. Any status but a busy one is the caller's to judge.

        Raises EhrSilent when it stays busy or does not answer.
        """
        url, given = self.address(path), {"Accept": "application/fhir+json", **(headers or {})}
        answer = self._retried(lambda: self._wire.ask(method, url, given | self._bearer(url), body))
        if answer.status == 401 and self._drop_token():
            answer = self._wire.ask(method, url, given | self._bearer(url), body)
        return answer

    def stream(self, path: str, *, headers: Mapping[str, str], with_token: bool) -> Stream:
        """GET a file. Raises EhrSilent when the server stays busy or does not answer."""
        url = self.address(path)

        def send() -> Stream:
            return self._wire.stream(url, {**headers, **(self._bearer(url) if with_token else {})})

        got = self._retried(send)
        if got.status == 401 and with_token and self._drop_token():
            got.close()
            got = send()
        return got

    def version(self) -> str:
        """The FHIR version the server says it speaks ("4.0.1"). Raises EhrRefused when it says none."""
        answer = self.ask("GET", "metadata")
        told = _object(answer.body)
        if answer.status != 200 or not isinstance(told.get("fhirVersion"), str):
            raise EhrRefused(f"no CapabilityStatement at metadata (HTTP {answer.status})")
        return str(told["fhirVersion"])[:16]

    def _retried(self, send: Callable[[], Got]) -> Got:
        for tried in range(_TRIES):
            last = tried == _TRIES - 1
            try:
                got = send()
            except EhrSilent:
                if last:
                    raise
                self.pause(min(2.0**tried, _LONGEST_WAIT_S))
                continue
            if got.status not in _AGAIN:
                return got
            if isinstance(got, Stream):
                got.close()
            if not last:
                self.pause(self.wait_of(got.headers, 2.0**tried))
        raise EhrSilent(f"the EHR's server stays busy (HTTP {got.status})")

    def wait_of(self, headers: Mapping[str, str], otherwise: float) -> float:
        """Seconds that `Retry-After` asks for (a number or a date, RFC 9110 10.2.3), 1 to 300; else `otherwise`."""
        said = headers.get("retry-after", "").strip()
        seconds = otherwise
        if said.isascii() and said.isdigit():
            seconds = float(said[:9])
        elif said:
            try:
                at = email.utils.parsedate_to_datetime(said).timestamp()
                seconds = at - self.clock.believed_us() / _US
            except (ValueError, OverflowError):
                pass
        return max(1.0, min(seconds, _LONGEST_WAIT_S))

    def _bearer(self, url: str) -> dict[str, str]:
        if self._credential is None:
            return {}
        if not self._token or self.clock.steady_us() >= self._token_until_us:
            self._fetch_token(self._credential)
        return {"Authorization": f"Bearer {self._token}"}

    def _drop_token(self) -> bool:
        """Forget a token the server no longer takes; whether there was one."""
        had, self._token = bool(self._token), ""
        return had

    def _fetch_token(self, who: Credential) -> None:
        url = self._token_url = self._token_url or self._found_token_url()
        form = {
            "grant_type": "client_credentials",
            "scope": who.scope,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion(who, url, self.clock.believed_us() // _US, self._chance.bytes(16).hex()),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        answer = self._wire.ask("POST", check_address(url), headers, urlencode(form).encode())
        if answer.status in _AGAIN:
            raise EhrSilent(f"the EHR gives no tokens at the moment (HTTP {answer.status})")
        told = _object(answer.body)
        token, lasts = told.get("access_token"), told.get("expires_in", 300)
        if answer.status != 200 or not isinstance(token, str) or not _HEADER.fullmatch(token):
            raise EhrDenied(f"the EHR gave no token (HTTP {answer.status})")
        self._token = token
        seconds = float(lasts) if isinstance(lasts, int | float) else 300.0
        self._token_until_us = self.clock.steady_us() + int(max(seconds - _EARLY_S, 1.0) * _US)

    def _found_token_url(self) -> str:
        url = self.address(".well-known/smart-configuration")
        told = _object(self._wire.ask("GET", url, {"Accept": "application/json"}).body)
        if not isinstance(told.get("token_endpoint"), str):
            raise EhrRefused("the EHR says no token_endpoint", hint="Set token_url of the [[ehr]] in codedark.toml.")
        return check_address(str(told["token_endpoint"]))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port if parts.port not in (None, {"https": 443, "http": 80}[parts.scheme]) else None
    return f"{parts.scheme}://{parts.hostname}" + (f":{port}" if port else "")


def _object(data: bytes) -> dict[str, object]:
    """The JSON object in `data`; an empty one for anything else."""
    try:
        value = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
