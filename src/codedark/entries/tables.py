"""HL7 v2 code tables and what they mean in R4, transcribed from HL7's published concept maps.

Source: V2-to-FHIR 1.0.0 (github.com/HL7/v2-to-fhir, mappings/codesystems, CC0); `SOURCES` names the map behind each
table and tests/real compares them row by row. What the maps leave blank is decided here only where a comment says so.
"""

from __future__ import annotations

UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
_V3 = "http://terminology.hl7.org/CodeSystem/v3-"
_V2 = "http://terminology.hl7.org/CodeSystem/v2-"

CODING_SYSTEMS = {
    "LN": LOINC,
    "LOINC": LOINC,
    "SCT": SNOMED,
    "SNOMED": SNOMED,
    "SNOMED-CT": SNOMED,
    "SCT2": SNOMED,
    "RXNORM": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "NDC": "http://hl7.org/fhir/sid/ndc",
    "CVX": "http://hl7.org/fhir/sid/cvx",
    "MVX": "http://hl7.org/fhir/sid/mvx",
    "I10": "http://hl7.org/fhir/sid/icd-10",
    "ICD10": "http://hl7.org/fhir/sid/icd-10",
    "I10C": "http://hl7.org/fhir/sid/icd-10-cm",
    "ICD-10-CM": "http://hl7.org/fhir/sid/icd-10-cm",
    "ICD10CM": "http://hl7.org/fhir/sid/icd-10-cm",
    "I9": "http://hl7.org/fhir/sid/icd-9-cm",
    "I9C": "http://hl7.org/fhir/sid/icd-9-cm",
    "ICD9": "http://hl7.org/fhir/sid/icd-9-cm",
    "ICD-9-CM": "http://hl7.org/fhir/sid/icd-9-cm",
    "C4": "http://www.ama-assn.org/go/cpt",
    "CPT": "http://www.ama-assn.org/go/cpt",
    "CPT4": "http://www.ama-assn.org/go/cpt",
    "UCUM": UCUM,
    "ATC": "http://www.whocc.no/atc",
    "UNII": "http://fdasis.nlm.nih.gov",
    "ISO3166": "urn:iso:std:iso:3166",
}
"""Table 0396 coding system names → R4 systems (R4 terminologies-systems.html)."""

SEX = {"F": "female", "M": "male", "O": "other", "U": "unknown", "A": "other", "N": "other"}
SEX_WORDS = {"FEMALE": "F", "MALE": "M", "OTHER": "O", "UNKNOWN": "U"}
"""Whole words some senders write in PID-8 in place of the code."""
NAME_USE = {
    "BAD": "old",
    "D": "usual",
    "L": "official",
    "M": "maiden",
    "MSK": "anonymous",
    "N": "nickname",
    "NAV": "temp",
    "R": "official",
    "TEMP": "temp",
}
ADDRESS_USE = {"BA": "old", "BI": "billing", "C": "temp", "B": "work", "H": "home", "O": "work"}
ADDRESS_TYPE = {"M": "postal", "SH": "postal"}
TELECOM_USE = {"PRN": "home", "WPN": "work", "PRS": "mobile"}
TELECOM_SYSTEM = {
    "PH": "phone",
    "FX": "fax",
    "MD": "other",
    "CP": "phone",  # the map gives CP the *use* "mobile"; its system stays a phone
    "SAT": "other",
    "BP": "pager",
    "Internet": "email",
    "X.400": "email",
    "TDD": "other",
    "TTY": "other",
}

_MARITAL = (
    "A:L Legally Separated,D:D Divorced,M:M Married,S:S Never Married,W:W Widowed,C:C Common Law,G:T Domestic partner"
)
_MARITAL += (
    ",P:T Domestic partner,R:T Domestic partner,E:L Legally Separated,N:A Annulled,I:I Interlocutory,B:U unmarried"
)
MARITAL = {
    row.split(":")[0]: (_V3 + "MaritalStatus", row.split(":")[1].split(" ")[0], row.split(" ", 1)[1])
    for row in _MARITAL.split(",")
} | {
    "U": (_V3 + "NullFlavor", "UNK", "unknown"),
    "O": (_V3 + "NullFlavor", "OTH", "other"),
    "T": (_V3 + "NullFlavor", "NAVU", "not available"),
}

