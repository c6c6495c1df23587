"""A node as it really runs: processes, signals, kills."""

from __future__ import annotations

import os
import signal
import ssl
import time
import urllib.request
from pathlib import Path

import pytest
from node_rig import PATIENCE_S, codedark, gone, message, new_node, running, say

from codedark.access import load_node_keys
from codedark.journal import DoorClient
from codedark.node import Config


def _page(port: int, trust: ssl.SSLContext) -> str:
    """The log-in page, as soon as the port is open. Raises what TLS says."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            with urllib.request.urlopen(f"https://127.0.0.1:{port}/login", context=trust) as page:
                return str(page.read().decode())
        except OSError as error:
            if "refused" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return new_node(tmp_path / "n")


def _patients(folder: Path, at_least: int) -> int:
    """Patients in the views, once they are that many."""
    until = time.monotonic() + PATIENCE_S
    while True:
        count = codedark("status", "--json", "-f", folder).object["patients"]
        if (count or 0) >= at_least or time.monotonic() > until:
            return int(count or 0)


def test_a_message_goes_from_the_wire_into_the_views(folder: Path) -> None:
    with running(folder) as node:
        assert say(node.port, message(1), message(2)) == ["AA", "AA"]
        assert _patients(folder, 2) == 2
        assert node.stop() == 0


def test_a_second_node_is_refused(folder: Path) -> None:
    with running(folder):
        done = codedark("listen", "-f", folder)
    assert done.code == 26
    assert "another node has this folder" in done.err


def test_sigterm_closes_the_door_and_gives_the_lock_back(folder: Path) -> None:
    with running(folder) as node:
        fold = node.child("fold")
        assert node.stop() == 0
        assert not node.layout.door.exists()
    assert gone(fold)
    with running(folder) as again:
        assert again.stop() == 0


def test_what_was_acknowledged_is_there_after_kill_nine(folder: Path) -> None:
    with running(folder) as node:
        acknowledged = say(node.port, *(message(number) for number in range(1, 51)))
        fold = node.child("fold")
        node.kill()
    assert gone(fold)
    with running(folder) as again:
        door = DoorClient(again.layout.door)
        assert door.status()["entries"]["hl7.received"] == len(acknowledged) == 50
        door.close()
        assert _patients(folder, 50) == 50


def test_a_message_that_is_sent_again_after_a_kill_is_kept_once(folder: Path) -> None:
    with running(folder) as node:
        assert say(node.port, message(1)) == ["AA"]
        node.kill()
    with running(folder) as again:
        assert say(again.port, message(1)) == ["AA"]
    assert codedark("status", "--json", "-f", folder).object["entries"]["hl7.received"] == 1


def test_a_child_that_dies_comes_back(folder: Path) -> None:
    with running(folder) as node:
        os.kill(node.child("fold"), signal.SIGKILL)
        node.wait_for("child started", 2, role="fold")
        assert say(node.port, message(1)) == ["AA"]
        assert _patients(folder, 1) == 1


def test_no_key_is_in_the_arguments_or_the_environment_of_a_child(folder: Path) -> None:
    keys = load_node_keys(folder)
    with running(folder) as node:
        place = Path("/proc") / str(node.child("fold"))
        seen = (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
    secrets = [keys.facility_secret.encode(), keys.views_key.hex().encode(), keys.views_key]
    assert b"codedark.node.child" in seen
    assert not any(secret in seen for secret in secrets)


def test_the_pages_are_served_over_tls_from_the_nodes_own_authority(folder: Path) -> None:
    trust = ssl.create_default_context(cafile=str(folder / "keys" / "root.pem"))
    with running(folder, "serve") as node:
        text = _page(Config.load(folder).web.port, trust)
        assert node.stop() == 0
    assert "Waterbury" in text
    assert "DEMO" in text


def test_a_stranger_to_the_authority_is_not_trusted(folder: Path) -> None:
    """The control: without the node's root the same page does not open."""
    with running(folder, "serve"), pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        _page(Config.load(folder).web.port, ssl.create_default_context())


def test_a_command_works_through_the_running_node(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "one.hl7").write_bytes(message(7))
    with running(folder) as node:
        done = codedark("import", tmp_path / "one.hl7", "-f", folder, "--json")
        assert done.object["entries"] == 1
        assert _patients(folder, 1) == 1
        assert node.stop() == 0


def test_the_log_has_no_patient_in_it(folder: Path) -> None:
    with running(folder) as node:
        say(node.port, message(1), b"MSH|^~\\&|x\rPID|1||MARLOWE", b"PID|MARLOWE")
        _patients(folder, 1)
        node.stop()
        log = (folder / "run" / "listen.log").read_text()
    assert "listening" in log
    assert "MARLOWE" not in log


def test_what_the_file_says_of_a_feed_becomes_an_entry_at_the_next_start(folder: Path) -> None:
    text = (folder / "codedark.toml").read_text()
    (folder / "codedark.toml").write_text(text.replace("expected_s = 0", "expected_s = 120"))
    with running(folder) as node:
        assert say(node.port, message(1)) == ["AA"]
        assert _patients(folder, 1) == 1
        node.stop()
    feeds = codedark("status", "--json", "-f", folder).object["feeds"]
    assert [(feed["name"], feed["expected_s"]) for feed in feeds] == [("ehr", 120)]


def test_a_start_that_changes_no_feed_enters_no_setting(folder: Path) -> None:
    before = codedark("status", "--json", "-f", folder).object["entries"]["config.set"]
    with running(folder) as node:
        node.stop()
    assert codedark("status", "--json", "-f", folder).object["entries"]["config.set"] == before
