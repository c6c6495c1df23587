"""`codedark feed certificate`, and the two weeks before one ends: told everywhere, and never a reason for silence."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from intake_rig import adt, feed, site
from tls_rig import UNTIL, certificate, server_context
from trust_rig import PASSWORD, House, codedark, hear, new_house

from codedark.cli.feed import sender_words
from codedark.clock import US_PER_S, SystemClock
from codedark.entries import FeedCertificateIssued, FeedHeard, draft_of, payload_of
from codedark.node import Config, Layout, open_node, sender_ends, standing
from codedark.node.examination import feed_finding
from codedark.node.founding import feed_changes
from codedark.node.senders import remember_ends

DAY_US = 86_400 * US_PER_S
END_US = int(UNTIL.timestamp()) * US_PER_S


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return new_house(tmp_path_factory.mktemp("h") / "node", people=True)


@pytest.fixture(scope="module")
def request_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "interface engine")])
    path = tmp_path_factory.mktemp("r") / "ehr.csr"
    asked = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    path.write_bytes(asked.public_bytes(serialization.Encoding.PEM))
    return path


def issue(house: House, request_file: Path, *more: str | Path, name: str = "ehr"):
    arguments = ("feed", "certificate", name, "--request", request_file, "--as", "ada", "--as-password-file", "-")
    return codedark(*arguments, "-f", house.folder, *more, stdin=PASSWORD + "\n")


def test_a_certificate_is_an_entry_before_it_is_handed_out(house: House, request_file: Path) -> None:
    done = issue(house, request_file, "--json")
    assert done.code == 0, done.err
    with open_node(house.folder) as node:
        kept = [payload_of(each) for each in node.reader().read(-1) if each.kind == "feed.certificate.issued"]
    (said,) = [each for each in kept if isinstance(each, FeedCertificateIssued)]
    assert (said.feed, said.fingerprint, said.until_us) == ("ehr", done.object["fingerprint"], done.object["until_us"])


@pytest.mark.parametrize(("name", "file"), [("nobody", None), ("ehr", "codedark.toml")])
def test_no_certificate_for_an_unknown_feed_or_from_what_is_no_request(
    house: House, request_file: Path, name: str, file: str | None
) -> None:
    done = issue(house, house.folder / file if file else request_file, name=name)
    assert (done.code, done.out) == (10, "")


def test_somebody_without_the_right_gets_none(house: House, request_file: Path) -> None:
    arguments = ("feed", "certificate", "ehr", "--request", request_file, "-f", house.folder)
    done = codedark(*arguments)
    assert done.code != 0
    assert "BEGIN CERTIFICATE" not in done.out


async def _heard(folder: Path, pki: Path, days_left: float) -> tuple[str, list[tuple[str, str]], dict[str, int]]:
    """What a sender with a certificate is answered, what is warned of, and what is remembered."""
    warned: list[tuple[str, str]] = []
    async with site(folder, feed(tls=server_context(pki))) as s:
        s.listener._warn = lambda event, name: warned.append((event, name))
        s.clock.advance(int(END_US - days_left * DAY_US) - s.clock.now_us())
        context = ssl.create_default_context(cafile=str(pki / "ca.pem"))
        context.load_cert_chain(pki / "ehr.pem")
        line = await s.connect(ssl=context)
        answer = await line.exchange(adt(1))
        await line.close()
        return answer["MSA"].text(1) if answer else "", warned, dict(s.listener.ends)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (15, []),
        (13, [("the certificate of a peer ends within two weeks", "adt")]),
        (-1, [("the certificate of a peer has ended", "adt")]),
    ],
)
def test_two_weeks_before_the_end_it_is_told_and_after_it_the_sender_is_heard(
    tmp_path: Path, days: int, said: list[tuple[str, str]]
) -> None:
    ca = certificate(tmp_path, "ca")
    for name in ("server", "ehr"):
        certificate(tmp_path, name, ca)
    assert asyncio.run(_heard(tmp_path / "journal", tmp_path, days)) == ("AA", said, {"adt": END_US})


def test_the_end_is_remembered_and_shown(house: House) -> None:
    layout = Layout(house.folder)
    now = SystemClock().now_us()
    remember_ends(layout, {"ehr": now + 5 * DAY_US})
    assert sender_ends(layout) == {"ehr": now + 5 * DAY_US}
    layout.sender_ends.write_bytes(b"\x00damaged")
    assert sender_ends(layout) == {}


def test_every_face_says_when_it_ends() -> None:
    now = SystemClock().now_us()
    clock = {"now_us": now, "trusted": True}
    row = {"sender": "pinned", "authenticated": True, "certificate_until_us": now + 5 * DAY_US}
    assert "certificate ends" in sender_words(row, clock)
    assert "certificate ENDED" in sender_words({**row, "certificate_until_us": now - DAY_US}, clock)
    assert "certificate" in sender_words({**row, "certificate_until_us": now + 20 * DAY_US}, clock)
    assert "ends" not in sender_words({**row, "certificate_until_us": now + 20 * DAY_US}, clock)
    assert "ends" not in sender_words(row, {**clock, "trusted": False})


ROW = {
    "name": "ehr", "declared": True, "last_heard_us": 0, "held_since_us": None, "expected_s": 0, "sender": "pinned",
    "authenticated": True, "certificate_until_us": None, "refusals": 0,
}  # fmt: skip
"""A feed as `status --json` has it, with nothing to say of it."""


@pytest.mark.parametrize(
    ("more", "state", "expected"),
    [
        ({}, "green", "heard and authenticated"),
        ({"certificate_until_us": 20 * DAY_US}, "green", "heard and authenticated"),
        ({"certificate_until_us": 5 * DAY_US}, "amber", "the sender's certificate ends in 5 days"),
        ({"certificate_until_us": -DAY_US}, "amber", "the sender's certificate has ended; it is heard all the same"),
        ({"refusals": 2}, "amber", "heard and authenticated; 2 connections refused so far"),
        ({"refusals": 1, "last_heard_us": None}, "amber", "never heard; 1 connection refused so far"),
        (
            {"refusals": 1, "expected_s": 60, "last_heard_us": -100 * US_PER_S},
            "amber",
            "silent for 100 s, expected every",
        ),
    ],
)
def test_doctor_says_of_a_feed_what_to_do_next(more: dict[str, object], state: str, expected: str) -> None:
    line = feed_finding({**ROW, **more}, {"now_us": 0, "trusted": True})
    assert (line.state, line.says.startswith(expected), bool(line.next_step)) == (state, True, state == "amber")


def test_doctor_reads_what_was_remembered_and_counted(house: House) -> None:
    config = house.folder / "codedark.toml"
    before = config.read_text()
    text = before.replace("tls = false", "tls = true", 1).replace('clients = ""', 'clients = "keys/root.pem"', 1)
    config.write_text(text.replace("certificates = []", f'certificates = ["{"ab" * 32}"]', 1))
    refused = FeedHeard("ehr", 0, SystemClock().now_us(), refusals=2)
    layout = Layout(house.folder)
    try:
        with open_node(house.folder) as node:
            node.pen.append_all(feed_changes(Config.load(house.folder), node.record().settings()))
            hear(node, 1)
            node.pen.append_all([draft_of(refused, source="feed:ehr")])
            node.fold()
        layout.sender_ends.unlink(missing_ok=True)
        remember_ends(layout, {"ehr": SystemClock().now_us() + 5 * DAY_US})
        found = standing(house.folder)
        (row,) = [each for each in found["feeds"] if each["name"] == "ehr"]
        assert "ends in" in feed_finding(row, found["clock"]).says
        assert "2 refused" in codedark("feed", "list", "-f", house.folder).out
    finally:
        config.write_text(before)
