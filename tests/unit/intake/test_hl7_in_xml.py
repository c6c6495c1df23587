"""HL7 in XML is refused so that its sender knows what to do; nothing in it is expanded, every byte of it is kept."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc

import pytest
from intake_rig import adt, site
from trust_rig import codedark, new_house, said

from codedark.entries import Refused, payload_of
from codedark.hl7 import is_xml, xml_control_id
from codedark.intake import import_files
from codedark.node import open_node

V2 = (
    '<?xml version="1.0"?>\n<ADT_A01 xmlns="urn:hl7-org:v2xml"><MSH><MSH.1>|</MSH.1><MSH.10>X77</MSH.10></MSH>'
    "<PID><PID.5>&lol9;</PID.5></PID></ADT_A01>"
)
LAUGHS = '<!DOCTYPE x [<!ENTITY lol "lol">' + "".join(
    f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10 if n > 1 else "&lol;" * 10}">' for n in range(1, 10)
) + ' <!ENTITY file SYSTEM "file:///etc/passwd">]>' + V2.partition("\n")[2]  # fmt: skip


def exchange(folder, content: bytes, *, then: bytes | None = None):
    async def run():
        async with site(folder) as s:
            client = await s.connect()
            answers = [await client.exchange(each) for each in (content, then) if each]
            return [(a["MSA"].text(1), a["MSA"].text(2), a["MSA"].text(3)) for a in answers], s.entries()

    return asyncio.run(run())


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
def test_xml_gets_a_negative_answer_with_the_next_step_and_is_kept_whole(tmp_path, codec):
    content = V2.encode(codec) + "<!-- padding -->".encode(codec.replace("-sig", "")) * 600
    ((code, control, text),), entries = exchange(tmp_path, content)
    assert (code, "XML" in text, "ER7" in text) == ("AR", True, True)
    assert control == "X77"
    (kept,) = [payload_of(each) for each in entries if each.kind == "hl7.refused"]
    assert isinstance(kept, Refused)
    assert (kept.prefix, kept.length) == (content, len(content))


def test_no_entity_is_expanded_and_the_next_message_is_heard(tmp_path):
    tracemalloc.start()
    answers, entries = exchange(tmp_path, LAUGHS.encode(), then=adt(2))
    assert tracemalloc.get_traced_memory()[1] < 40_000_000  # a thousand million "lol" would be gigabytes
    tracemalloc.stop()
    assert [code for code, *_ in answers] == ["AR", "AA"]
    assert not [each for each in entries if b"root:" in each.payload]


def test_a_control_id_with_an_entity_in_it_is_not_repeated():
    assert xml_control_id(b"<MSH><MSH.10>&lol9;</MSH.10>") == ""
    assert xml_control_id(b"<hl7:MSH.10> 7 </hl7:MSH.10>") == "7"


@pytest.mark.parametrize("raw", [b"MSH|^~\\&|<x>", b"", b"<", b"< 5 mmol/l", b"\xff\xfe", b"\x00<", b"{}"])
def test_what_is_no_xml_is_not_taken_for_it(raw):
    assert not is_xml(raw)


def test_a_file_of_it_says_what_to_export_instead(tmp_path):
    (tmp_path / "export.xml").write_text(V2)
    report = import_files([tmp_path / "export.xml"], lambda drafts: [], label="x")
    assert [refusal.line for refusal in report.refusals] == [1]
    assert "ER7" in report.refusals[0].reason


@pytest.mark.parametrize("name", ["export.xml", "export.xml.gz"])
def test_a_file_of_it_is_kept_whole_once_and_stands_on_the_worklist(tmp_path, name):
    packed = gzip.compress(LAUGHS.encode()) if name.endswith(".gz") else LAUGHS.encode()
    (tmp_path / name).write_bytes(packed)
    house = new_house(tmp_path / "node")
    for entries, repeated in ((1, 0), (0, 1)):
        done = codedark("import", tmp_path / name, "--label", "x", "-f", house.folder, "--json")
        told = done.object
        assert (told["entries"], told["repeated"], told["unread"], len(told["refusals"])) == (entries, repeated, 1, 1)
    with open_node(house.folder) as node:
        (kept,) = said(node, "hl7.refused")
        (line,) = node.record().worklist()
    assert isinstance(kept, Refused)
    assert (kept.prefix, kept.length) == (LAUGHS.encode(), len(LAUGHS))
    assert "XML" in line.reason
    assert f"({len(LAUGHS)} bytes; all kept)" in line.reason


def test_control_a_file_that_nobody_knows_is_reported_and_no_entry(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing that we read")
    report = import_files([tmp_path / "notes.txt"], lambda drafts: [], label="x")
    assert (report.entries, report.unread, len(report.refusals)) == (0, 0, 1)
