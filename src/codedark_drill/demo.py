"""The main job on one laptop: an EHR feeds codedark; the EHR is gone; the ward still has its patients.

Chapters, in order: `feed` (a hospital's day and a half over MLLP), `files` (messages and FHIR files of others), `dark`
(the EHR is gone; what is left answers), `packs` (paper for every unit), `verify` (the record, checked without a key).
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from codedark.clock import Clock
from codedark.errors import CodedarkError, ConfigError
from codedark.node import Config, Drawn, draw, open_node, standing

from .demo_people import demo_people, enrol_demo_people
from .drill_node import RunningNode, found_drill_node, lines_of
from .hospital import Hospital
from .samples import Samples, messages_in
from .sender import Sender, Tally
from .speech import Spoken
from .stage import Stage, run
from .times import HOUR_US
from .visitor import Visitor

CHAPTERS = ("feed", "files", "dark", "packs", "verify")
_PACK_WORKERS = 2


@dataclass(frozen=True, slots=True)
class Script:
    """What is to be shown. `hours`: of history before now; `beds`: of the simulated hospital; `samples`: files of
    others; `replace`: make a new node where an earlier demo made one."""

    folder: Path
    samples: Samples
    seed: int = 20261124
    beds: int = 400
    hours: float = 36.0
    zone: str = "America/New_York"
    chapters: Sequence[str] = CHAPTERS
    replace: bool = False


@dataclass(slots=True)
class Shown:
    """What came of it, chapter by chapter; `summary` makes one object of it."""

    tally: Tally = field(default_factory=Tally)
    imported: dict[str, Any] = field(default_factory=dict)
    packs: list[Drawn] = field(default_factory=list)
    verify: dict[str, Any] = field(default_factory=dict)
    web: str = ""
    seconds: dict[str, float] = field(default_factory=dict)


class Demo:
    """One showing. `node` runs from the first chapter on, until `close`."""

    def __init__(self, script: Script, stage: Stage, clock: Clock) -> None:
        self.script = script
        self.shown = Shown()
        self.node = RunningNode(script.folder, "serve", script.folder / "run" / "serve.log")
        self._stage = stage
        self._clock = clock
        self._began_us = clock.steady_us()

    def play(self) -> dict[str, Any]:
        """All chapters asked for; returns the summary. A node is founded first where there is none."""
        self._prepare()
        for chapter in self.script.chapters:
            begun = self._clock.steady_us()
            getattr(self, f"_{chapter}")()
            self.shown.seconds[chapter] = round((self._clock.steady_us() - begun) / 1e6, 1)
        return self.summary()

    def close(self) -> None:
        """Stop the node; everything acknowledged is on disk."""
        self.node.stop()

    def summary(self) -> dict[str, Any]:
        """The object of `codedark demo --json`."""
        found, shown = standing(self.script.folder), self.shown
        newest = max((feed["last_heard_us"] or 0 for feed in found["feeds"]), default=0)
        return {
            "entries": found["total"],
            "acknowledged": shown.tally.acknowledged or found["acknowledged"],
            "interpreted": found["interpreted"],
            "worklist": found["worklist"],
            "patients": found["patients"],
            "units": found["units"],
            "packs": [str(pack.path) for pack in shown.packs],
            "verify": shown.verify,
            "as_of": datetime.fromtimestamp(newest / 1e6, UTC).isoformat(timespec="seconds") if newest else None,
            "seconds": round((self._clock.steady_us() - self._began_us) / 1e6, 1),
            "chapters": shown.seconds,
            "sent": shown.tally.sent,
            "refused": shown.tally.refused,
            "unasked": shown.tally.unasked,
            "resent": shown.tally.resent,
            "unanswered": len(shown.tally.unanswered),
            "kinds": found["entries"],
            "feeds": {feed["name"]: feed["received"] for feed in found["feeds"]},
            "imported": {key: shown.imported.get(key) for key in ("files", "resources")} if shown.imported else None,
            "pages": sum(pack.pages for pack in shown.packs),
            "folder": str(self.script.folder),
            "web": shown.web,
            **self._people(),
        }

    def _people(self) -> dict[str, Any]:
        people = demo_people(self.script.folder)
        if people is None:
            return {"logins": [], "password": None, "envelope": None}  # nosec B105
        envelope = {"unit": people.unit, "code": people.code}
        return {"logins": list(people.logins), "password": people.password, "envelope": envelope}

    def _prepare(self) -> None:
        script = self.script
        if (script.folder / "codedark.toml").exists() and not script.replace and "feed" not in script.chapters:
            config = Config.load(script.folder)
        else:
            _clear(script.folder)
            self._stage.say(f"founding a DEMO node in {script.folder}")
            config = found_drill_node(script.folder, zone=script.zone, usual_ports=True)
            enrol_demo_people(script.folder)
        self.node.start()
        self.node.wait_ready(lines_of(config))
        self.shown.web = f"https://{config.web.host}:{config.web.port}/"

    def _feed(self) -> None:
        script, until = self.script, self._clock.now_us()
        self._stage.say(f"a {script.beds}-bed hospital speaks: {script.hours:g} hours up to now")
        hospital = Hospital(script.seed, script.beds, script.zone)
        said = list(hospital.messages(until - int(script.hours * HOUR_US), until))
        self._send(said, "heard and acknowledged")
        self._caught_up()

    def _files(self) -> None:
        samples = self.script.samples
        if not samples:
            self._stage.say("no files of others: give a folder with --data")
            return
        if samples.hl7:
            self._send(list(messages_in(samples.hl7, self._clock.now_us())), "messages in files of others")
        if samples.fhir:
            self._stage.say(f"importing {len(samples.fhir)} FHIR files")
            files = [str(path) for path in samples.fhir]
            self.shown.imported = run("import", *files, "--folder", str(self.script.folder), "--label", "demo")
        self._caught_up()

    def _dark(self) -> None:
        self._stage.say("CODE DARK: the EHR is gone. What was heard is here:")
        for feed in standing(self.script.folder)["feeds"]:
            heard = feed["last_heard_us"]
            when = datetime.fromtimestamp(heard / 1e6, UTC).isoformat(timespec="seconds") if heard else "never"
            self._stage.say(f"  {feed['name']:<8} last heard {when}, {feed['received']} messages")
        answer = _page_status(self.shown.web, self.script.folder)
        self._stage.say(f"  ward's pages answer with {answer or 'nothing yet'} at {self.shown.web}")
        if answer != 200:
            log = self.script.folder / "run" / "serve.log"
            raise CodedarkError("the ward's pages do not answer as they should", hint=f"{log} says why.")

    def _packs(self) -> None:
        """Every unit's pack, two at a time, the largest first; typst runs in a caged child of each."""
        with open_node(self.script.folder) as node:
            node.fold()
            rows = sorted(node.record().units(), key=lambda row: -row.patients)
        waiting: SimpleQueue[str] = SimpleQueue()
        for row in rows:
            waiting.put(row.unit)
        with self._stage.bar("paper for every unit") as moved, ThreadPoolExecutor(_PACK_WORKERS) as workers:

            def done(drawn: Drawn) -> None:
                self.shown.packs.append(drawn)
                moved(len(self.shown.packs), len(rows))

            for worker in [
                workers.submit(_draw_waiting, self.script.folder, waiting, done) for _ in range(_PACK_WORKERS)
            ]:
                worker.result()

    def _verify(self) -> None:
        """The journal's folder alone, without any key, against the checkpoint that stands on the packs' covers."""
        journal = self.script.folder / "journal"
        note = self.script.folder / "run" / "checkpoint-on-paper.txt"
        note.write_text(run("journal", "checkpoint", "--folder", str(journal))["note"], encoding="utf-8")
        self.shown.verify = run("journal", "verify", "--folder", str(journal), "--checkpoint", str(note))
        self._stage.say(f"verified without a key: {self.shown.verify.get('entries')} entries")

    def _send(self, said: list[Spoken], what: str) -> None:
        with self._stage.bar(what) as moved:
            answers = 0

            def answered(_spoken: object, _answer: object) -> None:
                nonlocal answers
                answers += 1
                if answers % 50 == 0 or answers == len(said):
                    moved(answers, len(said))

            sender = Sender(
                lines_of(Config.load(self.script.folder)), connections=8, patience_s=30.0, answered=answered
            )
            _add(self.shown.tally, asyncio.run(sender.send(said)))

    def _caught_up(self, patience_s: float = 300.0) -> None:
        """Until the views have read everything that was kept."""
        until = self._clock.steady_us() + int(patience_s * 1e6)
        with self._stage.bar("read into the views") as moved:
            while self._clock.steady_us() < until:
                found = standing(self.script.folder)
                moved(found["total"] - found["fold"]["behind"], found["total"])
                if not found["fold"]["behind"]:
                    return
                time.sleep(0.2)
        raise ConfigError("the views did not catch up", hint=f"See {self.node.log}.")


