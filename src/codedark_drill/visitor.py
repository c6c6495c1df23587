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

    def get(self, path: str) -> int:
        """Ask for a page; its status. Raises OSError when nobody answers."""
        return self._ask("GET", path)

    def log_in(self, login: str, password: str) -> bool:
        """Through the log-in page, as a person does."""
        self.get("/login")
        form = urlencode({"token": self._form_mark, "next": "/units", "login": login, "password": password})
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        return self._ask("POST", "/login", form.encode(), kind) == 303

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

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
        found = _TOKEN.search(page)
        self._form_mark = found[1].decode() if found else self._form_mark
        return answer.status
