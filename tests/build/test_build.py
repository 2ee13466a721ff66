"""The program that builds the artifact, without the network: its removals and its compilation."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import sys
from pathlib import Path

import botocore
import pytest
from botocore.loaders import Loader
from botocore.model import OperationModel
from botocore.session import Session

from handlers.routes import ROUTES
from support.artifact_build import (
    PACKAGES,
    SERVICES,
    WITHOUT_BYTECODE,
    compile_bytecode,
    prune,
    python_of_the_functions,
)
from support.child_processes import run
from support.declared import ACME, EXAMPLE
from support.people import ENTERPRISE
from support.repository import ROOT
from support.source_modules import MODULES, imported
from support.stack_template import FUNCTIONS, RESOURCES

OTHERS = {path.name for path in (Path(botocore.__file__).parent / "data").iterdir() if path.is_dir()} - SERVICES


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_only_data_that_functions_read_are_kept(tmp_path: Path) -> None:
    data = tmp_path / "botocore" / "data"
    kept = [
        write(data / "partitions.json"),
        *(write(data / service / "2012-08-10" / "paginators-1.json") for service in SERVICES),
        write(tmp_path / "botocore" / "client.py"),
        write(tmp_path / "boto3" / "data" / "dynamodb" / "2012-08-10" / "resources-1.json"),
        write(tmp_path / "pydantic-2.0.dist-info" / "METADATA"),
        write(tmp_path / "aws_lambda_powertools" / "utilities" / "__init__.py"),
        write(tmp_path / "aws_lambda_powertools" / "utilities" / "jmespath_utils" / "__init__.py"),
        write(tmp_path / "markupsafe" / "_speedups.cpython-313-x86_64-linux-gnu.so"),
    ]
    write(data / "ec2" / "2016-11-15" / "service-2.json.gz")
    write(data / "dynamodb" / "2012-08-10" / "examples-1.json")
    write(tmp_path / "boto3" / "data" / "ec2" / "2016-11-15" / "resources-1.json")
    write(tmp_path / "boto3" / "examples" / "s3.rst")
    write(tmp_path / "aws_lambda_powertools" / "utilities" / "parser" / "__init__.py")
    write(tmp_path / "aws_lambda_powertools" / "event_handler" / "api_gateway.py")
    write(tmp_path / "dateutil" / "zoneinfo" / "dateutil-zoneinfo.tar.gz")
    write(tmp_path / "markupsafe" / "_speedups.c")
    write(tmp_path / "markupsafe" / "_speedups.pyi")
    write(tmp_path / "bin" / "jp.py")
    write(tmp_path / "dateutil" / "tests" / "test_parser.py")

    prune(tmp_path)

    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)


@pytest.fixture(scope="module")
def whole_and_pruned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Session, Session]:
    """botocore on its data as installed, and on the same data pruned."""
    installed = Path(botocore.__file__).parent / "data"
    data = tmp_path_factory.mktemp("artifact") / "botocore" / "data"
    shutil.copytree(installed, data, ignore=lambda _, names: OTHERS & set(names))
    prune(data.parents[1])
    sessions = []
    for directory in (installed, data):
        session = Session()
        loader = Loader(extra_search_paths=[str(directory)], include_default_search_paths=False)
        session.register_component("data_loader", loader)
        sessions.append(session)
    return sessions[0], sessions[1]


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_pruned_data_describe_a_service_like_the_whole_data(
    whole_and_pruned: tuple[Session, Session], service: str
) -> None:
    whole, pruned = (session.get_service_model(service) for session in whole_and_pruned)

    assert pruned.operation_names == whole.operation_names
    assert pruned.shape_names == whole.shape_names
    assert pruned.metadata == whole.metadata
    for name in whole.operation_names:
        assert shape_of(pruned.operation_model(name)) == shape_of(whole.operation_model(name))


def shape_of(operation: OperationModel) -> list[object]:
    """The parts of an operation's description that a caller can notice."""
    shapes = [shape for shape in (operation.input_shape, operation.output_shape) if shape is not None]
    members = [(m, s.type_name, s.required_members if s.type_name == "structure" else None, s.metadata)
               for shape in shapes for m, s in shape.members.items()]  # fmt: skip
    return [operation.http, [error.name for error in operation.error_shapes], members]


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_pruned_data_lead_to_the_same_addresses(whole_and_pruned: tuple[Session, Session], service: str) -> None:
    whole, pruned = whole_and_pruned

    partitions = whole.get_available_partitions()
    assert pruned.get_available_partitions() == partitions
    for partition in partitions:
        regions = whole.get_available_regions(service, partition)
        assert pruned.get_available_regions(service, partition) == regions
        for region in regions[:1]:
            addresses = {
                session.create_client(
                    service, region, aws_access_key_id="x", aws_secret_access_key="y"
                ).meta.endpoint_url
                for session in whole_and_pruned
            }
            assert len(addresses) == 1


