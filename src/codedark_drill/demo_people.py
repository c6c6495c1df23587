"""Who may log in to a demo node, and one envelope: invented people, one password, shown openly: it is a DEMO."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from codedark.node import enrol, issue_card, open_node

PASSWORD = "drill only: four weeks of paper"  # nosec B105
"""Of every account of a demo node. A demo node listens on this machine alone and says DEMO everywhere."""

UNIT = "4 West"
_ADMINISTRATOR = ("administrator", "A. Brannigan", {"administrator": ["*"]})
_OTHERS = (
    ("nurse", "R. Diaz", {"nurse": ["*"]}),
    ("physician", "T. Hale", {"physician": ["*"]}),
    ("pharmacist", "K. Osei", {"pharmacist": ["*"]}),
    ("clerk", "M. Tran", {"clerk": ["*"]}),
)
_KEPT_IN = "made-by-demo"


@dataclass(frozen=True, slots=True)
class DemoPeople:
    """What a person needs to look around. `code`: the first of the ten one-time codes in the envelope of `unit`."""

    logins: tuple[str, ...]
    password: str
    unit: str
    code: str


def enrol_demo_people(folder: Path) -> DemoPeople:
    """Give a new demo node its people and one envelope, and write them down beside it, for the next showing."""
    with open_node(folder) as node:
        card = issue_card(node, UNIT, None, None)
        login, name, roles = _ADMINISTRATOR
        enrol(node, login, name, PASSWORD, roles, None, None)
        for other, other_name, other_roles in _OTHERS:
            enrol(node, other, other_name, PASSWORD, other_roles, (login, PASSWORD), None)
    people = DemoPeople(tuple(row[0] for row in (*_OTHERS, _ADMINISTRATOR)), PASSWORD, UNIT, card.codes[0])
    (folder / _KEPT_IN).write_bytes(orjson.dumps(asdict(people)))
    return people


def demo_people(folder: Path) -> DemoPeople | None:
    """The people of a node that a demo made; None for any other folder."""
    path = folder / _KEPT_IN
    if not path.is_file():
        return None
    kept = orjson.loads(path.read_bytes())
    return DemoPeople(tuple(kept["logins"]), kept["password"], kept["unit"], kept["code"])
