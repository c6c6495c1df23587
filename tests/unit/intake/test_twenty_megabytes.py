"""A report of 20 MB inside a result: through the socket, sealed, folded, and shown as what it is: an attachment."""

from __future__ import annotations

import asyncio
import base64
import tracemalloc
from pathlib import Path
from random import Random

from intake_rig import feed, site
from journal_rig import reader
from meanings import PID, PV1, message
from views_tape import KEY

from codedark.views import Fold, Record, ViewStore

SIZE = 20_000_000
OBR = "OBR|1|P1^EHR|F1^LAB|11502-2^Report^LN|||20261123140000||||||||||||||||||F"


def test_a_result_of_twenty_megabytes_is_kept_sealed_and_shown_as_an_attachment(tmp_path: Path) -> None:
    pdf = base64.b64encode(Random(20).randbytes(SIZE * 3 // 4)).decode()
    sent = message("ORU^R01", PID, PV1, OBR, f"OBX|1|ED|PDF^Report^L||^application^pdf^Base64^{pdf}||||||F")

    async def exchange() -> str:
        async with site(tmp_path / "journal", feed()) as s:
            answer = await (await s.connect()).exchange(sent)
            return answer["MSA"].text(1) if answer else ""

    (tmp_path / "journal").mkdir()
    assert asyncio.run(exchange()) == "AA"
    opened, store = reader(tmp_path / "journal"), ViewStore.open(tmp_path / "views", KEY)
    (kept,) = [each for each in opened.read(-1) if each.kind == "hl7.received"]
    assert kept.payload == sent
    tracemalloc.start()
    Fold(opened, store).catch_up()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    ((patient,),) = store.writer().execute("SELECT id FROM patient WHERE alive = 1").fetchall()
    (shown,) = Record(store).chart(patient).results
    opened.close()
    store.close()
    assert shown.value == "[Report: kept, not shown here]"
    assert peak < 5 * len(sent)
    assert sum(file.stat().st_size for file in (tmp_path / "views").iterdir()) < 1_000_000
    on_disk = b"".join(file.read_bytes() for file in (tmp_path / "journal").glob("volume-*"))
    assert len(on_disk) > SIZE // 2
    assert pdf[5_000_000:5_000_064].encode() not in on_disk
