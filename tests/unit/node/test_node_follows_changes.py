"""What changes in the EHR after an export: by its history, and by numbered events of which none may be missing."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mock_ehr import Faults, MockEhr
from node_rig import COMMAND, ENVIRONMENT
from trust_rig import House, codedark, new_house

from codedark.ehr import ExportRequest
from codedark.errors import EhrRefused, NotFound
from codedark.node import Config, Followed, Layout, declared, follow, open_node, take_export
from codedark.node.exporting import alone

OLD, LATER, LATEST = "2026-11-20T06:00:00Z", "2026-11-24T07:00:00Z", "2026-11-24T08:00:00Z"
PATIENT = {"resourceType": "Patient", "id": "p1", "meta": {"lastUpdated": OLD}, "name": [{"family": "Okafor"}]}


def order(name: str, drug: str, at: str = OLD) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest", "id": name, "meta": {"lastUpdated": at}, "status": "active",
        "intent": "order", "subject": {"reference": "Patient/p1"}, "medicationCodeableConcept": {"text": drug},
    }  # fmt: skip


def told(body: dict[str, Any]) -> dict[str, Any]:
    url = f"{body['resourceType']}/{body['id']}"
    return {"resource": body, "request": {"method": "PUT", "url": url}, "response": {"status": "200"}}


def gone(url: str, at: str) -> dict[str, Any]:
    return {"request": {"method": "DELETE", "url": url}, "response": {"status": "204", "lastModified": at}}


@pytest.fixture
def ehr() -> Iterator[MockEhr]:
    mock = MockEhr([PATIENT, order("m1", "Warfarin"), order("m2", "Metoprolol")], faults=Faults(pending=0))
    with mock.serving() as serving:
        yield serving


@pytest.fixture
def house(tmp_path: Path, ehr: MockEhr) -> House:
    return declare(new_house(tmp_path / "node"), ehr)


def declare(house: House, ehr: MockEhr, more: str = "") -> House:
    plain = (house.folder / "codedark.toml").read_text().partition("\n[[ehr]]")[0]
    (house.folder / "codedark.toml").write_text(f'{plain}\n[[ehr]]\nname = "epic"\nurl = "{ehr.base}"\n{more}')
    return house


def exported(house: House) -> None:
    with open_node(house.folder) as node:
        take_export(node, declared(Config.load(house.folder), "epic"), ExportRequest(), no_pause, str)


def followed(house: House) -> Followed:
    with open_node(house.folder) as node:
        return follow(node, declared(Config.load(house.folder), "epic"), no_pause)


def no_pause(seconds: float) -> None:
    """Time passes at once."""


def shown(house: House) -> str:
    with open_node(house.folder) as node:
        node.fold()
        [patient] = node.record().search("Okafor")
        return repr(node.record().chart(patient.patient))


def test_history_brings_changes_and_deletions_over_many_pages(house: House, ehr: MockEhr) -> None:
    exported(house)
    ehr.now = LATEST
    ehr.history = [
        gone("MedicationRequest/m1", LATEST), told(order("m2", "Metoprolol 50 mg", LATER)),
        *(told(order(f"n{number}", f"Drug {number}", LATER)) for number in range(4)),
    ]  # fmt: skip
    round_ = followed(house)
    assert (round_.resources, round_.deletions, round_.as_of, round_.refusals) == (5, 1, LATEST, [])
    text = shown(house)
    assert "Warfarin" not in text
    assert all(drug in text for drug in ("Metoprolol 50 mg", "Drug 3"))


def test_what_was_here_is_not_kept_again(house: House, ehr: MockEhr) -> None:
    exported(house)
    ehr.history, ehr.now = [told(order("m2", "Metoprolol 50 mg", LATER))], LATER
    assert followed(house).entries == 1
    assert (again := followed(house)).entries + again.repeated == 0


@pytest.mark.parametrize("dateless", [False, True])
def test_change_shown_late_is_still_found(house: House, ehr: MockEhr, dateless: bool) -> None:
    """Its instant lies before the answer that did not show it yet."""
    exported(house)
    ehr.history, ehr.now, ehr.dateless = [told(order("m2", "Metoprolol 50 mg", LATER))], LATER, dateless
    followed(house)
    ehr.history.append(told(order("m3", "Late", "2026-11-24T06:59:30Z")))
    assert followed(house).resources == 1


@pytest.mark.parametrize("response", [{"status": "200", "lastModified": LATER}, {"status": "200"}])
def test_change_that_carries_no_time_itself_is_shown(house: House, ehr: MockEhr, response: dict[str, str]) -> None:
    """Its entry says when, else the answer does; else the export before it would outrank it for ever."""
    exported(house)
    changed = order("m2", "Metoprolol 50 mg")
    del changed["meta"]
    ehr.history, ehr.now = [told(changed) | {"response": response}], LATEST
    followed(house)
    assert "Metoprolol 50 mg" in shown(house)
    ehr.now = "2026-11-24T08:01:00Z"
    assert followed(house).entries == 0


def test_following_waits_for_an_export_that_is_under_way_and_goes_on(house: House, ehr: MockEhr) -> None:
    exported(house)
    ehr.history, ehr.now = [told(order("m2", "Metoprolol 50 mg", LATER))], LATER
    command = [*COMMAND, "ehr", "follow", "epic", "--every", "1", "--folder", str(house.folder)]
    with alone(Layout(house.folder).exports, "epic"):
        once = codedark("ehr", "follow", "epic", "--once", "--folder", house.folder)
        going = subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
        assert going.stderr is not None
        waited = going.stderr.readline()
    try:
        found = next(line for line in going.stderr if "asked again" not in line)
    finally:
        going.kill()
        going.communicate()
    assert (once.code, "asked again in 1 s" in waited, "1 resources" in found) == (26, True, True)


def test_nothing_is_followed_before_an_export(house: House) -> None:
    with pytest.raises(NotFound):
        followed(house)


def test_declared_types_are_asked_one_by_one(house: House, ehr: MockEhr) -> None:
    declare(house, ehr, 'types = ["MedicationRequest", "Observation"]\n')
    exported(house)
    ehr.history = [told(order("m2", "Metoprolol 50 mg", LATER))]
    assert followed(house).resources == 1
    assert [path.partition("?")[0] for path in ehr.asked if "_history" in path] == [
        "GET /r4/MedicationRequest/_history", "GET /r4/Observation/_history",
    ]  # fmt: skip


def subscribed(house: House, ehr: MockEhr) -> None:
    declare(house, ehr, 'subscription = "ours"\n')
    exported(house)
    assert followed(house).event == 0
    ehr.events = [told(order("m2", "Metoprolol 50 mg", LATER)), gone("MedicationRequest/m1", LATER),
                  told(order("m4", "Heparin", LATEST))]  # fmt: skip
    ehr.history = list(ehr.events)
    ehr.asked.clear()


def test_events_all_here_need_no_history(house: House, ehr: MockEhr) -> None:
    subscribed(house, ehr)
    round_ = followed(house)
    assert (round_.event, round_.events, round_.missing, round_.by_history) == (3, 3, (), False)
    assert not any("_history" in path for path in ehr.asked)
    assert "Heparin" in (text := shown(house))
    assert "Warfarin" not in text


def test_deletion_that_says_no_time_is_as_old_as_its_telling(house: House, ehr: MockEhr) -> None:
    subscribed(house, ehr)
    del ehr.events[1]["response"]
    assert followed(house).deletions == 1
    assert "Warfarin" not in shown(house)


def test_missing_event_is_named_and_the_history_stands_in(house: House, ehr: MockEhr) -> None:
    subscribed(house, ehr)
    ehr.lost = {2}
    round_ = followed(house)
    assert (round_.event, round_.missing, round_.by_history) == (3, (2,), True)
    assert "Warfarin" not in shown(house)


def test_a_gap_that_nothing_closes_is_not_passed_over(house: House, ehr: MockEhr) -> None:
    """The control of the two above: were the place moved on, the next round would find nothing missing."""
    subscribed(house, ehr)
    ehr.lost, kept = {2}, ehr.history
    ehr.history = [{"resource": {"meta": {}}}]  # the mock answers no more
    with pytest.raises(Exception, match="EHR"):
        followed(house)
    ehr.history = kept
    assert followed(house).missing == (2,)


def test_events_that_bring_nothing_are_read_from_the_history(house: House, ehr: MockEhr) -> None:
    subscribed(house, ehr)
    ehr.id_only = True
    assert (round_ := followed(house)).missing == (1, 2, 3)
    assert (round_.resources, round_.deletions) == (2, 1)


def test_subscription_that_began_anew_is_a_gap(house: House, ehr: MockEhr) -> None:
    subscribed(house, ehr)
    followed(house)
    ehr.events, ehr.history, ehr.now = ehr.events[:1], [told(order("m9", "Unseen", LATEST))], LATEST
    round_ = followed(house)
    assert (round_.event, round_.by_history, round_.resources) == (1, True, 1)


def test_server_without_history_is_said(house: House, ehr: MockEhr) -> None:
    exported(house)
    declare(house, ehr, 'subscription = "other"\n')
    with pytest.raises(EhrRefused, match="does not"):
        followed(house)


def test_the_command_says_what_a_round_found(house: House, ehr: MockEhr) -> None:
    exported(house)
    ehr.history, ehr.now = [told(order("m2", "Metoprolol 50 mg", LATER))], LATER
    done = codedark("ehr", "follow", "epic", "--once", "--folder", house.folder, "--json")
    assert (done.code, done.object["resources"], done.object["as_of"]) == (0, 1, LATER)
