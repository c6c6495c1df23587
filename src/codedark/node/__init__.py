"""The node: reads codedark.toml, opens everything, starts it. The only place where the rooms are wired together."""

from codedark.node.admitting import Admitted, admit_station
from codedark.node.adopting import adopt
from codedark.node.checking import CheckedFile, checked
from codedark.node.commissioning import (
    ask_coverage,
    coverage_findings,
    covered_units,
    interface_is_on,
    turn_interface,
)
from codedark.node.config import (
    Config,
    Ehr,
    Facility,
    Feed,
    Node,
    Packs,
    Reports,
    Station,
    Stations,
    Web,
    station_lines,
)
from codedark.node.console import (
    by_one,
    change_account,
    change_trust,
    deeds_of,
    draw,
    enrol,
    enrol_first,
    issue_card,
    recover,
)
from codedark.node.copying import history, journal_folder, pull_copy, witness_of
from codedark.node.custody import Drilled, Rotated, drill, resplit, rotate
from codedark.node.examination import examine
from codedark.node.exporting import Exported, ExportState, declared, ehr_key, ehr_server, export_states, take_export
from codedark.node.following import Followed, follow
from codedark.node.founding import Founded, found
from codedark.node.installation import Installation
from codedark.node.keeper import listen, serve
from codedark.node.layout import Layout
from codedark.node.leaving import leave
from codedark.node.lock import NodeLock, held
from codedark.node.log import where
from codedark.node.machine import Finding
from codedark.node.opening import OpenNode, check_derived, open_node, open_reader
from codedark.node.packing import Drawn
from codedark.node.rebuilding import Rebuilt, rebuild
from codedark.node.reporting import standing
from codedark.node.reports import import_reports, loose_reports, tie_by_hand
from codedark.node.restoring import Restored, RestoreRequest, restore
from codedark.node.righting import right_clock
from codedark.node.senders import issue_feed_certificate, sender_ends
from codedark.node.spool import PrintJob, print_now
from codedark.node.timekeeping import clock_of
from codedark.node.translating import translated_entry
from codedark.node.unsealing import OpenedPack, unsealed
from codedark.node.updating import APPLIED, Applied, Checked, about, apply_bundle, check_bundle, machine, tell_views
from codedark.node.watching import cosigned
from codedark.node.witnessing import Watch, Witnessed, watch, witnessed

__all__ = [
    "APPLIED",
    "Admitted",
    "Applied",
    "Checked",
    "CheckedFile",
    "Config",
    "Drawn",
    "Drilled",
    "Ehr",
    "ExportState",
    "Exported",
    "Facility",
    "Feed",
    "Finding",
    "Followed",
    "Founded",
    "Installation",
    "Layout",
    "Node",
    "NodeLock",
    "OpenNode",
    "OpenedPack",
    "Packs",
    "PrintJob",
    "Rebuilt",
    "Reports",
    "RestoreRequest",
    "Restored",
    "Rotated",
    "Station",
    "Stations",
    "Watch",
    "Web",
    "Witnessed",
    "about",
    "admit_station",
    "adopt",
    "apply_bundle",
    "ask_coverage",
    "by_one",
    "change_account",
    "change_trust",
    "check_bundle",
    "check_derived",
    "checked",
    "clock_of",
    "cosigned",
    "coverage_findings",
    "covered_units",
    "declared",
    "deeds_of",
    "draw",
    "drill",
    "ehr_key",
    "ehr_server",
    "enrol",
    "enrol_first",
    "examine",
    "export_states",
    "follow",
    "found",
    "held",
    "history",
    "import_reports",
    "interface_is_on",
    "issue_card",
    "issue_feed_certificate",
    "journal_folder",
    "leave",
    "listen",
    "loose_reports",
    "machine",
    "open_node",
    "open_reader",
    "print_now",
    "pull_copy",
    "rebuild",
    "recover",
    "resplit",
    "restore",
    "right_clock",
    "rotate",
    "sender_ends",
    "serve",
    "standing",
    "station_lines",
    "take_export",
    "tell_views",
    "tie_by_hand",
    "translated_entry",
    "turn_interface",
    "unsealed",
    "watch",
    "where",
    "witness_of",
    "witnessed",
]
