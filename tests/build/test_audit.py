"""`make audit` finds known vulnerabilities and never calls unexamined packages clean."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from support.child_processes import run
from support.repository import ROOT

CLEAN = {"name": "six", "version": "1.17.0", "vulns": []}
KNOWN = {
    "name": "urllib3",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-2026-1"], "fix_versions": ["2.0"], "description": "x"}],
}
SKIPPED = {"name": "boto3", "version": "1.0", "skip_reason": "Dependency not found on PyPI and could not be audited"}

STAND_IN = """#!{python}
import json, pathlib, sys
answers = json.loads(pathlib.Path(__file__).with_name("answers").read_text())
service = sys.argv[sys.argv.index("--vulnerability-service") + 1]
file = pathlib.Path(sys.argv[sys.argv.index("--requirement") + 1]).name
output, errors, code = answers[service].get(file, answers[service].get("*"))
print(output)
print(errors, file=sys.stderr)
sys.exit(code)
"""


def audit(folder: Path, *files: str, **answers: Any) -> tuple[int, str]:
    """Exit code and words; `answers` are what pip-audit does for each service: for all files or for each."""
    program = folder / "pip-audit"
    program.write_text(STAND_IN.format(python=sys.executable))
    program.chmod(0o755)
    (folder / "answers").write_text(
        json.dumps({name: said if isinstance(said, dict) else {"*": said} for name, said in answers.items()})
    )
    done = run([sys.executable, ROOT / "artifact" / "audit.py", program, *(files or ("requirements.txt",))])
    assert done.stderr == ""
    return done.returncode, done.stdout


def report(*found: dict[str, Any], code: int = 0) -> tuple[str, str, int]:
    return json.dumps({"dependencies": found, "fixes": []}), "No known vulnerabilities found", code


CANNOT_BE_ASKED = ("", "requests.exceptions.ConnectionError: Failed to resolve 'pypi.org'", 1)


def test_an_audit_that_examined_every_package_can_be_clean(tmp_path: Path) -> None:
    code, said = audit(tmp_path, "a.txt", "b.txt", pypi={"a.txt": report(CLEAN), "b.txt": report(CLEAN, CLEAN)})

    assert code == 0
    assert "3 pinned packages were checked (pypi)" in said


def test_a_known_vulnerability_is_named_with_its_fix(tmp_path: Path) -> None:
    code, said = audit(
        tmp_path, "a.txt", "b.txt", pypi={"a.txt": report(CLEAN), "b.txt": report(KNOWN, SKIPPED, code=1)}
    )

    assert code == 1
    assert "urllib3 1.0: PYSEC-1 (CVE-2026-1), fixed in 2.0" in said


def test_the_next_service_is_asked_when_one_fails(tmp_path: Path) -> None:
    code, said = audit(tmp_path, pypi=CANNOT_BE_ASKED, osv=report(CLEAN))

    assert code == 0
    assert "(osv)" in said


@pytest.mark.parametrize(
    "answer",
    [
        CANNOT_BE_ASKED,
        report(SKIPPED),
        report(CLEAN, SKIPPED),
        report({"name": "x", "version": "1"}),
        report(),
        ("{}", "", 0),
        ("[]", "", 0),
        ("hello", "", 0),
        ("", "", 0),
    ],
    ids=["no network", "all skipped", "one skipped", "no word", "no package", "object", "list", "text", "silence"],
)
def test_packages_that_were_not_examined_are_no_pass(tmp_path: Path, answer: tuple[str, str, int]) -> None:
    code, said = audit(tmp_path, pypi=answer, osv=answer)

    assert code == 3
    assert said.splitlines()[-1].startswith("NOT CHECKED")
    assert "no known vulnerabilities" not in said


def test_one_unexamined_file_is_no_pass(tmp_path: Path) -> None:
    answers = {"a.txt": report(CLEAN), "b.txt": CANNOT_BE_ASKED}

    assert audit(tmp_path, "a.txt", "b.txt", pypi=answers, osv=answers)[0] == 3
