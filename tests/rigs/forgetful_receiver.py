"""The negative control of the kill test: a receiver that answers first and keeps later, and forgets what it has seen.

Usage: forgetful_receiver.py PORT FILE. It acknowledges at once, writes control ids to FILE eight at a time, and knows
no duplicates: under kill -9 it must lose acknowledged messages, and after resends it must hold some twice.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

BATCH = 8


@dataclass
class Forgetful:
    """A `Receiver` for `kill_under_load`: this very file, run as a process."""

    port: int
    file: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, __file__, str(self.port), str(self.file)])

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def kept(self) -> list[str]:
        return self.file.read_text().split() if self.file.exists() else []


async def listen(port: int, file: Path) -> None:
    waiting: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while frame := await reader.readuntil(b"\x1c\r"):
                control = frame.split(b"\r", 1)[0].split(b"|")[9].decode()
                writer.write(f"\x0bMSH|^~\\&|R|R|S|S|||ACK|1|P|2.5.1\rMSA|AA|{control}\r\x1c\r".encode())
                waiting.append(control)
                if len(waiting) >= BATCH:
                    with file.open("a") as kept:
                        kept.write("\n".join(waiting) + "\n")
                    waiting.clear()
        except (EOFError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(listen(int(sys.argv[1]), Path(sys.argv[2])))
