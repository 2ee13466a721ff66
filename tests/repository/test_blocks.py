"""Every code block of a document is of a kind that a test checks, and is what its kind takes."""

from __future__ import annotations

import ast
import csv
import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from textwrap import dedent

import pytest

from keep_copy import SCHEMA
from local.event_delivery import as_webhook
from support.code_syntax import syntax_errors
from support.documents import DOCUMENTS, Piece, contents, contents_of, named
from support.json_blocks import json_fault
from support.repository import ROOT
from support.shell import commands

EXAMPLES = [
    dedent(code).strip("\n") + "\n"
    for pattern in ("examples/python/*.py", "examples/typescript/src/*.ts")
    for path in sorted(ROOT.glob(pattern))
    for code in re.findall(r"^ *(?:#|//) region [\w-]+\n(.*?)^ *(?:#|//) endregion$", path.read_text(), re.M | re.S)
]
RUN = {"docs/import.md": "tests/cli/test_import_guide.py"}
"""The documents with blocks of the kind `console`, and the tests that run these."""


def fault_of_shell(block: Piece) -> str | None:
    try:
        return None if commands(block.text) else "no command"
    except ValueError as error:
        return str(error)


def fault_of_console(block: Piece) -> str | None:
    if not block.text.startswith("$ "):
        return "a block of the kind console begins with a command after `$ `"
    return None if named(block.document) in RUN else "no test runs the command and compares its output"


def fault_of_csv(block: Piece) -> str | None:
    widths = {len(row) for row in csv.reader(block.text.splitlines(), strict=True)}
    return None if len(widths) == 1 and min(widths) > 1 else f"rows of {sorted(widths)} columns"


def fault_of_python(block: Piece) -> str | None:
    try:
        ast.parse(block.text)
    except SyntaxError as error:
        return str(error)
    return None if block.text in EXAMPLES else "no region of a file in examples/python is this code"


def fault_of_typescript(block: Piece) -> str | None:
    wrong = syntax_errors("typescript", block.text)
    if wrong:
        return wrong[0]
    # tests/template/test_recipes.py has the names of what the recipes set up.
    return None if block.text in EXAMPLES or "aws-cdk-lib" in block.text else "no region of an example is this code"


def fault_of_syntax(block: Piece) -> str | None:
    return next(iter(syntax_errors(block.label, block.text)), None)


def fault_of_sql(block: Piece) -> str | None:
    """What SQLite says of it, given the tables that the example makes."""
    with sqlite3.connect(":memory:") as database:
        for statement in SCHEMA:
            database.execute(statement)
        try:
            database.execute(block.text).fetchall()
        except sqlite3.Error as error:
            return str(error)
    return None


def fault_of_http(block: Piece) -> str | None:
    """A webhook has the headers that the service sends."""
    head, _, body = block.text.partition("\n\n")
    request, *lines = head.splitlines()
    if not re.fullmatch(r"POST /\S* HTTP/1\.1", request) or not body.startswith('{"type": "'):
        return "neither the request of a webhook nor of a kind that is checked"
    detail = {"idempotencyId": "i", "occurredAt": "2030-02-01T08:30:00.250Z", "securityEvent": {"iat": 1896165001}}
    sent, _ = as_webhook(json.dumps({"detail-type": "UserUpdated", "detail": detail}), "s" * 32)
    given = {line.partition(":")[0].lower() for line in lines}
    differing = given ^ {"content-type", *(name.lower() for name in sent)}
    return f"headers that are sent or shown, not both: {sorted(differing)}" if differing else None


def fault_of_text(block: Piece) -> str | None:
    """Text is the output of a command: which one, a test knows."""
    if all(not line or re.fullmatch(r" [\w./-]+ *\| +\d+ [+-]+", line) for line in block.text.splitlines()):
        return None  # of git
    of_tests = {
        "SCIM Connector Base URL: ": "tests/contract/test_make_run.py",
        "[\n  { user_name: ": "tests/examples/test_typescript.py",
    }
    return None if block.text.startswith(tuple(of_tests)) else "a text that no test compares with what is printed"


def fault_of_mermaid(block: Piece) -> str | None:
    kind, *lines = block.text.strip().splitlines()
    if kind == "sequenceDiagram":
        defined = set(re.findall(r"^ *participant (\w+) as \S", block.text, re.MULTILINE))
        used = {name for line in lines for name in re.findall(r"^ *(\w+)-{1,2}>>(\w+): \S", line) for name in name}
        others = [line for line in lines if not re.match(r" *(participant \w+ as|\w+-{1,2}>>\w+:) \S", line)]
    elif re.fullmatch(r"flowchart (LR|TD)", kind):
        defined = set(re.findall(r"\b(\w+)\[", block.text))
        bare = re.sub(r'"[^"]*"', '""', block.text.partition("\n")[2])
        used = set(re.findall(r"\b(\w+)\b", bare))
        others = [line for line in lines if line.count('"') % 2 or not re.search(r"--.*?>", line)]
    else:
        return f"an unknown diagram: {kind}"
    if others:
        return f"not understood: {others[0].strip()}"
    return f"defined or used, not both: {sorted(defined ^ used)}" if defined ^ used else None


