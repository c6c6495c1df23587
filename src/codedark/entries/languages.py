"""The languages people speak, as R4 wants them: BCP 47, whatever the sender's table calls them.

R4 binds `communication.language` to all languages of BCP 47; HL7 table 0296 is open and in practice ISO 639-2 or -3.
Source: V2-to-FHIR concept map PrimaryLanguage (targets), the Library of Congress' ISO 639-2 list (three letters).
"""

from __future__ import annotations

from functools import lru_cache

from codedark.entries.datatypes import Json, Rep, concept, part

BCP_47 = "urn:ietf:bcp:47"
_NAMES = """
ar ara Arabic|bn ben Bengali|cs ces,cze Czech|da dan Danish|de deu,ger German|el ell,gre Greek|en eng English
es spa Spanish|fa fas,per Persian|fi fin Finnish|fr fra,fre French|fy fry Frysian|he heb Hebrew|hi hin Hindi
hr hrv Croatian|ht hat Haitian|hu hun Hungarian|it ita Italian|ja jpn Japanese|ko kor Korean|nl nld,dut Dutch
no nor Norwegian|pa pan Punjabi|pl pol Polish|ps pus Pashto|pt por Portuguese|ro ron,rum Romanian|ru rus Russian
so som Somali|sq sqi,alb Albanian|sr srp Serbian|sv swe Swedish|sw swa Swahili|ta tam Tamil|te tel Telegu
th tha Thai|ti tir Tigrinya|tl tgl Tagalog|tr tur Turkish|uk ukr Ukrainian|ur urd Urdu|vi vie Vietnamese
zh zho,chi Chinese
"""


def _table() -> dict[str, tuple[str, str]]:
    out: dict[str, tuple[str, str]] = {}
    for words in _NAMES.replace("\n", "|").strip("|").split("|"):
        two, three, name = words.split(" ")
        out |= dict.fromkeys((two, *three.split(",")), (two, name))
    return out


_KNOWN = _table()
_TABLES = frozenset({"", "HL70296", "ISO639", "ISO639-1", "ISO639-2", "ISO6391", "ISO6392", "ISO639_1", "ISO639_2"})


@lru_cache(maxsize=4_096)
def spoken_language(rep: Rep) -> Json:
    """CodeableConcept of PID-15 or NK1-20: the language of BCP 47 first where the code is one of ISO 639 and its sender
    names no other system, then what was sent. {} when nothing is valued."""
    sent = concept(rep)
    found: list[Json] = []
    for code_at, system_at in ((1, 3), (4, 6)):
        known = _KNOWN.get(part(rep, code_at).lower())
        if known is None or part(rep, system_at).upper().replace(" ", "") not in _TABLES:
            continue
        coding = {"system": BCP_47, "code": known[0], "display": known[1]}
        if coding not in found:
            found.append(coding)
    return sent | {"coding": [*found, *sent["coding"]]} if found else sent
