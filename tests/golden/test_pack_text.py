"""The words of a pack, page by page, as they were when somebody last looked at them.

To take a new picture after looking at the pages: `CODEDARK_GOLDEN=write pytest tests/golden/test_pack_text.py`.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import paper_scan
import pytest
import ward_shapes

from codedark.clock import SeededChance
from codedark.paper import draw_pack, mint_sheets

PICTURES = Path(__file__).parent


@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_words_of_a_pack_are_as_last_seen(paper: str) -> None:
    request = ward_shapes.ward(4, paper=paper)
    pack = draw_pack(replace(request, sheets=mint_sheets(request, SeededChance("golden"))))
    pages = zip(paper_scan.pages(pack.pdf), pack.sheets, strict=True)
    words = "".join(f"=== {sheet.form} {sheet.text}\n{paper_scan.text(page)}\n" for page, sheet in pages)
    picture = PICTURES / f"pack-{paper}.txt"
    if os.environ.get("CODEDARK_GOLDEN") == "write":
        picture.write_text(words)
    assert words == picture.read_text()
