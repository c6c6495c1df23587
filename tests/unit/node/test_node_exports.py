"""The EHR's bulk export through the command into the record: all of it, the changes after it, its stops."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mock_ehr import Faults, MockEhr
from node_rig import COMMAND, ENVIRONMENT
from trust_rig import House, codedark, new_house, said

from codedark.ehr import ExportRequest
from codedark.errors import AppendFailed, EhrDenied, EhrRefused, EhrSilent, Locked
from codedark.node import Config, Layout, declared, ehr_key, open_node, take_export
from codedark.node.exporting import ehr_findings

OLD, NEW, NEWEST = "2026-11-20T06:00:00Z", "2026-11-23T06:00:00Z", "2026-11-25T06:00:00Z"
PATIENT = {"resourceType": "Patient", "id": "p1", "meta": {"lastUpdated": OLD}, "name": [{"family": "Okafor"}]}


def order(number: int, drug: str, at: str = OLD) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest", "id": f"m{number}", "meta": {"lastUpdated": at}, "status": "active",
        "intent": "order", "subject": {"reference": "Patient/p1"}, "medicationCodeableConcept": {"text": drug},
    }  # fmt: skip


ORDERS = [order(1, "Warfarin 5 mg"), order(2, "Metoprolol 25 mg"), *(order(n, "Other") for n in range(3, 450))]


@pytest.fixture
def ehr() -> Iterator[MockEhr]:
    with MockEhr([PATIENT, *ORDERS], faults=Faults(pending=0)).serving() as serving:
        yield serving


@pytest.fixture
def house(tmp_path: Path, ehr: MockEhr) -> House:
    made = new_house(tmp_path / "node")
    with (made.folder / "codedark.toml").open("a") as file:
        file.write(f'\n[[ehr]]\nname = "epic"\nurl = "{ehr.base}"\n')
    return made


def export(house: House, *more: str) -> dict[str, Any]:
    done = codedark("ehr", "export", "epic", "--folder", house.folder, "--json", *more)
    assert done.code == 0, done.out
    return done.object


def shown(house: House) -> str:
    with open_node(house.folder) as node:
        record = node.record()
        [patient] = record.search("Okafor")
        return repr(record.chart(patient.patient))


def test_a_first_export_is_everything(house: House, ehr: MockEhr) -> None:
    told = export(house)
    assert (told["since"], told["as_of"], told["resources"], told["refusals"]) == ("", ehr.now, 450, [])
    assert "Warfarin" in shown(house)


def test_the_next_export_asks_for_what_changed_and_takes_deletions(house: House, ehr: MockEhr) -> None:
    export(house)
    ehr.now, ehr.resources[2] = NEWEST, order(2, "Metoprolol 50 mg", NEWEST)
    ehr.deleted = [(NEWEST, "MedicationRequest/m1")]
    told = export(house)
    assert (told["since"], told["resources"], told["deletions"]) == ("2026-11-24T06:00:00Z", 1, 1)
    assert "Warfarin" not in (text := shown(house))
    assert "Metoprolol 50 mg" in text


def test_a_full_export_over_the_same_record_changes_nothing_in_it(house: House, ehr: MockEhr) -> None:
    export(house)
    before, ehr.now = shown(house), NEWEST
    assert export(house, "--full")["resources"] == 450
    assert shown(house).count("Warfarin") == before.count("Warfarin")


def test_what_was_taken_is_said_in_the_journal(house: House, ehr: MockEhr) -> None:
    ehr.complaints = [{"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}]
    export(house)
    with open_node(house.folder) as node:
        [taken] = said(node, "export.taken")
    assert (taken.ehr, taken.as_of, taken.resources, taken.complaints) == ("epic", ehr.now, 450, {"error:timeout": 1})


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_a_run_that_was_stopped_is_gone_on_with_and_doubles_nothing(house: House, ehr: MockEhr, kept: int) -> None:
    """The journal fails after `kept` groups; the next run asks for no new export and ends with all of it."""
    with open_node(house.folder) as node:
        real, left = node.pen.append_all, [kept]

        def failing(drafts: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise AppendFailed("the disk is full")
            return real(drafts)

        node.pen.append_all = failing  # type: ignore[method-assign]
        with pytest.raises(AppendFailed):
            take_export(node, declared(node.config, "epic"), ExportRequest(), lambda _: None, lambda _: None)
        node.pen.append_all = real  # type: ignore[method-assign]
    told = export(house)
    assert told["went_on"]
    assert sum("$export" in each for each in ehr.asked) == 1
    with open_node(house.folder) as node:
        lines = [line for each in said(node, "fhir.imported") for line in each.lines.splitlines()]
    assert len(lines) == len(set(lines)) == 450


def test_doctor_and_the_list_say_where_the_exports_stand(house: House, ehr: MockEhr) -> None:
    assert finding(house) == ("amber", "never exported: what was there before the feeds is not here")
    ehr.faults.cut_at = [10] * 9
    with open_node(house.folder) as node, pytest.raises(EhrSilent):
        take_export(node, declared(node.config, "epic"), ExportRequest(), lambda _: None, lambda _: None)
    assert finding(house) == ("amber", "an export was begun and not ended, 2 files to read")
    export(house)
    assert finding(house)[1].startswith(f"here as of {ehr.now}; the server gives patients to anybody")
    [listed] = codedark("ehr", "list", "--folder", house.folder, "--json").object["ehr"]
    assert (listed["as_of"], listed["under_way"]) == (ehr.now, False)


def finding(house: House) -> tuple[str, str]:
    [found] = ehr_findings(Layout(house.folder), Config.load(house.folder))
    return found.state, found.says


def test_connections_that_break_cost_nothing(house: House, ehr: MockEhr) -> None:
    ehr.faults = Faults(pending=2, cut_at=[100, 300, 2000])
    with open_node(house.folder) as node:
        told = take_export(node, declared(node.config, "epic"), ExportRequest(), lambda _: None, lambda _: None)
    assert (told.resources, told.refusals) == (450, [])


def test_a_file_shorter_than_promised_is_asked_for_again_next_time(house: House, ehr: MockEhr) -> None:
    ehr.faults.miscounts = True
    assert len(export(house)["short"]) == 2
    ehr.faults.miscounts = False
    assert export(house)["since"] == ""


@pytest.mark.parametrize(
    "part",
    [
        ExportRequest(types=("Patient",)),
        ExportRequest(type_filters=("MedicationRequest?status=active",)),
        ExportRequest(since=NEW),
        ExportRequest(until=NEW),
        ExportRequest(group="ward-4"),
    ],
)
def test_a_part_of_the_record_is_not_taken_for_the_whole(house: House, ehr: MockEhr, part: ExportRequest) -> None:
    """What it left out is older than it: a next export that asked from its time would never bring that."""
    with open_node(house.folder) as node:
        epic = declared(node.config, "epic")
        assert not take_export(node, epic, part, lambda _: None, lambda _: None).whole
        assert finding(house) == ("amber", "never exported: what was there before the feeds is not here")
        told = take_export(node, epic, ExportRequest(), lambda _: None, lambda _: None)
        assert (told.since, told.whole) == ("", True)
        again = ExportRequest(since=OLD, types=("Patient", "MedicationRequest"))
        assert not take_export(node, epic, again, lambda _: None, lambda _: None).whole
        assert take_export(node, epic, ExportRequest(since=OLD), lambda _: None, lambda _: None).whole


def test_a_complaint_that_is_no_code_is_counted_and_not_repeated(house: House, ehr: MockEhr) -> None:
    ehr.complaints = [{"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "Okafor was 1"}]}]
    assert export(house)["complaints"] == {"unreadable": 1}


def test_a_command_that_is_killed_loses_nothing_and_doubles_nothing(house: House, ehr: MockEhr) -> None:
    ehr.faults.held = threading.Event()
    command = subprocess.Popen([*COMMAND, "ehr", "export", "epic", "--folder", house.folder], env=ENVIRONMENT)
    until = time.monotonic() + 30
    while not any("MedicationRequest" in each for each in ehr.asked) and time.monotonic() < until:
        time.sleep(0.05)
    command.kill()
    command.wait()
    ehr.faults.held.set()
    told = export(house)
    assert (told["went_on"], sum("Patient.ndjson" in each for each in ehr.asked)) == (True, 1)
    with open_node(house.folder) as node:
        lines = [line for each in said(node, "fhir.imported") for line in each.lines.splitlines()]
    assert len(lines) == len(set(lines)) == 450


def test_an_export_waits_while_we_are_not_let_in(house: House, ehr: MockEhr) -> None:
    ehr.faults.cut_at = [10] * 9
    with open_node(house.folder) as node:
        epic = declared(node.config, "epic")
        with pytest.raises(EhrSilent):
            take_export(node, epic, ExportRequest(), lambda _: None, lambda _: None)
        ehr.keys, ehr.faults.cut_at = [{"kid": "nobody"}], []
        with pytest.raises(EhrDenied):
            take_export(node, epic, ExportRequest(), lambda _: None, lambda _: None)
        ehr.keys = []
        assert take_export(node, epic, ExportRequest(), lambda _: None, lambda _: None).went_on


def test_an_export_whose_state_was_lost_is_a_full_one_and_the_chart_is_the_same(house: House, ehr: MockEhr) -> None:
    export(house)
    before = shown(house).count("Warfarin")
    shutil.rmtree(house.folder / "exports")
    assert export(house)["since"] == ""
    assert shown(house).count("Warfarin") == before


def test_an_export_that_the_server_gave_up_is_begun_anew(house: House, ehr: MockEhr) -> None:
    ehr.faults.gives_up = True
    done = codedark("ehr", "export", "epic", "--folder", house.folder, "--json")
    assert (done.code, done.object["error"]) == (72, "ehr-refused")
    ehr.faults.gives_up = False
    assert not export(house)["went_on"]


@pytest.mark.parametrize(("version", "name"), [("5.0.0", "R5"), ("3.0.2", "STU3")])
def test_a_server_of_another_release_is_asked_for_nothing(house: House, ehr: MockEhr, version: str, name: str) -> None:
    ehr.version = version
    done = codedark("ehr", "export", "epic", "--folder", house.folder)
    assert done.code == 72
    assert name in done.err
    assert [each for each in ehr.asked if "metadata" not in each] == []


def test_nothing_of_a_patient_lies_on_the_disk_unsealed(house: House, ehr: MockEhr) -> None:
    export(house)
    found = [path for path in house.folder.rglob("*") if path.is_file() and b"Okafor" in path.read_bytes()]
    assert found == []


def test_the_public_key_is_printed_and_opens_the_door(house: House, ehr: MockEhr) -> None:
    text = (house.folder / "codedark.toml").read_text()
    (house.folder / "codedark.toml").write_text(text + 'client_id = "codedark"\n')
    told = codedark("ehr", "key", "epic", "--folder", house.folder).out
    again = ehr_key(house.folder, declared(Config.load(house.folder), "epic"))
    assert json.loads(told) == again
    ehr.keys = again["keys"]  # type: ignore[assignment]
    assert codedark("ehr", "check", "epic", "--folder", house.folder, "--json").object == {
        "ehr": "epic", "fhir": "4.0.1", "token": True,
    }  # fmt: skip
    assert export(house)["resources"] == 450
    assert (house.folder / "keys/ehr-epic.pem").stat().st_mode & 0o777 == 0o600


def test_a_client_without_its_key_is_told_how_to_make_one(house: House) -> None:
    with (house.folder / "codedark.toml").open("a") as file:
        file.write('client_id = "codedark"\n')
    done = codedark("ehr", "check", "epic", "--folder", house.folder)
    assert done.code == 10
    assert "codedark ehr key epic" in done.err


def test_two_runs_at_once_are_refused(house: House, ehr: MockEhr) -> None:
    with open_node(house.folder) as node:
        epic = declared(node.config, "epic")

        def again(_: str) -> None:
            take_export(node, epic, ExportRequest(), lambda _: None, lambda _: None)

        with pytest.raises(Locked, match="another run"):
            take_export(node, epic, ExportRequest(), lambda _: None, again)


def test_a_dry_run_asks_nobody(house: House, ehr: MockEhr) -> None:
    done = codedark("ehr", "export", "epic", "--folder", house.folder, "--dry-run", "--type", "Patient", "--json")
    assert done.object["asked"][1] == ["_type", "Patient"]
    assert ehr.asked == []


def test_an_ehr_that_is_not_declared_is_not_found(house: House) -> None:
    assert codedark("ehr", "export", "cerner", "--folder", house.folder).code == 60


def test_two_ehrs_of_one_name_are_refused(house: House) -> None:
    text = (house.folder / "codedark.toml").read_text()
    with pytest.raises(Exception, match="two \\[\\[ehr\\]\\]"):
        Config.parse(text + '\n[[ehr]]\nname = "epic"\nurl = "https://e/r4"\n')


def test_the_control_a_refusal_is_no_silence(house: House, ehr: MockEhr) -> None:
    ehr.keys = [{"kid": "nobody"}]
    with open_node(house.folder) as node, pytest.raises(EhrRefused, match="401"):
        take_export(node, declared(node.config, "epic"), ExportRequest(), lambda _: None, lambda _: None)
