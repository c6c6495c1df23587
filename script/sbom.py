"""The bill of materials (CycloneDX 1.6) and the list of everything pinned, both from requirements.lock.

Usage: .venv/bin/python script/sbom.py [--check | --product]
Writes docs/reference/sbom.cdx.json and the table at the end of docs/why/dependencies.md. The same lock gives the same
bytes. With --check nothing is written; exit 1 names what is not as the lock says. With --product: the lock of what runs
alone, on stdout, for script/release.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
SBOM = ROOT / "docs/reference/sbom.cdx.json"
PAGE = ROOT / "docs/why/dependencies.md"
MARK = "<!-- From here on drawn by script/sbom.py from requirements.lock. -->"

ALLOWED = frozenset(
    ("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0",
     "OFL-1.1", "PSF-2.0", "Zlib", "any-OSI")
)  # fmt: skip
"""Licences that a component may have, by SPDX id."""
ONLY_TESTS = {"pymerkle": "GPL-3.0-or-later"}
"""Oracles under another licence: in tests alone, never imported by src, never in a wheel or bundle."""
SAID = {
    "apsw-sqlite3mc": "any-OSI",
    "atheris": "Apache-2.0",
    "axe-playwright-python": "MIT",
    "colorama": "BSD-3-Clause",
    "pip-api": "Apache-2.0",
    "pymerkle": "GPL-3.0-or-later",
    "pypdfium2": "BSD-3-Clause AND Apache-2.0",
    "pyrage": "MIT",
    "rfc3987-syntax": "MIT",
    "uvloop": "MIT OR Apache-2.0",
}
"""Where a package's metadata say nothing, too much, or the package is not installed on this system."""
SPDX = {
    "MIT License": "MIT", "MIT license": "MIT", "Apache 2.0": "Apache-2.0", "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause", "BSD": "BSD-3-Clause", "BSD 2-Clause License": "BSD-2-Clause",
    "3-Clause BSD License": "BSD-3-Clause", "ISC License (ISCL)": "ISC", "ISC License": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0", "PSFL": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
}  # fmt: skip
"""Words of package metadata → SPDX id."""
VENDORED = {
    "common-passwords": (
        "src/codedark/access/guessable.bin",
        "MIT AND BSD-3-Clause",
        "hashes of the lists of @zxcvbn-ts/language-common and Django, so that a guessable password is refused",
    ),
    "age-encryption": (
        "src/codedark/web/unitfile/age",
        "BSD-3-Clause AND MIT",
        "typage and noble, bundled by script/age/build: a browser opens a unit's file without us",
    ),
    "ibm-plex-sans": ("src/codedark/paper/fonts", "OFL-1.1", "the letters of packs and sheets"),
}
"""What others made in our own tree: name → (place, licence, what for). A folder with its own LICENSE must be here."""


_RUNTIME = "GPL-3.0-or-later WITH GCC-exception-3.1"
INSIDE: dict[str, tuple[tuple[str, str, str], ...]] = {
    "apsw-sqlite3mc": (("SQLite", "", "blessing"), ("SQLite3 Multiple Ciphers", "", "MIT")),
    "cryptography": (("OpenSSL", "", "Apache-2.0"),),
    "numpy": (("OpenBLAS", "", "BSD-3-Clause"), ("libgfortran, libquadmath", "", _RUNTIME)),
    "opencv-python-headless": (
        ("FFmpeg (libavcodec, libavformat, libavutil, libswscale, libswresample)", "", "LGPL-2.1-or-later"),
        ("OpenSSL", "1.1.1k", "OpenSSL"),
        ("OpenBLAS", "0.3.15", "BSD-3-Clause"),
        ("libgfortran, libquadmath", "", _RUNTIME),
        ("libaom, libavif, libvpx, libdrm, libpng", "", "BSD-2-Clause AND BSD-3-Clause AND MIT AND libpng-2.0"),
    ),
    "pillow": (
        ("FreeType, libjpeg-turbo, libpng, libtiff", "", "FTL AND IJG AND BSD-3-Clause AND libpng-2.0 AND libtiff"),
        ("Brotli, HarfBuzz, Little CMS, libxcb", "", "MIT"),
        ("OpenJPEG, libavif, libwebp, zstd", "", "BSD-2-Clause AND BSD-3-Clause"),
        ("liblzma", "", "0BSD"),
    ),
    "pypdfium2": (("PDFium", "", "BSD-3-Clause AND Apache-2.0"),),
    "shapely": (("GEOS", "3.14.1", "LGPL-2.1-or-later"),),
}  # fmt: skip
"""Libraries in machine code inside the wheels of what runs: package → (name, version where it is known, licence).

LGPL libraries are shared objects of their own there, which whoever has the machine may replace; they may go along."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One pinned version. `via`: the packages that ask for it ("codedark" = we do); `runs`: part of the product."""

    name: str
    version: str
    marker: str
    via: tuple[str, ...]
    licence: str
    runs: bool = False

    @property
    def ref(self) -> str:
        """Its package URL."""
        return f"pkg:pypi/{self.name}@{self.version}"


