"""Commands in documents: programs, operations, options, files and variables that they name exist."""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from types import ModuleType

import pytest

from support import aws_cli, code_syntax, operator_commands, shell
from support.documents import DOCUMENTS, Piece, contents, contents_of
from support.programs import OPTIONS, fault, is_read, known
from support.repository import ROOT
from support.shell import Command, commands

# What the changelog says that a command was called before.
FORMER = {"rollcall events redrive --most"}
# Groups of the operator's command that sentences also name without `rollcall`.
GROUPS = {"account", "deploy", "events", "table", "users"}
_SET_FIRST = re.compile(r"^(?:[A-Z_]+=\S* )*")


def folder_of(document: Path) -> Path:
    """Where the commands of a document are run: an example has a folder of its own."""
    return document.parent if document.parent.parent.name == "examples" else ROOT


def of_blocks(blocks: tuple[Piece, ...]) -> Iterator[tuple[Piece, Command]]:
    for block in blocks:
        if block.label == "sh":
            for command in commands(block.text):
                yield Piece(block.document, block.line + command.line, block.text), command


def of_spans(spans: tuple[Piece, ...]) -> Iterator[tuple[Piece, Command]]:
    """What sentences name as commands: `a|b` stands for one of the two, `[--c]` for an option that may be left out."""
    for span in spans:
        words = _SET_FIRST.sub("", span.text).split()
        if len(words) > 1 and words[0] in GROUPS and words[1].islower() and words[1].isalpha():
            text = f"rollcall {span.text}"
        elif len(words) > 1 and known(words[0]) and span.text not in FORMER:
            text = span.text
        else:
            continue
        bare = re.sub(r"\[(--[a-z-]+|,[A-Z]+)\]", r"\1", text)
        for chosen in product(*(word.split("|") if re.search(r"\w\|\w", word) else [word] for word in bare.split(" "))):
            for command in commands(" ".join(chosen)):
                yield span, command


def faults(found: Iterator[tuple[Piece, Command]], *, whole: bool) -> list[str]:
    return [
        f"{piece.place}: {wrong}"
        for piece, command in found
        if (wrong := fault(command, folder_of(piece.document), whole=whole))
    ]


def test_every_command_of_a_block_is_one_that_its_program_takes() -> None:
    assert [wrong for document in DOCUMENTS for wrong in faults(of_blocks(contents(document).blocks), whole=True)] == []


def test_every_command_of_a_sentence_is_one_that_its_program_takes() -> None:
    assert [wrong for document in DOCUMENTS for wrong in faults(of_spans(contents(document).spans), whole=False)] == []


def test_a_command_that_was_renamed_is_still_named_and_no_command() -> None:
    named = {span.text for span in contents(ROOT / "CHANGELOG.md").spans}

    assert named >= FORMER
    assert all(operator_commands.fault(text.split()[1:]) for text in FORMER)


def unset(document: Path, blocks: tuple[Piece, ...], spans: tuple[Piece, ...]) -> list[str]:
    """Variables of a shell that a document uses and neither sets nor explains, or sets and nothing reads."""
    sets = {name for _, command in of_blocks(blocks) for name in command.variables}
    text = "\n".join(block.text for block in blocks if block.label == "sh")
    sets |= set(re.findall(r"\b(?:for|read -r) (\w+)", text))
    uses = set(re.findall(r"\$\{?(\w+)", text)) - {"0"}
    explained = {span.text for span in spans}
    never_set = [
        f"{document.name}: ${name} is not set" for name in sorted(uses - sets - explained) if not is_read(name)
    ]
    never_read = [f"{document.name}: nothing reads {name}" for name in sorted(sets - uses) if not is_read(name)]
    return never_set + never_read


def test_variables_of_blocks_are_set_or_explained_and_read() -> None:
    found = [unset(document, contents(document).blocks, contents(document).spans) for document in DOCUMENTS]

    assert [wrong for wrongs in found for wrong in wrongs] == []


def test_no_option_is_listed_in_vain() -> None:
    """Of programs that are not of this repository: the list is what the documents use."""
    texts = [
        " ".join([re.sub(r"^.*/bin/", "", command.program), *command.words[1:]])
        for document in DOCUMENTS
        for found in (of_blocks(contents(document).blocks), of_spans(contents(document).spans))
        for _, command in found
    ]

    assert [name for name in OPTIONS if not any(f"{text} ".startswith(f"{name} ") for text in texts)] == []


