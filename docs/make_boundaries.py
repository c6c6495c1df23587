"""Draw docs/pictures/boundaries.svg: what is trusted with what, and where something crosses a boundary.

Usage: .venv/bin/python docs/make_boundaries.py
The picture is plain SVG from the table below, so that a change of it can be reviewed as text.
"""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape  # nosec B406: writes, reads nothing

TO = Path(__file__).parent / "pictures/boundaries.svg"
WIDTH, HEIGHT = 1240, 720
INK, SOFT, LINE = "#1b2430", "#51606f", "#8a97a5"
ZONES = (
    # x, y, width, height, title, fill, dashed
    (20, 50, 300, 640, "Hospital network: taken for hostile", "#fbeceb", True),
    (400, 50, 460, 640, "The node: one machine, one user, no domain", "#eef3f8", True),
    (940, 50, 280, 640, "Elsewhere", "#f1f5ee", True),
)
BOXES = (
    # x, y, width, height, title, lines
    (
        45,
        95,
        250,
        112,
        "EHR and other feeds",
        ("HL7 v2 over MLLP", "TLS where declared", "its FHIR server, asked by us (3a)"),
    ),
    (
        45,
        225,
        250,
        112,
        "Ward PCs",
        ("any browser, no script needed", "root.pem installed, nothing else", "programs at /fhir (2a)"),
    ),
    (
        45,
        355,
        250,
        112,
        "Printers, scanners",
        ("sheets with code and MAC", "ward stations: sealed packs (6a)", "declared printers (6b)"),
    ),
    (45, 485, 250, 92, "Files of others", ("exports, PDFs, scans", "opened in the cage only")),
    (420, 95, 200, 112, "keeper", ("hears, appends, signs", "all keys; gives each child", "only its own")),
    (420, 235, 200, 112, "web", ("pages, /fhir over TLS", "views, cookie, sheet keys", "stations: no key to a pack")),
    (420, 355, 200, 92, "fold, packs", ("facility and views keys", "open no network")),
    (420, 485, 200, 92, "cage", ("typst, decoders: no key,", "no network, no files")),
    (650, 95, 190, 112, "journal/", ("sealed, chained, signed", "no patient in a header")),
    (650, 235, 190, 92, "views/ snapshots/", ("encrypted, disposable",)),
    (650, 355, 190, 92, "keys/", ("0600, or bound to the TPM",)),
    (650, 485, 190, 92, "packs/", ("sealed to the unit's card;", "plain without an envelope")),
    (420, 605, 420, 62, "console", ("the machine's account and a person's password, or three cards",)),
    (960, 95, 240, 92, "Second machine", ("no key: pulls, verifies,", "cosigns, alarms")),
    (960, 225, 240, 92, "Five cards", ("any three are the root;", "never needed to operate")),
    (960, 355, 240, 92, "Unit envelope", ("with the controlled drugs;", "ten codes, one witness")),
    (960, 485, 240, 92, "Release keys", ("two of three sign a bundle;", "it comes on a stick")),
)
CROSSINGS = (
    # number, from x, y to x, y
    (1, 295, 141, 420, 141),
    (2, 295, 271, 420, 271),
    (3, 520, 207, 520, 235),
    (4, 295, 531, 420, 531),
    (5, 620, 141, 650, 141),
    (6, 420, 401, 295, 401),
    (7, 840, 141, 960, 141),
    (8, 960, 531, 840, 636),
    (9, 960, 271, 840, 620),
)


def drawing() -> str:
    """The whole SVG."""
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
        "<title>Trust boundaries of a node</title>",
        '<defs><marker id="a" markerWidth="9" markerHeight="9" refX="8" refY="4" orient="auto">',
        f'<path d="M0 0L9 4L0 8z" fill="{INK}"/></marker></defs>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(20, 32, "Where trust changes: the numbers are the rows of the table", 18, INK, bold=True),
    ]
    out += [part for zone in ZONES for part in _zone(*zone)]
    out += [part for box in BOXES for part in _box(*box)]
    out += [part for crossing in CROSSINGS for part in _crossing(*crossing)]
    return "\n".join([*out, "</svg>"]) + "\n"


def _zone(x: int, y: int, width: int, height: int, title: str, fill: str, dashed: bool) -> list[str]:
    dash = ' stroke-dasharray="7 5"' if dashed else ""
    return [
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="12" fill="{fill}" stroke="{LINE}"{dash}/>',
        _text(x + 16, y + 28, title, 15, INK, bold=True),
    ]


def _box(x: int, y: int, width: int, height: int, title: str, lines: tuple[str, ...]) -> list[str]:
    out = [f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="7" fill="#ffffff" stroke="{INK}"/>']
    out.append(_text(x + 12, y + 24, title, 15, INK, bold=True))
    return out + [_text(x + 12, y + 46 + 20 * number, line, 13, SOFT) for number, line in enumerate(lines)]


def _crossing(number: int, x1: int, y1: int, x2: int, y2: int) -> list[str]:
    x, y = (x1 + x2) // 2, (y1 + y2) // 2
    return [
        f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{INK}" stroke-width="2" marker-end="url(#a)"/>',
        f'<circle cx="{x}" cy="{y}" r="12" fill="{INK}"/>',
        _text(x - 4, y + 5, str(number), 14, "#ffffff", bold=True),
    ]


def _text(x: int, y: int, words: str, size: int, fill: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x}" y="{y}" font-size="{size}"{weight} fill="{fill}">{escape(words)}</text>'


if __name__ == "__main__":
    TO.write_text(drawing(), "utf-8")
