"""What registration says: ADT messages (HL7 v2.5.1, chapter 3)."""

from __future__ import annotations

from .layout import Bed
from .patients import Patient
from .speech import Speech, Spoken
from .stay import Stay

_STRUCTURE = {
    "A01": "ADT_A01",
    "A04": "ADT_A01",
    "A08": "ADT_A01",
    "A13": "ADT_A01",
    "A02": "ADT_A02",
    "A03": "ADT_A03",
    "A06": "ADT_A06",
    "A11": "ADT_A09",
    "A12": "ADT_A09",
    "A40": "ADT_A39",
}
_FULL = {"A01", "A04", "A06", "A08", "A13"}


class Registration:
    """The ADT system of one hospital."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech

    def event(self, trigger: str, stay: Stay, at_us: int, event_us: int = 0, before: Bed | None = None) -> Spoken:
        """One ADT message about a visit. `event_us`: when it happened (EVN-6), 0 = now; `before`:
        PV1-6 of a transfer."""
        speech = self._speech
        segments = [
            self._evn(trigger, at_us, event_us or at_us),
            speech.pid(stay.patient, stay),
            speech.pv1(stay, at_us, before),
        ]
        if trigger in _FULL:
            segments += speech.bedside_facts(stay, at_us) + speech.al1(stay.patient) + speech.dg1(stay)
        return speech.message("adt", at_us, f"ADT^{trigger}^{_STRUCTURE[trigger]}", segments)

    def merge(self, kept: Patient, absorbed: Patient, at_us: int) -> Spoken:
        """A40: `absorbed` was `kept` all along (v2.5.1, 3.3.40)."""
        speech = self._speech
        names = f"{absorbed.family}^{absorbed.given}"
        segments = [
            self._evn("A40", at_us, at_us),
            speech.pid(kept),
            f"MRG|{absorbed.mrn}^^^{speech.authority}^MR||||||{names}",
        ]
        return speech.message("adt", at_us, "ADT^A40^ADT_A39", segments)

    def _evn(self, trigger: str, at_us: int, event_us: int) -> str:
        clock = self._speech.clock
        return f"EVN|{trigger}|{clock.stamp(at_us)}||||{clock.stamp(event_us)}"
