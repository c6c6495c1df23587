"""A whole message: which patient each segment is about, which order it belongs to, and who reads it.

Source: HL7 v2.5.1 message structures (chapters 3, 4, 7, 9, 10, 12); V2-to-FHIR 1.0.0 message maps. A segment that
nobody reads is kept and named in `unread`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from codedark.entries.facts import Interpretation, Op, Problem, Site, Understood
from codedark.entries.v2.allergies import read_allergy
from codedark.entries.v2.appointments import read_appointment
from codedark.entries.v2.conditions import (
    read_diagnosis,
    read_goal,
    read_problem,
    read_procedure,
    read_visit_diagnoses,
)
from codedark.entries.v2.documents import read_document
from codedark.entries.v2.doses import read_administrations, read_dispense
from codedark.entries.v2.immunizations import read_immunizations
from codedark.entries.v2.medicines import read_bare_order, read_medication_order
from codedark.entries.v2.orders import OrderGroup, join_replacements
from codedark.entries.v2.patients import read_link, read_merge, read_patient
from codedark.entries.v2.reading import Reading
from codedark.entries.v2.requests import read_service
from codedark.entries.v2.results import read_loose_observations, read_report
from codedark.entries.v2.visits import read_moved_visit, read_renumbered_visit, read_visit
from codedark.errors import Unparsable
from codedark.hl7 import Message, Segment, parse

Read = TypeVar("Read")

_ORDERS = frozenset({"ORM", "OMP", "RDE", "OML", "OMG", "OMI", "OMD", "OMN", "OMS", "RDS", "RGV", "ORR", "RRE", "OMB"})
_RESULTS = frozenset({"ORU", "OUL", "OPU", "ORA"})
_READ = (
    _ORDERS
    | _RESULTS
    | frozenset({"ADT", "RAS", "VXU", "MDM", "SIU", "PPR", "PGL", "PPP", "ORF", "REF", "RRI", "CCR", "CCD"})
)
_NOT_CLINICAL = frozenset(
    {
        "DFT",
        "BAR",
        "MFN",
        "MFK",
        "MFQ",
        "ACK",
        "MCF",
        "NMD",
        "NMQ",
        "NMR",
        "PMU",
        "EAC",
        "EAN",
        "ESU",
        "SSU",
        "INU",
        "LSU",
    }
)
"""Billing, master files, acknowledgments, equipment: kept and counted; nothing in them is a patient's record here."""
_BILLING = frozenset({"DFT", "BAR"})
"""Kept, and translated like any other when somebody asks for the whole message."""
_MERGES = frozenset({"A18", "A30", "A34", "A36", "A39", "A40", "A47"})
_MOVES = frozenset({"A45", "A50"})
_TO_A_PERSON = frozenset({"A29", "A35", "A41", "A42", "A43", "A44", "A46", "A48", "A49", "A51"})
"""Deleting a person, and merges and moves of accounts, visits and alternate numbers."""
_STARTS = frozenset({"ORC", "OBR", "RXO", "RXE", "RXD", "RXG", "RXA", "TXA", "SCH"})
_MEANT = frozenset(
    [
        "MSH",
        "EVN",
        "PID",
        "PD1",
        "NK1",
        "MRG",
        "PV1",
        "PV2",
        "AL1",
        "IAM",
        "DG1",
        "PRB",
        "GOL",
        "PR1",
        "ARV",
        "ORC",
        "OBR",
        "OBX",
        "NTE",
        "RXO",
        "RXE",
        "RXR",
        "RXC",
        "RXD",
        "RXG",
        "RXA",
        "TQ1",
        "TQ2",
        "SPM",
        "SAC",
        "TXA",
        "SCH",
        "AIS",
        "AIG",
        "AIL",
        "AIP",
        "RGS",
    ]
)
_ADMINISTRATIVE = frozenset(
    [
        "SFT",
        "UAC",
        "MSA",
        "ERR",
        "DSC",
        "ADD",
        "PDA",
        "GT1",
        "IN1",
        "IN2",
        "IN3",
        "ACC",
        "UB1",
        "UB2",
        "FT1",
        "CTI",
        "CTD",
        "DRG",
        "ROL",
        "PRT",
        "DB1",
        "NPU",
        "QRD",
        "QRF",
        "QAK",
        "QPD",
        "BLG",
        "STF",
        "PRD",
        "AUT",
        "PSH",
        "RMI",
        "OBS",
        "CSR",
        "CSP",
        "CSS",
        "BHS",
        "BTS",
        "FHS",
        "FTS",
        "EDU",
        "CER",
        "VAR",
        "FAC",
        "PEO",
        "PCR",
        "PDC",
    ]
)


