"""Names in documents (files, variables, parameters, outputs, alarms, metrics, fields, reasons) are in their source."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from support.documents import DOCUMENTS, Piece, contents, contents_of
from support.repository import ROOT

# What the repository does not have: names of AWS, of identity providers and of other tools.
OF_OTHERS = {
    *("AWS/WAFV2", "AWSPREVIOUS", "AmazonDynamoDBReadOnlyAccess", "PermanentRedirect", "aws-cn", "aws-us-gov"),
    *("AdminLinkProviderForUser", "GetMetricData", "ListDashboards", "requestID", "userIdentity"),
    *("CfnInclude", "CfnStack", "RETAIN", "for_each", "prevent_destroy", "Sec-Fetch-Site"),
    *("AzureActiveDirectory", "oid", "user_create_provision", "con_...", "App-Rollcall-1A2B3C4D5E6F7"),
    *("userPrincipalName", "objectId", "AccessDeniedException", "Runtime.ExitError", "Scan", "dynamodb:Scan", "jq"),
    *(
        "BackupArn",
        "cloudformation:ListStackResources",
        "lambda:ListAliases",
        "previousCursor",
        "latin-1",
        "helpers",
        "xn--",
    ),
}
EXAMPLES = {
    *("a7", "a70", "a71", "\u0131", "\u0430", "CURRENT", "PREVIOUS", "STACK-*", "RUN.simulated.example", "acme2"),
    *("deploy-policy-stack.json", "deploy-policy-service.json", "deploy-policy-options.json"),
    *("deploy-policy-$policy.json", "rollcall-eu-central-1", "rollcall-X.Y.Z.yaml", "first_name"),
    "urn:ietf:params:scim:schemas:extension:acme:2.0:User:seats",
}
"""Values in an explanation, and what stands for some."""
ENDINGS = {"AvailabilityOf*", "LatencyOf*"}
"""Beginnings of names that the template makes by a loop."""
FOR_DEVELOPERS = [
    ROOT / "CONTRIBUTING.md",
    ROOT / "docs" / "architecture.md",
    ROOT / "docs" / "conformance.md",
    ROOT / "docs" / "prove.md",
    ROOT / "tests" / "support" / "README.md",
]
"""Documents that also name what only tests have."""
_COMMIT = re.compile(r"[0-9a-f]{7}")
_MADE = {"node_modules", "__pycache__", "rollcall.egg-info", "build"}
_HIDDEN_SOURCES = {".github", ".ci"}


def files() -> Iterator[Path]:
    """The files of the repository, without those that commands make."""
    for folder, below, names in os.walk(ROOT):
        sources = [name for name in below if not name.startswith(".") or name in _HIDDEN_SOURCES]
        below[:] = [name for name in sources if name not in _MADE or Path(folder).name == "tests"]
        yield from (Path(folder, name) for name in names)


@cache
def words(*, of_tests: bool) -> frozenset[str]:
    """The words of the sources, and of the paths of all files; `of_tests`: those of the tests instead."""
    found: set[str] = set()
    for path in files():
        relative = path.relative_to(ROOT)
        if (relative.parts[0] == "tests") is of_tests and path.suffix not in (".md", ".png", ".svg", ".pyc"):
            text = path.read_text(encoding="utf-8", errors="ignore")
            found.update(re.findall(r"\w+", text), re.findall(r"\w[\w-]*\w", text))
        if not of_tests:
            found.update(relative.parts, re.findall(r"[\w-]+", str(relative)))
    return frozenset(found)


@cache
def names_of_tests() -> frozenset[str]:
    """What other documents than those for developers name of the tests."""
    return frozenset(word for word in words(of_tests=True) if word.startswith("test_"))


def unknown(spans: tuple[Piece, ...]) -> list[str]:
    """The spans of one word that name what is nowhere; several words are commands, requests or values."""
    return [
        f"{span.place}: {span.text}"
        for span in spans
        if not re.search(r"\s|^https?:", span.text)
        and span.text not in OF_OTHERS | EXAMPLES | ENDINGS
        and not _COMMIT.fullmatch(span.text)
        and not all(is_known(word, span.document) for word in re.findall(r"[^\W_][\w-]*|_\w+", span.text))
    ]


def is_known(word: str, document: Path) -> bool:
    of_tests = words(of_tests=True) if document in FOR_DEVELOPERS else names_of_tests()
    trimmed = word.strip("-_")
    forms = {word, trimmed, trimmed.removeprefix("rollcall-")}  # what CloudFormation names begins with the stack's name
    return bool(forms & words(of_tests=False)) or bool(forms & of_tests) or trimmed.isdigit()


def is_a_path(span: Piece) -> bool:
    """Whether a span is meant as a path from the root of the repository or from its sources."""
    return bool(
        re.fullmatch(
            r"(?:src|tests|docs|examples|bench|artifact|events|schemas|scripts|verify_aws|\.github)/[\w./-]*\w",
            span.text,
        )
    )


# The changelog and the records also name what was removed or rejected.
PRESENT = [path for path in DOCUMENTS if path.name != "CHANGELOG.md" and path.parent.name != "decisions"]


def test_every_name_is_in_its_source() -> None:
    assert [wrong for document in PRESENT for wrong in unknown(contents(document).spans)] == [], (
        "correct each name; if it is right, add it to OF_OTHERS or EXAMPLES in this file"
    )


def test_every_path_exists() -> None:
    paths = [span for document in PRESENT for span in contents(document).spans if is_a_path(span)]
    missing = [
        f"{span.place}: {span.text}"
        for span in paths
        if not (ROOT / span.text).exists() and not (span.document.parent / span.text).exists()
    ]

    assert len(paths) > 50
    assert [each for each in missing if "schemas/acme.json" not in each] == []  # the example of that folder


def test_no_name_of_others_is_listed_in_vain() -> None:
    named = {span.text for document in PRESENT for span in contents(document).spans}

    assert (OF_OTHERS | EXAMPLES | ENDINGS) - named == set()


@pytest.mark.parametrize(
    "name",
    [
        "AlarmEmails",
        "MAX_FILTER_LETTERS",
        "match-existing-by-mail",
        "ReadUserPolicyArn",
        "EventsUnsent",
        "_".join(["test", "nothing", "of", "it"]),
    ],
)
def test_a_name_that_is_nowhere_is_found(name: str) -> None:
    spans = contents_of(ROOT / "README.md", f"# A\n\nSet `AlarmEmail`\nor `{name}`.\n").spans

    assert unknown(spans) == [f"README.md:4: {name}"]
