"""MLLP Release 2: a commit block for each frame, written only from a receipt."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from intake_rig import adt, feed, site

from codedark.errors import AppendFailed
from codedark.hl7 import COMMITTED, frame, parse

KEPT, NOT_KEPT = b"\x06", b"\x15"


def talk(folder: Path, contents: list[bytes], count: int, **more) -> tuple[list[bytes | None], int]:
    """Send these one by one; the next `count` blocks and messages that come back, and how many entries there are."""

    async def run() -> tuple[list[bytes | None], int]:
        async with site(folder, feed(commit_blocks=True, **more)) as s:
            line = await s.connect()
            for content in contents:
                await line.send(frame(content))
            answers = [await line.raw_answer() for _ in range(count)]
            await line.close()
            return answers, len(s.entries("hl7.received"))

    return asyncio.run(run())


def test_a_kept_frame_gets_its_commit_block_and_then_the_answer_of_original_mode(tmp_path: Path) -> None:
    (block, answer), kept = talk(tmp_path, [adt(1)], 2)
    assert (block, parse(answer)["MSA"].text(1), kept) == (KEPT, "AA", 1)


def test_a_message_that_asks_for_no_answer_gets_the_block_alone(tmp_path: Path) -> None:
    silent = {"accept": "NE", "app": "NE"}
    answers, kept = talk(tmp_path, [adt(1, **silent), adt(2, **silent)], 2)
    assert (answers, kept) == ([KEPT, KEPT], 2)


def test_a_resend_is_committed_again_and_kept_once(tmp_path: Path) -> None:
    silent = {"accept": "NE", "app": "NE"}
    answers, kept = talk(tmp_path, [adt(1, **silent)] * 3, 3)
    assert (answers, kept) == ([KEPT] * 3, 1)


def test_a_refused_frame_is_told_so(tmp_path: Path) -> None:
    (block, answer), kept = talk(tmp_path, [adt(1, "y" * 5000)], 2, frame_limit=2000)
    assert (block, parse(answer)["MSA"].text(1), kept) == (NOT_KEPT, "AR", 0)


def test_the_senders_own_commit_block_is_no_garbage_and_no_entry(tmp_path: Path) -> None:
    async def run() -> tuple[bytes | None, list[str]]:
        async with site(tmp_path, feed(commit_blocks=True)) as s:
            line = await s.connect()
            await line.send(frame(adt(1)))
            await line.raw_answer()
            await line.raw_answer()
            await line.send(COMMITTED)
            await line.send(frame(adt(2)))
            block = await line.raw_answer()
            await line.close()
            return block, [e.kind for e in s.entries("hl7.received", "hl7.refused")]

    assert asyncio.run(run()) == (KEPT, ["hl7.received", "hl7.received"])


def test_without_release_two_the_same_block_is_refused_and_kept_as_such(tmp_path: Path) -> None:
    async def run() -> list[str]:
        async with site(tmp_path, feed()) as s:
            line = await s.connect()
            await line.send(COMMITTED)
            await line.exchange(adt(1))
            await line.close()
            return [e.kind for e in s.entries("hl7.received", "hl7.refused")]

    assert asyncio.run(run()) == ["hl7.refused", "hl7.received"]


@pytest.mark.parametrize("release_two", [True, False])
def test_what_the_journal_cannot_keep_is_never_committed(tmp_path: Path, release_two: bool) -> None:
    def fails(draft, done) -> None:
        asyncio.get_running_loop().call_soon(done, AppendFailed("disk full"))

    async def run() -> list[bytes | None]:
        async with site(tmp_path, feed(commit_blocks=release_two), submit=fails) as s:
            line = await s.connect()
            await line.send(frame(adt(1)))
            answers = [await line.raw_answer() for _ in range(2)]
            await line.close()
            return answers

    assert asyncio.run(run()) == ([NOT_KEPT, None] if release_two else [None, None])
