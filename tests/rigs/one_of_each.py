"""Messages of every type that is read here or kept by design: whole ones, as real senders write them.

Each type has a few: other triggers, other delimiters, other character sets, several patients. They are what mutations
start from.
"""

from __future__ import annotations

from meanings import PID, PV1, message

_PD1 = "PD1||||77^BAUER^KARL^^^DR"
_NK1 = "NK1|1|OKAFOR^CHIDI|SPO|^^^^|5550100"
_AL1 = "AL1|1|DA|7980^Penicillin^RXNORM|SV|Hives~Wheeze|20200101"
_PV2 = "PV2|||CHF^Heart failure"
_WEIGHT = "OBX|1|NM|29463-7^Weight^LN||71|kg"
_DG1 = "DG1|1||I50.9^Heart failure^I10C||20261122|A"
_ORC = "ORC|NW|P100^EHR|F100^LAB||IP||1^once^^20261123150000^^R||20261123145500|||99^HALE^IRIS^^^DR"
_OBR = "OBR|1|P100^EHR|F100^LAB|24323-8^Panel^LN|||20261123140000|||||||||99^HALE^IRIS|||||20261123145900||LAB|F"
_NTE = "NTE|1||haemolysed \\H\\slightly\\N\\\\.br\\repeat if needed"
_POTASSIUM = "OBX|1|NM|2823-3^Potassium^LN||6.9|mmol/L^mmol/L^UCUM|3.5-5.1|HH|||F|||20261123140000"
_REPORT = "OBX|2|ED|PDF^Report^L||^application^pdf^Base64^JVBERi0xLjQK||||||F"
_TEXT = "OBX|3|FT|8251-1^Comment^LN||line one\\.br\\line two \\T\\ three \\X0D\\ four \\Zlocal\\ \\C2842\\||||||C"
_RXE = "RXE|1^^^20261123160000^^R|1191^Aspirin^RXNORM|81||mg^mg^UCUM|TAB|||||||||RX100^PHARM|||||||||||||||||"
_RXO = "RXO|11124^Vancomycin^RXNORM|1250||mg|||||G||||||||||250|mL"
_RXR = "RXR|PO^Oral^HL70162"
_RXC = "RXC|B|313002^Sodium chloride 0.9 %^RXNORM|250|mL"
_RXA = "RXA|0|1|20261123160500|20261123160500|1191^Aspirin^RXNORM|81|mg^mg^UCUM||^given|77^ROSS^ANN^^^RN||||||||||CP|A"
_VACCINE = _RXA.replace("1191^Aspirin^RXNORM", "140^Flu^CVX")
_TQ1 = "TQ1|1|1|Q6H||||20261123160000|20261125160000|R"
_SPM = "SPM|1|S1&EHR^S1&LAB||SER^Serum^HL70487|||||||||||||20261123135500|20261123141000"
_SCH = "SCH|A1^EHR|B1^SCHED||||R^Follow-up^L|||30|min|^^30^20261201090000^20261201093000"
_RESOURCES = ("RGS|1", "AIS|1|A|X^Scan", "AIP|1||99^HALE")
_STOP = "ORC|DC|P101^EHR|||CA||||20261123150000"
_RXD = "RXD|1|1191^Aspirin^RXNORM|20261123|30|TAB||RX100"
_RXG = "RXG|1|1|1^Q6H|1191^Aspirin^RXNORM|81||mg"
_TXA = "TXA|1|DS^Discharge summary^HL70270|TX|20261123101500||||99^HALE^IRIS|||DOC1^EHR|||||AU||AV"
_PRB = "PRB|AD|20261123|I10^Hypertension^I10C|PR1^EHR|||20200101||||||20200101"
_UMLAUTS = "PID|1||4712^^^ANNA^MR||MÜLLER^JÖRG^ÉMILE||19510101|M|||STRAßE 1^^LÜBECK"


def _adt() -> list[bytes]:
    front = ("EVN|A01|20261123150000", PID, _PD1, _NK1, PV1, _PV2, _WEIGHT)
    merge = ("EVN|A40|20261123150000", PID, "MRG|4699^^^ANNA^MR||||||OKAFOR^N")
    umlauts = message("ADT^A01", "EVN|A01", _UMLAUTS, PV1).decode()
    return [
        *(message(f"ADT^{event}^ADT_A01", *front, _AL1, _DG1, "ZPI|1|x") for event in ("A01", "A04", "A08")),
        *(message(f"ADT^{event}", *front) for event in ("A02", "A03", "A11", "A12", "A13", "A28", "A31")),
        message("ADT^A17", "EVN|A17", PID, PV1, _UMLAUTS, PV1.replace("412^B", "412^A").replace("V100", "V101")),
        *(message(f"ADT^{event}", *merge) for event in ("A40", "A47")),
        message("ADT^A45", "EVN|A45", PID, "MRG|4699^^^ANNA^MR||||V099^^^ANNA^VN", PV1),
        message("ADT^A60", "EVN|A60", PID, "IAM|1|DA|7980^Penicillin^RXNORM|SV|Hives|A|AL1^EHR"),
        umlauts.encode(),
        umlauts.replace("|2.5.1|", "|2.5.1||||||8859/1|").encode("latin-1"),
        umlauts.encode("utf-16"),
        message("ADT^A01", "EVN|A01", PID, PV1).replace(b"|", b"!").replace(b"^", b"*"),
    ]  # fmt: skip


