"""End to end: request, `codedark feed certificate`, the lines it says in codedark.toml, a running node, a sender."""

from __future__ import annotations

import contextlib
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from node_rig import message, running, say
from trust_rig import PASSWORD, House, codedark, new_house

PEM = serialization.Encoding.PEM


def issued(house: House, folder: Path, name: str) -> str:
    """A sender's key and certificate in FOLDER/NAME.pem; the fingerprint."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    asked = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    (folder / f"{name}.csr").write_bytes(asked.public_bytes(PEM))
    arguments = ("feed", "certificate", "ehr", "--request", folder / f"{name}.csr", "--json")
    done = codedark(
        *arguments, "--as", "ada", "--as-password-file", "-", "-f", house.folder, stdin=f"{PASSWORD}\n"
    ).object
    secret = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / f"{name}.pem").write_bytes(secret + str(done["certificate"]).encode())
    return str(done["fingerprint"])


def context(house: House, proof: Path | None) -> ssl.SSLContext:
    trust = ssl.create_default_context(cafile=str(house.folder / "keys" / "root.pem"))
    trust.check_hostname = False
    if proof:
        trust.load_cert_chain(proof)
    return trust


def test_the_sender_it_was_made_for_is_heard_and_nobody_else(tmp_path: Path) -> None:
    house = new_house(tmp_path / "node", people=True)
    pinned = issued(house, tmp_path, "engine")
    issued(house, tmp_path, "another")
    config = house.folder / "codedark.toml"
    text = config.read_text().replace("tls = false", "tls = true").replace('clients = ""', 'clients = "keys/root.pem"')
    config.write_text(text.replace("certificates = []", f'certificates = ["{pinned}"]'))
    heard = {}
    with running(house.folder) as node:
        for number, name in enumerate(("engine", "another", "")):
            heard[name] = []
            with contextlib.suppress(ssl.SSLError, ConnectionError):
                trust = context(house, tmp_path / f"{name}.pem" if name else None)
                heard[name] = say(node.port, message(number), trust=trust)
        node.stop()
    assert heard == {"engine": ["AA"], "another": [], "": []}
