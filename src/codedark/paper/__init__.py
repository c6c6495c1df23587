"""Packs and sheets on paper: what a unit works with when no screen answers.

In order:

    plan = plan_sheets(request, chance)                      mint ids, count pages
    …append sheets.printed(plan.rows()) unless a draft…      every sheet on paper is in the ledger first
    pack = draw_pack(plan.applied(request))                  same request, same bytes
    read_code(text, sheet_key)                               what a scanned code says, or None when forged
"""

from codedark.paper.identity import SheetId, SheetRef, comparison_code, read_code, site_letters
from codedark.paper.pack import draw_pack, mint_sheets, plan_sheets
from codedark.paper.reports import wanted as wanted_reports
from codedark.paper.reports import wanted_census
from codedark.paper.request import Copied, Pack, PackRequest, Sheet, SheetPlan

__all__ = [
    "Copied",
    "Pack",
    "PackRequest",
    "Sheet",
    "SheetId",
    "SheetPlan",
    "SheetRef",
    "comparison_code",
    "draw_pack",
    "mint_sheets",
    "plan_sheets",
    "read_code",
    "site_letters",
    "wanted_census",
    "wanted_reports",
]
