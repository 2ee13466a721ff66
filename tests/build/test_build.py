"""The program that builds the artifact, without the network: what it removes, links and compiles."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from artifact_build import SERVICES, compile_bytecode, link, prune, python_of_the_functions


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_only_what_functions_read_is_kept(tmp_path: Path) -> None:
    data = tmp_path / "botocore" / "data"
    kept = [
        write(data / "endpoints.json"),
        *(write(data / service / "2012-08-10" / "service-2.json.gz") for service in SERVICES),
        write(tmp_path / "botocore" / "client.py"),
        write(tmp_path / "pydantic-2.0.dist-info" / "METADATA"),
    ]
    write(data / "ec2" / "2016-11-15" / "service-2.json.gz")
    write(data / "dynamodb" / "2012-08-10" / "examples-1.json")
    write(tmp_path / "bin" / "jp.py")
    write(tmp_path / "dateutil" / "tests" / "test_parser.py")

    prune(tmp_path)

    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)


def test_a_tree_is_linked_and_not_copied(tmp_path: Path) -> None:
    source = write(tmp_path / "source" / "package" / "module.py", "A = 1\n")

    link(tmp_path / "source", tmp_path / "target")

    assert (tmp_path / "target" / "package" / "module.py").samefile(source)


@pytest.mark.skipif(python_of_the_functions() is None, reason="there is no Python 3.13 here to compile with")
def test_bytecode_is_used_whatever_the_time_of_its_source(tmp_path: Path) -> None:
    source = write(tmp_path / "package" / "module.py", "print('compiled')\n")
    python = python_of_the_functions()

    compile_bytecode(python, tmp_path, [tmp_path / "package"])
    source.write_text("print('compiled again')\n")
    os.utime(source, (315532800, 315532800))

    run = subprocess.run(
        [python, "-c", "import package.module"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert run.stdout == "compiled\n"


def test_a_python_that_is_not_the_functions_one_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = write(tmp_path / "python3.13", "#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))

    assert python_of_the_functions() != str(broken)
