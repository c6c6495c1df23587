"""A person's browser as far as a drill needs one: pages over the node's own TLS, cookies, forms with their tokens."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from http.client import HTTPException, HTTPSConnection
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

_TOKEN = re.compile(rb'name="token" value="([0-9a-f]+)"')


class Visitor:
    """One browser on one kept connection. `url`: `https://host:port/`; `folder`: of the node, whose root it trusts."""

    def __init__(self, url: str, folder: Path) -> None:
        self._host, port = url.removeprefix("https://").rstrip("/").rsplit(":", 1)
        context = ssl.create_default_context(cafile=str(folder / "keys" / "root.pem"))
        self._connection = HTTPSConnection(self._host, int(port), timeout=30, context=context)
        self._jar: dict[str, str] = {}
        self._form_mark = ""
        self._page = b""

    def get(self, path: str) -> int:
        """Ask for a page; its status. Raises OSError when nobody answers."""
        return self._ask("GET", path)

    def log_in(self, login: str, password: str) -> bool:
        """Through the log-in page, as a person does."""
        self.get("/login")
        form = {"token": self._form_mark, "next": "/units", "login": login, "password": password}
        return self._post("/login", form) == 303

    def open_envelope(self, unit: str, code: str, name: str, witness: str) -> bool:
        """Through the envelope's page, as one person beside another does."""
        self.get("/envelope")
        form = {"token": self._form_mark, "unit": unit, "code": code, "claimed": name, "witness": witness}
        return self._post("/envelope", form) == 303

    def first_link(self, prefix: str) -> str:
        """The first address on the page shown last that begins so; "" when there is none."""
        found = re.search(rf'href="({re.escape(prefix)}[^"]*)"'.encode(), self._page)
        return found[1].decode() if found else ""

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _post(self, path: str, form: Mapping[str, str]) -> int:
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        return self._ask("POST", path, urlencode(form).encode(), kind)

    def _ask(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> int:
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._jar.items())} if self._jar else {}
        try:
            self._connection.request(method, path, body or None, {**cookies, **(headers or {})})
            answer = self._connection.getresponse()
            page = answer.read()
        except HTTPException as error:
            self._connection.close()
            raise ConnectionError(type(error).__name__) from error
        for line in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                self._jar[name] = morsel.value
        self._page = page
        found = _TOKEN.search(page)
        self._form_mark = found[1].decode() if found else self._form_mark
        return answer.status
