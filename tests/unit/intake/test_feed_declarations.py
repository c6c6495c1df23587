"""Who a feed admits."""

import pytest
from intake_rig import feed


@pytest.mark.parametrize(
    ("peers", "address", "admitted"),
    [
        (("10.1.2.0/24",), "10.1.2.77", True),
        (("10.1.2.0/24",), "10.1.3.77", False),
        (("10.1.2.3",), "10.1.2.3", True),
        (("10.1.2.3/24",), "10.1.2.9", True),
        (("10.0.0.1", "fd00::/8"), "fd00::5", True),
        (("10.0.0.0/8",), "::ffff:10.1.1.1", True),
        (("fe80::/10",), "fe80::1%eth0", True),
        ((), "127.0.0.1", False),
        (("0.0.0.0/0",), "not an address", False),
    ],
)
def test_a_peer_is_admitted_by_its_network(peers, address, admitted):
    assert feed(peers=peers).admits(address, None) is admitted
