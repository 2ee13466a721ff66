"""Build the artifact that all functions share: the service and its requirements, for the Lambda platform.

Needs Python 3.11 or newer with pip, of any platform: wheels for the functions' platform are chosen, nothing is compiled
but bytecode. The artifact is complete, or as it was before.

    python artifact/build.py arm64                into build/artifact, where both templates look for it
    python artifact/build.py --stamp TEMPLATE     write the version into a built template
    python artifact/build.py --python             print the Python of the functions, else the one that runs this
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
ARTIFACT: Final = ROOT / "build" / "artifact"
PYTHON_VERSION: Final = "3.13"
PLATFORMS: Final = {"arm64": "manylinux2014_aarch64", "x86_64": "manylinux2014_x86_64"}

VERSION: Final[str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
"""The version of Rollcall, which stands in pyproject.toml alone."""

UNRELEASED: Final = "Value: unreleased"
"""In template.yaml, the value of the output Version."""

PACKAGES: Final = ("domain", "adapters", "handlers")
"""The packages of src/ that functions run."""

SCHEMAS: Final = ROOT / "src" / "adapters" / "schemas"
"""A link to schemas/, where functions, the local server and the command look."""

SERVICES: Final = frozenset({"codedeploy", "dynamodb", "events", "lambda", "logs", "secretsmanager"})
"""The AWS services whose description botocore needs; those of the four hundred others are nine tenths of its size."""

UTILITIES: Final = frozenset({"__init__.py", "jmespath_utils", "serialization.py", "typing"})
"""Of `aws_lambda_powertools.utilities`, what its logger imports. The others, and the event handler, are a fifth of the
archive."""

UNUSED_FILES: Final = (
    "botocore/data/*/*/examples-1.json*",
    "botocore/data/*/*/waiters-2.json*",
    "**/*.c",
    "**/*.pyi",
    "dateutil/zoneinfo/*.tar.gz",
    "*.dist-info/RECORD",
)
"""Among them a data base of time zones: every time of the service is in UTC."""

INSTALL_PYTHON: Final = f".venv/bin/uv python install {PYTHON_VERSION}"
WITHOUT_BYTECODE: Final = (
    f"Warning: Python {PYTHON_VERSION} was not found, so the artifact has no bytecode and cold starts take at least "
    f"twice as long. Before you deploy, run: {INSTALL_PYTHON}"
)
"""The form of bytecode differs from version to version."""


class BuildFailed(Exception):
    """There is no new artifact; the message is one line that says why, and what to do."""


def build(architecture: str, into: Path) -> None:
    """Put the artifact for `arm64` or `x86_64` into a directory, which is emptied first; raises `BuildFailed`."""
    check_extensions()
    python = python_of_the_functions()
    into.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=into.parent) as scratch:
        made = Path(scratch) / "artifact"
        install_requirements(architecture, made)
        prune(made)
        copy_packages(made)
        if python is not None:
            compile_bytecode(python, made, [made])
        shutil.rmtree(into, ignore_errors=True)
        made.rename(into)


def check_extensions() -> None:
    """Read the extensions that schemas/ declares as the functions will; raises `BuildFailed` for one that is none."""
    sys.path.insert(0, str(ROOT / "src"))
    try:
        from adapters.extension_files import read_extensions  # src/ is no package of this program's Python
        from domain.resources.extension_documents import InvalidExtension

        try:
            read_extensions(sorted(SCHEMAS.glob("*.json")))
        except InvalidExtension as reason:
            raise BuildFailed(str(reason)) from None
    finally:
        sys.path.remove(str(ROOT / "src"))


def install_requirements(architecture: str, into: Path) -> None:
    """Install the wheels of requirements.txt for the Lambda platform, whatever platform and Python this is.

    Raises `BuildFailed` when there is no pip, or it fails.
    """
    installed = subprocess.run(  # noqa: S603 - the arguments are this file's
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--target", str(into), "--requirement", str(ROOT / "requirements.txt"), "--require-hashes", "--no-deps"),
            *("--platform", PLATFORMS[architecture], "--python-version", PYTHON_VERSION, "--implementation", "cp"),
            *("--only-binary=:all:", "--no-compile"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode:
        raise BuildFailed(_why_not(installed.stderr.strip()))


def _why_not(said: str) -> str:
    """One line for what pip printed, which repeats itself for each attempt."""
    if "No module named pip" in said:
        return f"{sys.executable} has no pip. Install it: {sys.executable} -m ensurepip --upgrade"
    reason = said.splitlines()[-1].removeprefix("ERROR: ") if said else "it printed no reason"
    return (
        f"pip could not install the packages of requirements.txt: {reason}. Check the network, or use a mirror of "
        "PyPI: export PIP_INDEX_URL=https://..."
    )


def copy_packages(into: Path) -> None:
    """Copy the service itself, with its version and the extensions that schemas/ declares."""
    for package in PACKAGES:
        others = shutil.ignore_patterns("__pycache__", SCHEMAS.name)
        shutil.copytree(ROOT / "src" / package, into / package, ignore=others)
    for declared in sorted(SCHEMAS.glob("*.json")):
        (into / "adapters" / SCHEMAS.name).mkdir(exist_ok=True)
        shutil.copyfile(declared, into / "adapters" / SCHEMAS.name / declared.name)
    (into / "adapters" / "version.txt").write_text(VERSION, encoding="utf-8")


def stamped(template: str) -> str:
    """Return the text of template.yaml, as written or as the SAM CLI built it, with the version in its outputs.

    Raises ValueError for another template, or one that has a version already.
    """
    stamp, count = re.subn(rf"{UNRELEASED}( #.*)?$", f"Value: '{VERSION}'", template, flags=re.MULTILINE)
    if count != 1:
        raise ValueError(f"the template has {UNRELEASED!r} {count} times instead of once")
    return stamp


def prune(directory: Path) -> None:
    """Remove what no function reads: other AWS services, unused parts of packages, tests, programs, lists of files.

    The lists name the programs, whose first lines differ from machine to machine.
    """
    data = directory / "botocore" / "data"
    for entry in [*data.glob("*"), *directory.glob("boto3/data/*")]:
        # The files there (endpoints, partitions, default configuration, retries) concern all services.
        if entry.is_dir() and entry.name not in SERVICES:
            shutil.rmtree(entry)
    for pattern in UNUSED_FILES:
        for path in directory.glob(pattern):
            path.unlink()
    for model in data.glob("*/*/service-2.json.gz"):
        _without_documentation(model)
    if (data / "endpoints.json").is_file():
        _endpoints_of_the_services(data / "endpoints.json")
    for unused in ("bin", "boto3/examples", "aws_lambda_powertools/event_handler"):
        shutil.rmtree(directory / unused, ignore_errors=True)
    for utility in directory.glob("aws_lambda_powertools/utilities/*"):
        if utility.name not in UTILITIES:
            shutil.rmtree(utility)
    for tests in [*directory.glob("**/tests"), *directory.glob("**/test")]:
        shutil.rmtree(tests)


def _without_documentation(model: Path) -> None:
    """Remove the text for people: nine tenths of a service's description, read at every cold start."""

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
    """Keep the addresses of the services in use only; botocore reads the file whole at every cold start."""
    endpoints = json.loads(path.read_bytes())
    for partition in endpoints["partitions"]:
        partition["services"] = {name: of for name, of in partition["services"].items() if name in SERVICES}
    path.write_text(json.dumps(endpoints, separators=(",", ":")), encoding="utf-8")


