"""The cover of a unit's pack as values for the template: who is on the unit, what is missing, how old it is."""

from __future__ import annotations

from base64 import b64encode

from codedark.paper.identity import comparison_code
from codedark.paper.request import PackRequest
from codedark.paper.summary import SHORT, TIGHT, Print, Values
from codedark.paper.wording import born, entry_name, known, moment, printable
from codedark.views import AllergyState, BedRow, Chart, FeedRow, PartCoverage, Sender

BED, MRN = 6, 10
"""Runs, in characters, that the bed and MRN columns hold."""

SEXES = {"female": "F", "male": "M"}
"""FHIR administrative gender as one letter; any other is printed as it came."""

NOTE_WIDTH = 80
"""Characters of the checkpoint note on one line."""

LADDER = (
    "The screen, if codedark answers: newer than any paper.",
    "The newest ISSUED pack of this unit. Collect older ones; never use two.",
    "A DRAFT pack, if nothing newer can be printed. Write DRAFT USED on the cover.",
    "Blank downtime forms and the patient's own word. Copy the identity by hand, twice checked.",
)


def body(request: PackRequest, pr: Print) -> Values:
    """The body of the cover sheet."""
    charts = {chart.banner.patient: chart for chart in request.charts}
    beds = [row for row in request.census if row.patient]
    return {
        "rows": [_bed(row, charts.get(row.patient), pr) for row in beds],
        "vacant": ", ".join(_place(row) for row in request.census if not row.patient),
        "patients": len({row.patient for row in beds}),
        "beds": len(request.census),
        "missing": missing(request),
        "heard": [_part(part, pr) for part in request.coverage.parts] if request.coverage else [],
        "below": ", ".join(part.words for part in request.coverage.below) if request.coverage else "",
        "feeds": [_feed(feed, pr) for feed in request.feeds],
        "note": _note_lines(request.checkpoint_note),
        "has_note": bool(request.checkpoint_note.strip()),
        "comparison": comparison_code(request.checkpoint_note),
        "file_code": request.file_code,
        **_copy(request, pr),
        "ladder": list(LADDER),
    }


def _copy(request: PackRequest, pr: Print) -> Values:
    """What a second machine holds, in words, and its checkpoint to compare with."""
    copy = request.copied
    if copy is None:
        words = "NO SECOND MACHINE HAS TAKEN A COPY"
        if request.unpinned:
            words = "NO SECOND MACHINE THAT COUNTS HAS TAKEN A COPY: the one that did is not pinned by two people"
        return {"copied": words, "copy_known": False, "copy_note": []}
    behind = read_size(request.checkpoint_note) - copy.size
    rest = f", {behind} entries before the checkpoint above" if behind > 0 else ""
    seen = f"Last copied {moment(copy.at_us, pr.zone)}{pr.before(copy.at_us) if copy.at_us <= pr.at_us else ''}"
    lines = [f"{copy.size} {b64encode(copy.root).decode()}"]
    return {
        "copied": f"{seen} by {printable(copy.witness, 40)}: entry {copy.size}{rest}.", "copy_known": True,
        "copy_note": lines,
    }  # fmt: skip


def read_size(note: str) -> int:
    """Entries that a checkpoint note covers; 0 when it is none."""
    lines = note.split("\n")
    return int(lines[1]) if len(lines) > 1 and lines[1].isdigit() else 0


def _note_lines(note: str) -> list[str]:
    """The note as it can be typed or copied from the page: a line too long for it goes on, indented, on the next."""
    lines = []
    for line in note.rstrip("\n").split("\n"):
        drawn = printable(line, len(line) * 12)
        lines.append(drawn[:NOTE_WIDTH])
        lines += [f"  {drawn[at : at + NOTE_WIDTH]}" for at in range(NOTE_WIDTH, len(drawn), NOTE_WIDTH)]
    return lines


def _place(row: BedRow) -> str:
    return known(" ".join(part for part in (row.room, row.bed) if part.strip()), BED)


def _bed(row: BedRow, chart: Chart | None, pr: Print) -> Values:
    sex = SEXES.get(row.sex, row.sex)
    return {
        "bed": _place(row),
        "name": known(row.name, SHORT),
        "born": f"{born(row.birth_date, SHORT)} ({pr.age(row.birth_date)})",
        "sex": known(sex, SHORT) if sex.strip() else "sex not recorded",
        "mrn": known(row.mrn, MRN),
        "allergies": _allergies(row),
        "code": known(row.code_status, TIGHT - 1),
        "critical": ", ".join(printable(value, TIGHT) for value in row.critical_results),
        "warnings": _bed_warnings(row, chart),
    }


def _bed_warnings(row: BedRow, chart: Chart | None) -> list[Values]:
    """What to watch, each in its own words; `loud` ones are white on black."""
    loud = [
        *(["SAME NAME"] if row.same_name else []),
        *(["BED CLASH"] if row.clash else []),
        *([f"{chart.unread} not read"] if chart is not None and chart.unread else []),
        *([f"{chart.held_back} held back"] if chart is not None and chart.held_back else []),
        *([] if chart is not None else ["NO SHEETS IN THIS PACK"]),
    ]
    calm = [f"isolation: {printable(row.isolation, SHORT)}"] if row.isolation.strip() else []
    return [*({"text": each, "loud": True} for each in loud), *({"text": each, "loud": False} for each in calm)]


