"""Passwords as they come to a command: asked for on a terminal, or from a file or stdin; never an argument."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from codedark.cli.output import Output
from codedark.errors import ConfigError, NotFound

Named = tuple[str, Path | None]
"""A log-in, and the file that its password is read from (None: it is asked for)."""


def new_password(output: Output, source: Path | None) -> str:
    """A new password, asked for twice on a terminal."""
    return _password(output, source, "Password for this account", twice=True)


def known_password(output: Output, source: Path | None, login: str) -> str:
    """The password of an account that exists."""
    return _password(output, source, f"Password of {login}", twice=False)


def _password(output: Output, source: Path | None, words: str, *, twice: bool) -> str:
    if source is not None:
        return _from(source)
    if not sys.stdin.isatty():
        raise ConfigError(
            "there is no terminal to ask for a password on",
            hint="Add --password-file FILE ('-': stdin); for a release key --passphrase-file.",
        )
    return str(typer.prompt(words, hide_input=True, confirmation_prompt=twice, err=True))


def _from(source: Path) -> str:
    try:
        text = sys.stdin.readline() if str(source) == "-" else source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotFound(f"the password file {source} cannot be read: {type(error).__name__}") from error
    return text.rstrip("\r\n")


def passphrase(source: Path | None, *, twice: bool) -> bytes:
    """The passphrase of a release key: asked for, or from a file. Raises ConfigError for an empty one."""
    words = _password(Output(False), source, "Passphrase of this release key", twice=twice)
    if not words:
        raise ConfigError("a release key has a passphrase", hint="Four unrelated words are long enough.")
    return words.encode()


def card_key(output: Output) -> str:
    """The key from a unit's card: asked for without showing it, or one line of stdin."""
    if sys.stdin.isatty():
        return str(typer.prompt("key on the card", hide_input=True, err=True))
    output.say("reading the card's key from stdin")
    return sys.stdin.readline().strip()


def given_cards(source: Path | None, count: int = 3) -> list[str]:
    """The words of three cards: asked for one by one, or the lines of a file. A number before the words is left out."""
    if source is None and not sys.stdin.isatty():
        raise ConfigError("there is no terminal to ask for cards on", hint="Add --cards-file FILE ('-': stdin).")
    if source is None:
        return [
            str(typer.prompt(f"Card {number} of {count}", hide_input=True, err=True)) for number in range(1, count + 1)
        ]
    try:
        text = sys.stdin.read() if str(source) == "-" else source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotFound(f"the file {source} cannot be read: {type(error).__name__}") from error
    return [line.lstrip("0123456789. ") for line in text.splitlines() if len(line.split()) > 20]


def credentials(output: Output, login: str, source: Path | None) -> tuple[str, str] | None:
    """Log-in and password of somebody who acts here; None when nobody was named."""
    return (login, known_password(output, source, login)) if login else None


def two_people(output: Output, author: Named, second: Named) -> tuple[tuple[str, str], tuple[str, str]]:
    """Log-ins and passwords of the author and of who approves. Raises ConfigError when one of them is not named."""
    me, other = credentials(output, *author), credentials(output, *second)
    if me is None or other is None:
        raise ConfigError("this takes two people", hint="Name both: --as LOGIN --with LOGIN.")
    return me, other