def test_every_service_in_use_is_known_to_botocore() -> None:
    used = re.findall(r'self\._client\("(\w+)"\)', MODULES["adapters.aws"].read_text(encoding="utf-8"))

    assert set(used) == SERVICES


def test_every_module_of_the_artifact_is_imported_by_a_function_and_none_is_missing() -> None:
    functions = {RESOURCES[name]["Properties"]["Handler"].rpartition(".")[0] for name in FUNCTIONS}
    handlers = functions | {f"handlers.{route.module}" for route in ROUTES if f"handlers.{route.entry}" in functions}
    shipped = {name for name in MODULES if name.partition(".")[0] in PACKAGES}

    assert imported(handlers) == shipped


def test_descriptions_lose_documentation_but_no_member_of_that_name(tmp_path: Path) -> None:
    described = {"documentation": "<p>What</p>", "members": {"documentation": {"shape": "String"}}}
    model = write(tmp_path / "botocore" / "data" / "logs" / "2014-03-28" / "service-2.json.gz")
    model.write_bytes(gzip.compress(json.dumps(described).encode()))

    prune(tmp_path)

    left = json.loads((model.parent / "service-2.json").read_text())
    assert left == {"members": {"documentation": {"shape": "String"}}}


def built_with(
    python: str | Path, tmp_path: Path, *, schemas: bool = False, **environment: str
) -> tuple[int, list[str], list[str]]:
    """Run the build with a Python, on a machine without another; its exit code and the lines that it printed.

    With `schemas` the source has those of `tmp_path`.
    """
    shutil.copytree(ROOT / "artifact", tmp_path / "artifact")
    ignored = shutil.ignore_patterns("__pycache__", *([] if schemas else ["schemas"]))
    shutil.copytree(ROOT / "src", tmp_path / "src", symlinks=True, ignore=ignored)
    for name in ("pyproject.toml", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path)
    nothing = {"PATH": str(tmp_path), "HOME": str(tmp_path), "PYENV_ROOT": str(tmp_path), **environment}
    done = run([python, tmp_path / "artifact" / "build.py", "arm64"], env=nothing)
    return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ({"id": ACME, "name": "Acme", "attributes": [{"name": "cost code"}]}, "has no name for attributes[0]"),
        ({**EXAMPLE, "id": ENTERPRISE}, "which this service already declares"),
    ],
)
def test_an_extension_that_is_none_stops_the_build_in_one_line(
    tmp_path: Path, declared: dict[str, object], says: str
) -> None:
    schemas = tmp_path / "src" / "adapters" / "schemas"
    write(tmp_path / "schemas" / "acme.json", json.dumps(declared))

    code, out, [line] = built_with(sys.executable, tmp_path, schemas=True)

    assert (code, out) == (1, [])
    assert line.startswith("schemas/acme.json ")
    assert says in line
    assert schemas.is_symlink()
    assert not (tmp_path / "build").exists()


def test_the_artifact_has_the_declared_extensions_and_nothing_else_of_their_folder(tmp_path: Path) -> None:
    write(tmp_path / "fake" / "pip" / "__init__.py")
    write(tmp_path / "fake" / "pip" / "__main__.py", PIP_THAT_INSTALLS)
    write(tmp_path / "schemas" / "acme.json", json.dumps(EXAMPLE))
    write(tmp_path / "schemas" / "README.md")

    built_with(sys.executable, tmp_path, schemas=True, PYTHONPATH=str(tmp_path / "fake"))

    artifact = tmp_path / "build" / "artifact"
    assert [path.name for path in (artifact / "adapters" / "schemas").iterdir()] == ["acme.json"]
    program = (
        "from adapters.environment import declared_extensions; print(*(each.id for each in declared_extensions()))"
    )
    environment = {"PYTHONPATH": str(artifact)}
    assert run([sys.executable, "-c", program], env=environment, check=True, cwd=tmp_path).stdout.split() == [ACME]