@pytest.mark.parametrize("module", [aws_cli, code_syntax, operator_commands, shell])
def test_the_examples_of_what_judges_commands_hold(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("rollcall account enabel acme", "rollcall account: No such command 'enabel'."),
        ("rollcall users show --mail a@b.example", "rollcall users show: No such option: --mail"),
        ("rollcall --locale doctor", "rollcall: No such option: --locale"),
        (".venv/bin/rollcall account rotate-key", "rollcall account rotate-key: Missing parameter: name"),
        ("rollcall users list acme --account acme", "rollcall users list: Got unexpected extra argument(s) (acme)"),
        ("rollcall account", "rollcall account: which command?"),
        ("make test-everything", "make has no target test-everything"),
        ("make deploy ENV=staging", "samconfig.toml has no section staging"),
        ("make run EVENT_URL=http://127.0.0.1:9000/", "nothing reads EVENT_URL"),
        ("make load LOAD='--users 5'", "bench/load.py has no option --users"),
        ("aws dynamodb delete-tables --table-name users", "aws dynamodb has no operation delete-tables"),
        ("aws cloudformation describe-stacks --query 'Stacks[].Output'", "no Output in what"),
        ("aws cloudformation deploy --stack-name rollcall", "needs --template-file"),
        ("aws iam create-policy --policy-name a --policy-document file://docs/no.json", "no file docs/no.json"),
        ("aws secretsmanager list-secrets --filters Nam=a,Values=b", "no Nam in"),
        ("curl --fial http://127.0.0.1:8080/scim/v2/Users", "is --fial an option of curl?"),
        ('curl "$BASE_URL/User"', "the API has no /User"),
        ('curl -d \'{"a": }\' "$BASE_URL/Users"', "the body is no JSON"),
        ("python3 -m no_such_module", "no module no_such_module"),
        ("python3 -c 'print('", "python -c: "),
        ("PYTHONPATH=src .venv/bin/python bench/protocol.py", "bench/protocol.py imports from tests"),
        (".venv/bin/python bench/protocols.py", "no file bench/protocols.py"),
        (".venv/bin/python bench/groups.py --fast", "bench/groups.py has no option --fast"),
        (".venv/bin/pytests tests", "no package installs pytests"),
        (".venv/bin/pytest tests/nowhere.py", "no file tests/nowhere.py"),
        ("pip install '.[client]'", "the package has no extra client"),
        ("npm run compile", "package.json has no script compile"),
        ("node build/logout.js", "no logout.ts is compiled to build/logout.js"),
        ("node -e 'console.log('", "node: no JavaScript"),
        ("scripts/no-such", "no file scripts/no-such"),
        ("wget https://example.com/", "an unknown program: wget https://example.com/"),
        ("ls | xargs rm", "an unknown program: ls"),
    ],
)
def test_a_wrong_command_is_found(line: str, found: str) -> None:
    text = f"# A\n\n- Then:\n\n  ```sh\n  export AWS_REGION=eu-central-1\n  {line}\n  ```\n"

    [first, *_] = faults(of_blocks(contents_of(ROOT / "README.md", text).blocks), whole=True)

    assert first.startswith("README.md:7: ")
    assert found in first


@pytest.mark.parametrize(
    ("span", "found"),
    [
        ("account disabel", "rollcall account: No such command 'disabel'. Did you mean 'disable'?"),
        ("rollcall users deactivate|remove", "rollcall users: No such command 'remove'. Did you mean 'rename'?"),
        ("rollcall table check [--mend]", "rollcall table check: No such option: --mend"),
        ("ENV=prod make deploi", "make has no target deploi"),
        ("git rebase main", "an unknown program: git rebase main"),
    ],
)
def test_a_wrong_command_in_a_sentence_is_found(span: str, found: str) -> None:
    spans = contents_of(ROOT / "README.md", f"# A\n\nFirst,\nrun `{span}`.\n").spans

    assert faults(of_spans(spans), whole=False) == [f"README.md:4: {found}"]


def test_a_sentence_may_leave_out_arguments_and_name_what_is_no_command() -> None:
    text = "# A\n\n`rollcall account disable`, `groups eq`, `name eq`, `rollcall ...`, `rollcall account ...`\n"

    assert faults(of_spans(contents_of(ROOT / "README.md", text).spans), whole=False) == []


@pytest.mark.parametrize(
    ("block", "found"),
    [
        ('curl "$BASES/Users"', "README.md: $BASES is not set"),
        ("export COPY_DB=copy.db", "README.md: nothing reads COPY_DB"),
    ],
)
def test_a_variable_that_is_not_set_or_not_read_is_found(block: str, found: str) -> None:
    given = contents_of(ROOT / "README.md", f"# A\n\n```sh\n{block}\n```\n")

    assert unset(ROOT / "README.md", given.blocks, given.spans) == [found]
