"""The drugs this hospital gives. Ingredient codes are RxNorm's; item codes are the pharmacy's own, as in real feeds.

Doses are ordinary adult or weight-based ones so that a chart looks like a chart; nobody should treat by them.
"""

from __future__ import annotations

from typing import NamedTuple

HOURS: dict[str, tuple[int, ...]] = {
    "QD": (9,),
    "QHS": (21,),
    "BID": (9, 21),
    "TID": (9, 14, 21),
    "QID": (9, 13, 17, 21),
    "Q24H": (18,),
    "Q12H": (3, 15),
    "Q8H": (6, 14, 22),
    "Q6H": (0, 6, 12, 18),
    "Q4H": (2, 6, 10, 14, 18, 22),
    "QAM": (7,),
    "AC": (7, 12, 17),
}
"""The site's standard times, local hours, for each repeat pattern (HL7 table 0335)."""

WORDS = {
    "QD": "daily",
    "QHS": "at bedtime",
    "BID": "twice a day",
    "TID": "three times a day",
    "QID": "four times a day",
    "Q24H": "every 24 hours",
    "Q12H": "every 12 hours",
    "Q8H": "every 8 hours",
    "Q6H": "every 6 hours",
    "Q4H": "every 4 hours",
    "QAM": "every morning",
    "AC": "before meals",
    "ONCE": "once",
    "C": "continuous",
}


class Regimen(NamedTuple):
    """One drug as it is ordered. `pattern`: key of `HOURS`, "ONCE" or "C" (continuous); `prn`: reason, "" = scheduled;
    `rate`: (number, unit) of an infusion; `per_kg`: dose is per kg of body weight."""

    item: str
    name: str
    rxcui: str
    dose: float
    unit: str
    form: str
    route: str
    pattern: str
    prn: str = ""
    rate: tuple[float, str] | None = None
    per_kg: bool = False


ROUTES = {
    "PO": "Oral",
    "IV": "Intravenous",
    "SC": "Subcutaneous",
    "IM": "Intramuscular",
    "IH": "Inhalation",
    "NG": "Nasogastric",
}


def _tab(item: str, name: str, rxcui: str, dose: float, pattern: str, prn: str = "", form: str = "TAB") -> Regimen:
    return Regimen(item, name, rxcui, dose, "mg", form, "PO", pattern, prn)


def _iv(item: str, name: str, rxcui: str, dose: float, unit: str, pattern: str, prn: str = "") -> Regimen:
    return Regimen(item, name, rxcui, dose, unit, "INJ", "IV", pattern, prn)


def _run(item: str, name: str, rxcui: str, dose: float, unit: str, rate: float) -> Regimen:
    return Regimen(item, name, rxcui, dose, unit, "INF", "IV", "C", "", (rate, "mL/h"))


def _child(item: str, name: str, rxcui: str, dose: float, route: str, pattern: str, prn: str = "") -> Regimen:
    return Regimen(item, name, rxcui, dose, "mg", "SUSP" if route == "PO" else "INJ", route, pattern, prn, None, True)


