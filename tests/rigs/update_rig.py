"""An installation as a hospital has it: PREFIX/versions/VERSION, PREFIX/current, and bundles to update it with."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from node_rig import ENVIRONMENT, Done
from release_rig import keyring, signers
from release_wheels import built, packed_again, source

from codedark.releases import add_signature, open_bundle

RING = keyring()
OTHERWISE = """

from dataclasses import is_dataclass as _plain, replace as _changed
from msgspec.structs import replace as _changed_struct
_before = interpret
def _with(thing, **changes):
    return (_changed if _plain(thing) else _changed_struct)(thing, **changes)
def interpret(entry: Entry, site: Site) -> Interpretation:
    found = _before(entry, site)
    facts = [_with(f, body=f.body | {"gender": "unknown"}) if f.type == "Patient" else f for f in found.facts]
    return _with(found, facts=tuple(facts))
"""
"""A later codedark that reads a patient's sex otherwise."""
LIMPING = """

import sys as _sys
if "/current/" in _sys.argv[0]:
    raise SystemExit(9)
"""
"""A later codedark that works until it is the one in use."""


@dataclass
class Premises:
    """One PREFIX and what is needed to make bundles for it."""

    root: Path
    work: Path

    @property
    def current(self) -> str:
        """The version that the link names."""
        return (self.root / "current").resolve().name

    def put(self, version: str, wheel: Path, bundle: Path | None = None) -> None:
        """A version in place without pip: our wheel, and the others from where this test runs. With `bundle` it counts
        as installed from it, so that `apply` begins with the comparison."""
        place = self.root / "versions" / version
        venv.create(place, with_pip=False, symlinks=True)
        pip = [sys.executable, "-m", "pip", "--python", str(place / "bin" / "python"), "install", "--quiet"]
        subprocess.run([*pip, "--no-deps", "--no-index", "--no-compile", str(wheel)], check=True, capture_output=True)
        site = next(place.glob("lib/python3*/site-packages"))
        # Only what others made: codedark itself is here in the version under test.
        (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
        if bundle is not None:
            (place / "codedark-bundle").write_text(open_bundle(bundle, RING).sha256)

    def run(self, *arguments: str | Path, version: str = "") -> Done:
        """The installed codedark, as a person runs it."""
        place = self.root / "versions" / version if version else self.root / "current"
        done = subprocess.run(
            [str(place / "bin" / "codedark"), *map(str, arguments)], capture_output=True, text=True, timeout=300,
            env=ENVIRONMENT,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr)


def new_premises(root: Path, work: Path, version: str = "1.0.0") -> Premises:
    """An installation of one version that pins the keys of RING."""
    premises = Premises(root, work)
    (root / "versions").mkdir(parents=True)
    premises.put(version, built(source(work / f"source-{version}", version, RING.text), work / f"dist-{version}"))
    (root / "current").symlink_to(Path("versions") / version)
    return premises


def new_bundle(work: Path, version: str, *, also: str = "", full: bool = False, previous: str = "1.0.0") -> Path:
    """A bundle of a later codedark, signed by two. `full`: with every other wheel, so that pip can install it."""
    place = work / f"bundle-{version}"
    place.mkdir()
    code = source(place / "source", version, RING.text, also=also)
    wheel = built(code, place / "dist")
    lock = packed_again(place / "wheels") if full else place / "test.lock"
    if not full:
        (place / "wheels").mkdir()
        lock.write_text("")
    (place / "sbom.cdx.json").write_text("{}")
    done = subprocess.run(
        [sys.executable, "-c", "from codedark.cli import main; main()", "release", "build", "--wheel", wheel,
         "--wheels", place / "wheels", "--sbom", place / "sbom.cdx.json", "--lock", lock, "--previous", previous,
         "--made", "2026-11-24", "--to", place / f"codedark-{version}.cdu", "--json"],
        capture_output=True, text=True, env=ENVIRONMENT | {"PYTHONPATH": str(code / "src")}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    path = Path(json.loads(done.stdout)["file"])
    for signer in signers()[:2]:
        add_signature(path, signer)
    return path


def applied(premises: Premises, node: Path) -> list[dict[str, Any]]:
    """What the node's journal says was applied, oldest first."""
    from codedark.access import load_node_keys
    from codedark.entries import ConfigSet, payload_of
    from codedark.node import APPLIED, Layout, open_reader

    reader = open_reader(Layout(node), load_node_keys(node))
    try:
        said = [payload_of(entry) for entry in reader.read(-1, 10_000) if entry.kind == "config.set"]
    finally:
        reader.close()
    return [dict(each.value) for each in said if isinstance(each, ConfigSet) and each.key == APPLIED]


def left_over(premises: Premises) -> list[str]:
    """Everything in PREFIX that is neither a version nor the link."""
    return sorted(p.name for p in premises.root.iterdir() if not re.fullmatch(r"versions|current|\.updating", p.name))
