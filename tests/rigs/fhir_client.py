"""A program that reads by the FHIR interface: a token of its own, requests with it, answers as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from web_rig import PASSWORD, Got, Guest, House

FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass
class Program:
    """One account at one device."""

    guest: Guest
    token: str = ""

    def get(self, path: str, **headers: str) -> Got:
        return self.guest.get(f"/fhir/{path}", **self._bearer(), **headers)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Got:
        body = urlencode(fields).encode()
        return self.guest._ask("POST", f"/fhir/{path}", body, {**FORM, **self._bearer(), **headers})

    def read(self, path: str, status: int = 200, **headers: str) -> dict[str, Any]:
        got = self.get(path, **headers)
        assert got.status == status, (path, got.status, got.text[:400])
        assert got.headers["content-type"].startswith("application/fhir+json")
        told: dict[str, Any] = json.loads(got.text)
        return told

    def found(self, path: str, mode: str = "match") -> list[dict[str, Any]]:
        """The resources of a searchset in this mode."""
        entries = self.read(path).get("entry", [])
        return [entry["resource"] for entry in entries if entry["search"]["mode"] == mode]

    def _bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"} if self.token else {}


def asked_for_token(guest: Guest, login: str, password: str = PASSWORD) -> Got:
    fields = {"grant_type": "client_credentials", "client_id": login, "client_secret": password}
    return guest._ask("POST", "/fhir/token", urlencode(fields).encode(), FORM)


def program(home: House, login: str = "interface", address: str = "10.0.7.7") -> Program:
    """Logged in, at a node whose interface is on."""
    if home.deeds.record.settings().get("fhir.api") is not True:
        home.configure(fhir__api=True)
    guest = Guest(home.app, address)
    got = asked_for_token(guest, login)
    assert got.status == 200, got.text
    home.fold()
    return Program(guest, json.loads(got.text)["access_token"])