def pins() -> list[Pin]:
    """Everything in the lock, in its order."""
    blocks = re.split(r"^(?=[A-Za-z0-9])", LOCK.read_text("utf-8"), flags=re.M)
    found = [_pin(block) for block in blocks if "==" in block]
    runs, wanted = set[str](), _declared()
    while wanted:
        runs |= wanted
        wanted = {pin.name for pin in found if pin.name not in runs and runs & set(pin.via)}
    return [Pin(p.name, p.version, p.marker, p.via, p.licence, p.name in runs) for p in found]


def product_lock() -> str:
    """The blocks of the lock that are part of the product."""
    runs = {pin.name for pin in pins() if pin.runs}
    blocks = re.split(r"^(?=[A-Za-z0-9])", LOCK.read_text("utf-8"), flags=re.M)
    return "".join(block for block in blocks if re.split(r"[=\[]", block, maxsplit=1)[0] in runs)


def _pin(block: str) -> Pin:
    head = block.split("\\\n", 1)[0].strip()
    name, _, rest = head.partition("==")
    version, _, marker = rest.partition(";")
    comments = "\n".join(re.findall(r"^ {4}# (.*)$", block, re.M)).removeprefix("via")
    via = sorted(
        {word.split("[")[0] for word in re.findall(r"[A-Za-z][\w.\[\]-]*", comments.replace("(pyproject.toml)", ""))}
    )
    plain = name.split("[")[0]
    return Pin(plain, version.strip(), marker.strip(), tuple(via), licence(plain))


def _declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return {re.split(r"[>=<;\[ ]", line, maxsplit=1)[0].lower() for line in project["dependencies"]}


def licence(name: str) -> str:
    """The SPDX expression of a package. Raises KeyError when nobody has said it: then say it in SAID."""
    if name in SAID:
        return SAID[name]
    said = metadata.metadata(name)
    if expression := said.get("License-Expression"):
        return str(expression)
    classes = [line.rsplit(" :: ", 1)[1] for line in said.get_all("Classifier") or [] if line.startswith("License ::")]
    text = str(said.get("License") or "")
    if _parts(text) and _parts(text) <= ALLOWED:
        return text
    return SPDX[text] if text in SPDX else SPDX[next(each for each in classes if each != "OSI Approved")]


def _parts(expression: str) -> set[str]:
    return set(re.findall(r"[\w.+-]+", re.sub(r"\b(AND|OR|WITH)\b", " ", expression)))


def is_allowed(expression: str) -> bool:
    """Whether an expression can be met with allowed licences: every AND part must have an allowed OR part."""
    flat = expression.replace("(", " ").replace(")", " ")
    return all(_parts(part) & ALLOWED for part in flat.split(" AND "))


def bill(found: Iterable[Pin]) -> dict[str, Any]:
    """The CycloneDX 1.6 document. No time and no chance is in it: the serial number is of the lock."""
    found = list(found)
    lock = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    ours = f"pkg:pypi/codedark@{version}"
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, 'codedark ' + version + ' ' + lock)}",
        "version": 1,
        "metadata": {
            "component": _component("application", "codedark", version, "Apache-2.0", ours),
            "properties": [{"name": "codedark:requirements.lock:sha256", "value": lock}],
        },
        "components": [_pinned(pin) for pin in found] + [_vendored(name) for name in sorted(VENDORED)],
        "dependencies": _graph(found, ours),
    }