@dataclass(slots=True)
class PatientGroup:
    """All segments about one patient: the PID, those before the first order, and the orders."""

    pid: Segment | None = None
    front: list[Segment] = field(default_factory=list)
    orders: list[OrderGroup] = field(default_factory=list)

    def first(self, name: str) -> Segment | None:
        """The first segment of that name before the orders, or inside one."""
        for segments in (self.front, *(order.segments for order in self.orders)):
            for segment in segments:
                if segment.name == name:
                    return segment
        return None


def interpret_message(
    raw: bytes, site: Site, origin: bytes, position: int, *, within: str = "", whole: bool = False
) -> Interpretation:
    """The facts of one HL7 v2 message. Never raises for what the sender did. `within`: begins every path of a message
    that is one of several in its frame. `whole`: also the resources that no view reads (see `Reading`)."""
    try:
        message = parse(raw, sets_of(site))
    except Unparsable as error:
        problem = Problem(within, str(error), error.hint)
        return Interpretation(problems=(problem,), understood=Understood.KEPT)
    reading = Reading(message, site, origin, position, within)
    kind = f"{reading.family}^{reading.trigger}" if reading.trigger else reading.family
    billing = whole and reading.family in _BILLING
    if not billing and (reading.family in _NOT_CLINICAL or reading.family[:3] in ("QRY", "QBP", "QSB", "QVR", "QCN")):
        return Interpretation(understood=Understood.KEPT, message_type=kind)
    if not billing and reading.family not in _READ:
        problem = Problem(
            f"{within}MSH[1].9", "a message type that is not read here", "The bytes are kept; nothing of it is shown."
        )
        return Interpretation(problems=(problem,), understood=Understood.KEPT, message_type=kind)
    reading.first_hand, reading.whole = reading.family == "ADT", whole
    _read(reading)
    return _result(reading, kind)


def sets_of(site: Site) -> dict[str, str] | None:
    """What the site says of its senders' character sets: `codes.charset`, MSH-18 as sent (or "none") to table 0211."""
    said = site.codes.get("charset")
    return {sent: code for sent, (_, code, _) in said.items()} if said else None


def _read(reading: Reading) -> None:
    groups = _groups(reading.message, reading.family)
    if reading.family == "ADT" and reading.trigger in ("A24", "A37"):
        read_link(reading, reading.message.all("PID"), Op.LINK if reading.trigger == "A24" else Op.UNLINK)
    if not any(group.pid is not None for group in groups):
        reading.problem("PID", "no PID segment: whose it is was not said", hint="Ask the sender.")
    for group in groups:
        _guarded(reading, group.pid.path if group.pid else "MSH[1]", _read_group, group)
    if reading.family == "ADT":
        reading.topics.add("adt")
        if reading.trigger in _TO_A_PERSON:
            reading.problem(
                "EVN[1]",
                f"{reading.trigger} is not applied by the machine",
                hint="A person decides what it means here.",
            )


def _read_group(reading: Reading, group: PatientGroup) -> None:
    reading.patient = reading.encounter = None
    if group.pid is not None:
        read_patient(reading, group.pid, group.front)
    pv1 = group.first("PV1")
    if pv1 is not None and reading.trigger not in _MERGES:
        read_visit(reading, pv1, group.first("PV2"), group.pid)
    for segment in group.front:
        reader = _FRONT.get(segment.name)
        if reader is not None:
            _guarded(reading, segment.path, reader, segment)
    if reading.whole:
        read_visit_diagnoses(reading, [segment for segment in group.front if segment.name == "DG1"])
    _front_events(reading, group, pv1)
    join_replacements(group.orders)
    for order in group.orders:
        _guarded(reading, order.path, _read_order, order)


