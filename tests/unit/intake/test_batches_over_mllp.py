"""A batch in one frame: one entry, one answer for its first message, both patients in the record."""

from __future__ import annotations

import asyncio
from pathlib import Path

from intake_rig import adt, site

from codedark.entries import Site, interpret
from codedark.hl7 import frame


def test_a_batch_in_a_frame_is_kept_once_answered_once_and_read_whole(tmp_path: Path) -> None:
    batch = b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + adt(1) + adt(2).replace(b"||7||", b"||8||") + b"BTS|2\rFTS|1\r"

    async def send() -> tuple[list[tuple[str, str]], list[str], int, bytes]:
        async with site(tmp_path) as house:
            client = await house.connect()
            await client.send(frame(batch) + frame(batch))
            codes = await client.codes(2)
            entries = house.entries("hl7.received")
            said = interpret(entries[0], Site())
            return codes, [f.path for f in said.facts if f.type == "Patient"], len(entries), entries[0].payload

    codes, patients, kept, payload = asyncio.run(send())

    assert codes == [("AA", "1"), ("AA", "1")]
    assert patients == ["1/PID[1]", "2/PID[1]"]
    assert kept == 1
    assert payload == batch
