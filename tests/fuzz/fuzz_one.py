"""One target under atheris: coverage of the rooms it names guides the search. Run by `script/fuzz`.

Arguments: the target's name, then what libFuzzer takes (a corpus folder, -max_total_time=…, -runs=…, -seed=…).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "rigs")]


def main() -> None:
    """Instrument while the rooms are imported, write seeds and words down, then search."""
    name, *arguments = sys.argv[1:]
    with atheris.instrument_imports(include=["codedark"], exclude=["codedark_drill"]):
        from all_targets import TARGETS
    target = TARGETS[name]
    atheris.enabled_hooks.add("str")
    with tempfile.TemporaryDirectory() as scratch:
        seeds, words = Path(scratch, "seeds"), Path(scratch, "words")
        seeds.mkdir()
        for number, data in enumerate(target.corpus()):
            (seeds / f"{number:04}").write_bytes(data)
        words.write_text("".join(f'"{_quoted(word)}"\n' for word in target.words if len(word) < 64))
        options = [f"-dict={words}", "-max_len=65536", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1"]
        atheris.Setup([sys.argv[0], *options, *arguments, str(seeds)], target.check)
        atheris.Fuzz()


def _quoted(word: bytes) -> str:
    return "".join(f"\\x{byte:02X}" for byte in word)


if __name__ == "__main__":
    main()
