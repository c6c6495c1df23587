"""A later codedark comes on a stick: real wheels, real environments, a real node; and everything that must stop it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from node_rig import codedark, message, new_node, running, say
from release_rig import bundle as small_bundle
from release_rig import keyring, manifest, signers
from update_rig import LIMPING, OTHERWISE, Premises, applied, left_over, new_bundle, new_premises

from codedark.node import Installation, about, machine
from codedark.releases import Part, add_signature, open_bundle, pack_bundle

VERSIONS = "versions"


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheels and bundles are made once."""
    return tmp_path_factory.mktemp("releases")


@pytest.fixture(scope="module")
def premises(work: Path) -> Premises:
    """1.0.0 in use."""
    return new_premises(work / "opt", work)


@pytest.fixture(scope="module")
def filled(work: Path) -> Path:
    """A node with two patients, made once."""
    folder = new_node(work / "node")
    (work / "two.hl7").write_bytes(message(1) + message(2))
    assert codedark("import", work / "two.hl7", "--folder", folder).code == 0
    return folder


@pytest.fixture
def node(filled: Path, tmp_path: Path) -> Path:
    """That node, a copy for each test."""
    return shutil.copytree(filled, tmp_path / "node")


def stick(place: Path, version: str, *, by: int = 1, previous: str = "1.0.0", signed: int = 2) -> Path:
    """A bundle that is refused before anything of it is installed, so that it may be nearly empty."""
    here = manifest(version, previous=(previous,), python=about()["python"], platform=machine())
    return small_bundle(place, signers(by)[:signed], described=here, name=f"{version}.cdu")


def _back(premises: Premises, version: str = "1.0.0") -> None:
    """What an engineer does by hand."""
    (premises.root / ".current").unlink(missing_ok=True)
    (premises.root / "current").unlink()
    (premises.root / "current").symlink_to(Path(VERSIONS) / version)


def test_a_stick_brings_a_later_codedark_that_says_the_same(
    premises: Premises, node: Path, work: Path, tmp_path: Path
) -> None:
    """The whole way with pip and no network; then the same stick again, an older one, and going back by hand."""
    bundle = new_bundle(work, "1.2.0", full=True)
    checked = premises.run("update", "check", bundle, "--folder", node, "--json")
    assert (checked.code, checked.object["signers"]) == (0, ["alice", "bob"])
    done = premises.run("update", "apply", bundle, "--folder", node, "--json")
    assert done.code == 0, done.err
    assert (done.object["switched"], done.object["differences"]) == (True, [])
    assert premises.current == "1.2.0"
    assert premises.run("--version").out == "codedark 1.2.0\n"
    assert premises.run("status", "--folder", node, "--json").object["patients"] == 2
    assert [each["state"] for each in applied(premises, node)] == ["switching", "in use"]
    assert left_over(premises) == []
    assert (premises.root / VERSIONS / "1.2.0" / "sbom.cdx.json").is_file()

    again = premises.run("update", "apply", bundle, "--folder", node)
    assert (again.code, "applied already" in again.err) == (55, True)
    older = premises.run("update", "apply", stick(tmp_path, "1.1.0", previous="1.2.0"), "--folder", node)
    assert (older.code, "downgrade" in older.err) == (55, True)
    other = premises.run("update", "apply", stick(tmp_path, "1.2.0"), "--folder", node)
    assert (other.code, "its bytes are others" in other.err) == (55, True)
    _back(premises)
    between = stick(tmp_path, "1.1.1")
    back = premises.run("update", "apply", between, "--folder", node)
    assert (back.code, "downgrade" in back.err, premises.current) == (55, True, "1.0.0")
    assert premises.run("update", "check", between).code == 0, "the control: only the journal knows of 1.2.0"
    forward = premises.run("update", "apply", bundle, "--folder", node)
    assert (forward.code, premises.current) == (0, "1.2.0"), forward.err
    _back(premises)


def test_what_a_later_codedark_would_say_otherwise_is_named_before_anything_changes(
    premises: Premises, node: Path, work: Path
) -> None:
    bundle = new_bundle(work, "2.0.0", also=OTHERWISE)
    premises.put("2.0.0", next((work / "bundle-2.0.0" / "dist").glob("*.whl")), bundle)
    with running(node) as live:
        assert say(live.port, message(3)) == ["AA"]
        stopped = premises.run("update", "apply", bundle, "--folder", node, "--json")
        found = {row["kind"]: row for row in stopped.object["differences"]}
        assert (stopped.code, premises.current, applied(premises, node)) == (5, "1.0.0", [])
        assert found["Patient"]["changed"] == found["Patient"]["before"] >= 2
        assert len(found["Patient"]["ids"]) == found["Patient"]["changed"]
        assert set(found) == {"Patient", "card 01"}, "and nothing else differs"
        named = node.parent / "differences.jsonl"
        half = premises.run("update", "apply", bundle, "--folder", node, "--accept", "Patient", "--differences", named)
        assert (half.code, premises.current) == (5, "1.0.0")
        lines = [json.loads(line) for line in named.read_text().splitlines()]
        assert {(kind, how) for kind, _, how in lines} == {("Patient", "changed"), ("card 01", "changed")}
        assert named.stat().st_mode & 0o777 == 0o600
        done = premises.run("update", "apply", bundle, "--folder", node, "--accept", "Patient", "--accept", "card 01")
        assert (done.code, premises.current) == (0, "2.0.0"), done.err
    assert list(applied(premises, node)[-1]["differences"]) == ["Patient", "card 01"]
    _back(premises)


