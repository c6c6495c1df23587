"""The node: reads codedark.toml, opens everything, starts it. The only place where the rooms are wired together."""

from codedark.node.config import Config, Facility, Feed, Node, Packs, Web
from codedark.node.console import (
    change_account,
    change_trust,
    deeds_of,
    draw,
    enrol,
    enrol_first,
    issue_card,
    recover,
)
from codedark.node.copying import pull_copy
from codedark.node.examination import examine
from codedark.node.founding import Founded, found
from codedark.node.keeper import listen, serve
from codedark.node.layout import Layout
from codedark.node.lock import NodeLock, held
from codedark.node.log import where
from codedark.node.machine import Finding
from codedark.node.opening import OpenNode, open_node, open_reader
from codedark.node.packing import Drawn
from codedark.node.rebuilding import Rebuilt, rebuild
from codedark.node.reporting import standing

__all__ = [
    "Config",
    "Drawn",
    "Facility",
    "Feed",
    "Finding",
    "Founded",
    "Layout",
    "Node",
    "NodeLock",
    "OpenNode",
    "Packs",
    "Rebuilt",
    "Web",
    "change_account",
    "change_trust",
    "deeds_of",
    "draw",
    "enrol",
    "enrol_first",
    "examine",
    "found",
    "held",
    "issue_card",
    "listen",
    "open_node",
    "open_reader",
    "pull_copy",
    "rebuild",
    "recover",
    "serve",
    "standing",
    "where",
]