def _allergies(row: BedRow) -> Values:
    names = ", ".join(known(name, SHORT - 2) for name in row.allergy_names)
    unsure = row.allergy_state in (AllergyState.NOT_RECORDED, AllergyState.COULD_NOT_BE_READ)
    if row.allergy_state is AllergyState.HAS:
        return {"text": names or "has allergies, names not recorded", "strong": True}
    state = "none known" if row.allergy_state is AllergyState.NONE_KNOWN else row.allergy_state.value
    text = state + (f"; {names}" if names else "")
    return {"text": text, "strong": unsure or bool(names)}


def missing(request: PackRequest) -> list[str]:
    """What this pack does not know, in words; the denominator is always said."""
    charts = request.charts
    total = len(charts)
    counts = (
        ("allergies not recorded", sum(c.allergy_state is AllergyState.NOT_RECORDED for c in charts)),
        ("allergies could not be read", sum(c.allergy_state is AllergyState.COULD_NOT_BE_READ for c in charts)),
        ("code status not recorded", sum(not c.banner.code_status.strip() for c in charts)),
        ("weight not recorded", sum(not c.banner.weight.strip() for c in charts)),
        ("no medication order heard", sum(not c.medications for c in charts)),
        ("orders but no dose ever heard", sum(_orders_only(c) for c in charts)),
        ("no result heard", sum(not c.results for c in charts)),
        ("no vital sign heard", sum(not c.vitals for c in charts)),
        ("items not read or not trusted", sum(bool(c.unread) for c in charts)),
        ("items held back until their feed is released", sum(bool(c.held_back) for c in charts)),
    )
    said = [f"{what}: {count} of {total} patients" for what, count in counts if count]
    without = {row.patient for row in request.census if row.patient} - {c.banner.patient for c in charts}
    if without:
        said.append(f"on the bed list but without sheets in this pack: {len(without)}")
    if not request.as_of.clock_trusted:
        said.append("the clock of the node is not trusted: times and ages on these sheets may be wrong")
    return said


def _part(part: PartCoverage, pr: Print) -> list[str]:
    """What of the record was heard for how many, what the site asks for, and how old it is."""
    share = f"{part.percent} % ({part.heard} of {part.patients})" if part.patients else "nobody here"
    asked = f"{'BELOW ' if part.below else ''}{part.threshold} %" if part.threshold else "not asked for here"
    if part.newest_us is None or part.oldest_us is None:
        return [part.words, share, asked, "never heard"]
    newest, oldest = moment(part.newest_us, pr.zone), moment(part.oldest_us, pr.zone)
    return [part.words, share, asked, newest if newest == oldest else f"{newest}; oldest {oldest}"]


def _orders_only(chart: Chart) -> bool:
    return bool(chart.medications) and not any(m.doses_heard or m.last_heard for m in chart.medications)


def _feed(feed: FeedRow, pr: Print) -> list[str]:
    carries = ", ".join(map(printable, feed.carries)) or "what it carries is not declared"
    return [printable(feed.feed), carries, feed_state(feed, pr)]


def feed_state(feed: FeedRow, pr: Print) -> str:
    """Heard, silent, never heard; distrusted and unauthenticated said beside it."""
    said = []
    if feed.last_heard_us is None:
        said.append("NEVER HEARD")
    else:
        heard = _quiet(feed, pr) or f"last heard {moment(feed.last_heard_us, pr.zone)}"
        said.append(f"{heard}{pr.before(feed.last_heard_us)}")
    if feed.held_since_us is not None:
        said.append(f"HELD BACK since {moment(feed.held_since_us, pr.zone)}: kept, not on these sheets")
    said += ["DISTRUSTED"] if feed.distrusted else []
    said += [] if feed.authenticated else ["not authenticated"]
    said += ["any certificate of its authority"] if feed.sender is Sender.CERTIFICATE else []
    said += [f"{feed.refusals} refused"] if feed.refusals else []
    return " · ".join(said)


def state_line(request: PackRequest, pr: Print) -> str:
    """The line of state on every page: as of, entry, and each feed that is silent or was never heard."""
    as_of = request.as_of
    if as_of.recorded_at_us is None:
        parts = ["LAST KNOWN RECORD: nothing was ever recorded"]
    else:
        old = pr.before(as_of.recorded_at_us)
        parts = [f"LAST KNOWN RECORD as of {moment(as_of.recorded_at_us, pr.zone)}{old}"]
        parts.append(f"entry {entry_name(as_of.position)}")
    if not as_of.clock_trusted:
        parts.append("CLOCK NOT TRUSTED")
    never = [printable(feed.feed) for feed in request.feeds if feed.last_heard_us is None]
    silent = [feed for feed in request.feeds if feed.last_heard_us is not None]
    parts += [f"feed {printable(feed.feed)} {quiet}" for feed in silent if (quiet := _quiet(feed, pr))]
    held = [feed for feed in request.feeds if feed.held_since_us is not None]
    parts += [f"feed {printable(feed.feed)} HELD BACK since {moment(feed.held_since_us, pr.zone)}" for feed in held]
    parts += [f"feed{'s'[: len(never) > 1]} never heard: {', '.join(never)}"] if never else []
    return " · ".join(parts)


def _quiet(feed: FeedRow, pr: Print) -> str:
    """What the line of state says about a feed that does not speak; "" for one that does."""
    if feed.last_heard_us is None:
        return "never heard"
    silent = pr.trusted and feed.expected_s and pr.at_us - feed.last_heard_us > feed.expected_s * 1_000_000
    return f"SILENT since {moment(feed.last_heard_us, pr.zone)}" if silent else ""
