"""One message of own text for every type that orders, gives, reports or vaccinates, built from the standard's structure.

Source: HL7 v2.5.1, chapters 4 and 7: ORM_O01, OMG_O19, OML_O21, OMP_O09, RDE_O11, RDS_O13, RGV_O15, RAS_O17, VXU_V04,
ORU_R01, ORU_R30, OUL_R21 to R24. The headers carry versions 2.3 to 2.8.
"""

# ruff: noqa: E501 - a segment is one line
from __future__ import annotations

from meanings import PID, PV1, fields, message

_BY = "99^HALE^IRIS^^^DR"
_LAB = f"ORC|NW|P9^EHR|F9^LAB|G1^EHR|IP||||20261123140000|||{_BY}||5550100"
_RX = f"ORC|NW|P55^EHR|F66^PHARM||IP||||20261123140000|||{_BY}"
_OBR = "OBR|1|P9^EHR|F9^LAB|{}|||20261123060000|||||||||" + _BY + "||||||20261123070000||{}|F"
_PANEL = _OBR.format("24323-8^Metabolic panel^LN", "CH")
_CULTURE = _OBR.format("600-7^Blood culture^LN", "MB")
_SPM = "SPM|1|S1&EHR^S2&LAB||BLD^Blood^HL70487||EDTA^EDTA^HL70371|VENIP^Venipuncture^HL70488|LACF^Left elbow^L|||||||||20261123055500|20261123062000"  # fmt: skip
_VANCOMYCIN = "11124^Vancomycin 1 g^RXNORM"
_IV = "RXR|IV^Intravenous^HL70162|LA^Left arm^HL70163"

MESSAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "ORM_O01 test": (
        "2.3",
        ("ORM^O01", PID, PV1, _LAB.replace("IP||", "IP||1^Q6H^D2^20261123150000^^S"), "OBR|1|P9^EHR|F9^LAB|718-7^Hemoglobin^LN|S|||||||^bleeds easily|^on warfarin", "NTE|1||draw from the right arm"),
    ),
    "ORM_O01 medicine": ("2.3.1", ("ORM^O01", PID, PV1, _RX, "RXO|161^Acetaminophen^RXNORM|650||mg||^for fever", "RXR|PO^Oral^HL70162")),
    "ORM_O01 stop": ("2.4", ("ORM^O01", PID, PV1, "ORC|DC|P55^EHR|F66^PHARM||||||20261124080000||||||20261124120000|ADR^rash")),
    "OMG_O19": ("2.5", ("OMG^O19", PID, PV1, _LAB, "TQ1|1||ONCE||||20261123160000||T", "OBR|1|P9^EHR|F9^RAD|36643-5^Chest X-ray^LN|||||||||||||" + _BY + "|||||||||||||||R05^Cough^I10C")),
    "OML_O21": ("2.5.1", ("OML^O21", PID, PV1, _LAB, "TQ1|1||||||20261123150000||A", "OBR|1|P9^EHR|F9^LAB|600-7^Blood culture^LN", _SPM, "NTE|1||two sets")),
    "OMP_O09": ("2.6", ("OMP^O09", PID, PV1, _RX, "TQ1|1||TID&three times a day|0800~1400~2000|||20261123150000|20261128150000|R|hold if drowsy", "RXO|7052^Morphine^RXNORM|5|10|mg|TAB|||N||||||||||||^pain", "RXR|PO^Oral^HL70162")),
    "RDE_O11 infusion": ("2.7", ("RDE^O11", PID, PV1, _RX, fields("RXE", f2="5224^Heparin^RXNORM", f3="25000", f5="[iU]^units^UCUM", f9="N", f21="^call for PTT", f23="12", f24="mL/h^mL/h^UCUM", f27="^DVT"), "TQ1|1||C&continuous", _IV, "RXC|B|D5W^Dextrose 5 %|250|mL", "RXC|A|5224^Heparin|25000|units")),
    "RDE_O11 taper": ("2.8", ("RDE^O11", PID, PV1, _RX, "RXE||8640^Prednisone^RXNORM|", "TQ1|1|40^mg&mg|QD&daily|||5^d|20261123", "TQ1|2|20^mg&mg|QD&daily|||5^d|20261128", "RXR|PO^Oral^HL70162")),
    "RDS_O13": ("2.5.1", ("RDS^O13", PID, PV1, _RX, fields("RXD", f1="1", f2=_VANCOMYCIN, f3="20261123143000", f4="4", f5="VIAL^vial", f7="RX100", f9="keep cool", f10="55^LIM^BO", f11="N", f18="LOT9", f19="20271231"), _IV)),
    "RGV_O15": ("2.5.1", ("RGV^O15", PID, PV1, _RX, fields("RXG", f1="1", f4=_VANCOMYCIN, f5="1", f7="g", f13="^through the PICC line", f15="200", f16="mL/h"), _IV)),
    "RAS_O17 given": ("2.5", ("RAS^O17", PID, PV1, _RX, f"RXE||{_VANCOMYCIN}|1||g", _IV, fields("RXA", f1="0", f2="1", f3="20261123150500", f4="20261123160500", f5=_VANCOMYCIN, f6="1", f7="g^g^UCUM", f9="^over 60 min", f10="77^RUIZ^ANA", f15="LOT9", f16="20271231", f19="^sepsis", f20="CP", f21="A"), _IV, "OBX|1|NM|8867-4^Heart rate^LN||88|/min|||||F|||20261123150500")),
    "RAS_O17 refused": ("2.5.1", ("RAS^O17", PID, PV1, _RX, fields("RXA", f1="0", f2="1", f3="20261123210000", f5=_VANCOMYCIN, f6="1", f7="g", f10="77^RUIZ^ANA", f18="^too sick", f20="RE", f21="A"))),
    "ORU_R01 chemistry": ("2.3", ("ORU^R01", PID, PV1, _PANEL, "OBX|1|NM|2823-3^Potassium^LN||6.8|mmol/L^^UCUM|3.5-5.1|HH|||F|||20261123065500", "NTE|1||not haemolysed", "OBX|2|SN|2160-0^Creatinine^LN||>^500|umol/L|<110|H|||P", "OBX|3|SN|22461-8^Toxoplasma titre^LN||^1^:^128||||||F")),
    "ORU_R01 isolates": ("2.5.1", ("ORU^R01", PID, PV1, _CULTURE, "OBX|1|CWE|634-6^Organism^LN|1|112283007^Escherichia coli^SCT||||||F", "OBX|2|CWE|634-6^Organism^LN|2|56415008^Klebsiella^SCT||||||F", _CULTURE.replace("OBR|1", "OBR|2").replace("600-7^Blood culture", "18769-0^Susceptibility") + "|634-6^1^E coli", "OBX|1|ST|18864-9^Ampicillin^LN||R|||R|||F", _CULTURE.replace("OBR|1", "OBR|3").replace("600-7^Blood culture", "18769-0^Susceptibility") + "|634-6^2^Klebsiella", "OBX|1|ST|18864-9^Ampicillin^LN||S|||S|||F", _SPM)),
    "ORU_R01 blood group": ("2.4", ("ORU^R01", PID, PV1, _OBR.format("TS^Type and screen^L", "BLB"), "OBX|1|CE|883-9^ABO group^LN||A^Group A^L||||||F", "OBX|2|CE|10331-7^Rh type^LN||NEG^Negative^L||||||F", "OBX|3|CE|890-4^Antibody screen^LN||POS^Positive^L|||A|||F", "OBX|4|ST|888-8^Antibodies identified^LN||anti-K||||||F")),
    "ORU_R30": ("2.5", ("ORU^R30", PID, PV1, "ORC|NW", "OBR|1|||2339-0^Glucose^LN|||20261123064500", "OBX|1|NM|2339-0^Glucose^LN||38|mg/dL|70-110|LL|||F|||20261123064500||||GLU-7^POCT")),
    "OUL_R21": ("2.5", ("OUL^R21", PID, PV1, _LAB, _PANEL, "OBX|1|NM|2951-2^Sodium^LN||140|mmol/L|135-145||||F")),
    "OUL_R22 rejected": ("2.5.1", ("OUL^R22", PID, PV1, _SPM + "|||RH^haemolysed^HL70490", "SAC|||BOX1^LAB", _PANEL.replace("CH|F", "CH|X"), "ORC|RE|P9^EHR|F9^LAB")),
    "OUL_R23": ("2.6", ("OUL^R23", PID, PV1, _SPM, "SAC|||BOX1^LAB", _PANEL, "OBX|1|NM|2951-2^Sodium^LN||140|mmol/L|135-145||||F")),
    "OUL_R24": ("2.8", ("OUL^R24", PID, PV1, _PANEL, "ORC|RE|P9^EHR|F9^LAB", "OBX|1|NM|2951-2^Sodium^LN||140|mmol/L|135-145||||C", _SPM)),
    "VXU_V04": ("2.5.1", ("VXU^V04", PID, "ORC|RE|P7^EHR|F7^REG||||||20261123101500|||" + _BY, fields("RXA", f1="0", f2="1", f3="20261123100000", f4="20261123100000", f5="150^Influenza^CVX", f6="0.5", f7="mL^^UCUM", f9="00^New record^NIP001", f10="77^RUIZ^ANA", f11="CLINIC", f15="LOT9", f16="20270630", f17="PMC^Sanofi^MVX", f20="CP", f21="A"), "RXR|IM^Intramuscular^HL70162|LD^Left deltoid^HL70163", "OBX|1|CE|64994-7^Funding^LN||V01^Not eligible^HL70064||||||F")),
    "VXU_V04 refused": ("2.3.1", ("VXU^V04", PID, "ORC|RE||F8^REG", fields("RXA", f1="0", f2="1", f3="20261123", f5="115^Tdap^CVX", f6="999", f18="00^Parental decision^NIP002", f20="RE"))),
}  # fmt: skip
"""Name → (version, kind and segments). The name begins with the message structure."""


def message_of(name: str) -> bytes:
    """The bytes of one of them."""
    version, (kind, *segments) = MESSAGES[name]
    structure = name.partition(" ")[0]
    full = f"{kind}^{structure}" if version not in ("2.3", "2.3.1") else kind
    return message(full, *segments, control=name.replace(" ", "-")).replace(b"|2.5.1|", f"|{version}|".encode(), 1)
