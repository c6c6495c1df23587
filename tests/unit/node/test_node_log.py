"""The log never has anything about a patient: only known keys pass, and only plain short words and numbers."""

from __future__ import annotations

from codedark.node.log import redact, where


def test_a_key_that_is_not_known_does_not_pass() -> None:
    assert redact(None, "info", {"event": "kept", "patient": "MARLOWE"}) == {"event": "kept", "redacted": 1}


def test_bytes_objects_and_long_text_do_not_pass() -> None:
    line = {"event": "kept", "reason": "x" * 161, "size": b"PID|1", "error": {"a": 1}}
    assert redact(None, "info", line) == {"event": "kept", "redacted": 3}


def test_text_with_hl7_or_control_characters_does_not_pass() -> None:
    assert redact(None, "info", {"reason": "PID|1||7", "where": "a\x1b[31m"}) == {"redacted": 2}


def test_words_and_numbers_pass() -> None:
    line = {"event": "listening", "port": 2575, "feed": "ehr", "seconds": 0.5}
    assert redact(None, "info", dict(line)) == line


def test_the_place_of_an_error_is_said_without_its_words() -> None:
    try:
        raise ValueError("MARLOWE^Ada")
    except ValueError as error:
        place = where(error)
    assert "test_the_place_of_an_error" in place
    assert "MARLOWE" not in place
