"""Everybody ever known, found by name, number or birth date: one narrow row for each word by which a person is found.

A word is matched from its beginning, over everybody; whoever lies in the house is also found by any part of a name or
number, and by bed. No question reads all patients, however vague it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

import apsw

from codedark.views.places import House, all_stays
from codedark.views.spelling import bare, folded

_MANY = 5_000
_LAST = "\U0010ffff"
_BETWEEN = "FROM known WHERE word >= ? AND word < ?"


def find(db: apsw.Connection, house: House, text: str, limit: int) -> list[int]:
    """Row numbers of at most `limit` patients who match every word: by bed, then those in the house, then all others
    by name."""
    said = [word for word in re.split(r"[\s,]+", folded(text)) if word]
    words = [word for word in (asked_word(each) for each in said) if word]
    if not words:
        return []
    stays = all_stays(db, house)
    joined = re.sub(r"[\s-]", "", folded(text))
    by_bed = [stay.pid for stay in sorted(stays, key=lambda stay: stay.place) if joined in _bed_names(*stay.place)]
    here = _by_name(db, _in_house(db, house, {stay.pid for stay in stays}, said))
    ever = _ever(db, words, limit)
    return list(dict.fromkeys([*by_bed, *here, *ever]))[: limit * 4]


def asked_word(word: str) -> str:
    """A word that was asked for, as it stands in the index; a birth date in any usual writing as its eight digits."""
    for pattern in ("%Y-%m-%d", "%d-%b-%Y", "%m/%d/%Y", "%d.%m.%Y"):
        try:
            return datetime.strptime(word, pattern).strftime("%Y%m%d")
        except ValueError:
            continue
    return bare(word)


def _in_house(db: apsw.Connection, house: House, pids: Iterable[int], said: list[str]) -> list[int]:
    match = "".join(f" AND (instr(words, ?{at}) OR instr(lower(numbers), ?{at}))" for at in range(2, len(said) + 2))
    keys = [(member, *said) for pid in pids for member in house.aliases.members(pid)]
    rows = db.executemany(f"SELECT pid FROM patient WHERE pid=?1 AND alive=1{match}", keys)  # nosec B608 - numbers
    return [pid for (pid,) in rows]


def _ever(db: apsw.Connection, words: list[str], limit: int) -> list[int]:
    """By the rarest word, in the order of the index, until enough people match the others too."""
    size = {
        each: db.execute(f"SELECT count(*) FROM (SELECT 1 {_BETWEEN} LIMIT {_MANY})", _range(each)).get  # nosec B608
        for each in words
    }
    first, *others = sorted(size, key=lambda each: (size[each], each))
    match = " AND instr(p.found, ?)" * len(others)
    rows = db.execute(
        f"SELECT DISTINCT p.pid FROM (SELECT word, pid {_BETWEEN}) k CROSS JOIN patient p ON p.pid = k.pid "  # nosec B608
        f"WHERE p.alive = 1{match} ORDER BY k.word, k.pid LIMIT ?",
        (*_range(first), *(f" {each}" for each in others), limit),
    )
    return _by_name(db, (pid for (pid,) in rows))


def _range(word: str) -> tuple[str, str]:
    return word, word + _LAST


def _by_name(db: apsw.Connection, pids: Iterable[int]) -> list[int]:
    keys = [(pid,) for pid in pids]
    return [pid for _, pid in sorted(db.executemany("SELECT words, pid FROM patient WHERE pid=? AND alive=1", keys))]


@lru_cache(maxsize=8192)
def _bed_names(unit: str, room: str, bed: str) -> frozenset[str]:
    tidy = [re.sub(r"[\s-]", "", folded(part)) for part in (unit, room, bed)]
    return frozenset({"".join(tidy), "".join(tidy[:2]), "".join(tidy[1:]), tidy[0] + tidy[2]} - {"", tidy[0]})