def _front_events(reading: Reading, group: PatientGroup, pv1: Segment | None) -> None:
    for segment in group.front:
        if segment.name == "MRG" and reading.first_hand:
            if reading.trigger in _MERGES:
                read_merge(reading, segment)
            elif reading.trigger == "A45":
                _moved(reading, group, segment, pv1)
            elif reading.trigger in _MOVES:
                read_renumbered_visit(reading, segment)
    read_loose_observations(reading, [segment for segment in group.front if segment.name in ("OBX", "NTE")])


def _moved(reading: Reading, group: PatientGroup, mrg: Segment, pv1: Segment | None) -> None:
    """One of the visits that an A45 moves: its MRG, and the PV1 that follows it."""
    after = group.front[group.front.index(mrg) + 1 :]
    own = next((segment for segment in after if segment.name in ("PV1", "MRG")), None)
    visit = own if own is not None and own.name == "PV1" else pv1
    if visit is not None and visit is not pv1:
        read_visit(reading, visit, None, group.pid)
    read_moved_visit(reading, mrg, visit)


def _read_order(reading: Reading, order: OrderGroup) -> None:
    """One order group by what it holds and by the family of the message."""
    medicine = order.first("RXE") or order.first("RXO") or order.first("RXG")
    if (txa := order.first("TXA")) is not None:
        if reading.family in _RESULTS and order.obr is not None:
            document, order = _documented(order, txa)
            read_document(reading, txa, document)
            read_report(reading, order)
        else:
            read_document(reading, txa, order.segments)
    elif (sch := order.first("SCH")) is not None:
        read_appointment(reading, sch, order.segments)
    elif reading.family == "VXU":
        read_immunizations(reading, order)
        read_loose_observations(reading, order.segments)
    elif order.first("RXA") is not None:
        read_administrations(reading, order)
        read_loose_observations(reading, order.segments)
    elif (rxd := order.first("RXD")) is not None:
        read_dispense(reading, order, rxd)
        if medicine is not None:
            read_medication_order(reading, order, medicine, hearsay=True)
        read_loose_observations(reading, order.segments)
    elif medicine is not None:
        read_medication_order(reading, order, medicine, hearsay=reading.family == "RGV")
        if reading.whole and medicine.name != "RXO" and (asked := order.first("RXO")) is not None:
            read_medication_order(reading, order, asked, beside=True)
        read_loose_observations(reading, order.segments)
    elif (
        reading.family in _RESULTS
        or (order.obr is not None and reading.family in {"ADT", *_BILLING})
        or reading.family == "ORF"
    ):
        read_report(reading, order)
    elif order.obr is None and order.orc is not None:
        read_bare_order(reading, order)
        read_loose_observations(reading, order.segments)
    else:
        read_service(reading, order)
        read_loose_observations(reading, order.segments)


def _documented(order: OrderGroup, txa: Segment) -> tuple[list[Segment], OrderGroup]:
    """A result with a document of its order (ORDER_DOCUMENT of ORU_R01 and OUL_R22, HL7 v2.7 and later): the segments
    of the document, which stand between the ORC, or the group's start, and the TXA; and the group without them."""
    end = order.segments.index(txa)
    names = [segment.name for segment in order.segments[:end]]
    start = max((n + 1 for n, name in enumerate(names) if name in ("ORC", "OBR", "SPM")), default=0)
    rest = OrderGroup(heading=order.heading)
    for segment in (*order.segments[:start], *order.segments[end + 1 :]):
        rest.add(segment)
    return order.segments[start : end + 1], rest


_FRONT: dict[str, Callable[[Reading, Segment], None]] = {
    "AL1": read_allergy,
    "IAM": read_allergy,
    "DG1": read_diagnosis,
    "PRB": read_problem,
    "GOL": read_goal,
    "PR1": read_procedure,
}


