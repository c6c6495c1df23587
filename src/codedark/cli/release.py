"""`codedark release …`: for the maintainers who make bundles and hold release keys. A hospital needs none of it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from codedark.cli.options import Json
from codedark.cli.output import Output, visible
from codedark.cli.people import passphrase
from codedark.cli.update import describe, said
from codedark.clock import SystemChance
from codedark.errors import ConfigError, NotFound
from codedark.node import about
from codedark.releases import (
    MAGIC,
    Assembly,
    Keyring,
    ReleaseKey,
    add_signature,
    assemble,
    is_encrypted,
    new_key,
    open_bundle,
    read_public,
    seal_note,
    signer_of,
)

app = typer.Typer(help="For maintainers: make and sign the bundles that `update` takes.", no_args_is_help=True)
_To = Annotated[Path, typer.Option("--to", help="The file to write; it must not be there.")]
_Passphrase = Annotated[
    Path | None, typer.Option("--passphrase-file", help="Read the passphrase from this file ('-': stdin), do not ask.")
]


@app.command("key")
def key(
    name: Annotated[str, typer.Argument(help="Whose key it is: a-z, 0-9, dot, hyphen.")],
    to: _To,
    passphrase_file: _Passphrase = None,
    as_json: Json = False,
) -> None:
    """Make a release key: FILE, encrypted and 0600, and FILE.pub. Each holder does it on a machine of their own."""
    private, public = new_key(name, passphrase(passphrase_file, twice=True), SystemChance())
    _new(to, private)
    _new(to.with_name(to.name + ".pub"), public.encode())
    Output(as_json).result({"name": name, "public": public.strip()}, [public.strip()])


@app.command("keys")
def keys(
    public: Annotated[list[Path], typer.Argument(help="The three .pub files.")],
    to: _To,
    generation: Annotated[int, typer.Option(help="1 for the first keys, one more at each rotation.")] = 1,
    as_json: Json = False,
) -> None:
    """Write the list of three public keys: pinned in the package, or signed by two of the keys before it."""
    found: tuple[ReleaseKey, ...] = tuple(read_public(_text(path).strip("\n")) for path in public)
    ring = Keyring.read(Keyring(generation, found).text)
    _new(to, ring.text.encode())
    Output(as_json).result({"generation": generation, "keys": [k.line for k in ring.keys]}, [ring.text.rstrip("\n")])


@app.command("build")
def build(
    wheel: Annotated[Path, typer.Option(help="The wheel of codedark.")],
    wheels: Annotated[Path, typer.Option(help="Folder with the wheels of everything it needs.")],
    sbom: Annotated[Path, typer.Option(help="Its bill of materials, CycloneDX 1.6 JSON.")],
    previous: Annotated[list[str], typer.Option(help="A version it may replace.")],
    made: Annotated[str, typer.Option(help="Date of the release, for people.")],
    to: _To,
    lock: Annotated[Path, typer.Option(help="The lock that pins those wheels.")] = Path("requirements.lock"),
    rotation: Annotated[list[Path] | None, typer.Option(help="A signed list of keys, oldest first.")] = None,
    as_json: Json = False,
) -> None:
    """Put a bundle together, unsigned. The same parts give the same bytes, so each signer can make it again."""
    if to.exists():
        raise ConfigError(f"{to} is there already", hint="Name a new file.")
    parts = Assembly(wheel, wheels, lock, sbom, tuple(previous), made, tuple(_text(path) for path in rotation or ()))
    with tempfile.TemporaryDirectory() as work:
        sha256 = assemble(parts, about(), Path(work), to)
    lines = [f"{to}: {to.stat().st_size >> 20} MB, unsigned", f"SHA-256 of its body {sha256}"]
    Output(as_json).result({"file": str(to), "bytes": to.stat().st_size, "sha256": sha256}, lines)


@app.command("sign")
def sign(
    file: Annotated[Path, typer.Argument(help="A bundle, or a list of keys that is to replace the present one.")],
    key_file: Annotated[Path, typer.Option("--key-file", help="Your release key.")],
    sha256: Annotated[str, typer.Option(help="For a bundle: the hash of the body that you made yourself.")] = "",
    passphrase_file: _Passphrase = None,
    as_json: Json = False,
) -> None:
    """Add your signature: to the very bundle that you made again yourself, or to a list of keys that you have read."""
    is_bundle = _bytes(file, len(MAGIC)) == MAGIC
    if is_bundle and not sha256:
        raise ConfigError("a bundle is signed for what its signer made", hint="Add --sha256 of your own build.")
    private = _bytes(key_file)
    signer = signer_of(private, passphrase(passphrase_file, twice=False) if is_encrypted(private) else b"")
    if is_bundle:
        add_signature(file, signer, sha256)
    else:
        note = _text(file)
        text = note.partition("\n\n")[0].rstrip("\n") + "\n"
        Keyring.read(text)
        file.write_text(seal_note(text, note if "\n\n" in note else text + "\n", signer), encoding="utf-8")
    Output(as_json).result({"file": str(file), "signer": signer.name}, [f"signed by {signer.name}"])


@app.command("check")
def check(
    bundle: Annotated[Path, typer.Argument(help="The bundle.")],
    keyring: Annotated[Path, typer.Option(help="The list of keys to check against.")],
    as_json: Json = False,
) -> None:
    """Check a bundle against a list of keys by name, as every node will do against the one it pins."""
    found = open_bundle(bundle, Keyring.read(_text(keyring)))
    files = [f"  {visible(line.name)}  {line.size}  {line.sha256}" for line in found.manifest.files]
    Output(as_json).result(describe(found), [*said(found), *files])


def _new(path: Path, data: bytes) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", hint="Name a new file.") from error
    with os.fdopen(handle, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


def _bytes(path: Path, limit: int = 1 << 20) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limit)
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}") from error


def _text(path: Path) -> str:
    try:
        return _bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotFound(f"{path} is no text") from error
