"""A ward station with real processes: it fetches while the node lives, and shows and prints when everything is gone."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from node_rig import COMMAND, ENVIRONMENT, PATIENCE_S, codedark, free_port, message, new_node, running, say

from codedark.access import RootSeed, unwrapped, wrapped_for
from codedark.access.authority import root_certificate
from codedark.clock import SystemChance, SystemClock
from codedark.errors import CannotUnseal, CodedarkError, PackError
from codedark.node import Config, Layout, admit_station, open_node, standing, station_lines
from codedark.node.stations import station_findings, station_states
from codedark.paper import LABEL, pack_signer, read_label
from codedark.station import Believed, Errand, Place, join, new_station, note_deed, warned

UNIT = "4W"


@dataclass
class Ward:
    """A node with one patient on 4W, its envelope, and a station that was admitted to 4W."""

    node: Path
    station: Place
    secret: str
    recipient: str
    printed: Path
    seen: dict[str, Any] = field(default_factory=dict)
    """What was seen while the node lived."""

    def errand(self) -> Errand:
        return Errand(self.station, SystemClock())

    def newest(self) -> str:
        return self.errand().shelf().packs()[0].file


def _admitted(node: Path, folder: Path, name: str, *units: str) -> Place:
    place = new_station(folder, name, SystemClock().now_us(), SystemChance())
    with open_node(node) as opened:
        made = admit_station(opened, name, place.certificate.read_bytes(), units, "127.0.0.1", None)
    with (node / "codedark.toml").open("a") as config:
        config.write("\n".join(["", *station_lines(made.station), ""]))
    join(folder, made.admission)
    return place


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Ward:
    """The node ran, the station fetched, then the node was killed: kill -9."""
    base = tmp_path_factory.mktemp("ward")
    node, printed = new_node(base / "node"), base / "printed"
    printed.mkdir()
    config = node / "codedark.toml"
    config.write_text(config.read_text().replace("port = 8444", f"port = {free_port()}"))
    card = codedark("unit", "card", UNIT, "-f", node, "--json").object
    station = _admitted(node, base / "station", "4W desk", UNIT)
    (station.root / "station.toml").write_text(
        f'port = 0\nevery_s = 1\n[[printer]]\nname = "tray"\nkind = "folder"\nto = "{printed}"\n'
        '[[printer]]\nname = "gone"\nkind = "raw"\nto = "127.0.0.1:1"\n'
    )
    elsewhere = _admitted(node, base / "elsewhere", "5E desk", "5E")
    with running(node) as keeper:
        keeper.wait_for("stations open")
        say(keeper.port, message(1))
        assert codedark("pack", UNIT, "--draft", "-f", node).code == 0
        seen = {"before": _stations(node)}
        done = codedark("station", "pull", "--folder", station.root, "--json")
        assert done.code == 0, done.err
        assert len(done.object["fetched"]) == 1
        seen["elsewhere"] = _run(elsewhere)
        seen["stranger"] = _run(_stranger(elsewhere, base / "stranger"))
        note_deed(station, Errand(station, SystemClock()), "opened", next(station.packs.glob("*.age")).name)
        seen["again"] = [_run(station), _run(station)]
        seen["other node"] = _run(_believing_another_root(station, base / "misled"))
        seen["status"] = _stations(node)
        found = station_findings(Layout(node), Config.load(node), SystemClock())
        seen["doctor"] = [finding.says for finding in found]
        keeper.kill()
    label = next((station.root / "packs").glob(f"*{LABEL}"))
    assert read_label(label.read_text()).unit == UNIT
    with open_node(node) as opened:
        opened.fold()
        seen["reads"] = [row for row in opened.record().read_log(50) if row.person.startswith("station:")]
    return Ward(node, station, card["secret"], _recipient(node), printed, seen)


def _stations(node: Path) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in standing(node)["stations"]}


def _run(place: Place) -> str:
    """What one errand brought, or why it brought nothing."""
    try:
        done = Errand(place, SystemClock()).run()
    except PackError as error:
        return str(error)
    return f"{len(done.fetched)} fetched, {len(done.refused)} refused"


def _believing_another_root(known: Place, folder: Path) -> Place:
    """The same station, told of another facility's root: this node is then an impostor to it."""
    place = Place(Path(shutil.copytree(known.root, folder)))
    key = RootSeed(bytes(32)).certificate_root_key("waterbury")
    place.facility_root.write_bytes(root_certificate(key, "waterbury").public_bytes(Encoding.PEM))
    return place


def _stranger(known: Place, folder: Path) -> Place:
    """A station with a credential of its own that took somebody else's admission."""
    place = new_station(folder, "5E desk", SystemClock().now_us(), SystemChance())
    join(folder, (known.root / "admission.json").read_bytes())
    return place


def _recipient(node: Path) -> str:
    with open_node(node) as opened:
        card = opened.record().card(UNIT)
        assert card is not None
        return card.recipient


