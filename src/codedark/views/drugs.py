"""Drug orders, doses and drugs read from R4 bodies into cards."""

from __future__ import annotations

import re
from typing import Any

from codedark.views.cards import Card, DoseCard, DrugCard, MedicationCard
from codedark.views.codings import (
    amount,
    at,
    first_code,
    is_only_echo,
    micros,
    moment,
    number,
    ratio,
    remarks,
    shown,
    span,
    target,
    text,
    texts,
)
from codedark.views.schema import Section

Body = dict[str, Any]

TAKES_EFFECT = "urn:codedark:takes-effect"
"""The extension under which an order carries when its stop, hold or change counts from, where that was said."""


def _drug_of(body: Body) -> tuple[str, str, str]:
    """(name, code, id of a Medication) of an order or administration; contained Medications are read in place."""
    if concept := body.get("medicationCodeableConcept"):
        return text(concept), first_code(concept), ""
    reference = body.get("medicationReference") or {}
    pointed = str(reference.get("reference") or "")
    if pointed.startswith("#"):
        for inner in body.get("contained") or ():
            if inner.get("id") == pointed[1:]:
                return text(inner.get("code")) or shown(reference), first_code(inner.get("code")), ""
    return shown(reference), "", target(reference)


def medication(id_: str, body: Body, claimed_us: int | None) -> tuple[Section, Card] | None:
    """A MedicationRequest, dose, route and schedule as ordered."""
    status = str(body.get("status") or "unknown")
    if status == "entered-in-error":
        return None
    name, code, drug = _drug_of(body)
    if not (name or drug) and is_only_echo(body):
        return None
    dosage = (body.get("dosageInstruction") or [{}])[0]
    dose, is_rate = _dose(dosage)
    ordered = moment(body, "authoredOn")
    return Section.MEDICATION, MedicationCard(
        id_,
        code=code,
        name=_with_parts(name, body),
        drug=drug,
        status=status,
        dose=dose,
        route=text(dosage.get("route")),
        schedule=_schedule(body.get("dosageInstruction") or (), dose, _remarks(body)),
        infusion=is_rate,
        as_needed=dosage.get("asNeededBoolean") is True or bool(dosage.get("asNeededCodeableConcept")),
        prescriber=shown(body.get("requester")),
        ordered=ordered,
        at_us=at(ordered),
        claimed_us=claimed_us,
        **_regular(body.get("dosageInstruction") or ()),
    )


_PERIODS_US = {"min": 60_000_000, "h": 3_600_000_000, "hr": 3_600_000_000, "d": 86_400_000_000}


def _regular(dosages: Any) -> dict[str, Any]:
    """Times, schedule and the period of the largest dose of an order that is given one way all along: a taper, a day of
    the week, a number of doses or a period of more than a day has no plain day's times, and none is made up."""
    if len(dosages) != 1:
        return {}
    timing = dosages[0].get("timing") or {}
    repeat: Body = timing.get("repeat") or {}
    coding: list[Body] = (timing.get("code") or {}).get("coding") or []
    plain_day = _every_day(repeat)
    per = (dosages[0].get("maxDosePerPeriod") or {}).get("denominator") or {}
    size, unit = per.get("value"), _PERIODS_US.get(str(per.get("code") or per.get("unit") or ""), 0)
    return {
        "times": tuple(str(each)[:5] for each in repeat.get("timeOfDay") or ()) if plain_day else (),
        "frequency": str(coding[0].get("code") or "") if plain_day and len(coding) == 1 else "",
        "window_us": int(size * unit) if size else 0,
        "ends_us": micros(str((repeat.get("boundsPeriod") or {}).get("end") or "")),
    }


def _every_day(repeat: Body) -> bool:
    """Whether what is given at a time of day is given every day: not once a week, not every 48 h, not ten times."""
    if any(repeat.get(key) for key in ("dayOfWeek", "when", "offset", "count", "countMax")):
        return False
    size = repeat.get("periodMax") or repeat.get("period")
    unit = _PERIODS_US.get(str(repeat.get("periodUnit") or ""))
    return not size or (unit is not None and size * unit <= _PERIODS_US["d"])


def _dose(dosage: Body) -> tuple[str, bool]:
    """(dose as words, is a rate): rates such as "6 mL/h" stand beside the dose."""
    parts, is_rate = [], False
    for each in dosage.get("doseAndRate") or ():
        parts.append(amount(each.get("doseQuantity")) or span(each.get("doseRange") or {}))
        rate = (
            amount(each.get("rateQuantity")) or ratio(each.get("rateRatio") or {}) or span(each.get("rateRange") or {})
        )
        is_rate = is_rate or bool(rate)
        parts.append(f"at {rate}" if rate else "")
    if dosage.get("maxDosePerPeriod"):
        parts.append(f"max {ratio(dosage['maxDosePerPeriod'])}")
    return " ".join(filter(None, parts)), is_rate


def _with_parts(name: str, body: Body) -> str:
    """The name of a mixture with what is in it, where the name does not say it."""
    mixed: Body = next((each for each in body.get("contained") or () if each.get("id") == "mixture"), {})
    parts = [
        " ".join(
            filter(None, (text(each.get("itemCodeableConcept")), amount((each.get("strength") or {}).get("numerator"))))
        )
        for each in mixed.get("ingredient") or ()
    ]
    unsaid = any(
        text(each.get("itemCodeableConcept")).casefold() not in name.casefold()
        for each in mixed.get("ingredient") or ()
    )
    return f"{name} ({' + '.join(parts)})" if name and unsaid else name


