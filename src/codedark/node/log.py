"""What the processes say: one JSON object a line on stderr, and never anything about a patient.

The promise is kept by shape, not by care: only keys named here pass, and only values that are short words or numbers.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

KEYS = frozenset(
    "event level timestamp process feed position kind count port host seconds reason code pid pages size error "  # noqa: SIM905
    "where unit role entries behind attempt fold number place hint".split()
)
"""The only keys a log line may have."""

_WORD = re.compile(r"[\w .,:;/()<>=+-]{0,160}")


def redact(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop keys that are not known and values that are not a number or a short plain word; say how many went."""
    kept: dict[str, Any] = {}
    for key, value in line.items():
        plain = isinstance(value, bool | int | float) or (isinstance(value, str) and _WORD.fullmatch(value))
        if key in KEYS and plain:
            kept[key] = value
    if len(kept) < len(line):
        kept["redacted"] = len(line) - len(kept)
    return kept


def start_log(process: str) -> structlog.typing.FilteringBoundLogger:
    """The log of one process; foreign libraries' logging is silenced below WARNING and loses its message."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger().bind(process=process)
    logging.basicConfig(handlers=[_Foreign(log)], level=logging.WARNING, force=True)
    return log


class _Foreign(logging.Handler):
    """Says that a library complained, and where, without its words: they may quote what it was given."""

    def __init__(self, log: structlog.typing.FilteringBoundLogger) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        error = type(record.exc_info[1]).__name__ if record.exc_info and record.exc_info[1] else ""
        self._log.warning("library", where=f"{record.name}:{record.lineno}", error=error)


def where(error: BaseException) -> str:
    """`file.py:line function` of the innermost frame of ours (else of anybody): the place, not what was in it."""
    trace, found, any_place = error.__traceback__, "", ""
    while trace is not None:
        code = trace.tb_frame.f_code
        any_place = f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno} {code.co_name}"
        found = any_place if "codedark" in code.co_filename else found
        trace = trace.tb_next
    return found or any_place