def test_a_station_gets_the_packs_of_its_own_units_alone(ward: Ward) -> None:
    assert ward.seen["elsewhere"] == "0 fetched, 0 refused"


def test_a_station_that_is_not_declared_does_not_get_in(ward: Ward) -> None:
    """Its name and admission are right; only its certificate is another."""
    assert "not reached" in ward.seen["stranger"]


def test_a_node_of_another_root_is_not_believed(ward: Ward) -> None:
    """Same name, same address. The control is the station itself, which believes the right root and fetched."""
    assert "not reached" in ward.seen["other node"]


def test_what_is_opened_at_a_station_is_one_row_of_the_read_log(ward: Ward) -> None:
    assert ward.seen["again"] == ["0 fetched, 0 refused"] * 2
    assert [(row.person, row.what, row.unit) for row in ward.seen["reads"]] == [("station:4W desk", "pack", UNIT)]
    assert "opened at the ward station with the unit's card, 20" in ward.seen["reads"][0].reason


def test_stations_without_a_fresh_pack_are_listed(ward: Ward) -> None:
    before, after = ward.seen["before"], ward.seen["status"]
    assert [(each["seen_us"], each["old"]) for each in before.values()] == [(None, True), (None, True)]
    assert {name: each["old"] for name, each in after.items()} == {"4W desk": False, "5E desk": True}
    assert ward.seen["doctor"][0] == "holds a fresh pack of each of its units"
    assert ward.seen["doctor"][1].startswith("holds no pack of one of its units")


def test_a_pack_grows_old_at_the_node(ward: Ward) -> None:
    layout, config = Layout(ward.node), Config.load(ward.node)
    state = next(each for each in station_states(layout, config) if each.name == "4W desk")
    assert state.made_us is not None
    assert [state.old(state.made_us + minutes * 60_000_000) for minutes in (0, 34, 36)] == [False, False, True]


def test_with_node_and_network_gone_the_last_pack_is_printed(ward: Ward) -> None:
    asked = ("station", "open", UNIT, "--printer", "tray", "--folder", ward.station.root)
    done = codedark(*asked, stdin=ward.secret)
    assert done.code == 0, done.err
    assert [path.read_bytes()[:5] for path in ward.printed.glob("*.pdf")] == [b"%PDF-"]
    refused = codedark("station", "pull", "--folder", ward.station.root)
    assert (refused.code, "not reached" in refused.err) == (50, True)


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


