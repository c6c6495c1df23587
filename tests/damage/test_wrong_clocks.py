"""Clocks that jump, step back, come back at 1970, over the night when summer time ends: no face tells an age that is
fresher than true, each says *clock not trusted* while it is, and `recorded_at` never decreases.

The control is the same seeds without the guard: then ages are too fresh.
"""

from __future__ import annotations

import html
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from soak_sizes import CLOCKS, recorded
from web_rig import House, admit, house
from wrong_clock import BEFORE_WINTER_TIME_US, DAY, HOUR, MINUTE, YEARS, GullibleClock, Machine, ages_in

from codedark.access import Cookies
from codedark.actions import Deeds
from codedark.cli.status import _lines
from codedark.clock import JUMP_US, US_PER_S, SeededChance, SystemClock
from codedark.node import Config, Facility, Layout, standing
from codedark.node.config import written
from codedark.node.packing import Plate, request_for
from codedark.node.timekeeping import keep_time, read_anchor, say_clock_is_right, take_over
from codedark.paper.pack import _data
from codedark.web import WebSettings, create_app

STEPS = 30
_HEARD = re.compile(r'class="heard">.<span class="unseen">[^<]*</span> ([^<]*)<')
_UNIT = re.compile(r'<span class="name"><bdi>(U\d+)</bdi>.*?</a>', re.S)
_FEED = re.compile(r'<th role="rowheader" scope="row"><bdi>(F\d+)</bdi>.*?</tr>', re.S)


class Worn:
    """What a process has as its clock; another one after the process was started again."""

    def __init__(self, made: SystemClock) -> None:
        self.made = made

    def __getattr__(self, name: str) -> Any:
        return getattr(self.made, name)


@dataclass
class Ward:
    """A node on a machine with a bad clock: the keeper with its journal, and web, each with a clock of its own."""

    home: House
    machine: Machine
    keeper: Worn
    web: Worn
    app: Any
    kind: Callable[..., SystemClock]
    heard: dict[int, int] = field(default_factory=dict)
    fresher: list[str] = field(default_factory=list)
    unsaid: list[str] = field(default_factory=list)
    looks: int = 0

    @property
    def layout(self) -> Layout:
        return Layout(self.home.folder)

    def start(self, which: Worn) -> None:
        which.made = self.kind(read_anchor(self.layout))
        if which is self.keeper:
            keep_time(self.layout, which.made)

    def passes(self, us: int) -> None:
        self.machine.passes(us)
        keep_time(self.layout, self.keeper.made)
        take_over(self.layout, self.web.made)

    def hear(self) -> None:
        number = len(self.heard)
        self.home.hear(admit(f"9{number:05}", f"PATIENT{number}^ADA", f"U{number}"), feed=f"F{number}")
        self.heard[number] = self.machine.true_us

    def said_right(self) -> None:
        self.machine.set_right()
        say_clock_is_right(self.layout, self.keeper.made)
        self.passes(0)

    def faces(self) -> dict[str, str]:
        """By name: every face, as text. A face that tells of one patient, unit or feed is named by its number."""
        guest = self.home.guest()
        guest.app = self.app
        guest.log_in("physician")
        found = {"units": guest.get("/units").text, "feeds": guest.get("/feeds").text}
        number = max(self.heard)
        patient = self.home.patient(f"U{number}")
        found["beds"] = guest.get(f"/beds?unit=U{number}").text
        found["chart"] = guest.get(f"/chart/{patient}").text
        for face in ("beds", "chart"):
            found |= {f"{face} {number} stamp {n}": text for n, text in enumerate(_HEARD.findall(found[face]))}
        found |= {f"units {unit[1][1:]}": unit[0] for unit in _UNIT.finditer(found["units"])}
        found |= {f"feeds {feed[1][1:]}": feed[0] for feed in _FEED.finditer(found["feeds"])}
        return found | self.other_faces(number)

    def other_faces(self, number: int) -> dict[str, str]:
        clock = self.kind(read_anchor(self.layout))  # a command and a pack are processes that start now
        plate = Plate(Config(facility=Facility("waterbury", "Waterbury", "America/New_York", "WTB")), b"s" * 32)
        record = self.home.deeds.record
        request = request_for(record, f"U{number}", plate, "", clock, draft=True, printed_by="timer")
        state = {**standing(self.home.folder, clock), "coverage": []}
        console = Console(width=200, color_system=None)
        with console.capture() as words:
            for line in _lines(state):
                console.print(line)
        journal, *feeds = words.get().split("feed ", 1)
        rows = {int(m[1]): m[0] for m in re.finditer(r"^F(\d+) .*$", feeds[0], re.M)}
        said = "" if state["clock"]["trusted"] else "CLOCK NOT TRUSTED"
        return {"pack": _data(request), "status": journal.replace("clock     NOT", "CLOCK NOT"), "json": said} | {
            f"status {n}": row for n, row in rows.items()
        }

    def look(self, what: str) -> None:
        """Hold every age on every face against the truth."""
        self.looks += 1
        newest = max(self.heard.values())
        wrong = abs(self.machine.wall_us - self.machine.true_us) > JUMP_US
        for face, text in self.faces().items():
            named = re.match(r"\w+ (\d+)", face)
            true_us = self.machine.true_us - (self.heard[int(named[1])] if named else newest)
            drawn = html.unescape(re.sub(r"entries, newest [^,]*,", "", text))
            for shown, unit in ages_in(drawn):
                if shown + unit <= true_us - JUMP_US:
                    self.fresher.append(f"{what}: {face} says {shown // MINUTE} min, true {true_us // MINUTE} min")
            if wrong and not named and "CLOCK NOT TRUSTED" not in text:
                self.unsaid.append(f"{what}: {face}")


