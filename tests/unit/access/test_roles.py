"""Who may do what. The table is small enough to be said as facts."""

from __future__ import annotations

from pathlib import Path

import pytest

from codedark.access import APPROVING, FACILITY_WIDE, ROLES, Permission, Role, approves, may, roles_page, unknown_roles
from codedark.views import Account

CLINICAL = {Permission.SEE_CHART, Permission.PRINT_PACK, Permission.PRINT_UNIT}


def account(**roles: tuple[str, ...]) -> Account:
    return Account("p1", "rdiaz", "R. Diaz", "", dict(roles))


@pytest.mark.parametrize(
    "role", [Role.CLERK, Role.DESK, Role.ENGINEER, Role.ADMINISTRATOR, Role.PRIVACY, Role.COMMANDER, Role.CUSTODIAN]
)
def test_only_the_bedside_sees_clinical_data(role: Role) -> None:
    assert not ROLES[role] & CLINICAL


@pytest.mark.parametrize("role", [Role.NURSE, Role.PHYSICIAN, Role.PHARMACIST, Role.ENVELOPE])
def test_the_bedside_sees_charts(role: Role) -> None:
    assert Permission.SEE_CHART in ROLES[role]


def test_a_role_counts_in_its_units_only() -> None:
    nurse = account(nurse=("4W",))
    assert may(nurse, Permission.SEE_CHART, "4W")
    assert not may(nurse, Permission.SEE_CHART, "5E")


def test_a_role_everywhere_counts_in_every_unit() -> None:
    assert may(account(physician=("*",)), Permission.SEE_CHART, "5E")


def test_without_a_unit_holding_the_role_anywhere_is_enough() -> None:
    assert may(account(nurse=("4W",)), Permission.SEARCH)


def test_a_role_for_no_unit_gives_nothing() -> None:
    assert not may(account(nurse=()), Permission.SEARCH)


@pytest.mark.parametrize("permission", sorted(FACILITY_WIDE))
def test_a_facility_wide_permission_needs_the_role_everywhere(permission: Permission) -> None:
    role = next(role for role, held in ROLES.items() if permission in held)
    assert not may(account(**{role: ("4W",)}), permission, "4W")
    assert may(account(**{role: ("*",)}), permission)


def test_a_role_nobody_knows_gives_nothing() -> None:
    assert not any(may(account(wizard=("*",)), permission) for permission in Permission)


def test_the_envelope_role_is_given_to_no_account() -> None:
    assert unknown_roles({"nurse": ["4W"], "envelope": ["4W"], "wizard": ["*"]}) == ["envelope", "wizard"]


def test_the_bedside_and_the_envelope_are_never_one_of_two_people() -> None:
    for role in (Role.NURSE, Role.PHYSICIAN, Role.PHARMACIST, Role.CLERK, Role.ENVELOPE):
        assert not ROLES[role] & APPROVING


def test_an_administrator_is_one_of_two_people() -> None:
    assert approves({"administrator": ["*"]})
    assert not approves({"nurse": ["*"]})


def test_every_permission_is_held_by_some_role() -> None:
    assert set().union(*ROLES.values()) == set(Permission)


def test_the_roles_page_is_what_the_table_says(root: Path) -> None:
    assert (root / "docs/reference/roles.md").read_text(encoding="utf-8") == roles_page()
