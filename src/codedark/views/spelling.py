"""How names and numbers are written down to be found again. Pure."""

from __future__ import annotations

import re
import unicodedata

_NOT_A_LETTER = re.compile(r"[\W_]+")


def folded(words: str) -> str:
    """Lower case without accents: how names are searched."""
    if words.isascii():
        return words.lower()
    bare = unicodedata.normalize("NFKD", words)
    return "".join(char for char in bare if not unicodedata.combining(char)).casefold()


def bare(word: str) -> str:
    """A folded word without what is neither letter nor digit."""
    return word if word.isalnum() else _NOT_A_LETTER.sub("", word)


def found_by(words: str, numbers: str, birth: str) -> frozenset[str]:
    """The words by which a person is found. `words`: the name, folded; `numbers`: parted by spaces; `birth`: ISO."""
    found = set()
    for word in (*words.split(), *folded(numbers).split()):
        found.add(bare(word))
        if not word.isalnum():
            found.update(_NOT_A_LETTER.split(word))
    for number in numbers.split():
        # "MR0004711" is asked for as 4711 too.
        digits = re.sub(r"^\D*0*", "", number)
        found.add(bare(folded(digits)) if len(digits) >= 3 else "")
    return frozenset(found | {birth.replace("-", "")}) - {""}
