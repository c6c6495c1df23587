"""Each role at each route, generated from the routes there are and from the table that people read.

What is expected comes from docs/reference/roles.md and from what each route declares; what is found comes from real
requests. A route that shows patients must leave its row in the read log, one that does not must show none.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from ward_press import press
from web_rig import PEOPLE, Got, Guest, House, house

from codedark.access import ROLES, Permission, Role
from codedark.views import ReadRow
from codedark.web.app import doorways
from codedark.web.doorways import NOBODY, Doorway, Whoever

WAYS = doorways(press)
ROLE_NAMES = [str(role) for role in ROLES]
BY_ENVELOPE = [way for way in WAYS if way.shows and way.guard in ROLES["envelope"]]
"""An envelope has ten codes: two go into the other tests, one into each of these."""
REFUSED = "Your role does not let you "
PATIENT = re.compile("MARLOWE|482193|OKAFOR|517730|Penicillin|Potassium")
ENTRANCES = ("/lock", "/login", "/envelope", "/password")
"""These change who the guest is."""
FORMS = {
    "/login": {"login": "nobody", "password": "a wrong password"},
    "/envelope": {"unit": "4W", "code": "1000-0000-0000", "claimed": "A. Roy", "witness": "M. Okoro"},
    "/password": {"old": "wrong", "new": "short", "again": "short"},
    "/chart/{patient}": {"reason": "consult"},
    "/chart/{patient}/report/{report}": {"reason": "consult"},
    "/reports/{report}": {"mrn": "none", "reason": "looked"},
    "/search": {"text": "MARLOWE"},
    "/locator": {"name": "MARLOWE ADA"},
    "/worklist": {"item": "1/x"},
    "/feeds": {"deed": "none"},
    "/two-people": {"proposal": "none", "answer": "no"},
    "/reviews": {"entry": "1", "answer": "keep"},
    "/print": {"unit": "4W", "paper": "a4"},
    "/printing": {"job": "none"},
    "/reads": {"what": "chart"},
    "/reads/export": {"reason": "consult"},
}
QUERIES = {"/beds": "?unit=4W", "/agenda": "?unit=4W", "/print": "?unit=4W"}


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("authorisation"), press=press) as home:
        home.print_out("MAR", "MRN: 482193", tied_to=home.patient("4W"))
        home.print_out("MAR", "MRN: 999999")
        yield home


@pytest.fixture(scope="module")
def table(root: Path) -> dict[str, set[str]]:
    """Permission's sentence → the roles that have it, as docs/reference/roles.md says."""
    return read_table((root / "docs/reference/roles.md").read_text(encoding="utf-8"))


def read_table(text: str) -> dict[str, set[str]]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:2] == "| "]
    names = rows[0][1:-1]
    return {row[0]: {name for name, cell in zip(names, row[1:-1], strict=True) if cell} for row in rows[1:]}


def two_people(text: str) -> set[str]:
    """Who can be one of two: the roles of every row whose scope says so."""
    rows = read_table(text)
    lines = [line for line in text.splitlines() if line[:2] == "| " and "two people" in line.rsplit("|", 2)[1]]
    return {role for line in lines for role in rows[line.strip("|").split("|")[0].strip()]} - {Role.ENVELOPE}


def guest_of(home: House, role: str, number: int) -> Guest:
    """Somebody of this role, at a device of their own."""
    guest = Guest(home.app, f"10.9.{number}.{ROLE_NAMES.index(role) + 1}")
    if role == Role.ENVELOPE:
        guest.get("/envelope")
        code = home.codes["4W"][number]
        guest.post("/envelope", {"unit": "4W", "code": code, "claimed": "L. Roy", "witness": "M. Okoro"})
        guest.get("/units")
    else:
        guest.log_in(role)
    return guest


def asked(home: House, guest: Guest, way: Doorway) -> Got:
    tied, loose = home.pictures
    path = way.path.replace("{patient}", home.patient("4W"))
    path = path.replace("{report}", tied if path.startswith("/chart") else loose)
    if way.method == "GET":
        return guest.get(path + QUERIES.get(way.path, ""))
    guest.get("/help")  # a fresh token of this very session
    return guest.post(path, FORMS.get(way.path, {}))


def admitted(got: Got) -> bool:
    return REFUSED not in got.text and not got.place.startswith("/login")


def expected(way: Doorway, role: str, table: dict[str, set[str]], two: set[str]) -> bool:
    if isinstance(way.guard, Permission):
        return role in table[way.guard.value]
    return way.guard is not Whoever.ONE_OF_TWO or role in two


