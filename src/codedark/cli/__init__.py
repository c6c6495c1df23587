"""The command line: one command a file, talking to the running node or opening the folder itself when none runs.

What else is public here is for plug-ins (entry points of the group `codedark.commands`): the options and the output
that every command shares.
"""

from codedark.cli.app import main
from codedark.cli.options import DEFAULT_FOLDER, DryRun, Folder, Json
from codedark.cli.output import Output, table, visible
from codedark.cli.progress import progress

__all__ = ["DEFAULT_FOLDER", "DryRun", "Folder", "Json", "Output", "main", "progress", "table", "visible"]
