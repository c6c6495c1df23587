"""`codedark pack UNIT --html`: one file beside the PDF of the same moment, which any age opens with the unit's card."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import pyrage
import pytest
from node_rig import codedark, message, new_node

from codedark.access import NewUnitCard
from codedark.errors import CannotUnseal, ConfigError
from codedark.node import checked, draw, issue_card, open_node
from codedark.web.unitfile import ReadFile, file_code, read_file

UNIT = "4W"


@dataclass(frozen=True)
class Made:
    """A node whose unit has an envelope, and its pack as a file and as PDF of one moment."""

    folder: Path
    card: NewUnitCard
    file: Path
    code: str
    pdf: Path

    @property
    def read(self) -> ReadFile:
        return read_file(self.file.read_bytes())

    def opened(self, piece: bytes) -> str:
        identity = pyrage.x25519.Identity.from_str(self.card.secret)
        return gzip.decompress(pyrage.decrypt(piece, [identity])).decode()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    place = tmp_path_factory.mktemp("unit-file")
    folder = new_node(place / "n")
    with open_node(folder) as node:
        card = issue_card(node, UNIT, None, None)
    (place / "1.hl7").write_bytes(message(731946) + message(55, "5E"))
    assert codedark("import", place / "1.hl7", "-f", folder).code == 0
    with open_node(folder) as node:
        node.fold()
        drawn = draw(node, UNIT, as_draft=True, html=True)
    assert drawn.file is not None
    assert drawn.file_path is not None
    assert drawn.path is not None
    return Made(folder, card, drawn.file_path, drawn.file.code, drawn.path)


def test_the_file_lies_beside_the_pdf_and_only_its_owner_reads_it(made: Made) -> None:
    assert made.file.name == made.pdf.name.replace(".pdf.age", ".html")
    assert made.file.stat().st_mode & 0o077 == 0


def test_the_plain_bytes_say_nothing_of_any_patient(made: Made) -> None:
    html = made.file.read_bytes()
    index = made.opened(made.read.index)
    said = {word for each in json.loads(index)["patients"] for word in each["find"].split() if len(word) > 5}
    assert len(said) >= 3
    assert all(word in index for word in said), "the control: what is sealed does say them"
    decoded = b"".join(b64decode(text) for text in re.findall(rb">([A-Za-z0-9+/=]{40,})</script>", html))
    assert [word for word in said if word.encode() in html or word.encode() in decoded] == []


def test_pyrage_opens_index_and_parts_with_the_card(made: Made) -> None:
    index = json.loads(made.opened(made.read.index))
    assert index["v"] == 1
    assert len(index["patients"]) == len(made.read.parts) == 1
    part = json.loads(made.opened(made.read.parts[0]))
    assert set(part) == {"en", "fr"}
    assert index["patients"][0]["name"] in part["en"]


def test_debians_age_opens_it_too(made: Made, tmp_path: Path) -> None:
    age = shutil.which("age")
    if age is None:
        pytest.skip("DID NOT RUN: the command age is not on this machine (apt-get install age)")
    (tmp_path / "card.txt").write_text(made.card.secret)
    (tmp_path / "index.age").write_bytes(made.read.index)
    done = subprocess.run(
        [age, "-d", "-i", tmp_path / "card.txt", tmp_path / "index.age"], capture_output=True, check=True
    )
    assert json.loads(gzip.decompress(done.stdout))["v"] == 1


def test_the_cover_of_the_pdf_bears_the_code_of_the_file(made: Made) -> None:
    assert file_code(made.read.index) == made.code
    identity = pyrage.x25519.Identity.from_str(made.card.secret)
    document = pypdfium2.PdfDocument(pyrage.decrypt(made.pdf.read_bytes(), [identity]))
    words = " ".join(document[0].get_textpage().get_text_range().split())
    words += " ".join(document[1].get_textpage().get_text_range().split())
    assert made.code in words


def test_the_node_knows_its_own_file(made: Made) -> None:
    done = codedark("pack", "check", made.file, "-f", made.folder, "--json")
    assert done.code == 0, done.err
    assert done.object["ours"] is True
    assert done.object["code"] == made.code


@pytest.mark.parametrize(
    ("what", "signed"), [("script", True), ("label", False), ("index", False)], ids=["script", "label", "index"]
)
def test_a_forged_file_is_named(made: Made, tmp_path: Path, what: str, signed: bool) -> None:
    html = made.file.read_bytes()
    forged = {
        "script": html.replace(b'"use strict";', b'"use strict" ;'),
        "label": re.sub(rb'(id="label">)[^<]+', rb"\1", html),
        "index": re.sub(rb'(id="index">[^<]{200})(.)', lambda at: at[1] + (b"A" if at[2] != b"A" else b"B"), html),
    }[what]
    assert forged != html
    file = tmp_path / "forged.html"
    file.write_bytes(forged)
    found = checked(file, made.folder)
    assert (found.ours, found.signed, found.entry) == (False, signed, None)


def test_a_file_that_is_none_is_refused_in_words(made: Made, tmp_path: Path) -> None:
    file = tmp_path / "none.html"
    file.write_bytes(b"<p>nothing</p>")
    with pytest.raises(CannotUnseal, match="no single-file pack"):
        checked(file, made.folder)


def test_a_unit_without_an_envelope_gets_no_file_and_no_sheet_is_issued(made: Made) -> None:
    with open_node(made.folder) as node:
        node.fold()
        with pytest.raises(ConfigError, match="no envelope"):
            draw(node, "5E", as_draft=False, html=True)
        assert node.record().packs("5E") == ()


def test_the_command_issues_a_pack_and_its_file_in_one_go(made: Made) -> None:
    done = codedark("pack", UNIT, "--html", "-f", made.folder, "--json")
    assert done.code == 0, done.err
    (drawn,) = done.object["packs"]
    file = Path(drawn["html"])
    assert ".issued." in file.name
    assert file_code(read_file(file.read_bytes()).index) == drawn["html_code"]
    with open_node(made.folder) as node:
        node.fold()
        kinds = {row.kind for row in node.record().packs(UNIT) if row.pack == drawn["pack"]}
    assert kinds == {"html", "issued"}
    assert checked(file, made.folder).ours


def test_whoever_makes_no_file_does_not_load_the_pages() -> None:
    """The keeper and the timer's process stay small."""
    asked = "import sys, codedark.node; print('starlette' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
