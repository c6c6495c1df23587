"""The maintainers' commands: keys on three machines, a bundle signed in turn, other keys; no secret is an argument."""

from __future__ import annotations

import sys
from hashlib import sha256
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest
from node_rig import Done
from release_rig import bundle, manifest
from release_wheels import built, source

from codedark import __version__
from codedark.cli import main
from codedark.releases import BODY_AT, pinned

WORDS = "four unrelated words"


def codedark(*arguments: object) -> Done:
    """The command in this very process: it opens no node and starts nothing."""
    out, err = BytesOut(), StringIO()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err
    try:
        main([str(each) for each in arguments])
        code: object = 0
    except SystemExit as ended:
        code = ended.code
    finally:
        sys.stdout, sys.stderr = before
    return Done(int(str(code or 0)), out.text, err.getvalue())


class BytesOut(TextIOWrapper):
    """Text and bytes in one, as a real stdout takes them."""

    def __init__(self) -> None:
        super().__init__(BytesIO(), "utf-8", write_through=True)

    @property
    def text(self) -> str:
        """What was written."""
        self.flush()
        self.buffer.seek(0)
        return self.buffer.read().decode()


@pytest.fixture(scope="module")
def holders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the keys of three holders and the list of them."""
    place = tmp_path_factory.mktemp("keys")
    (place / "words").write_text(WORDS + "\n")
    for name in ("alice", "bob", "carol"):
        done = codedark("release", "key", name, "--to", place / name, "--passphrase-file", place / "words")
        assert done.code == 0, done.err
    public = [place / f"{name}.pub" for name in ("alice", "bob", "carol")]
    assert codedark("release", "keys", *public, "--to", place / "keyring.txt").code == 0
    return place


def _sign(place: Path, file: Path, name: str, *more: str) -> Done:
    key = ("--key-file", place / name, "--passphrase-file", place / "words")
    mine = ("--sha256", sha256(file.read_bytes()[BODY_AT:]).hexdigest()) if file.suffix == ".cdu" else ()
    return codedark("release", "sign", file, *key, *(more or mine))


def test_a_private_key_is_closed_to_others_and_encrypted(holders: Path) -> None:
    assert (holders / "alice").stat().st_mode & 0o777 == 0o600
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in (holders / "alice").read_bytes()
    assert b"PRIVATE" not in (holders / "alice.pub").read_bytes()


def test_a_key_is_never_written_over(holders: Path) -> None:
    before = (holders / "alice").read_bytes()
    done = codedark("release", "key", "alice", "--to", holders / "alice", "--passphrase-file", holders / "words")
    assert (done.code, (holders / "alice").read_bytes() == before) == (10, True)


def test_a_key_without_passphrase_is_refused(holders: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    done = codedark("release", "key", "dora", "--to", tmp_path / "dora", "--passphrase-file", tmp_path / "empty")
    assert (done.code, (tmp_path / "dora").exists()) == (10, False)


def test_two_holders_sign_in_turn_and_anyone_checks(holders: Path, tmp_path: Path) -> None:
    path = bundle(tmp_path, [], described=manifest(keyring=1))
    keyring = ("--keyring", holders / "keyring.txt")
    assert codedark("release", "check", path, *keyring).code == 55
    assert _sign(holders, path, "carol").code == 0
    assert "1 of 2" in codedark("release", "check", path, *keyring).err
    again = _sign(holders, path, "carol")
    assert (again.code, "signed it already" in again.err) == (55, True)
    assert _sign(holders, path, "alice").code == 0
    checked = codedark("release", "check", path, *keyring, "--json")
    assert (checked.code, checked.object["signers"]) == (0, ["alice", "carol"])


def test_a_wrong_passphrase_signs_nothing_and_says_nothing_of_the_key(holders: Path, tmp_path: Path) -> None:
    path = bundle(tmp_path, [])
    before = path.read_bytes()
    (tmp_path / "words").write_text("three other words")
    (tmp_path / "bob").write_bytes((holders / "bob").read_bytes())
    done = _sign(tmp_path, path, "bob")
    assert "does not open" in done.err
    assert (done.code, path.read_bytes() == before, "PRIVATE" in done.err) == (10, True, False)


def test_a_holder_signs_only_what_the_own_build_was(holders: Path, tmp_path: Path) -> None:
    path = bundle(tmp_path, [])
    before = path.read_bytes()
    other = _sign(holders, path, "bob", "--sha256", "ab" * 32)
    unsaid = codedark("release", "sign", path, "--key-file", holders / "bob", "--passphrase-file", holders / "words")
    assert (other.code, "not the one you made" in other.err, unsaid.code) == (55, True, 10)
    assert path.read_bytes() == before
    assert _sign(holders, path, "bob").code == 0, "the control"


def test_two_old_holders_hand_over_to_three_new_ones(holders: Path, tmp_path: Path) -> None:
    (tmp_path / "words").write_text(WORDS)
    for name in ("dora", "emil", "fay"):
        codedark("release", "key", name, "--to", tmp_path / name, "--passphrase-file", tmp_path / "words")
    public = [tmp_path / f"{name}.pub" for name in ("dora", "emil", "fay")]
    later = tmp_path / "next.txt"
    assert codedark("release", "keys", *public, "--generation", "2", "--to", later).code == 0
    unsigned = later.read_text()
    assert [_sign(holders, later, name).code for name in ("alice", "bob")] == [0, 0]
    path = bundle(tmp_path, [], described=manifest(keyring=2), rotations=(later.read_text(),))
    assert [_sign(tmp_path, path, name).code for name in ("dora", "fay")] == [0, 0]
    checked = codedark("release", "check", path, "--keyring", holders / "keyring.txt", "--json")
    assert (checked.code, checked.object["signers"]) == (0, ["dora", "fay"]), checked.err
    alone = bundle(tmp_path, [], described=manifest(keyring=2), rotations=(unsigned + "\n",), name="alone.cdu")
    assert [_sign(tmp_path, alone, name).code for name in ("dora", "fay")] == [0, 0]
    assert codedark("release", "check", alone, "--keyring", holders / "keyring.txt").code == 55, "the control"


def test_a_wheel_that_the_lock_does_not_pin_is_in_no_bundle(tmp_path: Path) -> None:
    """And the control: pinned, it is; made again, the bundle has the same bytes."""
    ours = built(source(tmp_path / "source", __version__, pinned().text), tmp_path / "dist")
    stranger = built(source(tmp_path / "other", "9.9.9", pinned().text), tmp_path / "wheels")
    stranger.rename(stranger.with_name("stranger-9.9.9-py3-none-any.whl"))
    (tmp_path / "sbom.json").write_text("{}")
    (tmp_path / "lock").write_text("")

    def build(to: str) -> Done:
        return codedark(
            "release", "build", "--wheel", ours, "--wheels", tmp_path / "wheels", "--sbom", tmp_path / "sbom.json",
            "--lock", tmp_path / "lock", "--previous", "0.0.9", "--made", "2026-11-24", "--to", tmp_path / to, "--json",
        )  # fmt: skip

    refused = build("refused.cdu")
    assert (refused.code, "not pinned" in refused.err) == (55, True)
    digest = sha256(next((tmp_path / "wheels").iterdir()).read_bytes()).hexdigest()
    (tmp_path / "lock").write_text(f"stranger==9.9.9 --hash=sha256:{digest}\n")
    one, two = build("one.cdu"), build("two.cdu")
    assert (one.code, one.object["sha256"]) == (0, two.object["sha256"])
    assert (tmp_path / "one.cdu").read_bytes() == (tmp_path / "two.cdu").read_bytes()


def test_a_wheel_of_another_version_is_in_no_bundle(tmp_path: Path) -> None:
    ours = built(source(tmp_path / "source", "9.9.9", pinned().text), tmp_path / "dist")
    (tmp_path / "wheels").mkdir()
    for name in ("sbom.json", "lock"):
        (tmp_path / name).write_text("{}")
    done = codedark(
        "release", "build", "--wheel", ours, "--wheels", tmp_path / "wheels", "--sbom", tmp_path / "sbom.json",
        "--lock", tmp_path / "lock", "--previous", "0.0.9", "--made", "2026-11-24", "--to", tmp_path / "x.cdu",
    )  # fmt: skip
    assert (done.code, "the wheel is codedark 9.9.9" in done.err) == (55, True)
