"""What the views answer with: the shapes that pages, packs and the command line draw. Plain data, no database.

Nothing here depends on *now*: age, due and late are computed by the caller from `recorded_at_us` when it is shown
(architecture decision 11). Unknown is `None` or an explicit state, never an empty string that reads like a fact.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from codedark.clock import JUMP_US


class Mark(StrEnum):
    """Where an item came from; the same mark on screen, paper and export (screens.md, principle 3)."""

    FEED = "▪"
    PAPER = "✎"
    SCREEN = "▸"
    TRANSFER = "⇄"
    IMPORT = "▫"


@dataclass(frozen=True, slots=True)
class Stamp:
    """The origin of one item: journal position, when the node kept it (µs UTC), its mark, and its source by name."""

    position: int
    recorded_at_us: int
    mark: Mark
    source: str


@dataclass(frozen=True, slots=True)
class When:
    """A clinical time as claimed. `iso`: FHIR date/dateTime with its own precision and zone; `source_text`: as sent,
    when that differs; `zone_assumed`: the sender gave no offset."""

    iso: str
    source_text: str = ""
    zone_assumed: bool = False


class AllergyState(StrEnum):
    """Four states that are never mixed. The last two are never drawn as "none"."""

    HAS = "has allergies"
    NONE_KNOWN = "no known allergies"
    NOT_RECORDED = "not recorded"
    COULD_NOT_BE_READ = "could not be read"


@dataclass(frozen=True, slots=True)
class Allergy:
    """One allergy or intolerance. `criticality`: "high" | "low" | "" as claimed; `kind`: drug, food, …; `none_known`:
    this line is the statement that there are none (beside a real one it is a conflict, and both are shown)."""

    substance: str
    reactions: tuple[str, ...]
    criticality: str
    kind: str
    since: When | None
    stamp: Stamp
    none_known: bool = False


@dataclass(frozen=True, slots=True)
class Administration:
    """One dose that was heard or recorded. `given`: False for not-given, with `reason`; `late_or_future`: the time is
    impossible (> 5 min after it was recorded) and is never "last given"."""

    when: When | None
    dose: str
    by: str
    given: bool
    reason: str
    time_impossible: bool
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Medication:
    """One medication order with what was heard of its doses. `status`: R4 MedicationRequest status; `dose`, `route`,
    `schedule` as readable text exactly as ordered; `last_heard`: newest administration *heard* or None = never
    heard."""

    id: str
    name: str
    status: str
    dose: str
    route: str
    schedule: str
    as_needed: bool
    infusion: bool
    prescriber: str
    ordered: When | None
    last_heard: Administration | None
    doses_heard: int
    stamp: Stamp
    last_given: Administration | None = None
    """The newest dose heard as *given*: differs from `last_heard` when the newest one heard was held or refused."""
    doses: tuple[Administration, ...] = ()
    """Every dose heard or recorded, newest first."""
    times: tuple[str, ...] = ()
    """Times of day that the order gives, "HH:MM"."""
    frequency: str = ""
    """The schedule by its code as sent: "Q12H"."""
    window_us: int = 0
    """The period of the order's largest dose, such as 4 h of "max 8 mg in 4 h"; 0: it names none."""
    ends_us: int | None = None
    """When the order ends by itself (µs UTC, a day at its beginning); None: not said."""


@dataclass(frozen=True, slots=True)
class Result:
    """One observation of a panel. `flag`: "H", "L", "HH", "LL", "A" … as claimed; `critical`: HH/LL/AA; `standing`:
    "preliminary" | "final" | "corrected" | "withdrawn"; `earlier`: values it corrected, oldest first."""

    panel: str
    name: str
    value: str
    unit: str
    reference: str
    flag: str
    critical: bool
    standing: str
    when: When | None
    earlier: tuple[str, ...]
    stamp: Stamp
    code: str = ""
    """`system|code` as sent, "" when it has none."""
    time_impossible: bool = False