def _guarded(reading: Reading, path: str, read: Callable[[Reading, Read], None], what: Read) -> None:
    """Run one reader. A defect of ours costs its segment, never the message: it becomes a problem with its place."""
    try:
        read(reading, what)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        reading.problem(
            path, f"could not be read ({type(error).__name__})", hint="Tell the makers the entry's position."
        )


def _groups(message: Message, family: str) -> list[PatientGroup]:
    """The patient groups of a message; segments before the first PID go with the first patient."""
    groups = [PatientGroup()]
    laboratory = family == "OUL"
    headed = laboratory and _specimen_first(message)
    for segment in message.segments[1:]:
        if segment.name == "PID":
            if groups[-1].pid is not None:
                groups.append(PatientGroup())
            groups[-1].pid = segment
        elif segment.name in _FRONT and not groups[-1].orders:
            groups[-1].front.append(segment)
        else:
            _place(groups[-1], segment, laboratory, headed, family in _RESULTS)
    return groups


def _specimen_first(message: Message) -> bool:
    """Whether a specimen heads its orders (OUL R22, R23) or follows them (OUL R21, R24, as in an ORU)."""
    return next((segment.name for segment in message.segments if segment.name in ("SPM", "OBR")), "") == "SPM"


def _place(group: PatientGroup, segment: Segment, laboratory: bool, headed: bool, results: bool) -> None:
    name = segment.name
    if name in ("DG1", "AL1", "IAM", "PRB", "GOL", "PR1", "PV1", "PV2", "PD1", "NK1"):
        # Structures let them stand after an order too; they are about the patient all the same.
        group.front.append(segment)
    elif name == "SPM" and headed and (not group.orders or group.orders[-1].obr is not None):
        group.orders.append(OrderGroup())
        group.orders[-1].add(segment)
        group.orders[-1].heading = group.orders[-1].segments
    elif name in _STARTS and _begins(group, name, laboratory, results):
        # Several orders may stand below one specimen: it is theirs too.
        group.orders.append(OrderGroup(heading=group.orders[-1].heading if group.orders else []))
        group.orders[-1].add(segment)
    elif group.orders:
        group.orders[-1].add(segment)
    else:
        group.front.append(segment)


def _is_of_order(last: OrderGroup) -> bool:
    """Whether a TXA is about the order above it: between its ORC and the TXA stands nothing but the document's OBX."""
    names = [segment.name for segment in last.segments]
    after = names[len(names) - names[::-1].index("ORC") :] if "ORC" in names else ["OBR"]
    return set(after) <= {"OBX", "PRT", "NTE"}


def _begins(group: PatientGroup, name: str, laboratory: bool, results: bool) -> bool:
    """Whether a segment starts a new order group after the last one."""
    if not group.orders:
        return True
    last = group.orders[-1]
    if name == "TXA" and results and _is_of_order(last):
        return False
    if laboratory and (last.orc is None or last.obr is None):
        return name == "OBR" and last.obr is not None  # an OUL may name the order (ORC) below its OBR
    if name == "ORC":
        return True
    if name == "RXA":
        return False
    if name in ("RXO", "RXE", "RXD", "RXG"):
        return last.first(name) is not None
    return name != "OBR" or last.obr is not None or any(s.name in ("RXA", "RXO", "RXE") for s in last.segments)


def _result(reading: Reading, kind: str) -> Interpretation:
    names = {segment.name for segment in reading.message.segments}
    unread = frozenset(name for name in names if name not in _MEANT)
    lost = {name for name in unread if name not in _ADMINISTRATIVE and not name.startswith("Z")}
    facts = tuple(reading.facts)
    if not facts:
        understood = Understood.KEPT
        if not reading.problems:
            reading.problem("MSH[1]", "nothing in it says anything about a patient")
    else:
        understood = Understood.PART if reading.problems or lost else Understood.FULL
    return Interpretation(facts, tuple(reading.problems), understood, kind, frozenset(reading.topics), unread)
