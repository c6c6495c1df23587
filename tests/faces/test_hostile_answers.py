"""What goes out over MLLP after hostile text came in: one frame, two segments, and the id that was asked about."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hostile_text import TEXTS
from intake_rig import site

from codedark.hl7 import Deframer, escape, frame, parse, peek


def message(*, number: int, control: str, said: str, version: str = "2.5.1", kind: str = "ADT^A01") -> bytes:
    """A head that says `said` in every field an answer repeats, and `control` as its id."""
    head = (
        f"MSH|^~\\&|{said}{number}|{said}|{said}|{said}|20260921||{kind}|{control}|P|{version}|||AL|NE||UNICODE UTF-8"
    )
    return f"{head}\rPID|1||7||{said}\r".encode("utf-8", "replace")


def answers(folder: Path, sent: list[bytes]) -> list[bytes]:
    """One connection for each message, so that what breaks one cannot hide another."""

    async def ask() -> list[bytes]:
        found = []
        async with site(folder) as house:
            for each in sent:
                client = await house.connect()
                await client.send(frame(each))
                answer = await client.raw_answer()
                assert answer is not None, each[:200]
                found.append(answer)
                await client.close()
        return found

    return asyncio.run(ask())


def test_an_answer_is_one_frame_of_two_segments_whatever_it_repeats(tmp_path: Path) -> None:
    raw = [message(number=n, control=t, said=t, version=t, kind=t) for n, t in enumerate(TEXTS.values())]
    escaped = [message(number=n, control=f"E{n}", said=escape(t)) for n, t in enumerate(TEXTS.values())]

    for answer in answers(tmp_path, [*raw, *escaped]):
        assert Deframer().feed(frame(answer)) == [answer]
        assert [segment.name for segment in parse(answer).segments] == ["MSH", "MSA"]


def test_what_was_escaped_is_repeated_as_it_was_sent(tmp_path: Path) -> None:
    plain = {name: escape(text) for name, text in TEXTS.items() if len(text) < 200}
    sent = [message(number=n, control=f"{n}{t}", said=t) for n, t in enumerate(plain.values())]

    for asked, answer in zip(sent, answers(tmp_path, sent), strict=True):
        assert parse(answer)["MSA"].field(1) == "CA"
        assert parse(answer)["MSA"].field(2) == peek(asked).control_id
        assert parse(answer)["MSH"].field(5) == peek(asked).sending_app


def test_a_refusal_repeats_nothing_that_came(tmp_path: Path) -> None:
    sent = [b"MSH" + text.encode("utf-8", "replace")[:40] for text in TEXTS.values() if text[0].isalnum()]

    for answer in answers(tmp_path, [each for each in sent if not peek(each).readable]):
        assert [segment.name for segment in parse(answer).segments] == ["MSH", "MSA"]
        assert parse(answer)["MSA"].field(1) == "AR"
        assert parse(answer)["MSA"].text(3) == "no MSH"


def test_the_control_an_answer_glued_together_has_a_third_segment() -> None:
    glued = f"MSH|^~\\&|CD|||EHR|2026||ACK|1|P|2.5.1\rMSA|CA|{TEXTS['segments'][:20]}\r".encode()

    assert [segment.name for segment in parse(glued).segments] != ["MSH", "MSA"]
