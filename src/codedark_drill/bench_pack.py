"""How fast a unit's pack is drawn: codedark's draft of a full unit beside bare typst setting the same values.

The unit is the fullest of a simulated hospital after eight hours of feeds, imported into a node of its own. codedark's
side is what a timer does: read the record, lay out, make the codes, draw in the caged child, journal it, write the
file. The bare side sets the same charts as one plain table for each patient: no strip, no boxes, no codes, no cage.
Rounds are interleaved. Peak memory is that of the child that ran typst.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from codedark.node import deeds_of, draw, open_node

from .drill_node import found_drill_node
from .hospital import Hospital
from .speech import Spoken
from .stage import run as run_command

ROUNDS = 3
_HOURS, _SEED = 8, 7
_HOUR_US = 3_600_000_000
_MESSAGES_A_FILE = 250
_BARE = """
#let patients = json(bytes(sys.inputs.data))
#set page(paper: "us-letter", margin: 12mm)
#set text(font: "Libertinus Serif", size: 10pt)
#for rows in patients {
  table(columns: (1fr, 1fr, 1fr), ..rows.flatten())
  pagebreak(weak: true)
}
#context [#metadata(counter(page).final().first()) <pages>]
"""


def run(short: bool = False) -> dict[str, Any]:
    """`pages_per_s` and `seconds` of codedark and of bare typst (medians), their `ratio` by page, the pack's size, and
    peak memory in MiB. `short`: one round."""
    with tempfile.TemporaryDirectory(prefix="codedark-bench-") as place:
        folder = Path(place) / "node"
        found_drill_node(folder)
        start = (time.time_ns() // 1000) - _HOURS * _HOUR_US
        files = _written(Path(place), list(Hospital(_SEED).messages(start, start + _HOURS * _HOUR_US)))
        run_command("import", *map(str, files), "--folder", str(folder))
        return _measure(folder, 1 if short else ROUNDS)


def _written(place: Path, said: list[Spoken]) -> list[Path]:
    files = []
    for at in range(0, len(said), _MESSAGES_A_FILE):
        files.append(place / f"hospital-{at:06d}.hl7")
        files[-1].write_bytes(b"".join(spoken.data for spoken in said[at : at + _MESSAGES_A_FILE]))
    return files


def _measure(folder: Path, rounds: int) -> dict[str, Any]:
    with open_node(folder) as node:
        node.fold()
        record = deeds_of(node).record
        unit = max(record.units(), key=lambda row: row.patients).unit
        patients = dict.fromkeys(row.patient for row in record.census(unit) if row.patient)
        values = json.dumps([_rows(record.chart(patient)) for patient in patients])
        ours: list[float] = []
        bare: list[float] = []
        for _ in range(rounds):
            seconds, drawn = _timed(lambda: draw(node, unit, as_draft=True))
            ours.append(seconds)
            bare_seconds, bare_pages, bare_mib = _in_child(values)
            bare.append(bare_seconds)
    return _figures(ours, bare, drawn, bare_pages, bare_mib)


def _figures(ours: list[float], bare: list[float], drawn: Any, bare_pages: int, bare_mib: float) -> dict[str, Any]:
    ours_s, bare_s = statistics.median(ours), statistics.median(bare)
    return {
        "patients": drawn.patients,
        "pages": drawn.pages,
        "pdf_kib": len(drawn.pdf) // 1024,
        "seconds": round(ours_s, 2),
        "pages_per_s": round(drawn.pages / ours_s, 1),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
        "bare": {
            "pages": bare_pages,
            "seconds": round(bare_s, 2),
            "pages_per_s": round(bare_pages / bare_s, 1),
            "peak_mib": round(bare_mib),
        },
        "ratio": round((drawn.pages / ours_s) / (bare_pages / bare_s), 2),
        "rounds": len(ours),
    }


def _timed(deed: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    done = deed()
    return time.perf_counter() - begun, done


def _rows(chart: Any) -> list[list[str]]:
    """The chart as rows of three, every value that the pack prints as well."""
    banner = chart.banner
    return [
        [banner.name, banner.birth_date, banner.mrn],
        *([a.substance, ", ".join(a.reactions), a.criticality] for a in chart.allergies),
        *([m.name, f"{m.dose} {m.route}", m.schedule] for m in chart.medications for _ in range(3)),
        *([r.name, f"{r.value} {r.unit} {r.flag}", r.reference] for r in chart.results),
        *([v.name, v.value, v.unit] for v in chart.vitals),
        *([o.name, o.status, o.by] for o in chart.orders),
    ]


def _in_child(values: str) -> tuple[float, int, float]:
    """Seconds, pages and peak MiB of bare typst in a fresh process, its start included as it is on our side."""
    begun = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pages, mib = pool.apply(_bare, (values,))
    return time.perf_counter() - begun, pages, mib


def _bare(values: str) -> tuple[int, float]:
    import typst

    with tempfile.TemporaryDirectory() as place:
        main = Path(place) / "bare.typ"
        main.write_text(_BARE, encoding="utf-8")
        fonts = typst.Fonts(include_system_fonts=False)
        compiler = typst.Compiler(str(main), root=place, font_paths=fonts, sys_inputs={"data": values})
        compiler.compile(format="pdf", pdf_tags=False, timestamp=0)
        pages = json.loads(compiler.query("<pages>", field="value"))[
            0
        ]  # the layout is remembered: this is no second one
    return int(pages), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
