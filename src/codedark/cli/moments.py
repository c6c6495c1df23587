"""Times as the command line says them: how long ago, and when."""

from __future__ import annotations

from datetime import UTC, datetime

from codedark.clock import SystemClock
from codedark.errors import ConfigError


def clock_now_us() -> int:
    """Now, µs UTC, from the machine's clock: commands are an edge of the house."""
    return SystemClock().now_us()


def moment_us(text: str) -> int:
    """µs UTC of `2026-11-24T03:12-05:00`. Raises ConfigError without an offset: an assumed zone would be a guess."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ConfigError(f"{text!r} is no moment", hint="Write it as 2026-11-24T03:12-05:00, with the offset or Z.")
    return int(moment.timestamp() * 1_000_000)


def ago(then_us: int | None, now_us: int) -> str:
    """`3 min ago`; `never` for None; a time ahead of now is said to be so, never shown as fresh."""
    if then_us is None:
        return "never"
    seconds = (now_us - then_us) // 1_000_000
    if seconds < -300:
        return f"{-seconds // 60} min AHEAD of this clock"
    for size, word in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {word} ago"
    return f"{max(seconds, 0)} s ago"


def when(then_us: int | None) -> str:
    """`24-Nov-2026 03:12 UTC`, or `never`."""
    if then_us is None:
        return "never"
    return datetime.fromtimestamp(then_us / 1e6, UTC).strftime("%d-%b-%Y %H:%M UTC")