def mismatches(home: House, role: str, table: dict[str, set[str]], two: set[str], number: int) -> list[str]:
    """Every route at which this role met something else than the table says."""
    wrong = []
    guest = guest_of(home, role, number)
    for way in WAYS:
        if way.path in ENTRANCES:
            continue
        if admitted(asked(home, guest, way)) is not expected(way, role, table, two):
            wrong.append(f"{way.method} {way.path}")
    return wrong


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_each_role_meets_at_each_route_what_the_table_says(
    ward: House, table: dict[str, set[str]], root: Path, role: str
) -> None:
    two = two_people((root / "docs/reference/roles.md").read_text(encoding="utf-8"))

    assert mismatches(ward, role, table, two, 0) == []


def test_the_control_a_table_that_gives_a_nurse_the_worklist_is_contradicted(
    ward: House, table: dict[str, set[str]]
) -> None:
    told = {sentence: set(roles) for sentence, roles in table.items()}
    told[Permission.SEE_WORKLIST.value].add("nurse")
    told[Permission.SEARCH.value].discard("nurse")

    assert mismatches(ward, "nurse", told, {"engineer", "commander", "administrator"}, 1) == [
        "GET /search",
        "POST /search",
        "GET /worklist",
    ]


def test_every_role_and_every_permission_is_in_the_table(table: dict[str, set[str]]) -> None:
    assert set(table) - {"may"} == {permission.value for permission in Permission}
    assert set().union(*table.values()) == {str(role) for role, held in ROLES.items() if held}
    assert {*PEOPLE, "envelope"} == set(ROLE_NAMES)


def test_no_route_is_served_that_is_not_declared(ward: House) -> None:
    served = {
        (method, route.path)
        for route in ward.app._pages.routes
        for method in getattr(route, "methods", None) or ("by test_web_fhir",)
    }

    assert served - {(way.method, way.path) for way in WAYS} == {
        *(("HEAD", way.path) for way in WAYS if way.method == "GET"),
        ("GET", "/static/{tag}/{name}"),
        ("HEAD", "/static/{tag}/{name}"),
        ("by test_web_fhir", "/fhir"),
    }


def test_a_route_cannot_be_made_without_saying_who_may_open_it_and_whom_it_shows() -> None:
    needed = [
        field.name
        for field in dataclasses.fields(Doorway)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]

    assert needed == ["method", "path", "guard", "shows", "page"]
    with pytest.raises(TypeError):
        Doorway("GET", "/new", lambda visit: None)  # type: ignore[call-arg,arg-type]


def test_every_form_of_these_tests_belongs_to_a_route() -> None:
    assert set(FORMS) == {way.path for way in WAYS if way.method == "POST"} - {"/lock", "/language"}


def rows_of(home: House, what: str) -> list[ReadRow]:
    home.fold()
    return [row for row in home.deeds.record.read_log(100_000) if row.what == what]


@pytest.mark.parametrize("way", [way for way in WAYS if way.shows], ids=lambda way: f"{way.method} {way.path}")
def test_each_look_at_patients_is_one_row_of_the_read_log(ward: House, way: Doorway) -> None:
    roles = [role for role in ROLE_NAMES if isinstance(way.guard, Permission) and way.guard in ROLES[role]]
    assert roles
    for role in roles[:1] if way.path == "/print" else roles:
        guest = guest_of(ward, role, 2 + (BY_ENVELOPE.index(way) if way in BY_ENVELOPE else 0))
        before = len(rows_of(ward, way.shows))

        got = asked(ward, guest, way)

        assert got.status == 200
        assert len(rows_of(ward, way.shows)) == before + 1


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_a_route_that_says_it_shows_nobody_shows_nobody(ward: House, role: str) -> None:
    guest = guest_of(ward, role, 1)

    for way in WAYS:
        if way.shows == NOBODY and way.path not in ENTRANCES:
            assert not PATIENT.search(asked(ward, guest, way).text), f"{way.method} {way.path}"


def test_the_control_the_routes_that_show_patients_are_seen_by_that_search(ward: House) -> None:
    guest = guest_of(ward, "physician", 3)
    shown = {way.path for way in WAYS if way.path not in ENTRANCES and PATIENT.search(asked(ward, guest, way).text)}

    assert shown == {"/beds", "/chart/{patient}", "/chart/{patient}/report/{report}", "/search"}


def test_a_refused_look_leaves_no_row_but_an_entry_of_the_attempt(ward: House) -> None:
    guest = guest_of(ward, "clerk", 4)
    charts, attempts = len(rows_of(ward, "chart")), len(ward.said("deed.refused"))

    guest.get(f"/chart/{ward.patient('4W')}")

    assert len(rows_of(ward, "chart")) == charts
    assert ward.said("deed.refused")[attempts:][0].deed == "see_chart"


def test_a_head_request_is_guarded_and_logged_like_its_page(ward: House) -> None:
    before = len(rows_of(ward, "chart"))
    path = f"/chart/{ward.patient('4W')}"

    assert guest_of(ward, "clerk", 5)._ask("HEAD", path, b"", {}).status == 403
    assert guest_of(ward, "physician", 5)._ask("HEAD", path, b"", {}).status == 200
    assert len(rows_of(ward, "chart")) == before + 1
