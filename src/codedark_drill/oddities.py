"""What real feeds also send: resends, Z segments, unknown events, other alphabets, and things that are not HL7.

A worklist that is never needed proves nothing; a few of each come with every run.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from .speech import Speech, Spoken

_RESENT, _ODD = 0.003, 0.002


class Oddities:
    """Says something odd after some messages. Its dice are its own, so it changes nobody's course."""

    def __init__(self, speech: Speech, chance: Random) -> None:
        self._speech = speech
        self._chance = chance
        self._turn = 0

    def after(self, spoken: Spoken) -> Iterator[Spoken]:
        """Nothing most of the time; else the same bytes again, or one odd message on the same feed."""
        roll = self._chance.random()
        if roll < _RESENT:
            yield spoken
        elif roll < _RESENT + _ODD:
            self._turn += 1
            yield (
                self._z_segment,
                self._unknown_event,
                self._wrong_alphabet,
                self._same_id_other_bytes,
                self._not_hl7,
                self._bare_segment,
                self._impossible_date,
                self._words_for_a_number,
            )[self._turn % 8](spoken)

    def _head(self, spoken: Spoken, kind: str) -> str:
        return self._speech.head(spoken.feed, spoken.at_us, kind)

    def _body(self, spoken: Spoken) -> str:
        return spoken.data.decode("utf-8", "replace").split("\r", 1)[1]

    def _z_segment(self, spoken: Spoken) -> Spoken:
        """The same again under a new id with a segment of the house's own making."""
        kind = spoken.data.split(b"|", 9)[8].decode()
        text = f"{self._head(spoken, kind)}\r{self._body(spoken)}ZDT|1|diet^consistent carbohydrate|tray 14\r"
        return spoken._replace(data=text.encode())

    def _unknown_event(self, spoken: Spoken) -> Spoken:
        stamp = self._speech.clock.stamp(spoken.at_us)
        text = f"{self._head(spoken, 'ADT^Z77^ADT_Z77')}\rEVN|Z77|{stamp}\rZZZ|bed cleaned\r"
        return spoken._replace(data=text.encode())

    def _wrong_alphabet(self, spoken: Spoken) -> Spoken:
        """Says UTF-8 in MSH-18 and is Latin-1."""
        segments = self._body(spoken).split("\r")
        note = "NTE|1|L|Señor Muñoz prefers to be called José; niece is Frau Grüber"
        text = "\r".join(
            [
                self._head(spoken, "ADT^A08^ADT_A01"),
                "EVN|A08|" + self._speech.clock.stamp(spoken.at_us),
                *[one for one in segments if one[:3] in ("PID", "PV1")],
                note,
                "",
            ]
        )
        return spoken._replace(data=text.encode("iso-8859-1", "replace"))

    def _same_id_other_bytes(self, spoken: Spoken) -> Spoken:
        """A sender that numbers two messages alike."""
        return spoken._replace(data=spoken.data + b"NTE|1|L|sent again after correction\r")

    def _not_hl7(self, spoken: Spoken) -> Spoken:
        """A head that reads well, and then a printer's page."""
        text = f'{self._head(spoken, "ORU^R01^ORU_R01")}\r\x1b%-12345X@PJL JOB NAME="report 7"\r12 copies, tray 2\r'
        return spoken._replace(data=text.encode())

    def _bare_segment(self, spoken: Spoken) -> Spoken:
        """No head at all: the receiver can name no sender and refuses it."""
        return spoken._replace(data=b"PID|1||lost half of a message\r")

    def _impossible_date(self, spoken: Spoken) -> Spoken:
        """Somebody born on the thirtieth of February: an A08 that can be read in part."""
        kept = [one for one in self._body(spoken).split("\r") if one[:3] in ("PID", "PV1")]
        lines = [self._head(spoken, "ADT^A08^ADT_A01"), "EVN|A08|" + self._speech.clock.stamp(spoken.at_us), *kept, ""]
        fields = [one.split("|") for one in lines]
        for cells in fields:
            if cells[0] == "PID" and len(cells) > 7:
                cells[7] = "19520230"
        return spoken._replace(data="\r".join("|".join(cells) for cells in fields).encode())

    def _words_for_a_number(self, spoken: Spoken) -> Spoken:
        """A result that says NM and brings words."""
        kept = [one for one in self._body(spoken).split("\r") if one[:3] in ("PID", "PV1")]
        obx = "OBX|1|NM|2823-3^Potassium^LN||haemolysed, see phone note|mmol/L^^UCUM|3.5-5.1|*|||F"
        lines = [
            self._head(spoken, "ORU^R01^ORU_R01"),
            *kept,
            "OBR|1|||2823-3^Potassium^LN||||||||||||||||||||||F",
            obx,
            "",
        ]
        return spoken._replace(data="\r".join(lines).encode())
