"""Who may do what: permissions, roles, and roles by unit. Plain tables and one pure question, `may`.

A role is held for units (`"*"` = all). docs/reference/roles.md is generated from `ROLES`; a test keeps it so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

EVERYWHERE = "*"


class Permission(StrEnum):
    """One thing a person may do. The value is the sentence shown when it is refused."""

    SEE_STATUS = "see how old the record is and which feeds are silent"
    SEE_CENSUS = "see who lies in which bed of a unit"
    SEE_CHART = "see a patient's clinical record"
    SEARCH = "search for a patient by name, number or bed"
    PRINT_PACK = "print one patient's sheets"
    PRINT_UNIT = "print a whole unit"
    SEE_WORKLIST = "see what was not understood"
    DECIDE_WORKLIST = "decide about what was not understood"
    IMPORT = "import files"
    DISTRUST = "take a feed, device or person out of the charts, or back in"
    ENROL_PERSON = "give a person an account"
    CHANGE_PERSON = "change a person's roles, password or state"
    ISSUE_CARD = "issue a unit's envelope"
    SET_CONFIG = "change a setting"
    SEE_READ_LOG = "see who read what"
    ADOPT_ORIGIN = "take a restored record for the facility's"
    PIN_WITNESS = "say which second machines count as witnesses"
    CHANGE_KEYS = "make a new facility key or new custodians' cards"
    DRILL_ESCROW = "try with three cards whether the record can be opened"
    HOLD_SOURCE = "hold back what a feed or device says, or release it"
    RECORD_FACTS = "record what was seen or done at the bedside"
    LOCATE = "say at the front desk on which unit a patient is"
    USE_API = "read records through the FHIR interface"


class Role(StrEnum):
    """The roles of the roster."""

    NURSE = "nurse"
    PHYSICIAN = "physician"
    PHARMACIST = "pharmacist"
    CLERK = "clerk"
    DESK = "desk"
    """The front desk: names a unit to a visitor, and sees nothing else."""
    PRIVACY = "privacy"
    ENGINEER = "engineer"
    COMMANDER = "commander"
    CUSTODIAN = "custodian"
    ADMINISTRATOR = "administrator"
    INTERFACE = "interface"
    """A program that reads records: an account of its own, for the units that it serves."""
    ENVELOPE = "envelope"
    """Whoever opened a unit's envelope. Never given to an account."""


_P = Permission
_BEDSIDE = frozenset({_P.SEE_STATUS, _P.SEE_CENSUS, _P.SEE_CHART, _P.SEARCH, _P.PRINT_PACK, _P.RECORD_FACTS})
ROLES: dict[str, frozenset[Permission]] = {
    Role.NURSE: _BEDSIDE | {_P.PRINT_UNIT},
    Role.PHYSICIAN: _BEDSIDE | {_P.PRINT_UNIT},
    Role.PHARMACIST: _BEDSIDE,
    Role.CLERK: frozenset({_P.SEE_STATUS, _P.SEE_CENSUS, _P.SEARCH, _P.LOCATE}),
    Role.DESK: frozenset({_P.SEE_STATUS, _P.LOCATE}),
    Role.PRIVACY: frozenset({_P.SEE_STATUS, _P.SEE_READ_LOG}),
    Role.ENGINEER: frozenset(
        {_P.SEE_STATUS, _P.SEE_WORKLIST, _P.DECIDE_WORKLIST, _P.IMPORT, _P.DISTRUST, _P.HOLD_SOURCE}
    ),
    Role.COMMANDER: frozenset(
        {_P.SEE_STATUS, _P.DISTRUST, _P.ADOPT_ORIGIN, _P.PIN_WITNESS, _P.CHANGE_KEYS, _P.HOLD_SOURCE}
    ),
    Role.CUSTODIAN: frozenset({_P.SEE_STATUS, _P.DRILL_ESCROW}),
    Role.ADMINISTRATOR: frozenset(
        {
            _P.SEE_STATUS,
            _P.SEE_WORKLIST,
            _P.ENROL_PERSON,
            _P.CHANGE_PERSON,
            _P.ISSUE_CARD,
            _P.SET_CONFIG,
            _P.DISTRUST,
            _P.ADOPT_ORIGIN,
            _P.PIN_WITNESS,
            _P.CHANGE_KEYS,
            _P.DRILL_ESCROW,
            _P.HOLD_SOURCE,
        }
    ),
    Role.INTERFACE: frozenset({_P.SEE_STATUS, _P.USE_API}),
    Role.ENVELOPE: _BEDSIDE | {_P.PRINT_UNIT},
}
"""Role → what it may do. A clerk and the desk see nothing clinical; an engineer and an administrator see no chart."""