def test_a_codedark_that_fails_when_it_is_in_use_is_taken_back(premises: Premises, node: Path, work: Path) -> None:
    bundle = new_bundle(work, "3.0.0", also=LIMPING)
    premises.put("3.0.0", next((work / "bundle-3.0.0" / "dist").glob("*.whl")), bundle)
    done = premises.run("update", "apply", bundle, "--folder", node)
    assert (done.code, premises.current) == (55, "1.0.0"), done.err
    assert [each["state"] for each in applied(premises, node)] == ["switching", "went back"]
    assert premises.run("status", "--folder", node, "--json").object["patients"] == 2


@pytest.mark.parametrize("way", ["another hash", "an index in the requirements"])
def test_signed_by_two_and_yet_wrong_changes_nothing(premises: Premises, node: Path, stick4: Path, way: str) -> None:
    """An installation that fails leaves everything as it was, and clears what a power cut left of an earlier one."""
    wrong = _with_other_requirements(stick4, way)
    _as_after_a_power_cut(premises)
    assert premises.run("--version").out == "codedark 1.0.0\n"
    done = premises.run("update", "apply", wrong, "--folder", node)
    says = {
        "another hash": "installing the wheels failed",
        "an index in the requirements": "line 1 of its requirements",
    }
    assert (done.code, says[way] in done.err) == (55, True), done.err
    assert (premises.current, (premises.root / VERSIONS / "4.0.0").exists()) == ("1.0.0", False)
    assert (left_over(premises), applied(premises, node)) == ([], [])


def _as_after_a_power_cut(premises: Premises) -> None:
    """Half an environment, half a private copy, a link not yet renamed."""
    (premises.root / VERSIONS / "4.0.0" / "bin").mkdir(parents=True, exist_ok=True)
    (premises.root / ".bundle").mkdir(exist_ok=True)
    (premises.root / ".bundle" / "bundle.cdu").write_text("half")


@pytest.fixture(scope="module")
def stick4(work: Path) -> Path:
    """A good bundle, to be spoilt."""
    return new_bundle(work, "4.0.0")


def _with_other_requirements(bundle: Path, way: str) -> Path:
    """The same bundle, signed anew, with other requirements: one digit of a hash, or an option for pip before it."""
    opened, files = open_bundle(bundle, keyring()), bundle.with_name(f"files {way}")
    opened.extract(files)
    listed = (files / "requirements.txt").read_text().strip()
    turned = listed[:-1] + ("1" if listed[-1] == "0" else "0")
    (files / "requirements.txt").write_text(turned if way == "another hash" else f"--index-url x\n{listed}")
    path = bundle.with_name(f"{way}.cdu")
    pack_bundle(path, opened.manifest, [Part(line.name, files / line.name) for line in opened.manifest.files])
    for signer in signers()[:2]:
        add_signature(path, signer)
    return path


def test_two_updates_at_one_moment_do_not_meet(premises: Premises, node: Path, tmp_path: Path) -> None:
    with Installation(premises.root).alone():
        done = premises.run("update", "apply", stick(tmp_path, "9.0.0"), "--folder", node)
    assert (done.code, "another update" in done.err) == (26, True)
    done = premises.run("update", "apply", stick(tmp_path, "0.9.0"), "--folder", node)
    assert (done.code, "downgrade" in done.err) == (55, True), "the control: alone it is looked at"


@pytest.mark.parametrize("spoil", ["one signer", "other keys", "changed on the stick"])
def test_a_bad_stick_changes_nothing(premises: Premises, node: Path, tmp_path: Path, spoil: str) -> None:
    path = stick(tmp_path, "9.0.0", by=9 if spoil == "other keys" else 1, signed=1 if spoil == "one signer" else 3)
    if spoil == "changed on the stick":
        path.write_bytes(path.read_bytes()[:-1] + b"!")
    done = premises.run("update", "apply", path, "--folder", node)
    assert (done.code, premises.current, left_over(premises), applied(premises, node)) == (55, "1.0.0", [], [])


def test_a_codedark_outside_an_installation_is_not_updated(node: Path, tmp_path: Path) -> None:
    done = codedark("update", "apply", tmp_path / "any.cdu", "--folder", node)
    assert (done.code, "not from an installation" in done.err) == (10, True)


def test_keys_in_other_generations_have_other_holders() -> None:
    """The control of the rig: two generations of test keys share no key."""
    assert not {key.public for key in keyring(1).keys} & {key.public for key in keyring(9).keys}
