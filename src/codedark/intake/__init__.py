"""Intake: receive, journal, acknowledge; nothing else. MLLP feeds from the network, FHIR and HL7 files from disk."""

from codedark.intake.feeds import FeedDeclaration
from codedark.intake.files import from_the_start, import_files, import_lines, no_progress
from codedark.intake.listener import Listener, deliver_on
from codedark.intake.report import ImportReport, Refusal
from codedark.intake.reports import ReportsTaken, report_files, take_reports

__all__ = [
    "FeedDeclaration",
    "ImportReport",
    "Listener",
    "Refusal",
    "ReportsTaken",
    "deliver_on",
    "from_the_start",
    "import_files",
    "import_lines",
    "no_progress",
    "report_files",
    "take_reports",
]
