"""Invented people need names: diverse, ordinary, some outside ASCII. Drawn at random, so any real bearer is chance."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    """The names of a block; `_` stands for a space inside a name."""
    return tuple(word.replace("_", " ") for word in text.split())


FAMILY = _words(
    """ABARA ABDI ACOSTA ADEYEMI AGUILAR AHMADI ALVARES ANDERSEN ARSLAN BAKER BANERJEE BARBIERI BEAUMONT BECKER BENNANI
    BERGSTRÖM BORGES BRANNIGAN BRZEZIŃSKI CALLOWAY CARDOSO CASTELLANO CHAUDHRY CHEN CHIKEZIE CHOI CIESLAK COHEN
    CORRIGAN CRUZ DAHLBERG DANSO DEL_ROSARIO DELACROIX DIALLO DIAZ DIMITROV DOHERTY DUBOIS EBERHARDT EDWARDS EKWUEME
    ELLISON ERDOĞAN ESPINOZA FARAH FERREIRA FIGUEROA FISCHER FLANAGAN FONTAINE FRIEDMAN GALLAGHER GARCÍA GEBRE
    GOLDSTEIN GONZÁLEZ GREENE GUPTA HADDAD HALE HARGROVE HASSAN HERNÁNDEZ HOANG HOLLOWAY HUANG IBRAHIM IGLESIAS
    ISHIKAWA IVANOVA JANKOWSKI JIMÉNEZ JOHANSSON JOSEPH KAMARA KAPOOR KAUR KIM KOVÁCS KOWALSKI KRISHNAN LACHANCE
    LARSEN LE LEBLANC LINDQVIST LOMBARDI LÓPEZ MACDONALD MAHMOUD MARINO MARTINS MBEKI MCALLISTER MEHTA MENSAH MEYER
    MORALES MÜLLER MURPHY NAKAMURA NDIAYE NGUYEN NOVAK NÚÑEZ O'BRIEN O'CONNELL OKAFOR OKORO OLIVEIRA ORTIZ OSEI
    PAPADAKIS PARK PATEL PELLETIER PEREIRA PETROVA PHAM PINTO POPESCU QUIÑONES RAHMAN RAMÍREZ REDDY REYES RINALDI
    RIVERA ROBINSON ROSSI ROY RUIZ SALEH SANDOVAL SANTOS SATO SCHRÖDER SESAY SHARMA SILVA SINGH SMITH SOKOLOV SOTO
    STONE SULLIVAN TAKAHASHI TANAKA TAVARES THIBAULT THOMPSON TORRES TRAN TREMBLAY ÜNAL VALENTI VARGAS VASQUEZ VOLKOV
    WALSH WANG WASHINGTON WATANABE WEISS WILLIAMS WÓJCIK WRIGHT YAMAMOTO YILMAZ YOUNG ZAMORA ZHANG ZIELIŃSKI"""
)

FEMALE = _words(
    """Aaliyah Abena Ada Adaeze Agnieszka Aiko Alejandra Amara Amélie Ana Anjali Beatriz Brigid Carmen Catarina Chiara
    Chloé Claire Deborah Dolores Eleanor Elif Esperanza Fatima Fiona Gabriela Grace Hana Helen Hye-jin Imani Inês Ingrid
    Irina Jacqueline Jasmine Joan Judith Kavita Khadija Latoya Leila Lena Linh Lourdes Lucía Magdalena Mai Margaret
    Marguerite Maria Mei Meera Miriam Nadia Naomi Ngozi Nkechi Nora Olga Patricia Priya Rachel Renée Rosa Ruth Sakura
    Samira Sarah Sofía Svetlana Tamar Teresa Thuy Valentina Wanjiru Xiomara Yasmin Yetunde Zofia"""
)

MALE = _words(
    """Abdul Adrian Ahmed Alejandro Andrzej Antonio Arjun Babajide Benedict Bogdan Carlos Chidi Christophe Cormac Daniel
    David Dennis Diego Dimitri Earl Eduardo Emeka Emre Ernesto Félix Francis Frank George Giovanni Hamid Harold Hiroshi
    Hugo Ibrahim Ignacio Ivan Jamal James Javier Jean-Luc Jerome João Joon José Joseph Kareem Kenji Kevin Khalid Kofi
    Kwame Lamar Leonid Luca Luis Malik Marcus Mateo Michael Miguel Minh Mohammed Nathan Nikolai Noah Omar Oscar Patrick
    Pedro Quang Rafael Rajesh Raymond Rohan Samuel Seamus Stanisław Stefan Tariq Thomas Tomás Vikram Walter Wei Xavier
    Yusuf Zoltán"""
)

STREETS = _words("Alder Beacon Canal Chestnut Depot Elm Foundry Grove Harbor Hickory Mill Orchard Prospect Quarry")
TOWNS = (
    ("Millbrook Falls", "CT", "06799"),
    ("East Harrow", "CT", "06797"),
    ("Quarry Hill", "CT", "06796"),
    ("Port Ellery", "CT", "06795"),
    ("Saint Oswin", "CT", "06794"),
)
LANGUAGES = (
    ("eng", "English", 70),
    ("spa", "Spanish", 15),
    ("por", "Portuguese", 6),
    ("vie", "Vietnamese", 3),
    ("pol", "Polish", 3),
    ("ara", "Arabic", 3),
)
"""ISO 639-2 code, name, share in per cent."""
