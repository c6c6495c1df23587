"""Names that are mistaken for each other, with the letters that differ in capitals. For display only: what is kept,
sent and searched stays as it came.

Source: FDA Name Differentiation Project, "FDA-approved list of generic drug names with tall man letters".
"""

from __future__ import annotations

import re

FDA = (
    "acetaZOLAMIDE", "acetoHEXAMIDE", "buPROPion", "busPIRone", "chlorproMAZINE", "chlorproPAMIDE", "clomiPHENE",
    "clomiPRAMINE", "cycloSERINE", "cycloSPORINE", "DAUNOrubicin", "dimenhyDRINATE", "diphenhydrAMINE", "DOBUTamine",
    "DOPamine", "DOXOrubicin", "glipiZIDE", "glyBURIDE", "hydrALAZINE", "HYDROmorphone", "hydrOXYzine",
    "medroxyPROGESTERone", "methylPREDNISolone", "methylTESTOSTERone", "niCARdipine", "NIFEdipine", "prednisoLONE",
    "predniSONE", "risperiDONE", "rOPINIRole", "sulfADIAZINE", "sulfiSOXAZOLE", "TOLAZamide", "TOLBUTamide",
    "vinBLAStine", "vinCRIStine",
)  # fmt: skip
_BY_NAME = {name.casefold(): name for name in FDA}
_WORD = re.compile("[A-Za-z]+")


def tall_man(name: str) -> str:
    """`predniSONE 5 mg tablet` for "PREDNISONE 5 mg tablet": whole words of the list, all else as it came."""
    return _WORD.sub(lambda word: _BY_NAME.get(word[0].casefold(), word[0]), name)
