"""Build the files of a release, which docs/deploy.md ("Without cloning") deploys with the AWS CLI alone.

The templates name the artifact by its place in S3, which two more parameters give: CodeBucket and CodePrefix. The same
source gives the same bytes with the same Python 3.13 and the same pip.

    python artifact/release.py               into build/release
    python artifact/release.py --check TAG   is the tag of this version, and does the changelog have its section?
"""

from __future__ import annotations

import hashlib
import os
import re
import runpy
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

BUILD: Final[dict[str, Any]] = runpy.run_path(str(Path(__file__).with_name("build.py")), run_name="build")
ROOT: Final[Path] = BUILD["ROOT"]
VERSION: Final[str] = BUILD["VERSION"]
RELEASE: Final = ROOT / "build" / "release"
SBOM: Final = ROOT / "build" / "sbom.cyclonedx.json"
POLICIES: Final = ROOT / "docs" / "deploy-policy"
FOR_APPLICATIONS: Final = ("application/read-one-account.yaml", "events/consumer.yaml", "events/webhook.yaml")
"""The templates in docs that an application deploys; they need no artifact."""
REFERENCE: Final = {"openapi.json": "openapi.json", "rollcall.postman_collection.json": "postman_collection.json"}
"""The description of the API in docs/reference, and what the release calls it."""
SUMS: Final = "SHA256SUMS"
NOTES: Final = "NOTES.md"

_SECONDS: Final = 315_532_800
"""1980-01-01, the first time that an archive can hold."""
_PARAMETERS: Final = """
  CodeBucket:
    Type: String
    AllowedPattern: '[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]'
    ConstraintDescription: the name of an S3 bucket
    Description: S3 bucket, in the region of the stack, with the other files of the release.
  CodePrefix:
    Type: String
    Default: rollcall/
    AllowedPattern: '|[A-Za-z0-9._/-]+/'
    ConstraintDescription: a prefix that ends with a slash, or empty
    Description: What the names of these files begin with in the bucket. The same for each release.
"""
_GIVEN: Final = "CodeBucket: !Ref CodeBucket\n        CodePrefix: !Ref CodePrefix"


class NoRelease(Exception):
    """A release cannot be built from this source; the message says what to do."""


def archive(architecture: str) -> str:
    """The name of the artifact for `arm64` or `x86_64`."""
    return f"rollcall-{VERSION}-{architecture}.zip"


def nested(name: str) -> str:
    """The name that a file of this repository has in a release."""
    return f"rollcall-{VERSION}-{name}"


def notes(changelog: str, version: str) -> str:
    """Return the text of a version's section of CHANGELOG.md; raises `NoRelease` if it has none."""
    found = re.search(rf"^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    text = found[1].strip() if found else ""
    if not text:
        raise NoRelease(f"CHANGELOG.md has no section [{version}]: rename [Unreleased] to it and add the date.")
    return text + "\n"


def check(tag: str, changelog: str) -> None:
    """Raise `NoRelease` unless the tag is that of this version, and the changelog says what is in it."""
    if tag != f"v{VERSION}":
        raise NoRelease(f"The tag is {tag}, but pyproject.toml has version {VERSION}: its tag is v{VERSION}.")
    notes(changelog, VERSION)


def packaged(text: str) -> str:
    """Return a template of this repository as a release has it: it names no file of this machine.

    Raises ValueError where the template is not written as this expects.
    """
    code = f"{{Bucket: !Ref CodeBucket, Key: !Sub '${{CodePrefix}}rollcall-{VERSION}-${{Architecture}}.zip'}}"
    text = _replaced(text, r"(?<=CodeUri: )build/artifact$", code)
    text = _replaced(text, r"(?<=^Parameters:)\n", _PARAMETERS, once=True)
    if BUILD["UNRELEASED"] not in text:
        return text
    text = BUILD["stamped"](text)
    text = _replaced(text, r"(?<=ParameterGroups:\n)", f"{' ' * 6}- {_GROUP}\n", once=True)
    text = _replaced(text, r"(?<=TemplateURL: )(?P<name>[\w.]+)$", _address, once=True)
    return _replaced(text, r"(?<=RootStackName: !Ref AWS::StackName\n {8})", f"{_GIVEN}\n{' ' * 8}", once=True)


_GROUP: Final = "{Label: {default: Release}, Parameters: [CodeBucket, CodePrefix]}"


def _address(found: re.Match[str]) -> str:
    bucket = "https://${CodeBucket}.s3.${AWS::Region}.${AWS::URLSuffix}"
    return f"!Sub '{bucket}/${{CodePrefix}}{nested(found['name'])}'"


def _replaced(text: str, pattern: str, by: Any, *, once: bool = False) -> str:
    changed, count = re.subn(pattern, by if callable(by) else lambda _: by, text, flags=re.MULTILINE)
    if count != 1 if once else not count:
        raise ValueError(f"{pattern} is {count} times in the template")
    return changed


def zipped(folder: Path, into: Path) -> None:
    """Put a folder into an archive; the same files give the same bytes, whenever and wherever they were written."""
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())
            entry.external_attr = 0o100644 << 16  # Lambda reads them as another user
            entry.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(entry, path.read_bytes())


