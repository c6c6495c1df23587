"""Files that others wrote, all the way to the screen: every chart and bed list is drawn, none breaks a page."""

from __future__ import annotations

import re
from pathlib import Path

from web_rig import Guest, House, house

from codedark.intake import import_files

FOLDERS = (
    "fhir-clinosim", "fhir-synthea-r4-bundles", "fhir-us-core-examples", "fhir-cdc-reportstream-pairs",
    "hl7v2-google-simhospital", "hl7v2-linuxforhealth", "hl7v2-hl7gen-fuzz", "hl7v2-microsoft-fhir-converter",
    "hl7v2-hapi",
)  # fmt: skip
CHARTS = 400
HIDDEN = re.compile("[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def broken(home: House, guest: Guest) -> tuple[int, list[str]]:
    record = home.deeds.record
    paths = [f"/chart/{banner.patient}" for banner in record.patients()[:CHARTS]]
    for row in record.units():
        answer = guest.get("/beds?unit=" + "".join(f"%{byte:02X}" for byte in row.unit.encode()))
        paths += re.findall(r'data-row href="(/chart/[^"]+)"', answer.text)
    faults = []
    for path in dict.fromkeys(paths):
        got = guest.get(path)
        if got.status != 200 or HIDDEN.search(got.text) or got.text.count("<script") != 1:
            faults.append(f"{got.status} {path}")
    return len(paths), faults


def test_every_chart_of_other_peoples_data_is_drawn(shared_data: Path, tmp_path: Path) -> None:
    with house(tmp_path) as home:
        import_files([shared_data / name for name in FOLDERS], home.journal.append_all, label="real")
        home.fold()
        guest = home.in_as("physician")

        drawn, faults = broken(home, guest)

        print(f"{drawn} charts of others drawn")
        assert drawn > 100
        assert faults == []
        for page in ("/units", "/feeds"):
            assert guest.get(page).status == 200
        assert home.in_as("engineer").get("/worklist").status == 200