_ALL = (
    _tab("ACET650", "acetaminophen 325 mg tablet", "161", 650, "Q6H", "pain or fever"),
    _tab("AMLO5", "amlodipine 5 mg tablet", "17767", 5, "QD"),
    _tab("APIX5", "apixaban 5 mg tablet", "1364430", 5, "BID"),
    _tab("ASA81", "aspirin 81 mg chewable tablet", "1191", 81, "QD"),
    _tab("ATOR40", "atorvastatin 40 mg tablet", "83367", 40, "QHS"),
    _tab("AZIT250", "azithromycin 250 mg tablet", "18631", 500, "QD"),
    _tab("DOCU100", "docusate 100 mg capsule", "82003", 100, "BID", form="CAP"),
    _tab("GABA300", "gabapentin 300 mg capsule", "25480", 300, "TID", form="CAP"),
    _tab("IBUP600", "ibuprofen 600 mg tablet", "5640", 600, "Q6H", "pain"),
    _tab("LEVE500", "levetiracetam 500 mg tablet", "114477", 500, "BID"),
    _tab("LISI10", "lisinopril 10 mg tablet", "29046", 10, "QD"),
    _tab("METF500", "metformin 500 mg tablet", "6809", 500, "BID"),
    _tab("METO25", "metoprolol tartrate 25 mg tablet", "6918", 25, "Q12H"),
    _tab("OXYC5", "oxycodone 5 mg tablet", "7804", 5, "Q4H", "moderate pain"),
    _tab("PANT40", "pantoprazole 40 mg tablet", "40790", 40, "QD"),
    _tab("PRED40", "prednisone 20 mg tablet", "8640", 40, "QAM"),
    _tab("SERT50", "sertraline 50 mg tablet", "36437", 50, "QD"),
    Regimen("LEVO75", "levothyroxine 75 mcg tablet", "10582", 75, "mcg", "TAB", "PO", "QAM"),
    Regimen("KCL20", "potassium chloride 20 mEq packet", "8591", 20, "mEq", "PWD", "PO", "BID"),
    Regimen("ALBU", "albuterol 2.5 mg/3 mL nebule", "435", 2.5, "mg", "SOLN", "IH", "Q4H", "wheeze"),
    Regimen("ENOX40", "enoxaparin 40 mg/0.4 mL syringe", "67108", 40, "mg", "SYR", "SC", "QHS"),
    Regimen("HEP5K", "heparin 5,000 units/mL vial", "5224", 5000, "[iU]", "INJ", "SC", "Q8H"),
    Regimen("GLAR", "insulin glargine 100 units/mL", "274783", 18, "[iU]", "PEN", "SC", "QHS"),
    Regimen("LISP", "insulin lispro 100 units/mL", "86009", 6, "[iU]", "PEN", "SC", "AC"),
    _iv("AMPSUL", "ampicillin-sulbactam 3 g vial", "733", 3, "g", "Q6H"),
    _iv("CEFA2", "cefazolin 2 g vial", "2180", 2, "g", "Q8H"),
    _iv("CEFE2", "cefepime 2 g vial", "20481", 2, "g", "Q8H"),
    _iv("CEFT1", "ceftriaxone 1 g vial", "2193", 1, "g", "Q24H"),
    _iv("DEXA4", "dexamethasone 4 mg/mL vial", "3264", 4, "mg", "Q6H"),
    _iv("FURO40", "furosemide 40 mg/4 mL vial", "4603", 40, "mg", "BID"),
    _iv("HYDM", "hydromorphone 1 mg/mL syringe", "3423", 0.5, "mg", "Q4H", "severe pain"),
    _iv("KETO15", "ketorolac 15 mg/mL vial", "35827", 15, "mg", "Q6H"),
    _iv("LORA1", "lorazepam 2 mg/mL vial", "6470", 1, "mg", "Q6H", "agitation"),
    _iv("METR500", "metronidazole 500 mg bag", "6922", 500, "mg", "Q8H"),
    _iv("MORP2", "morphine 2 mg/mL syringe", "7052", 2, "mg", "Q4H", "severe pain"),
    _iv("ONDA4", "ondansetron 4 mg/2 mL vial", "26225", 4, "mg", "Q6H", "nausea"),
    _iv("PIPT", "piperacillin-tazobactam 4.5 g vial", "8339", 4.5, "g", "Q6H"),
    _iv("VANC1", "vancomycin 1 g vial", "11124", 1, "g", "Q12H"),
    _iv("TRAN1", "tranexamic acid 1 g vial", "10691", 1, "g", "ONCE"),
    _run("FENTI", "fentanyl 2,500 mcg in 50 mL infusion", "4337", 2500, "mcg", 2),
    _run("HEPI", "heparin 25,000 units in 250 mL infusion", "5224", 25000, "[iU]", 12),
    _run("INSI", "insulin regular 100 units in 100 mL infusion", "253182", 100, "[iU]", 4),
    _run("LR", "lactated Ringer's 1,000 mL", "847630", 1000, "mL", 100),
    _run("NORE", "noradrenaline 4 mg in 50 mL infusion", "7512", 4, "mg", 6),
    _run("NS", "sodium chloride 0.9 % 1,000 mL", "9863", 1000, "mL", 75),
    _run("OXYT", "oxytocin 30 units in 500 mL infusion", "7824", 30, "[iU]", 12),
    _run("PROP", "propofol 1,000 mg in 100 mL infusion", "8782", 1000, "mg", 10),
    _child("ACETS", "acetaminophen 160 mg/5 mL suspension", "161", 15, "PO", "Q6H", "fever"),
    _child("AMOXS", "amoxicillin 400 mg/5 mL suspension", "723", 45, "PO", "BID"),
    _child("CEFTP", "ceftriaxone 1 g vial (by weight)", "2193", 50, "IV", "Q24H"),
    _child("DEXAP", "dexamethasone 4 mg/mL vial (by weight)", "3264", 0.6, "IV", "ONCE"),
    Regimen("VITK", "phytonadione 1 mg/0.5 mL ampoule", "8308", 1, "mg", "INJ", "IM", "ONCE"),
)

FORMULARY: dict[str, Regimen] = {regimen.item: regimen for regimen in _ALL}
"""Every regimen by its pharmacy item code."""
