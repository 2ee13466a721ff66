"""The TypeScript examples in a Node process: checked and compiled, called over a pipe."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.embedded_aws import REGION
from reading import Group, User
from support.child_processes import PIPE, Child, run, started
from support.node import environment, packages
from support.repository import ROOT

PROJECT: Final = ROOT / "examples" / "typescript"
_DRIVER: Final = ROOT / "tests" / "examples" / "typescript" / "driver.ts"


def compiled(folder: Path) -> Path:
    """Check and compile examples and driver in a folder; return the folder with their modules."""
    shutil.copytree(PROJECT / "src", folder / "src")
    (folder / "test").mkdir()
    shutil.copy(_DRIVER, folder / "test")
    for name in ("package.json", "tsconfig.json"):
        shutil.copy(PROJECT / name, folder)
    settings = {"extends": "./tsconfig.json", "compilerOptions": {"rootDir": "."}, "include": ["src", "test"]}
    (folder / "tsconfig.test.json").write_text(json.dumps(settings), encoding="utf-8")
    (folder / "node_modules").symlink_to(packages(PROJECT))
    done = run(["node_modules/.bin/tsc", "--project", "tsconfig.test.json"], cwd=folder, env=environment())
    assert done.returncode == 0, done.stdout
    return folder / "build"


@dataclass(frozen=True)
class Examples:
    """The functions of the examples, for one account."""

    process: Child[str]
    account: str

    def of(self, account: str) -> Examples:
        """The same for another account."""
        return Examples(self.process, account)

    def __call__(self, function: str, *given: Any) -> Any:
        """Return what a function of the driver returns; raises `Thrown` for what it throws."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        request = {"account": self.account, "call": function, "with": given}
        print(json.dumps(request), file=self.process.stdin, flush=True)
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise Thrown(answer["error"])
        return answer["value"]


def as_in_typescript(found: User | Group | None) -> Any:
    """What the reader in Python returned, as the one in TypeScript returns it."""
    if found is None:
        return None
    names = {"user_name": "userName", "last_modified": "lastModified", "display_name": "displayName"}
    return {names.get(name, name): value for name, value in vars(found).items()}


class Thrown(Exception):
    """What a function of the examples threw."""


@contextmanager
def driver(build: Path, table_name: str, aws: str) -> Iterator[Examples]:
    """The examples in a process of their own that finds its table and queues at `aws`, until the end of the block."""
    variables = {
        "AWS_ENDPOINT_URL": aws,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "TABLE_NAME": table_name,
    }
    command: list[str | Path] = ["node", build / "test" / "driver.js"]
    with started(command, env=environment(variables), stdin=PIPE, stdout=PIPE, text=True) as process:
        yield Examples(process, "default")