def ward(folder: Path, machine: Machine, kind: type[SystemClock]) -> tuple[Any, Callable[[Any], Ward]]:
    def made(anchor: Any = None) -> SystemClock:
        sane = machine.clock(anchor)
        return kind(anchor, wall=sane._wall, steady=sane._steady, boot=sane._boot)

    keeper, web = Worn(made()), Worn(made())

    def finish(home: House) -> Ward:
        config = Config(facility=Facility("waterbury", "Waterbury", "America/New_York", "WTB"))
        (folder / "codedark.toml").write_text(written(config))
        Layout(folder).make()
        deeds = Deeds(home.append, home.deeds.record, web, SeededChance("pages"), passwords=home.deeds.passwords)
        settings = WebSettings(form_key=b"form key of tests", facility="Waterbury", zone="America/New_York")
        app = create_app(
            lambda: home.deeds.record, lambda: deeds, Cookies(home.keys.cookie_key), settings, web, SeededChance("p")
        )
        one = Ward(home, machine, keeper, web, app, made)
        one.start(keeper)
        one.start(web)
        return one

    return house(folder, clock=keeper), finish


def act(one: Ward, rng: random.Random) -> str:
    """One thing that happens to the machine, the node or the ward."""
    machine = one.machine
    what = rng.choice(("pass", "pass", "hear", "step", "step", "right", "keeper", "web", "reboot", "person"))
    if what == "pass":
        one.passes(rng.choice((20 * US_PER_S, 7 * MINUTE, 3 * HOUR, 2 * DAY)))
    elif what == "hear":
        one.hear()
    elif what == "step":
        machine.steps(rng.choice((YEARS, -YEARS, HOUR, -HOUR, 20 * US_PER_S, -20 * US_PER_S, -90 * DAY)))
    elif what == "right":
        machine.set_right()
    elif what in ("keeper", "web"):
        one.start(getattr(one, what))
    elif what == "reboot":
        off = rng.choice((MINUTE, 2 * HOUR, 3 * DAY))
        seen = read_anchor(one.layout).seen_us  # a clock behind the truth, but not behind this, nobody can find out
        machine.reboots(off, rng.choice((None, 40 * US_PER_S, seen - HOUR)))
        one.start(one.keeper)
        one.start(one.web)
    else:
        one.said_right()
    one.passes(rng.randrange(1, 30 * MINUTE))
    return what


