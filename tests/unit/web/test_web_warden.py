"""No single address holds so many connections that nobody else finds a free one; on real sockets over real TLS."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from crowd import HALF_A_HELLO, SLOW_HEAD, crowd, ended_by_the_node, page_from
from hypothesis import given
from hypothesis import strategies as st
from web_rig import House, house
from web_server import served

from codedark.web import Bounds, Warden, make_server
from codedark.web.warden import Seen, surplus

CROWDS = {
    "that say nothing": {},
    "in half a TLS handshake": {"said": HALF_A_HELLO},
    "idle after their handshake": {"tls": True},
    "with a head that never ends": {"tls": True, "said": SLOW_HEAD},
}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("warden")
    with house(folder) as home, served(home.app, folder / "keys") as address:
        yield int(address.rsplit(":", 1)[1])


def shut_of(warden: Warden, held: list[socket.socket], wanted: int) -> int:
    """Rounds until `wanted` of these were shut (the server may still be taking them in), then one more; how many."""
    for _ in range(200):
        warden.round()
        threading.Event().wait(0.02)
        if sum(map(ended_by_the_node, held)) >= wanted:
            break
    warden.round()
    return sum(map(ended_by_the_node, held))


@pytest.mark.parametrize("kind", CROWDS)
def test_connections_of_one_address_are_shut_over_its_bound(port: int, kind: str) -> None:
    warden = Warden(port, Bounds(each=10, most=1000))

    with crowd(port, 40, sources=2, **CROWDS[kind]) as held:
        assert shut_of(warden, held, 20) == 20
        assert page_from(port) == b"HTTP/1.1 200 OK"


def test_a_crowd_within_its_bounds_is_left_alone(port: int) -> None:
    with crowd(port, 40, sources=8, tls=True) as held:
        assert Warden(port, Bounds(each=10, most=100)).round() == 0
        assert not any(map(ended_by_the_node, held))


def test_over_the_bound_of_all_whoever_holds_most_loses(port: int) -> None:
    with crowd(port, 30, tls=True) as many, crowd(port, 3, tls=True, street=4) as few:
        assert shut_of(Warden(port, Bounds(each=100, most=13)), many, 20) == 20
        assert not any(map(ended_by_the_node, few))


def test_other_sockets_of_the_process_are_not_its_business(port: int, tmp_path: Path) -> None:
    with crowd(port, 5, tls=True) as held:
        assert Warden(port + 1, Bounds(each=0, most=0)).round() == 0
        assert not any(map(ended_by_the_node, held))


def test_a_server_with_as_many_places_as_connections_shuts_the_nurse_out_and_the_warden_lets_her_in(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: with few places and no warden, idle connections take all of them."""
    monkeypatch.setattr("codedark.web.server.TAKEN", 16)
    monkeypatch.setattr("codedark.web.server.HEAD_MS", 120_000)
    with served(home.app, home.folder / "keys") as address:
        port = int(address.rsplit(":", 1)[1])
        with crowd(port, 16, tls=True):
            got: list[bytes] = []
            nurse = threading.Thread(target=lambda: got.append(page_from(port, "127.0.0.9")), daemon=True)
            nurse.start()
            nurse.join(1.0)
            assert got == []

            assert Warden(port, Bounds(each=8, most=1000)).round()
            nurse.join(10.0)
            assert got == [b"HTTP/1.1 200 OK"]


def test_the_server_is_told_to_take_more_than_the_warden_leaves(home: House) -> None:
    keys = home.folder / "keys"
    server = make_server(home.app, "127.0.0.1", 0, keys / "server.pem", keys / "server.key")

    assert server.backpressure > 2 * Bounds().most


SEEN = st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 9)), max_size=60).map(
    lambda rows: [Seen(number, who, quiet) for number, (who, quiet) in enumerate(rows)]
)


@given(seen=SEEN, each=st.integers(1, 20), most=st.integers(1, 60))
def test_what_is_left_is_within_both_bounds_and_nobody_small_pays_for_somebody_large(
    seen: list[Seen], each: int, most: int
) -> None:
    gone = surplus(seen, Bounds(each, most))
    left = [one for one in seen if one not in gone]
    by_who = {who: sum(one.who == who for one in left) for who in {one.who for one in seen}}

    assert len(left) == min(most, sum(min(each, sum(one.who == who for one in seen)) for who in by_who))
    for one in gone:
        assert by_who[one.who] >= max(by_who.values()) - 1
        assert all(kept.quiet_ms <= one.quiet_ms for kept in left if kept.who == one.who)