class Page:
    """The station's page as a browser on this machine sees it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._opener = build_opener(_Stay)

    def ask(self, path: str, form: dict[str, str] | None = None, **headers: str) -> tuple[int, str, bytes]:
        from urllib.error import HTTPError

        data = urlencode(form).encode() if form is not None else None
        said = {"Origin": self.address, **headers} if form is not None else headers
        try:
            with self._opener.open(Request(self.address + path, data, said), timeout=PATIENCE_S) as answer:
                return answer.status, "", answer.read()
        except HTTPError as answer:
            return answer.code, answer.headers.get("Location", ""), answer.read()


@pytest.fixture(scope="module")
def page(ward: Ward) -> Iterator[Page]:
    command = [*COMMAND, "station", "run", "--folder", str(ward.station.root), "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    assert process.stdout is not None
    text = ""
    while "}" not in text:
        text += process.stdout.readline()
    yield Page(json.loads(text)["page"])
    process.terminate()
    assert process.wait(PATIENCE_S) == 0


def test_the_page_shows_and_prints_with_the_node_gone(ward: Ward, page: Page) -> None:
    status, _, body = page.ask("/")
    assert (status, b"Ward station" in body) == (200, True)
    status, place, _ = page.ask("/open", {"file": ward.newest(), "key": ward.secret})
    assert (status, place.startswith("/pack/")) == (303, True)
    assert b"DRAFT" in page.ask(place)[2]
    assert page.ask(f"{place}/pack.pdf")[2].startswith(b"%PDF-")
    for path in ward.printed.iterdir():
        path.unlink()
    page.ask(f"{place}/print", {"printer": "tray"})
    assert len(list(ward.printed.glob("*.pdf"))) == 1
    page.ask(f"{place}/print", {"printer": "gone"})
    assert b"NOT PRINTED" in page.ask(place)[2]
    page.ask(f"{place}/close", {})
    assert page.ask(f"{place}/pack.pdf")[:2] == (303, "/")


def test_a_wrong_key_shows_nothing_and_names_the_next_copy(ward: Ward, page: Page) -> None:
    from codedark.access import new_unit_card
    from codedark.clock import SeededChance

    other = new_unit_card(UNIT, SeededChance(7)).secret
    status, _, body = page.ask("/open", {"file": ward.newest(), "key": other})
    assert (status, b"NOTHING IS SHOWN" in body, b"Next copy" in body, b"%PDF" in body) == (403, True, True, False)


def test_the_page_is_for_this_machine_and_its_own_forms(ward: Ward, page: Page) -> None:
    assert page.ask("/", Host="evil.example")[0] == 403
    asked = {"file": ward.newest(), "key": ward.secret}
    assert page.ask("/open", asked, Origin="http://evil.example")[0] == 403
    assert page.ask("/open", asked)[0] == 303


def test_the_page_speaks_french(page: Page) -> None:
    assert b'lang="fr"' in page.ask("/", **{"Accept-Language": "fr-CA"})[2]


def _copy(ward: Ward, tmp_path: Path) -> Place:
    return Place(Path(shutil.copytree(ward.station.root, tmp_path / "station")))


def test_a_forged_pack_that_the_card_opens_is_refused(ward: Ward, tmp_path: Path) -> None:
    place, file = _copy(ward, tmp_path), ward.newest()
    forged = wrapped_for([ward.recipient], b"%PDF-1.7 another dose")
    (place.packs / file).write_bytes(forged)
    shelf = Errand(place, SystemClock()).shelf()
    assert "not the ones that the node signed" in shelf.look(file).problem
    with pytest.raises(PackError) as refused:
        shelf.open(file, ward.secret)
    assert "Next copy" in refused.value.hint
    assert unwrapped([ward.secret], forged) == b"%PDF-1.7 another dose"  # the control: unchecked, it opens


def test_a_forged_pack_with_a_label_of_somebody_else_is_refused(ward: Ward, tmp_path: Path) -> None:
    from dataclasses import replace
    from hashlib import sha256

    place, file = _copy(ward, tmp_path), ward.newest()
    forged = wrapped_for([ward.recipient], b"%PDF-1.7 another dose")
    label = Errand(place, SystemClock()).shelf().look(file).label
    assert label is not None
    plain = sha256(b"%PDF-1.7 another dose").digest()
    mine = replace(label, size=len(forged), sealed=sha256(forged).digest(), plain=plain)
    signer = pack_signer(label.facility, b"\7" * 32)
    (place.packs / file).write_bytes(forged)
    (place.packs / f"{file}{LABEL}").write_text(mine.signed(signer))
    shelf = Errand(place, SystemClock()).shelf()
    with pytest.raises(PackError, match="not signed by this facility"):
        shelf.open(file, ward.secret)
    shelf.keys = (signer.public_key,)
    assert shelf.open(file, ward.secret)[1] == b"%PDF-1.7 another dose"  # the control: that key believed, it opens


@pytest.mark.parametrize("change", ["flip", "cut", "no label"])
def test_a_changed_pack_is_refused_and_the_others_open(ward: Ward, tmp_path: Path, change: str) -> None:
    place, file = _copy(ward, tmp_path), ward.newest()
    path, data = place.packs / file, (place.packs / file).read_bytes()
    if change == "flip":
        path.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    elif change == "cut":
        path.write_bytes(data[:-1])
    else:
        (place.packs / f"{file}{LABEL}").unlink()
    shelf = Errand(place, SystemClock()).shelf()
    assert shelf.packs()[-1].problem
    with pytest.raises(CodedarkError):
        shelf.open(file, ward.secret)


def test_the_station_holds_no_key_and_no_name_of_anybody(ward: Ward) -> None:
    held = b"".join(path.read_bytes() for path in ward.station.root.rglob("*") if path.is_file())
    assert b"MARLOWE" not in held
    assert b"AGE-SECRET-KEY" not in held
    with pytest.raises(CannotUnseal):
        unwrapped([_other_secret()], (ward.station.packs / ward.newest()).read_bytes())


def _other_secret() -> str:
    from codedark.access import new_unit_card
    from codedark.clock import SeededChance

    return new_unit_card(UNIT, SeededChance(8)).secret


def test_old_and_doubtful_packs_open_with_a_warning(ward: Ward) -> None:
    shelf, file = ward.errand().shelf(), ward.newest()
    label, pdf = shelf.open(file, ward.secret)
    week = label.replace_by_us + 7 * 86_400_000_000
    said = {
        "fresh": warned(label, Believed(label.made_us, True)),
        "expired": warned(label, Believed(week, True)),
        "doubtful": warned(label, Believed(label.made_us, False)),
        "behind": warned(label, Believed(label.made_us - 86_400_000_000, True)),
        "apart": warned(label, Believed(label.made_us, True, differs_us=3_600_000_000)),
    }
    assert pdf.startswith(b"%PDF-")
    assert {name: len(words) for name, words in said.items()} == {
        "fresh": 1, "expired": 2, "doubtful": 2, "behind": 2, "apart": 2,
    }  # fmt: skip
    assert "EXPIRED" in said["expired"][0]
    assert all("CLOCK NOT TRUSTED" in said[name][0] for name in ("doubtful", "behind", "apart"))