def _remarks(body: Body) -> list[str]:
    """What stands with the schedule: a remark ("hold if HR < 60"), why it was stopped or held, and from when."""
    note, reason = remarks(body.get("note")), text(body.get("statusReason"))
    effect: Body = next((each for each in body.get("extension") or () if each.get("url") == TAKES_EFFECT), {})
    begins = str(effect.get("valueDateTime") or "")[:16].replace("T", " ")
    return [
        f"note: {note}" if note else "",
        f"reason: {reason}" if reason else "",
        f"takes effect {begins}" if begins else "",
    ]


def _schedule(dosages: Any, first_dose: str, notes: list[str]) -> str:
    said = []
    for index, dosage in enumerate(dosages):
        own = _dose(dosage)[0] if index else first_dose
        # A later part of the order may be another dose (a taper): it stands with its own time.
        said.append(" ".join(filter(None, (own if own != first_dose else "", _instruction(dosage)))))
    return " · ".join(filter(None, ("; then ".join(filter(None, said)), *notes)))


def _instruction(dosage: Body) -> str:
    """Timing, instruction and condition of one dosage; what the instruction itself says is not said twice."""
    reason = text(dosage.get("asNeededCodeableConcept"))
    parts = [
        _timing(dosage.get("timing") or {}),
        _unsaid(dosage),
        f"as needed for {reason}" if reason else "",
        texts(dosage.get("additionalInstruction")),
        str(dosage.get("patientInstruction") or ""),
    ]
    distinct = list({part.casefold(): part for part in parts if part}.values())
    return ", ".join(part for part in distinct if not any(_says(other, part) for other in distinct if other != part))


def _says(sentence: str, part: str) -> bool:
    """Whether the sentence says this part in whole words: BID does not stand in carbidopa."""
    return re.search(rf"(?<!\w){re.escape(part.casefold())}(?!\w)", sentence.casefold()) is not None


def _unsaid(dosage: Body) -> str:
    """The sender's own sentence without what stands before it: nothing when it is dose, route and timing word for word,
    else without the dose and route it begins with. A sentence that says anything otherwise stays whole."""
    own, dose, route = str(dosage.get("text") or ""), _dose(dosage)[0], text(dosage.get("route"))
    timing = dosage.get("timing") or {}
    often = text(timing.get("code")) or _often(timing.get("repeat") or {})
    said = " ".join(filter(None, (dose, route)))
    if own.casefold() in {" ".join(filter(None, (said, each))).casefold() for each in (often, _timing(timing))}:
        return ""
    rest = own
    for each in filter(None, (dose, route)):
        if rest.casefold().startswith(f"{each.casefold()} "):
            rest = rest[len(each) :].lstrip()
    return rest


def _timing(timing: Body) -> str:
    repeat = timing.get("repeat") or {}
    times = [str(each)[:5] for each in repeat.get("timeOfDay") or ()]
    often = text(timing.get("code")) or _often(repeat)
    return " ".join(filter(None, (often, f"at {', '.join(times)}" if times else "")))


def _often(repeat: Body) -> str:
    if not repeat.get("period"):
        return ""
    times = number(repeat.get("frequency", 1))
    return f"{times} x every {number(repeat['period'])} {repeat.get('periodUnit', '')}".rstrip()


def administration(id_: str, body: Body, _: int | None) -> tuple[Section, Card] | None:
    """A MedicationAdministration. A status that was not said counts as given and says so; one that says it is unknown
    (a code of the sender's own) does not count as given."""
    status = str(body.get("status") or "")
    if status == "entered-in-error":
        return None
    name, code, drug = _drug_of(body)
    when = moment(body, "effectiveDateTime") or moment(body.get("effectivePeriod") or {}, "start")
    given = status in ("completed", "in-progress", "stopped", "")
    reason = texts(body.get("statusReason"))
    if status == "unknown":
        reason = ": ".join(filter(None, ("not known whether it was given", reason)))
    elif not reason and status not in ("completed", "in-progress"):
        reason = {"not-done": "not given", "on-hold": "held", "stopped": "stopped early"}.get(status, "status not said")
    if any(each.get("url") == "urn:codedark:partially-administered" for each in body.get("extension") or ()):
        reason = ", ".join(filter(None, (reason, "partly given")))
    if note := remarks(body.get("note")):
        reason = " · ".join(filter(None, (reason, note)))
    dosage = body.get("dosage") or {}
    rate = amount(dosage.get("rateQuantity")) or ratio(dosage.get("rateRatio") or {})
    dose = " ".join(filter(None, (amount(dosage.get("dose")), f"at {rate}" if rate else "")))
    performers = [shown(each.get("actor")) for each in body.get("performer") or ()]
    return Section.DOSE, DoseCard(
        id_,
        order=target(body.get("request")),
        code=code,
        name=name,
        drug=drug,
        when=when,
        at_us=at(when),
        dose=dose or str(dosage.get("text") or ""),
        by=", ".join(filter(None, performers)),
        given=given,
        reason=reason,
    )


def drug(id_: str, body: Body, _: int | None) -> tuple[Section, Card] | None:
    """A Medication that orders point to."""
    return Section.DRUG, DrugCard(id_, name=text(body.get("code")), code=first_code(body.get("code")))
