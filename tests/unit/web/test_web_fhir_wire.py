"""The FHIR interface on a real TLS socket: what is streamed arrives whole, who stops reading holds nothing up."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path

import pytest
from fhir_charts import bring, resources
from fhir_client import Program, program
from web_rig import House, house
from web_server import served


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("wire")) as made:
        bodies = resources()
        more = [bodies[-1] | {"id": f"more-{number}", "note": [{"text": "x" * 4000}]} for number in range(400)]
        bring(made, [*bodies, *more])
        yield made


@pytest.fixture(scope="module")
def reader(ward: House) -> Program:
    return program(ward)


@pytest.fixture(scope="module")
def address(ward: House) -> Iterator[str]:
    with served(ward.app, ward.folder / "keys") as running:
        yield running


def connection(ward: House, address: str) -> HTTPSConnection:
    context = ssl.create_default_context(cafile=str(ward.folder / "keys" / "root.pem"))
    host, port = address.removeprefix("https://").split(":")
    return HTTPSConnection(host, int(port), timeout=20, context=context)


def asked(wire: HTTPSConnection, reader: Program, path: str) -> HTTPResponse:
    wire.request("GET", f"/fhir/{path}", headers={"Authorization": f"Bearer {reader.token}"})
    return wire.getresponse()


def test_a_large_record_arrives_whole_on_a_kept_connection(ward: House, address: str, reader: Program) -> None:
    (lia,) = reader.found("Patient?family=nunez")
    wire, sizes = connection(ward, address), []
    for _ in range(2):
        answer = asked(wire, reader, f"Patient/{lia['id']}/$everything")
        told = json.loads(answer.read())
        sizes.append(len(told["entry"]))
        assert answer.status == 200
        assert answer.headers["cache-control"] == "no-store"
        assert "content-length" not in answer.headers

    assert sizes == [420, 420]


def test_readers_who_go_away_keep_nobody_out(ward: House, address: str, reader: Program) -> None:
    (lia,) = reader.found("Patient?family=nunez")
    for _ in range(4):  # twice as many as the lane has threads
        wire = connection(ward, address)
        assert asked(wire, reader, f"Patient/{lia['id']}/$everything").read(1000)
        wire.close()

    assert asked(connection(ward, address), reader, f"Patient/{lia['id']}").status == 200


def test_a_stream_sees_one_state_and_the_next_one_the_new_one(tmp_path: Path) -> None:
    with house(tmp_path) as home:  # of its own: it brings something new
        bring(home, resources())
        reader = program(home)
        (lia,) = reader.found("Patient?family=nunez")
        before = reader.read(f"Patient/{lia['id']}/$everything")
        bring(home, [resources()[-1] | {"id": "later"}])

        after = reader.read(f"Patient/{lia['id']}/$everything")

    assert len(after["entry"]) == len(before["entry"]) + 1


def test_only_the_head_of_a_stream_is_given_when_only_it_is_asked_for(ward: House, reader: Program) -> None:
    (lia,) = reader.found("Patient?family=nunez")

    got = reader.guest._ask("HEAD", f"/fhir/Patient/{lia['id']}/$everything", b"", reader._bearer())

    assert (got.status, got.body) == (200, b"")


def test_a_failure_of_ours_shows_no_patient_and_no_message(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        reader, patient = program(home), home.patient("4W")
        home.store.writer().execute("DROP TABLE claim")

        for path in (f"Patient/{patient}", f"Patient/{patient}/$everything", "Patient", f"Condition?patient={patient}"):
            told = json.dumps(reader.read(path, 500))
            assert "Number " in told
            assert not any(word in told for word in ("MARLOWE", "482193", "claim"))
