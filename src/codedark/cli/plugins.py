"""Commands of other packages, by entry points of the group `codedark.commands`; a broken one breaks only itself."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer

from codedark.errors import ConfigError

GROUP = "codedark.commands"


def add_plugins(app: typer.Typer, wanted: str | None, own: frozenset[str]) -> None:
    """Register the plug-ins that `wanted` (the first argument) may need: all of them for help, none for our own."""
    if wanted in own:
        return
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        if point.name not in own and (wanted is None or wanted.startswith("-") or wanted == point.name):
            _add(app, point)


def _add(app: typer.Typer, point: EntryPoint) -> None:
    try:
        found: Any = point.load()
    except Exception as error:
        _add_broken(app, point, error)
        return
    if isinstance(found, typer.Typer):
        app.add_typer(found, name=point.name)
    else:
        app.command(point.name)(found)


def _add_broken(app: typer.Typer, point: EntryPoint, error: Exception) -> None:
    reason = f"the plug-in {point.name!r} ({point.value}) cannot be loaded: {type(error).__name__}"

    @app.command(point.name, help=f"Not available: {reason}.", context_settings={"ignore_unknown_options": True})
    def broken(arguments: list[str] = typer.Argument(None, hidden=True)) -> None:  # noqa: B008
        raise ConfigError(reason, hint="Install that package again; all other commands work without it.")
