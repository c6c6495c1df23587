"""A name read from bytes of a doubtful character set says so, wherever it is shown."""

from __future__ import annotations

from pathlib import Path

from meanings import PV1, SITE, entry, message, only
from views_tape import KEY, Tape

from codedark.entries import Site, interpret, translate_received
from codedark.views import Fold, Record, ViewStore
from codedark.views.codings import human

NAME = "PID|1||4711^^^ANNA^MR||MÜLLER^ZOË"
MARK = "urn:codedark:charset-doubtful"


def meant(raw: bytes, site: Site = SITE):
    return only(interpret(entry(raw), site), "Patient").body["name"]


def test_doubtful_letters_are_marked_beside_the_text_and_on_the_face() -> None:
    sent = message("ADT^A01", NAME, PV1).decode().encode("latin-1")
    names = meant(sent)
    assert MARK in str(names[0]["_family"])
    assert human(names)[2] == "MÜLLER, ZOË (charset doubtful)"


def test_letters_that_are_sure_are_not_marked() -> None:
    names = meant(message("ADT^A01", NAME, PV1))
    assert MARK not in str(names)
    assert human(names)[2] == "MÜLLER, ZOË"


def test_the_site_may_say_what_an_undeclared_message_is_in() -> None:
    said = Site(facility="st-anna", codes={"charset": {"none": ("HL70211", "8859/1", "")}})
    assert MARK not in str(meant(message("ADT^A01", NAME, PV1).decode().encode("latin-1"), said))


def test_the_translation_believes_the_site_too() -> None:
    said = Site(facility="st-anna", codes={"charset": {"none": ("HL70211", "8859/2", "")}})
    front = (NAME.replace("MÜLLER", "DVOŘÁK") + "|" * 6 + "Říční 1", "NK1|1|DVOŘÁK^JIŘÍ|SPO")
    raw = message("ORU^R01", *front, "OBR|1||F1|K^Kalium|||20261123").decode().encode("iso8859-2")
    [bundle] = translate_received(raw, said, bytes(16), 0).bundles
    assert "JIŘÍ" in str(bundle)
    assert MARK not in str(bundle)


TOLD = (
    message(
        "ORU^R01", NAME, PV1, "OBR|1||F1|K^Kalium|||20261123", "OBX|1|ST|B^Größe||mäßig||||||F", "NTE|1||trüb"
    ).decode(),
    message(
        "MDM^T02", NAME, PV1, "TXA|1|CN^Entlassbrief für|TX|20261123|||||||||D1", "OBX|1|TX|1^T||geht über Nacht heim"
    ).decode(),
    message("ADT^A01", NAME, PV1, "AL1|1|DA|N^Nüsse").decode(),
)


def faces(folder: Path, codec: str) -> str:
    """Everything a chart says after these messages."""
    tape, store = Tape(), ViewStore.open(folder, KEY)
    for raw in TOLD:
        tape.add("hl7.received", raw.encode(codec))
    Fold(tape, store).catch_up()
    record = Record(store)
    (who,) = record.patients()
    chart = record.chart(who.patient)
    store.close()
    words = [f"{each.title}: {each.text}" for each in chart.notes] + [each.substance for each in chart.allergies]
    return "\n".join(words + [f"{each.name} = {each.value}" for each in chart.results])


def test_doubtful_texts_say_so_on_every_face(tmp_path: Path) -> None:
    said = faces(tmp_path, "latin-1")
    for word in ("Größe", "mäßig", "trüb", "geht über Nacht heim", "Nüsse"):
        assert f"{word} (charset doubtful)" in said, word


def test_control_texts_that_are_sure_are_not_marked_on_a_face(tmp_path: Path) -> None:
    said = faces(tmp_path, "utf-8")
    assert "geht über Nacht heim" in said
    assert "doubtful" not in said
