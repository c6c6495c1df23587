"""What we are made of: a bill of materials that is true, licences that are allowed, wheels that anyone makes again."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from release_wheels import EPOCH, built, source
from scripts_of_ours import loaded


@pytest.fixture(scope="module")
def sbom(root: Path) -> ModuleType:
    """script/sbom.py."""
    return loaded(root / "script/sbom.py")


@pytest.fixture(scope="module")
def audit(root: Path) -> ModuleType:
    """script/audit.py."""
    return loaded(root / "script/audit.py")


def test_the_bill_of_materials_is_what_the_lock_says(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, root / "script/sbom.py", "--check"], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_bill_of_materials_is_cyclonedx_1_6(root: Path) -> None:
    text = (root / "docs/reference/sbom.cdx.json").read_text("utf-8")
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(text) is None
    spoilt = text.replace('"type": "library"', '"type": "librarian"', 1)
    assert validator.validate_str(spoilt) is not None, "the control: the schema refuses what it does not know"


def test_every_component_has_its_place_in_the_graph(root: Path) -> None:
    bill = json.loads((root / "docs/reference/sbom.cdx.json").read_text("utf-8"))
    refs = {each["bom-ref"] for each in bill["components"] if each["type"] == "library"}
    reached, wanted = set[str](), {bill["metadata"]["component"]["bom-ref"]}
    under = {row["ref"]: set(row["dependsOn"]) for row in bill["dependencies"]}
    while wanted:
        reached |= wanted
        wanted = {ref for parent in wanted for ref in under.get(parent, ())} - reached
    assert refs - reached == set()


def test_every_licence_is_allowed(sbom: ModuleType) -> None:
    pins = sbom.pins()
    assert [pin.name for pin in pins if pin.name not in sbom.ONLY_TESTS and not sbom.is_allowed(pin.licence)] == []
    assert [pin.name for pin in pins if pin.name in sbom.ONLY_TESTS and pin.runs] == []


@pytest.mark.parametrize("expression", ["GPL-3.0-only", "MIT AND SSPL-1.0", "AGPL-3.0-only OR LGPL-2.1-only", ""])
def test_a_licence_that_is_not_allowed_is_found(sbom: ModuleType, expression: str) -> None:
    """The control."""
    assert not sbom.is_allowed(expression)
    assert sbom.is_allowed("MIT OR GPL-3.0-only"), "one may choose"


def test_an_oracle_under_another_licence_is_never_imported_by_the_product(root: Path, sbom: ModuleType) -> None:
    words = re.compile(rf"^\s*(import|from)\s+({'|'.join(sbom.ONLY_TESTS)})\b", re.M)
    assert [p.name for p in (root / "src").rglob("*.py") if words.search(p.read_text("utf-8"))] == []


def test_every_pinned_package_has_its_line(root: Path, sbom: ModuleType) -> None:
    page = (root / "docs/why/dependencies.md").read_text("utf-8")
    assert [pin.name for pin in sbom.pins() if f"| `{pin.name}` | {pin.licence} |" not in page] == []


def test_machine_code_that_comes_inside_a_wheel_is_said(sbom: ModuleType) -> None:
    """Folders of shared libraries that a wheel brings along; the control: there are some."""
    runs = {pin.name for pin in sbom.pins() if pin.runs}
    place = Path(sysconfig.get_path("purelib"))
    bringing = {each.name.removesuffix(".libs").replace("_", "-").lower() for each in place.glob("*.libs")} & runs
    assert "numpy" in bringing
    assert bringing - set(sbom.INSIDE) == set()
    assert set(sbom.INSIDE) - runs == set(), "said, but no longer part of the product"


def test_what_others_made_in_our_tree_is_said(root: Path, sbom: ModuleType) -> None:
    places = {str(p.parent.relative_to(root)) for p in (root / "src").rglob("LICEN[CS]E*")}
    assert places - {place for place, _, _ in sbom.VENDORED.values()} == set()


def test_setting_up_takes_no_package_without_its_hash(root: Path) -> None:
    text = (root / "script/setup").read_text("utf-8")
    installs = [line for line in text.splitlines() if re.search(r"pip install", line)]
    ours = [line for line in installs if "--editable ." in line]
    assert [line for line in installs if line not in ours and "--require-hashes" not in line] == []
    assert ["--no-deps" in line for line in ours] == [True]


def test_pip_refuses_a_package_whose_hash_is_another(root: Path, tmp_path: Path) -> None:
    """What `--require-hashes` is worth, with its control."""
    wheel = tmp_path / "tiny-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("tiny-1.0.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0.0\n")
        file.writestr("tiny-1.0.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr("tiny-1.0.0.dist-info/RECORD", "")
    right = hashlib.sha256(wheel.read_bytes()).hexdigest()
    codes = []
    for each in (right, right[::-1]):
        (tmp_path / "lock.txt").write_text(f"tiny==1.0.0 --hash=sha256:{each}\n")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--require-hashes", "--dry-run"]
        done = subprocess.run(
            [*command, "--find-links", str(tmp_path), "-r", str(tmp_path / "lock.txt")], capture_output=True, text=True,
            env=os.environ | {"PIP_CONFIG_FILE": os.devnull},
        )  # fmt: skip
        codes.append(done.returncode)
    assert codes == [0, 1]


def test_anyone_makes_the_same_wheel_again(tmp_path: Path) -> None:
    """Another folder, other file times, the same bytes; the control: a build at another moment is another wheel."""
    one, two = (built(source(tmp_path / n / "src", "1.2.3", "x\n"), tmp_path / n / "dist") for n in ("one", "two"))
    first = one.read_bytes()
    assert first == two.read_bytes()
    os.utime(tmp_path / "two/src/src/codedark/errors.py", (1, 1))
    shutil.rmtree(tmp_path / "two/dist")
    assert built(tmp_path / "two/src", tmp_path / "two/dist").read_bytes() == first
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(int(EPOCH) + 86_400)}
    later = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "later")]
    subprocess.run(later, cwd=tmp_path / "one/src", check=True, capture_output=True, env=environment)
    assert next((tmp_path / "later").glob("*.whl")).read_bytes() != first


def _advisories(place: Path, *found: dict[str, object]) -> Path:
    path = place / "all.zip"
    with zipfile.ZipFile(path, "w") as copy:
        for number, each in enumerate(found):
            copy.writestr(f"PYSEC-{number}.json", json.dumps({"id": f"PYSEC-{number}"} | each))
    return path


def _of(name: str, **other: object) -> dict[str, object]:
    return {"affected": [{"package": {"ecosystem": "PyPI", "name": name}} | other]}


def test_a_vulnerable_pin_is_found_without_a_network(audit: ModuleType, root: Path, tmp_path: Path) -> None:
    """By range, by list; withdrawn, mended and other ecosystems are passed over."""
    pins = audit.pinned(root / "requirements.lock")
    version = pins["starlette"]
    open_ended = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]
    mended = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": version}]}]
    last = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"last_affected": version}]}]
    copy = _advisories(
        tmp_path, _of("Starlette", ranges=open_ended), _of("starlette", versions=[version]),
        _of("starlette", ranges=mended), _of("starlette", ranges=last), _of("flask", ranges=open_ended),
        _of("starlette", ranges=open_ended) | {"withdrawn": "2026-01-01T00:00:00Z"},
        {"affected": [{"package": {"ecosystem": "npm", "name": "starlette"}, "ranges": open_ended}]},
    )  # fmt: skip
    assert [row[2] for row in audit.by_copy(copy, pins)] == ["PYSEC-0", "PYSEC-1", "PYSEC-3"]
    done = subprocess.run([sys.executable, root / "script/audit.py", "--osv", copy], capture_output=True, text=True)
    assert (done.returncode, "PYSEC-0" in done.stdout) == (1, True)


def test_pins_that_no_advisory_names_pass(root: Path, tmp_path: Path) -> None:
    copy = _advisories(tmp_path, _of("flask", ranges=[{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]))
    done = subprocess.run([sys.executable, root / "script/audit.py", "--osv", copy], capture_output=True, text=True)
    assert (done.returncode, "0 known vulnerabilities" in done.stdout) == (0, True)