ENCOUNTER_CLASS = {
    "E": (_V3 + "ActCode", "EMER", "emergency"),
    "I": (_V3 + "ActCode", "IMP", "inpatient encounter"),
    "O": (_V3 + "ActCode", "AMB", "ambulatory"),
    "P": (_V3 + "ActCode", "PRENC", "pre-admission"),
    "R": (_V2 + "0004", "R", "Recurring patient"),
    "B": (_V2 + "0004", "B", "Obstetrics"),
    "C": (_V2 + "0004", "C", "Commercial Account"),
    "N": (_V2 + "0004", "N", "Not Applicable"),
    "U": (_V2 + "0004", "U", "Unknown"),
}
CLASS_STATUS = {
    "E": "in-progress",
    "I": "in-progress",
    "O": "in-progress",
    "P": "planned",
    "R": "in-progress",
    "B": "in-progress",
    "C": "in-progress",
    "N": "in-progress",
    "U": "unknown",
}

ALLERGY_CATEGORY = {
    "DA": "medication",
    "FA": "food",
    "EA": "environment",
    "AA": "biologic",
    "PA": "environment",
    "LA": "environment",
}
ALLERGY_TYPE = dict.fromkeys(("DA", "FA", "MA", "EA", "AA", "PA", "LA"), "allergy")
CRITICALITY = {"SV": "high", "MI": "low"}
SEVERITY = {"SV": "severe", "MO": "moderate", "MI": "mild"}

OBSERVATION_STATUS = {
    "A": "amended",
    "C": "corrected",
    "D": "entered-in-error",
    "F": "final",
    "P": "preliminary",
    "X": "cancelled",
    "W": "entered-in-error",
}
OBSERVATION_STATUS_HERE = {"I": "registered", "O": "registered", "R": "preliminary", "S": "preliminary", "U": "final"}
"""Codes of table 0085 the map leaves blank: pending and ordered are registered, partial and unverified preliminary,
"changed to final without retransmitting" final."""

REPORT_STATUS = {
    "O": "registered",
    "I": "registered",
    "S": "registered",
    "P": "preliminary",
    "C": "corrected",
    "R": "partial",
    "F": "final",
    "X": "cancelled",
}
REPORT_STATUS_HERE = {"A": "partial"}
"""Code of table 0123 the map leaves blank: "some, not all, results available"."""

DOCUMENT_TYPE = {
    "AR": "Autopsy report",
    "CD": "Cardiodiagnostics",
    "CN": "Consultation",
    "DI": "Diagnostic imaging",
    "DS": "Discharge summary",
    "ED": "Emergency department report",
    "HP": "History and physical examination",
    "OP": "Operative report",
    "PC": "Psychiatric consultation",
    "PH": "Psychiatric history and physical examination",
    "PN": "Procedure note",
    "PR": "Progress note",
    "SP": "Surgical pathology",
    "TS": "Transfer summary",
}
"""Table 0270 (HL7 v2.5.1, chapter 9): for the many senders that give the code alone."""

INTERPRETATION = {
    "A": "Abnormal",
    "AA": "Critical abnormal",
    "B": "Better",
    "CAR": "Carrier",
    "D": "Significant change down",
    "DET": "Detected",
    "E": "Equivocal",
    "EX": "outside threshold",
    "EXP": "Expected",
    "H": "High",
    "HH": "Critical high",
    "HU": "Significantly high",
    "I": "Intermediate",
    "IE": "Insufficient evidence",
    "IND": "Indeterminate",
    "L": "Low",
    "LL": "Critical low",
    "LU": "Significantly low",
    "MS": "moderately susceptible",
    "N": "Normal",
    "NCL": "No CLSI defined breakpoint",
    "ND": "Not detected",
    "NEG": "Negative",
    "NR": "Non-reactive",
    "NS": "Non-susceptible",
    "POS": "Positive",
    "R": "Resistant",
    "RR": "Reactive",
    "S": "Susceptible",
    "SDD": "Susceptible-dose dependent",
    "SYN-R": "Synergy - resistant",
    "SYN-S": "Synergy - susceptible",
    "U": "Significant change up",
    "UNE": "Unexpected",
    "VS": "very susceptible",
    "W": "Worse",
    "WR": "Weakly reactive",
}
"""Codes of table 0078 that are the same code in v3 ObservationInterpretation, and what they say."""

