"""The pen of a file that is read later: no age in it grows old, no time of day stands without its day."""

from __future__ import annotations

from dataclasses import dataclass

from codedark.tongue import tongue
from codedark.web.pen import Pen


@dataclass(slots=True)
class FilePen(Pen):
    """`now_us` is when the file was made. An age is told as the time itself, or against the making of the file; who
    reads it tomorrow is not told "7 h"."""

    def short(self, us: int | None) -> str:
        """24-Nov-2026 03:12, also on the day of making: the reader's day is another."""
        return self.moment(us)

    def age(self, us: int | None) -> str:
        """The time itself, with its day."""
        return self.moment(us)

    def ago(self, us: int | None) -> str:
        """ "7 h 48 min before this file was made"; nothing for never; "age not known" under a clock not trusted."""
        if us is None:
            return ""
        if not self.trusted or us > self.now_us:
            return tongue(self.language).gettext("age not known")
        return tongue(self.language).gettext("%(age)s before this file was made") % {"age": Pen.age(self, us)}
