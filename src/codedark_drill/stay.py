"""One visit: where somebody lies, under whom, what is ordered for them. What every system of the hospital agrees on."""

from __future__ import annotations

from dataclasses import dataclass, field

from .formulary import Regimen
from .illness import Illness
from .layout import Bed
from .panels import Level
from .patients import Patient
from .staff import Person


@dataclass(slots=True)
class MedicationOrder:
    """One drug order. `placer`: the EHR's number; `filler`: the pharmacy's; `dose` after weight; `state`: "active",
    "held" or "stopped"; `rate`: an infusion's present rate, 0 for others; `begun_us`, `ended_us`: µs UTC."""

    placer: str
    filler: str
    regimen: Regimen
    dose: float
    prescriber: Person
    begun_us: int
    state: str = "active"
    rate: float = 0.0
    doses: int = 0
    ended_us: int = 0
    announced: bool = False
    """True once the pharmacy has sent it."""


@dataclass(slots=True)
class Stay:
    """One visit of one patient. `patient_class`: HL7 table 0004 (E, I, O); `left_us`: 0 while in the house;
    `reason`: (ICD-10-CM code, text); `level`: the patient's own laboratory values."""

    patient: Patient
    visit: str
    patient_class: str
    admission_type: str
    service: str
    attending: Person
    bed: Bed | None
    admitted_us: int
    reason: tuple[str, str]
    illness: Illness | None
    level: Level
    left_us: int = 0
    disposition: str = "01"
    orders: list[MedicationOrder] = field(default_factory=list)
    known: bool = False
    """True once the ADT feed has announced the visit; no other feed speaks of it before."""
    gone: bool = False
    """True once the patient has left for good; a discharge that is taken back never sets it."""

    @property
    def here(self) -> bool:
        """True while the patient is in the house."""
        return self.known and not self.gone
