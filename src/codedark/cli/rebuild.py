"""`codedark rebuild`: the views again from the journal alone."""

from __future__ import annotations

from codedark.cli.options import DEFAULT_FOLDER, Folder, Json
from codedark.cli.output import Output
from codedark.cli.progress import progress
from codedark.node import rebuild as rebuild_views


def rebuild(folder: Folder = DEFAULT_FOLDER, as_json: Json = False) -> None:
    """Build the views again from the journal, beside the old ones; say whether the digest is the same."""
    output = Output(as_json)
    with progress(output, "folding") as moved:
        done = rebuild_views(folder, progress=moved)
    lines = [
        f"{done.entries} entries folded",
        f"digest before  {done.before or 'unknown (there were no views)'}",
        f"digest after   {done.after}",
        "identical" if done.identical else "not identical: the views had not been up to date, or the fold has changed",
    ]
    output.result(
        {
            "entries": done.entries,
            "before": done.before,
            "digest": done.after,
            "identical": done.identical,
            "seconds": {"fold": done.fold_s},
        },
        lines,
    )
