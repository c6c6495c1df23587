"""Merged patients, resolved when read: an absorbed record's items show in its survivor, and come back on unlink."""

from __future__ import annotations

from collections.abc import Callable

import apsw


class Aliases:
    """Which patient row stands for which, as of one state of the views."""

    def __init__(self, db: apsw.Connection) -> None:
        best: dict[int, tuple[bytes, int]] = {}
        for absorbed, survivor, rank in db.execute("SELECT absorbed, survivor, rank FROM link"):
            if absorbed != survivor and (absorbed not in best or (rank, survivor) > best[absorbed]):
                best[absorbed] = (rank, survivor)
        self._into = {absorbed: survivor for absorbed, (_, survivor) in best.items()}
        self._members: dict[int, list[int]] = {}
        for absorbed in self._into:
            self._members.setdefault(self.survivor(absorbed), []).append(absorbed)

    def survivor(self, pid: int) -> int:
        """The record this one was merged into, through any number of merges; itself when it was not."""
        if pid not in self._into:
            return pid
        seen = [pid]
        while (into := self._into.get(seen[-1])) is not None:
            if into in seen:
                # A circle of merges: every member resolves to the same one.
                return min(seen[seen.index(into) :])
            seen.append(into)
        return seen[-1]

    def members(self, pid: int) -> list[int]:
        """A survivor and everything absorbed into it, the survivor first."""
        return [pid, *(member for member in sorted(self._members.get(pid, ())) if member != pid)]

    def distinct(self, alive: int, is_alive: Callable[[int], bool]) -> int:
        """How many patients `alive` records stand for: every group of merged records counts once."""
        groups: dict[int, int] = {}
        for pid in {*self._into, *(self.survivor(each) for each in self._into)}:
            if is_alive(pid):
                groups[self.survivor(pid)] = groups.get(self.survivor(pid), 0) + 1
        return alive - sum(groups.values()) + len(groups)
