"""Hostile text: one corpus, a hospital that says each piece in every field it has, and what must hold of a face.

A face is anything people or machines get from codedark: a page, a sheet, a table of the command line, a file, an
acknowledgment. On each: nothing runs, nothing is read, nothing is fetched, nothing is hidden, nothing is cut.
"""

from __future__ import annotations

import http.server
import json
import re
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from web_rig import PASSWORD, House, house

from codedark.actions import decide_worklist, log_in, propose, view_chart
from codedark.entries import (
    ChartViewed,
    DeedDecided,
    DeedProposed,
    FactsRecorded,
    Payload,
    PersonEnrolled,
    ReportPage,
    ReportReceived,
    ReportTied,
    ReportWord,
    SessionOpened,
    SourceDistrusted,
    draft_of,
)
from codedark.hl7 import escape
from codedark.intake import import_files
from codedark.journal import Draft

SECRET = "root:x:0"
TEXTS: dict[str, str] = {
    "script": "<script>alert('codedark')</script>",
    "image": '"><img src=x onerror="alert(\'codedark\')">',
    "attribute": "' onmouseover='alert(1)' autofocus onfocus='alert(1)",
    "end of title": "</title></style></textarea><svg/onload=alert(1)>",
    "address": "javascript:alert(1)//data:text/html,<script>alert(2)</script>",
    "braces": "{{7*7}}{% include '/etc/passwd' %}{# #}",
    "dollar": "${7*7}$(cat /etc/passwd)`cat /etc/passwd`#{7*7}",
    "percent": "%s%n%(x)s%00%0d%0a{0.__class__}",
    "typst": '#read("/etc/passwd") #image("/etc/passwd") #panic(1) $x^2$ *b* @r <l>',
    "typst end": '"); #pagebreak() #set text(size: 0pt) //',
    "shell": "; rm -rf / | cat /etc/passwd && true",
    "formula": "=cmd|'/C calc'!A1",
    "formula plus": '+HYPERLINK("http://example.org")',
    "formula at": "@SUM(1+9)*cmd|' /C calc'!A0",
    "formula minus": "-2+3+cmd|' /C calc'!A0",
    "markup of a terminal": "[bold red]not markup[/] [link=file:///etc/passwd]x[/link]",
    "escape": "\x1b[2J\x1b[31mRED\x1b]0;title\x07",
    "link in a terminal": "\x1b]8;;http://example.org\x1b\\click\x1b]8;;\x1b\\",
    "control sequences of eight bits": "a\x9b31mb\x90q\x9c\x85z",
    "override": "dose 0.5\u202egm 01\u202c mg",
    "isolates": "A\u2066B\u2067C\u2069\u200e\u200f\u061cD",
    "zero width": "PENI\u200bCIL\u200cLIN\u2060\ufeff1",
    "soft": "hydro\u00admorphone\u034f\u115f\u3164x",
    "tags": "ok\U000e0041\U000e0042\U000e007fok",
    "variation": "1\ufe0f0\ufe0e mg \U000e0100x",
    "null": "NUL\x00 BEL\x07 DEL\x7f end",
    "line ends": "one\rtwo\nthree\r\nfour\u2028five\u2029six",
    "delimiters": "a|b^c~d\\e&f#g",
    "segments": "x\rZXX|1|injected\rPID|1||999^^^WTB^MR||EVIL^TWIN\rMSH|^~\\&|X",
    "escapes": "\\X0D\\ZXX|\\.br\\\\F\\\\H\\bold\\N\\\\E",
    "frame": "a\x1c\r\x0bMSH|^~\\&|EVIL\x1c\rend",
    "stack": "Z" + "\u0301\u0316\u0489" * 20 + "A" + "\u20dd" * 8,
    "alike": "Аdа МАRLОWЕ Օkаfоr І0Ol",
    "right to left": "محمد عبد الله כהן‎ 12",
    "no font": "王小明 🧨𝕬 \ue000\uffff\U000f0000",
    "long word": "N" * 600,
    "long text": "long text " * 60 + "end",
}
"""Pieces by name. None begins or ends with white space, which HL7 leaves to the sender."""

HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e01ef]"
)
"""What no face may carry raw. Line feed and tab aside: they are layout of ours."""
STACKED = re.compile("[\u0300-\u036f\u0483-\u0489\u20d0-\u20f0]{6,}")
UNIT = "9N"


