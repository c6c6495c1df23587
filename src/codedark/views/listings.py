"""What a chart lists without a part of its own: bookings, goals, procedures, vaccines, what was dispensed, and
specimens that the laboratory rejected. None of them makes an order, a dose or a problem heard.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from codedark.views.cards import Card, EventCard
from codedark.views.codings import at, moment, quantity, remarks, shown, target, text, texts
from codedark.views.schema import Section

Body = dict[str, Any]
PRECAUTION = "urn:codedark:precaution"
Found = tuple[Section, Card] | None


def appointment(id_: str, body: Body, _: int | None) -> Found:
    """A booking (SIU, Appointment): for what, when, with whom and where; why it is off."""
    if body.get("status") == "entered-in-error":
        return None
    what = texts(body.get("serviceType")) or text(body.get("appointmentType")) or str(body.get("description") or "")
    why = [texts(body.get("reasonCode")), text(body.get("cancelationReason")), str(body.get("comment") or "")]
    start = moment(body, "start") or moment((body.get("requestedPeriod") or [{}])[0], "start")
    return Section.EVENT, EventCard(
        id_, kind="appointment", name=what, status=str(body.get("status") or ""), when=start, at_us=at(start),
        by=", ".join(filter(None, _taking_part(body))), detail=_said(*why),
    )  # fmt: skip


def _taking_part(body: Body) -> Iterator[str]:
    for each in body.get("participant") or ():
        if not str((each.get("actor") or {}).get("reference") or "").startswith("Patient/"):
            yield shown(each.get("actor"))


def goal(id_: str, body: Body, _: int | None) -> Found:
    """A goal of the care plan (PPR, PGL; Goal), and until when it is to be reached."""
    if body.get("lifecycleStatus") == "entered-in-error":
        return None
    start = moment(body, "startDate", "statusDate")
    due = [str(each["dueDate"]) for each in body.get("target") or () if each.get("dueDate")]
    return Section.EVENT, EventCard(
        id_, kind="goal", name=text(body.get("description")), status=str(body.get("lifecycleStatus") or ""),
        when=start, at_us=at(start), by=shown(body.get("expressedBy")),
        detail=_said(f"due {due[0]}" if due else "", text(body.get("achievementStatus")), remarks(body.get("note"))),
    )  # fmt: skip


def procedure(id_: str, body: Body, _: int | None) -> Found:
    """What was done (PR1, Procedure), when, by whom."""
    if body.get("status") == "entered-in-error":
        return None
    done = moment(body, "performedDateTime") or moment(body.get("performedPeriod") or {}, "start", "end")
    people = (shown(each.get("actor")) for each in body.get("performer") or ())
    return Section.EVENT, EventCard(
        id_, kind="procedure", name=text(body.get("code")), status=str(body.get("status") or ""), when=done,
        at_us=at(done), by=", ".join(filter(None, people)),
        detail=_said(texts(body.get("bodySite")), text(body.get("statusReason")), remarks(body.get("note"))),
    )  # fmt: skip


def immunization(id_: str, body: Body, _: int | None) -> Found:
    """A vaccine (VXU, Immunization) with lot and expiry; "not-done" with its reason."""
    if body.get("status") == "entered-in-error":
        return None
    given, lot, ends = moment(body, "occurrenceDateTime"), body.get("lotNumber"), body.get("expirationDate")
    people = dict.fromkeys(shown(each.get("actor")) for each in body.get("performer") or ())
    return Section.EVENT, EventCard(
        id_, kind="vaccine", name=text(body.get("vaccineCode")), status=str(body.get("status") or ""), when=given,
        at_us=at(given), by=", ".join(filter(None, people)),
        detail=_said(
            _amount(body.get("doseQuantity")), text(body.get("route")), text(body.get("site")),
            f"lot {lot}" if lot else "", f"expires {ends}" if ends else "", text(body.get("statusReason")),
            "told by somebody else, not from its own record" if body.get("primarySource") is False else "",
        ),
    )  # fmt: skip


def dispense(id_: str, body: Body, _: int | None) -> Found:
    """What the pharmacy handed out (RDS, MedicationDispense). It is no dose given."""
    if body.get("status") == "entered-in-error":
        return None
    handed = moment(body, "whenHandedOver", "whenPrepared")
    medicine = text(body.get("medicationCodeableConcept")) or shown(body.get("medicationReference"))
    people = (shown(each.get("actor")) for each in body.get("performer") or ())
    return Section.EVENT, EventCard(
        id_, kind="dispense", name=medicine or target(body.get("medicationReference")),
        status=str(body.get("status") or ""), when=handed, at_us=at(handed), by=", ".join(filter(None, people)),
        detail=_said(_amount(body.get("quantity")), remarks(body.get("note"))),
    )  # fmt: skip


def specimen(id_: str, body: Body, _: int | None) -> Found:
    """A specimen the laboratory rejected: it has to be taken again. Any other stands with its results."""
    if body.get("status") != "unsatisfactory":
        return None
    taken = body.get("collection") or {}
    when = moment(taken, "collectedDateTime") or moment(taken.get("collectedPeriod") or {}, "start")
    when = when or moment(body, "receivedTime")
    return Section.EVENT, EventCard(
        id_, kind="specimen", name=text(body.get("type")), status="rejected", when=when, at_us=at(when),
        by=shown(taken.get("collector")), detail=_said(texts(body.get("condition")), remarks(body.get("note"))),
    )  # fmt: skip


def interpreter(body: Body) -> bool | None:
    """Whether a Patient needs an interpreter; None when nobody says."""
    for each in body.get("extension") or ():
        if str(each.get("url") or "").endswith("/patient-interpreterRequired") and "valueBoolean" in each:
            return bool(each["valueBoolean"])
    return None


def precautions(body: Body) -> str:
    """Those of an Encounter (PV2-41), in words."""
    said = (each for each in body.get("extension") or () if each.get("url") == PRECAUTION)
    return texts(each.get("valueCodeableConcept") for each in said)


def _amount(value: Any) -> str:
    return " ".join(filter(None, quantity(value)))


def _said(*words: str) -> str:
    return " · ".join(dict.fromkeys(filter(None, words)))
