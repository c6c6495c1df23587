"""When a well-signed bundle is refused all the same, and what a list of release keys must be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from node_rig import new_node
from release_rig import HERE, keyring, manifest

from codedark.clock import SeededChance
from codedark.errors import ConfigError, UpdateRefused
from codedark.node import examine
from codedark.releases import Keyring, ReleaseKey, new_key, pinned, read_public, refusal, signer_of, version_of

SHA = "ab" * 32


def test_a_newer_version_for_this_place_is_taken() -> None:
    """The control of every refusal below."""
    assert refusal(manifest("1.1.0"), SHA, HERE) == ""


@pytest.mark.parametrize("version", ["0.9.9", "0.99.0", "0.0.1"])
def test_a_downgrade_is_refused(version: str) -> None:
    assert "downgrade" in refusal(manifest(version), SHA, HERE)


def test_a_bundle_older_than_what_was_ever_applied_is_refused_after_going_back_by_hand() -> None:
    """1.3.0 was applied, somebody went back to 1.0.0: the old 1.1.0 stays refused, 1.4.0 is taken."""
    gone_back = replace(HERE, newest="1.3.0")
    assert "downgrade" in refusal(manifest("1.1.0"), SHA, gone_back)
    assert refusal(manifest("1.4.0"), SHA, gone_back) == ""


def test_the_same_version_with_other_bytes_is_refused() -> None:
    applied = replace(HERE, version="1.1.0", newest="1.1.0", newest_sha256=SHA)
    assert "its bytes are others" in refusal(manifest("1.1.0"), "cd" * 32, applied)
    assert "applied already" in refusal(manifest("1.1.0"), SHA, applied)


def test_the_same_bytes_lead_forward_again_after_going_back_by_hand() -> None:
    gone_back = replace(HERE, newest="1.1.0", newest_sha256=SHA)
    assert refusal(manifest("1.1.0"), SHA, gone_back) == ""
    assert "its bytes are others" in refusal(manifest("1.1.0"), "cd" * 32, gone_back)


def test_a_version_that_this_one_may_not_jump_from_is_refused() -> None:
    assert "does not replace 1.0.0" in refusal(manifest(previous=("1.0.5",)), SHA, HERE)


def test_a_release_that_cannot_read_this_journal_is_refused() -> None:
    assert "does not read this node's journal" in refusal(manifest(journal_formats=("CDJ2",)), SHA, HERE)


@pytest.mark.parametrize("other", [{"python": "3.12"}, {"platform": "linux-aarch64"}])
def test_a_release_for_another_machine_is_refused(other: dict[str, str]) -> None:
    assert "it is for Python" in refusal(manifest(**other), SHA, HERE)


@pytest.mark.parametrize("text", ["1.0", "1.0.0rc1", "01.0.0", "1.0.0.0", "1.0.-1", "", "1.0.0\n", "١.٠.٠"])
def test_a_version_that_could_be_argued_about_is_none(text: str) -> None:
    with pytest.raises(UpdateRefused):
        version_of(text)


def test_versions_are_compared_as_numbers() -> None:
    assert version_of("1.10.0") > version_of("1.9.9")


def test_a_keyring_reads_back_as_it_is_written() -> None:
    assert Keyring.read(keyring(3).text) == keyring(3)


def test_the_pinned_keyring_is_well_formed() -> None:
    assert pinned().generation == len(pinned().keys) == 0, "no keys are pinned until their holders have made them"


def test_one_key_under_two_names_is_no_keyring() -> None:
    alice, bob, _ = keyring().keys
    twice = Keyring(1, (alice, bob, ReleaseKey("mallory", alice.public)))
    with pytest.raises(UpdateRefused, match="listed twice"):
        Keyring.read(twice.text)


@pytest.mark.parametrize("change", [("generation 1", "generation 01"), ("1\ngen", "1 \ngen"), ("alice", "Alice")])
def test_a_keyring_has_one_way_to_be_written(change: tuple[str, str]) -> None:
    with pytest.raises(UpdateRefused):
        Keyring.read(keyring().text.replace(*change))


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_keyring_has_three_keys(count: int) -> None:
    with pytest.raises(UpdateRefused):
        Keyring.read(Keyring(1, keyring().keys[:count]).text)


def test_a_release_key_opens_with_its_passphrase_and_no_other() -> None:
    data, public = new_key("alice", b"four unrelated words", SeededChance("key"))
    signer = signer_of(data, b"four unrelated words")
    assert (signer.name, signer.public_key) == ("alice", read_public(public).public)
    with pytest.raises(ConfigError, match="does not open"):
        signer_of(data, b"something else")


def test_a_file_that_is_no_release_key_is_refused() -> None:
    with pytest.raises(ConfigError):
        signer_of(b"codedark release key alice\nnot a key", b"")


def test_doctor_says_which_release_keys_the_build_pins(tmp_path: Path) -> None:
    new_node(tmp_path / "node")
    found = {each.what: each for each in examine(tmp_path / "node")}
    assert (found["release keys"].state, "takes no update bundle" in found["release keys"].says) == ("amber", True)