@dataclass
class Canary:
    """A listener whose address stands in every address field. `hits`: whoever followed one."""

    address: str
    hits: list[str] = field(default_factory=list)


@contextmanager
def canary() -> Iterator[Canary]:
    """A real listener on this machine."""
    seen: list[str] = []

    class Ear(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(204)
            self.end_headers()

        do_HEAD = do_POST = do_OPTIONS = do_GET  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ear)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Canary(f"http://localhost:{server.server_port}", seen)
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True)
class HostileNode:
    """`home`: the node; `ear`: what its address fields point at."""

    home: House
    ear: Canary


def dose(number: int) -> str:
    """The dose of patient `number`: digits that no other has."""
    return f"{number + 11}.{(number * 37 + 15) % 90 + 10}"


def messages(text: str, number: int, url: str, unit: str = UNIT) -> list[str]:
    """ER7 messages that say `text`, escaped, wherever a sender can, about patient `number` in a bed of `unit`."""
    t, ward, mrn = escape(text), escape(unit), f"77{number:04}"
    pid = f"PID|1||{mrn}^^^WTB^MR||{t}^{t}^{t}||19550304|F|||{t}^{t}^{t}||{url}|||||V{mrn}"
    pv1 = f"PV1|1|I|{ward}^{number}^{t}^WTB||||1^{t}^{t}|||{t}|||||||||V{mrn}"

    def message(app: str, kind: str, *segments: str) -> str:
        head = f"MSH|^~\\&|{app}|{t}|CD|WTB|20260921140500||{kind}|H{mrn}{app}|P|2.5.1||||||UNICODE UTF-8"
        return "\r".join((head, pid, pv1, *segments)) + "\r"

    return [
        message(
            "A", "ADT^A01^ADT_A01", f"AL1|1|DA|{t}^{t}^L|SV|{t}~{t}", f"DG1|1||{t}^{t}^L|{t}||A",
            f"OBX|1|ST|81351-9^Resuscitation status^LN||{t}||||||F", f"OBX|2|ST|ISOL^{t}^L||{t}||||||F",
        ),
        message(
            "R", "RDE^O11^RDE_O11", f"ORC|NW|R{mrn}^{t}|F{mrn}||IP||||20260921140500|||1^{t}^{t}",
            f"RXE|^^^20260921140500|{t}^{t}^L|{dose(number)}||mg^mg|{t}^{t}||||||||||||||||||||||{t}",
            f"RXR|{t}^{t}^L", f"TQ1|1||{t}",
        ),
        message(
            "M", "RAS^O17^RAS_O17", f"ORC|RE|R{mrn}^{t}|F{mrn}",
            f"RXA|0|1|20260921150000|20260921150000|{t}^{t}^L|{dose(number)}|mg||{t}|1^{t}^{t}||||||||||CP",
            f"RXR|{t}^{t}^L",
        ),
        message(
            "L", "ORU^R01^ORU_R01", f"OBR|1|P{mrn}^{t}|L{mrn}^{t}|{t}^{t}^L|||20260921140000|||||||||1^{t}^{t}",
            f"OBX|1|ST|{t}^{t}^L||{t}|{t}|{t}|{t}|||F|||20260921140000|{t}|1^{t}", f"NTE|1|L|{t}",
            f"OBX|2|ED|{t}^{t}^L||{t}^TEXT^HTML^A^{t}||||||F", f"OBX|3|RP|{t}^{t}^L||{url}/rp^{t}^IM^PNG||||||F",
        ),
        message(
            "V", "ORU^R01^ORU_R01", f"OBR|1|||85353-1^{t}^LN|||20260921140000",
            f"OBX|1|NM|8867-4^{t}^LN||8{number % 10}|{t}^{t}|||||F|||20260921140000",
        ),
        message(
            "D", "MDM^T02^MDM_T02", f"TXA|1|{t}^{t}|TX|20260921140000|1^{t}^{t}|||||||D{mrn}|||{t}",
            f"OBX|1|TX|{t}^{t}||{t}",
        ),
        message(
            "O", "OMG^O19^OMG_O19", f"ORC|NW|S{mrn}",
            f"OBR|1|S{mrn}||{t}^{t}^L|||||||||||||1^{t}^{t}|||||||||||^^^^^{t}",
        ),
        message("S", "SIU^S12^SIU_S12", f"SCH|1^{t}|2^{t}||||{t}^{t}|{t}^{t}", f"AIS|1||{t}^{t}"),
        message("Z", "ZZZ^Z01", f"ZXX|{t}"),
        message("B", "ADT^A08^ADT_A01", f"OBX|x|NM|{t}||{t}", f"AL1|1|{t}||{t}"),
    ]  # fmt: skip


