"""Times as the command line says them: how long ago, and when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from codedark.errors import ConfigError


def moment_us(text: str) -> int:
    """µs UTC of `2026-11-24T03:12-05:00`. Raises ConfigError without an offset: an assumed zone would be a guess."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ConfigError(f"{text!r} is no moment", hint="Write it as 2026-11-24T03:12-05:00, with the offset or Z.")
    return int(moment.timestamp() * 1_000_000)


def ago(then_us: int | None, clock: Mapping[str, Any]) -> str:
    """`3 min ago`; `never` for None. By a `clock` (of `standing`) that is not trusted, or that says that this lies
    ahead, the time itself: an age could be fresher than true.
    """
    if then_us is None:
        return "never"
    seconds = (clock["now_us"] - then_us) // 1_000_000
    if not clock["trusted"] or seconds < 0:
        return f"at {when(then_us)}"
    for size, word in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {word} ago"
    return f"{seconds} s ago"


def when(then_us: int | None) -> str:
    """`24-Nov-2026 03:12 UTC`, or `never`."""
    if then_us is None:
        return "never"
    return datetime.fromtimestamp(then_us / 1e6, UTC).strftime("%d-%b-%Y %H:%M UTC")


def untrusted(clock: Mapping[str, Any]) -> list[str]:
    """The line that says so, when the clock is not trusted."""
    return [] if clock["trusted"] else [f"clock     NOT TRUSTED: {clock['reason']}; ages are not told"]
