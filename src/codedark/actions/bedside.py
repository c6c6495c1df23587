"""What a person saw or did at a bedside, recorded while no other system hears it.

A deed already done is never refused: an odd time is kept and shown as impossible, a clash is shown, not overwritten.
What is asked is only what would be missed later: who, at which device, how they know, and when.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from codedark.access import FOUNDING, Permission, Session
from codedark.actions.deeds import Deeds, holds, keep, permit, refused
from codedark.actions.reading import ASK_REASON
from codedark.entries import Basis, Dose, FactsRecorded, Said, resources_of
from codedark.errors import ActionRefused
from codedark.journal import Receipt

BY_CLOCK, STATED = "clock", "stated"
"""Where a claimed time is from: the node's clock at the moment of recording, or the person's own words."""


def record_facts(
    deeds: Deeds, session: Session, patient: str, said: Said, *, basis: Basis = Basis.DONE, reason: str = ""
) -> Receipt:
    """Keep a dose, vital signs or a note about a patient, in the person's name and with the device.

    `said.at`: the time with its offset, "" = now (see `claimed`). Outside one's units a reason is asked for
    (ActionRefused with `ASK_REASON`); an envelope records on its own unit, and for whoever lies nowhere. Raises
    NotFound, ActionRefused, AppendFailed.
    """
    permit(deeds, session, Permission.RECORD_FACTS)
    if session.basis == FOUNDING:
        raise ActionRefused("a founding session records nothing about patients")
    chart = deeds.record.chart(patient)
    unit, reason = chart.banner.unit, " ".join(reason.split())
    if unit and not holds(deeds, session, Permission.RECORD_FACTS, unit):
        if session.basis == "envelope":
            raise refused(deeds, session, "record_facts", "the envelope records on its own unit only")
        if not reason:
            raise ActionRefused("this patient is not on a unit of yours", hint=ASK_REASON)
    if isinstance(said, Dose) and said.order and said.order not in {each.id for each in chart.medications}:
        raise ActionRefused("this order is not in the patient's record", hint="Record it outside any order.")
    timed = replace(said, at=claimed(deeds, said.at))
    return keep(deeds, session, FactsRecorded(
        resources=resources_of(timed, chart.banner.patient, session.name), person=session.person,
        device=session.device, basis=basis.value, time_basis=STATED if said.at else BY_CLOCK, reason=reason,
    ))  # fmt: skip


def claimed(deeds: Deeds, text: str = "") -> str:
    """The claimed time as FHIR dateTime: what the person said, with its offset; nothing said: now, in the site's zone.

    Raises ActionRefused for a time without an offset, and for *now* while the node's clock is not trusted.
    """
    if text.strip():
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise ActionRefused("this is no moment", hint="Write it as 2026-11-24T03:12-05:00, with the offset or Z.")
        return moment.isoformat(timespec="seconds")
    now_us = deeds.clock.now_us()
    if not deeds.clock.trusted() or not deeds.record.as_of().ages_hold(now_us, True):
        raise ActionRefused("the node's clock is not trusted", hint="Say when, by a clock on the wall.")
    zone = ZoneInfo(deeds.record.site().zone)
    return datetime.fromtimestamp(now_us // 1_000_000, UTC).astimezone(zone).isoformat(timespec="seconds")
