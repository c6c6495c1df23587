"""Views whose file was damaged: a chart shows what was folded, or says that it cannot be read; never other bytes.

The control is the same file without its encryption, whose pages carry no code of their own: there it does happen.
"""

from __future__ import annotations

import random
from pathlib import Path

import apsw
import pytest
from soak_sizes import VIEW_FLIPS, VIEW_SWAPS, recorded
from web_rig import House, house

from codedark.errors import CodedarkError
from codedark.views import Chart, Record, ViewStore

PAGE = 4096


def settled(home: House) -> bytes:
    """The views' file with its log folded into it."""
    home.store.writer().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return home.store.path.read_bytes()


def damages(data: bytes, rng: random.Random) -> list[tuple[str, bytes]]:
    """Flips, cuts and exchanged pages, seeded."""
    out = []
    for _ in range(VIEW_FLIPS):
        at, bit = rng.randrange(len(data)), rng.randrange(8)
        out.append(("flip", data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]))
    for _ in range(VIEW_SWAPS):
        out.append(("cut", data[: rng.randrange(len(data))]))
        pages = [data[i : i + PAGE] for i in range(0, len(data), PAGE)]
        first, second = rng.sample(range(len(pages)), 2)
        pages[first], pages[second] = pages[second], pages[first]
        out.append(("exchanged pages", b"".join(pages)))
    return out


def look(folder: Path, key: bytes, data: bytes, patient: str) -> Chart | None:
    """The chart from a damaged file; None when it is refused."""
    (folder / "damaged.db").write_bytes(data)
    for leftover in folder.glob("damaged.db-*"):
        leftover.unlink()
    try:
        store = ViewStore.open(folder, key, fold="damaged", readonly=True)
    except CodedarkError:
        return None
    try:
        return Record(store).chart(patient)
    except (CodedarkError, apsw.Error):
        return None
    finally:
        store.close()


def test_a_chart_from_a_damaged_file_is_the_chart_or_an_error(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        patient, data, rng = home.patient("4W"), settled(home), random.Random("views")
        expected = home.deeds.record.chart(patient)
        tried, refused, other = damages(data, rng), 0, []
        with recorded("flips, cuts and exchanged pages in the views, read as a chart") as said:
            for what, damaged in tried:
                found = look(tmp_path / "views", home.keys.views_key, damaged, patient)
                refused += found is None
                if found is not None and found != expected:
                    other.append(what)
            said |= {"done": len(tried), "refused": refused, "the chart as folded": len(tried) - refused - len(other),
                     "served": len(other)}  # fmt: skip
        assert other == []
        assert refused > len(tried) // 10


def test_the_same_damage_in_a_file_that_is_not_encrypted_is_served(tmp_path: Path) -> None:
    """The control: one byte of a name in a plain SQLite file, and the chart shows another name."""
    with house(tmp_path) as home:
        settled(home)
        plain = tmp_path / "plain.db"
        db = apsw.Connection(str(plain))
        db.execute("CREATE TABLE card (name TEXT)")
        db.execute("INSERT INTO card VALUES ('MARLOWE, Ada')")
        db.close()
        data = plain.read_bytes()
        plain.write_bytes(data.replace(b"MARLOWE", b"MARLOWF"))
        db = apsw.Connection(str(plain))
        assert db.execute("SELECT name FROM card").get == "MARLOWF, Ada"
        db.close()


@pytest.mark.parametrize("share", [1.0, 0.0])
def test_the_page_of_a_chart_over_damaged_views_says_so_and_shows_no_patient(tmp_path: Path, share: float) -> None:
    with house(tmp_path) as home:
        patient, data = home.patient("4W"), settled(home)
        nurse = home.in_as("nurse")
        whole = nurse.get(f"/chart/{patient}")
        home.store.close()
        spoilt = bytearray(data)
        for at in range(PAGE, len(data), PAGE):  # the first page, with the schema, stays whole
            spoilt[at + 100] ^= int(share)
        home.store.path.write_bytes(spoilt)
        page = nurse.get(f"/chart/{patient}")
    if not share:
        assert (page.status, "MARLOWE" in page.text) == (200, "MARLOWE" in whole.text)
        return
    assert page.status >= 500
    assert "MARLOWE" not in page.text
    assert "Penicillin" not in page.text
