"""The files of a release: one version in all of them, and templates that need nothing of this machine."""

from __future__ import annotations

import hashlib
import json
import os
import re
import runpy
import shutil
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from support.artifact_build import copy_packages
from support.child_processes import run
from support.repository import ROOT
from support.resolved_template import REGION, ResolvedTemplate
from support.stack_template import NESTED_STACK, Document, expanded, templates, written

RELEASE: dict[str, Any] = runpy.run_path(str(ROOT / "artifact" / "release.py"), run_name="release")
VERSION: str = RELEASE["VERSION"]
PROCESSORS = ("arm64", "x86_64")

CHANGELOG = """# Changelog

## [Unreleased]

## [2.10.0] - 2030-02-01

### Added

- A thing.

## [2.1.0] - 2030-01-01

- Another one.
"""


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the templates of the release."""
    folder = tmp_path_factory.mktemp("release")
    RELEASE["write_templates"](folder)
    return folder


def documents(released: Path, **given: str) -> dict[str, Document]:
    """The released templates after the SAM transform, by stack; `stack_template.templates` has those of the source."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in released.glob("*.yaml")}
    files = {name: expanded(written(text), **given) for name, text in texts.items()}
    root = files.pop(f"rollcall-{VERSION}.yaml")
    [name] = [name for name, one in root["Resources"].items() if one["Type"] == NESTED_STACK]
    [inner] = files.values()
    return {"": root, name: inner}


def code_of(document: Document, given: dict[str, str]) -> set[tuple[str, str]]:
    """Bucket and name of the archives that the functions of a template run."""
    functions = ResolvedTemplate(given, document).of_type("AWS::Lambda::Function").values()
    return {(one["Code"]["S3Bucket"], one["Code"]["S3Key"]) for one in functions}


@pytest.mark.parametrize("processor", PROCESSORS)
@pytest.mark.parametrize("prefix", ["", "of/mine/"])
def test_every_function_runs_the_archive_of_its_processor(released: Path, processor: str, prefix: str) -> None:
    given = {"CodeBucket": "artifacts", "CodePrefix": prefix, "Architecture": processor}
    places = {place for one in documents(released, **given).values() for place in code_of(one, given)}

    assert places == {("artifacts", prefix + RELEASE["archive"](processor))}


def test_the_nested_stack_is_a_file_of_the_release_in_the_same_bucket(released: Path) -> None:
    root = documents(released)[""]
    stack = ResolvedTemplate({"CodeBucket": "artifacts"}, root)
    [nested] = [one["Properties"] for one in root["Resources"].values() if one["Type"] == NESTED_STACK]

    address, _, name = stack.value(nested["TemplateURL"]).rpartition("/")
    assert address == f"https://artifacts.s3.{REGION}.amazonaws.com/rollcall"
    assert (released / name).is_file()
    given = [stack.value(nested["Parameters"][one]) for one in ("CodeBucket", "CodePrefix")]
    assert given == ["artifacts", "rollcall/"]


def in_common(document: Document) -> Document:
    """A template without what a release adds: places in S3, their parameters, the version, and names made of these."""
    found: Document = json.loads(
        re.sub(r"(Version|ApiDeployment|deployment id: )[0-9a-f]{10,40}\b", r"\1", json.dumps(document))
    )
    for added in ("CodeBucket", "CodePrefix"):
        found["Parameters"].pop(added, None)
    found.get("Metadata", {}).pop("AWS::CloudFormation::Interface", None)
    found.get("Outputs", {}).pop("Version", None)
    for resource in found["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            del resource["Properties"]["Code"]
        if resource["Type"] == NESTED_STACK:
            del resource["Properties"]["TemplateURL"]
            for added in ("CodeBucket", "CodePrefix"):
                resource["Properties"]["Parameters"].pop(added, None)
    return found


def test_a_release_deploys_what_the_source_deploys(released: Path) -> None:
    source, found = (
        {name: in_common(one) for name, one in all_.items()} for all_ in (templates(), documents(released))
    )

    assert found == source


def versions(document: Document) -> set[str]:
    return {name for name, one in document["Resources"].items() if one["Type"] == "AWS::Lambda::Version"}


def test_each_release_publishes_a_version_of_every_function_of_the_api(released: Path) -> None:
    text = (released / f"rollcall-{VERSION}.yaml").read_text(encoding="utf-8")
    now, later = (versions(expanded(written(one))) for one in (text, text.replace(VERSION, "99.0.0")))

    assert len(now) == len(later) > 0
    assert not now & later


def test_every_template_of_the_documentation_is_in_the_release_as_it_is(tmp_path: Path) -> None:
    RELEASE["write_templates_for_applications"](tmp_path)

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        f"rollcall-{VERSION}-{path.name}": path.read_bytes() for path in (ROOT / "docs").rglob("*.yaml")
    }


def test_the_description_of_the_api_is_in_the_release_as_it_is(tmp_path: Path) -> None:
    RELEASE["write_reference"](tmp_path)

    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(made.values()) == {path.read_bytes() for path in (ROOT / "docs" / "reference").glob("*.json")}
    assert all(name.startswith(f"rollcall-{VERSION}-") and name.endswith(".json") for name in made)


