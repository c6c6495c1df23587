"""codedark.toml: what is wrong is said with its line and the next step."""

from __future__ import annotations

from pathlib import Path

import pytest

from codedark.errors import ConfigError
from codedark.node import Config, Facility, Feed, Node, Web
from codedark.node.config import written

GOOD = """[facility]
id = "waterbury"
name = "Waterbury"
zone = "America/New_York"
code = "WTB"

[web]
port = 8443
"""


def test_a_key_that_is_not_known_is_refused_with_its_line() -> None:
    with pytest.raises(ConfigError, match=r"line 9: .*`prot`"):
        Config.parse(GOOD + "prot = 1\n")


def test_a_value_of_the_wrong_type_is_refused_with_its_line() -> None:
    with pytest.raises(ConfigError, match="line 8"):
        Config.parse(GOOD.replace("8443", '"8443"'))


def test_broken_toml_is_refused_with_its_place() -> None:
    with pytest.raises(ConfigError, match="line 1"):
        Config.parse("[facility\n")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("America/New_York", "America/Nowhere", "is not a time zone"),
        ('"waterbury"', '"Water Bury"', "is not a facility id"),
        ('"WTB"', '"wb"', "is not three capitals"),
    ],
)
def test_a_facility_that_cannot_be_is_refused(old: str, new: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        Config.parse(GOOD.replace(old, new))


def test_two_feeds_of_one_name_are_refused() -> None:
    feed = '\n[[feed]]\nname = "ehr"\nport = 1\n'
    with pytest.raises(ConfigError, match="two feeds are named 'ehr'"):
        Config.parse(GOOD + feed + feed)


def test_a_peer_that_is_no_address_is_refused() -> None:
    with pytest.raises(ConfigError, match="is not an address"):
        Config.parse(GOOD + '\n[[feed]]\nname = "ehr"\nport = 1\npeers = ["the lab"]\n')


def test_a_demo_node_refuses_to_be_open_to_others() -> None:
    with pytest.raises(ConfigError, match="on this machine alone, but ehr"):
        Config.parse(GOOD + '\n[node]\ndemo = true\n[[feed]]\nname = "ehr"\nport = 1\nhost = "0.0.0.0"\n')


def test_a_real_node_may_be_open_to_others() -> None:
    """The control: the same feed without `demo`."""
    config = Config.parse(GOOD + '\n[[feed]]\nname = "ehr"\nport = 1\nhost = "0.0.0.0"\n')
    assert config.feed[0].host == "0.0.0.0"


def test_what_is_written_reads_back_the_same() -> None:
    config = Config(
        facility=Facility(id="w", name='St. "Mary" \\ O’Neill', zone="UTC", code="WTB"),
        node=Node(demo=True),
        web=Web(port=1),
        feed=(Feed(name="lab", port=2, carries=("results",)),),
    )
    assert Config.parse(written(config)) == config


def test_a_folder_without_the_file_is_no_node(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not a node's folder") as caught:
        Config.load(tmp_path)
    assert "codedark init" in caught.value.hint
