"""The pen a template writes with: words for times, ages and origins, bound to one moment and one zone.

A chart has hundreds of times and stamps, many of them alike, and drawing it must take a few milliseconds: what was
written once on a page is remembered for that page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from codedark.clock import US_PER_S
from codedark.tongue import ENGLISH, said, tongue
from codedark.views import Band, Mark, Result, Round, Sign, Stamp, Unscored, Vital, When, shown_unit, tall_man
from codedark.web import tables, wording
from codedark.web.ink import visible

_MINUTE_US = 60 * US_PER_S
_NO_DAY = -11_676_096_000 * US_PER_S
"""A day in 1600, for when nobody knows what day it is: no time is of that year, and nobody has an age."""


@dataclass(slots=True)
class Pen:
    """`now_us`: the node's clock, µs UTC, once for the whole page; `zone`: the facility's; `trusted`: whether ages
    may be told; `language`: of our own words."""

    now_us: int
    zone: ZoneInfo
    trusted: bool = True
    language: str = ENGLISH
    _times: dict[When | None, wording.Worded] = field(default_factory=dict)
    _drawn: dict[tuple[When | None, bool], Markup] = field(default_factory=dict)
    _origins: dict[tuple[Mark, int], Markup] = field(default_factory=dict)

    def word(self, text: str) -> str:
        """One of our own words in the reader's language, for text that may also be a sender's: that stays as it came,
        and is escaped where it is drawn."""
        return said(text, self.language)

    def total(self, parts: str) -> str:
        """What is known to be given, "4 mg + 1 of unknown size", each part in the reader's words."""
        return " + ".join(self.word(part) for part in parts.split(" + "))

    def roles(self, roles: Iterable[str]) -> str:
        """Roles in a few words."""
        return ", ".join(self.word(str(role)) for role in sorted(roles))

    def status(self, code: str) -> str:
        """A state of an order, problem or result in words; one that is not known as it came."""
        return self._say(wording.STATUS_WORDS.get(code, "")) or code

    def event_kind(self, code: str) -> str:
        """What kind of thing a line of the last table of orders is."""
        return self._say(wording.EVENT_WORDS.get(code, "")) or code

    def sex(self, code: str) -> str:
        """Administrative sex in a word; another as it came; "" for none."""
        return self._say(wording.SEX_WORDS.get(code, "")) or code

    def _say(self, word: str) -> str:
        return word if self.language == ENGLISH or not word else tongue(self.language).gettext(word)

    def drug(self, name: str) -> str:
        """A medicine's name with tall-man letters where it is mistaken for another."""
        return tall_man(name)

    def moment(self, us: int | None) -> str:
        """24-Nov-2026 03:12."""
        return wording.moment(us, self.zone, self.language)

    def short(self, us: int | None) -> str:
        """03:12 today, else 23-Nov 03:12; with its year where nobody knows what day it is."""
        return wording.short(us, self.now_us, self.zone, self.language) if self.trusted else self.moment(us)

    def age(self, us: int | None) -> str:
        """ "7 h 48 min"; the time itself where the clock cannot be trusted."""
        return wording.age(us, self.now_us, self.language) if self.trusted else self.moment(us)

    def ago(self, us: int | None) -> str:
        """ "7 h 48 min ago"; "age not known" where the clock cannot be trusted; "" for never."""
        if us is None:
            return ""
        if not self.trusted:
            return self._say(wording.AGE_NOT_KNOWN)
        return self._say(wording.AGO) % {"age": self.age(us)} if us <= self.now_us else self.age(us)

    def clinical(self, when: When | None) -> wording.Worded:
        """A claimed time with its precision, zone mark and original text."""
        worded = self._times.get(when)
        if worded is None:
            today = self.now_us if self.trusted else _NO_DAY
            worded = self._times[when] = wording.clinical(when, today, self.zone, self.language)
        return worded

    def when(self, when: When | None, stamp: Stamp | None = None) -> Markup:
        """The claimed time as markup: marked when its zone was assumed, and, with a stamp, when it is impossible."""
        key = when, stamp is not None and tables.impossible(when, stamp)
        drawn = self._drawn.get(key)
        if drawn is None:
            drawn = self._drawn[key] = self._draw(when, key[1])
        return drawn

    def _draw(self, when: When | None, impossible: bool) -> Markup:
        worded = self.clinical(when)
        drawn = f'<span class="nowrap">{_ink(worded.text)}</span>'
        if worded.assumed:
            drawn += f' <span class="tag tag-plain">{_ink(self._assumed(worded))}</span>'
        if impossible:
            drawn += f' <span class="tag tag-red">■ {_ink(self._say(wording.TIME_IMPOSSIBLE))}</span>'
        return Markup(drawn)  # nosec B704 - every part went through _ink

    def _assumed(self, worded: wording.Worded) -> str:
        if not worded.sent:
            return self._say(wording.ZONE_ASSUMED)
        return self._say(wording.ZONE_ASSUMED_SENT) % {"sent": worded.sent}

    def origin(self, stamp: Stamp) -> Markup:
        """Where an item came from and how long ago the node kept it: ▪ 7 h 48 min."""
        key = stamp.mark, stamp.recorded_at_us // _MINUTE_US
        drawn = self._origins.get(key)
        if drawn is None:
            word, past = _ink(self._say(wording.MARK_WORDS[stamp.mark])), _ink(self.age(stamp.recorded_at_us))
            drawn = Markup(f'<span class="heard">{stamp.mark.value}<span class="unseen"> {word},</span> {past}</span>')  # nosec B704
            self._origins[key] = drawn
        return drawn

    def column(self, when: When) -> Markup:
        """The head of a column: its day above its hour, and a star when the zone was assumed."""
        worded = self.clinical(when)
        day, _, hour = worded.text.partition(" ")
        star = f'<abbr title="{_ink(self._assumed(worded))}">*</abbr>' if worded.assumed else ""
        return Markup(f'<span class="day">{_ink(day)}</span> <span class="hour">{_ink(hour)}{star}</span>')  # nosec B704

    def signs(self, cell: Sequence[Vital], found: Round, unit: str) -> Markup:
        """One cell of the observation chart: 152/75; its own minute where that is not the column's, its own unit where
        the row has none."""
        value = "/".join(vital.value for vital in cell)
        own = "" if unit or not cell[0].unit else f" {shown_unit(cell[0].unit)}"
        drawn = f"<bdi>{_ink(value + own)}</bdi>"
        if cell[0].when is not None and cell[0].when.iso[:16] != found.when.iso[:16]:
            drawn += f' <span class="soft small">({_ink(self.clinical(cell[0].when).text.partition(" ")[2])})</span>'
        return Markup(drawn)  # nosec B704

    def result(self, result: Result) -> Markup:
        """One result in its column: value, mark and word of its flag, what it was before, and whether it stands."""
        value = f"<bdi>{_ink(result.value)}</bdi>"
        if result.standing == "withdrawn":
            return Markup(f'<del>{value}</del> <span class="tag tag-red">■ {_ink(self._say(wording.WITHDRAWN))}</span>')  # nosec B704
        drawn = [f'<span class="{"red " * result.critical}value">{value}</span>{self.flag(result)}']
        drawn += [
            f'<br><del><span class="unseen">{_ink(self._say(wording.WAS))} </span><bdi>{_ink(each)}</bdi></del>'
            for each in result.earlier
        ]
        if result.standing == "corrected":
            heard = self._say(wording.CORRECTED) % {"at": self.short(result.stamp.recorded_at_us)}
            drawn.append(f'<br><span class="tag tag-amber">{_ink(heard)}</span>')
        elif result.standing not in ("final", ""):
            drawn.append(f'<br><span class="tag tag-plain">{_ink(self.status(result.standing))}</span>')
        return Markup(" ".join(drawn))  # nosec B704

    def flag(self, result: Result) -> Markup:
        """The flag as mark and word, with the space before it; nothing for none and for normal."""
        if not result.flag or result.flag == "N":
            return Markup("")
        mark, word = wording.FLAG_WORDS.get(result.flag, ("●●" if result.critical else "", result.flag))
        loud = ' class="red"' if result.critical else ""
        return Markup(f" <span{loud}>{mark} {_ink(self._say(word))}</span>")  # nosec B704

    def unit(self, unit: str) -> str:
        """A unit as it is read at a bedside: mmHg for mm[Hg]; others as sent."""
        return shown_unit(unit)

    def band(self, band: Band) -> str:
        """What a NEWS2 means by the thresholds of its chart."""
        return self._say(wording.BAND_WORDS[band])

    def unscored(self, why: Unscored) -> str:
        """Why a patient has no NEWS2."""
        return self._say(wording.UNSCORED_WORDS[why])

    def sign(self, sign: Sign, name: str = "") -> str:
        """A vital sign in a nurse's words; one that has none by its name."""
        return self._say(wording.SIGN_WORDS.get(sign, "")) or name

    def record_number(self, number: str) -> Markup:
        """An MRN in groups that are only looks: what is copied and read to a machine is the number as it came."""
        parts = (f'<span class="group">{_ink(part)}</span>' for part in wording.in_groups(number))
        return Markup("".join(parts))  # nosec B704 - every part went through _ink

    def birth(self, birth_date: str) -> str:
        """04-Mar-1955 (71 y)."""
        return wording.birth(birth_date, self.now_us if self.trusted else _NO_DAY, self.zone, self.language)

    def age_of(self, birth_date: str) -> str:
        """71 y; "" where nobody knows what day it is."""
        return wording.age_of(birth_date, self.now_us if self.trusted else _NO_DAY, self.zone, self.language)

    def span(self, seconds: int) -> str:
        """ "5 min", "2 h": an expected interval."""
        return wording.age(0, seconds * US_PER_S, self.language)

    def entry(self, place: int) -> str:
        """48 211, or "2: 17" in a second origin."""
        return wording.entry_name(place)

    def grouped(self, number: int) -> str:
        """48 211."""
        return wording.grouped(number)


def _ink(text: str) -> str:
    """Escaped and visible: the only way text gets into markup here."""
    return str(escape(visible(text)))
