"""Who may read and do what, and with which keys: root seed, node keys, certificates, people, sessions, envelopes."""

from codedark.access.authority import (
    CertificateAuthority,
    client_context,
    renew_server_certificate,
    renewal_due,
    server_context,
)
from codedark.access.cards import NewUnitCard, matching_code, new_unit_card, well_typed
from codedark.access.keys import (
    KeysAtRest,
    NodeKeys,
    create_node_keys,
    endorsement_by,
    generation_of,
    load_node_keys,
    restore_node_keys,
)
from codedark.access.passwords import CHEAP_COST, PasswordCost, PasswordGate, check_password, hash_password
from codedark.access.people import (
    APPROVING,
    EVERYWHERE,
    FACILITY_WIDE,
    ROLES,
    Permission,
    Role,
    approves,
    may,
    roles_page,
    unknown_roles,
)
from codedark.access.seed import RootSeed, read_back
from codedark.access.sessions import FOUNDING, ClosedSessions, Cookies, Session, envelope_session, password_session
from codedark.access.throttle import AttemptLane, Refusals, RefusalTally, Throttle

__all__ = [
    "APPROVING",
    "CHEAP_COST",
    "EVERYWHERE",
    "FACILITY_WIDE",
    "FOUNDING",
    "ROLES",
    "AttemptLane",
    "CertificateAuthority",
    "ClosedSessions",
    "Cookies",
    "KeysAtRest",
    "NewUnitCard",
    "NodeKeys",
    "PasswordCost",
    "PasswordGate",
    "Permission",
    "RefusalTally",
    "Refusals",
    "Role",
    "RootSeed",
    "Session",
    "Throttle",
    "approves",
    "check_password",
    "client_context",
    "create_node_keys",
    "endorsement_by",
    "envelope_session",
    "generation_of",
    "hash_password",
    "load_node_keys",
    "matching_code",
    "may",
    "new_unit_card",
    "password_session",
    "read_back",
    "renew_server_certificate",
    "renewal_due",
    "restore_node_keys",
    "roles_page",
    "server_context",
    "unknown_roles",
    "well_typed",
]
