"""Packs and sheets on paper: what a unit works with when no screen answers.

In order:

    plan = plan_sheets(request, chance)                      mint ids, count pages
    …append sheets.printed(plan.rows()) unless a draft…      every sheet on paper is in the ledger first
    pack = draw_pack(plan.applied(request))                  same request, same bytes
    read_code(text, sheet_key)                               what a scanned code says, or None when forged
"""

from codedark.paper.identity import SheetId, SheetRef, comparison_code, read_code, site_letters
from codedark.paper.label import (
    LABEL,
    LABEL_BYTES,
    PackLabel,
    is_labelled_by,
    pack_signer,
    read_label,
    replace_by_us,
    wall_of,
)
from codedark.paper.pack import draw_pack, mint_sheets, plan_sheets
from codedark.paper.printers import Printer, send
from codedark.paper.reports import wanted as wanted_reports
from codedark.paper.reports import wanted_census
from codedark.paper.request import Copied, Pack, PackRequest, Sheet, SheetPlan

__all__ = [
    "LABEL",
    "LABEL_BYTES",
    "Copied",
    "Pack",
    "PackLabel",
    "PackRequest",
    "Printer",
    "Sheet",
    "SheetId",
    "SheetPlan",
    "SheetRef",
    "comparison_code",
    "draw_pack",
    "is_labelled_by",
    "mint_sheets",
    "pack_signer",
    "plan_sheets",
    "read_code",
    "read_label",
    "replace_by_us",
    "send",
    "site_letters",
    "wall_of",
    "wanted_census",
    "wanted_reports",
]
