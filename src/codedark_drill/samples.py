"""Files of HL7 and FHIR that somebody has: what a drill takes besides its own hospital."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from codedark.errors import NotFound
from codedark.hl7 import split_batch

from .speech import Spoken

FEED = "files"
"""The feed on which messages of files are sent."""

_FHIR_SUFFIXES = (".ndjson", ".jsonl", ".json", ".ndjson.gz", ".json.gz", ".ndjson.zst", ".json.zst", ".jsonl.gz")
_LOOK = 65_536


@dataclass(frozen=True, slots=True)
class Samples:
    """What a folder holds. `hl7`: files with at least one message; `fhir`: files that `codedark import` reads."""

    hl7: tuple[Path, ...] = ()
    fhir: tuple[Path, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.hl7 or self.fhir)


def samples_in(place: Path) -> Samples:
    """All HL7 and FHIR files below `place`, or the one file it is. Raises `NotFound` when there is no such place."""
    if not place.exists():
        raise NotFound(f"there is no {place}", hint="Check the path after --data.")
    files = [place] if place.is_file() else sorted(each for each in place.rglob("*") if each.is_file())
    return _sorted_out(files)


def samples_beside(checkout: Path) -> Samples:
    """The shared corpora beside a checkout, where somebody has put them: HL7 v2 folders and one FHIR hospital."""
    data = checkout.parent / "shared" / "data"
    folders = [*data.glob("hl7v2-*"), data / "fhir-clinosim"] if data.is_dir() else []
    return _sorted_out(sorted(each for folder in folders for each in folder.rglob("*") if each.is_file()))


def messages_in(files: Iterable[Path], at_us: int) -> Iterator[Spoken]:
    """Every message of the files, one after another, batches taken apart. What is no message is left out here."""
    for path in files:
        for part in split_batch(path.read_bytes()):
            if not part.reason:
                yield Spoken(FEED, at_us, part.raw)


def _sorted_out(files: list[Path]) -> Samples:
    fhir = tuple(path for path in files if path.name.lower().endswith(_FHIR_SUFFIXES))
    hl7 = tuple(path for path in files if path not in fhir and _speaks_hl7(path))
    return Samples(hl7, fhir)


def _speaks_hl7(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(_LOOK)
    return any(not part.reason for part in split_batch(start))
