"""The screens: server-rendered pages over TLS that work with JavaScript off. Reads views, writes through actions."""

from codedark.web.answers import Press, WebSettings
from codedark.web.app import create_app
from codedark.web.porter import Porter
from codedark.web.server import make_server, serve

__all__ = ["Porter", "Press", "WebSettings", "create_app", "make_server", "serve"]