def _draw_waiting(folder: Path, waiting: SimpleQueue[str], done: Callable[[Drawn], None]) -> None:
    with open_node(folder) as node:
        while True:
            try:
                unit = waiting.get_nowait()
            except Empty:
                return
            done(draw(node, unit, as_draft=False))


def _add(whole: Tally, part: Tally) -> None:
    whole.sent += part.sent
    whole.acknowledged += part.acknowledged
    whole.refused += part.refused
    whole.unasked += part.unasked
    whole.resent += part.resent
    whole.strays += part.strays
    whole.unanswered += part.unanswered
    for feed, count in part.by_feed.items():
        whole.by_feed[feed] = whole.by_feed.get(feed, 0) + count


def _clear(folder: Path) -> None:
    """Make room. Only a folder that a demo made is removed, and only while no node runs in it."""
    if not folder.exists() or not any(folder.iterdir()):
        return
    if demo_people(folder) is None:
        raise ConfigError(f"{folder} is not empty and no demo made it", hint="Name another folder with --folder.")
    if standing(folder)["running"]:
        raise ConfigError(f"a demo is still running in {folder}", hint="Stop it with Ctrl-C, or use --folder.")
    shutil.rmtree(folder)


def _page_status(url: str, folder: Path) -> int:
    """What the web server answers, its certificate checked against the node's own root; 0 when nothing does."""
    visitor = Visitor(url, folder)
    try:
        for _ in range(100):
            try:
                return visitor.get("/login")
            except OSError:
                visitor.close()
                time.sleep(0.1)
        return 0
    finally:
        visitor.close()
