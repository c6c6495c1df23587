"""Documents, compositions and messages read into notes: what somebody wrote, with when and by whom.

Words are shown as text; an attachment that is no text is named, never opened here.
"""

from __future__ import annotations

import base64
from typing import Any

from codedark.views.cards import Card, NoteCard
from codedark.views.codings import at, marked, moment, plain, shown, text, texts
from codedark.views.prints import print_card, report_kind
from codedark.views.schema import Section

Body = dict[str, Any]


def document(id_: str, body: Body, _: int | None) -> tuple[Section, Card] | None:
    """A DocumentReference: a print report of the EHR, or a note; one that was replaced or is not signed says so."""
    if kind := report_kind(body):
        return print_card(id_, body, kind)
    if not body.keys() - {"subject", "status"}:
        return None  # only whose it is, or that it was replaced: the document itself is not in the record
    if body.get("status") == "entered-in-error" or body.get("docStatus") == "entered-in-error":
        return None
    words = [attached(content.get("attachment")) for content in body.get("content") or ()]
    when = moment(body, "date") or moment((body.get("context") or {}).get("period") or {}, "start")
    title = text(body.get("type")) or str(body.get("description") or "document")
    # An old text beside the one that replaced it, or one nobody has signed yet, says so where it is read.
    marks = [mark for mark in (body.get("status"), body.get("docStatus")) if mark in ("superseded", "preliminary")]
    return Section.NOTE, NoteCard(
        id_,
        title=f"{title} ({', '.join(marks)})" if marks else title,
        text="\n\n".join(filter(None, words)),
        when=when,
        at_us=at(when),
        author=", ".join(filter(None, (shown(each) for each in body.get("author") or ()))),
    )


def composition(id_: str, body: Body, _: int | None) -> tuple[Section, Card] | None:
    """A Composition, its sections one after another."""
    words = [
        "\n".join(filter(None, (str(part.get("title") or ""), plain(str((part.get("text") or {}).get("div") or "")))))
        for part in body.get("section") or ()
    ]
    when = moment(body, "date")
    return Section.NOTE, NoteCard(
        id_,
        title=str(body.get("title") or text(body.get("type"))),
        text="\n\n".join(filter(None, words)),
        when=when,
        at_us=at(when),
        author=", ".join(filter(None, (shown(each) for each in body.get("author") or ()))),
    )


def message(id_: str, body: Body, _: int | None) -> tuple[Section, Card] | None:
    """A Communication: the words of its payload."""
    words = [plain(str(part["contentString"])) for part in body.get("payload") or () if part.get("contentString")]
    when = moment(body, "sent", "received")
    return Section.NOTE, NoteCard(
        id_,
        title=texts(body.get("category")) or "comment",
        text="\n\n".join(words),
        when=when,
        at_us=at(when),
        author=shown(body.get("sender")),
    )


def attached(attachment: Any) -> str:
    """The words of an attachment, or what it is: opaque content is named, never opened here."""
    if not attachment:
        return ""
    kind = str(attachment.get("contentType") or "")
    data = attachment.get("data")
    if data and (kind.startswith("text/") or kind in ("", "application/xhtml+xml")):
        return marked(plain(base64.b64decode(data).decode("utf-8", "replace")), attachment.get("_data"))
    title = str(attachment.get("title") or kind or "attachment")
    return f"[{title}: kept, not shown here]" if data or attachment.get("url") else ""
