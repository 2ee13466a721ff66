"""The directory of declared extensions: what is read of it, and what is imported for it."""

from __future__ import annotations

import json
import os
import re
import socket
import sys
from collections.abc import Callable
from errno import EACCES
from pathlib import Path

import pytest

from adapters.environment import InvalidEnvironment, declared_extensions, declared_user_type
from domain.limits import MAX_EXTENSION_BYTES
from domain.resources.extension_documents import InvalidExtension
from domain.resources.user_schema import USER
from support.child_processes import run
from support.declared import ACME, EXAMPLE, OTHER, document
from support.repository import ROOT


@pytest.fixture
def schemas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "schemas"
    directory.mkdir()
    monkeypatch.setenv("ROLLCALL_SCHEMAS", str(directory))
    return directory


def test_the_files_are_read_in_the_order_of_their_names_once(schemas: Path) -> None:
    (schemas / "b.json").write_text(json.dumps(EXAMPLE))
    (schemas / "a.json").write_text(json.dumps(document({"name": "tag"})))
    (schemas / "README.md").write_text("# Not one of them")

    assert [each.id for each in declared_extensions()] == [OTHER, ACME]
    assert declared_user_type() is declared_user_type()
    assert OTHER in declared_user_type().schema_ids


def test_a_directory_without_files_declares_nothing(schemas: Path) -> None:
    (schemas / "README.md").write_text("# Not one of them")

    assert declared_extensions() == ()
    assert declared_user_type() is USER


def test_a_directory_that_is_not_there_is_an_error_where_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLCALL_SCHEMAS", str(tmp_path / "schema"))

    with pytest.raises(InvalidEnvironment, match="ROLLCALL_SCHEMAS"):
        declared_extensions()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfe{\x00", "UTF-8"),
        (b'"' + b"x" * MAX_EXTENSION_BYTES, str(MAX_EXTENSION_BYTES)),
        (("ä" * MAX_EXTENSION_BYTES).encode(), str(MAX_EXTENSION_BYTES)),
        (b"{", "JSON"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(schemas: Path, content: bytes, says: str) -> None:
    (schemas / "acme.json").write_bytes(content)

    with pytest.raises(InvalidExtension, match=rf"^schemas/acme\.json .*{says}"):
        declared_extensions()


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))  # the address of a socket is short


def _huge(path: Path) -> None:
    with path.open("wb") as made:
        made.truncate(2**40)


def _link_to_a_pipe(path: Path) -> None:
    os.mkfifo(path.with_suffix(""))
    path.symlink_to(path.with_suffix(""))


NO_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "directory": (lambda path: path.mkdir(), "is a directory, a pipe or a device"),
    "pipe": (os.mkfifo, "is a directory, a pipe or a device"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "is a directory, a pipe or a device"),
    "terminal": (lambda path: path.symlink_to("/dev/tty"), "(is a directory, a pipe or a device|cannot be read)"),
    "link to a pipe": (_link_to_a_pipe, "a pipe"),
    "socket": (_socket, "cannot be read"),
    "link to itself": (lambda path: path.symlink_to(path), "cannot be read"),
    "link to nothing": (lambda path: path.symlink_to("nosuch"), "cannot be read"),
    "huge": (_huge, str(MAX_EXTENSION_BYTES)),
}


@pytest.mark.parametrize("kind", NO_FILES)
def test_what_is_no_readable_file_is_named_and_holds_nothing_up(
    schemas: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.chdir(schemas)
    makes, says = NO_FILES[kind]
    makes(schemas / "acme.json")

    # A read of a pipe would wait for a writer: only a process of its own can be ended.
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "ROLLCALL_SCHEMAS": str(schemas)}
    program = "from adapters.environment import declared_extensions as read; read()"
    done = run([sys.executable, "-c", program], env=environment)

    assert done.returncode == 1
    assert re.search(rf"InvalidExtension: schemas/acme\.json .*{says}", done.stderr), done.stderr


def test_a_file_that_may_not_be_read_is_named(schemas: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (schemas / "acme.json").touch()

    def denied(path: object, *_: object) -> int:  # as for all but root, who may read every file
        raise PermissionError(EACCES, os.strerror(EACCES), path)

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(InvalidExtension, match=r"^schemas/acme\.json cannot be read .*denied"):
        declared_extensions()


def test_two_files_with_one_urn_are_refused(schemas: Path) -> None:
    for name in ("a.json", "b.json"):
        (schemas / name).write_text(json.dumps(EXAMPLE))

    with pytest.raises(InvalidExtension, match=r"^schemas/b\.json declares .*schemas/a\.json already declares"):
        declared_extensions()


_PROGRAM = """
import sys
import handlers.patch_user
print([name for name in sys.modules if name.endswith(("extension_files", "extension_documents"))])
"""


@pytest.mark.parametrize(
    ("files", "imported"),
    [({}, []), ({"acme.json": EXAMPLE}, ["adapters.extension_files", "domain.resources.extension_documents"])],
    ids=["none", "one"],
)
def test_modules_for_declared_extensions_are_imported_where_there_are_any(
    schemas: Path, files: dict[str, object], imported: list[str]
) -> None:
    for name, of in files.items():
        (schemas / name).write_text(json.dumps(of))

    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "ROLLCALL_SCHEMAS": str(schemas)}
    done = run([sys.executable, "-c", _PROGRAM], env=environment, check=True)

    assert sorted(json.loads(done.stdout.replace("'", '"'))) == imported


def test_what_this_repository_declares_is_valid() -> None:
    assert isinstance(declared_extensions(), tuple)
