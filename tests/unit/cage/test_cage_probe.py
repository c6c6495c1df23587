"""Nothing gets out of the cage: a decoder gone bad tries everything; without the cage the same tries succeed."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cage_probe
import pytest

import codedark.cage
from codedark.cage import Caged, Limits, Trade
from codedark.errors import FileRefused, NoCage

SECRET = ctypes.create_string_buffer(b"a secret of the parent")
PROBE = Trade("probe", Path(cage_probe.__file__), limits=Limits(memory=1 << 30, job_cpu_s=1, wait_s=20.0))
MAY_BE_LESS = {"trace the parent", "look at the parent's memory", "ring of system calls"}
"""What a hardened kernel may deny to everybody, so that the control cannot do it either."""


@pytest.fixture
def surroundings(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A key, a listening TCP port, a UDP port and a Unix socket; where a secret lies in this process."""
    key = tmp_path / "facility.key"
    key.touch(0o600)
    key.write_bytes(b"AGE-SECRET-KEY")
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp, socket.socket(socket.AF_UNIX) as unix:
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        udp.bind(("127.0.0.1", 0))
        unix.bind(str(tmp_path / "door.sock"))
        unix.listen()
        yield {
            "key": str(key),
            "folder": str(tmp_path),
            "tcp": tcp.getsockname()[1],
            "udp": udp.getsockname()[1],
            "unix": str(tmp_path / "door.sock"),
            "parent": os.getpid(),
            "address": ctypes.addressof(SECRET),
        }


def outcomes_in_the_cage(trade: Trade) -> dict[str, str]:
    with Caged(trade) as caged:
        (said,) = caged.ask({"job": "try"})
    found: dict[str, str] = json.loads(said.head)
    return found


def test_everything_a_decoder_gone_bad_tries_is_denied(surroundings: dict[str, Any]) -> None:
    said = outcomes_in_the_cage(replace(PROBE, settings=surroundings))
    assert [name for name, outcome in said.items() if outcome == "done"] == []


def test_without_the_cage_the_same_tries_succeed(surroundings: dict[str, Any]) -> None:
    """The control: a try that fails everywhere would prove nothing."""
    with socket.socket() as inherited:
        parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        done = subprocess.run(
            [sys.executable, cage_probe.__file__, json.dumps({**surroundings, "parent": parent.pid})],
            capture_output=True,
            text=True,
            check=True,
            pass_fds=(inherited.fileno(), os.open(surroundings["key"], os.O_RDONLY)),
        )
        parent.communicate(b"\n")
    denied = {name for name, outcome in json.loads(done.stdout).items() if outcome != "done"}
    assert denied - MAY_BE_LESS == set()


@pytest.mark.parametrize("opens", [True, False])
def test_each_ring_alone_denies_network_processes_writing_and_foreign_files(
    surroundings: dict[str, Any], opens: bool
) -> None:
    """A trade that goes on reading fonts keeps the outer ring only."""
    said = outcomes_in_the_cage(replace(PROBE, settings=surroundings, opens=opens, threads=opens))
    assert {name for name, outcome in said.items() if outcome == "done"} <= {"start a thread"}


def test_declared_files_can_be_read_and_nothing_else(surroundings: dict[str, Any]) -> None:
    """A trade reads its fonts: the path is allowed for reading, never for writing."""
    folder = Path(surroundings["folder"])
    said = outcomes_in_the_cage(replace(PROBE, settings=surroundings, opens=True, readable=(folder,)))
    done = {name for name, outcome in said.items() if outcome == "done"}
    assert done == {"read the key", "list a folder"}


def test_environment_and_open_files_stay_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CODEDARK_SECRET_OF_THIS_TEST", "leak")
    kept = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(kept, True)
    with Caged(PROBE) as caged:
        environment = Path(f"/proc/{caged.pid}/environ").read_bytes()
        files = {os.readlink(place) for place in Path(f"/proc/{caged.pid}/fd").iterdir()}
    os.close(kept)
    assert b"leak" not in environment
    assert str(tmp_path) not in files


@pytest.mark.parametrize(("job", "why"), [("burn", "longer"), ("sleep", "longer"), ("hoard", "memory")])
def test_what_takes_too_much_is_refused_by_name(job: str, why: str) -> None:
    trade = replace(PROBE, limits=replace(PROBE.limits, wait_s=3.0))
    with Caged(trade) as caged, pytest.raises(FileRefused, match=why):
        list(caged.ask({"job": job}))


