"""Why people are in hospital, and what follows from it: drugs, laboratory panels, length of stay."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from .layout import UnitKind


class Illness(NamedTuple):
    """One reason to be here. `code`: ICD-10-CM; `where`: the kind of unit; `service`: of the physician; `days`: median
    stay; `severity`: scales how far results are from normal; `drugs`, `prn`: item codes; `labs`: panel keys."""

    code: str
    name: str
    where: UnitKind
    service: str
    days: float
    severity: float
    drugs: tuple[str, ...]
    prn: tuple[str, ...]
    labs: tuple[str, ...]


def _ill(
    code: str, name: str, where: UnitKind, service: str, days: float, severity: float, drugs: str, prn: str, labs: str
) -> Illness:
    return Illness(
        code, name, where, service, days, severity, tuple(drugs.split()), tuple(prn.split()), tuple(labs.split())
    )


_W, _I, _S, _M, _C, _N = (
    UnitKind.WARD,
    UnitKind.INTENSIVE,
    UnitKind.STEP_DOWN,
    UnitKind.MATERNITY,
    UnitKind.CHILDREN,
    UnitKind.NURSERY,
)
ILLNESSES: tuple[Illness, ...] = (
    _ill(
        "J18.9",
        "Pneumonia, unspecified organism",
        _W,
        "MED",
        4.5,
        0.9,
        "CEFT1 AZIT250 ENOX40",
        "ACET650 ALBU",
        "BMP CBC",
    ),
    _ill(
        "I50.9",
        "Heart failure, unspecified",
        _W,
        "CAR",
        5,
        0.9,
        "FURO40 METO25 LISI10 KCL20 ENOX40",
        "ACET650",
        "BMP MG TROP",
    ),
    _ill(
        "J44.1",
        "COPD with acute exacerbation",
        _W,
        "MED",
        4,
        0.8,
        "PRED40 AZIT250 HEP5K",
        "ALBU ACET650",
        "BMP CBC ABG",
    ),
    _ill("N17.9", "Acute kidney failure", _W, "MED", 5, 1.4, "NS HEP5K PANT40", "ACET650 ONDA4", "BMP CBC MG"),
    _ill("L03.116", "Cellulitis of left lower limb", _W, "MED", 3, 0.6, "VANC1 ENOX40", "ACET650 OXYC5", "BMP CBC"),
    _ill("K92.2", "Gastrointestinal haemorrhage", _W, "MED", 4, 1.2, "PANT40 NS", "ONDA4", "CBC BMP INR"),
    _ill(
        "E11.65",
        "Type 2 diabetes with hyperglycaemia",
        _W,
        "MED",
        3,
        1.2,
        "GLAR LISP METF500 ENOX40",
        "ACET650",
        "BMP GLU",
    ),
    _ill("I48.91", "Atrial fibrillation", _W, "CAR", 3, 0.7, "APIX5 METO25 ATOR40", "ACET650", "BMP MG INR"),
    _ill(
        "I21.4",
        "Non-ST elevation myocardial infarction",
        _S,
        "CAR",
        3.5,
        0.9,
        "ASA81 ATOR40 METO25 HEPI",
        "MORP2 ONDA4",
        "TROP BMP CBC APTT",
    ),
    _ill("I63.9", "Cerebral infarction", _W, "NEU", 5, 0.6, "ASA81 ATOR40 HEP5K", "ACET650", "BMP CBC INR"),
    _ill("G40.909", "Epilepsy", _W, "NEU", 3, 0.5, "LEVE500 ENOX40", "LORA1 ACET650", "BMP"),
    _ill(
        "S72.001A",
        "Fracture of neck of right femur",
        _W,
        "ORT",
        5.5,
        0.8,
        "CEFA2 ENOX40 DOCU100 TRAN1",
        "OXYC5 MORP2 ONDA4",
        "BMP CBC INR",
    ),
    _ill(
        "M17.11",
        "Osteoarthritis of right knee, replacement",
        _W,
        "ORT",
        2.5,
        0.5,
        "CEFA2 APIX5 DOCU100 KETO15",
        "OXYC5 ONDA4",
        "BMP CBC",
    ),
    _ill(
        "C18.9",
        "Malignant neoplasm of colon, resection",
        _W,
        "SUR",
        6,
        0.8,
        "LR METR500 CEFA2 ENOX40",
        "HYDM ONDA4",
        "BMP CBC",
    ),
    _ill("K81.0", "Acute cholecystitis", _W, "SUR", 3, 0.7, "PIPT LR ENOX40", "MORP2 ONDA4 ACET650", "BMP CBC LFT"),
    _ill("K35.80", "Acute appendicitis", _W, "SUR", 2, 0.6, "CEFT1 METR500 LR", "MORP2 ONDA4 ACET650", "BMP CBC"),
    _ill(
        "C34.90",
        "Malignant neoplasm of lung",
        _W,
        "ONC",
        5,
        1.0,
        "DEXA4 PANT40 ENOX40",
        "MORP2 ONDA4 LORA1",
        "BMP CBC LFT",
    ),
    _ill("D70.9", "Neutropenia with fever", _W, "ONC", 5, 1.1, "CEFE2 VANC1 NS", "ACET650 ONDA4", "CBC BMP LAC"),
    _ill(
        "A41.9",
        "Sepsis, unspecified organism",
        _I,
        "ICU",
        5,
        1.5,
        "PIPT VANC1 NORE NS PANT40 HEP5K",
        "ACET650",
        "BMP CBC LAC ABG MG",
    ),
    _ill(
        "J96.01",
        "Acute respiratory failure with hypoxia",
        _I,
        "ICU",
        6,
        1.4,
        "PROP FENTI PANT40 HEP5K CEFT1",
        "ACET650",
        "ABG BMP CBC",
    ),
    _ill("E10.10", "Type 1 diabetes with ketoacidosis", _I, "ICU", 2, 1.5, "INSI NS KCL20", "ONDA4", "BMP GLU ABG"),
    _ill("O80", "Full-term delivery", _M, "OBS", 2, 0.3, "OXYT DOCU100", "IBUP600 ACET650", "CBC"),
    _ill(
        "O82",
        "Delivery by caesarean section",
        _M,
        "OBS",
        3,
        0.5,
        "CEFA2 OXYT ENOX40 DOCU100 KETO15",
        "OXYC5 ONDA4 IBUP600",
        "CBC BMP",
    ),
    _ill("J21.9", "Acute bronchiolitis", _C, "PED", 2.5, 0.5, "DEXAP", "ACETS ALBU", "BMP"),
    _ill("J45.901", "Asthma with acute exacerbation", _C, "PED", 2, 0.5, "DEXAP", "ALBU ACETS", "BMP"),
    _ill("N10", "Acute pyelonephritis", _C, "PED", 3, 0.7, "CEFTP", "ACETS", "BMP CBC"),
    _ill("Z38.00", "Single liveborn infant, delivered vaginally", _N, "NEO", 2, 0.4, "VITK", "", "BILI"),
)
HOME_DRUGS = ("LISI10", "AMLO5", "ATOR40", "LEVO75", "SERT50", "GABA300", "PANT40", "METF500", "METO25", "ASA81")
BACKGROUND: tuple[tuple[str, str], ...] = (
    ("I10", "Essential hypertension"),
    ("E11.9", "Type 2 diabetes mellitus"),
    ("E78.5", "Hyperlipidaemia"),
    ("I25.10", "Coronary artery disease"),
    ("N18.30", "Chronic kidney disease stage 3"),
    ("E03.9", "Hypothyroidism"),
    ("F32.A", "Depression"),
    ("J44.9", "COPD"),
    ("K21.9", "Gastro-oesophageal reflux"),
    ("M19.90", "Osteoarthritis"),
    ("Z79.01", "Long-term use of anticoagulants"),
    ("G47.33", "Obstructive sleep apnoea"),
)
COMPLAINTS: tuple[tuple[str, str], ...] = (
    ("R07.9", "Chest pain"),
    ("R10.9", "Abdominal pain"),
    ("S93.409A", "Sprained ankle"),
    ("R51.9", "Headache"),
    ("S61.409A", "Hand laceration"),
    ("R50.9", "Fever"),
    ("R55", "Syncope"),
    ("M54.50", "Low back pain"),
    ("J06.9", "Upper respiratory infection"),
    ("N39.0", "Urinary tract infection"),
)


def illness_for(kind: UnitKind, service: str, chance: Random) -> Illness:
    """Somebody's reason to lie in a unit of this kind; by service where the unit has one."""
    same = [illness for illness in ILLNESSES if illness.where == kind]
    fitting = [illness for illness in same if illness.service == service] or same or list(ILLNESSES[:8])
    return chance.choice(fitting)