ORDER_CONTROL = {
    "AF": "active",
    "CA": "active",
    "CR": "revoked",
    "DC": "revoked",
    "DF": "revoked",
    "DR": "revoked",
    "FU": "completed",
    "HD": "active",
    "HR": "on-hold",
    "NW": "active",
    "OC": "revoked",
    "OD": "revoked",
    "OH": "on-hold",
    "OK": "active",
    "PR": "active",
    "PY": "active",
    "RL": "active",
    "RO": "active",
    "RQ": "active",
}
"""Table 0119 as published, where CA and HD are requests still to be answered."""

ORDER_CONTROL_HERE = {
    "CA": "revoked",
    "HD": "on-hold",
    "OE": "active",
    "OR": "active",
    "OF": "active",
    "UC": "active",
    "UD": "active",
    "UH": "on-hold",
    "XR": "active",
    "RU": "active",
    "UA": "revoked",
}
"""Where the bedside rule differs from the map. CA and HD: a cancel or hold that was asked for must not be given as if
nothing had been said, so it counts at once; "unable to cancel" (UC, UD) and "released" (OE, OR) take it back, "unable
to release" (UH, UR) leaves it held. UA: the filler cannot accept the order. RU, XR: replaced, changed."""

ORDER_STATUS = {
    "CA": "revoked",
    "CM": "completed",
    "DC": "revoked",
    "ER": "entered-in-error",
    "HD": "on-hold",
    "IP": "active",
    "RP": "revoked",
    "SC": "active",
}
"""Table 0038."""

PRIORITY = {"S": "stat", "A": "asap", "R": "routine"}
COMPLETION = {"CP": "completed", "RE": "not-done", "NA": "not-done", "PA": "completed"}
APPOINTMENT_STATUS = {
    "Pending": "pending",
    "Waitlist": "waitlist",
    "Booked": "booked",
    "Started": "checked-in",
    "Complete": "fulfilled",
    "Cancelled": "cancelled",
    "Deleted": "entered-in-error",
    "Noshow": "noshow",
}
ADMISSION_TYPE = {
    "A": "Accident",
    "E": "Emergency",
    "L": "Labor and Delivery",
    "R": "Routine",
    "N": "Newborn (Birth in healthcare facility)",
    "U": "Urgent",
    "C": "Elective",
}

AMBULATORY_STATUS = {
    "A0": "No functional limitations",
    "A1": "Ambulates with assistive device",
    "A2": "Wheelchair or stretcher bound",
    "A3": "Comatose; non-responsive",
    "A4": "Disoriented",
    "A5": "Vision impaired",
    "A6": "Hearing impaired",
    "A7": "Speech impaired",
    "A8": "Non-English speaking",
    "A9": "Functional level unknown",
    "B1": "Oxygen therapy",
    "B2": "Special equipment (tubes, IVs, catheters)",
    "B3": "Amputee",
    "B4": "Mastectomy",
    "B5": "Paraplegic",
    "B6": "Pregnant",
}
"""Table 0009 (HL7 v2.5.1, chapter 3)."""

_ROUTE = """AP Apply Externally|B Buccal|DT Dental|EP Epidural|ET Endotrachial Tube|GTT Gastrostomy Tube|GU GU Irrigant
IMR Immerse (Soak) Body Part|IA Intra-arterial|IB Intrabursal|IC Intracardiac|ICV Intracervical (uterus)
ID>IDINJ Injection, intradermal|IH Inhalation|IHA Intrahepatic Artery|IM>IM Injection, intramuscular|IN Intranasal
IO Intraocular|IP Intraperitoneal|IS Intrasynovial|IT Intrathecal|IU Intrauterine|IV>IVINJ Injection, intravenous
MTH Mouth/Throat|MM Mucous Membrane|NS Nasal|NG Nasogastric|NP Nasal Prongs|NT Nasotrachial Tube|OP Ophthalmic|OT Otic
OTH Other/Miscellaneous|PF Perfusion|PO>PO Swallow, oral|PR Rectal|RM Rebreather Mask|SD Soaked Dressing
SC>SQ Injection, subcutaneous|SL Sublingual|TP Topical|TRA Tracheostomy|TD>TRNSDERM Transdermal|TL Translingual
UR Urethral|VG Vaginal|VM Ventimask|WND Wound"""


