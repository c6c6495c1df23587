"""A nurse in a real browser opens the envelope and reads a chart while somebody floods the log-in page."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from codedark.actions import note_refusals
from codedark_drill.flood import FloodPlan, ended, flooding

pytestmark = pytest.mark.browser


def test_a_nurse_with_the_envelope_reads_a_chart_in_a_flood_of_bad_log_ins(site) -> None:
    plan = FloodPlan(
        host="127.0.0.1", port=int(site.address.rsplit(":", 1)[1]), rate=1_000, seconds=60, sources=4, connections=16
    )
    context = site.context()
    with flooding(plan) as attack:
        page = context.new_page()
        page.goto(f"{site.address}/envelope")
        page.fill("[name=unit]", "4W")
        page.fill("[name=code]", site.home.codes["4W"][9])
        page.fill("[name=claimed]", "L. Roy")
        page.fill("[name=witness]", "M. Okoro")
        page.press("[name=witness]", "Enter")
        page.wait_for_url("**/units")
        page.goto(f"{site.address}/chart/{site.home.patient('4W')}")

        expect(page.locator(".patient h1")).to_contain_text("MARLOWE")
        assert attack.poll() is None
    context.close()


def test_every_bad_log_in_of_a_flood_is_refused_and_counted(site) -> None:
    plan = FloodPlan(
        host="127.0.0.1",
        port=int(site.address.rsplit(":", 1)[1]),
        rate=0,
        limit=600,
        seconds=30,
        sources=4,
        connections=8,
    )
    before = counted(site)
    with flooding(plan) as attack:
        told = ended(attack)

    assert set(told["answers"]) <= {"403", "429", "503"}
    assert sum(told["answers"].values()) == told["offered"] >= 600
    assert counted(site) - before == told["offered"]


def counted(site) -> int:
    note_refusals(site.home.deeds, ending=True)
    return sum(one.count for one in site.home.said("login.refused"))
