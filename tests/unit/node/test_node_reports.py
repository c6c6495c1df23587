"""Print reports of the EHR at a real node: taken in, tied, or on the worklist; never guessed, never lost."""

from __future__ import annotations

import os
from pathlib import Path

import foreign_files
import pytest
from node_rig import codedark, message, new_node
from print_reports import ADA, Person, bound, census, report

from codedark.node import loose_reports, open_node
from codedark.views import Banner, Chart

NGOZI = Person("MARLOWE, Ada2", "000002", "04-Mar-1955", "V2")
STRANGER = Person("NOBODY, Nora", "999999", "01-Jan-1950", "V999")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node that heard two admissions, and the morning's printouts of its EHR."""
    place = tmp_path_factory.mktemp("reports")
    node = new_node(place / "node")
    (place / "adt.hl7").write_bytes(message(1) + b"\r" + message(2))
    assert codedark("import", place / "adt.hl7", "-f", node).code == 0
    prints = place / "prints"
    prints.mkdir()
    files = {
        "mar.pdf": report(Person(born="04-Mar-1955"), pages=2),
        "kardex.pdf": report(Person(born="04-Mar-1955"), "Kardex", printed=""),
        "unit.pdf": bound(report(NGOZI), report(STRANGER), report(None, "Nothing")),
        "swapped.pdf": report(Person("MARLOWE, Ada2", "000001", "04-Mar-1955", "")),
        "census.pdf": census(ADA, NGOZI),
        "locked.pdf": foreign_files.HOSTILE["locked"],
    }
    for name, body in files.items():
        (prints / name).write_bytes(body)
        os.utime(prints / name, (1_795_500_000, 1_795_500_000))
    return place


@pytest.fixture(scope="module")
def taken(folder: Path) -> dict[str, object]:
    done = codedark("import", "--reports", folder / "prints", "-f", folder / "node", "--json")
    assert done.code == 0, done.err
    return done.object


def chart_of(folder: Path, mrn: str) -> Chart:
    with open_node(folder / "node") as node:
        record = node.record()
        (banner,) = [each for each in record.search(mrn) if each.mrn == mrn]
        assert isinstance(banner, Banner)
        return record.chart(banner.patient)


def test_reports_are_kept_and_counted(taken: dict[str, object]) -> None:
    assert {key: taken[key] for key in ("files", "entries", "repeated", "unread", "refusals")} == {
        "files": 6, "entries": 6, "repeated": 0, "unread": 1, "refusals": [],
    }  # fmt: skip
    assert (taken["tied"], taken["loose"]) == (3, 3)


def test_report_is_tied_with_its_print_time_and_the_basis_of_it(folder: Path, taken: dict[str, object]) -> None:
    found = {each.kind: each for each in chart_of(folder, "000001").reports}
    assert sorted(found) == ["kardex", "mar"]
    assert (found["mar"].first, found["mar"].last, found["mar"].stated) == (1, 2, True)
    assert found["mar"].printed is not None
    assert found["mar"].printed.iso == "2026-11-24T02:58:00-05:00"


def test_report_without_print_time_shows_the_files_time_as_such(folder: Path, taken: dict[str, object]) -> None:
    (kardex,) = [each for each in chart_of(folder, "000001").reports if each.kind == "kardex"]
    assert kardex.stated is False
    assert kardex.printed is not None
    assert kardex.printed.iso == "2026-11-24T06:00:00+00:00"


def test_pages_of_a_whole_unit_go_to_each_patient(folder: Path, taken: dict[str, object]) -> None:
    (mar,) = chart_of(folder, "000002").reports
    assert (mar.first, mar.last, mar.kind) == (1, 1, "mar")


def test_what_fits_nobody_stands_on_the_worklist_without_patient_data(folder: Path, taken: dict[str, object]) -> None:
    done = codedark("worklist", "-f", folder / "node", "--json")
    reasons = [item["reason"] for item in done.object["items"]]
    assert reasons.count("a print report of the EHR is tied to no patient") == 3
    assert sum("could not be opened: it is" in reason for reason in reasons) == 1
    assert "NOBODY" not in done.out
    assert "999999" not in done.out


def test_census_is_listed_for_its_unit(folder: Path, taken: dict[str, object]) -> None:
    with open_node(folder / "node") as node:
        (found,) = node.record().unit_reports()
    assert (found.kind, found.unit) == ("census", "4W")


def test_same_reports_again_change_nothing(folder: Path, taken: dict[str, object]) -> None:
    again = codedark("import", "--reports", folder / "prints/mar.pdf", "-f", folder / "node", "--json").object
    assert (again["entries"], again["repeated"], again["tied"]) == (0, 1, 0)


def test_original_is_kept_as_it_came_and_text_stays_out_of_plain_files(folder: Path, taken: dict[str, object]) -> None:
    original = (folder / "prints" / "mar.pdf").read_bytes()
    with open_node(folder / "node") as node:
        reader = node.reader()
        kept = [entry.payload for entry in reader.read(-1, 1000) if entry.kind == "report.received"]
        reader.close()
    assert sum(original in payload for payload in kept) == 1
    plain = b"".join(path.read_bytes() for path in (folder / "node").rglob("*") if path.is_file())
    assert b"NIGHTJOB" not in plain
    assert original[:200] not in plain


def test_person_ties_a_report_and_takes_it_back(folder: Path, taken: dict[str, object], tmp_path: Path) -> None:
    node, secret = folder / "node", tmp_path / "secret"
    secret.write_text("corridor-lantern-74-otter")
    secret.chmod(0o600)
    made = codedark(
        "person", "add", "rn.hale", "--name", "R Hale", "--role", "nurse", "--password-file", secret, "-f", node
    )
    assert made.code == 0, made.err
    loose = codedark("report", "list", "-f", node, "--json").object["loose"]
    one = next(each["report"] for each in loose if "no patient fits" in each["why"])
    who = ("--as", "rn.hale", "--as-password-file", secret, "-f", node)
    tied = codedark("report", "tie", one, "--reason", "looked at it", *who, stdin="000002\n")
    assert tied.code == 0, tied.err
    assert len(chart_of(folder, "000002").reports) == 2
    back = codedark("report", "tie", one, "--nobody", "--reason", "wrong", *who)
    assert back.code == 0, back.err
    assert len(chart_of(folder, "000002").reports) == 1
    with open_node(node) as opened:
        assert [each["report"] for each in loose_reports(opened)] == [each["report"] for each in loose]