def _routes() -> dict[str, tuple[str, str, str]]:
    out = {}
    for row in _ROUTE.replace("\n", "|").split("|"):
        code, display = row.split(" ", 1)
        sent, _, v3 = code.partition(">")
        out[sent] = (_V3 + "RouteOfAdministration", v3, display) if v3 else (_V2 + "0162", sent, display)
    return out


ROUTE = _routes()
"""Table 0162."""

ENCOUNTER_PRIORITY = {
    "1": (_V3 + "ActPriority", "EM", "emergency"),
    "2": (_V3 + "ActPriority", "UR", "urgent"),
    "3": (_V3 + "ActPriority", "EL", "elective"),
}
READMISSION = {"R": (_V2 + "0092", "R", "Re-admission")}

RELATIONSHIP = {
    "SEL": (_V3 + "RoleCode", "ONESELF", "self"),
    "SPO": (_V3 + "RoleCode", "SPS", "spouse"),
    "DOM": (_V3 + "RoleCode", "SIGOTHR", "significant other"),
    "CHD": (_V3 + "RoleCode", "CHILD", "child"),
    "GCH": (_V3 + "RoleCode", "GRNDCHILD", "grandchild"),
    "NCH": (_V3 + "RoleCode", "NCHILD", "natural child"),
    "SCH": (_V3 + "RoleCode", "STPCHLD", "step child"),
    "FCH": (_V3 + "RoleCode", "CHLDFOST", "foster child"),
    "DEP": (_V2 + "0063", "DEP", "Handicapped dependent"),
    "WRD": (_V2 + "0063", "WRD", "Ward of court"),
    "PAR": (_V3 + "RoleCode", "PRN", "parent"),
    "MTH": (_V3 + "RoleCode", "MTH", "mother"),
    "FTH": (_V3 + "RoleCode", "FTH", "father"),
    "CGV": (_V2 + "0063", "CGV", "Care giver"),
    "GRD": (_V2 + "0063", "GRD", "Guardian"),
    "GRP": (_V3 + "RoleCode", "GRPRN", "grandparent"),
    "EXF": (_V3 + "RoleCode", "EXT", "extended family member"),
    "SIB": (_V3 + "RoleCode", "SIB", "sibling"),
    "BRO": (_V3 + "RoleCode", "BRO", "brother"),
    "SIS": (_V3 + "RoleCode", "SIS", "sister"),
    "FND": (_V3 + "RoleCode", "FRND", "unrelated friend"),
    "OAD": (_V2 + "0063", "OAD", "Other adult"),
    "EME": (_V2 + "0063", "EME", "Employee"),
    "EMR": (_V2 + "0131", "E", "Employer"),
    "ASC": (_V2 + "0063", "ASC", "Associate"),
    "EMC": (_V2 + "0131", "C", "Emergency Contact"),
    "OWN": (_V2 + "0063", "OWN", "Owner"),
    "TRA": (_V2 + "0063", "TRA", "Trainer"),
    "MGR": (_V2 + "0063", "MGR", "Manager"),
    "NON": (_V2 + "0063", "NON", "None"),
    "UNK": (_V2 + "0131", "U", "Unknown"),
    "OTH": (_V2 + "0131", "O", "Other"),
}
"""Table 0063."""
CONTACT_ROLE = {
    "E": (_V2 + "0131", "E", "Employer"),
    "C": (_V2 + "0131", "C", "Emergency Contact"),
    "F": (_V2 + "0131", "F", "Federal Agency"),
    "I": (_V2 + "0131", "I", "Insurance Company"),
    "N": (_V2 + "0131", "N", "Next-of-Kin"),
    "S": (_V2 + "0131", "S", "State Agency"),
    "O": (_V2 + "0131", "O", "Other"),
    "U": (_V2 + "0131", "U", "Unknown"),
}
"""Table 0131."""

