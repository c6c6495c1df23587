"""Where a drill is shown: bars and remarks on stderr, commands of `codedark` run as anybody would run them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from codedark.errors import CodedarkError

from .drill_node import codedark

Moved = Callable[[int, int], None]


class CommandFailed(CodedarkError):
    """A command of `codedark` that the drill ran did not end well."""

    exit_code = 1
    slug = "codedark-error"
    default_hint = "Its own words stand above."


class Stage:
    """stderr of the drill. `quiet`: no bars even on a terminal (tests)."""

    def __init__(self, quiet: bool = False) -> None:
        self._console = Console(file=sys.stderr, highlight=False, markup=False, soft_wrap=True, emoji=False)
        self._quiet = quiet

    def say(self, words: str) -> None:
        """A sentence for the person who watches."""
        if not self._quiet:
            self._console.print(Text(words))

    @contextmanager
    def bar(self, what: str) -> Iterator[Moved]:
        """A progress bar: `moved(done, of)`. Without a terminal one line when it ends."""
        columns = (TextColumn("  {task.description:<34}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        last = [0, 0]
        with Progress(*columns, console=self._console, disable=self._quiet or not self._console.is_terminal) as bars:
            task = bars.add_task(what, total=None)

            def moved(done: int, of: int) -> None:
                last[:] = [done, of]
                bars.update(task, completed=done, total=of)

            yield moved
        if not self._console.is_terminal:
            self.say(f"  {what}: {last[0]} of {last[1]}")


def run(*arguments: str, accept: frozenset[int] = frozenset((0,)), stdin: bytes = b"") -> dict[str, Any]:
    """Run one `codedark` command with --json and return its object. Raises `CommandFailed` for an exit not accepted."""
    done = subprocess.run(codedark(*arguments, "--json"), stdout=subprocess.PIPE, input=stdin, check=False)
    if done.returncode not in accept:
        raise CommandFailed(f"`codedark {' '.join(arguments[:2])}` ended with {done.returncode}")
    told: dict[str, Any] = orjson.loads(done.stdout)
    return told
