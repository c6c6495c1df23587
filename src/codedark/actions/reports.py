"""Whose a print report is: the node says so when two identifiers agree and nothing speaks against it; else a person.

A number of the patient (MRN, or the visit) and the name or the birth date; or name and birth date of exactly one. That
is the two-identifier rule of the bedside (Joint Commission, NPSG.01.01.01). What is short of it stays on the worklist.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from codedark.access import Permission, Session
from codedark.actions.deeds import Deeds, permit, source_of
from codedark.entries import ReportTied, draft_of
from codedark.errors import ActionRefused, NotFound
from codedark.views import Banner, LooseReport


@dataclass(frozen=True, slots=True)
class Match:
    """`patient`: "" when nobody may be tied; `basis`: what agreed, or why not. Never a name or a number."""

    patient: str
    basis: str


@dataclass(frozen=True, slots=True)
class Ties:
    """What a round did: reports tied now, reports that stay loose."""

    tied: int
    loose: int


def tie_loose(deeds: Deeds) -> Ties:
    """Try every loose report against the record as it is now; each tie is an entry of the node. Raises AppendFailed."""
    loose, tied = deeds.record.loose_reports(), 0
    if not loose:
        return Ties(0, 0)
    here = [banner for row in deeds.record.units() for banner in deeds.record.patients(row.unit)]
    for report in loose:
        match = matched(report, _candidates(deeds, report, here))
        if match.patient:
            tied += 1
            deeds.append(
                draft_of(
                    ReportTied(report=report.id, patient=match.patient, basis=match.basis, source=report.source),
                    source="node",
                )
            )
    return Ties(tied, len(loose) - tied)


def tie_report(deeds: Deeds, session: Session, report: str, patient: str, reason: str) -> None:
    """A person says whose a report is (`patient` "" = nobody's). Raises ActionRefused, NotFound, AppendFailed."""
    permit(deeds, session, Permission.RECORD_FACTS)
    found = deeds.record.report(report)
    if found is None:
        raise NotFound("there is no such report", hint="`codedark report list` shows those that are tied to nobody.")
    if not reason.strip():
        raise ActionRefused("say how you know whose it is")
    if patient:
        patient = deeds.record.chart(patient).banner.patient
    payload = ReportTied(report=report, patient=patient, basis=reason, person=session.person, source=found[0].source)
    deeds.append(draft_of(payload, source=source_of(session)))


def _candidates(deeds: Deeds, report: LooseReport, here: Sequence[Banner]) -> list[Banner]:
    """Whom the report could mean: by number among all known, by visit among those in the house, by birth date."""
    found = [banner for banner in here if banner.visit and banner.visit in report.visits]
    for words in (*report.mrns, *(report.births if report.names else ())):
        found += deeds.record.search(words, limit=200)
    return list({banner.patient: banner for banner in found}.values())


def matched(report: LooseReport, candidates: Iterable[Banner]) -> Match:
    """The one patient of whom two identifiers agree and none disagrees."""
    if report.problem:
        return Match("", report.problem)
    agreeing: list[tuple[Banner, list[str]]] = []
    number_elsewhere = False
    for banner in candidates:
        agreed, against = _compared(report, banner)
        numbered = bool({"MRN", "visit number"} & set(agreed))
        if against or len(agreed) < 2:
            number_elsewhere = number_elsewhere or numbered
            continue
        agreeing.append((banner, agreed))
    if number_elsewhere:
        return Match("", "a number of one patient with the name or birth date of another, or alone")
    if len(agreeing) != 1:
        return Match("", "more than one patient fits" if agreeing else "no patient of the record fits")
    return Match(agreeing[0][0].patient, " and ".join(agreeing[0][1]))


def _compared(report: LooseReport, banner: Banner) -> tuple[list[str], list[str]]:
    """What agrees and what speaks against it. What either side does not say is neither."""
    pairs = (
        ("MRN", banner.mrn, banner.mrn in report.mrns, report.mrns),
        ("visit number", banner.visit, banner.visit in report.visits, report.visits),
        ("birth date", banner.birth_date, banner.birth_date in report.births, report.births),
        ("name", banner.name, any(same_name(banner.name, name) for name in report.names), report.names),
    )
    agreed = [what for what, known, same, said in pairs if known and said and same]
    against = [what for what, known, same, said in pairs if known and said and not same]
    return agreed, against


def same_name(known: str, said: str) -> bool:
    """Whether a report's name is that of "SURNAME, Given": every word of the surname and the first given name are in
    it, without regard to case, accents and order."""
    family, _, given = known.partition(",")
    wanted = [*_words(family), *_words(given)[:1]]
    there = _words(said)
    return bool(_words(family)) and all(word in there for word in wanted)


def _words(text: str) -> list[str]:
    bare = unicodedata.normalize("NFKD", text)
    plain = "".join(char for char in bare if not unicodedata.combining(char)).casefold()
    return "".join(char if char.isalnum() else " " for char in plain).split()
