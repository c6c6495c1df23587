"""Merged patients, resolved when read: an absorbed record's items show in its survivor, and come back on unlink."""

from __future__ import annotations

from typing import Any

import apsw

Resolved = dict[tuple[str, int], tuple[int, ...]]
_REMEMBERED = 50_000
_INTO = "SELECT survivor FROM link WHERE absorbed=?1 AND survivor<>?1 ORDER BY rank DESC, survivor DESC LIMIT 1"


class Aliases:
    """Which patient row stands for which. Asked for one patient at a time: an import makes a link for each patient, so
    there may be a million. `resolved`: what was found out before, good while no link changes; shared by threads."""

    def __init__(self, db: apsw.Connection, resolved: Resolved | None = None) -> None:
        self._db = db
        self._resolved: Resolved = {} if resolved is None else resolved
        if len(self._resolved) > _REMEMBERED:
            self._resolved.clear()

    def survivor(self, pid: int) -> int:
        """The record this one was merged into, through any number of merges; itself when it was not."""
        found = self._resolved.get(("survivor", pid))
        if found is None:
            found = self._resolved["survivor", pid] = (self._survivor(pid),)
        return found[0]

    def _survivor(self, pid: int) -> int:
        seen = [pid]
        while (row := self._db.execute(_INTO, (seen[-1],)).fetchone()) is not None:
            if row[0] in seen:
                # A circle of merges: every member resolves to the same one.
                return int(min(seen[seen.index(row[0]) :]))
            seen.append(row[0])
        return seen[-1]

    def members(self, pid: int) -> list[int]:
        """A survivor and everything absorbed into it, the survivor first."""
        found = self._resolved.get(("members", pid))
        if found is None:
            found = self._resolved["members", pid] = self._members(pid)
        return list(found)

    def _members(self, pid: int) -> tuple[int, ...]:
        seen, ahead = {pid}, [pid]
        while ahead:
            into = ahead.pop()
            rows: list[Any] = self._db.execute("SELECT absorbed FROM link WHERE survivor=?", (into,)).fetchall()
            for (absorbed,) in rows:
                if absorbed not in seen and self.survivor(absorbed) == pid:
                    seen.add(absorbed)
                    ahead.append(absorbed)
        return (pid, *sorted(seen - {pid}))

    def distinct(self) -> int:
        """How many patients the living records stand for: every group of merged records counts once."""
        groups: dict[int, set[int]] = {}
        rows: list[Any] = self._db.execute("SELECT pid FROM patient WHERE absorbed=1 AND alive=1").fetchall()
        for (pid,) in rows:
            groups.setdefault(self.survivor(pid), set()).add(pid)
        for survivor, members in groups.items():
            if self._db.execute("SELECT alive FROM patient WHERE pid=?", (survivor,)).get:
                members.add(survivor)
        alive: int = self._db.execute("SELECT count(*) FROM patient WHERE alive=1").get
        return alive - sum(len(members) - 1 for members in groups.values())
