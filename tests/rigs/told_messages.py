"""A message of own text for every event of registration, booking, papers and plans, by the standard's structures.

Each tale is what was said before, and last the message it is about. Source: HL7 v2.5.1 and v2.8 chapters 3, 6, 9, 10,
12; versions from 2.3 to 2.8 on purpose.
"""

from __future__ import annotations

from meanings import message

ANN = (
    "PID|1||4711^^^ANNA^MR||OKAFOR^NGOZI^A||19720304|F||2106-3^White^HL70005|12 Elm St^^Town^NY^10001^USA^H||555-1|||M"
)
BEA = "PID|2||4712^^^ANNA^MR||OKORO^ADA||19800101|F"
DOCTOR = "99^HALE^IRIS^^^DR"
EVENT = "EVN||20261123145900||||20261123145500"
KIN = "NK1|1|OKAFOR^CHIDI|SPO^Spouse^HL70063|12 Elm St^^Town|555-2"
ALLERGY = "AL1|1|DA|7980^Penicillin^RXNORM|SV|Hives"
DIAGNOSIS = "DG1|1||J18.9^Pneumonia^I10C||20261123|A"
PAPER = "TXA|1|DS^Discharge summary|TX|20261123140000|||||{}|||{}^ANNA|{}||||{}"
TEXT = "OBX|1|TX|18842-5^Discharge summary^LN||{}||||||F"
BOOKED = (
    "SCH|P1^EHR|F1^SCHED||||{}|CHECKUP^Check-up^HL70276|FOLLOWUP^Follow-up^HL70277|30|min|"
    "^^30^20261125090000^20261125093000"
)
PARTS = ("RGS|1", "AIS|1||99213^Office visit^C4|20261125090000", f"AIP|1||{DOCTOR}|PHY^Physician", "AIL|1||CLINIC^2")
PROBLEM = "PRB|{}|20261123|I10^Hypertension^I10C|PR1^EHR|||20261101|||||||A^Active"
GOAL = "GOL|AD|20261123|WALK^Walks alone^L|G1^EHR|||20261120|20261201"


def pv1(place: str = "4W^412^B^ANNA", visit: str = "V100", kind: str = "I", more: str = "") -> str:
    """A PV1 of a visit in a bed, with an attender."""
    return f"PV1|1|{kind}|{place}|E|||{DOCTOR}|||MED||||1|||||{visit}^^^ANNA^VN{more}"


def paper(number: str, parent: str = "", state: str = "AU") -> str:
    """A TXA."""
    return PAPER.format(DOCTOR, number, f"{parent}^ANNA" if parent else "", state)


_COUNTED = iter(range(1, 1_000))


def _said(kind: str, *segments: str, version: str = "2.5.1") -> bytes:
    count = next(_COUNTED)
    raw = message(kind, *segments, at=f"2026112315{count % 60:02d}{count // 60:02d}", control=f"T{count}")
    return raw.replace(b"|2.5.1|", f"|{version}|".encode(), 1)


def _adt(trigger: str, *segments: str, version: str = "2.5.1") -> bytes:
    return _said(f"ADT^{trigger}", EVENT, *segments, version=version)


_HERE = (_adt("A01", ANN, pv1()),)
_PV2 = "PV2||PRI^Private^L|CP^Chest pain^L|||||20261123|20261127|||||" + "|" * 11 + "2"
_LEFT = pv1(more="|" * 17 + "01" + "|" * 8 + "20261123100000|20261123150000")
_BOTH = (*_HERE, _adt("A01", BEA, pv1("4W^413^A^ANNA", "V200")))
_PAPER = (*_HERE, _said("MDM^T02", EVENT, ANN, pv1(), paper("D1"), TEXT.format("Came with fever.")))

