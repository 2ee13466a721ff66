"""Builds the artifact that all functions share: the service and its requirements, for the Lambda platform.

`sam build` calls it once for each function (artifact/<architecture>/Makefile). The first call builds, the others
link to what it built, as does every later build for which nothing changed. Needs Python 3.11 or newer with pip, of any
platform: wheels of the functions' platform are chosen, nothing is compiled but bytecode.

    python artifact/build.py arm64 DIRECTORY
    python artifact/build.py                      says what is missing for bytecode, if anything is
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
PYTHON_VERSION: Final = "3.13"
PLATFORMS: Final = {"arm64": "manylinux2014_aarch64", "x86_64": "manylinux2014_x86_64"}

PACKAGES: Final = ("domain", "adapters", "handlers")
"""What of src/ the functions run. The command `rollcall` and the local server stay at home."""

SERVICES: Final = frozenset({"codedeploy", "dynamodb", "events", "lambda", "logs", "secretsmanager"})
"""The AWS services whose description botocore needs; those of the four hundred others are nine tenths of its size."""

_CACHE: Final = ROOT / ".aws-sam" / "artifacts"


def build(architecture: str, into: Path) -> None:
    """Put the artifact for that architecture into a directory, built anew only if what goes into it has changed."""
    python = python_of_the_functions()
    kind = architecture if python else f"{architecture}-without-bytecode"
    with _lock():
        requirements = _cached(
            f"requirements-{kind}",
            [Path(__file__), ROOT / "requirements.txt"],
            lambda directory: install_requirements(architecture, python, directory),
        )
        artifact = _cached(
            kind,
            [Path(__file__), ROOT / "requirements.txt", *_sources()],
            lambda directory: _assemble(requirements, python, directory),
        )
        link(artifact, into)


def _assemble(requirements: Path, python: str | None, into: Path) -> None:
    link(requirements, into)
    for package in PACKAGES:
        shutil.copytree(ROOT / "src" / package, into / package, ignore=shutil.ignore_patterns("__pycache__"))
    if python is not None:
        compile_bytecode(python, into, [into / package for package in PACKAGES])


def install_requirements(architecture: str, python: str | None, into: Path) -> None:
    """Install the wheels of requirements.txt for the Lambda platform, whatever platform and Python this is."""
    subprocess.run(  # noqa: S603 - the arguments are this file's
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--target", str(into), "--requirement", str(ROOT / "requirements.txt"), "--require-hashes", "--no-deps"),
            *("--platform", PLATFORMS[architecture], "--python-version", PYTHON_VERSION, "--implementation", "cp"),
            *("--only-binary=:all:", "--no-compile"),
        ],
        check=True,
    )
    prune(into)
    if python is not None:
        compile_bytecode(python, into, [into])


def prune(directory: Path) -> None:
    """Remove what no function reads: descriptions of other AWS services, examples, tests, programs."""
    data = directory / "botocore" / "data"
    for entry in [*data.glob("*"), *directory.glob("boto3/data/*")]:
        # Files beside the services (endpoints, partitions, default configuration, retries) concern all of them.
        if entry.is_dir() and entry.name not in SERVICES:
            shutil.rmtree(entry)
    for unused in ("*/*/examples-1.json*", "*/*/waiters-2.json*"):
        for path in data.glob(unused):
            path.unlink()
    for model in data.glob("*/*/service-2.json.gz"):
        _without_documentation(model)
    if (data / "endpoints.json").is_file():
        _endpoints_of_the_services(data / "endpoints.json")
    for unused in ("bin", "boto3/examples", "aws_lambda_powertools/event_handler/openapi/swagger_ui"):
        shutil.rmtree(directory / unused, ignore_errors=True)
    for tests in [*directory.glob("**/tests"), *directory.glob("**/test")]:
        shutil.rmtree(tests)


def _without_documentation(model: Path) -> None:
    """Nine tenths of a service's description is text for people, which would be read at every cold start."""

    def kept(value: Any) -> Any:
        if isinstance(value, dict):
            # A shape's member may be named so, too; that is an object.
            return {
                name: kept(part) for name, part in value.items() if name != "documentation" or not isinstance(part, str)
            }
        return [kept(part) for part in value] if isinstance(value, list) else value

    described = kept(json.loads(gzip.decompress(model.read_bytes())))
    model.with_suffix("").write_text(json.dumps(described, separators=(",", ":")), encoding="utf-8")
    model.unlink()