def one_run(folder: Path, seed: int, kind: type[SystemClock] = SystemClock) -> Ward:
    rng = random.Random(f"clock {seed}")
    machine = Machine(BEFORE_WINTER_TIME_US + rng.randrange(4 * HOUR))
    begun, finish = ward(folder, machine, kind)
    with begun as home:
        one = finish(home)
        one.hear()
        for number in range(STEPS):
            what = act(one, rng)
            if rng.random() < 0.5:
                one.look(f"seed {seed}, step {number}, {what}")
        one.said_right()
        one.hear()
        one.trusted_again = "CLOCK NOT TRUSTED" not in "".join(one.faces().values())
        one.times = [entry.recorded_at_us for entry in home.reader.read(-1)]
    return one


def test_no_face_tells_an_age_that_is_fresher_than_true(tmp_path: Path) -> None:
    with recorded("seeded runs of wrong clocks, every face looked at") as said:
        runs = [one_run(tmp_path / str(seed), seed) for seed in range(CLOCKS)]
        fresher, unsaid = [each for one in runs for each in one.fresher], [each for one in runs for each in one.unsaid]
        backward = sum(one.times != sorted(one.times) for one in runs)
        again = sum(one.trusted_again for one in runs)
        said |= {"done": len(runs), "looks": sum(one.looks for one in runs), "fresher than true": len(fresher),
                 "wrong and not said": len(unsaid), "recorded_at stepped back": backward,
                 "trusted again when right": again}  # fmt: skip
    assert fresher == []
    assert unsaid == []
    assert (backward, again) == (0, len(runs))


def test_without_the_guard_the_same_runs_tell_ages_that_are_too_fresh(tmp_path: Path) -> None:
    with recorded("control: the same wrong clocks without the guard") as said:
        runs = [one_run(tmp_path / str(seed), seed, GullibleClock) for seed in range(max(2, CLOCKS // 10))]
        fresher = sum(len(one.fresher) for one in runs)
        said |= {
            "done": len(runs),
            "fresher than true": fresher,
            "wrong and not said": sum(len(r.unsaid) for r in runs),
        }
    assert fresher


def dose(at_us: int, machine: Machine) -> str:
    stamp = machine.stamp(at_us)
    return "\r".join(
        [
            f"MSH|^~\\&|MAR|WTB|CODEDARK|WTB|{stamp}||RAS^O17^RAS_O17|D{at_us}|P|2.5.1",
            "PID|1||482193^^^WTB^MR||MARLOWE^ADA||19550304|F",
            "ORC|RE|P55^EHR|F66^PHARM",
            f"RXA|0|1|{stamp}|{stamp}|1049621^Oxycodone 5 mg^RXNORM|5|mg^^UCUM||||||||||||CP|A",
            "RXR|PO",
        ]
    )


@pytest.mark.parametrize("kind", [SystemClock, GullibleClock])
def test_a_dose_of_the_future_is_never_the_last_one_given_though_the_clock_is_five_years_ahead(
    tmp_path: Path, kind: type[SystemClock]
) -> None:
    """The control believes the clock, and takes a dose two years ahead as the last one given."""
    machine = Machine()
    begun, finish = ward(tmp_path, machine, kind)
    with begun as home:
        one = finish(home)
        home.hear(dose(machine.true_us - HOUR, machine), "mar")
        machine.steps(YEARS)
        home.hear(dose(machine.true_us + 2 * 365 * DAY, machine), "mar")
        doses = home.deeds.record.administrations(home.patient("4W"))
        impossible = [each.time_impossible for _, each in doses]
        guest = home.guest()
        guest.app = one.app
        guest.log_in("physician")
        page = guest.get(f"/chart/{home.patient('4W')}").text
    assert sorted(impossible) == ([False, True] if kind is SystemClock else [False, False])
    assert ("-2028 " in page) == (kind is GullibleClock)