CHECKS: Mapping[str, Callable[[Piece], str | None]] = {
    "console": fault_of_console,
    "csv": fault_of_csv,
    "hcl": fault_of_syntax,
    "http": fault_of_http,
    "javascript": fault_of_syntax,
    "json": json_fault,
    "mermaid": fault_of_mermaid,
    "python": fault_of_python,
    "sh": fault_of_shell,
    "sql": fault_of_sql,
    "text": fault_of_text,
    "typescript": fault_of_typescript,
}
"""By the label of a block, which also decides how readers see it coloured."""


def faults(blocks: tuple[Piece, ...]) -> Iterator[str]:
    for block in blocks:
        check = CHECKS.get(block.label)
        wrong = check(block) if check else f"no test checks blocks with the label {block.label!r}"
        if wrong:
            yield f"{block.place}: {wrong}"


def test_every_block_is_what_its_kind_takes() -> None:
    assert [wrong for document in DOCUMENTS for wrong in faults(contents(document).blocks)] == [], (
        f"correct each block, or choose its label among {', '.join(CHECKS)}; for another kind, add a check to CHECKS"
    )


def test_every_kind_occurs() -> None:
    labels = {block.label for document in DOCUMENTS for block in contents(document).blocks}

    assert CHECKS.keys() - labels == set(), "remove the checks of these kinds"


@pytest.mark.parametrize(
    "text",
    ["```\nmake run\n```", "1. First:\n\n   ```bash\n   make run\n   ```", "~~~ruby\nputs 1\n~~~", "    make run"],
    ids=["no label", "in a list", "other fence", "indented"],
)
def test_a_block_of_no_known_kind_is_found(text: str) -> None:
    [wrong] = faults(contents_of(ROOT / "README.md", f"# A\n\n{text}\n").blocks)

    assert re.fullmatch(r"README\.md:[35]: no test checks blocks with the label '\w*'", wrong)


@pytest.mark.parametrize(
    ("label", "text", "found"),
    [
        ("sh", "make run |", "is no command of bash"),
        ("console", "rollcall users list", "begins with a command"),
        ("console", "$ rollcall users list", "no test runs the command"),
        ("csv", "a,b\n1,2,3", "rows of [2, 3] columns"),
        ("python", "def f(:", "invalid syntax"),
        ("python", "print(1)", "no region of a file"),
        ("typescript", "const a = ;", "line 1"),
        ("typescript", "const a = 1;", "no region of an example"),
        ("hcl", "output {", "line"),
        ("javascript", "exports.a = (", "line"),
        ("sql", "SELECT name FROM scim_users", "no such column: name"),
        ("http", "GET / HTTP/1.1\nHost: a\n\n", "neither the request of a webhook"),
        ("http", 'POST /a HTTP/1.1\nAuthorization: Bearer a\n\n{"type": "A"}', "webhook-id"),
        ("text", "Done.", "no test compares"),
        ("mermaid", 'flowchart LR\n  a["A"] --> b["B"]\n  c --> a', "defined or used, not both: ['c']"),
        ("mermaid", 'flowchart LR\n  a["A] --> b["B"]', "not understood"),
        ("mermaid", "sequenceDiagram\n  participant A as one\n  A->>B: go", "defined or used, not both: ['B']"),
        ("mermaid", "pie\n  a: 1", "an unknown diagram: pie"),
        ("json", '{"a": 1,}', "no JSON"),
        ("json", '{"anything": 1}', "no test knows what this JSON is"),
        (
            "json",
            '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:Tail", "Resource": "*"}]}',
            "no action logs:Tail",
        ),
        ("json", '{"Effect": "Alow", "Action": "logs:StartQuery", "Resource": "*"}', "'Alow'"),
        ("json", '{"source": ["rollcall"], "detail-type": ["UserDisabled"]}', "no event UserDisabled"),
        ("json", '{"source": ["rollcall"], "detail": {"user": ["a"]}}', "no event has user"),
        ("json", '{"idempotencyId": "a", "userId": "b"}', "is no event"),
        ("json", '{"id": "urn:a:2.0:User", "name": "A", "attributes": [{"name": "a", "type": "text"}]}', "type"),
        ("json", '{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "active": true}', "userName"),
    ],
)
def test_a_wrong_block_is_found(label: str, text: str, found: str) -> None:
    [wrong] = faults(contents_of(ROOT / "README.md", f"# A\n\n```{label}\n{text}\n```\n").blocks)

    assert wrong.startswith("README.md:3: ")
    assert found in wrong
