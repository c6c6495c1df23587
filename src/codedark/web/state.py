"""The line of state: how old is what you see. It stands on top of every page (screens.md).

"As of" is the newest moment at which clinical content was *heard*, never the newest entry: log-ins and read logs are
entries too, and would make an old record look fresh. Ages come from `recorded_at` against the node's clock, never
from the device; when the clock is not trusted, or says that the past lies ahead, no age is shown at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from codedark.clock import US_PER_S
from codedark.tongue import ENGLISH
from codedark.views import AsOf, FeedRow
from codedark.web.wording import age, entry_name, moment, short


class Level(StrEnum):
    """How loud the line is. Each has its own word and shape in the template; colour only repeats them."""

    HEARD = "heard"
    OLD = "old"
    VERY_OLD = "very-old"
    NOTHING = "nothing"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class StateLine:
    """What the template draws. `as_of`, `age`, `entry`: worded; `silent`, `held`: (feed, since), "" for since
    never; `unproven`: feeds whose sender is known by address only; `drawn`: time of this page."""

    level: Level
    facility: str
    as_of: str
    age: str
    entry: str
    silent: tuple[tuple[str, str], ...]
    drawn: str
    held: tuple[tuple[str, str], ...] = ()
    unproven: tuple[str, ...] = ()


def heard_us(as_of: AsOf, feeds: Iterable[FeedRow]) -> int | None:
    """µs UTC of the newest clinical content, None when nothing ever came. The older of the two witnesses wins."""
    by_feed = [feed.last_heard_us for feed in feeds if feed.last_heard_us is not None]
    if not by_feed:
        return as_of.recorded_at_us
    newest = max(by_feed)
    return newest if as_of.recorded_at_us is None else min(newest, as_of.recorded_at_us)


def silent(feeds: Iterable[FeedRow], now_us: int) -> list[FeedRow]:
    """Declared feeds over their expected interval, or never heard, longest silence first."""
    over = [
        feed
        for feed in feeds
        if feed.expected_s > 0
        and (feed.last_heard_us is None or now_us - feed.last_heard_us > feed.expected_s * US_PER_S)
    ]
    return sorted(over, key=lambda feed: feed.last_heard_us or 0)


def level_of(heard: int | None, now_us: int, threshold_s: int, *, clock_trusted: bool) -> Level:
    """Amber over the site's threshold, red over twice that; before both, whether an age can be told at all."""
    if heard is None:
        return Level.NOTHING
    if not clock_trusted or heard > now_us:
        return Level.CLOCK
    past_s = (now_us - heard) / US_PER_S
    if past_s > 2 * threshold_s:
        return Level.VERY_OLD
    return Level.OLD if past_s > threshold_s else Level.HEARD


def state_line(
    as_of: AsOf, feeds: tuple[FeedRow, ...], *, now_us: int, zone: ZoneInfo, threshold_s: int, clock_trusted: bool,
    language: str = ENGLISH,
) -> StateLine:  # fmt: skip
    """Everything the top line says. A silent feed makes it amber even while others still speak."""
    heard = heard_us(as_of, feeds)
    holds = as_of.ages_hold(now_us, clock_trusted)
    quiet = [feed for feed in silent(feeds, now_us) if holds or feed.last_heard_us is None]
    level = level_of(heard, now_us, threshold_s, clock_trusted=holds)
    held = [feed for feed in feeds if feed.held_since_us is not None]
    if level is Level.HEARD and (quiet or held):
        level = Level.OLD

    def since(us: int | None) -> str:
        return "" if us is None else short(us, now_us, zone, language)

    return StateLine(
        level=level,
        facility=as_of.facility,
        as_of=moment(heard, zone, language),
        age="" if level is Level.CLOCK else age(heard, now_us, language),
        entry=entry_name(as_of.position) if as_of.position >= 0 else "",
        unproven=tuple(feed.feed for feed in feeds if not feed.authenticated and feed.last_heard_us is not None),
        held=tuple((feed.feed, since(feed.held_since_us)) for feed in held),
        silent=tuple((feed.feed, since(feed.last_heard_us)) for feed in quiet),
        drawn=since(now_us) if level is not Level.CLOCK else moment(now_us, zone, language),
    )
