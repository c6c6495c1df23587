"""Draw the pages that the code can say best: errors, exit codes, settings, commands, fields of HL7 v2 that are read.

Usage: .venv/bin/python script/docs.py [--check]
With --check nothing is written; exit 1 names the pages that are not what the code says (the fields have a test of
their own: tests/unit/entries).
"""

from __future__ import annotations

import ast
import inspect
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import fields
import typer

from codedark import errors
from codedark.cli.app import build
from codedark.cli.exits import EXITS
from codedark.node import Config

PAGES = Path(__file__).resolve().parent.parent / "docs" / "reference"
DRAWN = "<!-- Drawn by script/docs.py from the code; change the code, then run it. -->"


def tree(kind: type[errors.CodedarkError]) -> Iterator[type[errors.CodedarkError]]:
    """An error class and everything below it."""
    yield kind
    for under in kind.__subclasses__():
        if under.__module__ == errors.__name__:
            yield from tree(under)


def errors_page() -> str:
    """docs/reference/errors.md."""
    drawing = (errors.__doc__ or "").split("\n\n")[1]
    out = ["# Errors", DRAWN, "", "Each class ends a command with its own exit code and says the next step.", ""]
    out += ["```", drawing, "```"]
    for kind in tree(errors.CodedarkError):
        out += ["", f"## {kind.slug}", "", f"`{kind.__name__}`, exit code {kind.exit_code}."]
        out += [inspect.cleandoc(kind.__doc__ or ""), "", f"**Next step:** {kind.default_hint}"]
    return "\n".join(out) + "\n"


def exits_page() -> str:
    """docs/reference/exit-codes.md."""
    out = ["# Exit codes", DRAWN, "", "Scripts may rely on these. A code that is not listed is a failure.", ""]
    out += ["| code | meaning |", "|--:|---|"]
    rows = dict(EXITS)
    for kind in tree(errors.CodedarkError):
        first = inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0].replace("\n", " ")
        rows[kind.exit_code] = f"[{kind.slug}](errors.md#{kind.slug}): {first}"
    out += [f"| {code} | {rows[code]} |" for code in sorted(rows)]
    out += ["", 'With `--json` a failed command prints `{"error": slug, "message": …, "hint": …}` on stdout.']
    return "\n".join(out) + "\n"


def config_page() -> str:
    """docs/reference/config.md."""
    source = ast.parse(Path(inspect.getfile(Config)).read_text(encoding="utf-8"))
    out = ["# codedark.toml", DRAWN, "", "Ports, paths and peers of one node. A key that is not known is refused."]
    out += ["Zone, code maps and thresholds, which change what the record means, are entries in the journal."]
    for node in source.body:
        bases = [ast.unparse(base) for base in node.bases] if isinstance(node, ast.ClassDef) else []
        if isinstance(node, ast.ClassDef) and bases == ["Table"] and node.name != "Config":
            words = ast.get_docstring(node) or ""
            out += ["", f"## {words.split(' ', 1)[0].strip('`')}", "", words.split(" ", 1)[1], ""]
            out += ["| key | default | meaning |", "|---|---|---|", *settings(node)]
    return "\n".join(out) + "\n"


def settings(node: ast.ClassDef) -> Iterator[str]:
    """One row for each field of a table; the string below a field is its meaning."""
    for field, words in zip(node.body, node.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(words, ast.Expr) and isinstance(words.value, ast.Constant):
            default = ast.unparse(field.value) if field.value else "required"
            meaning = inspect.cleandoc(str(words.value.value)).replace("\n", " ")
            yield f"| `{ast.unparse(field.target)}` | `{default}` | {meaning} |"


def cli_page() -> str:
    """docs/reference/cli.md."""
    out = ["# Commands", DRAWN, "", "Results on stdout, everything else on stderr; `NO_COLOR` is obeyed; exit codes:"]
    out += ["[exit-codes.md](exit-codes.md). `--folder` may be given once for all as `CODEDARK_FOLDER`."]
    command = typer.main.get_command(build())
    for path, each in commands(command, "codedark"):
        out += ["", f"## `{path}`", "", inspect.cleandoc(each.help or ""), ""]
        rows = [row for param in each.params if (row := option(param))]
        out += ["| argument or option | meaning |", "|---|---|", *rows]
    return "\n".join(out) + "\n"


def commands(command: object, path: str) -> Iterator[tuple[str, typer.core.TyperCommand]]:
    """Every command that does something, with its full name."""
    if isinstance(command, typer.core.TyperGroup):
        for name in sorted(command.commands):
            yield from commands(command.commands[name], f"{path} {name}")
    elif isinstance(command, typer.core.TyperCommand):
        yield path, command


def option(param: object) -> str:
    """One row of a command's table."""
    words = getattr(param, "help", None) or ""
    if getattr(param, "hidden", False) or getattr(param, "name", "") == "help":
        return ""
    if getattr(param, "param_type_name", "") == "argument":
        name = str(getattr(param, "name", "")).upper()
        return f"| `{name}`{'' if getattr(param, 'required', False) else ' (optional)'} | {words} |"
    opts = [*getattr(param, "opts", []), *getattr(param, "secondary_opts", [])]
    value = "" if getattr(param, "is_flag", False) else " …"
    more = " May be repeated." if getattr(param, "multiple", False) else ""
    default = getattr(param, "default", None)
    usual = (
        f" Default: `{default}`."
        if isinstance(default, str | int) and not isinstance(default, bool) and default != ""
        else ""
    )
    return f"| `{', '.join(opts)}{value}` | {words}{usual}{more} |".replace("\n", " ")


def main() -> int:
    """Write the pages, or compare them."""
    os.environ["COLUMNS"] = "100"
    drawn = {"errors": errors_page(), "exit-codes": exits_page(), "config": config_page(), "cli": cli_page()}
    stale = []
    for name, text in drawn.items():
        path = PAGES / f"{name}.md"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(text, encoding="utf-8")
    if "--check" not in sys.argv:
        stale += [fields.PAGE.stem] if fields.draw() else []
    if stale:
        print("not as the code says:" if "--check" in sys.argv else "drawn:", ", ".join(stale))
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