TALES: dict[str, tuple[bytes, ...]] = {
    "ADT_A01": (_adt("A01", ANN, KIN, pv1(), _PV2, ALLERGY, DIAGNOSIS),),
    "ADT_A02": (*_HERE, _adt("A02", ANN, pv1("5E^501^A^ANNA"), version="2.3")),
    "ADT_A03": (*_HERE, _adt("A03", ANN, _LEFT)),
    "ADT_A04": (_adt("A04", ANN, pv1("ED^7", "V101", "E"), version="2.8"),),
    "ADT_A05": (_adt("A05", ANN, pv1("4W^^", "V102", "P"), "PV2||||||||20261201"),),
    "ADT_A06": (_adt("A06", ANN, pv1()),),
    "ADT_A07": (*_HERE, _adt("A07", ANN, pv1("CLINIC", "V100", "O"))),
    "ADT_A08": (*_HERE, _adt("A08", ANN.replace("OKAFOR", "OKAFOR-OBI"), pv1(), KIN, version="2.4")),
    "ADT_A11": (*_HERE, _adt("A11", ANN, pv1())),
    "ADT_A12": (*_HERE, _adt("A02", ANN, pv1("5E^501^A^ANNA")), _adt("A12", ANN, pv1())),
    "ADT_A13": (*_HERE, _adt("A03", ANN, _LEFT), _adt("A13", ANN, pv1())),
    "ADT_A17": (*_BOTH, _adt("A17", ANN, pv1("4W^413^A^ANNA"), BEA, pv1("4W^412^B^ANNA", "V200"))),
    "ADT_A28": (_adt("A28", ANN, "PD1|||Dr Hale's practice^^77|99^HALE^IRIS|||||||N^No publicity^HL70215|Y", KIN),),
    "ADT_A31": (*_HERE, _adt("A31", ANN + "|" * 14 + "Y", "ARV|1|A|LOC^Location^HL70717", version="2.7")),
    "ADT_A37": (*_BOTH, _adt("A40", ANN, "MRG|4712^^^ANNA^MR"), _adt("A37", ANN, BEA)),
    "ADT_A40": (*_BOTH, _adt("A40", ANN, "MRG|4712^^^ANNA^MR||||||OKORO^ADA")),
    "ADT_A45": (*_BOTH, _adt("A45", ANN, "MRG|4712^^^ANNA^MR||||V200^^^ANNA^VN", pv1("4W^413^A^ANNA", "V200"))),
    "ADT_A47": (*_HERE, _adt("A47", ANN.replace("4711", "9911"), "MRG|4711^^^ANNA^MR")),
    "SIU_S12": (_said("SIU^S12", BOOKED.format(""), ANN, *PARTS),),
    "SIU_S13": (_said("SIU^S13", BOOKED.format("MOVED^Moved"), ANN, *PARTS, version="2.3.1"),),
    "SIU_S14": (_said("SIU^S14", BOOKED.format(""), ANN, *PARTS, "NTE|1||bring glasses"),),
    "SIU_S15": (_said("SIU^S15", BOOKED.format("ILL^Patient ill"), ANN, *PARTS),),
    "SIU_S26": (_said("SIU^S26", BOOKED.format("NOSHOW^Did not come"), ANN, *PARTS),),
    "MDM_T01": (_said("MDM^T01", EVENT, ANN, pv1(), paper("D1", state="DI")),),
    "MDM_T02": _PAPER,
    "MDM_T03": (*_PAPER, _said("MDM^T03", EVENT, ANN, pv1(), paper("D1", state="LA"))),
    "MDM_T04": (*_PAPER, _said("MDM^T04", EVENT, ANN, pv1(), paper("D1", state="LA"), TEXT.format("Came with fever."))),
    "MDM_T05": (*_PAPER, _said("MDM^T05", EVENT, ANN, pv1(), paper("D2", "D1"))),
    "MDM_T06": (*_PAPER, _said("MDM^T06", EVENT, ANN, pv1(), paper("D2", "D1"), TEXT.format("Fever gone."))),
    "MDM_T07": (*_PAPER, _said("MDM^T07", EVENT, ANN, pv1(), paper("D1"))),
    "MDM_T08": (*_PAPER, _said("MDM^T08", EVENT, ANN, pv1(), paper("D1"), TEXT.format("Came with fever and cough."))),
    "MDM_T09": (*_PAPER, _said("MDM^T09", EVENT, ANN, pv1(), paper("D2", "D1"))),
    "MDM_T10": (*_PAPER, _said("MDM^T10", EVENT, ANN, pv1(), paper("D2", "D1"), TEXT.format("Came with cough."))),
    "MDM_T11": (*_PAPER, _said("MDM^T11", EVENT, ANN, pv1(), paper("D1"))),
    "PPR_PC1": (_said("PPR^PC1", ANN, pv1(), PROBLEM.format("AD"), GOAL),),
    "PPR_PC2": (_said("PPR^PC2", ANN, pv1(), PROBLEM.format("UP").replace("A^Active", "R^Resolved")),),
    "PPR_PC3": (*_HERE, _said("PPR^PC1", ANN, PROBLEM.format("AD")), _said("PPR^PC3", ANN, PROBLEM.format("DE"))),
    "PGL_PC6": (_said("PGL^PC6", ANN, pv1(), GOAL),),
    "DFT_P03": (*_HERE, _said("DFT^P03", EVENT, ANN, pv1(), "FT1|1|||20261123||CG|99213^Office visit^C4")),
    "BAR_P01": (*_HERE, _said("BAR^P01", EVENT, ANN, pv1(), DIAGNOSIS, "GT1|1||OKAFOR^CHIDI")),
}
"""Name → the messages in the order they were sent."""