FACILITY_WIDE = frozenset(
    {
        _P.SEE_WORKLIST,
        _P.DECIDE_WORKLIST,
        _P.IMPORT,
        _P.DISTRUST,
        _P.ENROL_PERSON,
        _P.CHANGE_PERSON,
        _P.SET_CONFIG,
        _P.SEE_READ_LOG,
        _P.ADOPT_ORIGIN,
        _P.PIN_WITNESS,
        _P.CHANGE_KEYS,
        _P.DRILL_ESCROW,
        _P.HOLD_SOURCE,
        _P.LOCATE,
    }
)
"""These are about the whole facility: a role held for some units only does not give them."""

APPROVING = frozenset(
    {
        _P.DISTRUST,
        _P.ENROL_PERSON,
        _P.CHANGE_PERSON,
        _P.ISSUE_CARD,
        _P.ADOPT_ORIGIN,
        _P.PIN_WITNESS,
        _P.CHANGE_KEYS,
    }
)
"""Whoever holds one of these can be one of two people. Giving or touching such an account takes two people itself,
or one administrator could invent the second."""


class Holder(Protocol):
    """Anything that holds roles: an account of the views or a session."""

    @property
    def roles(self) -> Mapping[str, Sequence[str]]:
        """Role → units, `"*"` = all."""
        ...


def may(who: Holder, permission: Permission, unit: str | None = None) -> bool:
    """Whether `who` may do it in `unit`; without a unit: anywhere at all. Facility-wide permissions need `"*"`."""
    for role, units in who.roles.items():
        if permission not in ROLES.get(role, frozenset()):
            continue
        if EVERYWHERE in units:
            return True
        if permission not in FACILITY_WIDE and (bool(units) if unit is None else unit in units):
            return True
    return False


def approves(roles: Mapping[str, Sequence[str]]) -> bool:
    """Whether these roles make somebody one of the two people of a two-person deed."""
    return any(ROLES.get(role, frozenset()) & APPROVING and units for role, units in roles.items())


def unknown_roles(roles: Mapping[str, Sequence[str]]) -> list[str]:
    """The names in `roles` that no account may hold, in order."""
    return [role for role in roles if role not in ROLES or role == Role.ENVELOPE]


def roles_page() -> str:
    """docs/reference/roles.md, whole."""
    names = [str(role) for role in ROLES]
    lines = [
        "# Roles",
        "",
        "Generated from `codedark.access.ROLES`; a test compares. A role is held for named units or for all (`*`).",
        "What is marked *facility* needs the role for all units. *Two people* means one proposes and another approves.",
        "",
        "| may | " + " | ".join(names) + " | scope |",
        "|---|" + "|".join(":-:" for _ in names) + "|---|",
    ]
    for permission in Permission:
        marks = ["●" if permission in ROLES[name] else "" for name in names]
        scope = "facility" if permission in FACILITY_WIDE else "unit"
        scope += ", two people" if permission in APPROVING else ""
        lines.append(f"| {permission.value} | " + " | ".join(marks) + f" | {scope} |")
    lines += ["", "`envelope` is given to no account: it is what a unit's opened envelope allows, for 12 hours.", ""]
    return "\n".join(lines)
