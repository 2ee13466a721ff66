"""The built artifact: its modules, packages, size and bytecode."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
import yaml

from support.artifact_build import ARTIFACT, PACKAGES, SERVICES, python_of_the_functions
from support.repository import ROOT
from support.source_modules import MODULES
from support.stack_template import FUNCTIONS, NESTED_STACK

pytestmark = pytest.mark.sam_local

BUILT = ROOT / ".aws-sam" / "build"
MAX_ZIP_BYTES = 6_500_000
MAGIC_NUMBER = (3571).to_bytes(2, "little") + b"\r\n"
"""The magic number of Python 3.13's bytecode."""
HASHED_AND_UNCHECKED = (1).to_bytes(4, "little")
MACHINES = {"x86_64": 62, "aarch64": 183}
"""Machine numbers of ELF files."""


@pytest.fixture(scope="module")
def artifact() -> Path:
    """The directory that every function is deployed from."""
    directory: Path = ARTIFACT
    if not directory.is_dir():
        pytest.fail("nothing is built: run make build")
    return directory


def files(directory: Path) -> dict[str, Path]:
    return {str(path.relative_to(directory)): path for path in sorted(directory.rglob("*")) if path.is_file()}


def built_functions(template: Path) -> Iterator[str]:
    """The directories that the functions of a built template are deployed from; nested stacks too."""
    resources = yaml.safe_load(template.read_text(encoding="utf-8"))["Resources"].values()
    for resource in resources:
        if resource["Type"] == "AWS::Serverless::Function":
            yield str((template.parent / resource["Properties"]["CodeUri"]).resolve())
        if resource["Type"] == NESTED_STACK:
            yield from built_functions(template.parent / resource["Properties"]["TemplateURL"])


def test_every_function_is_deployed_from_the_one_artifact(artifact: Path) -> None:
    assert list(built_functions(BUILT / "template.yaml")) == [str(artifact)] * len(FUNCTIONS)


def test_the_archive_is_small(artifact: Path) -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files(artifact).items():
            archive.write(path, name)

    assert len(buffer.getvalue()) <= MAX_ZIP_BYTES


def test_the_artifact_has_exactly_the_modules_that_functions_import(artifact: Path) -> None:
    modules = {path.relative_to(ROOT / "src").as_posix() for path in MODULES.values()}
    of_functions = {name for name in modules if name.partition("/")[0] in PACKAGES}

    assert {"domain", "adapters", "handlers"} == set(PACKAGES)
    assert files(artifact).keys() & modules == of_functions
    assert not {"operations", "reference", "cli", "local"} & {path.name for path in artifact.iterdir()}


def test_every_package_of_the_artifact_is_imported_by_a_function(artifact: Path) -> None:
    names = {path.name.removesuffix(".py") for path in artifact.iterdir() if not path.name.endswith(".dist-info")}
    sources = [artifact / package for package in PACKAGES]
    packages = sorted(names - set(PACKAGES) - {"__pycache__"})

    # Each is imported by our packages, or by another package of the artifact.
    for package in packages:
        others = [path for path in artifact.iterdir() if path.name not in (package, f"{package}.py")]
        pattern = re.compile(rf"^\s*(?:from|import) {package}\b", re.MULTILINE)
        assert any(pattern.search(text) for text in texts({*sources, *others})), package


def texts(paths: Iterable[Path]) -> Iterator[str]:
    """The modules at or below some paths."""
    for path in paths:
        for file in path.rglob("*.py") if path.is_dir() else [path] if path.suffix == ".py" else []:
            yield file.read_text(encoding="utf-8")


def test_the_artifact_has_only_packages_of_requirements_txt(artifact: Path) -> None:
    wanted = re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.txt").read_text(), flags=re.MULTILINE)
    installed = [path.name.rpartition("-")[0].removesuffix(".dist") for path in artifact.glob("*.dist-info")]

    assert sorted(name.split("-")[0].replace("_", "-") for name in installed) == sorted(wanted)


def test_the_artifact_has_no_tests_and_no_programs(artifact: Path) -> None:
    directories = {path.name for path in artifact.rglob("*") if path.is_dir()}

    assert not directories & {"tests", "test", "bin", "examples", "swagger_ui"}


def test_botocore_has_exactly_the_services_in_use(artifact: Path) -> None:
    data = artifact / "botocore" / "data"

    assert {path.name for path in data.iterdir() if path.is_dir()} == SERVICES
    assert {"endpoints.json", "partitions.json", "sdk-default-configuration.json"} <= {
        path.name for path in data.iterdir()
    }


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
