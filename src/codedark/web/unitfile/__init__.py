"""A unit's pack as one HTML file: the ward's own pages, sealed for the unit's card, opened by any browser.

No server, no network, no installation. What the file looks like inside: docs/formats/pack-html.md.
"""

from codedark.web.unitfile.assembly import ReadFile, UnitFile, draw_file, file_code, read_file
from codedark.web.unitfile.request import FileRequest

__all__ = ["FileRequest", "ReadFile", "UnitFile", "draw_file", "file_code", "read_file"]
