"""The keeper's children: started with an order on their stdin, started again when they fail, stopped with the node."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from dataclasses import dataclass

import structlog

from codedark.node.order import Order

_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
_STEADY_S = 60.0
_GRACE_S = 8.0


@dataclass(frozen=True, slots=True)
class Role:
    """What a child does: `fold`, `web`, `packs`, `exports` or `stations` (see `codedark.node.child`), and its order."""

    name: str
    order: Order


class Child:
    """One process that must not stay away: it comes back after a crash, each time after a longer wait, up to 30 s."""

    def __init__(self, role: Role, log: structlog.typing.FilteringBoundLogger) -> None:
        self.role = role
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    def start(self) -> None:
        """Begin to keep it running."""
        self._task = asyncio.get_running_loop().create_task(self._keep(), name=f"child-{self.role.name}")

    async def stop(self) -> None:
        """SIGTERM, a few seconds, then SIGKILL."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await end(self._process)

    async def _keep(self) -> None:
        loop, wait = asyncio.get_running_loop(), _FIRST_WAIT_S
        while True:
            begun = loop.time()
            self._process = await launch(self.role)
            self.starts += 1
            self._log.info("child started", role=self.role.name, pid=self._process.pid, attempt=self.starts)
            code = await self._process.wait()
            wait = _FIRST_WAIT_S if loop.time() - begun > _STEADY_S else wait
            self._log.error("child ended", role=self.role.name, code=code, seconds=round(wait, 1))
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT_S)


async def launch(role: Role) -> asyncio.subprocess.Process:
    """Start one child and hand it its order. The pipe stays open for the child's life."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "codedark.node.child", role.name, stdin=asyncio.subprocess.PIPE
    )
    if process.stdin is not None:
        with contextlib.suppress(ConnectionError):
            process.stdin.write(role.order.packed())
            await process.stdin.drain()
    return process


async def end(process: asyncio.subprocess.Process | None) -> None:
    """Ask a process to end, then make it."""
    if process is None or process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _GRACE_S)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