def compile_bytecode(python: str, root: Path, directories: Iterable[Path]) -> None:
    """Compile every module of some directories below `root`, so that no cold start has to.

    Ordinary bytecode is checked by time. SAM's archives give all files the same time, so it would count as stale; this
    is not checked. The paths in it are those on Lambda.
    """
    subprocess.run(  # noqa: S603 - the arguments are this file's
        [
            *(python, "-m", "compileall", "-q", "-j", "2", "--invalidation-mode", "unchecked-hash"),
            *("-s", str(root), "-p", "/var/task", *map(str, directories)),
        ],
        check=True,
    )


def python_of_the_functions() -> str | None:
    """Return a Python of the functions' version if there is one: this one, on the PATH, of pyenv or of uv."""
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
    """Run it to see: pyenv puts programs on the PATH that fail when their version is not the chosen one."""
    asked = subprocess.run(  # noqa: S603 - the arguments are this file's
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() == PYTHON_VERSION


def main(architecture: str) -> int:
    """Build, and return the exit code; say in one line what is missing."""
    try:
        build(architecture, ARTIFACT)
    except BuildFailed as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    if python_of_the_functions() is None:
        sys.stderr.write(f"{WITHOUT_BYTECODE}\n")
    return 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--python"]:
        sys.stdout.write(f"{python_of_the_functions() or sys.executable}\n")
    elif sys.argv[1:2] == ["--stamp"]:
        built = Path(sys.argv[2])
        built.write_text(stamped(built.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        sys.exit(main(*sys.argv[1:]))
