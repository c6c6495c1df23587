"""One cage for every decoder of foreign files: a process without key, network, file and child, with limits.

    with Cage.start() as cage:
        for page in cage.pages(pdf, dpi=200, codes=True): …     pixels and codes
        cage.text(pdf)                                         words with their places
        cage.codes(raster), cage.letters(raster)               on pixels that are there already

A file that is damaged, locked, a bomb or too slow raises `FileRefused` with the reason and costs one process. On a
kernel that cannot build the walls every call raises `NoCage`. `Caged` and `Trade` are for rooms with a decoder of
their own (paper's typst).
"""

from codedark.cage.answers import Code, Line, PagePixels, Raster, TextPage, Word
from codedark.cage.cage import WALLS, Cage
from codedark.cage.frames import Frame
from codedark.cage.process import Caged
from codedark.cage.trade import Answer, Limits, Reason, Refusal, Trade, Work

__all__ = [
    "WALLS",
    "Answer",
    "Cage",
    "Caged",
    "Code",
    "Frame",
    "Limits",
    "Line",
    "PagePixels",
    "Raster",
    "Reason",
    "Refusal",
    "TextPage",
    "Trade",
    "Word",
    "Work",
]
