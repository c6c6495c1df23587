"""The languages people are spoken to in: catalogues in gettext's form, one `.po` file per language, English as the key.

What a page or sheet says comes from here; what a sender wrote does not: names of people, drugs and tests, doses and
units stay as they came (standards.md: drug names are not translated, decimals never localised). A word without a
translation stays English and is never left out. The catalogue is read once, from the text file that translators edit.
"""

from codedark.tongue.catalogue import ENGLISH, FRENCH, LANGUAGES, PSEUDO, chosen, noted, said, tongue

__all__ = ["ENGLISH", "FRENCH", "LANGUAGES", "PSEUDO", "chosen", "noted", "said", "tongue"]
