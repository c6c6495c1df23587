"""What people do: one function per deed, each ends in one append. No deed reaches a store."""

from codedark.actions.bedside import claimed, record_facts
from codedark.actions.custody import cards_split, drill_done, may_drill
from codedark.actions.deeds import Deeds, SpentCodes, holds, refused
from codedark.actions.entrance import (
    count_refusal,
    custodian_session,
    founding_session,
    log_in,
    log_out,
    note_refusals,
    open_envelope,
)
from codedark.actions.gap import ReadingGap
from codedark.actions.holding import (
    hold_feed,
    hold_source,
    quarantine_device,
    release_device,
    release_feed,
    release_source,
)
from codedark.actions.leaving import Errand, Passage, leave
from codedark.actions.owed import OwedFile
from codedark.actions.reading import (
    ASK_REASON,
    Found,
    Opened,
    OpenedCensus,
    ReadLog,
    close_reading_gap,
    open_pack,
    search_patients,
    view_census,
    view_chart,
    view_message,
    view_read_log,
    view_report,
)
from codedark.actions.reports import Match, Ties, matched, tie_loose, tie_report
from codedark.actions.reviewing import review_deed
from codedark.actions.roster import change_person, enrol_person, issue_unit_card, takes_two_people
from codedark.actions.rules import decide_worklist, pack_made, set_config, sheets_printed
from codedark.actions.senders import feed_certificate_issued, may_issue_feed_certificate
from codedark.actions.two_people import (
    TWO_PERSON_DEEDS,
    Decided,
    decide,
    distrust,
    fingerprint,
    propose,
    trust_again,
)
from codedark.actions.watching import BOUNDS, Alarm, Bound, Reading, alarms

__all__ = [
    "ASK_REASON",
    "BOUNDS",
    "TWO_PERSON_DEEDS",
    "Alarm",
    "Bound",
    "Decided",
    "Deeds",
    "Errand",
    "Found",
    "Match",
    "Opened",
    "OpenedCensus",
    "OwedFile",
    "Passage",
    "ReadLog",
    "Reading",
    "ReadingGap",
    "SpentCodes",
    "Ties",
    "alarms",
    "cards_split",
    "change_person",
    "claimed",
    "close_reading_gap",
    "count_refusal",
    "custodian_session",
    "decide",
    "decide_worklist",
    "distrust",
    "drill_done",
    "enrol_person",
    "feed_certificate_issued",
    "fingerprint",
    "founding_session",
    "hold_feed",
    "hold_source",
    "holds",
    "issue_unit_card",
    "leave",
    "log_in",
    "log_out",
    "matched",
    "may_drill",
    "may_issue_feed_certificate",
    "note_refusals",
    "open_envelope",
    "open_pack",
    "pack_made",
    "propose",
    "quarantine_device",
    "record_facts",
    "refused",
    "release_device",
    "release_feed",
    "release_source",
    "review_deed",
    "search_patients",
    "set_config",
    "sheets_printed",
    "takes_two_people",
    "tie_loose",
    "tie_report",
    "trust_again",
    "view_census",
    "view_chart",
    "view_message",
    "view_read_log",
    "view_report",
]
