"""Programs that read the record through the FHIR interface: who may, and what is kept of it.

Care never waits for its log, a program does: what cannot be kept is not handed out. That is the other way round than
in `reading`, because nobody at a bed is hindered by it.
"""

from __future__ import annotations

from collections.abc import Sequence

from codedark.access import Permission, Session
from codedark.actions.deeds import Deeds, holds, keep, permit, refused
from codedark.entries import ChartViewed
from codedark.views import Whose

FHIR_SETTING = "fhir.api"
"""The folded setting that opens the interface: it is off unless this is true."""
BY_PROGRAM, SEARCHED = "fhir", "fhir search"
"""How the read log calls a patient's resources read by a program, and a search for patients."""


def interface_open(deeds: Deeds) -> bool:
    """Whether this node answers programs at all."""
    return deeds.record.settings().get(FHIR_SETTING) is True


def enter_interface(deeds: Deeds, session: Session) -> None:
    """Raise ActionRefused, and make the attempt an entry, unless the session is open and may read by a program."""
    permit(deeds, session, Permission.USE_API)


def serves(deeds: Deeds, session: Session, unit: str) -> bool:
    """Whether this session reads patients of this unit; of unit "" (nobody said where) only with all units."""
    return holds(deeds, session, Permission.USE_API, unit)


def read_by_program(deeds: Deeds, session: Session, patients: Sequence[Whose]) -> None:
    """Resources of these patients are about to be handed out: one row of the read log each, durable before.

    Raises ActionRefused (one of them lies in no unit of the program's; nothing is handed out then), AppendFailed.
    """
    for whose in patients:
        if not serves(deeds, session, whose.unit):
            raise refused(deeds, session, "use_api", "this patient is in no unit that this account serves")
    for whose in patients:
        _keep(deeds, session, BY_PROGRAM, whose.patient, whose.unit)


def search_by_program(deeds: Deeds, session: Session) -> None:
    """Patients were searched for. The words are not kept. Raises AppendFailed."""
    _keep(deeds, session, SEARCHED, "", "")


def _keep(deeds: Deeds, session: Session, what: str, patient: str, unit: str) -> None:
    as_of = deeds.record.as_of()
    viewed = ChartViewed(
        person=session.person, session=session.session, what=what, fold=as_of.fold, position=as_of.position,
        patient=patient, unit=unit,
    )  # fmt: skip
    keep(deeds, session, viewed)
