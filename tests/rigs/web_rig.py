"""A real node behind the pages: journal, fold and record in a folder, and a guest who walks through them by ASGI."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from codedark.access import CHEAP_COST, Cookies, NodeKeys, PasswordGate, RootSeed, create_node_keys
from codedark.actions import Deeds, enrol_person, founding_session, issue_unit_card
from codedark.clock import SeededChance, SeededClock
from codedark.entries import ConfigSet, ReportPage, ReportReceived, ReportTied, ReportWord, draft_of, payload_of
from codedark.errors import AppendFailed
from codedark.journal import Draft, EpochKeys, Journal, JournalReader, Receipt
from codedark.tongue import ENGLISH, FRENCH
from codedark.views import Fold, Record, ViewStore
from codedark.web import Press, WebSettings, create_app

PASSWORD = "four unrelated words"
PEOPLE: dict[str, dict[str, list[str]]] = {
    "nurse": {"nurse": ["4W"]},
    "physician": {"physician": ["*"]},
    "pharmacist": {"pharmacist": ["*"]},
    "clerk": {"clerk": ["*"]},
    "desk": {"desk": ["*"]},
    "privacy": {"privacy": ["*"]},
    "engineer": {"engineer": ["*"]},
    "commander": {"commander": ["*"]},
    "custodian": {"custodian": ["*"]},
    "administrator": {"administrator": ["*"]},
    "interface": {"interface": ["*"]},
}
_TOKEN = re.compile(r'name="token" value="([0-9a-f]{32})"')


def admit(mrn: str, name: str, unit: str, allergy: str = "", room: str = "01") -> str:
    lines = [
        f"MSH|^~\\&|EHR|WTB|CODEDARK|WTB|20260921140500||ADT^A01^ADT_A01|C{mrn}|P|2.5.1",
        "EVN|A01|20260921140500",
        f"PID|1||{mrn}^^^WTB^MR||{name}||19550304|F",
        f"PV1|1|I|{unit}^{room}^A^WTB||||1234^HALE^JOHN||||||||||||V{mrn}|||||||||||||||||||||||||20260921",
    ]
    return "\r".join([*lines, *([allergy] if allergy else [])])


PENICILLIN = "AL1|1|DA|PEN^Penicillin^L|SV|Anaphylaxis"
POTASSIUM = "\r".join(
    [
        "MSH|^~\\&|LAB|WTB|CODEDARK|WTB|20260921140700||ORU^R01^ORU_R01|R1|P|2.5.1",
        "PID|1||482193^^^WTB^MR||MARLOWE^ADA||19550304|F",
        "PV1|1|I|4W^01^A^WTB",
        "OBR|1||F1|24323-8^Basic metabolic panel^LN|||20260921140000",
        "OBX|1|NM|2823-3^Potassium^LN||6.4|mmol/L|3.5-5.1|HH|||F|||20260921140000",
    ]
)


@dataclass(frozen=True)
class Got:
    """A response."""

    status: int
    headers: dict[str, str]
    cookies: list[str]
    text: str
    body: bytes = b""

    @property
    def place(self) -> str:
        return self.headers.get("location", "")


@dataclass
class House:
    """The node. While `full`, nothing can be written."""

    folder: Path
    deeds: Deeds
    journal: Journal
    reader: JournalReader
    store: ViewStore
    fold_: Fold
    keys: NodeKeys
    clock: SeededClock
    codes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    full: bool = False
    app: Any = None
    pictures: dict[str, tuple[bytes, ...]] = field(default_factory=dict)
    """Report → its drawn pages."""

    def append(self, draft: Draft) -> Receipt:
        if self.full:
            raise AppendFailed("the disk is full")
        return self.journal.append(draft)

    def fold(self) -> None:
        self.fold_.catch_up()

    def hear(self, message: str, feed: str = "adt") -> None:
        self.journal.append(Draft("hl7.received", 1, f"feed:{feed}", message.encode()))
        self.fold()

    def configure(self, **settings: Any) -> None:
        for key, value in settings.items():
            self.journal.append(draft_of(ConfigSet(key=key.replace("__", "."), value=value), source="node"))
        self.fold()

    def said(self, kind: str) -> list[Any]:
        return [payload_of(entry) for entry in self.reader.read(-1) if entry.kind == kind]

    def patient(self, unit: str) -> str:
        return next(row.patient for row in self.deeds.record.census(unit) if row.patient)

    def print_out(self, *lines: str, tied_to: str = "", file_us: int = 0) -> str:
        """A print report of these lines came, and was tied; its id."""
        words = tuple(
            ReportWord(word, 60.0 * place, 20.0 * number, 60.0 * place + 55, 20.0 * number + 10)
            for number, line in enumerate(lines, 1)
            for place, word in enumerate(line.split(), 1)
        )
        came = ReportReceived(
            file="r.pdf", content=f"{lines}".encode(), file_us=file_us, decoder="rig",
            pages=(ReportPage(612, 792, words),),
        )  # fmt: skip
        before = {each.id for each in self.deeds.record.newest_prints()}
        self.journal.append(draft_of(came, source="feed:prints"))
        self.fold()
        (report,) = {each.id for each in self.deeds.record.newest_prints()} - before
        if tied_to:
            said = ReportTied(report=report, patient=tied_to, basis="MRN and name", source="feed:prints")
            self.journal.append(draft_of(said, source="node"))
            self.fold()
        self.pictures[report] = (b"\x89PNG",)
        return report

    def guest(self) -> Guest:
        return Guest(self.app)

    def in_as(self, login: str) -> Guest:
        guest = self.guest()
        guest.log_in(login)
        return guest


@contextmanager
def house(folder: Path, *, press: Press | None = None, demo: bool = False, clock: Any = None,
    languages: tuple[str, ...] = (ENGLISH, FRENCH),
) -> Iterator[House]:  # fmt: skip
    """Two units, nine roles, an envelope each, a patient in each. `clock`: another than a seeded one."""
    clock, chance = clock or SeededClock(), SeededChance("web")
    keys, statement = create_node_keys(folder, RootSeed(bytes(32)), "waterbury", clock, chance)
    journal = Journal.create(folder / "journal", statement, keys.sealing(), clock, chance)
    for key, value in (
        ("facility.id", "waterbury"),
        ("facility.name", "Waterbury"),
        ("facility.zone", "America/New_York"),
    ):
        journal.append(draft_of(ConfigSet(key=key, value=value), source="node"))
    reader = JournalReader.open(folder / "journal", EpochKeys(folder / "journal/epochs", [keys.facility_secret]))
    store = ViewStore.open(folder / "views", keys.views_key)
    fold = Fold(reader, store)
    fold.catch_up()
    record = Record(store)
    deeds = Deeds(journal.append, record, clock, chance, passwords=PasswordGate(cost=CHEAP_COST))
    made = House(folder, deeds, journal, reader, store, fold, keys, clock)
    deeds.append = made.append
    founding = founding_session(deeds)
    for login, roles in PEOPLE.items():
        enrol_person(deeds, founding, login, login.title(), PASSWORD, roles)
    for unit in ("4W", "5E"):
        made.codes[unit] = issue_unit_card(deeds, founding, unit).codes
    made.hear(admit("482193", "MARLOWE^ADA", "4W", PENICILLIN))
    made.hear(POTASSIUM, "lab")
    made.hear(admit("517730", "OKAFOR^NGOZI", "5E"))
    settings = WebSettings(
        form_key=b"form key of tests",
        facility="Waterbury",
        zone="America/New_York",
        demo=demo,
        languages=languages,
        prints=lambda report: made.pictures.get(report, ()),
        sender_ends=lambda: {"adt": 1_805_000_000_000_000},
    )
    made.app = create_app(lambda: record, lambda: deeds, Cookies(keys.cookie_key), settings, clock, chance, press=press)
    try:
        yield made
    finally:
        store.close()
        reader.close()
        journal.close()


class Guest:
    """One browser without JavaScript: cookies, forms with their tokens, no redirects followed by itself."""

    def __init__(self, app: Any, address: str = "10.0.0.7") -> None:
        self.app, self.address = app, address
        self.jar: dict[str, str] = {}
        self.token = ""

    def get(self, path: str, **headers: str) -> Got:
        return self._ask("GET", path, b"", headers)

    def post(
        self, path: str, fields: Mapping[str, str] | None = None, *, token: str | None = None, **headers: str
    ) -> Got:
        """Post a form with the token of the last page seen, or with `token`; on to what a form that asks asks for."""
        got = self.post_only(path, fields, token=token, **headers)
        return self.get(got.place) if got.status == 303 and "?slip=" in got.place else got

    def post_only(
        self, path: str, fields: Mapping[str, str] | None = None, *, token: str | None = None, **headers: str
    ) -> Got:
        """The same, and its very answer."""
        body = urlencode({"token": self.token if token is None else token, **(fields or {})}).encode()
        return self._ask("POST", path, body, {"content-type": "application/x-www-form-urlencoded", **headers})

    def log_in(self, login: str, password: str = PASSWORD) -> Got:
        self.get("/login")
        got = self.post("/login", {"login": login, "password": password})
        if got.status == 303:
            self.get("/units")
        return got

    def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Got:
        got = asyncio.run(self._exchange(method, path, body, headers))
        for line in got.cookies:
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.jar.pop(name, None)
                else:
                    self.jar[name] = morsel.value
        found = _TOKEN.search(got.text)
        self.token = found[1] if found else self.token
        return got

    async def _exchange(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Got:
        bare, _, query = path.partition("?")
        sent = {"host": "localhost", "cookie": "; ".join(f"{k}={v}" for k, v in self.jar.items()), **headers}
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "https",
            "path": bare, "raw_path": bare.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in sent.items()],
            "client": (self.address, 5), "server": ("localhost", 443),
        }  # fmt: skip
        events: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(event: Any) -> None:
            events.append(event)

        await self.app(scope, receive, send)
        pairs = [(name.decode(), value.decode()) for name, value in events[0]["headers"]]
        content = b"".join(event.get("body", b"") for event in events[1:])
        cookies = [value for name, value in pairs if name == "set-cookie"]
        return Got(events[0]["status"], dict(pairs), cookies, content.decode("utf-8", "replace"), content)
