"""The node's own server certificate, renewed while it runs: no ward PC and no sender may find it expired.

A clock that is not trusted renews nothing that still works: a certificate dated by a wrong clock would be refused by
everybody whose clock is right.
"""

from __future__ import annotations

import ssl

from codedark.access import SERVER_FILE, SERVER_KEY_FILE, renew_server_certificate, renewal_due, server_pair_fits
from codedark.clock import Chance, Clock
from codedark.node.layout import Layout

Stamp = tuple[int, int]


def renew_when_due(layout: Layout, clock: Clock, chance: Chance) -> bool:
    """Make a new server certificate when the present one is in its last third, or cannot be used; True when made."""
    if clock.trusted():
        due = renewal_due(layout.keys, clock.now_us())
    else:
        due = not server_pair_fits(layout.keys)
    if due:
        renew_server_certificate(layout.keys, clock.believed_us(), chance)
    return due


def certificate_stamp(layout: Layout) -> Stamp:
    """What changes when the certificate is another one; (0, 0) while there is none."""
    try:
        state = (layout.keys / SERVER_FILE).stat()
    except OSError:
        return 0, 0
    return state.st_mtime_ns, state.st_ino


def take_new_pair(layout: Layout, context: ssl.SSLContext) -> None:
    """Connections that begin from now on are shown the new certificate; those that are open stay as they are."""
    context.load_cert_chain(layout.keys / SERVER_FILE, layout.keys / SERVER_KEY_FILE)
