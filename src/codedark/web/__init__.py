"""The screens: server-rendered pages over TLS that work with JavaScript off. Reads views, writes through actions."""

from codedark.web.answers import Press, WebSettings
from codedark.web.app import create_app
from codedark.web.porter import Porter
from codedark.web.server import make_server, serve
from codedark.web.warden import Bounds, Warden

__all__ = ["Bounds", "Porter", "Press", "Warden", "WebSettings", "create_app", "make_server", "serve"]