def test_an_answer_larger_than_it_may_be_is_not_read() -> None:
    with Caged(PROBE) as caged, pytest.raises(FileRefused, match="none"):
        list(caged.ask({"job": "lie"}))


def test_an_answer_without_end_is_cut_off() -> None:
    with Caged(PROBE) as caged, pytest.raises(FileRefused, match="none"):
        list(caged.ask({"job": "babble"}))


def test_a_refusal_in_words_of_the_file_is_not_repeated() -> None:
    with Caged(PROBE) as caged, pytest.raises(FileRefused) as refused:
        list(caged.ask({"job": "quote"}))
    assert str(refused.value) == "the cage gave an answer that is none"


def test_no_walls_no_decoder(tmp_path: Path) -> None:
    """A trade whose process never says that its walls stand gets no file."""
    script = tmp_path / "liar.py"
    script.write_text("def prepare(settings):\n    raise SystemExit(0)\n")
    with pytest.raises(NoCage):
        Caged(Trade("liar", script)).start()


@pytest.mark.parametrize("lacking", [("seccomp",), ("seccomp", "landlock")])
def test_a_kernel_without_filters_gets_no_decoder(lacking: tuple[str, ...]) -> None:
    said = on_a_kernel_without(lacking)
    assert said["refused"] == "NoCage"


def test_a_kernel_without_landlock_still_denies_all_of_it(surroundings: dict[str, Any]) -> None:
    """The inner ring then denies every file by name; only a trade that reads fonts is told apart."""
    said = on_a_kernel_without(("landlock",), surroundings)
    assert "landlock" not in said["walls"]
    assert [name for name, outcome in said["outcomes"].items() if outcome == "done"] == []


def on_a_kernel_without(lacking: tuple[str, ...], settings: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a process sees whose kernel answers "no such call" to `lacking`: such a filter is put over it first."""
    program = Path(__file__).parents[2] / "rigs" / "older_kernel.py"
    done = subprocess.run(
        [sys.executable, str(program), json.dumps({"lacking": lacking, "settings": settings})],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def python_for_anybody() -> Iterator[str]:
    """An interpreter with our packages that an ordinary user may start, when the tests run as root."""
    system = Path("/usr/bin/python3")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if os.geteuid() != 0:
        yield sys.executable
        return
    place = Path(tempfile.mkdtemp(prefix="codedark-anybody-"))
    place.chmod(0o755)
    made = (
        system.exists() and subprocess.run([system, "-m", "venv", "--without-pip", place], check=False).returncode == 0
    )
    packages = place / f"lib/python{version}/site-packages"
    if made and packages.is_dir():
        ours = [Path(codedark.cage.__file__).parents[2], sysconfig.get_path("purelib")]
        (packages / "ours.pth").write_text("\n".join(map(str, ours)))
        if (
            subprocess.run([place / "bin/python", "-c", "import codedark.cage"], user=65534, check=False).returncode
            == 0
        ):
            yield str(place / "bin/python")
            shutil.rmtree(place)
            return
    shutil.rmtree(place)
    pytest.skip("DID NOT RUN: no interpreter here that an ordinary user may start with our packages")


def test_an_ordinary_user_is_caged_as_well_as_root(python_for_anybody: str, surroundings: dict[str, Any]) -> None:
    """Where the tests already run as an ordinary user this repeats the first one."""
    user = 65534 if os.geteuid() == 0 else None
    mine = {**surroundings, "folder": "/tmp"}
    if user is not None:  # its own key, where the rights of files would let it read it
        key = Path(python_for_anybody).parent / "facility.key"
        key.write_bytes(b"AGE-SECRET-KEY")
        os.chown(key, user, user)
        mine["key"] = str(key)
    program = Path(__file__).parents[2] / "rigs" / "older_kernel.py"
    done = subprocess.run(
        [python_for_anybody, str(program), json.dumps({"lacking": [], "settings": mine})],
        capture_output=True,
        text=True,
        check=True,
        user=user,
        env={"PATH": "/usr/bin:/bin"},
    )
    said = json.loads(done.stdout)
    assert {"seccomp", "closed", "sealed", "limits"} <= set(said["walls"])
    assert [name for name, outcome in said["outcomes"].items() if outcome == "done"] == []
