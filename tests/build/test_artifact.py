"""What `sam build` has made: opened, looked through, weighed."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from support.artifact_build import PACKAGES, SERVICES, python_of_the_functions
from support.repository import ROOT
from support.stack_template import FUNCTIONS

pytestmark = pytest.mark.sam_local

BUILT = ROOT / ".aws-sam" / "build"
MAX_ZIP_BYTES = 9_000_000
MAGIC_NUMBER = (3571).to_bytes(2, "little") + b"\r\n"
"""Of the bytecode of Python 3.13."""
HASHED_AND_UNCHECKED = (1).to_bytes(4, "little")
MACHINES = {"x86_64": 62, "aarch64": 183}
"""Machine numbers of ELF files."""


@pytest.fixture(scope="module")
def artifact() -> Path:
    """The directory that a function is made of."""
    if not BUILT.is_dir():
        pytest.fail("nothing is built: run make build")
    return BUILT / "CreateUser"


def files(directory: Path) -> dict[str, Path]:
    return {str(path.relative_to(directory)): path for path in sorted(directory.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_all_functions_share_one_artifact(artifact: Path, name: str) -> None:
    expected, found = files(artifact), files(BUILT / name)

    assert found.keys() == expected.keys()
    assert all(
        path.samefile(expected[file]) or path.read_bytes() == expected[file].read_bytes()
        for file, path in found.items()
    )


def test_its_archive_is_small(artifact: Path) -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files(artifact).items():
            archive.write(path, name)

    assert len(buffer.getvalue()) <= MAX_ZIP_BYTES


def test_it_has_what_functions_run_and_nothing_else_of_ours(artifact: Path) -> None:
    ours = {path.name for path in (ROOT / "src").iterdir() if path.is_dir()}

    assert {path.name for path in artifact.iterdir()} & ours == set(PACKAGES)


def test_it_has_only_what_requirements_txt_names(artifact: Path) -> None:
    wanted = re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.txt").read_text(), flags=re.MULTILINE)
    installed = [path.name.rpartition("-")[0].removesuffix(".dist") for path in artifact.glob("*.dist-info")]

    assert sorted(name.split("-")[0].replace("_", "-") for name in installed) == sorted(wanted)


def test_it_has_no_tests_and_no_programs(artifact: Path) -> None:
    directories = {path.name for path in artifact.rglob("*") if path.is_dir()}

    assert not directories & {"tests", "test", "bin", "examples", "swagger_ui"}


def test_botocore_knows_the_services_in_use_and_no_other(artifact: Path) -> None:
    data = artifact / "botocore" / "data"

    assert {path.name for path in data.iterdir() if path.is_dir()} == SERVICES
    assert {"endpoints.json", "partitions.json", "sdk-default-configuration.json"} <= {
        path.name for path in data.iterdir()
    }


def test_every_service_in_use_is_known_to_botocore() -> None:
    sources = [path.read_text() for package in PACKAGES for path in (ROOT / "src" / package).rglob("*.py")]

    used = {service for text in sources for service in re.findall(r'(?<![.\w])client\("(\w+)"\)', text)}

    assert {"dynamodb", "secretsmanager"} <= used <= SERVICES


def test_native_code_is_of_one_processor(artifact: Path) -> None:
    libraries = list(artifact.rglob("*.so"))

    assert libraries
    for library in libraries:
        machine = int.from_bytes(library.read_bytes()[18:20], "little")
        assert [name for name in MACHINES if name in library.name] == [
            name for name, number in MACHINES.items() if number == machine
        ]


@pytest.mark.skipif(python_of_the_functions() is None, reason="there is no Python 3.13 here to compile with")
def test_no_cold_start_compiles_anything(artifact: Path) -> None:
    for name, source in files(artifact).items():
        if not name.endswith(".py"):
            continue
        bytecode = (source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc").read_bytes()
        assert bytecode[:4] == MAGIC_NUMBER
        assert bytecode[4:8] == HASHED_AND_UNCHECKED
        assert f"/var/task/{name}".encode() in bytecode
