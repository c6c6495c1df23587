"""A ward's single-file pack for tests, and the card that opens it."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from ward_shapes import ward

from codedark.access import wrapped_for
from codedark.access.seed import age_identity, age_recipient
from codedark.clock import US_PER_S
from codedark.views import Chart, SectionAge
from codedark.web.pages.chart import ORDER
from codedark.web.unitfile import FileRequest, UnitFile, draw_file

CARD = age_identity(sha256(b"the card of 4 West").digest())
OTHER_CARD = age_identity(sha256(b"the card of 5 East").digest())
DAY_US = 24 * 3600 * US_PER_S


def _aged(chart: Chart) -> Chart:
    """Every part has an age, as the record gives it."""
    known = {age.section: age for age in chart.ages}
    return replace(chart, ages=tuple(known.get(section, SectionAge(section, None, None)) for section in ORDER))


def file_request(patients: int, **changes: object) -> FileRequest:
    """What a ward's file is drawn from; `changes` replace any field."""
    asked = ward(patients)
    values: dict[str, object] = {
        "unit": asked.unit, "facility": asked.facility, "pack": "0011223344556677", "as_of": asked.as_of,
        "census": asked.census, "charts": tuple(map(_aged, asked.charts)), "feeds": asked.feeds,
        "made_us": asked.printed_at_us, "until_us": asked.printed_at_us + DAY_US, "zone": asked.zone,
        "checkpoint_note": asked.checkpoint_note,
    }  # fmt: skip
    return FileRequest(**(values | changes))  # type: ignore[arg-type]


def sealed(data: bytes) -> bytes:
    """Sealed for the card of the ward."""
    return wrapped_for([age_recipient(CARD)], data)


def unit_file(patients: int, **changes: object) -> UnitFile:
    """The ward's file."""
    return draw_file(file_request(patients, **changes), sealed)
