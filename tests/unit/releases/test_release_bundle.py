"""The bundle: two of three keys before anything is read; every refusal beside the bundle that is taken."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from release_rig import HERE, bundle, keyring, manifest, rotation, signers

from codedark.errors import NotFound, UpdateRefused
from codedark.releases import BODY_AT, add_signature, open_bundle, refusal


def test_two_of_three_keys_are_enough(tmp_path: Path) -> None:
    """The control of every refusal below."""
    alice, _, carol = signers()
    found = open_bundle(bundle(tmp_path, [alice, carol]), keyring())
    assert (found.signers, found.manifest.version) == (("alice", "carol"), "1.1.0")
    assert refusal(found.manifest, found.sha256, HERE) == ""


def test_what_is_taken_out_is_what_was_put_in(tmp_path: Path) -> None:
    found = open_bundle(bundle(tmp_path, signers()[:2], text="the wheel"), keyring())
    found.extract(tmp_path / "out")
    assert (tmp_path / "out" / "requirements.txt").read_text() == "the wheel"


@pytest.mark.parametrize("count", [0, 1])
def test_a_missing_signer_is_refused(tmp_path: Path, count: int) -> None:
    path = bundle(tmp_path, signers()[:count])
    with pytest.raises(UpdateRefused, match=f"{count} of 2 needed"):
        open_bundle(path, keyring())


def test_the_same_signer_twice_counts_once(tmp_path: Path) -> None:
    alice, bob, _ = signers()
    path = bundle(tmp_path, [alice])
    line = next(row for row in path.read_bytes()[:BODY_AT].split(b"\n") if row.startswith("— alice".encode()))
    head = path.read_bytes()[:BODY_AT].rstrip(b"\0") + line + b"\n"
    path.write_bytes(head.ljust(BODY_AT, b"\0") + path.read_bytes()[BODY_AT:])
    with pytest.raises(UpdateRefused, match=r"1 of 2 needed signatures \(alice\)"):
        open_bundle(path, keyring())
    add_signature(path, bob)
    assert open_bundle(path, keyring()).signers == ("alice", "bob")


def test_a_holder_is_told_that_the_key_has_signed_already(tmp_path: Path) -> None:
    alice, *_ = signers()
    path = bundle(tmp_path, [alice])
    with pytest.raises(UpdateRefused, match="signed it already"):
        add_signature(path, alice)


def test_keys_that_are_not_pinned_count_for_nothing(tmp_path: Path) -> None:
    strangers = signers(7)
    path = bundle(tmp_path, strangers, described=manifest(keyring=7))
    with pytest.raises(UpdateRefused, match="0 of 2"):
        open_bundle(path, keyring())
    assert open_bundle(path, keyring(7)).signers == ("alice", "bob", "carol")


def test_a_build_that_pins_no_keys_takes_no_bundle(tmp_path: Path) -> None:
    from codedark.releases import pinned

    path = bundle(tmp_path, signers())
    with pytest.raises(UpdateRefused, match="pins no release keys"):
        open_bundle(path, pinned())


def test_every_changed_byte_that_means_something_is_found(tmp_path: Path) -> None:
    """Each byte of the body, every third of the head as far as it is filled: refused. The control is the first test."""
    path = bundle(tmp_path, signers()[:2])
    whole = path.read_bytes()
    filled = len(whole[:BODY_AT].rstrip(b"\0"))
    for place in [*range(0, filled, 3), *range(BODY_AT, len(whole))]:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(UpdateRefused):
            open_bundle(path, keyring())


@pytest.mark.parametrize("cut", [0, 100, BODY_AT, BODY_AT + 10, -1])
def test_a_bundle_that_was_cut_off_is_refused(tmp_path: Path, cut: int) -> None:
    path = bundle(tmp_path, signers()[:2])
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(UpdateRefused):
        open_bundle(path, keyring())


def test_bytes_behind_the_end_are_refused(tmp_path: Path) -> None:
    path = bundle(tmp_path, signers()[:2])
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(UpdateRefused, match="what was signed is not"):
        open_bundle(path, keyring())


def test_the_signatures_of_one_bundle_do_not_open_another(tmp_path: Path) -> None:
    """An old head on a new body, and the other way round: a replay of what was signed once."""
    old = bundle(tmp_path, signers()[:2], name="old.cdu").read_bytes()
    new = bundle(tmp_path, [], described=manifest("9.0.0"), name="new.cdu")
    new.write_bytes(old[:BODY_AT] + new.read_bytes()[BODY_AT:])
    with pytest.raises(UpdateRefused, match="what was signed is not"):
        open_bundle(new, keyring())


def test_nothing_is_parsed_before_the_signatures_hold(tmp_path: Path) -> None:
    """A body that would break the parser is refused for its signatures; signed, it is refused for what it is."""
    path = bundle(tmp_path, [])
    path.write_bytes(path.read_bytes()[:BODY_AT] + b"\xff\xff\xff\xff" + b"{" * 1000)
    with pytest.raises(UpdateRefused, match="what was signed is not"):
        open_bundle(path, keyring())


@pytest.mark.parametrize("made", ["link", "pipe", "folder"])
def test_only_one_regular_file_is_opened(tmp_path: Path, made: str) -> None:
    path, real = tmp_path / "stick.cdu", bundle(tmp_path, signers())
    {"link": lambda: path.symlink_to(real), "pipe": lambda: os.mkfifo(path), "folder": path.mkdir}[made]()
    with pytest.raises(UpdateRefused, match="file"):
        open_bundle(path, keyring())


def test_a_bundle_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        open_bundle(tmp_path / "none.cdu", keyring())


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "wheels/../../x", "a/b", ".hidden", ""])
def test_a_file_cannot_leave_its_folder(tmp_path: Path, name: str) -> None:
    """Even release keys cannot make a node write elsewhere."""
    from codedark.releases import Part, pack_bundle

    (tmp_path / "x").write_text("x")
    with pytest.raises(UpdateRefused, match="may not have"):
        pack_bundle(tmp_path / "u.cdu", manifest(), [Part(name, tmp_path / "x")])


def test_three_new_keys_take_over_when_two_old_ones_sign_them(tmp_path: Path) -> None:
    note = rotation(keyring(2), signers(1)[1:])
    path = bundle(tmp_path, signers(2)[:2], described=manifest(keyring=2), rotations=(note,))
    found = open_bundle(path, keyring(1))
    assert (found.keyring.generation, found.signers) == (2, ("alice", "bob"))
    assert open_bundle(path, keyring(2)).keyring.generation == 2, "a node that has the new keys passes it over"


@pytest.mark.parametrize("generations", [(1, 2, 3), (2, 3)])
def test_a_node_that_slept_through_two_rotations_follows_both(tmp_path: Path, generations: tuple[int, ...]) -> None:
    notes = tuple(rotation(keyring(after + 1), signers(after)[:2]) for after in (1, 2))
    path = bundle(tmp_path, signers(3)[:2], described=manifest(keyring=3), rotations=notes)
    assert open_bundle(path, keyring(generations[0])).keyring.generation == 3


@pytest.mark.parametrize(("by", "says"), [(1, "1 of 2"), (0, "0 of 2")])
def test_new_keys_that_fewer_than_two_old_ones_signed_are_refused(tmp_path: Path, by: int, says: str) -> None:
    note = rotation(keyring(2), signers(1)[:by])
    path = bundle(tmp_path, signers(2), described=manifest(keyring=2), rotations=(note,))
    with pytest.raises(UpdateRefused, match=says):
        open_bundle(path, keyring(1))


def test_a_generation_cannot_be_left_out(tmp_path: Path) -> None:
    note = rotation(keyring(3), signers(1))
    path = bundle(tmp_path, signers(3), described=manifest(keyring=3), rotations=(note,))
    with pytest.raises(UpdateRefused, match="cannot follow"):
        open_bundle(path, keyring(1))


def test_keys_that_were_replaced_sign_nothing_any_more(tmp_path: Path) -> None:
    path = bundle(tmp_path, signers(1))
    with pytest.raises(UpdateRefused, match="0 of 2"):
        open_bundle(path, keyring(2))


def test_a_release_must_pin_the_keys_that_signed_it(tmp_path: Path) -> None:
    path = bundle(tmp_path, signers(1), described=manifest(keyring=2))
    with pytest.raises(UpdateRefused, match="does not pin"):
        open_bundle(path, keyring(1))
