"""`doctor`: what would take this node down with the EHR is red."""

from __future__ import annotations

from pathlib import Path

import pytest
from node_rig import codedark, new_node

from codedark.node import examine
from codedark.node.machine import machine_findings


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine of its own with nothing wrong."""
    root = tmp_path / "machine"
    (root / "proc" / "100").mkdir(parents=True)
    (root / "proc" / "100" / "comm").write_text("sshd\n")
    (root / "proc" / "cpuinfo").write_text("flags\t: fpu sse2\n")
    (root / "proc" / "mounts").write_text("/dev/sda1 / ext4 rw 0 0\n")
    return root


def _states(machine: Path, folder: Path, demo: bool = False) -> dict[str, str]:
    return {each.what: each.state for each in machine_findings(folder, demo=demo, root=machine)}


def test_a_machine_of_its_own_is_green(machine: Path, tmp_path: Path) -> None:
    states = _states(machine, tmp_path)
    assert {states[what] for what in ("domain", "remote management", "shared backup", "hypervisor", "disk")} == {
        "green"
    }


def test_a_machine_in_the_domain_is_red(machine: Path, tmp_path: Path) -> None:
    (machine / "etc").mkdir()
    (machine / "etc" / "krb5.keytab").write_bytes(b"x")
    assert _states(machine, tmp_path)["domain"] == "red"


def test_a_remote_management_agent_is_red(machine: Path, tmp_path: Path) -> None:
    (machine / "proc" / "100" / "comm").write_text("TaniumClient\n")
    assert _states(machine, tmp_path)["remote management"] == "red"


def test_a_guest_of_a_hypervisor_is_red(machine: Path, tmp_path: Path) -> None:
    (machine / "proc" / "cpuinfo").write_text("flags\t: fpu hypervisor sse2\n")
    assert _states(machine, tmp_path)["hypervisor"] == "red"


def test_a_network_share_is_red(machine: Path, tmp_path: Path) -> None:
    (machine / "proc" / "mounts").write_text(f"/dev/sda1 / ext4 rw 0 0\nnas:/x {tmp_path.resolve()} nfs4 rw 0 0\n")
    assert _states(machine, tmp_path)["disk"] == "red"


def test_a_demo_node_is_warned_not_stopped(machine: Path, tmp_path: Path) -> None:
    (machine / "proc" / "cpuinfo").write_text("flags\t: fpu hypervisor sse2\n")
    assert _states(machine, tmp_path, demo=True)["hypervisor"] == "amber"


def test_every_finding_that_is_not_green_says_the_next_step(tmp_path: Path) -> None:
    findings = examine(new_node(tmp_path / "n"))
    assert [each for each in findings if each.state != "green" and not each.next_step] == []
    assert [each for each in findings if each.state == "red"] == []


def test_a_folder_that_is_no_node_is_red(tmp_path: Path) -> None:
    done = codedark("doctor", "-f", tmp_path, "--json")
    assert (done.code, done.object["state"]) == (4, "red")


def test_keys_that_others_can_read_are_red(tmp_path: Path) -> None:
    folder = new_node(tmp_path / "n")
    (folder / "keys" / "facility.key").chmod(0o644)
    assert codedark("doctor", "-f", folder).code == 4
