"""A process that holds keys: no core dump, no debugger of another user, ends with its parent.

Root on the live machine reads everything all the same (docs/why/threat-model.md says so).
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4


def keep_memory_private() -> None:
    """Core size 0 and `PR_SET_DUMPABLE` 0 (prctl(2)); also makes /proc/self/mem unreadable to the same user."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(_PR_SET_DUMPABLE, 0)
    os.umask(0o077)


def open_many_files(most: int = 65_536) -> None:
    """As many open files as the system lets this process have, up to `most`: each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def end_with_parent() -> None:
    """Let the kernel stop this process when its parent is gone, so that no child outlives a killed keeper."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _prctl(option: int, value: int) -> None:
    try:
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
    except (OSError, AttributeError):  # not Linux: the limits above still hold
        return
