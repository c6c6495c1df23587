"""A stolen machine: what lies on its disk says nothing of any patient, and the unit's card opens its packs anywhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import pyrage
import pytest
from node_rig import COMMAND, ENVIRONMENT, codedark, message, new_node

from codedark.access import NewUnitCard, wrapped_for
from codedark.node import issue_card, open_node
from codedark.node.packing import SEALED

UNIT = "4W"
PATIENT = re.compile(rb"MARLOWE|OKAFOR|PATIENT|Penicillin|48219|51773", re.IGNORECASE)


@dataclass(frozen=True)
class Sealed:
    """A node whose unit has an envelope. `file`: a draft of its pack."""

    folder: Path
    card: NewUnitCard
    file: Path
    code: str


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    place = tmp_path_factory.mktemp("sealed")
    folder = new_node(place / "n")
    with open_node(folder) as node:
        card = issue_card(node, UNIT, None, None)
    (place / "1.hl7").write_bytes(message(1))
    assert codedark("import", place / "1.hl7", "-f", folder).code == 0
    done = codedark("pack", UNIT, "--draft", "-f", folder, "--json")
    assert done.code == 0, done.err
    (drawn,) = done.object["packs"]
    return Sealed(folder, card, Path(drawn["path"]), drawn["code"])


def words(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return " ".join(page.get_textpage().get_text_range() for page in document)


def opened(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, "pack", "open", *map(str, arguments)], input=stdin, capture_output=True, env=ENVIRONMENT, check=False
    )


def test_a_unit_with_an_envelope_has_its_packs_sealed(sealed: Sealed) -> None:
    raw = sealed.file.read_bytes()

    assert sealed.file.name.endswith(".pdf" + SEALED)
    assert raw.startswith(b"age-encryption.org/v1\n")
    assert b"%PDF" not in raw
    assert sealed.file.stat().st_mode & 0o077 == 0


def test_the_card_opens_it_on_a_machine_without_a_node(sealed: Sealed, tmp_path: Path) -> None:
    stick = tmp_path / sealed.file.name
    shutil.copyfile(sealed.file, stick)

    done = opened(stick, "--card", "-f", tmp_path / "no-node", stdin=sealed.card.secret.encode() + b"\n")

    assert done.returncode == 0, done.stderr
    assert "MARLOWE" in words(done.stdout)
    assert sealed.code in done.stderr.decode()
    assert "no node was asked" in done.stderr.decode()


def test_any_other_age_opens_it_with_the_card(sealed: Sealed) -> None:
    identity = pyrage.x25519.Identity.from_str(sealed.card.secret)

    assert pyrage.decrypt(sealed.file.read_bytes(), [identity]).startswith(b"%PDF-")


def test_the_nodes_own_key_opens_it_and_the_journal_knows_it(sealed: Sealed, tmp_path: Path) -> None:
    done = codedark("pack", "open", sealed.file, "--to", tmp_path / "out.pdf", "-f", sealed.folder, "--json")

    assert done.code == 0, done.err
    assert done.object["code"] == sealed.code
    assert done.object["entry"] > 0
    assert (tmp_path / "out.pdf").stat().st_mode & 0o077 == 0


def test_a_pack_that_somebody_else_made_for_the_card_opens_and_is_named(sealed: Sealed, tmp_path: Path) -> None:
    """The public half of a card is no secret: who can read is not who wrote."""
    forged = tmp_path / "4W.20260101-000000.draft.abcdef.pdf.age"
    forged.write_bytes(wrapped_for([sealed.card.recipient], b"%PDF-1.7 forged"))

    done = opened(forged, "--card", "-f", sealed.folder, stdin=sealed.card.secret.encode() + b"\n")

    assert "NOT IN THE JOURNAL" in done.stderr.decode()
    assert sealed.code not in done.stderr.decode()


@pytest.mark.parametrize("wrong", ["another card", "a flipped byte", "a cut file", "no key"])
def test_with_anything_else_nothing_is_shown(sealed: Sealed, tmp_path: Path, wrong: str) -> None:
    raw = bytearray(sealed.file.read_bytes())
    secret = sealed.card.secret
    if wrong == "another card":
        secret = str(pyrage.x25519.Identity.generate())
    elif wrong == "a flipped byte":
        raw[len(raw) // 2] ^= 1
    elif wrong == "a cut file":
        del raw[-100:]
    else:
        secret = "not a key"
    (tmp_path / "p.pdf.age").write_bytes(raw)

    done = opened(tmp_path / "p.pdf.age", "--card", "-f", tmp_path / "none", stdin=secret.encode() + b"\n")

    assert done.returncode != 0
    assert done.stdout == b""


@pytest.mark.parametrize("name", ["notes.txt", "inside.pdf.age"])
def test_what_is_no_pack_is_not_opened_as_one(sealed: Sealed, tmp_path: Path, name: str) -> None:
    words_of_others = b"not a PDF at all"
    file = tmp_path / name
    file.write_bytes(
        wrapped_for([sealed.card.recipient], words_of_others) if name.endswith(SEALED) else words_of_others
    )

    done = opened(file, "--card", "-f", tmp_path / "none", stdin=sealed.card.secret.encode() + b"\n")

    assert (done.returncode, done.stdout) == (10, b"")
    assert "is no pack" in done.stderr.decode()


def test_a_disk_without_the_keys_holds_no_word_about_a_patient(sealed: Sealed, tmp_path: Path) -> None:
    image = tmp_path / "image"
    shutil.copytree(sealed.folder, image, ignore=shutil.ignore_patterns("*.sock"))
    shutil.rmtree(image / "keys")

    for path in files(image):
        raw = path.read_bytes()
        assert not PATIENT.search(raw), path.name
        assert not raw.startswith(b"%PDF-"), path.name


def test_the_control_with_packs_kept_plain_the_disk_says_who_lies_there(sealed: Sealed, tmp_path: Path) -> None:
    image = tmp_path / "image"
    shutil.copytree(sealed.folder, image, ignore=shutil.ignore_patterns("*.sock"))
    config = image / "codedark.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("plain = false", "plain = true"), encoding="utf-8")
    done = codedark("pack", UNIT, "--draft", "-f", image, "--json")
    assert done.code == 0, done.err
    (drawn,) = done.object["packs"]

    assert Path(drawn["path"]).suffix == ".pdf"
    assert "MARLOWE" in words(Path(drawn["path"]).read_bytes())


def test_the_control_that_search_finds_the_message_it_came_from(tmp_path: Path) -> None:
    (tmp_path / "1.hl7").write_bytes(message(1))

    assert [path for path in files(tmp_path) if PATIENT.search(path.read_bytes())]


def test_doctor_says_when_packs_lie_plain(sealed: Sealed, tmp_path: Path) -> None:
    def finding() -> str:
        found = codedark("doctor", "-f", image, "--json").object["findings"]
        return next(f"{one['state']}: {one['says']}" for one in found if one["what"] == "packs")

    image = tmp_path / "image"
    shutil.copytree(sealed.folder, image, ignore=shutil.ignore_patterns("*.sock"))
    assert finding().startswith("green")
    (image / "packs" / "5E.20261124-030000.draft.abcdef.pdf").write_bytes(b"%PDF-1.7")

    assert finding().startswith("amber: 1 ")


def files(folder: Path) -> list[Path]:
    return [Path(place) / name for place, _, names in os.walk(folder) for name in names]