def resources(text: str, number: int, url: str) -> list[dict[str, Any]]:
    """R4 resources of patient `number` with `text` in every string and `url` in every address."""
    coded = {"text": text, "coding": [{"system": f"{url}/system", "code": text, "display": text}]}
    file = {"contentType": "text/html", "url": f"{url}/file", "title": text, "data": "PHNjcmlwdD4="}
    who = {"reference": f"Patient/h{number}", "display": text}
    more = {
        "meta": {"profile": [f"{url}/profile"], "source": f"{url}/source"}, "implicitRules": f"{url}/rules",
        "text": {"status": "generated", "div": f"<div><img src='{url}/div'/><script src='{url}/js'></script></div>"},
        "extension": [{"url": f"{url}/extension", "valueUrl": f"{url}/value"}, {"url": "x", "valueAttachment": file}],
    }  # fmt: skip
    stay = {"reference": f"{url}/Encounter/e{number}", "display": text}
    quantity = {"value": 1, "unit": text, "system": f"{url}/unit", "code": text}
    return [
        {"resourceType": "Patient", "id": f"h{number}", **more, "birthDate": text,
         "name": [{"family": text, "given": [text], "text": text}], "photo": [file],
         "telecom": [{"system": "url", "value": url}],
         "identifier": [{"system": f"{url}/id", "value": text, "assigner": {"display": text}}]},
        {"resourceType": "Encounter", "id": f"e{number}", **more, "status": "in-progress", "class": {"code": "IMP"},
         "subject": who, "identifier": [{"system": f"{url}/visit", "value": text}], "reasonCode": [coded],
         "location": [{"status": "active", "location": {
             "display": text, "reference": f"{url}/Location/1",
             "identifier": {"value": f"{UNIT}^F{number}^{text}^WTB"}}}]},
        {"resourceType": "MedicationRequest", "id": f"m{number}", **more, "status": "active", "intent": "order",
         "subject": who, "encounter": stay, "medicationCodeableConcept": coded, "requester": {"display": text},
         "note": [{"text": text}], "dosageInstruction": [{
             "text": text, "route": coded, "patientInstruction": text, "timing": {"code": coded},
             "doseAndRate": [{"doseQuantity": quantity}]}]},
        {"resourceType": "AllergyIntolerance", "id": f"a{number}", **more, "patient": who, "code": coded,
         "criticality": text, "category": [text], "reaction": [{"manifestation": [coded], "description": text}]},
        {"resourceType": "Observation", "id": f"o{number}", **more, "status": "final", "subject": who, "code": coded,
         "effectiveDateTime": text, "valueString": text, "interpretation": [coded], "note": [{"text": text}],
         "referenceRange": [{"text": text}], "performer": [{"display": text, "reference": f"{url}/Practitioner/1"}]},
        {"resourceType": "Condition", "id": f"c{number}", **more, "subject": who, "code": coded, "onsetString": text,
         "clinicalStatus": coded, "severity": coded},
        {"resourceType": "DocumentReference", "id": f"d{number}", **more, "status": "current", "subject": who,
         "type": coded, "description": text, "author": [{"display": text}], "date": text,
         "content": [{"attachment": file, "format": {"system": f"{url}/format", "code": text}}]},
        {"resourceType": "ServiceRequest", "id": f"s{number}", **more, "status": "active", "intent": "order",
         "subject": who, "code": coded, "priority": text, "requester": {"display": text}},
        {"resourceType": text, "id": text},
    ]  # fmt: skip


def fill(home: House, url: str, scratch: Path, texts: dict[str, str] | None = None) -> None:
    """Say every piece through every door: HL7, FHIR files, what people do."""
    texts = TEXTS if texts is None else texts
    drafts, lines = [], []
    for number, text in enumerate(texts.values()):
        for said in (*messages(text, number, url), messages(text, 500 + number, url, unit=text)[0]):
            drafts.append(Draft("hl7.received", 1, "feed:adt", said.encode("utf-8", "replace")))
        lines += [json.dumps(each) for each in resources(text, number, url)]
    home.journal.append_all(drafts)
    place = scratch / "hostile\x1b[31m\u202e<script>.ndjson"
    place.write_text("\n".join(lines), encoding="utf-8")
    import_files([place], home.journal.append_all, label="<script>alert(1)</script>\x1b[31m")
    home.fold()
    _print_reports(home, texts)
    _deeds(home, texts)