@dataclass(frozen=True, slots=True)
class Vital:
    """One vital sign measurement. `time_impossible`: claimed > 5 min after it was recorded; it is never the newest.
    `code`: `system|code` as sent."""

    name: str
    value: str
    unit: str
    when: When | None
    stamp: Stamp
    time_impossible: bool = False
    code: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """A problem or diagnosis. `status`: "active" | "resolved" | … | "" unknown."""

    name: str
    status: str
    since: When | None
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Order:
    """A non-medication order. `status`: R4 ServiceRequest status."""

    name: str
    status: str
    priority: str
    when: When | None
    by: str
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Event:
    """What is listed beside orders and problems. `kind`: "appointment" | "goal" | "procedure" | "vaccine" |
    "dispense" | "specimen" (a rejected one); `status`: as its resource says; `detail`: lot, expiry, reason, remarks."""

    kind: str
    name: str
    status: str
    when: When | None
    by: str
    detail: str
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Note:
    """A document or comment, plain text; markup is removed before it comes here."""

    title: str
    text: str
    author: str
    when: When | None
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class PrintReport:
    """Pages of a print report of the EHR. `id`: of its document; `kind`: "mar" | "kardex" | "census" | "other";
    `title`: that in words; `first`, `last`: pages of the original; `printed`: when, and `stated` whether the report
    says so itself, else it is the file's own time; `unit`: as the report names it; `source`: as in the entry's header;
    `stamp`: when and from where it came. `time_impossible`: printed after it came; it is never the newest."""

    id: str
    kind: str
    title: str
    first: int
    last: int
    printed: When | None
    printed_us: int | None
    stated: bool
    unit: str
    source: str
    stamp: Stamp
    time_impossible: bool = False


@dataclass(frozen=True, slots=True)
class LooseReport:
    """A print report that is tied to nobody. `item`: its line on the worklist; `mrns` … `births`: what its text says;
    `problem`: why its pages cannot be tied by the node."""

    id: str
    item: str
    source: str
    mrns: tuple[str, ...]
    visits: tuple[str, ...]
    names: tuple[str, ...]
    births: tuple[str, ...]
    problem: str


@dataclass(frozen=True, slots=True)
class Kin:
    """A newborn's mother or a mother's newborn. `relation`: "mother" | "child"; `name`: "" when only her number is
    known here, or more than one person has it."""

    relation: str
    name: str
    mrn: str


@dataclass(frozen=True, slots=True)
class Banner:
    """Who this is. Every field may be unknown (""); `name` is "SURNAME, Given". `merged_from`: MRNs of absorbed
    records."""

    patient: str
    name: str
    birth_date: str
    sex: str
    mrn: str
    visit: str
    unit: str
    room: str
    bed: str
    attending: str
    patient_class: str
    admitted: When | None
    discharged: When | None
    code_status: str
    isolation: str
    weight: str
    weight_when: When | None
    merged_from: tuple[str, ...]
    stamp: Stamp | None
    language: str = ""
    interpreter: bool | None = None
    """Whether one is needed, where a sender says so."""
    needs: str = ""
    """What is arranged for this patient (PV1-15), as sent."""


@dataclass(frozen=True, slots=True)
class SectionAge:
    """When a section was last heard: for this patient and for the whole facility, µs UTC of `recorded_at`; None =
    never."""

    section: str
    patient_heard_us: int | None
    facility_heard_us: int | None


@dataclass(frozen=True, slots=True)
class AsOf:
    """The line of state. `position`: newest entry in the views (-1: none); `recorded_at_us`: when clinical content was
    last heard, not when the newest entry of any kind was made (None: never). Which feeds are silent is decided by the
    caller from `feeds`. `clock_trusted`: as the newest entry says of its own time; `newest_us`: that time (0: none)."""

    facility: str
    position: int
    recorded_at_us: int | None
    fold: str
    clock_trusted: bool
    newest_us: int = 0

    def ages_hold(self, now_us: int, clock_trusted: bool) -> bool:
        """Whether an age may be told by a clock that says `now_us`: it and the journal's are trusted, and it is not
        behind what the journal has already seen. Else an age could be fresher than true (security.md, decision 10)."""
        return clock_trusted and self.clock_trusted and now_us >= self.newest_us - JUMP_US