PIP_THAT_INSTALLS = "import pathlib, sys; pathlib.Path(sys.argv[sys.argv.index('--target') + 1]).mkdir()"
PIP_WITHOUT_A_NETWORK = """
import sys
for _ in range(5):
    print("WARNING: Retrying after connection broken", file=sys.stderr)
print("ERROR: No matching distribution found for idna==3.10", file=sys.stderr)
sys.exit(1)
"""


@pytest.mark.skipif(sys.version_info[:2] == (3, 13), reason="this is the functions' Python")
def test_any_python_builds_and_the_functions_python_is_missed_once(tmp_path: Path) -> None:
    write(tmp_path / "fake" / "pip" / "__init__.py")
    write(tmp_path / "fake" / "pip" / "__main__.py", PIP_THAT_INSTALLS)

    code, out, errors = built_with(sys.executable, tmp_path, PYTHONPATH=str(tmp_path / "fake"))

    assert (code, out, errors) == (0, [], [WITHOUT_BYTECODE])
    assert "uv python install 3.13" in WITHOUT_BYTECODE
    assert (tmp_path / "build" / "artifact" / "handlers" / "get_user.py").is_file()


def test_without_a_network_one_line_has_the_reason_and_what_to_do_and_the_last_build_stays(tmp_path: Path) -> None:
    write(tmp_path / "fake" / "pip" / "__init__.py")
    write(tmp_path / "fake" / "pip" / "__main__.py", PIP_WITHOUT_A_NETWORK)
    earlier = write(tmp_path / "build" / "artifact" / "earlier.py")

    code, out, [line] = built_with(sys.executable, tmp_path, PYTHONPATH=str(tmp_path / "fake"))

    assert (code, out) == (1, [])
    assert "No matching distribution found for idna==3.10. Check the network" in line
    assert list((tmp_path / "build").iterdir()) == [earlier.parent]
    assert earlier.is_file()


def test_without_pip_one_line_has_the_command_that_installs_it(tmp_path: Path) -> None:
    run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    python = tmp_path / "bare" / "bin" / "python"

    code, out, errors = built_with(python, tmp_path)

    assert (code, out) == (1, [])
    assert errors == [f"{python} has no pip. Install it: {python} -m ensurepip --upgrade"]


@pytest.mark.parametrize(("asked", "section"), [([], "dev"), (["ENV=prod"], "prod")])
def test_a_deployment_builds_for_its_own_section(asked: list[str], section: str) -> None:
    done = run(["make", "--dry-run", "deploy", *asked], cwd=ROOT, check=True)

    assert re.findall(r"/sam (build|deploy) --config-env (\w+)", done.stdout) == [
        ("build", section),
        ("deploy", section),
    ]


def test_an_unknown_section_is_reported_before_the_build() -> None:
    command = ["make", "--no-print-directory", "build", "ENV=production"]
    done = run(command, cwd=ROOT)

    assert done.returncode != 0
    assert 'no section "production"' in done.stderr
    assert not done.stdout


@pytest.mark.skipif(python_of_the_functions() is None, reason="there is no Python 3.13 here to compile with")
def test_bytecode_is_used_whatever_the_modification_time_of_its_source(tmp_path: Path) -> None:
    source = write(tmp_path / "package" / "module.py", "print('compiled')\n")
    python = python_of_the_functions()

    compile_bytecode(python, tmp_path, [tmp_path / "package"])
    source.write_text("print('compiled again')\n")
    os.utime(source, (315532800, 315532800))

    done = run([python, "-c", "import package.module"], cwd=tmp_path, check=True)
    assert done.stdout == "compiled\n"


def test_a_python_of_another_version_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = write(tmp_path / "python3.13", "#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))

    assert python_of_the_functions() != str(broken)
