"""Deeds of one person about the house: a setting, an item of the worklist, what went to paper."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from codedark.access import Permission, Session
from codedark.actions.deeds import Deeds, keep, permit, refused
from codedark.entries import ConfigSet, PackMade, SheetsPrinted, WorklistDecided
from codedark.errors import ActionRefused
from codedark.journal import Receipt
from codedark.views import ADOPTION_KEY, OF_THE_NODE, WITNESS

_NOT_BY_ONE = "Witnesses are pinned by two people (`codedark trust pin`); the rest the node says of itself."
_KEY = re.compile(r"[a-z0-9][A-Za-z0-9._^-]{0,127}")
_ITEM = re.compile(r"[0-9]{1,18}/.{0,200}")


def set_config(deeds: Deeds, session: Session, key: str, value: Any) -> Receipt:
    """Change a setting that rules or folding depend on (docs/reference/settings.md). Raises ActionRefused."""
    permit(deeds, session, Permission.SET_CONFIG)
    if not _KEY.fullmatch(key):
        raise ActionRefused("this is not the name of a setting", hint="See docs/reference/settings.md.")
    if key.startswith(WITNESS) or key == ADOPTION_KEY or (key.startswith("feed.") and key.endswith(OF_THE_NODE)):
        raise refused(deeds, session, "set_config", "this setting is not for one person to change", _NOT_BY_ONE)
    if key.startswith("release."):
        raise ActionRefused("what was applied is entered by the node alone", hint="Use `codedark update apply`.")
    return keep(deeds, session, ConfigSet(key=key, value=value))


def decide_worklist(deeds: Deeds, session: Session, item: str, decision: str, note: str = "") -> Receipt:
    """Say what was done about something that was not understood. `item`: "position/path"."""
    permit(deeds, session, Permission.DECIDE_WORKLIST)
    if not _ITEM.fullmatch(item) or not decision.strip():
        raise ActionRefused("a decision names an item of the worklist and what was decided")
    return keep(deeds, session, WorklistDecided(item=item, person=session.person, decision=decision, note=note))


def pack_made(
    deeds: Deeds, session: Session | None, *, unit: str, pack: str, kind: str, pages: int, sha256: bytes,
    checkpoint: str, fold: str | None = None, position: int | None = None,
) -> Receipt:  # fmt: skip
    """A pack was drawn. `session` None: by the node's timer or console. `fold`, `position`: as of now if not given."""
    if session is not None:
        permit(deeds, session, Permission.PRINT_UNIT, unit)
    fold, position = _as_of(deeds, fold, position)
    return keep(deeds, session, PackMade(
        unit=unit, pack=pack, kind=kind, fold=fold, position=position, pages=pages, sha256=sha256,
        checkpoint=checkpoint,
    ))  # fmt: skip


def sheets_printed(
    deeds: Deeds, session: Session | None, *, unit: str, pack: str, copy: int, sheets: Sequence[Sequence[Any]],
    fold: str | None = None, position: int | None = None,
) -> Receipt:  # fmt: skip
    """Sheets go to paper; append this *before* drawing. `sheets`: [id, patient, form, page, pages]; one patient takes
    PRINT_PACK, more take PRINT_UNIT. Raises AppendFailed: then there is only a draft."""
    if session is not None:
        one = len({row[1] for row in sheets}) <= 1
        permit(deeds, session, Permission.PRINT_PACK if one else Permission.PRINT_UNIT, unit)
    fold, position = _as_of(deeds, fold, position)
    person = session.person if session else ""
    return keep(deeds, session, SheetsPrinted(
        unit=unit, pack=pack, copy=copy, fold=fold, position=position, person=person,
        sheets=[list(row) for row in sheets],
    ))  # fmt: skip


def _as_of(deeds: Deeds, fold: str | None, position: int | None) -> tuple[str, int]:
    as_of = deeds.record.as_of()
    return fold if fold is not None else as_of.fold, position if position is not None else as_of.position
