"""The screens: server-rendered pages over TLS that work with JavaScript off. Reads views, writes through actions."""

from codedark.web.answers import Press, WebSettings
from codedark.web.app import create_app
from codedark.web.porter import Porter
from codedark.web.server import make_server, serve
from codedark.web.unitfile import FileRequest, ReadFile, UnitFile, draw_file, file_code, read_file
from codedark.web.warden import Bounds, Warden

__all__ = [
    "Bounds",
    "FileRequest",
    "Porter",
    "Press",
    "ReadFile",
    "UnitFile",
    "Warden",
    "WebSettings",
    "create_app",
    "draw_file",
    "file_code",
    "make_server",
    "read_file",
    "serve",
]
