"""The trade of the caged child that runs typst (room `cage`); it imports nothing of the house.

It gets values and answers with a PDF. It has no environment, no key, no network, no file it may write, and reads only
the fonts and the template (architecture decision 15; security.md, decision 4: values only, never source; the root is
the template folder; no packages).

    jobs      {job: "measure" | "draw", inputs: {name: JSON text}}
    answers   {pages: last physical page of each sheet}, after "draw" with the PDF; or {place: of the template's error}
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import typst

Work = Callable[[dict[str, Any], bytes], Iterator[tuple[dict[str, Any], bytes]]]


def prepare(settings: dict[str, Any]) -> Work:
    """`settings`: {root, fonts, timestamp}. Loads the fonts once for all jobs."""
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[settings["fonts"]])

    def work(job: dict[str, Any], blob: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
        try:
            yield _run(fonts, settings, job)
        except Exception as error:  # typst raises several classes; their text may quote values, their place does not
            place = re.search(r"[a-z]+\.typ:\d+:\d+", str(getattr(error, "diagnostic", error)))
            yield {"place": place[0] if place else type(error).__name__}, b""

    return work


def _run(fonts: Any, settings: dict[str, Any], job: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    root = settings["root"]
    compiler = typst.Compiler(f"{root}/pack.typ", root=root, font_paths=fonts, sys_inputs=job["inputs"])
    if job["job"] == "measure":
        return _last_pages(compiler), b""
    pdf: Any = compiler.compile(format="pdf", timestamp=settings["timestamp"], pdf_tags=False)
    return _last_pages(compiler), pdf  # asked again, typst remembers the layout: a hundredth of a second


def _last_pages(compiler: Any) -> dict[str, Any]:
    return {"pages": json.loads(compiler.query("<sheet>", field="value"))}
