"""What a stranger's reviewer reads is true: every test that a page names is there, and nothing is left out."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from release_wheels import built, source
from scripts_of_ours import loaded

RUNS_DATA = re.compile(
    r"(?<![.\w])(eval|exec|compile)\(|\bpickle\b|\bmarshal\b|\bshelve\b|yaml\.(load|unsafe_load)\b|os\.(system|popen)\b"
    r"|shell\s*=\s*True|^\s*(from|import) (xml|lxml|telnetlib|ftplib|imp)\b|\.format_map\(",
    re.M,
)
SECRETS = re.compile(r"^\s*(from|import) (cryptography|hmac|ssl|argon2|pyrage|shamir_mnemonic|secrets)\b", re.M)
HASHES = re.compile(r"^\s*(from|import) hashlib\b", re.M)


@pytest.fixture(scope="module")
def asvs(root: Path) -> ModuleType:
    """script/asvs.py."""
    return loaded(root / "script/asvs.py")


@pytest.fixture(scope="module")
def table(root: Path) -> str:
    """docs/why/asvs.md."""
    return (root / "docs/why/asvs.md").read_text("utf-8")


def test_the_asvs_table_is_whole_and_its_tests_exist(asvs: ModuleType, table: str) -> None:
    assert list(asvs.faults(table)) == []
    assert asvs.counts(table) in table


def test_the_levels_are_those_of_the_standard(asvs: ModuleType) -> None:
    """OWASP ASVS 5.0.0 has 345 requirements: 70, 183 and 92 of levels 1, 2 and 3."""
    levels = list(asvs.levels().values())
    assert [levels.count(level) for level in (1, 2, 3)] == [70, 183, 92]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ((r"(?m)^\| 6\.2\.4 .*\n", ""), "6.2.4 is missing"),
        ((r"(?m)^(\| 6\.2\.4 .*\n)", r"\1\1"), "6.2.4 stands there 2 times"),
        ((r"test_a_common_password_is_refused", "test_that_is_not_there"), "there is no test"),
        ((r"(?m)^\| 6\.2\.4 \| 1", "| 6.2.4 | 3"), "6.2.4 is of level 1"),
        ((r"(?m)^(\| 6\.2\.4 .*) \| met \|$", r"\1 | fine |"), "'fine' is no state"),
    ],
)
def test_a_fault_in_the_table_is_found(asvs: ModuleType, table: str, change: tuple[str, str], says: str) -> None:
    """The control."""
    spoilt = re.sub(*change, table)
    assert spoilt != table
    assert [fault for fault in asvs.faults(spoilt) if says in fault] != []


def test_every_test_that_the_threat_model_names_exists(asvs: ModuleType, root: Path) -> None:
    page = (root / "docs/why/threat-model.md").read_text("utf-8")
    named = re.findall(r"`(test_\w+\.py::test_\w+)`", page)
    assert len(named) > 40
    assert sorted({each for each in named if each not in asvs.known_tests()}) == []


def test_each_decision_of_the_threat_model_has_a_test_and_a_control(root: Path) -> None:
    page = (root / "docs/why/threat-model.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if re.match(r"\| \d+ \|", line)]
    numbers = {int(line.split("|")[1]) for line in rows}
    assert numbers == set(range(1, 11))
    bare = [line[:60] for line in rows if any("::test_" not in cell for cell in line.strip("|").split(" | ")[-2:])]
    assert bare == []


def test_the_picture_of_the_boundaries_is_what_its_table_says(root: Path) -> None:
    drawing = loaded(root / "docs/make_boundaries.py").drawing()
    assert (root / "docs/pictures/boundaries.svg").read_text("utf-8") == drawing


def test_nothing_in_the_source_runs_data(root: Path) -> None:
    """No eval, no pickle, no shell, no XML. `re.compile` and ast.literal_eval are not those."""
    found = [
        f"{path.relative_to(root)}: {match.group().strip()}"
        for path in sorted((root / "src").rglob("*.py"))
        for match in RUNS_DATA.finditer(_without_words(path.read_text("utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize("line", ["eval(x)", "import pickle", "run(c, shell=True)", "import xml.sax", "os.system(c)"])
def test_what_runs_data_would_be_found(line: str) -> None:
    """The control."""
    assert RUNS_DATA.search(line)


def _without_words(text: str) -> str:
    """The source without docstrings and comments, which may speak of such things."""
    return re.sub(r'""".*?"""|#[^\n]*', "", text, flags=re.S)


def test_every_use_of_cryptography_is_in_the_inventory(root: Path) -> None:
    """What handles keys by its file; what only hashes by its room."""
    page, house = (root / "docs/why/cryptography.md").read_text("utf-8"), root / "src/codedark"
    files, rooms = set(re.findall(r"`([\w/]+\.py)`", page)), set(re.findall(r"`([\w/]+/)\*`", page))
    keyed, hashing = _users(house, SECRETS), _users(house, HASHES)
    assert keyed - files == set(), "uses keys, but is not in docs/why/cryptography.md"
    assert {each for each in hashing - files if each[: each.rfind("/") + 1] not in rooms} == set()
    assert "access/sessions.py" in keyed, "the control: the search finds what is there"


def _users(house: Path, pattern: re.Pattern[str]) -> set[str]:
    return {str(p.relative_to(house)) for p in house.rglob("*.py") if pattern.search(p.read_text("utf-8"))}


def test_the_house_has_no_test_code_in_its_wheel(tmp_path: Path) -> None:
    wheel = built(source(tmp_path / "source", "1.2.3", "x\n"), tmp_path / "dist")
    with zipfile.ZipFile(wheel) as file:
        tops = {name.split("/")[0] for name in file.namelist()}
    assert tops == {"codedark", "codedark_drill", "codedark-1.2.3.dist-info"}
