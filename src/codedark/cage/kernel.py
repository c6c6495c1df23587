"""The few system calls that raise the walls, by number, as `ctypes` makes them. Linux on x86_64 and aarch64 only.

Sources: landlock(7), seccomp(2), prctl(2), unshare(2), capset(2). Each function raises OSError as the kernel answers.
"""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

_SECCOMP = {"x86_64": 317, "aarch64": 277}
_CAPSET = {"x86_64": 126, "aarch64": 91}
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446  # one number on every machine

_NEW_UTS, _NEW_IPC, _NEW_USER, _NEW_NET = 0x04000000, 0x08000000, 0x10000000, 0x40000000
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38
_SECCOMP_SET_FILTER, _SECCOMP_ACTION_AVAILABLE, _TSYNC = 1, 2, 1
_ERRNO_ACTION = 0x00050000

_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
"""Landlock ABI → how many of the rights to files exist from then on (they are bits from 0 up)."""
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_TCP = 0b11  # LANDLOCK_ACCESS_NET_BIND_TCP, _CONNECT_TCP, from ABI 4
_SCOPES = 0b11  # LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, _SIGNAL, from ABI 6


def machine() -> str:
    """`x86_64`, `aarch64`, or another that the cage does not know."""
    return os.uname().machine


def _call(number: int, *arguments: object) -> int:
    library = ctypes.CDLL(None, use_errno=True)
    result: int = library.syscall(ctypes.c_long(number), *arguments)
    return _checked(result)


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def no_new_privileges() -> None:
    """No program started from here on gains rights by its file; a filter may then be set without root."""
    _checked(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def not_dumpable() -> None:
    """No core, no debugger of the same user."""
    _checked(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0))


def leave_namespaces(*, as_root: bool) -> None:
    """A network without any interface, no shared memory segments of others; a user of its own unless `as_root`."""
    wanted = _NEW_NET | _NEW_IPC | _NEW_UTS | (0 if as_root else _NEW_USER)
    _checked(ctypes.CDLL(None, use_errno=True).unshare(wanted))


def drop_capabilities() -> None:
    """Give up every capability of this thread, which must be the only one."""
    header = ctypes.create_string_buffer(struct.pack("=Ii", 0x20080522, 0))  # _LINUX_CAPABILITY_VERSION_3, itself
    _call(_CAPSET[machine()], header, ctypes.create_string_buffer(bytes(24)))


def landlock_version() -> int:
    """The kernel's Landlock ABI; 0 when it has none or it is switched off."""
    try:
        return _call(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    except OSError:
        return 0


def seccomp_available() -> bool:
    """Whether the kernel takes filters that deny with an error number."""
    if machine() not in _SECCOMP:
        return False
    try:
        action = ctypes.byref(ctypes.c_uint32(_ERRNO_ACTION))
        return _call(_SECCOMP[machine()], _SECCOMP_ACTION_AVAILABLE, 0, action) == 0
    except OSError:
        return False


def landlock(readable: tuple[Path, ...], version: int) -> None:
    """From here on only files under `readable` can be opened, for reading only, and no TCP port bound or connected to
    (ABI 4); abstract sockets and signals end at the cage (ABI 6). Holds for this thread and what it starts."""
    rights = (1 << max(count for abi, count in _FILE_RIGHTS.items() if abi <= version)) - 1
    rules = struct.pack("=QQQ", rights, _TCP if version >= 4 else 0, _SCOPES if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = _call(_LANDLOCK_CREATE, ctypes.create_string_buffer(rules[:size], size), ctypes.c_size_t(size), 0)
    try:
        for place in readable:
            _allow_reading(ruleset, place)
        _call(_LANDLOCK_RESTRICT, ctypes.c_int(ruleset), 0)
    finally:
        os.close(ruleset)


def _allow_reading(ruleset: int, place: Path) -> None:
    try:
        handle = os.open(place, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        rights = _READ_FILE | (_READ_FOLDER if place.is_dir() else 0)
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, handle), 12)
        _call(_LANDLOCK_ADD, ctypes.c_int(ruleset), 1, rule, 0)  # LANDLOCK_RULE_PATH_BENEATH
    finally:
        os.close(handle)


def seccomp(program: bytes) -> None:
    """Put `program` (classic BPF) before every further system call, in all threads of this process."""
    steps = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("@HP", len(program) // 8, ctypes.addressof(steps))
    blocked = _call(_SECCOMP[machine()], _SECCOMP_SET_FILTER, _TSYNC, ctypes.create_string_buffer(head, len(head)))
    if blocked:  # with TSYNC the kernel answers with the thread that could not follow
        raise OSError(1, "a thread kept out of the filter")
