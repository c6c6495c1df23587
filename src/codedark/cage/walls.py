"""The walls of the cage, in the order they are raised, and what a kernel has to raise them with.

Two rings. The outer one stands before any decoder is loaded, while the process has one thread, so that every thread it
ever has is inside; the decoder's code can then be read, nothing else. The inner one closes when the decoder is warm:
no file can be opened at all (unless the trade reads files, like fonts), no memory made executable.

    what is denied   by
    network          seccomp (no socket call) + a network namespace without interfaces + Landlock (TCP, ABI 4)
    files, keys      Landlock (only the code and what the trade reads) and the inner seccomp filter (no open)
    writing          seccomp (open for reading only) + Landlock + RLIMIT_FSIZE 0
    processes        seccomp (clone only as a thread, no exec, no ptrace, no signal to others) + no new privileges
    memory, time     RLIMIT_AS, RLIMIT_CPU; the parent's own clock ends what sleeps
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import sysconfig
from pathlib import Path

from codedark.cage import kernel
from codedark.cage.filters import inner_filter, outer_filter

OPEN_FILES = 64


def code_places() -> tuple[Path, ...]:
    """Where the interpreter and its packages lie: all that may be read while a decoder is loaded."""
    paths = sysconfig.get_paths()
    base = Path(sys.base_prefix)
    named: list[str | Path] = [paths["stdlib"], paths["platstdlib"], paths["purelib"], paths["platlib"], base / "lib"]
    named += ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"]
    named += [*Path(__file__).parents[:1], "/dev/null", "/dev/urandom", "/sys/devices/system/cpu"]
    return tuple(dict.fromkeys(Path(each) for each in named))


def raise_outer(readable: tuple[Path, ...], *, memory: int, cpu_s: int) -> list[str]:
    """The outer ring. `memory`: bytes of address space; `cpu_s`: processor seconds of the whole life. Returns the
    names of the walls that stand; one that the kernel lacks is missing there, one that fails otherwise raises."""
    standing = ["limits"]
    kernel.not_dumpable()
    if _namespaces():
        standing.append("namespaces")
    with contextlib.suppress(OSError, KeyError):
        kernel.drop_capabilities()
        standing.append("capabilities")
    _limit(memory, cpu_s)
    kernel.no_new_privileges()
    version = kernel.landlock_version()
    if version:
        kernel.landlock((*code_places(), *readable), version)
        standing.append("landlock")
    if kernel.seccomp_available():
        kernel.seccomp(outer_filter(kernel.machine(), os.getpid()))
        standing.append("seccomp")
    return standing


def close_inner(*, opens: bool, threads: bool) -> list[str]:
    """The inner ring, in every thread. Returns the names of what stands: `closed`, and `sealed` when nothing can be
    opened any more."""
    if not kernel.seccomp_available():
        return []
    if not threads:
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    kernel.seccomp(inner_filter(kernel.machine(), opens=opens, threads=threads))
    return ["closed"] if opens else ["closed", "sealed"]


def _namespaces() -> bool:
    """Away from the network; root may do so where unprivileged users may not."""
    for as_root in (False, True):
        try:
            kernel.leave_namespaces(as_root=as_root)
        except OSError:
            continue
        return True
    return False


def _limit(memory: int, cpu_s: int) -> None:
    for what, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_MEMLOCK, 0),
    ):
        resource.setrlimit(what, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