def _component(kind: str, name: str, version: str, expression: str, ref: str) -> dict[str, Any]:
    one = re.fullmatch(r"[\w.+-]+", expression) is not None
    licences = [{"license": {"id" if expression != "any-OSI" else "name": expression}}]
    said = licences if one else [{"expression": expression}]
    found = {"type": kind, "bom-ref": ref, "name": name, "version": version, "licenses": said}
    return found | ({"purl": ref} if ref.startswith("pkg:") else {})


def _pinned(pin: Pin) -> dict[str, Any]:
    found = _component("library", pin.name, pin.version, pin.licence, pin.ref)
    found["scope"] = "required" if pin.runs else "excluded"
    if pin.runs and pin.name in INSIDE:
        found["components"] = [_inner(pin, *each) for each in INSIDE[pin.name]]
    if pin.marker:
        found["properties"] = [{"name": "codedark:marker", "value": pin.marker}]
    return found


def _inner(pin: Pin, name: str, version: str, expression: str) -> dict[str, Any]:
    said = {"expression": expression} if " " in expression else {"license": {"id": expression}}
    found: dict[str, Any] = {"type": "library", "bom-ref": f"{pin.ref}#{name}", "name": name, "licenses": [said]}
    return found | ({"version": version} if version else {})


def _vendored(name: str) -> dict[str, Any]:
    folder, expression, _ = VENDORED[name]
    hashed = hashlib.sha256()
    place = ROOT / folder
    for path in [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.is_file()):
        hashed.update(path.read_bytes())
    found = _component("data", name, hashed.hexdigest()[:12], expression, f"codedark:{folder}")
    return found | {"scope": "required"}


def _graph(found: list[Pin], ours: str) -> list[dict[str, Any]]:
    under: dict[str, set[str]] = {"codedark": set()}
    for pin in found:
        for parent in pin.via:
            under.setdefault(parent, set()).add(pin.ref)
    rows = [("codedark", ours), *((pin.name, pin.ref) for pin in found)]
    return [{"ref": ref, "dependsOn": sorted(under.get(name, set()))} for name, ref in rows]


def table(found: Iterable[Pin]) -> str:
    """The end of docs/why/dependencies.md."""
    out = [MARK, "", "## Everything that is pinned", ""]
    out += ["Runs: part of the product; else it builds, tests or checks it. The same as CycloneDX 1.6:"]
    out += [
        "[sbom.cdx.json](../reference/sbom.cdx.json).",
        "",
        "| package | licence | runs | asked for by |",
        "|---|---|:-:|---|",
    ]
    for name in sorted({pin.name for pin in found}):
        pin = next(each for each in found if each.name == name)
        asks = ", ".join("us" if each == "codedark" else each for each in pin.via)
        out.append(f"| `{name}` | {pin.licence} | {'●' if pin.runs else ''} | {asks} |")
    out += ["", "In machine code inside the wheels of what runs:", ""]
    for name, inner in sorted(INSIDE.items()):
        said = "; ".join(f"{each} {version}".strip() + f" ({terms})" for each, version, terms in inner)
        out.append(f"- `{name}`: {said}")
    out += ["", "In our own tree:", ""]
    out += [f"- `{name}` in `{place}` ({terms}): {why}" for name, (place, terms, why) in sorted(VENDORED.items())]
    return "\n".join(out) + "\n"


def main() -> int:
    """Write both, or compare them."""
    if "--product" in sys.argv:
        print(product_lock(), end="")
        return 0
    found = pins()
    page = PAGE.read_text("utf-8").split(MARK, 1)[0].rstrip("\n") + "\n\n" + table(found)
    drawn = {SBOM: json.dumps(bill(found), indent=1, ensure_ascii=False) + "\n", PAGE: page}
    stale = [path.name for path, text in drawn.items() if not path.is_file() or path.read_text("utf-8") != text]
    if "--check" not in sys.argv:
        for path, text in drawn.items():
            path.write_text(text, "utf-8")
    if stale:
        print("not as the lock says:" if "--check" in sys.argv else "drawn:", ", ".join(stale))
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
