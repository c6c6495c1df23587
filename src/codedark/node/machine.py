"""What can be seen of the machine a node stands on: what takes the EHR down must not take the node down too.

Reads /proc, /etc and /sys; changes nothing, asks nobody. `root` is "/" but in tests.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

State = Literal["green", "amber", "red"]

_JOINED = ("etc/krb5.keytab", "etc/sssd/sssd.conf", "var/lib/samba/private/secrets.tdb", "etc/opt/quest/vas/vas.conf")
_AGENTS = {
    "BESClient": "BigFix", "TaniumClient": "Tanium", "salt-minion": "Salt", "puppet": "Puppet", "chef-client": "Chef",
    "ccmexec": "SCCM", "teamviewerd": "TeamViewer", "anydesk": "AnyDesk", "ScreenConnect": "ScreenConnect",
    "ninjarmm-linagent": "NinjaOne", "SplashtopStreame": "Splashtop", "mesh_services": "MeshCentral",
    "amazon-ssm-agen": "SSM", "WALinuxAgent": "Azure agent",
}  # fmt: skip
_BACKUPS = {
    "veeamservice": "Veeam", "veeamtransport": "Veeam", "cvd": "Commvault", "bpcd": "NetBackup",
    "dsmc": "Spectrum Protect", "rubrik-agent": "Rubrik", "cohesity_linux_": "Cohesity",
    "bareos-fd": "Bareos", "bacula-fd": "Bacula",
}  # fmt: skip
_REMOTE_FS = frozenset(("nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "ceph", "glusterfs"))
_LOW_BYTES, _VERY_LOW_BYTES = 20_000_000_000, 2_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `doctor`. `what`: its subject; `says`: what was found; `next_step`: "" when green."""

    what: str
    state: State
    says: str
    next_step: str = ""


def machine_findings(folder: Path, *, demo: bool, root: Path = Path("/")) -> Iterator[Finding]:
    """What the machine itself says. On a demo node, what would be red is amber."""
    wrong: State = "amber" if demo else "red"
    yield _domain(root, wrong)
    running = set(_process_names(root))
    yield _found("remote management", _AGENTS, running, wrong, "Remove the agent: who rules it rules this node.")
    yield _found(
        "shared backup", _BACKUPS, running, wrong, "Use `codedark journal pull` on a machine of your own instead."
    )
    yield _hypervisor(root, wrong)
    yield _file_system(folder, root)
    yield _space(folder)


def _domain(root: Path, wrong: State) -> Finding:
    joined = [name for name in _JOINED if (root / name).exists()]
    if joined:
        return Finding(
            "domain", wrong, f"joined to a domain (/{joined[0]})", "Leave the domain: its ruin must not be ours."
        )
    return Finding("domain", "green", "not joined to one")


def _found(what: str, known: dict[str, str], running: set[str], wrong: State, step: str) -> Finding:
    names = sorted({word for process, word in known.items() if process[:15] in running})
    if names:
        return Finding(what, wrong, f"{', '.join(names)} runs here", step)
    return Finding(what, "green", "no known agent runs here")


def _hypervisor(root: Path, wrong: State) -> Finding:
    try:
        flags = (root / "proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return Finding(
            "hypervisor", "amber", "cannot be seen", "Make sure this is not a guest of the hospital's hypervisor."
        )
    if any(line.startswith("flags") and " hypervisor" in line for line in flags.splitlines()):
        return Finding(
            "hypervisor", wrong, "this is a virtual machine", "Use a machine of its own: ransomware encrypts hosts."
        )
    return Finding("hypervisor", "green", "a machine of its own")


def _file_system(folder: Path, root: Path) -> Finding:
    kind = _kind_of_mount(folder.resolve(), root)
    if kind in _REMOTE_FS:
        return Finding(
            "disk",
            "red",
            f"the folder lies on a network share ({kind})",
            "Move it to a local disk: flushes must be real.",
        )
    return Finding("disk", "green", f"local ({kind or 'unknown file system'})")


def _space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    says = f"{free / 1e9:.0f} GB free"
    if free < _VERY_LOW_BYTES:
        return Finding("space", "red", says, "Free space now: feeds are refused before people are.")
    if free < _LOW_BYTES:
        return Finding("space", "amber", says, "Free space: a busy hospital writes some gigabytes a day.")
    return Finding("space", "green", says)


def _process_names(root: Path) -> Iterator[str]:
    for place in (root / "proc").glob("[0-9]*"):
        try:
            yield (place / "comm").read_text(encoding="utf-8", errors="replace").strip()
        except OSError:  # it ended while we looked
            continue


def _kind_of_mount(folder: Path, root: Path) -> str:
    try:
        lines = (root / "proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    best, kind = "", ""
    for line in lines:
        parts = line.split(" ")
        if len(parts) > 2 and os.path.commonpath((parts[1], str(folder))) == parts[1] and len(parts[1]) >= len(best):
            best, kind = parts[1], parts[2]
    return kind
