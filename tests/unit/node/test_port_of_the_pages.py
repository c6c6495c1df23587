"""Two nodes on one port would each get half of the ward's requests; the second one must not start."""

from __future__ import annotations

import socket

import pytest

from codedark.errors import ConfigError
from codedark.node.pages import nobody_listens


def test_a_port_that_somebody_listens_on_is_refused_even_if_it_would_be_shared() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ConfigError, match="cannot be used"):
            nobody_listens("127.0.0.1", other.getsockname()[1])


def test_a_free_port_is_accepted() -> None:
    """The control."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
    nobody_listens("127.0.0.1", port)
    with socket.create_server(("127.0.0.1", port)) as ours:  # and asking did not take it
        assert ours.getsockname()[1] == port
