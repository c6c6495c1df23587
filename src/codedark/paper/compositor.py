"""The caged child that runs typst. Started by `press.py` as a script, so that it imports nothing of codedark.

It gets values on stdin and answers on stdout, in frames of a 4-byte big-endian length and that many bytes. It has no
environment, no key, no file it may write and limits on processor time and memory (architecture decision 15;
security.md, decision 4: values only, never source; the root is the template folder; no packages).

    first frame   settings  JSON {root, fonts, timestamp, cpu_s, memory}
    then jobs     JSON {job: "measure" | "draw", inputs: {name: JSON text}}
    answers       "=" page numbers as JSON, one line; after "draw" the PDF follows
                  "!" the place of an error in the template
"""

from __future__ import annotations

import json
import re
import resource
import struct
import sys
from typing import Any, BinaryIO


def read_frame(source: BinaryIO) -> bytes | None:
    """The next frame, or None at the end."""
    head = source.read(4)
    if len(head) < 4:
        return None
    size: int = struct.unpack(">I", head)[0]
    body = source.read(size)
    return body if len(body) == size else None


def write_frame(sink: BinaryIO, body: bytes) -> None:
    """One frame, flushed."""
    sink.write(struct.pack(">I", len(body)) + body)
    sink.flush()


def cage(cpu_s: int, memory: int) -> None:
    """Limits that hold for the rest of this process: `cpu_s` seconds of processor, `memory` bytes of address space, no
    file written, no core, no child process."""
    for what, limit in (
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (limit, limit))


def main() -> None:
    """Serve jobs until stdin ends."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    first = read_frame(source)
    if first is None:
        return
    settings = json.loads(first)
    import typst

    fonts = typst.Fonts(include_system_fonts=False, font_paths=[settings["fonts"]])
    cage(settings["cpu_s"], settings["memory"])
    while (frame := read_frame(source)) is not None:
        try:
            answer = b"=" + _run(typst, fonts, settings, json.loads(frame))
        except Exception as error:  # typst raises several classes; their text may quote values, their place does not
            place = re.search(r"[a-z]+\.typ:\d+:\d+", str(getattr(error, "diagnostic", error)))
            answer = b"!" + (place[0] if place else type(error).__name__).encode()
        write_frame(sink, answer)


def _run(typst: Any, fonts: Any, settings: dict[str, Any], job: dict[str, Any]) -> bytes:
    root = settings["root"]
    compiler = typst.Compiler(f"{root}/pack.typ", root=root, font_paths=fonts, sys_inputs=job["inputs"])
    if job["job"] == "measure":
        return _last_pages(compiler)
    pdf: bytes = compiler.compile(format="pdf", timestamp=settings["timestamp"], pdf_tags=False)
    return _last_pages(compiler) + b"\n" + pdf  # asked again, typst remembers the layout: a hundredth of a second


def _last_pages(compiler: Any) -> bytes:
    return json.dumps(json.loads(compiler.query("<sheet>", field="value"))).encode()


if __name__ == "__main__":
    main()