def sums(paths: Iterable[Path]) -> str:
    """The checksums of some files, in the form that `sha256sum --check` reads."""
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(paths))


def write_templates(into: Path) -> None:
    """Write both templates of the release."""
    for name, released in (("template.yaml", f"rollcall-{VERSION}.yaml"), *_NESTED):
        (into / released).write_text(packaged((ROOT / name).read_text(encoding="utf-8")), encoding="utf-8")


_NESTED: Final = (("observability.yaml", nested("observability.yaml")),)


def write_templates_for_applications(into: Path) -> None:
    """Copy the templates that an application deploys."""
    for name in FOR_APPLICATIONS:
        shutil.copyfile(ROOT / "docs" / name, into / nested(Path(name).name))


def write_reference(into: Path) -> None:
    """Copy the description of the API, for programs and for an HTTP client."""
    for name, released in REFERENCE.items():
        shutil.copyfile(ROOT / "docs" / "reference" / name, into / nested(released))


def write_wheel(into: Path) -> None:
    """Build the wheel, which has the command `rollcall`, outside the source folder."""
    with TemporaryDirectory() as scratch:
        source = Path(scratch)
        shutil.copy(ROOT / "pyproject.toml", source)
        shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        program = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
        subprocess.run(  # noqa: S603 - the arguments are this file's
            [sys.executable, "-c", program, str(into.resolve())],
            cwd=source,
            env=os.environ | {"SOURCE_DATE_EPOCH": str(_SECONDS)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,  # warnings about bytecode, which no wheel has
            text=True,
            check=True,
        )


def write_artifacts(into: Path) -> None:
    """Build and archive the artifact of each processor; raises `NoRelease` without the functions' Python."""
    if BUILD["python_of_the_functions"]() is None:
        raise NoRelease(
            f"A release needs Python {BUILD['PYTHON_VERSION']} for its bytecode. Install it: {BUILD['INSTALL_PYTHON']}"
        )
    for architecture in BUILD["PLATFORMS"]:
        with TemporaryDirectory(dir=into.parent) as scratch:
            folder = Path(scratch) / "artifact"
            BUILD["build"](architecture, folder)
            zipped(folder, into / archive(architecture))


def release(into: Path) -> list[Path]:
    """Put the files of the release into a folder, which is emptied first; return them."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    into.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=into.parent) as scratch:
        made = Path(scratch) / "release"
        made.mkdir()
        write_artifacts(made)
        write_templates(made)
        write_templates_for_applications(made)
        write_reference(made)
        write_wheel(made)
        shutil.copyfile(SBOM, made / f"rollcall-{VERSION}-sbom.cyclonedx.json")
        for policy in POLICIES.glob("*.json"):
            shutil.copyfile(policy, made / f"deploy-policy-{policy.name}")
        (made / SUMS).write_text(sums(made.iterdir()), encoding="utf-8")
        try:
            (made / NOTES).write_text(notes(changelog, VERSION), encoding="utf-8")
        except NoRelease as reason:
            sys.stderr.write(f"Note: the release notes are missing. {reason}\n")
        shutil.rmtree(into, ignore_errors=True)
        made.rename(into)
    return sorted(into.iterdir())


def main(*arguments: str) -> int:
    """Check or build; say in one line what is missing."""
    try:
        if arguments[:1] == ("--check",):
            check(arguments[1], (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
            return 0
        for path in release(RELEASE):
            sys.stdout.write(f"{path.stat().st_size:>10,}  {path.relative_to(ROOT)}\n")
    except (NoRelease, BUILD["BuildFailed"]) as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    except subprocess.CalledProcessError as failed:
        sys.stderr.write(f"The wheel could not be built: {failed.stderr}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