def _medicines() -> dict[str, list[bytes]]:
    return {
        "OMP": [message("OMP^O09^OMP_O09", PID, PV1, _AL1, _ORC, _TQ1, _RXO, _RXR, _RXC)],
        "RDE": [message("RDE^O11", PID, PV1, _ORC, _RXE, _NTE, _TQ1, _RXR, _RXC), message("RDE^O25", PID, _STOP)],
        "RDS": [message("RDS^O13", PID, PV1, _ORC, _RXE, _RXR, _RXD, _RXR)],
        "RGV": [message("RGV^O15", PID, PV1, _ORC, _RXE, _RXG, _RXR)],
        "RAS": [message("RAS^O17", PID, PV1, _ORC, _RXO, _RXA, _RXR, _NTE), message("RAS^O17", PID, _ORC, _RXA)],
    }  # fmt: skip


def _batch() -> bytes:
    """A frame with a file of two batches: three patients' messages, counts that are right."""
    some = message("ADT^A01", "EVN|A01", PID, PV1), message("ORU^R01", _UMLAUTS, _OBR, _TEXT), message("ADT^A03", PID)
    first = b"BHS|^~\\&|EHR\r" + some[0] + some[1] + b"BTS|2\r"
    return b"FHS|^~\\&|EHR\r" + first + b"BHS|^~\\&|EHR\r" + some[2] + b"BTS|1\rFTS|2\r"


def messages_of_each_type() -> dict[str, list[bytes]]:
    """Message type (MSH-9.1) → messages of it; "batch": several in one frame."""
    return {
        "ADT": _adt(),
        "ORU": [
            message("ORU^R01^ORU_R01", PID, PV1, _ORC, _OBR, _NTE, _POTASSIUM, _NTE, _REPORT, _TEXT, _SPM),
            message("ORU^R30", PID, _OBR, _POTASSIUM.replace("|F|", "|P|")),
            message("ORU^R01", _UMLAUTS, _OBR, _TEXT) + b"NTE|1||a second\nline in it\r",
        ],
        "OUL": [message("OUL^R22^OUL_R22", PID, PV1, _SPM, _OBR, _ORC, _POTASSIUM, _SPM, _OBR, _TEXT)],
        "ORM": [
            message("ORM^O01", PID, PV1, _AL1, _ORC, _OBR, _DG1, _POTASSIUM),
            message("ORM^O01", PID, PV1, _ORC, _RXO, _RXR),
            message("ORM^O01", PID, "ORC|DC|P100^EHR"),
        ],
        "OMG": [message("OMG^O19^OMG_O19", PID, PV1, _ORC, _TQ1, _OBR, _NTE, _POTASSIUM, _SPM)],
        "OML": [message("OML^O21^OML_O21", PID, PV1, _ORC, _TQ1, _OBR, _DG1, _SPM, _POTASSIUM)],
        **_medicines(),
        "VXU": [message("VXU^V04^VXU_V04", PID, _PD1, _NK1, _ORC, _VACCINE, _RXR)],
        "SIU": [message(f"SIU^{event}", _SCH, PID, PV1, *_RESOURCES) for event in ("S12", "S13", "S14", "S15", "S26")],
        "MDM": [
            message("MDM^T02^MDM_T02", "EVN|T02", PID, PV1, _TXA, "OBX|1|TX|x^Body||one~two", _REPORT),
            message("MDM^T11", "EVN|T11", PID, PV1, _TXA),
        ],
        "PPR": [message("PPR^PC1", PID, PV1, _PRB, _NTE, _POTASSIUM)],
        "DFT": [message("DFT^P03", "EVN|P03", PID, PV1, "FT1|1|||20261123||CG|BED^Bed||1|500", "IN1|1|x|y")],
        "batch": [_batch()],
        "BAR": [message("BAR^P01", "EVN|P01", PID, PV1, _DG1, "GT1|1||OKAFOR^CHIDI")],
    }  # fmt: skip