def _print_reports(home: House, texts: dict[str, str]) -> None:
    """The EHR's own print reports, as the cage read them: of a patient, of a unit; every other one tied by a person."""
    for number, text in enumerate(texts.values()):
        for title in ("Medication Administration Record", "Unit Census"):
            lines = (
                title,
                f"Patient: {text}",
                f"MRN: 77{number:04}",
                "DOB: 03/04/1955",
                f"Unit: {text}",
                text,
                f"Printed: {text}",
            )
            words = tuple(
                ReportWord(word, 40.0 + 60 * at, 30.0 + 20 * line, 95.0 + 60 * at, 42.0 + 20 * line)
                for line, said in enumerate(lines)
                for at, word in enumerate(said.split(" "))
                if word
            )
            content = f"%PDF {title} {text}".encode("utf-8", "replace")
            report = ReportReceived(
                file=f"{text}.pdf", content=content, file_us=home.clock.now_us(), decoder=text,
                pages=(ReportPage(612.0, 792.0, words),), unread=text if number % 5 == 4 else "",
            )  # fmt: skip
            home.journal.append(draft_of(report, source="reports:prints"))
    home.fold()
    rows = [row for row in home.deeds.record.census(UNIT) if row.patient]
    for report, row, text in zip(home.deeds.record.loose_reports()[::2], rows, texts.values(), strict=False):
        tied = ReportTied(report=report.id, patient=row.patient, basis=text, person=text, source=report.source)
        home.journal.append(draft_of(tied, source="person:x"))
    home.fold()


def _deeds(home: House, texts: dict[str, str]) -> None:
    """What people do: through the actions where one deed stands for all, as the entries that deeds write elsewhere."""
    session, reader, engineer = (log_in(home.deeds, who, PASSWORD) for who in ("administrator", "nurse", "engineer"))
    patient = next(row.patient for row in home.deeds.record.census(UNIT) if row.patient)
    kept: list[Payload] = []
    for number, text in enumerate(texts.values()):
        note = {"resourceType": "Condition", "subject": {"reference": f"Patient/{patient}"}, "code": {"text": text}}
        mark = {"source": "feed:lab", "since_us": number, "until_us": number + 1, "reason": text}
        kept += [
            FactsRecorded(resources=[json.dumps(note)], person=text),
            PersonEnrolled(person=f"p{number}", login=f"p{number}", name=text, password="x", roles={"clerk": [text]}),
            DeedProposed(proposal=f"d{number}", deed="distrust", arguments=mark, person=f"p{number}"),
            DeedDecided(proposal=f"d{number}", person=session.person, approved=True, reason=text),
            DeedProposed(proposal=f"u{number}", deed="issue_unit_card", arguments={"unit": text}, person=f"p{number}"),
            SourceDistrusted(**mark),
            SessionOpened(
                session=f"s{number}", person=f"envelope-{number}", basis="envelope", device=text, unit=text,
                claimed_name=text, witness=text, until_us=home.clock.now_us(),
            ),
            ChartViewed(
                session=f"s{number}", person=f"envelope-{number}", what="chart", unit=text, patient=patient, fold=text,
                position=1, reason=text,
            ),
        ]  # fmt: skip
        view_chart(home.deeds, reader, patient, reason=text)
    home.journal.append_all([draft_of(payload, source="person:x") for payload in kept])
    for text in list(texts.values())[:5]:
        propose(home.deeds, session, "distrust", {"source": "feed:lab", "since_us": 1, "until_us": 2, "reason": text})
    for item, text in zip(home.deeds.record.worklist(40, 0), texts.values(), strict=False):
        decide_worklist(home.deeds, engineer, item.item, "looked at", note=text)
    home.fold()


@contextmanager
def hostile_house(folder: Path, url: str, texts: dict[str, str] | None = None, **more: Any) -> Iterator[House]:
    """The rig's house after all of that."""
    with house(folder, **more) as home:
        scratch = folder / "scratch"
        scratch.mkdir()
        fill(home, url, scratch, texts)
        yield home


def undrawn(text: str) -> str:
    """The letters and digits of `text` in order: what must be on a face whatever marks stand between."""
    return "".join(char for char in text if char.isascii() and char.isalnum())


def is_hidden(char: str) -> bool:
    """An independent word on it: no ink, or ink that moves other ink."""
    return unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn")