def _endpoints_of_the_services(path: Path) -> None:
    """Of the addresses of all AWS services, read whole at every cold start, leave those of the services in use."""
    endpoints = json.loads(path.read_bytes())
    for partition in endpoints["partitions"]:
        partition["services"] = {name: of for name, of in partition["services"].items() if name in SERVICES}
    path.write_text(json.dumps(endpoints, separators=(",", ":")), encoding="utf-8")


def compile_bytecode(python: str, root: Path, directories: Iterable[Path]) -> None:
    """Compile every module of some directories below `root`, so that no cold start has to.

    SAM's archives give all files the same time, so that ordinary bytecode, which is checked by time, would be found
    stale; this is not checked. The paths in it are those on Lambda.
    """
    subprocess.run(  # noqa: S603 - the arguments are this file's
        [
            *(python, "-m", "compileall", "-q", "-j", "2", "--invalidation-mode", "unchecked-hash"),
            *("-s", str(root), "-p", "/var/task", *map(str, directories)),
        ],
        check=True,
    )


def python_of_the_functions() -> str | None:
    """A Python of the functions' version on this machine: this one, one on the PATH, one of pyenv's or of uv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    data = Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share"))
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR", data / "uv" / "python"))
    candidates = [
        sys.executable,
        shutil.which(f"python{PYTHON_VERSION}"),
        shutil.which("python3"),
        *sorted(str(path) for path in pyenv.glob(f"versions/{PYTHON_VERSION}.*/bin/python")),
        *sorted(str(path) for path in uv.glob(f"cpython-{PYTHON_VERSION}.*/bin/python{PYTHON_VERSION}")),
    ]
    return next((candidate for candidate in candidates if candidate and _is_of_the_version(candidate)), None)


def _is_of_the_version(python: str) -> bool:
    """pyenv puts programs on the PATH that fail when its version is not the chosen one."""
    asked = subprocess.run(  # noqa: S603 - the arguments are this file's
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() == PYTHON_VERSION


def link(source: Path, into: Path) -> None:
    """Copy a tree without copying its files, where the file system can."""
    shutil.copytree(source, into, copy_function=_link_or_copy, dirs_exist_ok=True)


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _sources() -> list[Path]:
    return [
        path
        for package in PACKAGES
        for path in (ROOT / "src" / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]


def _cached(name: str, inputs: Iterable[Path], make: Callable[[Path], None]) -> Path:
    """The directory that `make` fills, kept until an input changes; what a failed build leaves behind is removed."""
    digest = hashlib.sha256()
    for path in sorted(inputs):
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    directory = _CACHE / name / digest.hexdigest()[:16]
    if not directory.is_dir():
        shutil.rmtree(directory.parent, ignore_errors=True)
        directory.parent.mkdir(parents=True)
        with TemporaryDirectory(dir=directory.parent) as scratch:
            made = Path(scratch) / "made"
            made.mkdir()
            make(made)
            made.rename(directory)
    return directory


@contextmanager
def _lock() -> Iterator[None]:
    """One build at a time; SAM runs those of several functions at once."""
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def advice() -> str | None:
    """What to do for bytecode where none can be made: the form of bytecode differs from version to version."""
    if python_of_the_functions() is not None:
        return None
    return (
        f"Warning: no Python {PYTHON_VERSION} here, so the artifact has no bytecode and cold starts take twice as long "
        f"or more. Before you deploy: .venv/bin/uv python install {PYTHON_VERSION}"
    )


if __name__ == "__main__":
    if sys.argv[1:]:
        try:
            build(sys.argv[1], Path(sys.argv[2]))
        except subprocess.CalledProcessError as failed:
            sys.exit(failed.returncode)  # it has said why
    elif said := advice():
        sys.stderr.write(f"{said}\n")