def test_every_part_of_a_release_has_the_version_of_pyproject(tmp_path: Path) -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(project.replace(f'version = "{VERSION}"', 'version = "98.7.6"'))
    for name in ("template.yaml", "observability.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "artifact", tmp_path / "artifact")
    (tmp_path / "src").symlink_to(ROOT / "src")
    built = tmp_path / "built.yaml"
    built.write_text("Outputs:\n  Version:\n    Value: unreleased\n")

    other = runpy.run_path(str(tmp_path / "artifact" / "release.py"), run_name="release")
    (tmp_path / "made").mkdir()
    other["write_templates"](tmp_path / "made")
    other["BUILD"]["copy_packages"](tmp_path / "made")
    stamped = run([sys.executable, tmp_path / "artifact" / "build.py", "--stamp", built])

    assert stamped.returncode == 0, stamped.stderr
    assert built.read_text() == "Outputs:\n  Version:\n    Value: '98.7.6'\n"
    assert written((tmp_path / "made" / "rollcall-98.7.6.yaml").read_text())["Outputs"]["Version"]["Value"] == "98.7.6"
    assert (tmp_path / "made" / "adapters" / "version.txt").read_text() == "98.7.6"
    assert other["archive"]("arm64") == "rollcall-98.7.6-arm64.zip"


def test_the_version_stands_in_no_second_place() -> None:
    places = [ROOT / "Makefile", *ROOT.glob("*.yaml"), *(ROOT / ".github").rglob("*.yml")]
    for folder in ("src", "artifact"):
        places += [path for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".json", ".html", ".js"}]

    here = re.compile(rf"(?<![\d.]){re.escape(VERSION)}(?![\d.])")
    assert {path for path in places if here.search(path.read_text(encoding="utf-8"))} == set()
    assert version("rollcall") == VERSION  # what `rollcall --version` prints


_SAID = """
import sys
sys.path.insert(0, sys.argv[1])
from adapters.aws import configuration
print(configuration("dynamodb").user_agent)
"""


def test_the_functions_name_their_version_to_aws(tmp_path: Path) -> None:
    copy_packages(tmp_path)
    (tmp_path / "adapters" / "version.txt").write_text("98.7.6")

    done = run([sys.executable, "-c", _SAID, tmp_path], cwd=tmp_path, check=True)

    assert done.stdout.startswith("rollcall/98.7.6 botocore/")


@pytest.mark.parametrize(
    ("asked", "expected"), [("2.1.0", "- Another one.\n"), ("2.10.0", "### Added\n\n- A thing.\n")]
)
def test_the_notes_are_the_section_of_the_version(asked: str, expected: str) -> None:
    assert RELEASE["notes"](CHANGELOG, asked) == expected


@pytest.mark.parametrize("asked", ["2.1", "Unreleased", "3.0.0"])
def test_without_a_section_there_are_no_notes(asked: str) -> None:
    with pytest.raises(RELEASE["NoRelease"], match=re.escape(f"no section [{asked}]")):
        RELEASE["notes"](CHANGELOG, asked)


@pytest.mark.parametrize(
    ("tag", "changelog", "said"),
    [
        ("v99.0.0", f"## [{VERSION}]\n\n- It.\n", f"its tag is v{VERSION}"),
        (VERSION, f"## [{VERSION}]\n\n- It.\n", f"its tag is v{VERSION}"),
        (f"v{VERSION}", "## [Unreleased]\n\n- It.\n", f"no section [{VERSION}]"),
        (f"v{VERSION}", f"## [{VERSION}] - 2030-01-01\n\n- It.\n", ""),
    ],
    ids=["another version", "no v", "no section", "right"],
)
def test_a_tag_is_that_of_the_version_and_the_changelog_has_its_section(
    tmp_path: Path, tag: str, changelog: str, said: str
) -> None:
    shutil.copytree(ROOT / "artifact", tmp_path / "artifact")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "CHANGELOG.md").write_text(changelog)

    done = run([sys.executable, tmp_path / "artifact" / "release.py", "--check", tag])

    assert done.returncode == (1 if said else 0)
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == bool(said)


def test_an_archive_has_the_same_bytes_wherever_its_files_came_from(tmp_path: Path) -> None:
    for name, mode, time, order in (("one", 0o600, 1_000_000_000, 1), ("two", 0o755, 1_800_000_000, -1)):
        for file in ("a.py", "b/c.py", "b.txt")[::order]:
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file)
            path.chmod(mode)
            os.utime(path, (time, time))
        RELEASE["zipped"](tmp_path / name, tmp_path / f"{name}.zip")

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as opened:
        # Lambda runs functions as a user that is not the owner.
        assert {(one.filename, one.external_attr >> 16 & 0o777) for one in opened.infolist()} == {
            (name, 0o644) for name in ("a.py", "b.txt", "b/c.py")
        }


def test_the_checksums_are_those_that_sha256sum_checks(tmp_path: Path) -> None:
    for name in ("b.zip", "a.yaml"):
        (tmp_path / name).write_text(name)

    lines = RELEASE["sums"](tmp_path.iterdir()).splitlines()

    assert lines == [f"{hashlib.sha256(name.encode()).hexdigest()}  {name}" for name in ("a.yaml", "b.zip")]