class SheetState(StrEnum):
    """What became of a sheet with doses on it."""

    OUT = "out"
    RETURNED = "returned"
    CONFIRMED = "confirmed"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class DoseSheet:
    """A MAR or gap sheet of the patient. `from_us`: since when doses may stand on it; `until_us`: up to when it was
    confirmed, or when it was declared lost; None while it is out."""

    sheet: str
    unit: str
    from_us: int
    state: SheetState
    until_us: int | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """The last-known record of one patient. Lists are newest first except medications (by name) and results (by
    panel)."""

    banner: Banner
    allergy_state: AllergyState
    allergies: tuple[Allergy, ...]
    medications: tuple[Medication, ...]
    results: tuple[Result, ...]
    vitals: tuple[Vital, ...]
    conditions: tuple[Condition, ...]
    orders: tuple[Order, ...]
    notes: tuple[Note, ...]
    ages: tuple[SectionAge, ...]
    unread: int
    """Items about this patient that are on the worklist or under distrust: shown as "N items could not be read"."""
    as_of: AsOf
    held_back: int = 0
    """Items about this patient that wait until a person releases their feed or device; not counted in `unread`."""
    reports: tuple[PrintReport, ...] = ()
    """The EHR's own print reports about this patient, newest first."""
    sheets: tuple[DoseSheet, ...] = ()
    """Sheets on which doses of this patient may stand, oldest first."""
    events: tuple[Event, ...] = ()
    """Bookings, goals, procedures, vaccines, what was dispensed, rejected specimens; newest first."""
    same_name: bool = False
    """Somebody else on the unit has this family name."""
    kin: tuple[Kin, ...] = ()
    """A newborn's mother, a mother's newborns."""


@dataclass(frozen=True, slots=True)
class BedRow:
    """One line of a unit's bed list. `patient` is "" for an empty bed. `same_name`: another patient of the unit has
    this family name. `active_medications`, `critical_results`: counts as of the fold."""

    unit: str
    room: str
    bed: str
    patient: str
    name: str
    birth_date: str
    sex: str
    mrn: str
    allergy_state: AllergyState
    allergy_names: tuple[str, ...]
    code_status: str
    isolation: str
    active_medications: int
    critical_results: tuple[str, ...]
    same_name: bool
    clash: bool
    """Two patients claim this bed, or this patient claims two: shown, never resolved by the machine."""
    stamp: Stamp | None


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One unit on the units page."""

    unit: str
    patients: int
    beds_seen: int
    critical: int
    last_heard_us: int | None


class Sender(StrEnum):
    """How the node knows who sends on a feed (security decision 3)."""

    PINNED = "pinned"
    """By one of the client certificates the feed is pinned to."""
    CERTIFICATE = "certificate"
    """By any client certificate of the authority that codedark.toml names."""
    ADDRESS = "address"
    """By its address only, which anybody on that network can take: *not authenticated*."""


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One declared or heard feed. Silence is shown: `last_heard_us` None = never. `expected_s`: 0 = not declared."""

    feed: str
    carries: tuple[str, ...]
    expected_s: int
    authenticated: bool
    last_heard_us: int | None
    received: int
    duplicates: int
    differing: int
    refusals: int
    distrusted: bool
    held_since_us: int | None = None
    """From when on what it says is kept and not shown (µs UTC of `recorded_at`); None: it is not held back."""
    sender: Sender = Sender.ADDRESS
    sender_since_us: int | None = None
    """Since when its sender is known that way: what came before was not. None: unknown."""
    declared: bool = True
    """Whether codedark.toml still declares it."""


@dataclass(frozen=True, slots=True)
class WorklistItem:
    """What was not understood. `item`: "position/path"; no patient data in `reason`."""

    item: str
    position: int
    recorded_at_us: int
    source: str
    message_type: str
    path: str
    reason: str
    hint: str
    state: str
    """"open" | "decided"."""


@dataclass(frozen=True, slots=True)
class FoldStatus:
    """What the fold has done. `interpreted`: clinical entries that became facts in full or in part; `kept`: none
    did."""

    as_of: AsOf
    interpreted: int
    part: int
    kept: int
    worklist_open: int
    patients: int
    inpatients: int
    units: int
    facts: int
