"""The ward station: keeps the packs of its units while the network lives, shows and prints them when nothing does.

It holds no key that opens a pack: the unit's card does, from the envelope. It needs the node to fetch, and nothing at
all to show: no log-in, no network, no clock that is right.
"""

from codedark.station.enrolment import Admission, Place, join, new_station
from codedark.station.errand import Errand, Pulled, station_clock
from codedark.station.shelf import KEPT, Kept, Shelf
from codedark.station.warnings import Believed, warned
from codedark.station.window import Window, note_deed, print_here

__all__ = [
    "KEPT",
    "Admission",
    "Believed",
    "Errand",
    "Kept",
    "Place",
    "Pulled",
    "Shelf",
    "Window",
    "join",
    "new_station",
    "note_deed",
    "print_here",
    "station_clock",
    "warned",
]