EVENT_REASON = {
    "01": (_V3 + "ActReason", "PATRQT", "patient requested"),
    "02": (_V3 + "ActReason", "TREAT", "treatment"),
    "03": (_V3 + "ActReason", "HOPERAT", "healthcare operations"),
    "O": (_V2 + "0062", "O", "Other"),
    "U": (_V2 + "0062", "U", "Unknown"),
}

SOURCES = {
    "EVENT_REASON": "EventReason",
    "RELATIONSHIP": "Relationship",
    "CONTACT_ROLE": "ContactRole",
    "ENCOUNTER_PRIORITY": "EncounterPriority",
    "READMISSION": "ReadmissionIndicator",
    "SEX": "AdministrativeSex",
    "NAME_USE": "NameType",
    "ADDRESS_USE": "AddressType[Use]",
    "ADDRESS_TYPE": "AddressType[Type]",
    "TELECOM_USE": "TelecommunicationUseCode",
    "TELECOM_SYSTEM": "TelecommunicationEquipmentType",
    "MARITAL": "MaritalStatus",
    "ENCOUNTER_CLASS": "PatientClass[EncounterClass]",
    "CLASS_STATUS": "PatientClass[EncounterStatus]",
    "ALLERGY_CATEGORY": "AllergenType[AllergyIntoleranceCategory]",
    "ALLERGY_TYPE": "AllergyType",
    "CRITICALITY": "AllergySeverity[AllergyIntolerance.criticality]",
    "SEVERITY": "AllergySeverity[AllergyIntolerance.reaction.severity]",
    "OBSERVATION_STATUS": "ObservationResultStatusCodesInterpretation",
    "REPORT_STATUS": "ResultStatus[Non-Queries]",
    "ORDER_CONTROL": "OrderControlCode[ServiceRequest.status]",
    "ORDER_STATUS": "OrderStatus",
    "PRIORITY": "ExtendedPriorityCodes",
    "COMPLETION": "CompletionStatus",
    "APPOINTMENT_STATUS": "FillerStatusCodes[Appointment]",
    "ROUTE": "RouteOfAdministration",
}
"""Which published concept map each table is."""

VITAL_SIGNS = frozenset(
    [
        "8867-4",
        "9279-1",
        "8310-5",
        "8480-6",
        "8462-4",
        "85354-9",
        "59408-5",
        "2708-6",
        "8478-0",
        "29463-7",
        "3141-9",
        "8302-2",
        "39156-5",
        "8287-5",
        "9843-4",
        "85353-1",
        "8331-1",
        "8329-5",
        "8328-7",
        "8333-7",
        "60832-3",
        "72514-3",
        "38208-5",
        "67775-7",
        "9269-2",
        "9267-6",
        "9268-4",
        "9270-0",
        "3151-8",
        "3150-6",
        "8289-1",
        "59576-9",
        "8336-0",
        "77606-2",
        "8893-0",
        "8889-8",
        "76536-2",
        "8418-4",
    ]
)
"""LOINC codes of measurements at the bedside: R4's vital signs profile (observation-vitalsigns.html) with pain, level
of consciousness, Glasgow coma scale, oxygen flow and temperature or pulse by site."""

BODY_WEIGHT = frozenset({"29463-7", "3141-9"})
NO_KNOWN_ALLERGY = {
    "NKA": "716186003",
    "NKDA": "409137002",
    "NKFA": "429625007",
    "716186003": "716186003",
    "409137002": "409137002",
    "428607008": "428607008",
    "429625007": "429625007",
}
"""Ways to say that no allergy is known: common local codes, and SNOMED CT 716186003 no known allergy, 409137002 no
known drug allergy, 428607008 no known environmental allergy, 429625007 no known food allergy."""
NO_KNOWN_DISPLAY = {
    "716186003": "No known allergy",
    "409137002": "No known drug allergy",
    "428607008": "No known environmental allergy",
    "429625007": "No known food allergy",
}
NO_KNOWN_WORDS = frozenset(
    {"NO KNOWN ALLERGIES", "NO KNOWN ALLERGY", "NO KNOWN DRUG ALLERGIES", "NO KNOWN DRUG ALLERGY", "NKA", "NKDA"}
)
