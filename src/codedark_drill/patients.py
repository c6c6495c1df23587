"""The people in the beds: who they are, what they react to, what they weigh, what they want done."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from .illness import BACKGROUND
from .layout import UnitKind
from .names import FAMILY, FEMALE, LANGUAGES, MALE, STREETS, TOWNS

ALLERGENS: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    ("DA", "7980", "penicillin G", "RXNORM", ("anaphylaxis", "hives", "rash")),
    ("DA", "10831", "sulfamethoxazole-trimethoprim", "RXNORM", ("rash", "fever")),
    ("DA", "2670", "codeine", "RXNORM", ("nausea", "itching")),
    ("DA", "1191", "aspirin", "RXNORM", ("bronchospasm", "stomach upset")),
    ("DA", "11124", "vancomycin", "RXNORM", ("flushing",)),
    ("DA", "2231", "cephalexin", "RXNORM", ("rash",)),
    ("DA", "29046", "lisinopril", "RXNORM", ("cough", "angioedema")),
    ("MA", "111088007", "latex", "SCT", ("rash", "contact dermatitis")),
    ("MA", "293637006", "iodinated contrast", "SCT", ("hives", "shortness of breath")),
    ("FA", "762952008", "peanut", "SCT", ("anaphylaxis", "swelling of lips")),
    ("FA", "44027008", "shellfish", "SCT", ("hives", "vomiting")),
    ("EA", "256259004", "pollen", "SCT", ("sneezing",)),
)
"""AL1-2 (table 0127), code, text, coding system, reactions that are reported for it."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """One line of the allergy list. `severity`: HL7 table 0128: SV, MO, MI or U."""

    kind: str
    code: str
    substance: str
    system: str
    severity: str
    reactions: tuple[str, ...]


@dataclass(slots=True)
class Patient:
    """One person. `allergies`: None = nobody ever recorded any; () = "no known allergies" was recorded. `weight_kg`: 0
    when nobody weighed them. `problems`: (ICD-10-CM code, text). `mother`: MRN of a newborn's mother."""

    mrn: str
    family: str
    given: str
    middle: str
    born: date
    sex: str
    address: str
    phone: str
    language: str
    allergies: tuple[Reaction, ...] | None
    weight_kg: float
    code_status: str
    isolation: str
    problems: list[tuple[str, str]] = field(default_factory=list)
    mother: str = ""
    alias: str = ""


def check_digit(number: int) -> int:
    """Mod-10 (Luhn), as HL7 table 0061 M10."""
    total = 0
    for index, digit in enumerate(reversed(str(number))):
        value = int(digit) * (2 if index % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return (10 - total % 10) % 10


class Registry:
    """Registers new people. Medical record numbers ascend and carry a Luhn digit."""

    def __init__(self, chance: Random, today: date) -> None:
        self._chance = chance
        self._today = today
        self._next = 480_211

    def mrn(self) -> str:
        """The next medical record number, nine digits."""
        self._next += self._chance.randint(1, 7)
        return f"{self._next:08d}{check_digit(self._next)}"

    def person(self, kind: UnitKind) -> Patient:
        """Somebody whose age and sex fit a unit of this kind."""
        sex = "F" if kind is UnitKind.MATERNITY or self._chance.random() < 0.51 else "M"
        family = self._chance.choice(FAMILY)
        given = self._chance.choice(FEMALE if sex == "F" else MALE)
        return self.named(family, given, sex, self._age(kind), kind)

    def named(self, family: str, given: str, sex: str, age: float, kind: UnitKind = UnitKind.WARD) -> Patient:
        """Somebody with this name and about this age in years."""
        chance = self._chance
        born = self._today - timedelta(days=int(age * 365.25) + chance.randint(0, 200) % 180)
        middle = chance.choice("ABCDEGHJKLMNPRSTVW") if chance.random() < 0.4 else ""
        return Patient(
            self.mrn(),
            family,
            given,
            middle,
            born,
            sex,
            self._address(),
            self._phone(),
            self._language(),
            self._allergies(age),
            self._weight(age, sex),
            self._code_status(age),
            chance.choice(("contact", "droplet", "airborne")) if chance.random() < 0.07 else "",
            self._problems(age, kind),
        )

    def newborn(self, mother: Patient, born: date) -> Patient:
        """A baby without a first name yet, known by its mother's."""
        sex = self._chance.choice("FM")
        given = f"Baby{'girl' if sex == 'F' else 'boy'} {mother.given}"
        weight = round(self._chance.gauss(3.35, 0.45), 2)
        return Patient(
            self.mrn(),
            mother.family,
            given,
            "",
            born,
            sex,
            mother.address,
            mother.phone,
            mother.language,
            (),
            weight,
            "Full code",
            "",
            [],
            mother.mrn,
        )

    def _age(self, kind: UnitKind) -> float:
        if kind is UnitKind.MATERNITY:
            return self._chance.uniform(18, 42)
        if kind is UnitKind.CHILDREN:
            return self._chance.uniform(0.2, 16)
        if kind is UnitKind.EMERGENCY:
            return self._chance.choice(
                (self._chance.uniform(1, 17), self._chance.uniform(18, 90), self._chance.uniform(18, 90))
            )
        return min(99.0, max(18.0, self._chance.gauss(66, 16)))

    def _address(self) -> str:
        town, state, code = self._chance.choice(TOWNS)
        return f"{self._chance.randint(1, 980)} {self._chance.choice(STREETS)} St^^{town}^{state}^{code}^USA^H"

    def _phone(self) -> str:
        return f"^PRN^PH^^1^203^555{self._chance.randint(100, 199):04d}"

    def _language(self) -> str:
        code, name, _ = self._chance.choices(LANGUAGES, [row[2] for row in LANGUAGES])[0]
        return f"{code}^{name}^ISO639"

    def _allergies(self, age: float) -> tuple[Reaction, ...] | None:
        roll = self._chance.random()
        if roll < 0.12:
            return None
        if roll < 0.62 or age < 1:
            return ()
        count = self._chance.choices((1, 2, 3), (60, 28, 12))[0]
        return tuple(self._reaction(row) for row in self._chance.sample(ALLERGENS, count))

    def _reaction(self, row: tuple[str, str, str, str, tuple[str, ...]]) -> Reaction:
        kind, code, substance, system, known = row
        reaction = self._chance.choice(known)
        severe = reaction in ("anaphylaxis", "bronchospasm", "angioedema")
        return Reaction(
            kind, code, substance, system, "SV" if severe else self._chance.choice(("MO", "MI", "U")), (reaction,)
        )

    def _weight(self, age: float, sex: str) -> float:
        if self._chance.random() < 0.06:
            return 0.0
        if age < 16:
            return round(max(3.0, 9 + 2.9 * age + self._chance.gauss(0, 2)), 1)
        return round(min(190.0, max(38.0, self._chance.gauss(70 if sex == "F" else 84, 16))), 1)

    def _code_status(self, age: float) -> str:
        roll = self._chance.random()
        if roll < 0.10:
            return ""
        if age > 70 and roll > 0.68:
            return self._chance.choice(("DNR", "DNR/DNI", "Comfort care only"))
        return "Full code"

    def _problems(self, age: float, kind: UnitKind) -> list[tuple[str, str]]:
        if age < 30 or kind is UnitKind.MATERNITY:
            return []
        return self._chance.sample(BACKGROUND, self._chance.choices((0, 1, 2, 3, 4), (15, 25, 30, 20, 10))[0])
