"""What the file itself says, beside the record's pages: each sentence in each of its languages."""

from __future__ import annotations

from collections.abc import Iterable

from codedark.tongue import noted, tongue

WORDS = {
    "skip": noted("Skip to the record"),
    "demo": noted("DEMO · invented patients · never use for care"),
    "pages": noted("Pages"),
    "state": noted("State of the record"),
    "beds": noted("Beds"),
    "search": noted("Search by name, MRN, birth date or bed"),
    "search_go": noted("Search"),
    "found": noted("{} found"),
    "print": noted("Print this page"),
    "print_all": noted("Print whole unit"),
    "lock": noted("Lock"),
    "key": noted("Key on the unit's card"),
    "key_hint": noted(
        "It begins with AGE-SECRET-KEY-1. Put the cursor here and scan the card's QR with a hand-held scanner, or type "
        "or paste it. The card lies in the unit's envelope, with the controlled drugs."
    ),
    "unveil": noted("Show what I type"),
    "open": noted("Open"),
    "code": noted("Code of this file:"),
    "code_hint": noted(
        "Compare it with the code on the cover of the printed pack of the same round, or with what the node told. "
        "Another code: another round, or another maker. Then do not use this file."
    ),
    "made": noted("Made {}. Replace by {}."),
    "typed_wrongly": noted(
        "This is no key of a unit's card: a character is wrong or missing. Scan it, or type it again."
    ),
    "refused": noted("This key does not open this file, or the file was changed. Nothing of it is shown."),
    "altered": noted("This file was changed after it was made. Nothing of it is shown."),
    "part_altered": noted("This patient's part of the file was changed or damaged. Nothing of it is shown."),
    "next_copy": noted(
        "The next copy: the ward station, another stick with the newest file of this unit, or the printed unit book. "
        "If a node answers, its screen is newer than any of them."
    ),
    "damaged": noted("{} of this file's patients cannot be shown: their part was changed or damaged."),
    "expired": noted(
        "OLD FILE: a newer one was due {}. Look for it first. What was heard until then still stands below."
    ),
    "clock_behind": noted(
        "CLOCK NOT TRUSTED: this device's clock stands before the moment at which this file was made, so no age is "
        "told. Compare with a wall clock."
    ),
    "clock_then": noted(
        "CLOCK NOT TRUSTED: the node's clock was not trusted when it made this file. No age is told. Compare with a "
        "wall clock."
    ),
    "age": noted("({} ago by this device's clock)"),
    "age_unknown": noted("(age not known)"),
    "test": noted("Can this device open it?"),
    "test_hint": noted("The test opens a sealed sentence that is about nobody. It needs no card."),
    "test_run": noted("Test this device"),
    "test_yes": noted("YES: this device can open the file."),
    "test_no": noted("NO: this device cannot open the file. Use another browser or device. It failed at: {}"),
    "test_age": noted("age decryption"),
    "test_gzip": noted("unpacking"),
    "test_page": noted("drawing"),
    "help_text": noted("/ search · g w beds · j k next and previous bed · Enter open · p print · ? this line"),
    "no_trace": noted("Nothing is sent, and nothing is kept by the browser. Who opens this file is in no read log."),
}  # fmt: skip


def worded(languages: Iterable[str]) -> dict[str, dict[str, str]]:
    """language → name → sentence."""
    return {code: {name: tongue(code).gettext(text) for name, text in WORDS.items()} for code in languages}
