"""The seccomp filters of the cage as classic BPF programs: pure, bytes out.

A program looks at `struct seccomp_data {int nr; u32 arch; u64 instruction_pointer; u64 args[6]}` (linux/seccomp.h) and
returns what the kernel does with the call. Written here rather than taken from libseccomp, because that library is on
few machines, its bindings are not in the wheel index for every Python, and the programs are a hundred comparisons.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from codedark.cage.calls import AUDIT_ARCH, NEWEST, NUMBERS, OPENING

_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_EQUAL, _ABOVE = 0x15, 0x25  # BPF_JMP | BPF_JEQ / BPF_JGT | BPF_K
_AND = 0x54  # BPF_ALU | BPF_AND | BPF_K
_RETURN = 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_ERRNO = 0x00050000

_WRITING = 0o1 | 0o2 | 0o100 | 0o1000 | 0o2000 | 0o20000000  # O_WRONLY O_RDWR O_CREAT O_TRUNC O_APPEND, O_TMPFILE's bit
_CLONE_THREAD = 0x00010000
_EXECUTABLE = 4  # PROT_EXEC
_FD_COMMANDS = (0, 1, 2, 3, 4, 1030, 1032)  # F_DUPFD F_GETFD F_SETFD F_GETFL F_SETFL F_DUPFD_CLOEXEC F_GETPIPE_SZ
_TERMINAL, _CLOSE_ON_EXEC = 0x5401, 0x5451  # TCGETS (Python asks of every file), FIOCLEX
_NAME_THREAD, _NAME_MEMORY = 15, 0x53564D41  # PR_SET_NAME, PR_SET_VMA

Step = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Look:
    """One look at an argument: allow the call when `value(arg & mask)` is among `among` (or, `negated`, is not)."""

    argument: int
    among: tuple[int, ...]
    mask: int = 0xFFFFFFFF
    negated: bool = False


def _conditions(pid: int) -> dict[str, Look]:
    """Calls that are allowed in one shape only: read, never write; threads, never processes; itself, never others."""
    return {
        "open": Look(1, (0,), _WRITING),
        "openat": Look(2, (0,), _WRITING),
        "clone": Look(0, (0,), _CLONE_THREAD, negated=True),
        "tgkill": Look(0, (pid,)),
        "prlimit64": Look(0, (0, pid)),
        "fcntl": Look(1, _FD_COMMANDS),  # no F_SETOWN: it sends signals to others
        "ioctl": Look(1, (_TERMINAL, _CLOSE_ON_EXEC)),
    }


def outer_filter(machine: str, pid: int) -> bytes:
    """What holds before any decoder is loaded: only the calls of `calls.py`, each in its allowed shape.

    `pid`: of the process itself. Raises KeyError for a machine we have no numbers for.
    """
    numbers = NUMBERS[machine]
    conditions = _conditions(pid)
    program = _preamble(machine)
    program += [(_ABOVE, 0, 1, NEWEST), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    # The C library asks for clone3 first; its flags lie in memory, where no filter can look, so it must fall back.
    program += _verdict(numbers["clone3"], _ERRNO | errno.ENOSYS)
    for name, look in conditions.items():
        if name in numbers:
            program += _looked_at(numbers[name], look)
    for name, number in sorted(numbers.items(), key=lambda pair: pair[1]):
        if name not in conditions and name != "clone3":
            program += _verdict(number, _ALLOW)
    return _packed([*program, (_RETURN, 0, 0, _ERRNO | errno.EPERM)])


def inner_filter(machine: str, *, opens: bool, threads: bool) -> bytes:
    """What is taken away on top when the decoder is loaded and warm: new executable memory, further filters; unless
    `opens`, every file by name; unless `threads`, new threads."""
    numbers = NUMBERS[machine]
    denied = {"seccomp"} | (set() if opens else OPENING) | (set() if threads else {"clone"})
    program = _preamble(machine)
    program += _looked_at(numbers["prctl"], Look(0, (_NAME_THREAD, _NAME_MEMORY)))
    program += _looked_at(numbers["mmap"], Look(2, (0,), _EXECUTABLE))
    program += _looked_at(numbers["mprotect"], Look(2, (0,), _EXECUTABLE))
    for name in sorted(denied & numbers.keys()):
        program += _verdict(numbers[name], _ERRNO | errno.EPERM)
    return _packed([*program, (_RETURN, 0, 0, _ALLOW)])


def _preamble(machine: str) -> list[Step]:
    """Another numbering (32-bit, x32) ends the process: the same number would mean another call."""
    return [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
        (_ABOVE, 0, 1, 0x3FFFFFFF),
        (_RETURN, 0, 0, _KILL),
    ]


def _verdict(number: int, verdict: int) -> list[Step]:
    return [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, verdict)]


def _looked_at(number: int, look: Look) -> list[Step]:
    """Skip unless it is this call; then load the low half of the argument and decide for good."""
    body: list[Step] = [(_LOAD, 0, 0, 16 + 8 * look.argument)]
    if look.mask != 0xFFFFFFFF:
        body.append((_AND, 0, 0, look.mask))
    for place, value in enumerate(look.among):
        body.append((_EQUAL, len(look.among) - place, 0, value))
    first, second = _ERRNO | errno.EPERM, _ALLOW
    if look.negated:
        first, second = second, first
    body += [(_RETURN, 0, 0, first), (_RETURN, 0, 0, second)]
    return [(_EQUAL, 0, len(body), number), *body]


def _packed(program: Sequence[Step]) -> bytes:
    """`struct sock_filter {u16 code; u8 jt, jf; u32 k}` each."""
    return b"".join(struct.pack("=HBBI", *step) for step in program)
